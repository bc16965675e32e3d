"""Between a model in training and a model's folder in the Hugging Face layout."""

import json
import pathlib

import torch
from model import MEAN, STD
from safetensors.torch import load_file, save_file
from scenes import SIDE
from tokens import END, START, Texts

SLOPE = 1.702  # of quick_gelu(x) = x · sigmoid(1.702 x) = silu(1.702 x) / 1.702


def with_slope(weights, slope):
    """The weights with each block's activation moved between silu (training: one pass over memory) and quick_gelu."""
    changed = dict(weights)
    for name in weights:
        if ".mlp.fc1." in name:
            changed[name] = weights[name] * slope
        elif name.endswith(".mlp.fc2.weight"):
            changed[name] = weights[name] / slope
    return changed


@torch.no_grad()
def start_from(model, folder, texts):
    """Takes the weights of a folder; embeddings of tokens that both vocabularies have."""
    folder = pathlib.Path(folder)
    weights = {name: tensor.float() for name, tensor in load_file(folder / "model.safetensors").items()}
    weights = with_slope({name: tensor for name, tensor in weights.items() if "position_ids" not in name}, SLOPE)
    table = "text_model.embeddings.token_embedding.weight"
    theirs, ours = Texts(folder / "tokenizer.json").tokenizer.get_vocab(), texts.tokenizer.get_vocab()
    old, new = weights[table], model.get_parameter(table).detach().clone()
    new.normal_(0, float(old.std()))
    for token, index in ours.items():
        if token in theirs:
            new[index] = old[theirs[token]]
    weights[table] = new
    missing = model.load_state_dict(weights, strict=False)
    if missing.missing_keys and not all("position_ids" in name for name in missing.missing_keys):
        raise ValueError(f"{folder}: has no {', '.join(missing.missing_keys)}")


def save_folder(model, weights, texts, out):
    """Writes the folder of a model: weights in f16, configuration, tokenizer and preprocessing."""
    out = pathlib.Path(out)
    out.mkdir(parents=True, exist_ok=True)
    exported = with_slope({name: tensor for name, tensor in weights.items() if "position_ids" not in name}, 1 / SLOPE)
    save_file(
        {name: tensor.half().contiguous() for name, tensor in exported.items()},
        out / "model.safetensors",
        {"format": "pt"},
    )
    config = model.config.to_dict() | {"architectures": ["CLIPModel"], "dtype": "float16"}
    for part in ("text_config", "vision_config"):
        config[part] = known(config[part]) | {"hidden_act": "quick_gelu"}
    write_json(out / "config.json", known(config))
    write_json(
        out / "tokenizer_config.json",
        TOKENIZER | {"model_max_length": model.config.text_config.max_position_embeddings},
    )
    write_json(out / "preprocessor_config.json", PREPROCESSOR)
    (out / "tokenizer.json").write_bytes(texts.path.read_bytes())


def known(config):
    """Without what is unset, and without switches of generation and output."""
    return {
        key: value for key, value in config.items() if value is not None and value is not False and key not in UNUSED
    }


def write_json(path, value):
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8")


UNUSED = {"id2label", "label2id", "problem_type", "return_dict", "chunk_size_feed_forward", "is_encoder_decoder"}
TOKENIZER = {
    "tokenizer_class": "CLIPTokenizer",
    "bos_token": START,
    "eos_token": END,
    "pad_token": END,
    "unk_token": END,
}
PREPROCESSOR = {
    "image_processor_type": "CLIPImageProcessor",
    "do_convert_rgb": True,
    "do_resize": True,
    "size": {"shortest_edge": SIDE},
    "resample": 3,
    "do_center_crop": True,
    "crop_size": {"height": SIDE, "width": SIDE},
    "do_rescale": True,
    "rescale_factor": 1 / 255,
    "do_normalize": True,
    "image_mean": list(MEAN),
    "image_std": list(STD),
}
