"""The test bed: documents of made scenes whose captions are right, or wrong in a known way."""

import json
import pathlib
import random
import sys

from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools" / "demo-model"))

from captions import caption  # noqa: E402
from names import article, read_names  # noqa: E402
from scenes import SceneMaker  # noqa: E402
from sprites import load_sprites  # noqa: E402

# What the eight images of a document have for captions. "foil": one noun replaced by one that the scene has not.
KINDS = ("fine", "fine", "fine", "foil", "foil", "swapped", "swapped", "truncated")
# Words that say nothing of what is seen, so that only the length is wrong.
FILLING = ", seen in a picture that was taken on a day like any other day of a year like any other year"


def foil(text, mention, nouns, present, rng):
    """The caption with a noun replaced by one of the same number; returns it with the noun's place."""
    old = text[mention.start : mention.end]
    is_plural = old != nouns[mention.noun].singular
    others = [n for i, n in enumerate(nouns) if i not in present and n.plural is not None]
    new = rng.choice(others)
    word = new.plural if is_plural else new.singular
    before, after = text[: mention.start], text[mention.end :]
    for form in ("a ", "an "):
        if before.endswith(" " + form) or before == form:
            before = before[: -len(form)] + article(word) + " "
    return before + word + after, len(before), len(before) + len(word)


def make(folder, documents, seed):
    """Writes documents with their images; returns what is true of each caption."""
    folder.mkdir(parents=True, exist_ok=True)
    nouns = read_names()
    maker = SceneMaker(load_sprites(nouns), seed, backgrounds=64)
    rng = random.Random(seed)
    truth = []
    for document in range(documents):
        kinds = list(KINDS)
        rng.shuffle(kinds)
        items = []
        for index, kind in enumerate(kinds):
            while True:
                scene, picture, _ = maker.scene()
                text, mentions = caption(scene, nouns, rng)
                mention = rng.choice(mentions)
                if kind != "foil" or nouns[mention.noun].plural is not None:
                    break
            name = f"d{document:03}-{index}.png"
            Image.fromarray(picture).save(folder / name)
            item = {"document": f"d{document:03}.md", "line": 2 * index, "image": name, "kind": kind, "caption": text}
            if kind == "foil":
                present = {placed.noun for placed in scene.objects}
                item["caption"], item["start"], item["end"] = foil(text, mention, nouns, present, rng)
            elif kind == "truncated":
                item["caption"] = text + FILLING
            items.append(item)
        first, second = (item for item in items if item["kind"] == "swapped")
        first["caption"], second["caption"] = second["caption"], first["caption"]
        lines = [f"![{item['caption']}]({item['image']})\n" for item in items]
        (folder / f"d{document:03}.md").write_text("\n".join(lines))
        truth += items
    (folder / "truth.json").write_text(json.dumps(truth))
    return truth


if __name__ == "__main__":
    make(pathlib.Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
