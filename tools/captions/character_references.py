"""Writes the table of HTML's named character references that the daemon is built with, from Python's own copy of it.

python3 tools/captions/character_references.py > Sources/CharacterReferences/CharacterReferenceNames.swift
"""

import html.entities
import textwrap

HEAD = '''/// HTML's named character references (Living Standard, section 13.5): 2,231 names. Written by
/// `tools/captions/character_references.py`.
enum CharacterReferenceNames {
    /// `name:hexadecimal`, code points joined by `+`. `*` after a name: it also stands without a semicolon.
    static let listing = """
'''
FOOT = '''
        """
}
'''


def main():
    names = html.entities.html5
    entries = []
    for name in sorted(each for each in names if each.endswith(";")):
        bare = name[:-1]
        points = "+".join(f"{ord(character):X}" for character in names[name])
        entries.append(f"{bare}{'*' if bare in names else ''}:{points}")
    lines = textwrap.wrap(" ".join(entries), 108, break_long_words=False, break_on_hyphens=False)
    print(HEAD + " \\\n".join(" " * 8 + line for line in lines) + FOOT, end="")


main()
