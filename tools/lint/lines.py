#!/usr/bin/env python3
"""Lists lines of Swift beyond 120 characters: code and comments. Strings may be longer, since a break would change them.

Left out are generated files and fixtures.
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
            is_text = False
            for number, line in enumerate(file.read_text().split("\n"), 1):
                was_text, is_text = is_text, is_text != (line.count('"""') % 2 == 1)
                is_comment = line.lstrip().startswith("//")
                if len(line) > LONGEST and not was_text and (is_comment or '"' not in line):
                    yield f"{file.relative_to(ROOT)}:{number}: {len(line)} characters"


found = list(long_lines())
print("\n".join(found))
sys.exit(bool(found))
