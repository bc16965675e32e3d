"""CLIP and SigLIP written plainly in NumPy, to hold the daemon against: one whole image or text at a time, in f32, with
masks as attention masks. Follows the layouts and defaults of Hugging Face transformers."""

import json
import math

import numpy as np

DTYPES = {"F32": np.dtype("<f4"), "F16": np.dtype("<f2")}


def read_safetensors(path):
    """The tensors of a file, as f32."""
    data = path.read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    tensors = {}
    for name, entry in json.loads(data[8:start]).items():
        if name == "__metadata__":
            continue
        begin, end = (start + offset for offset in entry["data_offsets"])
        if entry["dtype"] == "BF16":
            halves = np.frombuffer(data[begin:end], "<u2").astype(np.uint32)
            values = (halves << 16).view(np.float32)
        else:
            values = np.frombuffer(data[begin:end], DTYPES[entry["dtype"]]).astype(np.float32)
        tensors[name] = values.reshape(entry["shape"])
    return tensors


def read_weights(folder):
    tensors = {}
    for path in sorted(folder.glob("*.safetensors")):
        tensors |= read_safetensors(path)
    return tensors


error_function = np.frompyfunc(math.erf, 1, 1)

ACTIVATIONS = {
    "quick_gelu": lambda x: x / (1 + np.exp(-1.702 * x)),
    "gelu": lambda x: x * (1 + error_function(x / 2**0.5).astype(np.float32)) / 2,
    "gelu_pytorch_tanh": lambda x: x * (1 + np.tanh((2 / np.pi) ** 0.5 * (x + 0.044715 * x**3))) / 2,
}


class Tower:
    """The layers of one encoder."""

    def __init__(self, weights, prefix, width, heads, layers, activation, epsilon):
        self.weights, self.prefix, self.heads, self.layers = weights, prefix, heads, layers
        self.width, self.activation, self.epsilon = width, ACTIVATIONS[activation], epsilon

    def __getitem__(self, name):
        return self.weights[self.prefix + name]

    def linear(self, x, name):
        return x @ self[name + ".weight"].T + self[name + ".bias"]

    def norm(self, x, name):
        x = x - x.mean(-1, keepdims=True)
        x = x / np.sqrt((x * x).mean(-1, keepdims=True) + self.epsilon)
        return x * self[name + ".weight"] + self[name + ".bias"]

    def mlp(self, x, name):
        return self.linear(self.activation(self.linear(x, name + ".fc1")), name + ".fc2")

    def attention(self, q, k, v, mask):
        """q [queries, width], k and v [keys, width], mask [queries, keys] of booleans; all heads."""
        split = lambda x: x.reshape(len(x), self.heads, -1).transpose(1, 0, 2)
        q, k, v = split(q), split(k), split(v)
        scores = q @ k.transpose(0, 2, 1) / q.shape[-1] ** 0.5
        scores = np.where(mask, scores, -np.inf)
        scores = np.exp(scores - scores.max(-1, keepdims=True))
        result = scores / scores.sum(-1, keepdims=True) @ v
        return result.transpose(1, 0, 2).reshape(-1, self.width)

    def encode(self, x, mask):
        for layer in range(self.layers):
            at = f"encoder.layers.{layer}."
            h = self.norm(x, at + "layer_norm1")
            q, k, v = (self.linear(h, f"{at}self_attn.{name}_proj") for name in "qkv")
            x = x + self.linear(self.attention(q, k, v, mask), at + "self_attn.out_proj")
            x = x + self.mlp(self.norm(x, at + "layer_norm2"), at + "mlp")
        return x


class Model:
    """A model of random_model.py's description, with weights by their names in the Hugging Face layout."""

    def __init__(self, model, weights, vision_activation=None):
        self.model, self.weights, self.is_clip = model, weights, model["family"] == "clip"
        epsilon = 1e-5 if self.is_clip else 1e-6

        def tower(prefix, sizes, activation):
            width, _, layers, heads = sizes
            return Tower(weights, prefix, width, heads, layers, activation, epsilon)

        self.vision = tower("vision_model.", model["vision"], vision_activation or model["activation"])
        self.text = tower("text_model.", model["text"], model["activation"])
        self.scale = math.exp(weights["logit_scale"].reshape(-1)[0])
        self.bias = 0 if self.is_clip else float(weights["logit_bias"].reshape(-1)[0])

    def pixels(self, image):
        """uint8 [size, size, 3] to normalised [3, size, size]."""
        mean, std = (
            ([0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711]) if self.is_clip else (0.5, 0.5)
        )
        return ((image / 255 - mean) / std).transpose(2, 0, 1).astype(np.float32)

    def embed_image(self, pixels, presence=None):
        """The embedding, of length 1; the pixels of patches that `presence` (booleans, row by row) lacks are 0."""
        edge = self.model["patch"]
        grid = self.model["image"] // edge
        patches = pixels[:, : grid * edge, : grid * edge].reshape(3, grid, edge, grid, edge).transpose(1, 3, 0, 2, 4)
        patches = patches.reshape(grid * grid, -1)
        if presence is not None:
            patches = patches * np.asarray(presence)[:, None]
        vision = self.vision
        x = patches @ vision["embeddings.patch_embedding.weight"].reshape(vision.width, -1).T
        if self.is_clip:
            x = np.concatenate([vision["embeddings.class_embedding"][None], x])
        else:
            x = x + vision["embeddings.patch_embedding.bias"]
        x = x + vision["embeddings.position_embedding.weight"]
        everything = np.ones((1, len(x)), bool)
        if self.is_clip:
            x = vision.encode(vision.norm(x, "pre_layrnorm"), everything)
            return unit(vision.norm(x[0], "post_layernorm") @ self.weights["visual_projection.weight"].T)
        x = vision.norm(vision.encode(x, everything), "post_layernorm")
        weight, bias = vision["head.attention.in_proj_weight"], vision["head.attention.in_proj_bias"]
        width = vision.width
        q, k, v = (
            states @ weight[i * width : (i + 1) * width].T + bias[i * width : (i + 1) * width]
            for i, states in enumerate([vision["head.probe"][0], x, x])
        )
        pooled = vision.linear(vision.attention(q, k, v, everything), "head.attention.out_proj")
        return unit((pooled + vision.mlp(vision.norm(pooled, "head.layernorm"), "head.mlp"))[0])

    def embed_text(self, ids, absent=()):
        """The embedding, of length 1; no position attends to those in `absent`."""
        text, ids = self.text, np.asarray(ids)
        x = text["embeddings.token_embedding.weight"][ids] + text["embeddings.position_embedding.weight"][: len(ids)]
        seen = np.array([i not in absent for i in range(len(ids))])[None]
        if not self.is_clip:
            x = text.norm(text.encode(x, seen), "final_layer_norm")
            return unit(text.linear(x[-1], "head"))
        causal = np.tri(len(ids), dtype=bool)
        # A position that attends to nothing is not looked at later; it attends to itself to stay a number.
        x = text.norm(text.encode(x, causal & seen | np.eye(len(ids), dtype=bool)), "final_layer_norm")
        return unit(x[ids.argmax()] @ self.weights["text_projection.weight"].T)

    def score(self, image, text):
        return self.scale * float(image @ text) + self.bias


def unit(x):
    return x / np.sqrt((x * x).sum())


def banzhaf(values, image_players, text_players):
    """The least-squares fit of order 2 to all coalitions of a game, all weighing the same: constant, singles, pairs. The value
    of the empty coalition is subtracted first.

    `values` [2^image_players, 2^text_players], bit i of an index for player i; image players come first.
    """
    count = image_players + text_players
    rows = np.arange(2**count)
    x = (rows[:, None] >> np.arange(count)) & 1
    pairs = [x[:, i] * x[:, j] for i in range(count) for j in range(i + 1, count)]
    design = np.stack([np.ones(len(rows)), *x.T, *pairs], 1)
    targets = values[rows & (2**image_players - 1), rows >> image_players] - values[0, 0]
    return np.linalg.lstsq(design, targets, rcond=None)[0]
