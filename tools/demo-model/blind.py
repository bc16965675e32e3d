#!/usr/bin/env python3
"""Whether a picture tells by itself which object the strongest word stands for, over random scenes of two to four objects.

    blind.py FIXLIPD MODEL [--scenes 50] [--masks 512] [--pictures FOLDER]

Nobody looks at the pictures here: the outline that the picture draws for the strongest noun is laid over the boxes of the
scene's objects. A reader who sees the outline without the words would name the object that fills most of it; the
picture is right where that is the noun's, and clearly so where more than half of the outline lies in the noun's box. The
same is asked of the view of pairs, which draws curves from the words to single patches: there the patches at the ends of
the noun's curves stand for the outline. That is a stand-in for readers; with --pictures both are written with their
words hidden, for readers, and key.json says what was meant.
"""

import argparse
import json
import pathlib
import re

from names import read_names
from PIL import Image, ImageChops, ImageDraw
from pointing import Scenes, daemon, players_of
from scenes import GRID, PATCH, SIDE

KINDS = {"overview": {"compact": True}, "pairs": {"view": "pairs", "compact": True}}


def outline(drawing, word):
    """The region that an overview draws for a word, as a mask of the scene's pixels; None where it draws none."""
    colors = {
        name: color for color, name in re.findall(r'class="r(\d)"[^>]*/><text[^>]*class="word ink">([^<]+)<', drawing)
    }
    found = re.search(rf'<path class="r{colors.get(word, "-")}s"[^>]* d="([^"]*)"', drawing)
    if not found:
        return None
    mask = Image.new("1", (SIDE, SIDE))
    for loop in filter(None, found[1].split("z")):
        numbers = [float(number) for number in re.findall(r"-?[0-9.]+", loop)]
        inside = Image.new("1", (SIDE, SIDE))
        ImageDraw.Draw(inside).polygon(list(zip(numbers[::2], numbers[1::2])), fill=1)
        mask = ImageChops.logical_xor(mask, inside)
    return mask


def ends(drawing, word):
    """The patches at the ends of a word's curves in a view of pairs, likewise."""
    places = re.findall(rf"<title>“{re.escape(word)}” × row (\d+), column (\d+):", drawing)
    mask = Image.new("1", (SIDE, SIDE))
    for row, column in {(int(row) - 1, int(column) - 1) for row, column in places}:
        box = (column * PATCH, row * PATCH, (column + 1) * PATCH - 1, (row + 1) * PATCH - 1)
        ImageDraw.Draw(mask).rectangle(box, fill=1)
    return mask if places else None


REGIONS = {"overview": outline, "pairs": ends}


def judged(mask, scene, noun):
    """Whether most of what the mask shares with objects is the noun's, and whether that is more than half of the mask."""
    if mask is None:
        return {"named": False, "clearly": False}
    shares = {}
    for placed in scene.objects:
        left, top, right, bottom = placed.box
        area = sum(mask.crop((left, top, right, bottom)).convert("L").histogram()[255:])
        shares[placed.noun] = shares.get(placed.noun, 0) + area
    whole = sum(mask.convert("L").histogram()[255:])
    named = max(shares, key=shares.__getitem__) == noun and shares[noun] > 0
    return {"named": named, "clearly": named and shares[noun] > whole / 2}


def hidden(drawing):
    """The drawing without anything that names a word."""
    drawing = re.sub(r"<title.*?</title>|<desc.*?</desc>", "", drawing)
    drawing = re.sub(r'(class="tag"[^>]*>)[^<]*', r"\1?", drawing)
    drawing = re.sub(r'(class="word ink"[^>]*>)[^<]*', r"\1–", drawing)
    return re.sub(r"<text[^>]*>[^<]*“[^<]*</text>", "", drawing)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("fixlipd", type=pathlib.Path)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("--scenes", type=int, default=50)
    parser.add_argument("--masks", type=int, default=512, help="image masks")
    parser.add_argument("--pictures", type=pathlib.Path, help="a folder for the drawings with their words hidden")
    options = parser.parse_args()
    assert GRID * PATCH == SIDE
    nouns = read_names()
    scenes = Scenes(nouns)
    results, key, number = {kind: [] for kind in KINDS}, {}, 0
    with daemon(options.fixlipd, options.model) as client:
        while len(key) < options.scenes:
            picture, text, mentions, scene, _ = scenes.captioned(number)
            number += 1
            if len({placed.noun for placed in scene.objects}) < 2:
                continue
            with client.explain(picture, text, image_masks=options.masks) as explanation:
                start = explanation.players.image.count
                weight = explanation.first_order_reading
                mention, player = max(
                    ((each, index) for each in mentions for index in players_of(explanation, each.start, each.end)),
                    key=lambda pair: weight[start + pair[1]],
                )
                word = explanation.words[player].rstrip(",.;:!?")
                for kind, look in KINDS.items():
                    drawing = explanation.render("svg", **look)
                    results[kind].append(judged(REGIONS[kind](drawing, word), scene, mention.noun))
                    if options.pictures:
                        options.pictures.mkdir(parents=True, exist_ok=True)
                        (options.pictures / f"{len(key):02}-{kind}.svg").write_text(hidden(drawing))
            key[len(key)] = {"caption": text, "word": word, **{kind: found[-1] for kind, found in results.items()}}
    if options.pictures:
        (options.pictures / "key.json").write_text(json.dumps(key, indent=1))
    for kind, found in results.items():
        told = [f"{sum(each[name] for each in found)} of {len(found)} {name}" for name in ("named", "clearly")]
        print(f"{kind:10}{', '.join(told)}")


if __name__ == "__main__":
    main()
