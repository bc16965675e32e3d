"""The pairs that are measured: lines {"id", "image", "text", "targets"?} as `fixlipd evaluate` takes them."""

import json
import random
from pathlib import Path

QUADRANTS = {"topLeft": (0, 0), "topRight": (0, 1), "bottomLeft": (1, 0), "bottomRight": (1, 1)}


def read(path):
    """Pairs of a JSONL file; relative images lie beside it."""
    folder = Path(path).resolve().parent
    pairs = []
    for number, line in enumerate(Path(path).read_text().splitlines(), 1):
        if line.strip():
            pair = json.loads(line)
            pair["image"] = str(folder / pair["image"])
            pairs.append({"id": number, **pair})
    return pairs


def write_default(scenes, folder, composed=14):
    """Writes pairs.jsonl into `folder`: the scenes of captions.json, and images composed of their objects in four quadrants.

    - scenes: a folder with captions.json, a list of {"image", "caption", "objects": [{"name", "box"}]}.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    entries = json.loads((Path(scenes) / "captions.json").read_text())
    pairs = []
    for entry in entries:
        pair = {
            "id": Path(entry["image"]).stem,
            "image": str(Path(scenes).resolve() / entry["image"]),
            "text": caption(entry),
        }
        targets = quadrant_targets(entry)
        pairs.append({**pair, "targets": targets} if targets else pair)
    pairs += compose(Path(scenes), entries, folder, composed)
    path = folder / "pairs.jsonl"
    path.write_text("".join(json.dumps(pair) + "\n" for pair in pairs))
    return path


def caption(entry, longest=11):
    """The scene's caption; one with too many words for all their masks is cut down to two of its objects."""
    if len(entry["caption"].replace(",", " ,").split()) <= longest:
        return entry["caption"]
    named = [item["name"] for item in entry["objects"] if item["name"] in entry["caption"]]
    return " and ".join(article(name) for name in named[:2])


def quadrant_targets(entry, size=224):
    """Objects of the caption that lie whole in one quadrant, where there is one in each."""
    places = {}
    for item in entry["objects"]:
        x0, y0, x1, y1 = item["box"]
        half = size / 2
        if (x1 <= half or x0 >= half) and (y1 <= half or y0 >= half):
            places[item["name"]] = ("bottom" if y0 >= half else "top") + ("Right" if x0 >= half else "Left")
    if len(set(places.values())) < 4:
        return []
    return [{"word": name, "quadrant": place} for name, place in places.items() if name in entry["caption"]]


def compose(scenes, entries, folder, count, size=224):
    """Images with four objects cut from the scenes, one per quadrant on a plain background; captions name two of them."""
    from PIL import Image

    cuts = [(entry["image"], item) for entry in entries for item in entry["objects"]]
    generator = random.Random(0)
    pairs = []
    for number in range(count):
        names = set()
        chosen = []
        for image, item in generator.sample(cuts, len(cuts)):
            if item["name"] not in names and len(chosen) < 4:
                names.add(item["name"])
                chosen.append((image, item))
        background = Image.open(scenes / chosen[0][0]).convert("RGB").getpixel((2, 2))
        canvas = Image.new("RGB", (size, size), background)
        places = list(QUADRANTS)
        for (image, item), place in zip(chosen, places):
            cut = Image.open(scenes / image).convert("RGB").crop(item["box"])
            scale = min(80 / cut.width, 80 / cut.height)
            cut = cut.resize(
                (max(1, round(cut.width * scale)), max(1, round(cut.height * scale))), Image.Resampling.BICUBIC
            )
            row, column = QUADRANTS[place]
            canvas.paste(
                cut,
                (column * size // 2 + (size // 2 - cut.width) // 2, row * size // 2 + (size // 2 - cut.height) // 2),
            )
        canvas.save(folder / f"composed-{number}.png")
        named = generator.sample(range(4), 2)
        text = " and ".join(article(chosen[k][1]["name"]) for k in named)
        pairs.append(
            {
                "id": f"composed-{number}",
                "image": f"composed-{number}.png",
                "text": text,
                "targets": [{"word": chosen[k][1]["name"], "quadrant": places[k]} for k in named],
            }
        )
    return pairs


def article(name):
    return ("an " if name[0] in "aeiou" else "a ") + name
