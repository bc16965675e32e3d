"""The protocol's messages as programs see them: one model of the schemas, from which the types of each language are
written.
"""

import dataclasses

from contract import type_name
from derive import composed
from schema_text import description

UNSIGNED_32 = {"minimum": 0, "maximum": 2**32 - 1}


@dataclasses.dataclass(frozen=True)
class Shape:
    """What a value may be.

    kind: "string", "boolean", "integer", "uint32", "number", "float32", "any", "named", "list", "map" or "nullable".
    name: of a named type. element: of a list, a map or a nullable value.
    """

    kind: str
    name: str = ""
    element: "Shape | None" = None


@dataclasses.dataclass(frozen=True)
class Member:
    """A member of a type. default: the JSON value that stands for one left out, None where the contract names none.
    most: the greatest value, or length of a list, where the contract has one."""

    name: str
    shape: Shape
    required: bool
    description: str
    default: object = None
    most: object = None


@dataclasses.dataclass(frozen=True)
class Part:
    """All members of another type, under a name of their own in programs."""

    name: str
    type: str


@dataclasses.dataclass(frozen=True)
class Object:
    """A type with members. entries: members and parts in order; members: all of them, as they stand on the wire."""

    name: str
    description: str
    entries: tuple
    members: tuple

    @property
    def parts(self):
        return [entry for entry in self.entries if isinstance(entry, Part)]


@dataclasses.dataclass(frozen=True)
class Choice:
    """A type that is one of some words."""

    name: str
    description: str
    words: tuple


@dataclasses.dataclass(frozen=True)
class Alias:
    """A type with a name but no members, as a bare string or an array."""

    name: str
    shape: Shape


@dataclasses.dataclass(frozen=True)
class Union:
    """A type of several forms. Programs write it by hand, because telling the forms apart is behaviour."""

    name: str


@dataclasses.dataclass(frozen=True)
class Method:
    """A request. parameters: the name of a type. result: a shape."""

    name: str
    summary: str
    section: str
    parameters: str
    result: Shape


class Messages:
    """The requests that have results, and every type that they and their progress reports reach."""

    def __init__(self, contract):
        self.contract = contract
        self.methods = [
            Method(
                name,
                method["summary"],
                method["tags"][0]["name"],
                type_name(method["x-params"]["$ref"]),
                self.shape(method["result"]["schema"]),
            )
            for name, method in contract.requests.items()
            if method["result"]["schema"] != {"type": "null"}
        ]
        self.types = {}
        for method in self.methods:
            self.reach(Shape("named", method.parameters))
            self.reach(method.result)
        for method in contract.requests.values():
            if "x-progress" in method:
                self.reach(self.shape(method["x-progress"]))

    def reach(self, shape):
        if shape.element is not None:
            self.reach(shape.element)
        if shape.kind != "named" or shape.name in self.types:
            return
        found = self.types[shape.name] = self.read(shape.name)
        if isinstance(found, Alias):
            self.reach(found.shape)
        if isinstance(found, Object):
            for part in found.parts:
                self.reach(Shape("named", part.type))
            for member in found.members:
                self.reach(member.shape)

    def asked(self):
        """The names of the types that parameters are made of."""
        found = set()

        def visit(shape):
            if shape.element is not None:
                visit(shape.element)
            if shape.kind != "named" or shape.name in found:
                return
            found.add(shape.name)
            type = self.types[shape.name]
            for member in type.members if isinstance(type, Object) else ():
                visit(member.shape)
            for part in type.parts if isinstance(type, Object) else ():
                visit(Shape("named", part.type))

        for method in self.methods:
            visit(Shape("named", method.parameters))
        return found

    def read(self, name):
        schema = composed(name, self.contract.schemas)
        if "enum" in schema:
            return Choice(name, schema["description"], tuple(schema["enum"]))
        if isinstance(schema.get("type"), list) or ("oneOf" in schema and "properties" not in schema):
            return Union(name)
        if schema["type"] != "object":
            return Alias(name, self.shape(schema))
        required = schema.get("required", [])
        members = {
            key: Member(
                key,
                self.shape(member),
                key in required,
                description(member, self.contract.schemas),
                member.get("default"),
                member.get("maximum", member.get("maxItems")),
            )
            for key, member in schema["properties"].items()
        }
        entries = [
            members[entry] if isinstance(entry, str) else Part(*next(iter(entry.items())))
            for entry in schema.get("x-composition", schema["properties"])
        ]
        return Object(name, schema["description"], tuple(entries), tuple(members.values()))

    def shape(self, schema):
        if "$ref" in schema:
            return Shape("named", type_name(schema["$ref"]))
        if "const" in schema:
            return Shape("boolean" if isinstance(schema["const"], bool) else "string")
        kind = schema.get("type")
        if kind is None:
            forms = [form for form in schema.get("anyOf", []) if form != {"type": "null"}]
            return Shape("nullable", element=self.shape(forms[0])) if len(forms) == 1 else Shape("any")
        if isinstance(kind, list):
            bare = [word for word in kind if word != "null"]
            return Shape("nullable", element=self.shape(schema | {"type": bare[0]})) if len(bare) == 1 else Shape("any")
        if kind == "array":
            return Shape("list", element=self.shape(schema["items"]))
        if kind == "object":
            values = schema.get("additionalProperties")
            return Shape("map", element=self.shape(values)) if isinstance(values, dict) else Shape("any")
        if kind == "integer" and UNSIGNED_32.items() <= schema.items():
            return Shape("uint32")
        if kind == "number" and schema.get("format") == "float":
            return Shape("float32")
        return Shape(kind)

    def users(self, type):
        """The methods whose parameters or result are of a type."""
        return [m for m in self.methods if type in (m.parameters, m.result.name)]
