#!/usr/bin/env python3
"""Lists suites of Swift tests without a time limit: a test that waits for what never comes must fail, not hang."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PARENTHESES = r"\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)"
SUITE = re.compile(
    rf"^(@Suite(?:{PARENTHESES})?\s+)?(?:(?:private|final) )*(?:struct|class|enum|actor) (\w+)[^{{\n]*\{{", re.MULTILINE
)


def unlimited():
    for file in sorted((ROOT / "Tests").rglob("*.swift")):
        text = file.read_text()
        for suite in SUITE.finditer(text):
            body = text[suite.end() : text.find("\n}\n", suite.end())]
            if "@Test" in body and ".timeLimit(" not in (suite[1] or ""):
                yield f"{file.relative_to(ROOT)}: {suite[2]} has no .timeLimit(…)"


found = list(unlimited())
print("\n".join(found))
sys.exit(bool(found))
