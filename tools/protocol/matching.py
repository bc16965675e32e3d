"""Compares what came with what a transcript expects.

A value stands for itself. An object with one of these members stands for many values:

    {"$any": "number"}                 any value of this JSON type ("value": of any type)
    {"$any": "string", "as": "name"}   the same, kept for {"$use": "name"} further down
    {"$near": 21.5, "within": 0.5}     a number this close
    {"$matches": "regular expression"} a string in which it is found
    {"$includes": {…} or […]}          an object with at least these members, an array with at least these elements
    {"$each": …, "length": n}          an array of n elements (any number without "length") that are all like this
    {"$unordered": [ … ]}                 an array of these elements in any order

and in what the client sends as well as in what is expected:

    {"$use": "name"}                   what was kept under this name
    {"$file": "path"}                  the absolute path of a file of the repository
    {"$base64": "path"}                the bytes of such a file
    {"$repeat": "text", "times": n}    a long text
"""

import base64
import re

from contract import ROOT

TYPES = {
    "number": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
    "null": lambda value: value is None,
    "value": lambda value: True,
}


class Mismatch(Exception):
    """Something came that was not expected."""


def filled(template, kept):
    """What a client sends, with what was kept and what files hold in place."""
    if isinstance(template, list):
        return [filled(element, kept) for element in template]
    if not isinstance(template, dict):
        return template
    if "$use" in template:
        return kept[template["$use"]]
    if "$file" in template:
        path = ROOT / template["$file"]
        assert path.exists(), path
        return str(path)
    if "$base64" in template:
        return base64.b64encode((ROOT / template["$base64"]).read_bytes()).decode("ascii")
    if "$repeat" in template:
        return template["$repeat"] * template["times"]
    return {key: filled(member, kept) for key, member in template.items()}


def match(expected, found, kept, path="$"):
    """Raises `Mismatch` unless `found` is as expected; keeps what is to be kept."""
    if isinstance(expected, dict):
        matcher = MATCHERS.get(next((key for key in expected if key.startswith("$")), None))
        if matcher:
            matcher(expected, found, kept, path)
            return
        match_object(filled(expected, kept) if "$use" in expected else expected, found, kept, path)
    elif isinstance(expected, list):
        require(isinstance(found, list), path, expected, found)
        require(len(expected) == len(found), path, f"{len(expected)} elements", f"{len(found)}: {found}")
        for index, element in enumerate(expected):
            match(element, found[index], kept, f"{path}[{index}]")
    else:
        require(same(expected, found), path, expected, found)


def match_object(expected, found, kept, path):
    require(isinstance(found, dict), path, expected, found)
    for key, member in expected.items():
        require(key in found, path, f"a member {key!r}", found)
        match(member, found[key], kept, f"{path}.{key}")
    extra = sorted(set(found) - set(expected))
    require(not extra, path, "no further members", extra)


def match_any(expected, found, kept, path):
    require(TYPES[expected["$any"]](found), path, f"any {expected['$any']}", found)
    if "as" in expected:
        kept[expected["as"]] = found


def match_near(expected, found, kept, path):
    require(TYPES["number"](found), path, "a number", found)
    near = abs(found - expected["$near"]) <= expected["within"]
    require(near, path, f"{expected['$near']} within {expected['within']}", found)


def match_text(expected, found, kept, path):
    require(isinstance(found, str) and re.search(expected["$matches"], found), path, expected["$matches"], found)


def match_part(expected, found, kept, path):
    part = expected["$includes"]
    require(isinstance(found, type(part)), path, part, found)
    if isinstance(part, dict):
        for key, member in part.items():
            require(key in found, path, f"a member {key!r}", found)
            match(member, found[key], kept, f"{path}.{key}")
        return
    for element in part:
        require(any(matches(element, candidate, kept) for candidate in found), path, f"an element {element}", found)


def match_each(expected, found, kept, path):
    require(isinstance(found, list), path, "an array", found)
    require(
        "length" not in expected or len(found) == expected["length"],
        path,
        f"length {expected.get('length')}",
        len(found),
    )
    for index, element in enumerate(found):
        match(expected["$each"], element, kept, f"{path}[{index}]")


def match_unordered(expected, found, kept, path):
    require(isinstance(found, list), path, "an array", found)
    rest = list(found)
    for element in expected["$unordered"]:
        index = next((i for i, candidate in enumerate(rest) if matches(element, candidate, kept)), None)
        require(index is not None, path, f"an element {element}", rest)
        del rest[index]
    require(not rest, path, "no further elements", rest)


def match_filled(expected, found, kept, path):
    require(same(filled(expected, kept), found), path, filled(expected, kept), found)


def matches(expected, found, kept):
    """Whether it is as expected; keeps only then."""
    trial = dict(kept)
    try:
        match(expected, found, trial)
    except Mismatch:
        return False
    kept.update(trial)
    return True


def same(expected, found):
    """Equal as JSON: true is not 1."""
    return expected == found and isinstance(expected, bool) == isinstance(found, bool)


def require(condition, path, expected, found):
    if not condition:
        raise Mismatch(f"at {path}: expected {shown(expected)}, found {shown(found)}")


def shown(value):
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) < 300 else text[:300] + "…"


MATCHERS = {
    "$any": match_any,
    "$near": match_near,
    "$matches": match_text,
    "$includes": match_part,
    "$each": match_each,
    "$unordered": match_unordered,
    "$use": match_filled,
    "$file": match_filled,
    "$base64": match_filled,
    "$repeat": match_filled,
}
