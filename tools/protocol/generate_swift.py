#!/usr/bin/env python3
"""Writes the message types of the Swift sources from protocol/.

generate_swift.py           write Sources/FIxLIPProtocol/Generated
generate_swift.py --check   fail if it is not what protocol/ says

Types of several forms (`oneOf`) and NoParameters are written by hand beside them.
"""

import json
import re
import sys
import textwrap

from contract import ROOT, drift_of, write_or_check
from messages import Alias, Choice, Messages, Object, Part

FOLDER = ROOT / "Sources/FIxLIPProtocol/Generated"
WIDTH = 120
HEADER = "// Written by tools/protocol/generate_swift.py from protocol/; edit the schemas there.\n"

NAMES = {
    # As long as the program's own types have the plain names, choices of a client say that they are such.
    "Estimator": "EstimatorChoice",
    "InteractionIndexChoice": "IndexChoice",
    "Masking": "MaskingChoice",
    "Quadrant": "QuadrantChoice",
    "Sampling": "SamplingChoice",
    # Part of one method or type, and named in it.
    "AvailableModel": "ModelsList.Available",
    "Capabilities": "Initialize.Capabilities",
    "CaptionRun": "DocumentCaptions.Run",
    "ClientInfo": "Initialize.ClientInfo",
    "ComparisonSide": "ExplanationCompare.Side",
    "DocumentCaption": "DocumentCaptions.Caption",
    "EvaluationTarget": "ExplanationEvaluate.Target",
    "ExportFormat": "ExplanationExport.Format",
    "Faithfulness": "ExplanationEvaluate.Faithfulness",
    "GameMemory": "ServerStatus.GameMemory",
    "GamesStatus": "ServerStatus.Games",
    "ImagePlayers": "Players.Image",
    "InsertionDeletionCurves": "ExplanationEvaluate.Curves",
    "Limits": "Initialize.Limits",
    "MethodStatistics": "ServerStatus.MethodCounts",
    "Pairing": "Similarity.Pairing",
    "PositionEncoding": "DocumentCaptions.Encoding",
    "ProgressKind": "RefinementProgress.Kind",
    "Queues": "ServerStatus.Queues",
    "ServerInfo": "Initialize.ServerInfo",
    "SimilarityItemError": "Similarity.SideError",
    "StandardErrors": "Values.StandardErrors",
    "LearntMap": "ExplanationOpen.Learnt",
    "Subset": "ExplanationSubset.Subset",
    "TextPlayer": "Players.Text",
    "TextPosition": "DocumentCaptions.Position",
    "TextRange": "DocumentCaptions.Range",
    "TokenizedPlayer": "Tokenize.Player",
    "TokenizedText": "Tokenize.Tokens",
    "TraceValue": "Initialize.TraceLevel",
    "UnloadRecord": "ServerStatus.Unload",
    "WarmMasks": "ExplanationOpen.Warm",
    # Words that a newer daemon adds are shown by an older program, which does not look at them.
    "Architecture": "String",
    "Precision": "String",
    # By hand, or no type of its own.
    "NoParams": "NoParameters",
    "OpenRPCDocument": "JSONValue",
}
"""Types of the contract that have another name in Swift."""

NOT_WRITTEN = {"String", "NoParameters", "JSONValue"}
METHODS = {"rpc.discover": "Discover"}
SCALARS = {
    "string": "String",
    "boolean": "Bool",
    "integer": "Int",
    "uint32": "UInt32",
    "number": "Double",
    "float32": "Float",
    "any": "JSONValue",
}
UNION_DEFAULTS = {
    "PairSelection": ".{}",
    "TextPlayersChoice": ".{}",
    "Seeds": "Seeds(image: {0}, text: {0})",
}
"""How the default of a type written by hand is spelt."""


def namespace(method):
    """`explanation/open` -> `ExplanationOpen`"""
    return METHODS.get(method) or "".join(word[0].upper() + word[1:] for word in method.split("/"))


def capitalized(name):
    return name[0].upper() + name[1:]


def case_name(word):
    """A word as a Swift identifier: `utf-8` -> `utf8`"""
    return re.sub(r"[^A-Za-z0-9]", "", word)


def wrapped(text, indent):
    """A documentation comment."""
    lines = textwrap.wrap(text, WIDTH - len(indent) - 4, break_long_words=False, break_on_hyphens=False)
    return [f"{indent}/// {line}" for line in lines]


def filled(opening, arguments, closing, indent):
    """A list of arguments on one line, or set in and filled as `swift format` does it."""
    line = indent + opening + ", ".join(arguments) + closing
    if len(line) <= WIDTH:
        return [line]
    inner = indent + "    "
    lines = [inner]
    for number, argument in enumerate(arguments, start=1):
        text = argument + ("," if number < len(arguments) else "")
        space = "" if lines[-1] == inner else " "
        if space and len(lines[-1]) + 1 + len(text) > WIDTH:
            lines.append(inner)
            space = ""
        lines[-1] += space + text
    return [indent + opening, *lines, indent + closing]


class SwiftWriter:
    def __init__(self, messages):
        self.messages = messages
        self.names = dict(NAMES)
        self.asked = messages.asked()
        for method in messages.methods:
            for type, suffix, own in (
                (method.parameters, "Params", "Parameters"),
                (method.result.name, "Result", "Result"),
            ):
                if type.endswith(suffix):
                    self.names.setdefault(type, f"{namespace(method.name)}.{own}")

    def name(self, type):
        return self.names.get(type, type)

    def type(self, shape):
        if shape.kind == "list":
            return f"[{self.type(shape.element)}]"
        if shape.kind == "map":
            return f"[String: {self.type(shape.element)}]"
        if shape.kind == "nullable":
            return self.type(shape.element) + "?"
        if shape.kind == "named":
            found = self.messages.types[shape.name]
            if isinstance(found, Alias) and shape.name not in self.names:
                return self.type(found.shape)
            return self.name(shape.name)
        return SCALARS[shape.kind]

    def literal(self, member):
        value, shape = member.default, member.shape
        if shape.kind == "named":
            if isinstance(self.messages.types[shape.name], Choice):
                return "." + case_name(value)
            return UNION_DEFAULTS[shape.name].format(value)
        return json.dumps(value)

    def declared(self, type):
        """The lines of a type's declaration, set in where it belongs to another type."""
        owner, _, own = self.name(type).rpartition(".")
        indent = "    " if owner else ""
        found = self.messages.types[type]
        if isinstance(found, Choice):
            return self.choice(found, own, indent)
        if isinstance(found, Alias):
            return [f"{indent}package typealias {own} = {self.type(found.shape)}"]
        return self.structure(found, own, indent)

    def choice(self, choice, name, indent):
        plain = [word for word in choice.words if case_name(word) == word]
        cases = [f"case {', '.join(plain)}"] if plain else []
        cases += [f"case {case_name(word)} = {json.dumps(word)}" for word in choice.words if word not in plain]
        return [
            *wrapped(choice.description, indent),
            f"{indent}package enum {name}: String, Choice {{",
            *(f"{indent}    {line}" for line in cases),
            f"{indent}}}",
        ]

    def structure(self, object, name, indent):
        inner = indent + "    "
        lines = wrapped(object.description, indent)
        if object.parts:
            lines.append(f"{indent}@dynamicMemberLookup")
        lines.append(f"{indent}package struct {name}: Codable, Sendable, Equatable {{")
        for member in object.entries:
            if isinstance(member, Part):
                lines.append(f"{inner}package var {member.name}: {self.name(member.type)}")
                continue
            lines += wrapped(member.description, inner)
            lines.append(f"{inner}package var {member.name}: {self.stored(member)}")
        lines += self.defaults(object, inner)
        lines += self.limits(object, inner)
        lines += ["", *self.memberwise(object, inner)]
        if object.parts:
            lines += self.composition(object, inner)
        return [*lines, f"{indent}}}"]

    def stored(self, member):
        return self.type(member.shape) + ("" if member.required else "?")

    def defaults(self, object, indent):
        own = [entry for entry in object.entries if not isinstance(entry, Part) and entry.default is not None]
        return [""] * bool(own) + [
            f"{indent}package static let default{capitalized(member.name)}: {self.type(member.shape)}"
            f" = {self.literal(member)}"
            for member in own
        ]

    def limits(self, object, indent):
        """What clients may ask for at most; of unsigned numbers their type says it."""
        own = [
            entry
            for entry in object.entries
            if object.name in self.asked and not isinstance(entry, Part) and entry.most and entry.shape.kind != "uint32"
        ]
        return [""] * bool(own) + [
            f"{indent}package static let most{capitalized(member.name)}"
            f"{': Double' if member.shape.kind == 'number' else ''} = {member.most:_}"
            for member in own
        ]

    def memberwise(self, object, indent):
        arguments, assignments = [], []
        for entry in object.entries:
            if isinstance(entry, Part):
                kind = self.name(entry.type)
                needed = any(member.required for member in self.messages.types[entry.type].members)
                arguments.append(f"{entry.name}: {kind}" + ("" if needed else f" = {kind}()"))
            else:
                arguments.append(f"{entry.name}: {self.stored(entry)}" + ("" if entry.required else " = nil"))
            assignments.append(f"{indent}    self.{entry.name} = {entry.name}")
        if not arguments:
            return [f"{indent}package init() {{}}"]
        return [*filled("package init(", arguments, ") {", indent), *assignments, f"{indent}}}"]

    def composition(self, object, indent):
        """Flat members on the wire, parts in programs; members of parts are read and set as if they were its own."""
        own = [entry for entry in object.entries if not isinstance(entry, Part)]
        lines = []
        for part in object.parts:
            lines += [
                "",
                f"{indent}package subscript<Value>(",
                f"{indent}    dynamicMember member: WritableKeyPath<{self.name(part.type)}, Value>",
                f"{indent}) -> Value {{",
                f"{indent}    get {{ {part.name}[keyPath: member] }}",
                f"{indent}    set {{ {part.name}[keyPath: member] = newValue }}",
                f"{indent}}}",
            ]
        if own:
            lines += ["", f"{indent}private enum CodingKeys: String, CodingKey {{"]
            lines += [f"{indent}    case {', '.join(member.name for member in own)}", f"{indent}}}"]
        lines += ["", f"{indent}package init(from decoder: any Decoder) throws {{"]
        writing = [f"{indent}package func encode(to encoder: any Encoder) throws {{"]
        if own:
            lines.append(f"{indent}    let members = try decoder.container(keyedBy: CodingKeys.self)")
            writing.append(f"{indent}    var members = encoder.container(keyedBy: CodingKeys.self)")
        for entry in object.entries:
            if isinstance(entry, Part):
                lines.append(f"{indent}    {entry.name} = try {self.name(entry.type)}(from: decoder)")
                writing.append(f"{indent}    try {entry.name}.encode(to: encoder)")
            else:
                suffix = "" if entry.required else "IfPresent"
                kind = self.type(entry.shape)
                lines.append(
                    f"{indent}    {entry.name} = try members.decode{suffix}({kind}.self, forKey: .{entry.name})"
                )
                writing.append(f"{indent}    try members.encode{suffix}({entry.name}, forKey: .{entry.name})")
        return [*lines, f"{indent}}}", "", *writing, f"{indent}}}"]

    def method(self, method):
        own = namespace(method.name)
        lines = [
            *wrapped(f"`{method.name}`: {method.summary}", ""),
            f"package enum {own}: RequestMethod {{",
            f'    package static let name = "{method.name}"',
        ]
        parameters, result = self.name(method.parameters), self.type(method.result)
        if parameters != f"{own}.Parameters":
            lines.append(f"    package typealias Parameters = {parameters}")
        if method.result.kind != "named" or self.name(method.result.name) != f"{own}.Result":
            lines.append(f"    package typealias Result = {result}")
        for part in self.parts(own):
            lines += ["", *part]
        return [*lines, "}"]

    def is_written(self, type):
        found = self.messages.types[type]
        if isinstance(found, Alias):
            return type in self.names
        return isinstance(found, (Object, Choice)) and self.name(type) not in NOT_WRITTEN

    def parts(self, owner):
        """The declarations of the types that belong to a method or another type."""
        return [
            self.declared(type)
            for type in self.messages.types
            if self.name(type).rpartition(".")[0] == owner and self.is_written(type)
        ]

    def files(self):
        """Name -> text of every file."""
        types, choices, sections = [], [], {}
        for method in self.messages.methods:
            sections.setdefault(method.section, []).append(self.method(method))
        for type, found in self.messages.types.items():
            if "." in self.name(type) or not self.is_written(type):
                continue
            (choices if isinstance(found, Choice) else types).append(self.declared(type))
            for part in self.parts(self.name(type)):
                types.append([f"extension {self.name(type)} {{", *part, "}"])
        result = {f"{section}.swift": parts for section, parts in sections.items()}
        result |= {"Types.swift": types, "Choices.swift": choices, "RequestMethods.swift": [self.listing()]}
        return {name: self.text(parts) for name, parts in result.items()}

    def listing(self):
        names = [f"    {namespace(method.name)}.self," for method in self.messages.methods]
        return [
            "/// The methods that clients may ask for, but `shutdown`, which has neither parameters nor a result.",
            "package let requestMethods: [any RequestMethod.Type] = [",
            *names,
            "]",
        ]

    def text(self, parts):
        body = "\n\n".join("\n".join(lines) for lines in parts)
        imports = "import JSON\n\n" if "JSONValue" in body else ""
        return f"{HEADER}\n{imports}{body}\n"


def error_kinds(contract):
    own = [error for error in contract.errors if error["code"] > 0]
    retryable = ", ".join("." + error["kind"] for error in own if error["retryable"])
    lines = [
        "/// The application's own error codes, beside those of JSON-RPC 2.0.",
        "package enum ErrorKind: Int, Sendable, CaseIterable {",
    ]
    for error in own:
        lines += [*wrapped(error["meaning"], "    "), f"    case {error['kind']} = {error['code']}"]
    lines += [
        "",
        "    /// The word in `data.kind`.",
        '    package var name: String { "\\(self)" }',
        "",
        "    /// Whether the same request may succeed a moment later.",
        f"    package var isRetryable: Bool {{ [{retryable}].contains(self) }}",
        "}",
    ]
    return f"{HEADER}\n" + "\n".join(lines) + "\n"


def generated(contract):
    """Path -> text of every file."""
    files = SwiftWriter(Messages(contract)).files() | {"ErrorKind.swift": error_kinds(contract)}
    return {FOLDER / name: text for name, text in files.items()}


def drift(contract):
    """What is wrong with the written files; None if nothing is."""
    return drift_of(generated(contract), "generate_swift.py")


def main(arguments):
    write_or_check(arguments, __doc__, generated, drift)


if __name__ == "__main__":
    main(sys.argv[1:])
