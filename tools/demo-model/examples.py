#!/usr/bin/env python3
"""The example scenes of the model's folder, with captions and the boxes of their objects.

examples.py OUT        writes OUT/*.png and OUT/captions.json
"""

import json
import pathlib
import sys

from names import read_names
from PIL import Image
from scenes import Placed, SceneMaker, paste
from sprites import glyph_image, scaled

# File, caption, background, objects as (name, pixels of the longer side, left, top), and what of the caption is wrong.
EXAMPLES = (
    ("scene-00", "there is a whale on an orange background", "orange", [("whale", 96, 52, 24)], None),
    ("scene-01", "a dog next to a guitar", "green", [("dog", 96, 6, 84), ("guitar", 112, 104, 60)], None),
    ("scene-02", "a snake next to a cat", "yellow", [("snake", 88, 12, 100), ("cat", 96, 118, 58)], None),
    (
        "scene-03",
        "a postbox next to a cocktail glass",
        "pink",
        [("cocktail glass", 96, 44, 34), ("postbox", 80, 162, 38)],
        None,
    ),
    (
        "scene-04",
        "a rose, a bus and two apples",
        "blue",
        [("rose", 88, 14, 14), ("bus", 88, 120, 22), ("apple", 56, 28, 140), ("apple", 56, 132, 140)],
        None,
    ),
    ("scene-05", "a dog below a rainbow", "grey", [("rainbow", 96, 66, 12), ("car", 96, 60, 122)], "dog"),
    (
        "quadrants-0",
        "a dog, an apple, a car and a guitar",
        "white",
        [("dog", 80, 8, 8), ("apple", 72, 138, 12), ("car", 80, 8, 144), ("guitar", 80, 140, 138)],
        None,
    ),
    (
        "quadrants-1",
        "a teddy bear and a pizza",
        "brown",
        [("teddy bear", 80, 8, 8), ("umbrella", 80, 138, 8), ("crown", 72, 10, 146), ("pizza", 80, 138, 138)],
        None,
    ),
)
SEED = 7


def write_examples(out):
    out = pathlib.Path(out)
    out.mkdir(parents=True, exist_ok=True)
    nouns = read_names()
    glyphs = {noun.singular: (index, noun.glyph) for index, noun in enumerate(nouns)}
    maker = SceneMaker([], SEED)
    entries = []
    for name, caption, background, objects, wrong in EXAMPLES:
        picture = maker.background(background)[1]
        entry = {"image": f"{name}.png", "caption": caption, "objects": []}
        for noun, size, left, top in objects:
            sprite = scaled(glyph_image(glyphs[noun][1]), size)
            paste(picture, sprite, left, top)
            placed = Placed(glyphs[noun][0], size, (left, top, left + sprite.shape[1], top + sprite.shape[0]))
            entry["objects"].append({"name": noun, "box": list(placed.box)})
        if wrong:
            entry["wrong"] = wrong
        Image.fromarray(picture).save(out / entry["image"], optimize=True)
        entries.append(entry)
    lines = ",\n".join(" " + json.dumps(entry, ensure_ascii=False) for entry in entries)
    (out / "captions.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(__doc__ if len(sys.argv) != 2 else write_examples(sys.argv[1]))
