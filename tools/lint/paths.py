#!/usr/bin/env python3
"""Lists comparisons of paths as strings: Swift takes `é` composed and decomposed for equal, and a file system does not.

A name that ends in path, folder, directory or fileName is compared only with nil, an index, or an ASCII literal; all else goes by
`.utf8`, or by a type that compares bytes (ModelPath, FilePath, FileIdentity).
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PATH = r"(?:\w+[?!]?\.)*\w*(?:[Pp]ath|[Ff]older|[Dd]irectory|[Ff]ileName)(?:\.string)?"
HARMLESS = r'(?:nil\b|"[\x20-\x7e]*"|[\w.?]+(?:start|end)Index\b|\d)'
COMPARED = re.compile(
    rf"(?<![\w.(])(?P<left>{PATH})\s*[!=]=(?!\s*{HARMLESS})"
    rf"|(?P<right>(?<!nil )(?<!\" )[!=]=\s*{PATH}(?![\w.(]))"
    rf"|\.(?:hasPrefix|hasSuffix|contains)\({PATH}\b(?![.(])"
)
# `folder` of a ModelKey is a ModelPath.
BY_BYTES = re.compile(r"\bkey\.folder\s*==\s*folder\b")
COMMENT = re.compile(r"//.*$")


def compared():
    for file in sorted((ROOT / "Sources").rglob("*.swift")):
        if "/Generated/" in str(file):
            continue
        for number, line in enumerate(file.read_text().split("\n"), 1):
            code = BY_BYTES.sub("", COMMENT.sub("", line))
            found = COMPARED.search(code)
            if found and "utf8" not in code:
                yield f"{file.relative_to(ROOT)}:{number}: {found[0].strip()}: paths are compared by their bytes"


found = list(compared())
print("\n".join(found))
sys.exit(bool(found))
