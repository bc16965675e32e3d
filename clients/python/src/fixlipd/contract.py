"""Words, defaults, options and results of the protocol.

Written by tools/protocol/generate_python.py from protocol/; edit the schemas there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from .choices import Seed, Stop, TextPlayers

Order = Literal[1, 2]
CoalitionSampling = Literal["bernoulli", "shapley"]
"""How coalitions are drawn: ``"bernoulli"``, every player by itself with probability ``p``; ``"shapley"``, sizes by the
Shapley kernel, without ``p``."""
Estimator = Literal["ridge", "least_squares"]
"""How values are estimated. ``"ridge"``: regression with shrinkage per order, tuned by leave-one-out.
``"least_squares"``: the paper's weighted least squares over all pairs of masks."""
EvaluatedPlayers = Literal["all", "image"]
"""Whose coalitions are drawn: ``"all"``, of image and text players together; ``"image"``, of image players, each shown
with the whole text, which is what a map of the image is to say."""
EvaluationMetric = Literal["faithfulness", "insertion_deletion", "pointing_game", "map_correlation"]
"""What is measured. ``"faithfulness"``: how well the values predict unseen coalitions. ``"insertion_deletion"``: how
fast the value falls as players are removed in the explanation's order. ``"pointing_game"``: how much of the words'
pairs lies in the quadrants they belong to. ``"map_correlation"`` (since 1.1): how much the values of the image players
with the whole text shown are like those of an estimate on many masks of another seed."""
ExportFormat = Literal["shapiq", "json"]
"""What kind of file. ``"shapiq"``: the JSON that ``shapiq.InteractionValues.load`` reads. ``"json"``: everything about
the explanation."""
Index = Literal["banzhaf", "shapley"]
"""Which interaction index: weighted Banzhaf with parameter ``p``, or faithful Shapley."""
Masking = Literal["mean", "drop"]
"""What stands for an absent patch: ``"mean"``, the mean colour, as in the paper; ``"drop"``, nothing: its token leaves
the sequence, which is a different game at about half the cost."""
Pairing = Literal["all", "zip"]
"""Which pairs are compared. ``"all"``: every image with every text. ``"zip"``: the first image with the first text, and
so on."""
PrecisionWanted = Literal["auto", "f32", "bf16", "int8"]
"""The arithmetic of the towers: ``"auto"`` takes bf16 where the processor has it, else f32, with 8-bit products for
masked inputs where they are faster and the model loses little by them (``precisionReason`` says so); ``"int8"`` encodes
masked inputs with 8-bit products and whole ones in f32."""
Quadrant = Literal["top_left", "top_right", "bottom_left", "bottom_right"]
"""A quarter of the image. Of an odd grid the middle row and column belong to none."""
RenderFormat = Literal["svg", "html", "ansi", "markdown", "png", "pdf"]
"""An SVG picture, an HTML page that needs no other file, text for terminals, Markdown, or the SVG picture as PNG or
PDF, for which librsvg has to be installed where the daemon runs."""
RenderMap = Literal["smooth", "cells"]
"""How values of patches lie over the picture in SVG, PNG, PDF and HTML: flowing into each other, or patch by patch.
Players that form no grid are drawn patch by patch."""
RenderView = Literal["overview", "token", "patch", "pairs", "waterfall", "force", "network", "upset"]
"""What a drawing shows: everything; one text player; one image player; the strongest pairs of each kind; or one plot
alone: what adds up, step by step or as forces; the strongest pairs as a network; single players and pairs by strength,
and who is in them."""
Sampling = Literal["crossed", "joint"]
"""How masks are drawn. ``"crossed"``: image and text masks are drawn apart, and every image mask meets every text mask.
``"joint"``: coalitions of all players are drawn, each one image mask with one text mask, as the paper's reference
implementation does; ``imageMasks`` is then the number of pairs, and ``textMasks`` is left out."""
Scale = Literal["logits", "cosine"]
"""What values are measured in: ``"logits"``, the model's scale times the cosine; ``"cosine"``, the inner product of the
two embeddings of length 1 itself."""
StopReason = Literal["budget", "deadline", "standardError", "stable", "stopped", "exhausted"]
"""Why a refinement ended: ``budget``, the masks asked for are there; ``deadline``; ``standardError`` or ``stable``, a
rule of ``until`` holds; ``stopped``, by ``explanation/stop``; ``exhausted``, every image mask there is has been
encoded."""
SubsetObjective = Literal["max", "min"]
"""The largest or the smallest predicted value."""
TerminalColors = Literal["trueColor", "ansi256", "none"]
"""What the terminal can show; without colours, signs and bars carry the meaning."""

NORMALIZE: bool = True
PAIRING: Pairing = "all"
SUBSET_OBJECTIVE: SubsetObjective = "max"
EVALUATE_SAMPLES: int = 1000
EVALUATE_SEED: int = 0
RENDER_VIEW: RenderView = "overview"
RENDER_TOP_K: int = 8
RENDER_MAP: RenderMap = "smooth"
RENDER_ASK_MODEL: bool = False
STOP_RULE_TOP_K: int = 10
STOP_RULE_STABLE_ROUNDS: int = 2
BUDGET_IMAGE_MASKS: int = 512
BUDGET_TEXT_MASKS: int = 256


@dataclass(frozen=True)
class OpenOptions:
    """How an explanation is set up.

    Attributes:
        image2: a second image in place of the text: which patches match which.
        text2: a second text in place of the image: which words match which.
        rather_than: a caption that ``text`` is set against: what speaks for the one.
        embedding: a vector in place of the text: a query from a vector store, say.
        target: weighted texts, or a class among others, as the protocol has it: a mapping with ``texts`` or
            ``classes``.
        scale: what the values are measured in. Left out, ``"logits"`` for an image and texts or classes, ``"cosine"``
            for two images, two texts and vectors. Since 1.2.
        index: which interaction index: weighted Banzhaf with parameter ``p``, or faithful Shapley.
        p: how likely each player is present, for the Banzhaf index only.
        order: 1: single players only. 2: pairs too.
        masking: what stands for an absent patch: ``"mean"``, the mean colour, as in the paper; ``"drop"``, nothing: its
            token leaves the sequence, which is a different game at about half the cost.
        grid: rows and columns of image players, if coarser than the patches.
        regions: or a label 0, 1, … for every patch; patches of one label are one player.
        text_players: ``"words"``, ``"tokens"``, or ``(start, end)`` ranges of the caption's characters.
        estimator: how values are estimated. ``"ridge"``: regression with shrinkage per order, tuned by leave-one-out.
            ``"least_squares"``: the paper's weighted least squares over all pairs of masks.
        seed: seed of the masks: the same seed and budget give the same masks. One number is for both sides; an object
            gives each its own, so that captions of an image share its masks whatever their own seeds are.
        sampling: how masks are drawn. ``"crossed"``: image and text masks are drawn apart, and every image mask meets
            every text mask. ``"joint"``: coalitions of all players are drawn, each one image mask with one text mask,
            as the paper's reference implementation does; ``image_masks`` is then the number of pairs, and
            ``text_masks`` is left out.
        paired: whether each mask is followed by its complement; only for Banzhaf with p = 0.5, and for Shapley with
            joint sampling. Left out, it is true for the latter, else false.
        prior: what is expected of an image before its masks: ``"learnt"``, what games of other images taught, where the
            daemon learns, else as ``"pass"``; ``"pass"``, what the pass over the image alone says; or the name of a
            learnt map, as a result told it. It matters below 192 masks; later estimates rest on the masks alone. Since
            1.2.
    """

    image2: Any | None = None
    text2: str | None = None
    rather_than: str | None = None
    embedding: Any | None = None
    target: Mapping[str, Any] | None = None
    scale: Scale | None = None
    index: Index = "banzhaf"
    p: float = 0.5
    order: Order = 2
    masking: Masking = "mean"
    grid: tuple[int, int] | None = None
    regions: Any | None = None
    text_players: TextPlayers = "words"
    estimator: Estimator = "ridge"
    seed: Seed = 0
    sampling: Sampling = "crossed"
    paired: bool | None = None
    prior: str = "learnt"


@dataclass(frozen=True)
class RefineOptions:
    """How far a refinement goes.

    Attributes:
        image_masks: how many image masks the estimate shall rest on in all, not how many to add. By default 512 if
            there is no other rule.
        text_masks: how many text masks; by default all where there are no more than 256, else that many.
        deadline: stop after so many seconds.
        until: stop when good enough: an :class:`Until`, or a standard error in logits.
    """

    image_masks: int | None = None
    text_masks: int | None = None
    deadline: float | None = None
    until: Stop | None = None


@dataclass(frozen=True)
class LoadedModel:
    """A model in memory.

    Attributes:
        id: what the first client that asked for it called it.
        path: its folder.
        architecture: the family of a model.
        precision: for whole inputs.
        mask_precision: for masked inputs.
        precision_reason: why masks are computed so.
        bytes: memory of its weights.
        last_used_seconds_ago: seconds since its last use.
        expires_in_seconds: seconds until it is unloaded if nobody uses it; absent while it is in use or kept for ever.
        last_used: time of its last use, in whole seconds since 1970.
        expires_at: when it is unloaded if nobody uses it, in whole seconds since 1970; absent as ``expires_in_seconds``
            is.
        in_use: requests and open explanations that hold it.
    """

    id: str
    path: str
    architecture: str
    precision: str
    mask_precision: str
    precision_reason: str | None
    bytes: int
    last_used_seconds_ago: float
    expires_in_seconds: float | None
    last_used: int | None
    expires_at: int | None
    in_use: int


@dataclass(frozen=True)
class ImageShape:
    """What a model sees of an image. Where the patches' grid follows each picture's shape, ``most_patches`` is there,
    and the other members are those of the largest square picture.

    Attributes:
        width: pixels.
        height: pixels.
        rows: patches from top to bottom.
        columns: patches from left to right.
        most_patches: the most patches of a picture, where the grid follows its shape (SigLIP2 NaFlex);
            ``explanation/open`` tells the grid of a picture.
    """

    width: int
    height: int
    rows: int
    columns: int
    most_patches: int | None


@dataclass(frozen=True)
class TextShape:
    """What a model reads of a text.

    Attributes:
        positions: tokens, special ones included; longer texts are cut.
        vocabulary: tokens it knows.
    """

    positions: int
    vocabulary: int


@dataclass(frozen=True)
class ModelSummary:
    """What a model folder holds, found without reading its weights.

    Attributes:
        architecture: the family of a model.
        image: what a model sees of an image.
        patch_size: pixels along a patch's edge.
        width: columns of the vision tower.
        dimension: numbers per embedding.
        text: what a model reads of a text.
        text_kind: how the tokens of a text attend, and what they are, such as ``causal, BPE`` or ``two-sided,
            Word_piece``.
        file_bytes: bytes of the weight files.
        precision: what ``auto`` takes for whole inputs.
        mask_precision: what ``auto`` takes for masked inputs; ``int8`` only if it turns out to be exact enough when the
            model is loaded.
        languages: as the model's card has them, such as ``en``; absent where it does not say.
    """

    architecture: str
    image: ImageShape
    patch_size: int
    width: int
    dimension: int
    text: TextShape
    text_kind: str
    file_bytes: int
    precision: str
    mask_precision: str
    languages: list[str] | None


@dataclass(frozen=True)
class AvailableModel:
    """A model that could be loaded.

    Attributes:
        id: the name to load it by.
        path: its folder.
        origin: comes with the daemon, or lies in the local hub cache.
        loadable: whether the daemon can run it.
        reason: why it cannot be loaded.
        summary: what it is, where it can be loaded.
    """

    id: str
    path: str
    origin: str
    loadable: bool
    reason: str | None
    summary: ModelSummary | None


@dataclass(frozen=True)
class TokenPlayer:
    """A token that is a text player of explanations.

    Attributes:
        token: its spelling in the vocabulary, such as ``rose</w>`` or ``▁rose``. The text players of explanations have
            the caption's own text instead.
        start: where it begins, in Unicode scalars of the given text.
        end: where it ends, excluded.
        ids: its vocabulary ids.
    """

    token: str
    start: int
    end: int
    ids: list[int]


@dataclass(frozen=True)
class TextPlayer:
    """A text player.

    Attributes:
        token: its text: what the caption has from ``start`` to ``end``.
        start: where it begins, in Unicode scalars of the caption.
        end: where it ends, excluded.
    """

    token: str
    start: int
    end: int


@dataclass(frozen=True)
class Faithfulness:
    """How well the values predict the model on coalitions drawn at random, above the empty value (the paper's section
    5). A member is absent where it has no value, as a correlation of constants.

    Attributes:
        samples: coalitions drawn.
        r_squared: coefficient of determination, at most 1; negative where the mean would do better.
        pearson: pearson correlation.
        spearman: spearman's rank correlation.
        kendall: kendall's rank correlation.
        mean_squared_error: in logits squared.
        mean_absolute_error: in logits.
        cosine: cosine of the two vectors of values.
    """

    samples: int
    r_squared: float | None
    pearson: float | None
    spearman: float | None
    kendall: float | None
    mean_squared_error: float
    mean_absolute_error: float
    cosine: float | None


@dataclass(frozen=True)
class Curves:
    """The values of the model as players are removed in the explanation's order (the paper's section 5), with 0 for the
    empty and 1 for the whole pair, at 51 even fractions of players present, from none to all.

    Attributes:
        least_important_first: with the least important players removed first: 51 points.
        most_important_first: with the most important players removed first: 51 points.
        area_between: the area between the first curve and the second; larger is better.
    """

    least_important_first: list[float]
    most_important_first: list[float]
    area_between: float


@dataclass(frozen=True)
class Subset:
    """A coalition.

    Attributes:
        size: players in it.
        players: their numbers, ascending.
        value: predicted value above that of the empty pair, in logits.
    """

    size: int
    players: list[int]
    value: float


@dataclass(frozen=True)
class ClassScore:
    """A class of an image.

    Attributes:
        index: which class, counted from 0.
        name: its name.
        logit: logitScale · cosine + logitBias.
        probability: cLIP: softmax over the classes. SigLIP: sigmoid of the logit.
    """

    index: int
    name: str
    logit: float
    probability: float
