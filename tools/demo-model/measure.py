#!/usr/bin/env python3
"""Measures a model's folder on fresh scenes: how often the right caption, and the right image, is the best of 100.

    measure.py MODEL [--scenes 2000] [--names FILE] [--plain] [--largest 4] [--figures FOLDER]

With --figures it also writes retrieval.json there.
"""

import argparse

import numpy
import torch
from captions import caption
from figures import digest, percent, rounded, save, share, versions
from model import normalised
from names import NAMES, read_names
from scenes import SceneMaker, patches_of
from sprites import load_sprites
from tokens import Texts
from torch.nn import functional
from transformers import CLIPModel
from transformers.utils import logging

logging.disable_progress_bar()
BLOCK = 100
SEED = 20_000_003  # of no training run


@torch.no_grad()
def embed(model, texts, pictures, captions):
    """Unit vectors of images and of captions."""
    pixels = normalised(torch.from_numpy(numpy.stack([patches_of(picture) for picture in pictures])))
    side = int(pixels.shape[1] ** 0.5)
    images = pixels.reshape(-1, side, side, 3, 32, 32).permute(0, 3, 1, 4, 2, 5).reshape(-1, 3, 32 * side, 32 * side)
    ids, present, _ = texts.encode(captions)
    image = model.visual_projection(model.vision_model(pixel_values=images).pooler_output)
    text = model.text_projection(
        model.text_model(input_ids=torch.tensor(ids), attention_mask=torch.tensor(present)).pooler_output
    )
    return functional.normalize(image, dim=-1), functional.normalize(text, dim=-1)


def retrieval(folder, nouns, scenes, seed=SEED, known=lambda text: True, counts=(1, 2, 3, 4)):
    """Shares of captions right among 100 for an image, and of images for a caption."""
    model = CLIPModel.from_pretrained(folder, dtype=torch.float32).eval()
    texts = Texts(f"{folder}/tokenizer.json")
    maker = SceneMaker(load_sprites(nouns), seed)
    by_image = by_caption = done = 0
    while done < scenes:
        pictures, captions = [], []
        while len(pictures) < BLOCK:
            scene, picture, _ = maker.scene()
            text, _ = caption(scene, nouns, maker.random)
            if len(scene.objects) in counts and known(text):
                pictures.append(picture)
                captions.append(text)
        image, text = embed(model, texts, pictures, captions)
        logits = image @ text.T
        own = torch.arange(BLOCK)
        by_image += int((logits.argmax(1) == own).sum())
        by_caption += int((logits.argmax(0) == own).sum())
        done += BLOCK
        maker.repaint(32)
    return share(by_image, done), share(by_caption, done)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("model")
    parser.add_argument("--scenes", type=int, default=2000)
    parser.add_argument("--names", default=NAMES)
    parser.add_argument(
        "--plain", action="store_true", help="without sizes, counts and what else not every model has read"
    )
    parser.add_argument("--largest", type=int, default=4, help="most objects of a scene")
    parser.add_argument("--figures", help="the folder that retrieval.json is written to")
    options = parser.parse_args()
    odd = ("small", "large", "picture", "two", "three", "some")
    known = (lambda text: not any(word in text.split() for word in odd)) if options.plain else (lambda text: True)
    nouns = read_names(options.names)
    counts = range(1, options.largest + 1)
    to_text, to_image = retrieval(options.model, nouns, options.scenes, known=known, counts=counts)
    if options.figures:
        save(
            options.figures,
            "retrieval",
            {
                "model": digest(f"{options.model}/model.safetensors"),
                "seed": SEED,
                "scenes": options.scenes,
                "among": BLOCK,
                "counts": list(counts),
                "plain": options.plain,
                "captionOfImage": rounded(to_text),
                "imageOfCaption": rounded(to_image),
                "versions": versions("torch", "transformers", "numpy", "pillow"),
            },
        )
    print(
        f"caption among {BLOCK}: {percent(to_text)}; image among {BLOCK}: {percent(to_image)}; {options.scenes} scenes"
    )


if __name__ == "__main__":
    main()
