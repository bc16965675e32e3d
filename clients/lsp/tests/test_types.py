"""The protocol's types as the server writes them, held against the specification's own (the package lsprotocol, which is made
from the meta-model)."""

import pathlib
import re
import types as python_types
import typing
import unittest

import attrs
from lsprotocol import types

SOURCES = pathlib.Path(__file__).resolve().parents[3] / "Sources" / "LanguageServer" / "Protocol"
STRUCT = re.compile(r"^    package struct (\w+): [^{]*\{\n(.*?)^    \}", re.MULTILINE | re.DOTALL)
MEMBER = re.compile(r"^        var (\w+)(?:: ([^=\n]+?))?( = .*)?$", re.MULTILINE)

# Types of ours: what goes into commands, and forms of types with several.
OURS = {"CommandTarget", "DocumentParams", "ContentChange", "VersionOrNull"}
# What clients send is read though they leave out what they must not.
LENIENT = {"InitializeParams", "ClientCodeActionLiteralOptions", "ClientCodeActionKindOptions"}
# What a member is in Swift, by what it may be in the specification.
SIMPLE = {str: "String", int: "Int", bool: "Bool", float: "Double"}
# Unions of which one form is used.
FORMS = {
    ("ServerCapabilities", "textDocumentSync"): "TextDocumentSyncOptions",
    ("WorkspaceFullDocumentDiagnosticReport", "version"): "VersionOrNull",
    ("ExecuteCommandParams", "arguments"): "[CommandTarget]",
    ("Command", "arguments"): "[CommandTarget]",
    ("WorkspaceDiagnosticReport", "items"): "[WorkspaceFullDocumentDiagnosticReport]",
    ("DidChangeTextDocumentParams", "contentChanges"): "[ContentChange]",
    ("Registration", "registerOptions"): "DidChangeWatchedFilesRegistrationOptions",
}


def swift_name(name):
    """The meta-model's name of a member of Python's class."""
    first, *rest = name.rstrip("_").split("_")
    return first + "".join(word.capitalize() for word in rest)


def spellings(kind):
    """What a member of this type may be called in Swift."""
    origin = typing.get_origin(kind)
    if origin in (typing.Union, python_types.UnionType):
        return {s for part in typing.get_args(kind) if part is not type(None) for s in spellings(part)}
    if kind in SIMPLE:
        return {SIMPLE[kind]}
    if isinstance(kind, type) and issubclass(kind, int | str):
        return {"Int" if issubclass(kind, int) else "String"}
    if origin is typing.Literal:
        return {"String"}
    if origin is not None and (isinstance(origin, type) and issubclass(origin, typing.Sequence | list)):
        return {f"[{s}]" for s in spellings(typing.get_args(kind)[0])}
    if origin is not None and isinstance(origin, type) and issubclass(origin, typing.Mapping | dict):
        value = typing.get_args(kind)[1]
        return {f"[String: {s}]" for s in spellings(value)}
    if isinstance(kind, type):
        return {kind.__name__}
    return {str(kind)}


def may_be_absent(kind):
    return type(None) in typing.get_args(kind)


class Types(unittest.TestCase):
    def test_every_type_is_the_specification_s(self):
        count = 0
        for file in sorted(SOURCES.glob("*.swift")):
            for name, body in STRUCT.findall(file.read_text()):
                if name in OURS:
                    continue
                with self.subTest(name):
                    self.check(name, body)
                count += 1
        self.assertGreater(count, 70)

    def check(self, name, body):
        kind = getattr(types, name)
        attrs.resolve_types(kind, vars(types))
        fields = {swift_name(field.name): field for field in attrs.fields(kind)}
        members = MEMBER.findall(body)
        for member, text, default in members:
            self.assertIn(member, fields)
            field = fields[member]
            declared = (text or "String").strip()
            allowed = spellings(field.type)
            if form := FORMS.get((name, member)):
                allowed.add(form)
            self.assertIn(declared.rstrip("?"), allowed, f"{name}.{member}")
            if not default and not may_be_absent(field.type) and name not in LENIENT:
                self.assertFalse(declared.endswith("?"), f"{name}.{member} is never left out")
        given = {member for member, _, _ in members}
        for member, field in fields.items():
            if not may_be_absent(field.type) and field.default is attrs.NOTHING and not name.endswith("Capabilities"):
                self.assertIn(member, given, f"{name}.{member} is missing")


if __name__ == "__main__":
    unittest.main()
