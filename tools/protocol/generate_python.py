#!/usr/bin/env python3
"""Writes what the Python client has from protocol/: words, defaults, options, results, and methods that take options.

generate_python.py           write clients/python/src/fixlipd/contract.py and opening.py
generate_python.py --check   fail if they are not what protocol/ says
"""

import re
import sys
import textwrap

from contract import ROOT, drift_of, write_or_check
from messages import Choice, Messages, Object

FOLDER = ROOT / "clients/python/src/fixlipd"
WIDTH = 120
NOTE = "Written by tools/protocol/generate_python.py from protocol/; edit the schemas there."

NAMES = {"InteractionIndexChoice": "Index", "PrecisionChoice": "PrecisionWanted"}
"""Choices that have another name in Python."""

SNAKE = {"Estimator", "EvaluationMetric", "Quadrant"}
"""Choices whose words Python spells as it spells names: `least_squares`."""

OPEN_WORDS = {"Architecture", "Precision"}
"""Choices that a newer daemon may answer with a new word for: any text."""

NOT_SHOWN = {"FloatEncoding", "ItemErrorPolicy", "PositionEncoding", "ProgressKind", "TraceValue"}
"""Choices that the client makes or reads by itself."""

RESULTS = {
    "LoadedModel": "ModelStatus",
    "ImageShape": "ImageShape",
    "TextShape": "TextShape",
    "ModelSummary": "ModelSummary",
    "AvailableModel": "AvailableModel",
    "TokenPlayer": "TokenizedPlayer",
    "TextPlayer": "TextPlayer",
    "Faithfulness": "Faithfulness",
    "Curves": "InsertionDeletionCurves",
    "Subset": "Subset",
    "ClassScore": "ClassScore",
}
"""Results whose members are those of a type of the contract: name in Python -> type."""

DEFAULTS = [
    ("EmbedTextParams", "normalize"),
    ("SimilarityParams", "pairing"),
    ("ExplanationSubsetParams", "objective"),
    ("ExplanationEvaluateParams", "samples"),
    ("ExplanationEvaluateParams", "seed"),
    ("RenderOptions", "view"),
    ("RenderOptions", "topK"),
    ("RenderOptions", "map"),
    ("RenderOptions", "askModel"),
    ("StopRule", "topK"),
    ("StopRule", "stableRounds"),
    ("Budget", "imageMasks"),
    ("Budget", "textMasks"),
]
"""Defaults that signatures written by hand name."""

UNIONS = {"Seeds": "Seed", "TextPlayersChoice": "TextPlayers", "StopRule": "Stop | None"}
"""Types that the client writes by hand."""

ADAPTED = {
    "players": [
        ("grid", "tuple[int, int] | None", None, "rows and columns of image players, if coarser than the patches."),
        (
            "regions",
            "Any | None",
            None,
            "or a label 0, 1, … for every patch; patches of one label are one player.",
        ),
        (
            "text_players",
            "TextPlayers",
            ("PlayersChoice", "text"),
            '``"words"``, ``"tokens"``, or ``(start, end)`` ranges of the caption\'s characters.',
        ),
    ],
    "budget": [
        (
            "image_masks",
            "int | None",
            None,
            "how many image masks the estimate shall rest on in all, not how many to add. By default {imageMasks} if "
            "there is no other rule.",
        ),
        (
            "text_masks",
            "int | None",
            None,
            "how many text masks; by default all where there are no more than {textMasks}, else that many.",
        ),
    ],
    "until": [
        ("until", "Stop | None", None, "stop when good enough: an :class:`Until`, or a standard error in logits."),
    ],
    "deadlineMilliseconds": [("deadline", "float | None", None, "stop after so many seconds.")],
    "progressToken": [],
    "image2": [("image2", "Any | None", None, "a second image in place of the text: which patches match which.")],
    "text2": [("text2", "str | None", None, "a second text in place of the image: which words match which.")],
    "target": [
        ("rather_than", "str | None", None, "a caption that ``text`` is set against: what speaks for the one."),
        ("embedding", "Any | None", None, "a vector in place of the text: a query from a vector store, say."),
        (
            "target",
            "Mapping[str, Any] | None",
            None,
            "weighted texts, or a class among others, as the protocol has it: a mapping with ``texts`` or ``classes``.",
        ),
    ],
}
"""Parameters that Python has in another form: (name, type, where the default stands, what it is)."""

OPTIONS = {
    "OpenOptions": ("ExplanationOpenParams", "How an explanation is set up.", {"model", "image", "text"}),
    "RefineOptions": ("RefinementRules", "How far a refinement goes.", set()),
}

CONTRACT = '''\
"""Words, defaults, options and results of the protocol.

{note}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from .choices import Seed, Stop, TextPlayers
'''

OPENING = '''\
"""The methods of both clients that begin explanations.

{note}
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .aio_explanation import AsyncExplanation, OnProgress
from .choices import Seed, Stop, TextPlayers
{imports}
from .explanation import Explanation
from .images import Image
from .live import Live
from .values import Progress
'''

MATCH = [
    (
        "image",
        "a path, a ``data:`` URI, the bytes of an image file, a PIL image, or a uint8 array ``(H, W, 3)`` or "
        "``(H, W)``.",
    ),
    (
        "text",
        "the caption. An image is compared with a text, ``image2``, an ``embedding`` or a ``target``, a text likewise.",
    ),
    ("model", '``"demo"``, a folder, or ``"org/name"``; by default the client\'s, else the daemon\'s.'),
]
SHOWN = [
    ("live", "Live", "show progress: in notebooks a picture that follows the estimate, elsewhere a tqdm bar."),
    (
        "on_progress",
        "Callable[[Progress], None] | None",
        "called with each :class:`Progress` on this thread; those it has no time for are skipped.",
    ),
]
SHOWN_ASYNC = [
    (
        "on_progress",
        "OnProgress | None",
        "called with each :class:`Progress`; it may be a coroutine function.",
    ),
]


def snake(name):
    return re.sub(r"(?<=[a-z0-9])([A-Z])", lambda found: "_" + found[1].lower(), name)


def reworded(text, rename=snake):
    """A description as Python has it: code between two backquotes, names in its own spelling."""
    text = text.removesuffix(" Since 1.1.")
    return re.sub(r"`(?:budget\.)?([^`]+)`", lambda found: f"``{rename(found[1])}``", text)


def lowered(text):
    """A description to follow a colon."""
    return text[:1].lower() + text[1:]


def listed(opening, entries, closing, indent=""):
    """Entries in brackets, on one line or one to a line, as `ruff format` leaves them."""
    line = indent + opening + ", ".join(entries) + closing
    if len(line) <= WIDTH:
        return [line]
    return [indent + opening, *(f"{indent}    {entry}," for entry in entries), indent + closing]


def paragraph(text, indent, hanging="    "):
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=indent,
        subsequent_indent=indent + hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )


class PythonWriter:
    def __init__(self, contract):
        self.contract = contract
        self.messages = Messages(contract)

    def type(self, shape):
        if shape.kind in ("list", "map"):
            return ("list[{}]" if shape.kind == "list" else "dict[str, {}]").format(self.type(shape.element))
        if shape.kind == "nullable":
            return f"{self.type(shape.element)} | None"
        if shape.kind == "named":
            if shape.name in UNIONS:
                return UNIONS[shape.name]
            if shape.name in OPEN_WORDS:
                return "str"
            return NAMES.get(shape.name, shape.name)
        scalars = {"string": "str", "boolean": "bool", "integer": "int", "uint32": "int", "any": "Any"}
        return scalars.get(shape.kind, "float")

    def word(self, choice, word):
        return snake(word) if choice in SNAKE else word

    def default(self, type, name):
        """A default as Python writes it, and the type of the member it is for."""
        member = next(member for member in self.messages.types[type].members if member.name == name)
        value = member.default
        if member.shape.kind == "named" and isinstance(value, str):
            value = self.word(member.shape.name, value)
        return quoted(value), self.member_type(member)

    def member_type(self, member):
        return "Order" if member.name == "order" else self.type(member.shape)

    def options(self, name):
        """(name, type, default, what it is) of each option."""
        type, _, left_out = OPTIONS[name]
        for member in self.messages.types[type].members:
            if member.name in left_out:
                continue
            if member.name in ADAPTED:
                for option, kind, source, text in ADAPTED[member.name]:
                    yield option, kind, self.default(*source)[0] if source else "None", text.format(**self.budget())
                continue
            kind = self.member_type(member)
            default = "None" if member.default is None else self.default(type, member.name)[0]
            text = self.option_text(member)
            yield snake(member.name), kind if default != "None" else f"{kind} | None", default, text

    def budget(self):
        return {member.name: member.default for member in self.messages.types["Budget"].members}

    def option_text(self, member):
        schema = self.contract.schemas["ExplanationOpenParams"]["properties"][member.name]
        text = member.description
        if "description" not in schema and member.shape.kind == "named":
            text = self.contract.schemas[member.shape.name]["description"]
        return lowered(reworded(text))

    def choices(self):
        yield "Order = Literal[1, 2]"
        for name, found in sorted(self.messages.types.items()):
            if isinstance(found, Choice) and name not in OPEN_WORDS | NOT_SHOWN:
                words = [quoted(self.word(name, word)) for word in found.words]
                yield from listed(f"{NAMES.get(name, name)} = Literal[", words, "]")
                yield from documented(found.description, snake if name in SNAKE else str)

    def record(self, name, text, members):
        """A frozen dataclass: (name, type, default or None, what it is) of each member."""
        yield "@dataclass(frozen=True)"
        yield f"class {name}:"
        yield from paragraph('"""' + text, "    ", "")
        yield ""
        yield "    Attributes:"
        for member, _, _, description in members:
            if description:
                yield from paragraph(f"{member}: {description}", "        ")
        yield '    """'
        yield ""
        for member, kind, default, _ in members:
            yield f"    {member}: {kind}" + ("" if default is None else f" = {default}")

    def result(self, name, type):
        found = self.messages.types[type]
        members = [
            (
                snake(member.name),
                self.type(member.shape) if member.required else f"{self.type(member.shape)} | None",
                None,
                lowered(reworded(member.description)),
            )
            for member in found.members
        ]
        assert isinstance(found, Object)
        return self.record(name, reworded(found.description), members)

    def contract_text(self):
        yield CONTRACT.format(note=NOTE)
        yield from self.choices()
        yield ""
        for type, name in DEFAULTS:
            value, kind = self.default(type, name)
            prefix = "" if type.startswith(("Embed", "Similarity")) else snake(stem(type)).upper() + "_"
            yield f"{prefix}{snake(name).upper()}: {kind} = {value}"
        for name, (_, text, _) in OPTIONS.items():
            yield ""
            yield ""
            yield from self.record(name, text, list(self.options(name)))
        for name, type in RESULTS.items():
            yield ""
            yield ""
            yield from self.result(name, type)

    def opening_text(self):
        used = {kind for name in OPTIONS for _, kind, _, _ in self.options(name)}
        words = {word for kind in used for word in re.findall(r"\w+", kind)}
        own = {NAMES.get(name, name) for name, found in self.messages.types.items() if isinstance(found, Choice)}
        imports = sorted((words & own) | set(OPTIONS) | ({"Order"} & words))
        imported = "\n".join(listed("from .contract import ", imports, ""))
        yield OPENING.format(note=NOTE, imports=imported).rstrip()
        for name, explanation, shown, is_async in (
            ("OpensExplanations", "Explanation", SHOWN, False),
            ("OpensAsyncExplanations", "AsyncExplanation", SHOWN_ASYNC, True),
        ):
            yield ""
            yield ""
            yield f"class {name}:"
            yield f'    """What a client calls to have explanations{" awaited" if is_async else ""}."""'
            yield from self.opening_method("open", ["OpenOptions"], explanation, [], is_async)
            yield from self.opening_method("explain", ["OpenOptions", "RefineOptions"], explanation, shown, is_async)
            yield from self.abstract(explanation, shown, is_async)

    def opening_method(self, name, options, explanation, shown, is_async):
        await_, async_ = ("await ", "async ") if is_async else ("", "")
        yield ""
        yield f"    {async_}def {name}("
        yield "        self,"
        yield "        image: Image | None = None,"
        yield "        text: str | None = None,"
        yield "        *,"
        yield "        model: str | None = None,"
        for kind in options:
            for option, type, default, _ in self.options(kind):
                yield f"        {option}: {type} = {default},"
        for option, type, _ in shown:
            yield f"        {option}: {type} = None,"
        yield f"    ) -> {explanation}:"
        yield from self.opening_documentation(name, options, shown)
        yield f"        return {await_}self._{name}("
        for argument in ("image", "text", "model"):
            yield f"            {argument},"
        for kind in options:
            passed = [f"{option}={option}" for option, _, _, _ in self.options(kind)]
            *lines, last = listed(f"{kind}(", passed, ")", "            ")
            yield from [*lines, last + ","]
        for option, _, _ in shown:
            yield f"            {option},"
        yield "        )"

    def opening_documentation(self, name, options, shown):
        if name == "open":
            yield '        """Begins an explanation without encoding any masks; arguments as in :meth:`explain`."""'
            return
        yield '        """Explains why an image and a caption match, or any other two inputs, by interactions of their parts.'
        yield ""
        yield from paragraph(
            "The daemon keeps what it encoded: another caption for the same image costs little, and so does another "
            "index or a larger budget. A ``KeyboardInterrupt`` ends the refinement and keeps what there is.",
            "        ",
            "",
        )
        yield ""
        yield "        Args:"
        for option, text in MATCH:
            yield from paragraph(f"{option}: {text}", "            ")
        for kind in options:
            for option, _, _, text in self.options(kind):
                yield from paragraph(f"{option}: {text}", "            ")
        for option, _, text in shown:
            yield from paragraph(f"{option}: {text}", "            ")
        yield '        """'

    def abstract(self, explanation, shown, is_async):
        async_ = "async " if is_async else ""
        match = ["self", "image: Image | None", "text: str | None", "model: str | None", "options: OpenOptions"]
        more = ["rules: RefineOptions", *(f"{option}: {type}" for option, type, _ in shown)]
        for name, parameters in (("_open", match), ("_explain", match + more)):
            yield ""
            yield from listed(f"{async_}def {name}(", parameters, f") -> {explanation}:", "    ")
            yield "        raise NotImplementedError"

    def files(self):
        """Path -> text of every file."""
        texts = {"contract.py": self.contract_text(), "opening.py": self.opening_text()}
        return {FOLDER / name: "\n".join(lines) + "\n" for name, lines in texts.items()}


def stem(type):
    return re.sub(r"^Explanation|Params$|Options$", "", type)


def quoted(value):
    if isinstance(value, str):
        return '"' + value + '"'
    return repr(value)


def documented(description, rename):
    """A description as the text under a name."""
    lines = paragraph('"""' + reworded(description, rename), "", "")
    return [*lines[:-1], lines[-1] + '"""'] if len(lines[-1]) + 3 <= WIDTH else [*lines, '"""']


def generated(contract):
    """Path -> text of every file."""
    return PythonWriter(contract).files()


def drift(contract):
    """What is wrong with the written files; None if nothing is."""
    return drift_of(generated(contract), "generate_python.py")


def main(arguments):
    write_or_check(arguments, __doc__, generated, drift)


if __name__ == "__main__":
    main(sys.argv[1:])
