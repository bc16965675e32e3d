"""CLIP in the Hugging Face layout, small; its states for single patches; the losses."""

import torch
from batches import NO_OBJECT
from scenes import PATCH, SIDE
from tokens import POSITIONS
from torch.nn import functional
from transformers import CLIPConfig, CLIPModel

WIDTH = 192
MEAN = (0.48145466, 0.4578275, 0.40821073)
STD = (0.26862954, 0.26130258, 0.27577711)
SCALE = 20.0  # of cosines with prototypes
SPREAD = 0.1  # share of the targets that is spread over all names, so that an image without objects is near none


def new_model(texts):
    shared = {
        "hidden_size": WIDTH,
        "intermediate_size": 4 * WIDTH,
        "num_attention_heads": 4,
        "projection_dim": WIDTH,
        "hidden_act": "silu",  # export.py turns it into CLIP's quick_gelu
    }
    vision = shared | {"num_hidden_layers": 6, "image_size": SIDE, "patch_size": PATCH}
    text = shared | {
        "num_hidden_layers": 4,
        "max_position_embeddings": POSITIONS,
        "vocab_size": texts.size,
        "bos_token_id": texts.start,
        "eos_token_id": texts.end,
        "pad_token_id": texts.end,
    }
    return CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=WIDTH))


@torch.no_grad()
def whiten(model, patches):
    """Sets the patch embedding to the principal components of patches (uint8 [n, 3072]), the strong ones at one strength.

    From random weights, a patch is little but its mean colour for the first hundreds of steps.
    """
    pixels = normalised(patches)
    _, strengths, components = torch.svd_lowrank(pixels, q=WIDTH, niter=3)
    strengths = strengths / len(pixels) ** 0.5
    scaled = components / strengths.clamp(min=strengths[WIDTH // 2]) * 0.5
    weight = model.vision_model.embeddings.patch_embedding.weight
    weight.copy_(scaled.T.reshape(weight.shape))
    model.vision_model.embeddings.position_embedding.weight.mul_(5)


def normalised(patches, shown=None):
    """Float pixels of uint8 patches [..., 3072]; 0 where a patch is greyed."""
    scale = torch.tensor([1 / 255 / std for std in STD]).repeat_interleave(PATCH * PATCH)
    shift = torch.tensor([mean / std for mean, std in zip(MEAN, STD)]).repeat_interleave(PATCH * PATCH)
    pixels = torch.addcmul(-shift, patches.float(), scale)
    return pixels if shown is None else pixels * shown[..., None]


def image_states(model, pixels, order):
    """Unit vectors [batch, 1 + patches, projection]: the image's, then each patch's."""
    vision = model.vision_model
    position = vision.embeddings.position_embedding.weight
    weight = vision.embeddings.patch_embedding.weight
    patches = pixels @ weight.flatten(1).T + position[1:][order]
    first = (vision.embeddings.class_embedding + position[0]).expand(len(pixels), 1, -1)
    states = vision.pre_layrnorm(torch.cat([first, patches], 1))
    for layer in vision.encoder.layers:
        states = layer(states, attention_mask=None)
        states = states[0] if isinstance(states, tuple) else states
    states = model.visual_projection(vision.post_layernorm(states))
    return functional.normalize(states, dim=-1)


def text_states(model, ids, present):
    """Unit vectors [batch, projection]; absent tokens are not attended to."""
    states = model.text_model(input_ids=ids, attention_mask=present.long()).pooler_output
    return functional.normalize(model.text_projection(states), dim=-1)


def spread(weights):
    """Target distributions over the names: in proportion to the weights, some of it even."""
    share = SPREAD / weights.shape[1]
    return (weights + share) / (weights.sum(1, keepdim=True) + SPREAD)


class Prototypes(torch.nn.Module):
    """A unit vector for each noun, to which patches, images, captions and single nouns are drawn; training needs it alone."""

    def __init__(self, nouns):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.randn(nouns, WIDTH) * WIDTH**-0.5)

    @torch.no_grad()
    def centre(self, model, batches):
        """Puts each noun's where the model has its patches, as seen from the mean of all."""
        sums, count = torch.zeros_like(self.weight), torch.zeros(len(self.weight), 1)
        for batch in batches:
            states = image_states(model, normalised(batch["patches"], batch["shown"]), batch["order"])[:, 1:]
            whose = batch["labels"] != NO_OBJECT
            sums.index_add_(0, batch["labels"][whose], states[whose])
            count.index_add_(0, batch["labels"][whose], torch.ones(int(whose.sum()), 1))
        means = sums / count.clamp(min=1)
        self.weight.copy_(functional.normalize(means - means.mean(0), dim=-1))

    def logits(self, states):
        return SCALE * states @ functional.normalize(self.weight, dim=-1).T


def losses(model, prototypes, batch):
    """Losses by name, each a mean, and rates of what is right."""
    pixels = normalised(batch["patches"], batch["shown"])
    states = image_states(model, pixels, batch["order"])
    labels = batch["labels"]
    whose = labels != NO_OBJECT
    patch_logits = prototypes.logits(states[:, 1:][whose])
    image_logits = prototypes.logits(states[:, 0])
    objects = batch["visible"] > 0.3
    best = image_logits.detach().topk(4, 1).indices
    found = torch.zeros_like(objects).scatter_(1, best, True)
    result = {
        "patch": functional.cross_entropy(patch_logits, labels[whose], label_smoothing=0.02),
        "image": functional.cross_entropy(image_logits, spread(batch["visible"])),
    }
    rates = {
        "patches": (patch_logits.detach().argmax(1) == labels[whose]).float().mean(),
        "objects": (found & objects).sum() / objects.sum(),
    }
    if "ids" in batch:
        captions = text_states(model, batch["ids"], batch["present"])
        result["text"] = functional.cross_entropy(prototypes.logits(captions), spread(batch["named"]))
        names = text_states(model, batch["name_ids"], batch["name_present"])
        result["name"] = functional.cross_entropy(prototypes.logits(names), batch["name_nouns"])
        logits = model.logit_scale.exp() * states[: len(captions), 0] @ captions.T
        matched = batch["matched"]
        own = torch.arange(len(logits))[matched]
        result["match"] = 0.5 * (
            functional.cross_entropy(logits[matched], own) + functional.cross_entropy(logits.T[matched], own)
        )
        rates["matches"] = (logits.detach()[matched].argmax(1) == own).float().mean()
    return result, rates
