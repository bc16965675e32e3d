#!/usr/bin/env python3
"""Compares the file VERSION with every other place that carries the version of the program and its packages."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PLACES = {
    "Sources/Daemon/Version.swift": r'program = "([^"]+)"',
    "clients/python/pyproject.toml": r'^version = "([^"]+)"',
    "clients/python/src/fixlipd/link.py": r'CLIENT_VERSION = "([^"]+)"',
    "clients/emacs/fixlip.el": r"^;; Version: (\S+)",
    "clients/vscode/package.json": r'"version": "([^"]+)"',
    "CHANGELOG.md": r"^## (\d+\.\d+\.\d+)",
}


def main():
    version = (ROOT / "VERSION").read_text().strip()
    wrong = []
    for place, pattern in PLACES.items():
        found = re.search(pattern, (ROOT / place).read_text(), re.MULTILINE)
        carried = found.group(1) if found else "none"
        if carried != version:
            wrong.append(f"{place} carries {carried}, and VERSION is {version}")
    print("\n".join(wrong))
    return bool(wrong)


sys.exit(main())
