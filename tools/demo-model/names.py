"""The nouns of the scenes, with their articles, plurals and glyphs."""

import dataclasses
import pathlib

NAMES = pathlib.Path(__file__).parent / "names.txt"
NUMBERS = ("no", "one", "two", "three", "four")


@dataclasses.dataclass(frozen=True)
class Noun:
    glyph: str
    singular: str
    plural: str | None  # None: takes "some", and is never counted

    def counted(self, count, adjective=""):
        """The phrase for `count` of them: "an apple", "two small apples", "some grapes"."""
        words = f"{adjective} {self.singular}".strip()
        if self.plural is None:
            return f"some {words}"
        if count == 1:
            return f"{article(words)} {words}"
        return f"{NUMBERS[count]} {f'{adjective} {self.plural}'.strip()}"


def article(words):
    """ "a" or "an", by the sound that the words begin with."""
    if words.startswith("hour"):
        return "an"
    if words.startswith(("uni", "eu")):
        return "a"
    return "an" if words[0] in "aeiou" else "a"


def read_names(path=NAMES, limit=None):
    """The nouns of a file with a line `glyph name [/ plural]` each; of the first `limit`, where given."""
    nouns = []
    for number, line in enumerate(pathlib.Path(path).read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        glyph, _, rest = line.partition(" ")
        singular, _, plural = (part.strip() for part in rest.partition("/"))
        if not glyph or not singular:
            raise ValueError(f'{path}, line {number}: "{line}" is not "glyph name [/ plural]"')
        nouns.append(Noun(glyph, singular, None if plural == "some" else plural or singular + "s"))
    twice = {noun.singular for noun in nouns if sum(other.singular == noun.singular for other in nouns) > 1}
    if twice:
        raise ValueError(f"{path}: named twice: {', '.join(sorted(twice))}")
    return nouns[:limit]
