#!/usr/bin/env python3
"""Writes a model of full size with random weights, in the Hugging Face layout or open_clip's, for benchmarks and checks.

Needs numpy only. The weights have scales that keep activations, attention and embeddings away from degenerate values; the
embeddings mean nothing. The tokenizer is small (bytes and a few words) but has the real model's special ids.

    random_model.py vit-b-32 build/models/vit-b-32
    random_model.py vit-l-14 build/models/vit-l-14 --dtype f16 --shards 3
    random_model.py vit-b-32 build/models/open-clip --layout open_clip
"""

import argparse
import json
from pathlib import Path

import numpy as np


def clip(vision, text, image=224, patch=32, projection=512):
    return dict(family="clip", vision=vision, text=text, image=image, patch=patch, projection=projection)


# (width, intermediate, layers, heads)
MODELS = {
    "vit-b-32": clip((768, 3072, 12, 12), (512, 2048, 12, 8)),
    "vit-b-16": clip((768, 3072, 12, 12), (512, 2048, 12, 8), patch=16),
    "vit-l-14": clip((1024, 4096, 24, 16), (768, 3072, 12, 12), patch=14, projection=768),
    "vit-l-14-336": clip((1024, 4096, 24, 16), (768, 3072, 12, 12), image=336, patch=14, projection=768),
    # Widths as in wkcn/TinyCLIP-ViT-39M-16-Text-19M and -8M-16-Text-3M.
    "tinyclip-39m": clip((512, 2048, 12, 8), (512, 2048, 6, 8), patch=16),
    "tinyclip-8m": clip((256, 1024, 10, 4), (256, 1024, 3, 4), patch=16),
    "siglip-b-16": dict(family="siglip", vision=(768, 3072, 12, 12), text=(768, 3072, 12, 12), image=224, patch=16,
                        projection=768),
    # For quick checks.
    "tiny": clip((64, 128, 2, 4), (48, 96, 2, 4), image=32, patch=8, projection=32),
}

WORDS = "a the of and to in on with next above left right photo dog cat bicycle ball tree house car sky red green".split()


class Weights:
    """Random tensors by name, drawn in a fixed order."""

    def __init__(self, seed):
        self.random = np.random.default_rng(seed)
        self.tensors = {}

    def normal(self, name, shape, scale):
        self.tensors[name] = self.random.standard_normal(shape, np.float32) * np.float32(scale)

    def constant(self, name, value):
        self.tensors[name] = np.array(value, np.float32)

    def norm(self, name, width):
        self.normal(name + ".weight", (width,), 0.1)
        self.tensors[name + ".weight"] += 1
        self.normal(name + ".bias", (width,), 0.05)

    def linear(self, name, outputs, inputs, gain=1.0, bias=True):
        self.normal(name + ".weight", (outputs, inputs), gain / inputs**0.5)
        if bias:
            self.normal(name + ".bias", (outputs,), 0.05)

    def encoder(self, prefix, width, intermediate, layers):
        residual = 1 / (2 * layers) ** 0.5
        for layer in range(layers):
            at = f"{prefix}.encoder.layers.{layer}."
            self.norm(at + "layer_norm1", width)
            self.norm(at + "layer_norm2", width)
            for name in ("q_proj", "k_proj"):
                self.linear(at + "self_attn." + name, width, width, 1.4)
            self.linear(at + "self_attn.v_proj", width, width)
            self.linear(at + "self_attn.out_proj", width, width, 2 * residual)
            self.linear(at + "mlp.fc1", intermediate, width)
            self.linear(at + "mlp.fc2", width, intermediate, 2 * residual)


def make_weights(model, seed, vocabulary, positions):
    w = Weights(seed)
    siglip = model["family"] == "siglip"
    (vw, vi, vl, _), (tw, ti, tl, _) = model["vision"], model["text"]
    patches = (model["image"] // model["patch"]) ** 2
    v, t = "vision_model", "text_model"
    w.normal(f"{v}.embeddings.patch_embedding.weight", (vw, 3, model["patch"], model["patch"]),
             2 / (3 * model["patch"] ** 2) ** 0.5)
    if siglip:
        w.normal(f"{v}.embeddings.patch_embedding.bias", (vw,), 0.1)
    else:
        w.normal(f"{v}.embeddings.class_embedding", (vw,), 0.5)
        w.norm(f"{v}.pre_layrnorm", vw)
    w.normal(f"{v}.embeddings.position_embedding.weight", (patches + (not siglip), vw), 0.5)
    w.encoder(v, vw, vi, vl)
    w.norm(f"{v}.post_layernorm", vw)
    if siglip:
        w.normal(f"{v}.head.probe", (1, 1, vw), 1)
        w.normal(f"{v}.head.attention.in_proj_weight", (3 * vw, vw), 1.4 / vw**0.5)
        w.normal(f"{v}.head.attention.in_proj_bias", (3 * vw,), 0.05)
        w.linear(f"{v}.head.attention.out_proj", vw, vw)
        w.norm(f"{v}.head.layernorm", vw)
        w.linear(f"{v}.head.mlp.fc1", vi, vw)
        w.linear(f"{v}.head.mlp.fc2", vw, vi)
    else:
        w.linear("visual_projection", model["projection"], vw, bias=False)
    w.normal(f"{t}.embeddings.token_embedding.weight", (vocabulary, tw), 0.5)
    w.normal(f"{t}.embeddings.position_embedding.weight", (positions, tw), 0.3)
    w.encoder(t, tw, ti, tl)
    w.norm(f"{t}.final_layer_norm", tw)
    if siglip:
        w.linear(f"{t}.head", model["projection"], tw)
        w.constant("logit_scale", [np.log(100)])
        w.constant("logit_bias", [-10])
    else:
        w.linear("text_projection", model["projection"], tw, bias=False)
        w.constant("logit_scale", np.log(100))
    return w.tensors


def open_clip_names(tensors):
    """The same weights under open_clip's names: fused q, k, v and transposed projections."""
    plain = {
        "vision_model.embeddings.patch_embedding.weight": "visual.conv1.weight",
        "vision_model.embeddings.class_embedding": "visual.class_embedding",
        "vision_model.embeddings.position_embedding.weight": "visual.positional_embedding",
        "text_model.embeddings.token_embedding.weight": "token_embedding.weight",
        "text_model.embeddings.position_embedding.weight": "positional_embedding",
        "logit_scale": "logit_scale",
    }
    parts = [("vision_model.pre_layrnorm", "visual.ln_pre"), ("vision_model.post_layernorm", "visual.ln_post"),
             ("text_model.final_layer_norm", "ln_final"), ("vision_model.encoder.layers", "visual.transformer.resblocks"),
             ("text_model.encoder.layers", "transformer.resblocks"), ("layer_norm1", "ln_1"), ("layer_norm2", "ln_2"),
             ("self_attn.out_proj", "attn.out_proj"), ("mlp.fc1", "mlp.c_fc"), ("mlp.fc2", "mlp.c_proj")]
    result = {}
    for name, value in tensors.items():
        if name in plain:
            result[plain[name]] = value
        elif name == "visual_projection.weight":
            result["visual.proj"] = value.T
        elif name == "text_projection.weight":
            result["text_projection"] = value.T
        elif ".k_proj." in name or ".v_proj." in name:
            continue
        else:
            if ".q_proj." in name:
                value = np.concatenate([tensors[name.replace("q_proj", p)] for p in ("q_proj", "k_proj", "v_proj")])
                name = name.replace("self_attn.q_proj.", "attn.in_proj_")
            for old, new in parts:
                name = name.replace(old, new)
            result[name] = value
    return result


def encode(value, dtype):
    if dtype == "f32":
        return np.ascontiguousarray(value, "<f4").tobytes()
    if dtype == "f16":
        return np.ascontiguousarray(value, "<f2").tobytes()
    bits = np.ascontiguousarray(value, "<f4").view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype("<u2").tobytes()


def write_safetensors(path, tensors, dtype):
    header, offset = {"__metadata__": {"format": "pt"}}, 0
    size = 4 if dtype == "f32" else 2
    for name, value in tensors.items():
        header[name] = {"dtype": dtype.upper(), "shape": list(value.shape), "data_offsets": [offset, offset + value.size * size]}
        offset += value.size * size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for value in tensors.values():
            file.write(encode(value, dtype))


def write_weights(folder, tensors, dtype, shards):
    if shards == 1:
        write_safetensors(folder / "model.safetensors", tensors, dtype)
        return
    names = list(tensors)
    index = {"metadata": {}, "weight_map": {}}
    for shard in range(shards):
        part = names[shard * len(names) // shards:(shard + 1) * len(names) // shards]
        file = f"model-{shard + 1:05}-of-{shards:05}.safetensors"
        write_safetensors(folder / file, {name: tensors[name] for name in part}, dtype)
        index["weight_map"].update({name: file for name in part})
    (folder / "model.safetensors.index.json").write_text(json.dumps(index, indent=1))


def byte_letters():
    """GPT-2's printable letter for each byte."""
    kept = [*range(33, 127), *range(161, 173), *range(174, 256)]
    spare = iter(range(256, 512))
    return [chr(b) if b in kept else chr(next(spare)) for b in range(256)]


def added(tokens):
    return [dict(id=i, content=c, single_word=False, lstrip=False, rstrip=False, normalized=False, special=True)
            for c, i in tokens.items()]


def clip_tokenizer(first, last):
    letters = byte_letters()
    vocabulary, merges = {}, []
    for token in letters + [c + "</w>" for c in letters]:
        vocabulary[token] = len(vocabulary)
    for word in WORDS:
        pieces = [*word[:-1], word[-1] + "</w>"]
        while len(pieces) > 1:
            if pieces[:2] not in merges:
                merges.append(pieces[:2])
            pieces[:2] = ["".join(pieces[:2])]
            vocabulary.setdefault(pieces[0], len(vocabulary))
    special = {"<|startoftext|>": first, "<|endoftext|>": last}
    vocabulary.update(special)
    return dict(
        version="1.0", truncation=None, padding=None, added_tokens=added(special),
        normalizer={"type": "Sequence", "normalizers": [
            {"type": "NFC"}, {"type": "Replace", "pattern": {"Regex": "\\s+"}, "content": " "}, {"type": "Lowercase"}]},
        pre_tokenizer={"type": "Sequence", "pretokenizers": [
            {"type": "Split", "pattern": {"Regex": "'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+"},
             "behavior": "Removed", "invert": True},
            {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}]},
        post_processor={"type": "RobertaProcessing", "sep": ["<|endoftext|>", last], "cls": ["<|startoftext|>", first],
                        "trim_offsets": False, "add_prefix_space": False},
        decoder=None,
        model=dict(type="BPE", dropout=None, unk_token="<|endoftext|>", continuing_subword_prefix="",
                   end_of_word_suffix="</w>", fuse_unk=False, byte_fallback=False, ignore_merges=False, vocab=vocabulary,
                   merges=merges))


def siglip_tokenizer():
    special = {"<pad>": 0, "<eos>": 1, "<bos>": 2, "<unk>": 3, "<mask>": 4}
    vocabulary, merges = dict(special), []
    for token in [f"<0x{b:02X}>" for b in range(256)] + ["▁", *"abcdefghijklmnopqrstuvwxyz0123456789.,!?'-"]:
        vocabulary[token] = len(vocabulary)
    for word in WORDS:
        pieces = [*word]
        while len(pieces) > 1:
            if pieces[:2] not in merges:
                merges.append(pieces[:2])
            pieces[:2] = ["".join(pieces[:2])]
            vocabulary.setdefault(pieces[0], len(vocabulary))
    return dict(
        version="1.0", truncation=None, padding=None, added_tokens=added(special),
        normalizer={"type": "Sequence", "normalizers": [
            {"type": "Lowercase"}, {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]},
        pre_tokenizer={"type": "Split", "pattern": {"String": " "}, "behavior": "MergedWithPrevious", "invert": False},
        post_processor={"type": "TemplateProcessing", "single": [
            {"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "<eos>", "type_id": 0}}], "pair": [],
            "special_tokens": {"<eos>": {"id": "<eos>", "ids": [1], "tokens": ["<eos>"]}}},
        decoder=None,
        model=dict(type="BPE", dropout=None, unk_token="<unk>", continuing_subword_prefix=None, end_of_word_suffix=None,
                   fuse_unk=True, byte_fallback=True, ignore_merges=False, vocab=vocabulary, merges=merges))


def hugging_face_config(model, vocabulary, positions, dtype):
    names = ("hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads")
    vision = dict(zip(names, model["vision"]), image_size=model["image"], patch_size=model["patch"])
    text = dict(zip(names, model["text"]), vocab_size=vocabulary, max_position_embeddings=positions)
    config = dict(model_type=model["family"], torch_dtype={"f32": "float32", "f16": "float16", "bf16": "bfloat16"}[dtype],
                  vision_config=vision, text_config=text)
    if model["family"] == "clip":
        config["projection_dim"] = model["projection"]
        config["architectures"] = ["CLIPModel"]
        text |= dict(bos_token_id=vocabulary - 2, eos_token_id=vocabulary - 1, projection_dim=model["projection"])
        vision |= dict(projection_dim=model["projection"])
    else:
        config["architectures"] = ["SiglipModel"]
        text |= dict(projection_size=model["projection"])
    return config


def preprocessor_config(model):
    size, clip_family = model["image"], model["family"] == "clip"
    config = dict(do_resize=True, do_rescale=True, do_normalize=True, rescale_factor=1 / 255, resample=3)
    if clip_family:
        return config | dict(
            image_processor_type="CLIPImageProcessor", do_center_crop=True, do_convert_rgb=True,
            size={"shortest_edge": size}, crop_size={"height": size, "width": size},
            image_mean=[0.48145466, 0.4578275, 0.40821073], image_std=[0.26862954, 0.26130258, 0.27577711])
    return config | dict(image_processor_type="SiglipImageProcessor", size={"height": size, "width": size},
                         image_mean=[0.5] * 3, image_std=[0.5] * 3)


def open_clip_config(model, vocabulary, positions):
    (vw, _, vl, vh), (tw, _, tl, th) = model["vision"], model["text"]
    return dict(
        model_cfg=dict(
            embed_dim=model["projection"], quick_gelu=True,
            vision_cfg=dict(image_size=model["image"], layers=vl, width=vw, head_width=vw // vh, patch_size=model["patch"],
                            mlp_ratio=model["vision"][1] / vw),
            text_cfg=dict(context_length=positions, vocab_size=vocabulary, width=tw, heads=th, layers=tl,
                          mlp_ratio=model["text"][1] / tw)),
        preprocess_cfg=dict(mean=[0.48145466, 0.4578275, 0.40821073], std=[0.26862954, 0.26130258, 0.27577711]))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", choices=MODELS)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--dtype", choices=["f32", "f16", "bf16"], default="f32")
    parser.add_argument("--shards", type=int, default=1)
    parser.add_argument("--layout", choices=["hugging_face", "open_clip"], default="hugging_face")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    model, folder = MODELS[arguments.model], arguments.folder
    is_clip = model["family"] == "clip"
    if arguments.layout == "open_clip" and (not is_clip or arguments.shards != 1):
        parser.error("the open_clip layout is written for CLIP models in one file")
    vocabulary, positions = (49408, 77) if is_clip else (32000, 64)
    if arguments.model == "tiny":
        vocabulary, positions = 800, 24

    folder.mkdir(parents=True, exist_ok=True)
    tensors = make_weights(model, arguments.seed, vocabulary, positions)
    if arguments.layout == "open_clip":
        write_safetensors(folder / "open_clip_model.safetensors", open_clip_names(tensors), arguments.dtype)
        files = {"open_clip_config.json": open_clip_config(model, vocabulary, positions)}
    else:
        write_weights(folder, tensors, arguments.dtype, arguments.shards)
        files = {"config.json": hugging_face_config(model, vocabulary, positions, arguments.dtype),
                 "preprocessor_config.json": preprocessor_config(model)}
    if is_clip:
        files["tokenizer.json"] = clip_tokenizer(vocabulary - 2, vocabulary - 1)
        files["tokenizer_config.json"] = dict(
            tokenizer_class="CLIPTokenizer", bos_token="<|startoftext|>", eos_token="<|endoftext|>",
            pad_token="<|endoftext|>", unk_token="<|endoftext|>", model_max_length=positions)
    else:
        files["tokenizer.json"] = siglip_tokenizer()
        files["tokenizer_config.json"] = dict(
            tokenizer_class="Siglip2Tokenizer", eos_token="<eos>", pad_token="<pad>", unk_token="<unk>",
            padding_side="right", model_max_length=positions)
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content, indent=1, ensure_ascii=False))
    count = sum(value.size for value in tensors.values())
    print(f"{folder}: {arguments.model}, {count / 1e6:.1f} M parameters, {arguments.dtype}")


if __name__ == "__main__":
    main()
