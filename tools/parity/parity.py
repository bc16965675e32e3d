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

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tools/random-model"), str(ROOT / "benchmarks")]
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


def pillow_pixels(family, size):
    """The scene resized and cropped by Pillow to what a model of this size sees, [size, size, 3] of bytes."""
    from PIL import Image

    image = Image.open(SCENE).convert("RGB")
    if family == "siglip":
        return np.asarray(image.resize((size, size), Image.Resampling.BICUBIC))
    short, long = sorted(image.size)
    target = (size, int(size * long / short)) if image.width <= image.height else (int(size * long / short), size)
    left, top = (target[0] - size) // 2, (target[1] - size) // 2
    return np.asarray(image.resize(target, Image.Resampling.BICUBIC))[top : top + size, left : left + size]


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
    family, size = ("siglip" if name.startswith("siglip") else "clip"), pixels.shape[-1]
    return dict(
        pixels=largest(normalised(pillow_pixels(family, size), family), pixels.reshape(3, size, size)),
        image=cosine(image, expected["image_embedding"]),
        text=min(cosine(a, text["embedding"]) for a, text in zip(embedded, expected["texts"])),
        logit=largest(logits, [text["logit"] for text in expected["texts"]]),
        game=largest(found, coefficients) / float(np.abs(coefficients).max()),
        ids=all(a == text["ids"] for a, text in zip(ids, expected["texts"])),
    )


def normalised(image, family):
    mean, std = (
        ([0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711]) if family == "clip" else (0.5, 0.5)
    )
    return ((image / 255 - mean) / std).transpose(2, 0, 1)


def full_size_row(folder, model, peers):
    size, grid = model["image"], model["image"] // model["patch"]
    # Quarters of the picture; halves of large ones, for the reference's sake.
    rows = 1 if model["vision"][0] > 768 else 2
    labels = [int(r >= grid / 2) * (rows - 1) * 2 + int(c >= grid / 2) for r in range(grid) for c in range(grid)]
    count = max(labels) + 1
    resized = np.ascontiguousarray(pillow_pixels(model["family"], size))
    with Daemon("--precision", "f32") as daemon:
        call = lambda method, **parameters: connection.result(method, model=str(folder), **parameters)
        connection = daemon.connect()
        bare = dict(pixels=base64.b64encode(resized.tobytes()).decode(), width=size, height=size)
        images = call("embed/image", images=[str(SCENE), bare])["embeddings"]
        if images[0] != images[1]:
            raise SystemExit("the picture that Pillow resized gives another embedding than the picture itself")
        texts = call("embed/text", texts=TEXTS)["embeddings"]
        logits = call("similarity", images=[str(SCENE)], texts=TEXTS)["logits"][0]
        tokens = call("tokenize", texts=[*TEXTS, GAME_TEXT])["texts"]
        positions = [p for p, (start, end) in enumerate(tokens[-1]["offsets"]) if end > start]
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
        positions=positions,
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
    row = dict(
        pixels=largest(normalised(resized, model["family"]), expected["pixels"]),
        image=cosine(images[0], expected["image"]),
        text=min(map(cosine, texts, expected["texts"])),
        logit=largest(logits, score(expected["image"], expected["texts"])),
    )
    if "game_images" in expected:
        game = reference.banzhaf(score(expected["game_images"], expected["game_texts"]), count, len(positions))
        found = [values["baseline"], *values["first"], *values["pairs"]["data"]]
        row |= dict(game=largest(found, game) / float(np.abs(game).max()), ids=bool(expected["ids_agree"]))
    return row


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
        files=sum(path.stat().st_size for path in Path(folder).glob("*.safetensors")),
    )


def write_table(results):
    def number(row, key, form):
        return format(row[key], form) if key in row else "–"

    lines = [
        "| model | pixels | image, 1 − cosine | text, 1 − cosine | logit | game | ids | weights | load | resident |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name in [*FIXTURE_MODELS, *FULL_SIZE]:
        row = results.get(name)
        if not row:
            continue
        angle = lambda key: f"{max(0, 1 - row[key]):.0e}" if key in row else "–"
        ids = {True: "equal", False: "differ"}.get(row.get("ids"), "–")
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
    for name, (model, options) in FULL_SIZE.items():
        if not chosen(name):
            continue
        folder = Path(tempfile.mkdtemp(prefix="fixlip-parity-"))
        try:
            write_model(folder, model, **options)
            keep(name, load_row(folder))
            if not arguments.load:
                keep(name, full_size_row(folder, model, arguments.peers))
        finally:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
