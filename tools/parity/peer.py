#!/usr/bin/env python3
"""What the reference library makes of a model folder; run by parity.py in the peers' own environment.

    peer.py MODEL_FOLDER REQUEST.json RESULT.npz

The request names the picture, the captions with the daemon's ids, the game (a label for each patch, a caption and its players' positions),
and strings with the daemon's ids of them.
"""

import json
import sys
from pathlib import Path

import libraries
import numpy as np
import torch
from libraries import unit
from PIL import Image


def same_ids(ours, theirs):
    """Whether the daemon's ids are the library's, which may be padded at their end."""
    rest = theirs[len(ours) :]
    return ours == theirs[: len(ours)] and len(set(rest)) <= 1


def results(model, request):
    inputs = model.prepare(Image.open(request["image"]).convert("RGB"))
    texts = request["texts"]
    length = request["length"]
    labels = torch.tensor(request["labels"])
    count = int(labels.max()) + 1
    masks = [
        sum((labels == i) for i in range(count) if mask >> i & 1) * torch.ones_like(labels) for mask in range(2**count)
    ]
    players = request["positions"]
    return dict(
        pixels=model.pixels(inputs).numpy(),
        ids_agree=all(same_ids(ids, model.ids(text, length)) for text, ids in zip(texts, request["ids"])),
        strings_agree=sum(same_ids(ids, model.ids(text, length)) for text, ids in request["strings"]),
        image=unit(model.image(inputs))[0],
        texts=np.concatenate([unit(model.text(ids)) for ids in request["ids"]]),
        game_images=np.concatenate([unit(model.image(model.masked(inputs, mask))) for mask in masks]),
        game_texts=np.concatenate(
            [
                unit(model.text(request["game_ids"], {p for i, p in enumerate(players) if not mask >> i & 1}))
                for mask in range(2 ** len(players))
            ]
        ),
        scale=model.scale,
        bias=model.bias,
    )


def main():
    folder, request, result = Path(sys.argv[1]), json.loads(Path(sys.argv[2]).read_text()), sys.argv[3]
    # One thread: a busy machine is slower with more.
    torch.set_num_threads(1)
    with torch.inference_mode():
        np.savez(result, **results(libraries.read(folder), request))


if __name__ == "__main__":
    main()
