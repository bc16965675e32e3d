#!/usr/bin/env python3
"""Writes into protocol/ what follows from its schemas.

derive.py           write it
derive.py --check   fail if it is not there

A type with `x-composition` has the members of other types beside its own: with `["explanation", {"rules":
"RefinementRules"}]` it has its own `explanation`, then all of RefinementRules. Their schemas are copied into
`properties`, so that the file is plain JSON Schema. A method's `params` in openrpc.json are the members of the type
that `x-params` names.
"""

import sys

from contract import FOLDER, ROOT, SUFFIX, Contract, type_name
from layout import layout, write


def composed(name, schemas):
    """A type's schema with the members of its parts in place."""
    schema = schemas[name]
    if "x-composition" not in schema:
        return schema
    properties, required = {}, []
    for entry in schema["x-composition"]:
        if isinstance(entry, str):
            properties[entry] = schema["properties"][entry]
            required += [entry] if entry in schema.get("required", []) else []
        else:
            for part in entry.values():
                whole = composed(part, schemas)
                properties |= whole["properties"]
                required += whole.get("required", [])
    result = schema | {"properties": properties}
    if required:
        result["required"] = required
    return result


def parameters(method, schemas):
    """A method's `params`, from the type that `x-params` names."""
    name = type_name(method["x-params"]["$ref"])
    schema = composed(name, schemas)
    return [
        {
            "name": member,
            "required": member in schema.get("required", []),
            "schema": {"$ref": f"schemas/{name}{SUFFIX}#/properties/{member}"},
        }
        for member in schema["properties"]
    ]


def derived(contract):
    """Each file that would change: its path and its new value."""
    for name, schema in contract.schemas.items():
        whole = composed(name, contract.schemas)
        if layout(whole) != layout(schema):
            yield FOLDER / "schemas" / f"{name}{SUFFIX}", whole
    methods = [method | {"params": parameters(method, contract.schemas)} for method in contract.document["methods"]]
    if methods != contract.document["methods"]:
        yield FOLDER / "openrpc.json", contract.document | {"methods": methods}


def drift(contract):
    """What is wrong with the written files; None if nothing is."""
    stale = [str(path.relative_to(ROOT)) for path, _ in derived(contract)]
    return f"run tools/protocol/derive.py: {', '.join(stale)} lack what other files say" if stale else None


def main(arguments):
    contract = Contract()
    if arguments == ["--check"]:
        problem = drift(contract)
        if problem:
            sys.exit(problem)
    elif not arguments:
        for path, value in derived(contract):
            write(path, value)
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
