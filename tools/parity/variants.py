#!/usr/bin/env python3
"""Model folders as people have them, few layers deep but of real width and layout, held against a plain NumPy computation.

    variants.py [--daemon .build/release/fixlipd] [NAME ...]

Each variant is written to a temporary folder with random weights, loaded by a daemon of its own, and must give the reference's
embeddings, scores and one exact game (two regions of the picture, the tokens of a caption). Needs numpy. The pictures have the
model's size, so that decoding and resizing, which have tests of their own, do nothing here.
"""

import argparse
import base64
import os
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np
import reference

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tools/random-model"), str(ROOT / "benchmarks")]
from daemon import Daemon  # noqa: E402
from model_weights import make_weights  # noqa: E402
from random_model import MODELS, with_changes, write_model  # noqa: E402

CAPTIONS = ["a red dog on the green car", "ball", "The cat, next to a bicycle!"]


def shallow(name, **changes):
    return with_changes(MODELS[name], layers=2, vocabulary=changes.pop("vocabulary", 1200), **changes)


# Each a model and how its folder is written.
VARIANTS = {
    "ViT-B/32": (shallow("vit-b-32"), {}),
    "ViT-B/16 in f16": (shallow("vit-b-16"), dict(dtype="f16")),
    "ViT-L/14, 257 tokens, 3 shards in f16": (shallow("vit-l-14"), dict(dtype="f16", shards=3)),
    "ViT-L/14-336, 577 tokens, in bf16": (shallow("vit-l-14-336"), dict(dtype="bf16")),
    "TinyCLIP, width 512, gelu": (shallow("tinyclip-39m", activation="gelu"), {}),
    "TinyCLIP, width 256, projection 512": (shallow("tinyclip-8m"), {}),
    "projection smaller than both widths, 5 shards": (shallow("tinyclip-39m", projection=192), dict(shards=5)),
    "legacy configuration, sharded bf16": (shallow("vit-b-32"), dict(legacy=True, shards=2, dtype="bf16")),
    "open_clip": (shallow("tinyclip-39m", activation="gelu"), dict(layout="open_clip", dtype="f16")),
    "SigLIP B/16": (shallow("siglip-b-16"), dict(dtype="f16")),
    "SigLIP2 B/16 in bf16": (shallow("siglip2-b-16"), dict(dtype="bf16")),
    "SigLIP in open_clip's layout": (shallow("siglip-b-16"), dict(layout="open_clip", dtype="f16")),
    "SigLIP2 in open_clip's layout": (shallow("siglip2-b-16"), dict(layout="open_clip")),
}
# The largest difference between unit embeddings, and between a game's coefficients as a share of the largest.
EMBEDDING_BAR, GAME_BAR = 2e-5, 1e-3


def reference_model(folder, model, options):
    if options.get("layout") != "open_clip":
        return reference.Model(model, reference.read_weights(folder))
    weights = {
        name: value.astype(np.float16).astype(np.float32) if options.get("dtype") == "f16" else value
        for name, value in make_weights(model, seed=0).items()
    }
    # timm's base models of patch 16 have erf GELU, whatever the text tower has.
    return reference.Model(model, weights, "gelu" if model["family"] == "siglip" else None)


def picture(size):
    """A gradient with two blocks and noise, [size, size, 3]."""
    random = np.random.default_rng(7)
    rows, columns = np.mgrid[:size, :size] / size
    image = np.stack([rows, columns, 1 - rows], 2) * 200 + random.integers(0, 50, (size, size, 3))
    image[size // 8 : size // 2, size // 8 : size // 3] = [220, 40, 40]
    image[size // 2 :, size // 2 : size * 7 // 8] = [30, 90, 200]
    return image.astype(np.uint8)


def largest(found, expected):
    return float(np.abs(np.asarray(found) - expected).max())


def compare(connection, folder, model, options):
    """The largest differences of image embedding, text embeddings, score, and game coefficients (as a share)."""
    size, grid = model["image"], model["image"] // model["patch"]
    expected = reference_model(folder, model, options)
    image = picture(size)
    pixels = expected.pixels(image)
    given = dict(pixels=base64.b64encode(image.tobytes()).decode(), width=size, height=size)
    call = lambda method, **parameters: connection.result(method, model=str(folder), **parameters)

    found_image = call("embed/image", images=[given])["embeddings"][0]
    found_texts = call("embed/text", texts=CAPTIONS)["embeddings"]
    tokens = [text["ids"] for text in call("tokenize", texts=CAPTIONS)["texts"]]
    logits = call("similarity", images=[given], texts=CAPTIONS)["logits"][0]
    f, h = expected.embed_image(pixels), [expected.embed_text(ids) for ids in tokens]
    differences = [
        largest(found_image, f),
        largest(found_texts, np.stack(h)),
        largest(logits, [expected.score(f, text) for text in h]),
    ]

    # Left and right half of the picture; the tokens of a short caption.
    labels = [int(column >= grid / 2) for _ in range(grid) for column in range(grid)]
    text = "dog on"
    opened = call(
        "explanation/open",
        image=given,
        text=text,
        estimator="leastSquares",
        index="banzhaf",
        p=0.5,
        order=2,
        masking="mean",
        players=dict(image=dict(regions=labels), text="tokens"),
    )
    tokenized = call("tokenize", texts=[text])["texts"][0]
    words = [position for position, (start, end) in enumerate(tokenized["offsets"]) if end > start]
    assert len(words) == len(tokenized["players"]) == len(opened["players"]["text"])
    f = [expected.embed_image(pixels, [mask >> label & 1 for label in labels]) for mask in range(4)]
    h = [
        expected.embed_text(tokenized["ids"], {word for i, word in enumerate(words) if not mask >> i & 1})
        for mask in range(2 ** len(words))
    ]
    game = reference.banzhaf(np.array([[expected.score(a, b) for b in h] for a in f]), 2, len(words))
    values = connection.result(
        "explanation/refine", explanation=opened["explanation"], budget=dict(imageMasks=4, textMasks=2 ** len(words))
    )["values"]
    found_game = [values["baseline"], *values["first"], *values["pairs"]["data"]]
    return *differences, largest(found_game, game) / float(np.abs(game).max())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--daemon")
    parser.add_argument("names", nargs="*", metavar="NAME", help="variants whose names contain this; all by default")
    arguments = parser.parse_args()
    if arguments.daemon:
        os.environ["FIXLIPD"] = arguments.daemon
    passed = failed = 0
    for name, (model, options) in VARIANTS.items():
        if arguments.names and not any(part in name for part in arguments.names):
            continue
        folder = Path(tempfile.mkdtemp(prefix="fixlip-variant-"))
        try:
            write_model(folder, model, **options)
            with Daemon("--precision", "f32") as daemon:
                image, text, logit, game = compare(daemon.connect(), folder, model, options)
        finally:
            shutil.rmtree(folder)
        good = max(image, text) <= EMBEDDING_BAR and logit <= 2e-3 and game <= GAME_BAR
        passed, failed = passed + good, failed + (not good)
        print(
            f"{'passed' if good else 'FAILED'}: {name}: image {image:.1e}, text {text:.1e}, logit {logit:.1e}, game {game:.1e}",
            flush=True,
        )
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
