#!/usr/bin/env python3
"""Writes a trained model as a folder that the daemon loads: weights, configuration, tokenizer, names and example scenes.

export.py RUN OUT        RUN: the folder that train.py filled; OUT: such as models/demo (its README.md stays)
"""

import json
import pathlib
import sys

import torch
from examples import write_examples
from model import new_model
from names import read_names
from tokens import Texts
from weights import save_folder


def main():
    run, out = (pathlib.Path(argument) for argument in sys.argv[1:3])
    texts = Texts(run / "tokenizer.json")
    saved = torch.load(run / "checkpoint.pt", weights_only=True, map_location="cpu")
    save_folder(new_model(texts), saved["average"], texts, out)
    names = [noun.singular for noun in read_names(limit=len(saved["prototypes"]["weight"]))]
    (out / "names.json").write_text(json.dumps(names, indent=0) + "\n", encoding="utf-8")
    write_examples(out / "scenes")
    print(f"{out}: {len(names)} names, step {saved['step']}, {(out / 'model.safetensors').stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    sys.exit(__doc__ if len(sys.argv) != 3 else main())
