"""JSON Schema in words, for the reference."""

import json

from contract import type_name


def type_text(schema):
    """What a value may be, as Markdown that fits a table cell."""
    if "$ref" in schema:
        name = type_name(schema["$ref"])
        return f"[{name}](#{name.lower()})"
    if "enum" in schema:
        return " \\| ".join(f"`{json.dumps(word, ensure_ascii=False)}`" for word in schema["enum"])
    if "const" in schema:
        return f"`{json.dumps(schema['const'], ensure_ascii=False)}`"
    for key in ("oneOf", "anyOf"):
        if key in schema and all("type" in form or "$ref" in form or "enum" in form for form in schema[key]):
            return " or ".join(type_text(form) for form in schema[key])
    kind = schema.get("type")
    if isinstance(kind, list):
        return " or ".join(kind)
    if kind == "array":
        return array_text(schema)
    if kind == "object":
        return object_text(schema)
    if kind in ("number", "integer"):
        return kind + range_text(schema)
    return kind or "any JSON"


def array_text(schema):
    low, high = schema.get("minItems"), schema.get("maxItems")
    element = type_text(schema.get("items", {}))
    if low is not None and low == high:
        return f"array of {low} × {element}"
    words = [f"{word} {count}" for word, count in (("at least", low), ("at most", high)) if count]
    return ", ".join([f"array of {element}", *words])


def object_text(schema):
    if isinstance(schema.get("additionalProperties"), dict):
        return f"object of {type_text(schema['additionalProperties'])}"
    if schema.get("properties"):
        required = set(schema.get("required", []))
        names = ", ".join(
            f"{name}{'' if name in required else '?'}"
            + (f": {json.dumps(member['const'])}" if "const" in member else "")
            for name, member in schema["properties"].items()
        )
        return f"object `{{{names}}}`"
    return "object"


def range_text(schema):
    words = [
        f"{sign} {schema[key]}"
        for key, sign in (("minimum", "≥"), ("exclusiveMinimum", ">"), ("maximum", "≤"), ("exclusiveMaximum", "<"))
        if key in schema
    ]
    if schema.get("anyOf") == [{"const": -1}, {"minimum": 0}]:
        words = ["≥ 0, or -1"]
    return " " + ", ".join(words) if words else ""


def description(schema, schemas):
    """Its own description, else that of the type it names."""
    if "description" in schema:
        return schema["description"]
    if "$ref" in schema:
        return first_sentence(schemas[type_name(schema["$ref"])].get("description", ""))
    if schema.get("type") == "array" and "$ref" not in schema.get("items", {}):
        return schema.get("items", {}).get("description", "")
    return ""


def first_sentence(text):
    for end in (". ", ": "):
        head, found, _ = text.partition(end)
        if found:
            text = head + "."
    return text


def cell(text):
    return text.replace("|", "\\|").replace("\\\\|", "\\|").replace("\n", " ")


def members_table(schema, schemas):
    """Lines of a table of an object's members; none where it has none."""
    properties = schema.get("properties")
    if not properties:
        return
    required = set(schema.get("required", []))
    yield "| member | type | |"
    yield "|---|---|---|"
    for name, member in properties.items():
        text = description(member, schemas)
        if "default" in member:
            text = (text + " " if text else "") + f"Default `{json.dumps(member['default'])}`."
        mark = "" if name in required else "?"
        yield f"| `{name}`{mark} | {type_text(member)} | {cell(text)} |"
