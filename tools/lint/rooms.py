#!/usr/bin/env python3
"""Holds the imports between targets and the uses between their folders ("rooms") against the tables below.

Targets: a source file imports only what the table allows, and no two have a type of one name. Rooms: within the targets of
ONE_WAY no two rooms need each other, directly or around a corner. A room needs another if it names a type that the other
declares at the left margin; comments and strings do not count, nor names that it gives a nested type of its own. Files beside
the folders, the entrance of a target, may use every room and be used by all.

rooms.py            what is not allowed; status 1 if there is anything
rooms.py --print    the uses that there are, as a table
"""

import pathlib
import re
import sys
from collections import defaultdict

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SOURCES = ROOT / "Sources"

# Each C library is imported by one target.
LIBRARIES = {
    "CCrypto": "Digests",
    "CImageCodecs": "Images",
    "CJansson": "JSON",
    "COneDNN": "Tensors",
    "COpenBLAS": "LinearAlgebra",
    "CVectorDrawing": "VectorFiles",
}

# What a target may import of this package, from the leaves to the program.
TARGETS = {
    "ShownText": set(),
    "JSON": {"CJansson", "ShownText"},
    "JSONRPC": {"JSON", "ShownText"},
    "FIxLIPProtocol": {"JSON", "ShownText"},
    "Tokenizers": {"CharacterReferences", "JSON"},
    "Images": {"CImageCodecs", "JSON", "PercentEncoding", "ShownText"},
    "Tensors": {"COneDNN", "JSON", "ShownText"},
    "Encoders": {"Images", "JSON", "Tensors", "Tokenizers", "ShownText"},
    "LinearAlgebra": {"COpenBLAS"},
    "Interactions": {"LinearAlgebra"},
    "PercentEncoding": set(),
    "Rendering": {"ShownText"},
    "Captions": {"CharacterReferences", "PercentEncoding"},
    "CharacterReferences": set(),
    "CaptionLint": {"Captions", "FIxLIPProtocol", "Images", "JSON", "JSONRPC", "PercentEncoding", "ShownText"},
    "LanguageServer": {
        "CaptionLint",
        "Captions",
        "FIxLIPProtocol",
        "JSON",
        "JSONRPC",
        "PercentEncoding",
        "ShownText",
    },
    "Digests": {"CCrypto"},
    "VectorFiles": {"CVectorDrawing"},
}

# Targets whose rooms need each other in one direction only: all that have rooms.
ONE_WAY = {
    "Captions",
    "CaptionLint",
    "Daemon",
    "Encoders",
    "FIxLIPProtocol",
    "Images",
    "Interactions",
    "JSONRPC",
    "LanguageServer",
    "Rendering",
    "Tensors",
    "Tokenizers",
    "fixlipd",
}

COMMENT = re.compile(r'//.*?$|/\*.*?\*/|#*"""(?:.|\n)*?"""#*|"(?:\\.|[^"\\\n])*"', re.MULTILINE | re.DOTALL)
DECLARATION = re.compile(
    r"^(?:@\w+(?:\([^)]*\))?\s+)*(?:(?:public|package|internal|final|indirect)\s+)*"
    r"(?:struct|enum|class|actor|protocol|typealias)\s+(\w+)",
    re.MULTILINE,
)
NESTED = re.compile(r"^ +(?:\w+ )*(?:struct|enum|class|actor|typealias) (\w+)", re.MULTILINE)
IMPORT = re.compile(
    r"^\s*(?:@\w+\s+)*(?:(?:public|package|internal|private)\s+)?import\s+(?:\w+\s+)?(\w+)", re.MULTILINE
)
WORD = re.compile(r"\b[A-Z]\w+")


def text_of(file):
    return COMMENT.sub(" ", file.read_text())


def rooms_of(target):
    """The rooms of a target: its folders, by name, with their files. Files beside the folders are in the room "."."""
    rooms = defaultdict(list)
    for file in sorted(target.rglob("*.swift")):
        parts = file.relative_to(target).parts
        rooms[parts[0] if len(parts) > 1 else "."].append(file)
    return rooms


def uses_between(rooms):
    """For each two rooms the types of the second that the first names."""
    home, texts, nested = {}, {}, {}
    for room, files in rooms.items():
        for file in files:
            texts[file] = text_of(file)
            for name in DECLARATION.findall(texts[file]):
                home.setdefault(name, room)
            nested.setdefault(room, set()).update(NESTED.findall(texts[file]))
    uses = defaultdict(set)
    for room, files in rooms.items():
        for file in files:
            for word in set(WORD.findall(texts[file])):
                if home.get(word, room) != room and word not in nested[room]:
                    uses[room, home[word]].add(word)
    return uses


def tangles(uses):
    """Sets of rooms each of which needs the others, with what they name of each other."""
    after = defaultdict(set)
    for first, second in uses:
        if "." not in (first, second):
            after[first].add(second)

    def reached(room):
        seen, waiting = set(), [room]
        while waiting:
            for other in after[waiting.pop()] - seen:
                seen.add(other)
                waiting.append(other)
        return seen

    reach = {room: reached(room) for room in list(after)}
    groups = {frozenset(o for o in reach[room] if room in reach.get(o, ())) for room in reach if room in reach[room]}
    for group in sorted(groups, key=sorted):
        within = sorted(pair for pair in uses if set(pair) <= group)
        yield "; ".join(f"{a} → {b} ({', '.join(sorted(uses[a, b])[:4])})" for a, b in within)


def wrong_imports():
    ours = {folder.name for folder in SOURCES.iterdir()}
    for target in sorted(SOURCES.iterdir()):
        for file in sorted(target.rglob("*.swift")):
            for name in IMPORT.findall(text_of(file)):
                place = file.relative_to(ROOT)
                if LIBRARIES.get(name, target.name) != target.name:
                    yield f"{place} imports {name}, which only {LIBRARIES[name]} may"
                if name in ours and target.name in TARGETS and name not in TARGETS[target.name]:
                    yield f"{place} imports {name}, which {target.name} may not"


def same_names():
    homes = defaultdict(set)
    for target in SOURCES.iterdir():
        for file in target.rglob("*.swift"):
            for name in DECLARATION.findall(text_of(file)):
                homes[name].add(target.name)
    for name, targets in sorted(homes.items()):
        if len(targets) > 1:
            yield f"{name} is a type of {' and of '.join(sorted(targets))}: one of them needs another name"


def main():
    wrong = [*wrong_imports(), *same_names()]
    for target in sorted(SOURCES.iterdir()):
        rooms = rooms_of(target)
        if len(rooms) < 2:
            continue
        uses = uses_between(rooms)
        if "--print" in sys.argv:
            print(target.name)
            for room in sorted(rooms):
                print(f"    {room:16}{', '.join(sorted(second for first, second in uses if first == room)) or '-'}")
        if target.name not in ONE_WAY:
            continue
        wrong += [f"{target.name}: rooms need each other: {tangle}" for tangle in tangles(uses)]
    print("\n".join(wrong))
    return bool(wrong)


sys.exit(main())
