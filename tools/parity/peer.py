#!/usr/bin/env python3
"""What the reference library makes of a model folder; run by parity.py in the peers' own environment.

    peer.py MODEL_FOLDER REQUEST.json RESULT.npz

The request names the picture, the captions with the daemon's ids, and the game: a label for each patch, a caption and its
players' positions. Hugging Face folders are read by transformers, open_clip's by open_clip (without the game).
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image


def unit(x):
    return (x / x.norm(dim=-1, keepdim=True)).numpy()


def pooled(output):
    return output if torch.is_tensor(output) else output.pooler_output


def transformers_results(folder, request):
    import transformers

    model = transformers.AutoModel.from_pretrained(folder, dtype=torch.float32).eval()
    processor = transformers.AutoImageProcessor.from_pretrained(folder)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    pixels = processor(Image.open(request["image"]).convert("RGB"), return_tensors="pt")["pixel_values"]
    length = model.config.text_config.max_position_embeddings
    is_clip = model.config.model_type == "clip"
    encode = lambda text: tokenizer(
        text, padding=False if is_clip else "max_length", max_length=length, truncation=True
    )["input_ids"]
    result = dict(
        pixels=pixels[0].numpy(), ids_agree=all(encode(t) == ids for t, ids in zip(request["texts"], request["ids"]))
    )

    def text(ids, absent=()):
        mask = torch.tensor([[int(i not in absent) for i in range(len(ids))]])
        return pooled(model.get_text_features(input_ids=torch.tensor([ids]), attention_mask=mask))

    result["image"] = unit(pooled(model.get_image_features(pixel_values=pixels)))[0]
    result["texts"] = np.concatenate([unit(text(ids)) for ids in request["ids"]])
    edge = model.config.vision_config.patch_size
    grid = pixels.shape[-1] // edge
    labels = torch.tensor(request["labels"]).reshape(grid, grid).repeat_interleave(edge, 0).repeat_interleave(edge, 1)
    keep = torch.zeros(pixels.shape[-2:], dtype=torch.long) - 1
    keep[: grid * edge, : grid * edge] = labels
    count = int(labels.max()) + 1
    masks = [
        sum((keep == i).float() for i in range(count) if mask >> i & 1) * torch.ones_like(pixels)
        for mask in range(2**count)
    ]
    result["game_images"] = np.concatenate(
        [unit(pooled(model.get_image_features(pixel_values=pixels * mask))) for mask in masks]
    )
    players = request["positions"]
    result["game_texts"] = np.concatenate(
        [
            unit(text(request["game_ids"], {p for i, p in enumerate(players) if not mask >> i & 1}))
            for mask in range(2 ** len(players))
        ]
    )
    result["scale"] = model.logit_scale.exp().item()
    result["bias"] = getattr(model, "logit_bias", torch.zeros(1)).item()
    return result


def open_clip_results(folder, request):
    import open_clip

    model, _, preprocess = open_clip.create_model_and_transforms("local-dir:" + str(folder), precision="fp32")
    model.eval()
    pixels = preprocess(Image.open(request["image"]).convert("RGB"))[None]
    length = model.context_length
    # CLIP's texts end with the largest id; what follows it is not looked at.
    ids = torch.tensor([ids + [0] * (length - len(ids)) for ids in request["ids"]])
    return dict(
        pixels=pixels[0].numpy(),
        image=unit(model.encode_image(pixels))[0],
        texts=unit(model.encode_text(ids)),
        scale=model.logit_scale.exp().item(),
        bias=0 if model.logit_bias is None else model.logit_bias.item(),
    )


def main():
    folder, request, result = Path(sys.argv[1]), json.loads(Path(sys.argv[2]).read_text()), sys.argv[3]
    # One thread: a busy machine is slower with more.
    torch.set_num_threads(1)
    with torch.inference_mode():
        read = transformers_results if (folder / "config.json").exists() else open_clip_results
        np.savez(result, **read(folder, request))


if __name__ == "__main__":
    main()
