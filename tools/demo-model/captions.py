"""Captions of scenes: some or all of their objects, with counts, sizes, relations and backgrounds."""

import dataclasses

from names import article

SMALL, LARGE = 56, 96  # pixels of the longer side up to and from which an object is called so
ALL_NAMED = 0.75  # how often a caption names every object


@dataclasses.dataclass(frozen=True)
class Mention:
    noun: int
    start: int  # characters of the noun in the text, without its article and adjective
    end: int


def caption(scene, nouns, random):
    """(text, its mentions in their order)."""
    groups = {}
    for placed in scene.objects:
        groups.setdefault(placed.noun, []).append(placed)
    named = random.sample(list(groups), len(groups))
    if len(named) > 1 and random.random() > ALL_NAMED:
        named = named[: random.randrange(1, len(named))]
    phrases = [phrase(nouns[noun], groups[noun], random) for noun in named]
    relation = None
    if len(named) == 2 and all(len(groups[noun]) == 1 for noun in named) and random.random() < 0.6:
        relation = true_relation(groups[named[0]][0], groups[named[1]][0], random)
    text = f"{phrases[0]} {relation} {phrases[1]}" if relation else listed(phrases)
    opening = random.random()
    if opening < 0.08:
        text = f"a picture of {text}"
    elif opening < 0.14 and not relation:
        text = f"there {'are' if len(groups[named[0]]) > 1 else 'is'} {text}"
    if len(text.split()) < 14 and random.random() < 0.2:
        text += f" on {article(scene.background)} {scene.background} background"
    mentions, position = [], 0
    for noun, words in zip(named, phrases):
        position = text.index(words, position) + len(words)
        head = nouns[noun].plural if words.endswith(nouns[noun].plural or "\0") else nouns[noun].singular
        mentions.append(Mention(noun, position - len(head), position))
    return text, mentions


def phrase(noun, placed, random):
    adjective = ""
    if random.random() < 0.3:
        if all(one.size <= SMALL for one in placed):
            adjective = "small"
        elif all(one.size >= LARGE for one in placed):
            adjective = "large"
    return noun.counted(len(placed), adjective)


def listed(phrases):
    """ "a dog", "a dog and a cat", "a dog, a cat and some grapes"."""
    return phrases[0] if len(phrases) == 1 else f"{', '.join(phrases[:-1])} and {phrases[-1]}"


def true_relation(first, second, random):
    """A relation that holds of the first to the second, or None where neither direction stands out."""
    across, down = (a - b for a, b in zip(first.centre, second.centre))
    if abs(across) > 1.3 * abs(down):
        return random.choice(("next to", "left of" if across < 0 else "right of"))
    if abs(down) > 1.3 * abs(across):
        return "above" if down < 0 else "below"
    return None
