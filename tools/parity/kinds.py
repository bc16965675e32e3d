#!/usr/bin/env python3
"""Writes folders of further kinds of models at full size, with random weights, by the libraries that they come from. Run in the peers' own
environment (see parity.py):

    kinds.py KIND [FOLDER]

transformers makes the models from the values of the published configurations, open_clip from the configurations that it ships (BiomedCLIP's
is written after its model card's). Weights have the scales of `tools/fixtures/checkpoints.py`, which keep states apart.
"""

import argparse
import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tools/fixtures"), str(ROOT / "tools/random-model")]

import kind_tokenizers as tokenizers  # noqa: E402

CLIP_MEAN, CLIP_STD = [0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711]
IMAGENET_MEAN, IMAGENET_STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
HALVES = [0.5] * 3


class Preparation:
    """What becomes of a picture before the model: the size, how it is reached, and the normalisation.

    mode: "shortest" (the shorter edge is resized, the centre cut out), "squash", or "naflex" (as many whole patches as its shape allows).
    """

    def __init__(self, size=224, mode="shortest", resampling="bicubic", mean=CLIP_MEAN, std=CLIP_STD):
        self.size, self.mode, self.resampling, self.mean, self.std = size, mode, resampling, mean, std


class Kind:
    """make: writes the folder. weights: "f32", "f16" or "pickle". rows: of regions that the picture is cut into for the game."""

    def __init__(self, make, preparation, rows=2):
        self.make, self.preparation, self.rows = make, preparation, rows


def randomized(model, weights):
    import torch
    from checkpoints import randomize

    torch.manual_seed(7)
    randomize(model)
    return model.half() if weights == "f16" else model


def transformers_kind(config, tokenizer, processor, preparation, weights="f32", rows=2):
    """config: gives a configuration of transformers from its module."""

    def make(folder):
        import torch
        import transformers
        from safetensors.torch import load_file

        model = transformers.AutoModel.from_config(config(transformers)).eval()
        # By the names that published files have, which are not always those of the modules.
        randomized(model, weights).save_pretrained(folder, max_shard_size="100GB")
        if weights == "pickle":
            torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
            (folder / "model.safetensors").unlink()
        (folder / "preprocessor_config.json").write_text(json.dumps(processor))
        tokenizer(folder)

    return Kind(make, preparation, rows)


def open_clip_kind(config, tokenizer, preparation, text=None, weights="f32", rows=2):
    """
    Args:
        config: the name of a configuration that open_clip ships, or one.
        text: gives the configuration of transformers that `hf_model_name` stands for, from its module.
    """

    def make(folder):
        import open_clip
        import transformers
        from libraries import open_clip_model
        from safetensors.torch import save_file

        model_config = config if isinstance(config, dict) else open_clip.get_model_config(config)
        prepared = dict(
            mean=preparation.mean,
            std=preparation.std,
            interpolation=preparation.resampling,
            resize_mode=preparation.mode,
        )
        (folder / "open_clip_config.json").write_text(
            json.dumps(dict(model_cfg=model_config, preprocess_cfg=prepared), indent=1)
        )
        if text:
            text(transformers).save_pretrained(folder / "text-tower")
        tokenizer(folder)
        model = randomized(open_clip_model(folder, load_weights=False)[0], weights)
        state = {key: value.contiguous().clone() for key, value in model.state_dict().items()}
        save_file(state, folder / "open_clip_model.safetensors", metadata={"format": "pt"})

    return Kind(make, preparation, rows)


def processor(preparation, **changes):
    """A preprocessor's file of CLIP's kind."""
    size = dict(height=preparation.size, width=preparation.size)
    return (
        dict(
            crop_size=size,
            do_center_crop=preparation.mode == "shortest",
            do_convert_rgb=True,
            do_normalize=True,
            do_rescale=True,
            do_resize=True,
            image_mean=preparation.mean,
            image_std=preparation.std,
            image_processor_type="CLIPImageProcessor",
            resample=3,
            rescale_factor=1 / 255,
            size=dict(shortest_edge=preparation.size) if preparation.mode == "shortest" else size,
        )
        | changes
    )


BASE_VISION = dict(
    hidden_size=768, intermediate_size=3072, num_hidden_layers=12, num_attention_heads=12, image_size=224
)
LARGE_VISION = dict(
    hidden_size=1024,
    intermediate_size=4096,
    num_hidden_layers=24,
    num_attention_heads=16,
    image_size=224,
    patch_size=14,
)
SMALL_TEXT = dict(hidden_size=512, intermediate_size=2048, num_hidden_layers=12, num_attention_heads=8)
BASE_TEXT = dict(hidden_size=768, intermediate_size=3072, num_hidden_layers=12, num_attention_heads=12)


def naflex(library):
    vision = {key: value for key, value in BASE_VISION.items() if key != "image_size"}
    return library.Siglip2Config(
        vision_config=vision | dict(num_patches=256, patch_size=16),
        text_config=BASE_TEXT | dict(vocab_size=256_000, max_position_embeddings=64, projection_size=768),
    )


def metaclip_2(library):
    text = dict(vocab_size=901_629, max_position_embeddings=77, bos_token_id=0, pad_token_id=1, eos_token_id=2)
    return library.MetaClip2Config(
        vision_config=BASE_VISION | dict(patch_size=32), text_config=SMALL_TEXT | text, projection_dim=512
    )


def chinese_clip(library):
    return library.ChineseCLIPConfig(
        vision_config=BASE_VISION | dict(patch_size=16),
        text_config=BASE_TEXT | dict(vocab_size=21_128, max_position_embeddings=512),
        projection_dim=512,
    )


def altclip(library):
    text = dict(hidden_size=1024, intermediate_size=4096, num_hidden_layers=24, num_attention_heads=16)
    return library.AltCLIPConfig(
        vision_config=LARGE_VISION,
        text_config=text | dict(vocab_size=250_002, max_position_embeddings=514, project_dim=768, pad_token_id=1),
        projection_dim=768,
    )


def clip(patch, positions):
    def config(library):
        text = dict(vocab_size=49_408, max_position_embeddings=positions, bos_token_id=49_406, eos_token_id=49_407)
        return library.CLIPConfig(
            vision_config=BASE_VISION | dict(patch_size=patch), text_config=SMALL_TEXT | text, projection_dim=512
        )

    return config


BIOMEDCLIP = dict(
    embed_dim=512,
    vision_cfg=dict(
        timm_model_name="vit_base_patch16_224",
        timm_model_pretrained=False,
        timm_pool="",
        timm_proj="linear",
        image_size=224,
    ),
    text_cfg=dict(
        hf_model_name="microsoft/BiomedNLP-BiomedBERT-base-uncased-abstract",
        hf_tokenizer_name="microsoft/BiomedNLP-BiomedBERT-base-uncased-abstract",
        hf_proj_type="mlp",
        hf_pooler_type="cls_last_hidden_state_pooler",
        context_length=256,
    ),
)
CLIP_PICTURE = Preparation()
SQUASHED = Preparation(mode="squash")
PLAIN = Preparation(resampling="bilinear", mean=[0.0] * 3, std=[1.0] * 3)
NAFLEX_PICTURE = Preparation(mode="naflex", resampling="bilinear", mean=HALVES, std=HALVES)
NAFLEX_PROCESSOR = dict(
    do_convert_rgb=True,
    do_normalize=True,
    do_rescale=True,
    do_resize=True,
    image_mean=HALVES,
    image_std=HALVES,
    image_processor_type="Siglip2ImageProcessor",
    max_num_patches=256,
    patch_size=16,
    processor_class="Siglip2Processor",
    resample=2,
    rescale_factor=1 / 255,
)

KINDS = {
    "SigLIP2 B/16 NaFlex, 256,000 tokens": transformers_kind(
        naflex, tokenizers.gemma, NAFLEX_PROCESSOR, NAFLEX_PICTURE
    ),
    "MetaCLIP 2 B/32, 901,629 tokens": transformers_kind(
        metaclip_2, tokenizers.xlm(901_629), processor(CLIP_PICTURE), CLIP_PICTURE
    ),
    "Chinese-CLIP B/16, pickle": transformers_kind(
        chinese_clip,
        tokenizers.chinese,
        processor(SQUASHED, image_processor_type="ChineseCLIPImageProcessor"),
        SQUASHED,
        weights="pickle",
    ),
    "AltCLIP L/14, f16": transformers_kind(
        altclip, tokenizers.xlm(250_002), processor(CLIP_PICTURE), CLIP_PICTURE, weights="f16", rows=1
    ),
    "FashionCLIP (B/32, pickle)": transformers_kind(
        clip(32, 77), tokenizers.clip, processor(CLIP_PICTURE), CLIP_PICTURE, weights="pickle"
    ),
    "LongCLIP B/16, 248 positions, pickle": transformers_kind(
        clip(16, 248), tokenizers.clip, processor(CLIP_PICTURE), CLIP_PICTURE, weights="pickle"
    ),
    "open_clip XLM-R base ViT-B/32": open_clip_kind(
        "xlm-roberta-base-ViT-B-32",
        tokenizers.xlm(250_002),
        CLIP_PICTURE,
        text=lambda library: library.XLMRobertaConfig(
            vocab_size=250_002, max_position_embeddings=514, type_vocab_size=1, layer_norm_eps=1e-5
        ),
    ),
    "BiomedCLIP B/16": open_clip_kind(
        BIOMEDCLIP, tokenizers.bert, CLIP_PICTURE, text=lambda library: library.BertConfig(vocab_size=30_522)
    ),
    "MobileCLIP2 L/14, f16": open_clip_kind("MobileCLIP2-L-14", tokenizers.clip, PLAIN, weights="f16", rows=1),
    "CLIPA L/14, f16": open_clip_kind(
        "ViT-L-14-CLIPA",
        tokenizers.bert,
        Preparation(mode="squash", resampling="bilinear", mean=IMAGENET_MEAN, std=IMAGENET_STD),
        weights="f16",
        rows=1,
    ),
    "PE-Core B/16": open_clip_kind(
        "PE-Core-B-16",
        tokenizers.clip,
        Preparation(mode="squash", resampling="bilinear", mean=HALVES, std=HALVES),
    ),
    "PE-Core S/16-384": open_clip_kind(
        "PE-Core-S-16-384",
        tokenizers.clip,
        Preparation(384, mode="squash", resampling="bilinear", mean=HALVES, std=HALVES),
    ),
    "EVA02-CLIP B/16": open_clip_kind("EVA02-B-16", tokenizers.clip, CLIP_PICTURE),
    "EVA02-CLIP L/14, f16": open_clip_kind("EVA02-L-14", tokenizers.clip, CLIP_PICTURE, weights="f16", rows=1),
}


def folder_of(name):
    """Where benchmarks keep the folder of a kind; parity.py takes it from there if it is there."""
    return ROOT / "build/models" / re.sub("[^a-z0-9]+", "-", name.lower()).strip("-")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("folder", type=Path, nargs="?", help="build/models and the kind's name by default")
    arguments = parser.parse_args()
    folder = arguments.folder or folder_of(arguments.kind)
    folder.mkdir(parents=True, exist_ok=True)
    KINDS[arguments.kind].make(folder)


if __name__ == "__main__":
    main()
