#!/usr/bin/env python3
"""Numbers of the contract that the program spells again.

What a parameter may be at most, how long a list may be, and what stands for a parameter left out are written in
protocol/schemas; programs have them from there (`mostTopK`, `defaultSamples`). A number below LEAST is too common to tell.
"""

import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PLACES = [ROOT / "Sources" / target for target in ("Daemon", "fixlipd", "LanguageServer", "CaptionLint")]
LEAST = 500

# A thousand is a unit's factor more often than a default.
COMMON = {1000}

# What has such a number for a reason of its own, by words of its line.
OTHERS = (
    "static let prompts",  # prompts of all classes together, which no schema can say
    "maximumBatch",
    "static let budgets",  # of a linter's settings
    "'debounce'",
    "(0...10_000)",  # that, checked
    "image.prefix",
    "--max-connections",
)

COMMENT = re.compile(r"//.*?$", re.MULTILINE)
NUMBER = re.compile(r"(?<![\w#])(?<!\d\.)\d[\d_]*(?!\w|\.\d)")


def numbers(schema):
    """The limits and defaults of a schema and of what it is made of."""
    if isinstance(schema, list):
        for part in schema:
            yield from numbers(part)
    if isinstance(schema, dict):
        for key, value in schema.items():
            if key in ("maximum", "maxItems", "maxLength", "default") and type(value) is int and value >= LEAST:
                yield value
            yield from numbers(value)


def main():
    known = {
        n for file in (ROOT / "protocol/schemas").glob("*.json") for n in numbers(json.loads(file.read_text()))
    } - COMMON
    found = [
        f"{file.relative_to(ROOT)}:{number}: {line.strip()}"
        for place in PLACES
        for file in sorted(place.rglob("*.swift"))
        for number, line in enumerate(COMMENT.sub("", file.read_text()).splitlines(), start=1)
        if any(int(literal.replace("_", "")) in known for literal in NUMBER.findall(line))
        and not any(words in line for words in OTHERS)
    ]
    print("\n".join(found))
    return bool(found)


sys.exit(main())
