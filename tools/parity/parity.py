#!/usr/bin/env python3
"""Runs the daemon and the reference libraries side by side and writes the table of docs/models.md.

    parity.py [--peers .peers/venv] [--load] [NAME ...]

Models of full size are written with random weights to a temporary folder, one at a time, and removed. Results are kept in
tools/parity/results.json, so single rows can be measured again; the table is written from all of them. --load measures load
time and memory only (on a quiet machine) and needs numpy alone; the fixtures' rows need Pillow too, the others the peers'
environment, which may run this script as well:

    python3 -m venv .peers/venv
    .peers/venv/bin/pip install numpy pillow torch torchvision transformers sentencepiece protobuf open_clip_torch
    .peers/venv/bin/python tools/parity/parity.py
"""

import argparse
import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import reference
from kinds import KINDS, Preparation, folder_of

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / part) for part in ("tools/random-model", "tools/fixtures", "benchmarks")]
from awkward_strings import STRINGS  # noqa: E402
from daemon import Daemon  # noqa: E402
from random_model import MODELS, with_changes, write_model  # noqa: E402

FIXTURES = ROOT / "Tests/Fixtures"
SCENE = FIXTURES / "scene.png"
RESULTS = Path(__file__).with_name("results.json")
DOCUMENT = ROOT / "docs/models.md"
TEXTS = ["a red dog on the green car", "a photo of the cat next to a tree", "Ball, left of the house!"]
GAME_TEXT = "red dog on"

FIXTURE_MODELS = ["clip-small", "clip-legacy-eos", "siglip-small", "siglip2-small"]
# Each a full-size model and how its folder is written.
FULL_SIZE = {
    "ViT-B/32": (MODELS["vit-b-32"], {}),
    "ViT-B/16": (MODELS["vit-b-16"], {}),
    "ViT-L/14, f16, 3 shards": (MODELS["vit-l-14"], dict(dtype="f16", shards=3)),
    "ViT-L/14-336, bf16": (MODELS["vit-l-14-336"], dict(dtype="bf16")),
    "TinyCLIP 39M/16": (MODELS["tinyclip-39m"], {}),
    "TinyCLIP 8M/16 (width 256, projection 512)": (MODELS["tinyclip-8m"], {}),
    "ViT-B/32, gelu, projection 384": (
        with_changes(MODELS["vit-b-32"], activation="gelu", projection=384),
        dict(dtype="f16"),
    ),
    "ViT-B/32, legacy configuration, bf16, 2 shards": (MODELS["vit-b-32"], dict(legacy=True, dtype="bf16", shards=2)),
    "SigLIP B/16-224": (MODELS["siglip-b-16"], dict(full_tokenizer=True)),
    "SigLIP2 B/16-224, 256,000 tokens, f16": (MODELS["siglip2-b-16"], dict(dtype="f16", full_tokenizer=True)),
    "open_clip ViT-B/32, f16": (MODELS["vit-b-32"], dict(layout="open_clip", dtype="f16")),
    "open_clip SigLIP B/16-224 (timm), f16": (MODELS["siglip-b-16"], dict(layout="open_clip", dtype="f16")),
}


def pillow_pixels(preparation, grid=None):
    """The scene resized and cropped by Pillow to what a model sees, bytes [height, width, 3].

    grid: rows and columns of 16 pixels, where the picture's shape decides.
    """
    from PIL import Image

    image, size = Image.open(SCENE).convert("RGB"), preparation.size
    resampling = Image.Resampling[preparation.resampling.upper()]
    if preparation.mode == "naflex":
        return np.asarray(image.resize((16 * grid[1], 16 * grid[0]), resampling))
    if preparation.mode == "squash":
        return np.asarray(image.resize((size, size), resampling))
    short, long = sorted(image.size)
    target = (size, int(size * long / short)) if image.width <= image.height else (int(size * long / short), size)
    left, top = (target[0] - size) // 2, (target[1] - size) // 2
    return np.asarray(image.resize(target, resampling))[top : top + size, left : left + size]


def largest(a, b):
    return float(np.abs(np.asarray(a, np.float64) - b).max())


def cosine(a, b):
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    return float(a @ b / (a @ a * (b @ b)) ** 0.5)


def fixture_row(name):
    """A fixture model against its expected.json, in which the reference libraries' numbers stand."""
    folder = FIXTURES / name
    expected = json.loads((folder / "expected.json").read_text())
    texts, game = [text["text"] for text in expected["texts"]], expected["game"]
    with Daemon("--precision", "f32") as daemon:
        call = daemon.connect().call
        model = dict(model=str(folder))
        image = call("embed/image", images=[str(SCENE)], **model)["embeddings"][0]
        embedded = call("embed/text", texts=texts, **model)["embeddings"]
        logits = call("similarity", images=[str(SCENE)], texts=texts, **model)["logits"][0]
        ids = [text["ids"] for text in call("tokenize", texts=texts, **model)["texts"]]
        opened = call(
            "explanation/open",
            image=str(SCENE),
            text=game["text"],
            estimator="leastSquares",
            index="banzhaf",
            p=0.5,
            order=2,
            players=dict(text="tokens"),
            **model,
        )
        values = call(
            "explanation/refine",
            explanation=opened["explanation"],
            budget=dict(imageMasks=2 ** game["n_image"], textMasks=2 ** game["n_text"]),
        )["values"]
    coefficients = np.array(game["banzhaf0.5"]["order2"])
    found = [values["baseline"], *values["first"], *values["pairs"]["data"]]
    pixels = reference.read_safetensors(folder / "reference-pixels.safetensors")["pixels"]
    size = pixels.shape[-1]
    preparation = prepared("siglip" if name.startswith("siglip") else "clip", size)
    return dict(
        pixels=largest(normalised(pillow_pixels(preparation), preparation), pixels.reshape(3, size, size)),
        image=cosine(image, expected["image_embedding"]),
        text=min(cosine(a, text["embedding"]) for a, text in zip(embedded, expected["texts"])),
        logit=largest(logits, [text["logit"] for text in expected["texts"]]),
        game=largest(found, coefficients) / float(np.abs(coefficients).max()),
        ids=all(a == text["ids"] for a, text in zip(ids, expected["texts"])),
    )


def prepared(family, size):
    return Preparation(size) if family == "clip" else Preparation(size, "squash", mean=[0.5] * 3, std=[0.5] * 3)


def normalised(image, preparation):
    return ((image / 255 - preparation.mean) / preparation.std).transpose(2, 0, 1)


def full_size_row(folder, preparation, side, peers):
    """
    Args:
        side: in how many parts the picture's players cut its width, and its height unless it is 1: quarters, or for the reference's sake
            halves.
    """
    with Daemon("--precision", "f32") as daemon:
        call = lambda method, **parameters: connection.result(method, model=str(folder), **parameters)
        connection = daemon.connect()
        shape = call("explanation/open", image=str(SCENE), text=GAME_TEXT)["players"]["image"]
        grid = shape["rows"], shape["columns"]
        labels = [
            int(r >= grid[0] / 2) * (side - 1) * 2 + int(c >= grid[1] / 2)
            for r in range(grid[0])
            for c in range(grid[1])
        ]
        count = max(labels) + 1
        resized = np.ascontiguousarray(pillow_pixels(preparation, grid))
        height, width = resized.shape[:2]
        bare = dict(pixels=base64.b64encode(resized.tobytes()).decode(), width=width, height=height)
        images = call("embed/image", images=[str(SCENE), bare])["embeddings"]
        if images[0] != images[1]:
            raise SystemExit("the picture that Pillow resized gives another embedding than the picture itself")
        texts = call("embed/text", texts=TEXTS)["embeddings"]
        logits = call("similarity", images=[str(SCENE)], texts=TEXTS)["logits"][0]
        strings = list(dict.fromkeys(STRINGS))
        string_ids = [text["ids"] for text in call("tokenize", texts=strings)["texts"]]
        tokens = call("tokenize", texts=[*TEXTS, GAME_TEXT])["texts"]
        ids, players = tokens[-1]["ids"], [id for player in tokens[-1]["players"] for id in player["ids"]]
        first = next(p for p in range(len(ids)) if ids[p : p + len(players)] == players)
        positions = range(first, first + len(players))
        opened = call(
            "explanation/open",
            image=str(SCENE),
            text=GAME_TEXT,
            estimator="leastSquares",
            index="banzhaf",
            p=0.5,
            order=2,
            players=dict(image=dict(regions=labels), text="tokens"),
        )
        values = connection.result(
            "explanation/refine",
            explanation=opened["explanation"],
            budget=dict(imageMasks=2**count, textMasks=2 ** len(positions)),
        )["values"]
    request = dict(
        image=str(SCENE),
        texts=TEXTS,
        ids=[t["ids"] for t in tokens[:-1]],
        labels=labels,
        game_ids=tokens[-1]["ids"],
        positions=list(positions),
        strings=list(zip(strings, string_ids)),
        # Strings that are cut show how many tokens there may be.
        length=max(map(len, string_ids)),
    )
    (folder / "request.json").write_text(json.dumps(request))
    subprocess.run(
        [
            f"{peers}/bin/python",
            Path(__file__).with_name("peer.py"),
            folder,
            folder / "request.json",
            folder / "result.npz",
        ],
        check=True,
    )
    expected = np.load(folder / "result.npz")
    score = lambda f, h: expected["scale"] * f @ h.T + expected["bias"]
    game = reference.banzhaf(score(expected["game_images"], expected["game_texts"]), count, len(positions))
    found = [values["baseline"], *values["first"], *values["pairs"]["data"]]
    return dict(
        pixels=largest(normalised(resized, preparation), expected["pixels"]),
        image=cosine(images[0], expected["image"]),
        text=min(map(cosine, texts, expected["texts"])),
        logit=largest(logits, score(expected["image"], expected["texts"])),
        game=largest(found, game) / float(np.abs(game).max()),
        ids=bool(expected["ids_agree"]),
        strings=[int(expected["strings_agree"]), len(strings)],
    )


def load_row(folder):
    """Load time of a daemon's first load with the files cached, the best of three, and the daemon's resident memory then;
    `busy` where other programs took more than half of the machine."""
    times, busy = [], os.getloadavg()[0] > os.cpu_count() / 2
    for _ in range(3):
        with Daemon("--precision", "f32") as daemon:
            loaded = daemon.connect().result("models/load", model=str(folder))
            times.append(loaded["loadMilliseconds"])
            resident = daemon.resident()
    return dict(
        load=min(times),
        busy=busy,
        resident=resident,
        packed=loaded["bytes"],
        files=sum(path.stat().st_size for path in Path(folder).iterdir() if path.suffix in (".safetensors", ".bin")),
    )


def write_table(results):
    def number(row, key, form):
        return format(row[key], form) if key in row else "–"

    lines = [
        "| model | pixels | image, 1 − cosine | text, 1 − cosine | logit | game | ids | weights | load | resident |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name in [*FIXTURE_MODELS, *FULL_SIZE, *KINDS]:
        row = results.get(name)
        if not row:
            continue
        angle = lambda key: f"{max(0, 1 - row[key]):.0e}" if key in row else "–"
        ids = {True: "equal", False: "differ"}.get(row.get("ids"), "–")
        if "strings" in row:
            ids += ", {} of {}".format(*row["strings"])
        memory = [f"{row[key] / 1e6:,.0f} MB" if key in row else "–" for key in ("files", "resident")]
        load = f"{row['load'] / 1000:.2f} s{' (busy machine)' if row['busy'] else ''}" if "load" in row else "–"
        lines.append(
            f"| {name} | {number(row, 'pixels', '.4f')} | {angle('image')} | {angle('text')} | {number(row, 'logit', '.1e')} | "
            f"{number(row, 'game', '.1e')} | {ids} | {memory[0]} | {load} | {memory[1]} |"
        )
    text = DOCUMENT.read_text()
    begin, end = "<!-- parity: written by tools/parity/parity.py -->\n", "<!-- end of parity -->"
    head, rest = text.split(begin)
    DOCUMENT.write_text(head + begin + "\n".join(lines) + "\n" + end + rest.split(end)[1])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", default=str(ROOT / ".peers/venv"))
    parser.add_argument("--load", action="store_true", help="measure load time and memory only")
    parser.add_argument("names", nargs="*", metavar="NAME", help="rows whose names contain this; all by default")
    arguments = parser.parse_args()
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}

    def chosen(name):
        return not arguments.names or any(part in name for part in arguments.names)

    def keep(name, row):
        results[name] = results.get(name, {}) | row
        RESULTS.write_text(json.dumps(results, indent=1) + "\n")
        write_table(results)
        print(name, row, flush=True)

    for name in filter(chosen, FIXTURE_MODELS):
        if not arguments.load:
            keep(name, fixture_row(name))

    def measure(name, folder, preparation, side, left_out=()):
        keep(name, load_row(folder))
        if not arguments.load:
            row = full_size_row(folder, preparation, side, arguments.peers)
            keep(name, {key: value for key, value in row.items() if key not in left_out})

    def written(name, write, *how):
        folder = Path(tempfile.mkdtemp(prefix="fixlip-parity-"))
        try:
            write(folder)
            measure(name, folder, *how)
        finally:
            shutil.rmtree(folder)

    for name, (model, options) in FULL_SIZE.items():
        if chosen(name):
            preparation = prepared(model["family"], model["image"])
            side = 1 if model["vision"][0] > 768 else 2
            # open_clip brings a tokenizer of its own; the small one of these folders is not for it.
            left_out = ("ids", "strings") if options.get("layout") == "open_clip" else ()
            written(name, lambda folder: write_model(folder, model, **options), preparation, side, left_out)
    for name, kind in KINDS.items():
        if chosen(name) and folder_of(name).exists():
            measure(name, folder_of(name), kind.preparation, kind.rows)
        elif chosen(name):
            command = [f"{arguments.peers}/bin/python", Path(__file__).with_name("kinds.py"), name]
            write = lambda folder: subprocess.run([*command, folder], check=True)
            written(name, write, kind.preparation, kind.rows)


if __name__ == "__main__":
    main()
