#!/usr/bin/env python3
"""Writes a model with random weights, in the Hugging Face layout or open_clip's, for benchmarks and checks.

Needs numpy only. The weights have scales that keep activations, attention and embeddings away from degenerate values; the
embeddings mean nothing. The tokenizer is small (bytes and a few words) but has the real model's special ids; with
--full-tokenizer it has as many tokens and merges as the real one.

    random_model.py vit-b-32 build/models/vit-b-32
    random_model.py vit-l-14 build/models/vit-l-14 --dtype f16 --shards 3
    random_model.py siglip-b-16 build/models/open-clip --layout open_clip
    random_model.py vit-l-14-336 build/models/shallow --layers 2 --vocabulary 1000 --legacy
"""

import argparse
import json
from pathlib import Path

from model_weights import HUGGING_FACE_DTYPES, make_weights, open_clip_names, write_safetensors, write_weights
from tokenizer_files import CLIP_VOCABULARY, SIGLIP2_VOCABULARY, SIGLIP_VOCABULARY, write_tokenizer


def clip(vision, text, image=224, patch=32, projection=512):
    return dict(
        family="clip",
        tokenizer="clip",
        vision=vision,
        text=text,
        image=image,
        patch=patch,
        projection=projection,
        vocabulary=CLIP_VOCABULARY,
        positions=77,
        activation="quick_gelu",
    )


def siglip(tokenizer, vocabulary, vision=(768, 3072, 12, 12), text=(768, 3072, 12, 12), image=224, patch=16):
    return dict(
        family="siglip",
        tokenizer=tokenizer,
        vision=vision,
        text=text,
        image=image,
        patch=patch,
        projection=vision[0],
        vocabulary=vocabulary,
        positions=64,
        activation="gelu_pytorch_tanh",
    )


# (width, intermediate, layers, heads)
MODELS = {
    "vit-b-32": clip((768, 3072, 12, 12), (512, 2048, 12, 8)),
    "vit-b-16": clip((768, 3072, 12, 12), (512, 2048, 12, 8), patch=16),
    "vit-s-32": clip((384, 1536, 12, 6), (384, 1536, 12, 6), projection=384),
    "vit-s-16": clip((384, 1536, 12, 6), (384, 1536, 12, 6), patch=16, projection=384),
    "vit-s-14": clip((384, 1536, 12, 6), (384, 1536, 12, 6), patch=14, projection=384),
    "vit-s-14-336": clip((384, 1536, 12, 6), (384, 1536, 12, 6), image=336, patch=14, projection=384),
    "vit-l-14": clip((1024, 4096, 24, 16), (768, 3072, 12, 12), patch=14, projection=768),
    "vit-l-14-336": clip((1024, 4096, 24, 16), (768, 3072, 12, 12), image=336, patch=14, projection=768),
    # Widths as in wkcn/TinyCLIP-ViT-39M-16-Text-19M and -8M-16-Text-3M.
    "tinyclip-39m": clip((512, 2048, 12, 8), (512, 2048, 6, 8), patch=16),
    "tinyclip-8m": clip((256, 1024, 10, 4), (256, 1024, 3, 4), patch=16),
    "siglip-b-16": siglip("siglip", SIGLIP_VOCABULARY),
    "siglip2-b-16": siglip("siglip2", SIGLIP2_VOCABULARY),
    # For quick checks.
    "tiny": clip((64, 128, 2, 4), (48, 96, 2, 4), image=32, patch=8, projection=32)
    | dict(vocabulary=800, positions=24),
}


def hugging_face_config(model, dtype, legacy):
    names = ("hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads")
    vision = dict(
        zip(names, model["vision"]),
        image_size=model["image"],
        patch_size=model["patch"],
        hidden_act=model["activation"],
    )
    text = dict(
        zip(names, model["text"]),
        vocab_size=model["vocabulary"],
        max_position_embeddings=model["positions"],
        hidden_act=model["activation"],
    )
    config = dict(model_type=model["family"], torch_dtype=HUGGING_FACE_DTYPES[dtype])
    if model["family"] == "clip":
        config |= dict(projection_dim=model["projection"], architectures=["CLIPModel"])
        ends = (
            dict(bos_token_id=0, eos_token_id=2)
            if legacy
            else dict(bos_token_id=model["vocabulary"] - 2, eos_token_id=model["vocabulary"] - 1)
        )
        text |= ends | dict(projection_dim=model["projection"])
        vision |= dict(projection_dim=model["projection"])
    else:
        config["architectures"] = ["SiglipModel"]
        text |= dict(projection_size=model["projection"])
    if not legacy:
        return config | dict(vision_config=vision, text_config=text)
    # As the first releases wrote it: what counts stands under ..._dict, the newer keys are incomplete.
    return config | dict(
        vision_config_dict=vision,
        text_config_dict=text,
        vision_config={"hidden_size": vision["hidden_size"]},
        text_config={"hidden_size": text["hidden_size"]},
    )


def preprocessor_config(model, legacy):
    size = model["image"]
    config = dict(do_resize=True, do_normalize=True, resample=3)
    if not legacy:
        config |= dict(do_rescale=True, rescale_factor=1 / 255)
    if model["family"] == "clip":
        sizes = (
            dict(size=size, crop_size=size, feature_extractor_type="CLIPFeatureExtractor")
            if legacy
            else dict(
                size={"shortest_edge": size},
                crop_size={"height": size, "width": size},
                do_convert_rgb=True,
                image_processor_type="CLIPImageProcessor",
            )
        )
        return (
            config
            | sizes
            | dict(
                do_center_crop=True,
                image_mean=[0.48145466, 0.4578275, 0.40821073],
                image_std=[0.26862954, 0.26130258, 0.27577711],
            )
        )
    return config | dict(
        image_processor_type="SiglipImageProcessor",
        size={"height": size, "width": size},
        image_mean=[0.5] * 3,
        image_std=[0.5] * 3,
    )


def open_clip_config(model):
    (vw, vi, vl, vh), (tw, ti, tl, th) = model["vision"], model["text"]
    text = dict(
        context_length=model["positions"],
        vocab_size=model["vocabulary"],
        width=tw,
        heads=th,
        layers=tl,
        mlp_ratio=ti / tw,
    )
    if model["family"] == "siglip":
        text |= dict(
            hf_tokenizer_name="",
            tokenizer_kwargs={"clean": "canonicalize"},
            no_causal_mask=True,
            proj_bias=True,
            pool_type="last",
            norm_kwargs={"eps": 1e-6},
            act_kwargs={"approximate": "tanh"},
        )
        vision = dict(
            image_size=model["image"],
            timm_model_name=f"vit_base_patch{model['patch']}_siglip_{model['image']}",
            timm_model_pretrained=False,
            timm_pool="map",
            timm_proj="none",
        )
        return dict(
            model_cfg=dict(embed_dim=vw, init_logit_bias=-10, custom_text=True, vision_cfg=vision, text_cfg=text),
            preprocess_cfg=dict(mean=[0.5] * 3, std=[0.5] * 3, interpolation="bicubic", resize_mode="squash"),
        )
    return dict(
        model_cfg=dict(
            embed_dim=model["projection"],
            quick_gelu=model["activation"] == "quick_gelu",
            vision_cfg=dict(
                image_size=model["image"],
                layers=vl,
                width=vw,
                head_width=vw // vh,
                patch_size=model["patch"],
                mlp_ratio=vi / vw,
            ),
            text_cfg=text,
        ),
        preprocess_cfg=dict(mean=[0.48145466, 0.4578275, 0.40821073], std=[0.26862954, 0.26130258, 0.27577711]),
    )


def write_model(
    folder, model, dtype="f32", shards=1, layout="hugging_face", seed=0, legacy=False, full_tokenizer=False
):
    """Writes the files of a model, which is an entry of MODELS or one with some of its values changed; the number of weights."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors = make_weights(model, seed)
    if layout == "open_clip":
        write_safetensors(folder / "open_clip_model.safetensors", open_clip_names(tensors, model["family"]), dtype)
        files = {"open_clip_config.json": open_clip_config(model)}
    else:
        write_weights(folder, tensors, dtype, shards)
        files = {
            "config.json": hugging_face_config(model, dtype, legacy),
            "preprocessor_config.json": preprocessor_config(model, legacy),
        }
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content, indent=1))
    write_tokenizer(folder, model["tokenizer"], model["vocabulary"], model["positions"], full_tokenizer)
    return sum(value.size for value in tensors.values())


def with_changes(model, layers=None, vocabulary=None, projection=None, activation=None):
    """The model with another depth of both towers, size of the token table, projection or activation."""
    model = dict(model)
    if layers:
        model |= {tower: (*model[tower][:2], layers, model[tower][3]) for tower in ("vision", "text")}
    changes = dict(vocabulary=vocabulary, projection=projection, activation=activation)
    return model | {key: value for key, value in changes.items() if value}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", choices=MODELS)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--dtype", choices=HUGGING_FACE_DTYPES, default="f32")
    parser.add_argument("--shards", type=int, default=1)
    parser.add_argument("--layout", choices=["hugging_face", "open_clip"], default="hugging_face")
    parser.add_argument("--legacy", action="store_true", help="configuration files as the first releases wrote them")
    parser.add_argument("--layers", type=int, help="layers of each tower, for a quick check at full width")
    parser.add_argument("--vocabulary", type=int, help="rows of the token table")
    parser.add_argument("--projection", type=int, help="columns of the embeddings (CLIP)")
    parser.add_argument("--activation", choices=["quick_gelu", "gelu", "gelu_pytorch_tanh"])
    parser.add_argument("--full-tokenizer", action="store_true", help="as many tokens and merges as the real tokenizer")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    model = with_changes(
        MODELS[arguments.model], arguments.layers, arguments.vocabulary, arguments.projection, arguments.activation
    )
    if arguments.layout == "open_clip" and arguments.shards != 1:
        parser.error("the open_clip layout is written in one file")
    if arguments.full_tokenizer and model["vocabulary"] != MODELS[arguments.model]["vocabulary"]:
        parser.error("a full tokenizer needs the full token table")
    count = write_model(
        arguments.folder,
        model,
        arguments.dtype,
        arguments.shards,
        arguments.layout,
        arguments.seed,
        arguments.legacy,
        arguments.full_tokenizer,
    )
    print(f"{arguments.folder}: {arguments.model}, {count / 1e6:.1f} M parameters, {arguments.dtype}")


if __name__ == "__main__":
    main()
