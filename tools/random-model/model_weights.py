"""Random weights under the names of the Hugging Face layout or open_clip's, and safetensors files that hold them."""

import json

import numpy as np

HUGGING_FACE_DTYPES = {"f32": "float32", "f16": "float16", "bf16": "bfloat16"}


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


def make_weights(model, seed):
    """All tensors of a model by their names in the Hugging Face layout."""
    w = Weights(seed)
    siglip = model["family"] == "siglip"
    (vw, vi, vl, _), (tw, ti, tl, _) = model["vision"], model["text"]
    patches = (model["image"] // model["patch"]) ** 2
    v, t = "vision_model", "text_model"
    w.normal(
        f"{v}.embeddings.patch_embedding.weight",
        (vw, 3, model["patch"], model["patch"]),
        2 / (3 * model["patch"] ** 2) ** 0.5,
    )
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
    w.normal(f"{t}.embeddings.token_embedding.weight", (model["vocabulary"], tw), 0.5)
    w.normal(f"{t}.embeddings.position_embedding.weight", (model["positions"], tw), 0.3)
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


def fused(tensors, name):
    """The q, k and v projections of a layer, stacked; `name` is q's."""
    return np.concatenate([tensors[name.replace("q_proj", part)] for part in ("q_proj", "k_proj", "v_proj")])


def open_clip_names(tensors, family):
    """The same weights under open_clip's names: q, k and v fused, CLIP's projections transposed. SigLIP's vision tower has
    timm's names, its text tower is an object of its own."""
    siglip = family == "siglip"
    text = "text." if siglip else ""
    plain = {
        "vision_model.embeddings.patch_embedding.weight": "visual.conv1.weight",
        "vision_model.embeddings.class_embedding": "visual.class_embedding",
        "vision_model.embeddings.position_embedding.weight": "visual.positional_embedding",
        "text_model.embeddings.token_embedding.weight": text + "token_embedding.weight",
        "text_model.embeddings.position_embedding.weight": text + "positional_embedding",
        "logit_scale": "logit_scale",
        "logit_bias": "logit_bias",
    }
    parts = [
        ("vision_model.pre_layrnorm", "visual.ln_pre"),
        ("vision_model.post_layernorm", "visual.ln_post"),
        ("text_model.final_layer_norm", text + "ln_final"),
        ("text_model.head", text + "text_projection"),
        ("vision_model.encoder.layers", "visual.transformer.resblocks"),
        ("text_model.encoder.layers", text + "transformer.resblocks"),
        ("layer_norm1", "ln_1"),
        ("layer_norm2", "ln_2"),
        ("self_attn.out_proj", "attn.out_proj"),
        ("mlp.fc1", "mlp.c_fc"),
        ("mlp.fc2", "mlp.c_proj"),
    ]
    result = {}
    for name, value in tensors.items():
        if ".k_proj." in name or ".v_proj." in name:
            continue
        if siglip and name.startswith("vision_model."):
            result |= timm_tensors(name, value, tensors)
        elif name in plain:
            result[plain[name]] = value.reshape(()) if name.startswith("logit") else value
        elif name == "visual_projection.weight":
            result["visual.proj"] = value.T
        elif name == "text_projection.weight":
            result["text_projection"] = value.T
        else:
            if ".q_proj." in name:
                value, name = fused(tensors, name), name.replace("self_attn.q_proj.", "attn.in_proj_")
            for old, new in parts:
                name = name.replace(old, new)
            result[name] = value
    return result


def timm_tensors(name, value, tensors):
    """A tensor of SigLIP's vision tower under timm's names, as its `vit_…_siglip_…` models have them."""
    name = name.removeprefix("vision_model.")
    if ".q_proj." in name:
        value = fused(tensors, "vision_model." + name)
        name = name.replace("self_attn.q_proj.", "attn.qkv.")
    for old, new in [
        ("embeddings.patch_embedding", "patch_embed.proj"),
        ("embeddings.position_embedding.weight", "pos_embed"),
        ("encoder.layers", "blocks"),
        ("layer_norm", "norm"),
        ("self_attn.out_proj", "attn.proj"),
        ("post_layernorm", "norm"),
        ("head.probe", "attn_pool.latent"),
        ("head.layernorm", "attn_pool.norm"),
        ("head.attention.out_proj", "attn_pool.proj"),
        ("head.mlp", "attn_pool.mlp"),
    ]:
        name = name.replace(old, new)
    prefix = "visual.trunk."
    if name.startswith("head.attention.in_proj_"):
        kind, width = name.removeprefix("head.attention.in_proj_"), len(value) // 3
        return {f"{prefix}attn_pool.q.{kind}": value[:width], f"{prefix}attn_pool.kv.{kind}": value[width:]}
    return {prefix + name: value[None] if name == "pos_embed" else value}


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
        header[name] = {
            "dtype": dtype.upper(),
            "shape": list(value.shape),
            "data_offsets": [offset, offset + value.size * size],
        }
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
        part = names[shard * len(names) // shards : (shard + 1) * len(names) // shards]
        file = f"model-{shard + 1:05}-of-{shards:05}.safetensors"
        write_safetensors(folder / file, {name: tensors[name] for name in part}, dtype)
        index["weight_map"].update({name: file for name in part})
    (folder / "model.safetensors.index.json").write_text(json.dumps(index, indent=1))
