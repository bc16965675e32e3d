"""The protocol's files: openrpc.json, the schemas and the error codes."""

import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = ROOT / "protocol"
SUFFIX = ".schema.json"


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


class Contract:
    """What protocol/ says.

    document: openrpc.json. schemas: name -> JSON Schema. errors: the entries of errors.json.
    """

    def __init__(self, folder=FOLDER):
        self.folder = folder
        self.document = read(folder / "openrpc.json")
        self.schemas = {
            path.name.removesuffix(SUFFIX): read(path) for path in sorted((folder / "schemas").glob("*" + SUFFIX))
        }
        self.errors = read(folder / "errors.json")

    @property
    def requests(self):
        """Methods that are answered, by name."""
        return {m["name"]: m for m in self.document["methods"] if not m.get("x-notification")}

    @property
    def notifications(self):
        """Notifications of both directions, by name."""
        return {m["name"]: m for m in self.document["methods"] if m.get("x-notification")}

    @property
    def common_errors(self):
        """Codes that any request may be answered with."""
        return {self.error_code(entry) for entry in self.document["x-commonErrors"]}

    def errors_of(self, method):
        """Codes that this method may be answered with."""
        return self.common_errors | {self.error_code(entry) for entry in method.get("errors", [])}

    def error_code(self, reference):
        kind = reference["$ref"].removeprefix("#/components/errors/")
        return self.document["components"]["errors"][kind]["code"]

    def examples(self):
        """(type, "valid" or "invalid", path) of every example file."""
        for path in sorted((self.folder / "examples").glob("*/*/*.json")):
            yield path.parts[-3], path.parts[-2], path

    def bundled(self):
        """openrpc.json with the schemas under components/schemas, so that every $ref resolves within it."""
        document = json.loads(json.dumps(self.document))
        document["components"]["schemas"] = {
            name: {key: value for key, value in schema.items() if key not in ("$schema", "x-composition")}
            for name, schema in self.schemas.items()
        }
        return within(document)


def type_name(reference):
    """The type a reference to a schema file names, with or without the folder; None for other references."""
    file, _, _ = reference.partition("#")
    return file.removeprefix("schemas/").removesuffix(SUFFIX) if file.endswith(SUFFIX) else None


def references(value):
    """Every $ref in a JSON value. Examples hold none."""
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for key, member in value.items():
            if key != "examples":
                yield from references(member)
    elif isinstance(value, list):
        for element in value:
            yield from references(element)


def within(value):
    """A value with references to schema files turned into references within the bundled document."""
    if isinstance(value, dict):
        return {
            key: within_reference(member) if key == "$ref" else member if key == "examples" else within(member)
            for key, member in value.items()
        }
    if isinstance(value, list):
        return [within(element) for element in value]
    return value


def within_reference(reference):
    name = type_name(reference)
    if name is None:
        return reference
    return f"#/components/schemas/{name}" + reference.partition("#")[2]


def drift_of(files, tool):
    """What is wrong with written files, path -> text; None if nothing is. `tool` writes them."""
    stale = [
        str(path.relative_to(ROOT))
        for path, text in files.items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    return f"not what protocol/ says; run tools/protocol/{tool}: {', '.join(stale)}" if stale else None


def write_or_check(arguments, usage, generated, drift):
    """The command of a tool that writes files: without arguments it writes them, with --check it fails if they are stale."""
    contract = Contract()
    if arguments == ["--check"]:
        problem = drift(contract)
        if problem:
            sys.exit(problem)
    elif not arguments:
        for path, text in generated(contract).items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    else:
        sys.exit(usage)
