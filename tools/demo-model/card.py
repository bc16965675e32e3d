#!/usr/bin/env python3
"""Writes the table of measured figures into the built-in model's card, from the files that measure.py and pointing.py wrote.

card.py            rewrites the table in models/demo/README.md
"""

import pathlib

from figures import FOLDER, decimal, load, percent

CARD = pathlib.Path(__file__).resolve().parents[2] / "models/demo/README.md"
BEGIN, END = "<!-- measured -->\n", "<!-- end of measured -->\n"


def table(folder=FOLDER):
    """The card's lines between its two marks."""
    retrieval, pointing = load("retrieval", folder), load("pointing", folder)
    strongest, games = pointing["strongestPatch"], pointing["pointingGame"]
    nouns = f"{strongest['scenes']:,} scenes, {strongest['nouns']:,} nouns"
    among = retrieval["among"]
    rows = [
        (
            f"the right caption among {among}, for an image ({retrieval['scenes']:,} scenes)",
            percent(retrieval["captionOfImage"]),
            chance(1 / among),
        ),
        (f"the right image among {among}, for a caption", percent(retrieval["imageOfCaption"]), chance(1 / among)),
        (
            f"a noun's strongest patch touches its object ({nouns})",
            percent(strongest["touching"]["share"]),
            chance(strongest["touching"]["chance"]),
        ),
        (
            "a noun's strongest patch is covered by its object to a quarter or more",
            percent(strongest["quarter"]["share"]),
            chance(strongest["quarter"]["chance"]),
        ),
        (f"pointing game (PGR), four quadrants, 1 object named ({games['scenes']:,} scenes)", decimal(games["1"]), ""),
        *((f"{words} objects named", decimal(games[str(words)]), "") for words in (2, 3, 4)),
    ]
    lines = [
        "| | | by chance |",
        "|---|---|---|",
        *(f"| {' | '.join(row)} |" for row in rows),
        "",
        f"Strongest patches and pointing games are of explanations by the daemon with `{pointing['estimator']}` at "
        f"{pointing['imageMasks']} image masks.",
    ]
    return "".join(line + "\n" for line in lines)


def chance(share):
    return f"{100 * share:.1f}%"


def written(text, folder=FOLDER):
    """A card's text with its table made anew."""
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    return before + BEGIN + table(folder) + END + after


if __name__ == "__main__":
    CARD.write_text(written(CARD.read_text()))
