"""Model folders as the libraries read them that they come from: transformers, or open_clip with timm."""

import copy
import json
import sys
import tempfile
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "fixtures"))


def unit(x):
    return (x / x.norm(dim=-1, keepdim=True)).numpy()


def pooled(output):
    return output if torch.is_tensor(output) else output.pooler_output


def open_clip_model(folder, load_weights=True):
    """The model and its preprocessing. A text tower of transformers is configured by the folder's `text-tower` in place of the hub."""
    import open_clip

    config = json.loads((folder / "open_clip_config.json").read_text())
    if (folder / "text-tower").exists():
        config = copy.deepcopy(config)
        config["model_cfg"]["text_cfg"] |= dict(hf_model_name=str(folder / "text-tower"), hf_model_pretrained=False)
    with tempfile.TemporaryDirectory() as temporary:
        Path(temporary, "open_clip_config.json").write_text(json.dumps(config))
        for path in folder.glob("open_clip*.*") if load_weights else []:
            if path.suffix in (".safetensors", ".bin"):
                Path(temporary, path.name).symlink_to(path)
        model, _, preprocess = open_clip.create_model_and_transforms(
            # Read into a tower of its own, which a text with absent tokens is taken through.
            f"local-dir:{temporary}",
            precision="fp32",
            load_weights=load_weights,
            force_custom_text=load_weights,
            pretrained_text=False,
        )
    return model.eval(), preprocess


class Transformers:
    """A folder in the Hugging Face layout."""

    def __init__(self, folder):
        import transformers

        self.model = transformers.AutoModel.from_pretrained(folder, dtype=torch.float32).eval()
        self.processor = transformers.AutoImageProcessor.from_pretrained(folder)
        self.tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
        config = self.model.config
        self.kind = config.model_type
        self.patch = config.vision_config.patch_size
        self.is_flexible = self.kind == "siglip2"
        self.scale = self.model.logit_scale.exp().item()
        self.bias = getattr(self.model, "logit_bias", torch.zeros(1)).item()

    def prepare(self, image):
        """What the image tower takes, by name."""
        return dict(self.processor(images=image, return_tensors="pt"))

    def pixels(self, inputs):
        """[3, height, width]"""
        if not self.is_flexible:
            return inputs["pixel_values"][0]
        rows, columns = inputs["spatial_shapes"][0].tolist()
        patches = inputs["pixel_values"][0, : rows * columns]
        patches = patches.reshape(rows, columns, self.patch, self.patch, 3)
        return patches.permute(4, 0, 2, 1, 3).reshape(3, rows * self.patch, columns * self.patch)

    def masked(self, inputs, present):
        """The inputs with the pixels of absent patches set to 0; present [patches] of booleans."""
        pixels = inputs["pixel_values"]
        if self.is_flexible:
            keep = torch.zeros(pixels.shape[1], 1)
            keep[: len(present), 0] = present.float()
        else:
            keep = torch.zeros(pixels.shape[-2:])
            grid = pixels.shape[-1] // self.patch
            whole = present.float().reshape(grid, grid).repeat_interleave(self.patch, 0)
            whole = whole.repeat_interleave(self.patch, 1)
            keep[: len(whole), : len(whole)] = whole
        return inputs | dict(pixel_values=pixels * keep)

    def image(self, inputs):
        return pooled(self.model.get_image_features(**inputs))

    def ids(self, text, length):
        """Those of the text, of at most so many tokens."""
        padding = "max_length" if self.kind.startswith("siglip") else False
        return self.tokenizer(text, padding=padding, max_length=length, truncation=True)["input_ids"]

    def text(self, ids, absent=()):
        mask = torch.tensor([[int(i not in absent) for i in range(len(ids))]])
        return pooled(self.model.get_text_features(input_ids=torch.tensor([ids]), attention_mask=mask))


class OpenCLIP:
    """A folder in open_clip's layout."""

    is_flexible = False

    def __init__(self, folder):
        from open_clip import tokenizer

        self.model, self.preprocess = open_clip_model(folder)
        text = json.loads((folder / "open_clip_config.json").read_text())["model_cfg"]["text_cfg"]
        self.length = text.get("context_length", 77)
        self.tokenizer = (
            tokenizer.HFTokenizer(str(folder), context_length=self.length, **text.get("tokenizer_kwargs", {}))
            if "hf_tokenizer_name" in text
            else tokenizer.SimpleTokenizer(context_length=self.length)
        )
        visual = self.model.visual
        patch = visual.trunk.patch_embed.patch_size if hasattr(visual, "trunk") else visual.patch_size
        self.patch = patch[0] if isinstance(patch, tuple) else patch
        self.scale = self.model.logit_scale.exp().item()
        self.bias = 0 if self.model.logit_bias is None else self.model.logit_bias.item()

    def prepare(self, image):
        return dict(pixel_values=self.preprocess(image)[None])

    def pixels(self, inputs):
        return inputs["pixel_values"][0]

    masked = Transformers.masked

    def image(self, inputs):
        return self.model.encode_image(inputs["pixel_values"])

    def ids(self, text, length):
        """Padded to the context's length, as the model takes them."""
        return self.tokenizer(text)[0].tolist()

    def text(self, ids, absent=()):
        """Whole texts as the model encodes them; others with the tokens at absent positions taken out, the rest where they were."""
        from open_clip_models import masked_text

        if not absent:
            # What follows the end is not looked at where texts are not padded.
            text = self.model.text
            padding = text.config.pad_token_id if hasattr(text, "config") else 0
            return self.model.encode_text(torch.tensor([ids + [padding] * (self.length - len(ids))]))
        return masked_text(self.model, ids, absent)


def read(folder):
    return (Transformers if (folder / "config.json").exists() else OpenCLIP)(folder)
