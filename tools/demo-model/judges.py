#!/usr/bin/env python3
"""Trains a judge: a model on which choices of the estimators are tried, with what the demo model's training leaves out.

    judges.py KIND OUT [--minutes 60] [--nouns 16] [--scenes 40]

KIND is `clip-196` (CLIP, 14 × 14 patches) or `siglip-49` (SigLIP with its attention-pooling head, 7 × 7 patches). Both learn by
the contrastive loss of whole pictures and whole captions alone: no patch is told what it shows, and no input is masked. OUT becomes a
folder that the daemon loads, with pairs in OUT/pairs.jsonl of scenes that training never saw. One process, one thread; an
interrupted run begins anew.
"""

import argparse
import json
import math
import os
import pathlib
import time

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import numpy  # noqa: E402
import torch  # noqa: E402
from captions import caption  # noqa: E402
from judge_texts import ClipTexts, SiglipTexts  # noqa: E402
from names import read_names  # noqa: E402
from optimizer import optimizers  # noqa: E402
from PIL import Image  # noqa: E402
from scenes import SceneMaker  # noqa: E402
from sprites import load_sprites  # noqa: E402
from torch.nn import functional  # noqa: E402
from transformers import CLIPConfig, CLIPModel, SiglipConfig, SiglipModel  # noqa: E402
from weights import PREPROCESSOR, TOKENIZER, known, with_slope, write_json  # noqa: E402

SIDE = 112
WIDTH, LAYERS, HEADS = 96, 4, 4
POSITIONS = 24
SLOPE = 1.702
SIZE = 64  # scenes of a batch
POOL, RENEWED = 2048, 8  # scenes that batches are drawn from, and how many of them each step replaces
ALONE = 0.4  # share of the time in which scenes have one object each, which a loss of whole captions learns soonest
SEED, SEED_OF_PAIRS = 11, 971


def sizes(layers):
    return {
        "hidden_size": WIDTH,
        "intermediate_size": 4 * WIDTH,
        "num_attention_heads": HEADS,
        "num_hidden_layers": layers,
    }


class Clip:
    mean, std = (torch.tensor(values) for values in (PREPROCESSOR["image_mean"], PREPROCESSOR["image_std"]))

    def __init__(self, nouns, patch):
        self.texts = ClipTexts(nouns, POSITIONS)
        act = {"hidden_act": "silu", "projection_dim": WIDTH}  # written as quick_gelu, see weights.py
        text = {
            "max_position_embeddings": POSITIONS,
            "vocab_size": self.texts.size,
            "bos_token_id": self.texts.start,
            "eos_token_id": self.texts.end,
            "pad_token_id": self.texts.end,
        }
        vision = {"image_size": SIDE, "patch_size": patch}
        self.model = CLIPModel(
            CLIPConfig(
                text_config=sizes(2) | act | text, vision_config=sizes(LAYERS) | act | vision, projection_dim=WIDTH
            )
        )

    def images(self, pixels):
        return self.model.visual_projection(self.model.vision_model(pixel_values=pixels).pooler_output)

    def captions(self, texts):
        ids, present = self.texts.encode(texts)
        return self.model.text_projection(self.model.text_model(input_ids=ids, attention_mask=present).pooler_output)

    def loss(self, images, texts, same):
        """Cross-entropy both ways; pairs of equal content are no negatives."""
        logits = self.model.logit_scale.exp().clamp(max=50) * images @ texts.T
        logits = logits.masked_fill(same & ~torch.eye(len(same), dtype=torch.bool), -1e4)
        own = torch.arange(len(logits))
        return (functional.cross_entropy(logits, own) + functional.cross_entropy(logits.T, own)) / 2, logits

    def save(self, out):
        weights = with_slope(self.model.state_dict(), 1 / SLOPE)
        config = self.model.config.to_dict() | {"architectures": ["CLIPModel"], "dtype": "float16"}
        for part in ("text_config", "vision_config"):
            config[part] = known(config[part]) | {"hidden_act": "quick_gelu"}
        size = {"size": {"shortest_edge": SIDE}, "crop_size": {"height": SIDE, "width": SIDE}}
        write_json(out / "preprocessor_config.json", PREPROCESSOR | size)
        write_json(out / "tokenizer_config.json", TOKENIZER | {"model_max_length": POSITIONS})
        self.texts.save(out)
        return weights, known(config)


class Siglip:
    mean, std = torch.full((3,), 0.5), torch.full((3,), 0.5)

    def __init__(self, nouns, patch):
        self.texts = SiglipTexts(nouns, POSITIONS)
        act = {"hidden_act": "gelu_pytorch_tanh"}
        text = {"max_position_embeddings": POSITIONS, "vocab_size": self.texts.size, "projection_size": WIDTH}
        vision = {"image_size": SIDE, "patch_size": patch}
        self.model = SiglipModel(
            SiglipConfig(text_config=sizes(2) | act | text, vision_config=sizes(LAYERS) | act | vision)
        )
        with torch.no_grad():
            self.model.logit_scale.fill_(math.log(10))
            self.model.logit_bias.fill_(-5)

    def images(self, pixels):
        return self.model.vision_model(pixel_values=pixels).pooler_output

    def captions(self, texts):
        return self.model.text_model(input_ids=self.texts.encode(texts)).pooler_output

    def loss(self, images, texts, same):
        """The sigmoid loss; pairs of equal content are no negatives."""
        logits = self.model.logit_scale.exp().clamp(max=50) * images @ texts.T + self.model.logit_bias
        own = torch.eye(len(same), dtype=torch.bool)
        terms = functional.softplus(torch.where(own, -logits, logits)).masked_fill(same & ~own, 0)
        return terms.sum() / len(same), logits

    def save(self, out):
        config = self.model.config.to_dict() | {"architectures": ["SiglipModel"], "dtype": "float16"}
        for part in ("text_config", "vision_config"):
            config[part] = known(config[part])
        write_json(
            out / "preprocessor_config.json",
            {
                "image_processor_type": "SiglipImageProcessor",
                "do_resize": True,
                "do_normalize": True,
                "do_rescale": True,
                "rescale_factor": 1 / 255,
                "resample": 3,
                "size": {"height": SIDE, "width": SIDE},
                "image_mean": [0.5] * 3,
                "image_std": [0.5] * 3,
            },
        )
        write_json(
            out / "tokenizer_config.json",
            {
                "tokenizer_class": "SiglipTokenizer",
                "do_lower_case": True,
                "eos_token": "</s>",
                "pad_token": "</s>",
                "unk_token": "<unk>",
                "model_max_length": POSITIONS,
            },
        )
        self.texts.save(out)
        return self.model.state_dict(), known(config)


KINDS = {"clip-196": (Clip, 8), "siglip-49": (Siglip, 16)}


def halved(picture):
    """uint8 [112, 112, 3]: the means of four pixels."""
    return picture.reshape(SIDE, 2, SIDE, 2, 3).mean((1, 3)).round().astype(numpy.uint8)


class Pool:
    """Scenes and captions that batches are drawn from, a few of them new at each step: to paint one takes longer than to learn from it."""

    def __init__(self, maker, nouns):
        self.maker, self.nouns = maker, nouns
        self.entries, self.oldest = [], 0

    def add(self, count):
        scene, picture, _ = self.maker.scene(count=count)
        entry = (
            halved(picture),
            caption(scene, self.nouns, self.maker.random)[0],
            tuple(sorted({placed.noun for placed in scene.objects})),
        )
        if len(self.entries) < POOL:
            self.entries.append(entry)
        else:
            self.entries[self.oldest] = entry
            self.oldest = (self.oldest + 1) % POOL

    def batch(self, count, size=SIZE):
        """Pictures, captions and which pairs of both are of equal content."""
        for _ in range(max(RENEWED, size - len(self.entries))):
            self.add(count)
        chosen = self.maker.random.sample(self.entries, size)
        contents = [content for _, _, content in chosen]
        known_contents = {content: index for index, content in enumerate(dict.fromkeys(contents))}
        code = torch.tensor([known_contents[content] for content in contents])
        pictures = torch.from_numpy(numpy.stack([picture for picture, _, _ in chosen]))
        return pictures, [text for _, text, _ in chosen], code[:, None] == code[None]


@torch.no_grad()
def whiten(judge, pictures):
    """Sets the patch embedding to the principal components of patches, the strong ones at one strength."""
    embeddings = judge.model.vision_model.embeddings
    weight = embeddings.patch_embedding.weight
    patch = weight.shape[-1]
    pieces = functional.unfold(pixels_of(judge, pictures), patch, stride=patch).mT.flatten(0, 1)[:8000]
    _, strengths, components = torch.svd_lowrank(pieces - pieces.mean(0), q=WIDTH, niter=3)
    strengths = strengths / len(pieces) ** 0.5
    scaled = components / strengths.clamp(min=strengths[WIDTH // 2]) * 0.5
    weight.copy_(scaled.T.reshape(weight.shape))
    embeddings.position_embedding.weight.normal_(0, 0.1)


def pixels_of(judge, pictures):
    return ((pictures.float() / 255 - judge.mean) / judge.std).permute(0, 3, 1, 2).contiguous()


def learning_rate(progress):
    if progress < 0.02:
        return max(progress / 0.02, 0.05)
    return 1.0 if progress < 0.5 else 0.5 * (1 + math.cos(math.pi * (progress - 0.5) / 0.5))


def train(judge, nouns, sprites, minutes, rate=2e-3):
    pool = Pool(SceneMaker(sprites, SEED), nouns)
    both = optimizers([judge.model], rate)
    whiten(judge, pool.batch(1)[0])
    begun, step, shown = time.monotonic(), 0, []
    while (progress := (time.monotonic() - begun) / 60 / minutes) < 1:
        pictures, texts, same = pool.batch(1 if progress < ALONE else None)
        for optimizer in both:
            for group in optimizer.param_groups:
                group["lr"] = rate * learning_rate(progress)
            optimizer.zero_grad(set_to_none=True)
        images = functional.normalize(judge.images(pixels_of(judge, pictures)), dim=-1)
        loss, logits = judge.loss(images, functional.normalize(judge.captions(texts), dim=-1), same)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(judge.model.parameters(), 2.0)
        for optimizer in both:
            optimizer.step()
        step += 1
        right = (logits.detach().masked_fill(same & ~torch.eye(len(same), dtype=torch.bool), -1e4)).argmax(1)
        shown.append((float(loss.detach()), float((right == torch.arange(len(same))).float().mean())))
        if step % 20 == 0:
            loss, rate_right = numpy.mean(shown, 0)
            print(f"{100 * progress:5.1f}%  step {step}  loss {loss:.3f}  matches {rate_right:.3f}", flush=True)
            shown = []
    return step


def write_pairs(out, nouns, sprites, scenes):
    """Scenes that training never saw, each with a caption of all its objects."""
    maker = SceneMaker(sprites, SEED_OF_PAIRS)
    (out / "pairs").mkdir(exist_ok=True)
    lines = []
    for index in range(scenes):
        scene, picture, _ = maker.scene(count=2 + index % 2)
        text = " and ".join(nouns[placed.noun].counted(1) for placed in scene.objects)
        name = f"pairs/{index:03d}.png"
        Image.fromarray(halved(picture)).save(out / name)
        lines.append(json.dumps({"id": f"{index:03d}", "image": name, "text": text}))
    (out / "pairs.jsonl").write_text("\n".join(lines) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--nouns", type=int, default=16)
    parser.add_argument("--scenes", type=int, default=40)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    nouns = [noun for noun in read_names() if noun.plural][: options.nouns]
    sprites = load_sprites(nouns)
    make, patch = KINDS[options.kind]
    judge = make(nouns, patch)
    options.out.mkdir(parents=True, exist_ok=True)
    write_pairs(options.out, nouns, sprites, options.scenes)
    steps = train(judge, nouns, sprites, options.minutes)
    weights, config = judge.save(options.out)
    write_json(options.out / "config.json", config)
    from safetensors.torch import save_file

    save_file(
        {name: value.half().contiguous() for name, value in weights.items() if "position_ids" not in name},
        options.out / "model.safetensors",
        {"format": "pt"},
    )
    print(f"{options.out}: {steps} steps")


if __name__ == "__main__":
    main()
