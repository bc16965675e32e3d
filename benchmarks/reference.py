"""The reference explainer: what its public code (hbaniecki/fixlip) does for one image and one caption. Run in the peers' own
environment:

    reference.py MODEL_FOLDER IMAGE CAPTION IMAGE_MASKS TEXT_MASKS [--threads N] [--source CHECKOUT]

With a checkout of that code (it needs the package shapiq beside what the other peers need), the checkout itself runs. Without,
this file states its procedure again in PyTorch and numpy: the Hugging Face model in f32, batches of 64 image masks times 64 text
masks, each batch of pairs through both towers (`value_function_crossmodal`); the design matrix of all pairs and all interactions
up to order 2 in f64, and its weighted normal equations (`aggregate`, `solve_regression`). Prints one JSON line.
"""

import argparse
import json
import resource
import sys
import time
from itertools import combinations

import numpy as np
import torch

BATCH = 64


def sampled(players, masks, p, random):
    """Distinct coalitions, drawn with their probabilities, and the share of draws that each had."""
    counts = {}
    while len(counts) < min(masks, 2**players):
        row = tuple(random.random(players) < p)
        counts[row] = counts.get(row, 0) + 1
    matrix = np.array(list(counts), dtype=bool)
    return matrix, np.array(list(counts.values())) / sum(counts.values())


def image_masks(coalitions, size, patch):
    grid = size // patch
    masks = torch.from_numpy(coalitions).reshape(-1, 1, grid, grid)
    return masks.repeat_interleave(patch, 2).repeat_interleave(patch, 3)


def restated(folder, image, caption, image_count, text_count):
    from PIL import Image
    from transformers import AutoTokenizer, CLIPImageProcessor, CLIPModel

    model = CLIPModel.from_pretrained(folder, dtype=torch.float32).eval()
    pixels = CLIPImageProcessor.from_pretrained(folder)(
        Image.open(image).convert("RGB"), return_tensors="pt"
    ).pixel_values
    ids = torch.tensor([AutoTokenizer.from_pretrained(folder)(caption).input_ids])
    size, patch = model.config.vision_config.image_size, model.config.vision_config.patch_size
    image_players, text_players = (size // patch) ** 2, ids.shape[1] - 2
    random = np.random.default_rng(0)

    start = time.perf_counter()
    images, image_weights = sampled(image_players, image_count, 0.5, random)
    texts, text_weights = sampled(text_players, text_count, 0.5, random)
    attention = torch.cat((torch.ones(len(texts), 1), torch.from_numpy(texts), torch.ones(len(texts), 1)), 1).int()
    patches = image_masks(images, size, patch)
    rows = []
    for i in range(0, len(images), BATCH):
        columns = []
        for t in range(0, len(texts), BATCH):
            mask = patches[i : i + BATCH]
            with torch.no_grad():
                found = model(
                    input_ids=ids.expand(len(attention[t : t + BATCH]), -1),
                    attention_mask=attention[t : t + BATCH],
                    pixel_values=pixels * mask,
                )
            columns.append(found.logits_per_image)
        rows.append(torch.cat(columns, 1))
    values = torch.cat(rows).numpy()
    game = time.perf_counter() - start

    coalitions = np.concatenate([np.repeat(images, len(texts), 0), np.tile(texts, (len(images), 1))], 1)
    weights = np.outer(image_weights, text_weights).reshape(-1)
    players = image_players + text_players
    interactions = [()] + [(i,) for i in range(players)] + list(combinations(range(players), 2))
    design = np.zeros((len(coalitions), len(interactions)))
    for column, interaction in enumerate(interactions):
        design[:, column] = coalitions[:, list(interaction)].prod(axis=1)
    weighted = weights[:, None] * design
    response = values.reshape(-1).astype(float)
    try:
        np.linalg.solve(design.T @ weighted, weighted.T @ response)
    except np.linalg.LinAlgError:
        root = np.sqrt(weights)
        np.linalg.lstsq(root[:, None] * design, root * response, rcond=None)
    return {"seconds": time.perf_counter() - start, "game": game, "players": players, "source": "restated"}


def checkout(path, folder, image, caption, image_count, text_count):
    sys.path.insert(0, path)
    from PIL import Image
    from src.fixlip import FIxLIP
    from src.game_huggingface import VisionLanguageGame
    from transformers import CLIPModel, CLIPProcessor

    model, processor = (
        CLIPModel.from_pretrained(folder, dtype=torch.float32).eval(),
        CLIPProcessor.from_pretrained(folder),
    )
    game = VisionLanguageGame(model, processor, Image.open(image).convert("RGB"), caption, batch_size=BATCH)
    explainer = FIxLIP(
        n_players_image=game.n_players_image, n_players_text=game.n_players_text, mode="banzhaf", p=0.5, random_state=0
    )
    start = time.perf_counter()
    explainer.approximate_crossmodal(game, budget_image=image_count, budget_text=text_count, time_game=True)
    return {
        "seconds": time.perf_counter() - start,
        "game": explainer.time_game_end - explainer.time_game_start,
        "players": game.n_players,
        "source": "checkout",
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("image")
    parser.add_argument("caption")
    parser.add_argument("image_masks", type=int)
    parser.add_argument("text_masks", type=int)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--source")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    game = (options.folder, options.image, options.caption, options.image_masks, options.text_masks)
    found = checkout(options.source, *game) if options.source else restated(*game)
    print(json.dumps(found | {"peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}))


if __name__ == "__main__":
    main()
