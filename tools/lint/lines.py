#!/usr/bin/env python3
"""Lists lines of Swift beyond 120 characters that swift format leaves alone: comments and strings.

Left out are generated files, fixtures, and lines between quotation marks of several lines that hold data.
"""

import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
LONGEST = 120
LEFT_OUT = ("/Generated/", "/Fixtures/", "EntityTable", "/.build")


def long_lines():
    for folder in ("Sources", "Tests", "tools"):
        for file in sorted((ROOT / folder).rglob("*.swift")):
            if any(part in str(file) for part in LEFT_OUT):
                continue
            for number, line in enumerate(file.read_text().split("\n"), 1):
                if len(line) > LONGEST:
                    yield f"{file.relative_to(ROOT)}:{number}: {len(line)} characters"


found = list(long_lines())
print("\n".join(found))
sys.exit(bool(found))
