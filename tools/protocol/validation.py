"""The schemas as validators, on the `jsonschema` library."""

import json

import jsonschema
from contract import references, within


class Validators:
    """Validators of the types of a contract.

    strict: also refuse members that the schemas do not name. Clients must ignore such members, so that the daemon can
    grow; but a daemon of this version has no business sending them.
    """

    def __init__(self, contract, strict=False):
        document = contract.bundled()
        self.known = set(contract.schemas)
        self.types = closed(document["components"]["schemas"]) if strict else document["components"]["schemas"]
        self.validators = {}

    def problem(self, type_name, value):
        """What keeps `value` from being of this type; None if nothing does."""
        assert type_name in self.known, type_name
        return self.problem_of({"$ref": f"#/components/schemas/{type_name}"}, value)

    def problem_of(self, schema, value):
        text = json.dumps(schema)
        if text not in self.validators:
            whole = {**within(schema), "components": {"schemas": self.types}}
            self.validators[text] = jsonschema.Draft202012Validator(whole)
        validator = self.validators[text]
        error = jsonschema.exceptions.best_match(validator.iter_errors(value))
        if error is None:
            return None
        text = error.message if len(error.message) < 400 else error.message[:400] + "…"
        return f"{error.json_path}: {text}"


def closed(schema):
    """The schema with every object that names its members closed, but for those that say they are open."""
    if isinstance(schema, list):
        return [closed(element) for element in schema]
    if not isinstance(schema, dict):
        return schema
    result = {key: closed(value) for key, value in schema.items()}
    if schema.get("type") == "object" and "properties" in schema:
        result.setdefault("additionalProperties", False)
    return result


def unresolved(document):
    """References of a document that lead nowhere within it."""
    return sorted({reference for reference in references(document) if not resolves(document, reference)})


def resolves(document, reference):
    if not reference.startswith("#/"):
        return False
    value = document
    for part in reference[2:].split("/"):
        part = part.replace("~1", "/").replace("~0", "~")
        if not isinstance(value, dict) or part not in value:
            return False
        value = value[part]
    return True
