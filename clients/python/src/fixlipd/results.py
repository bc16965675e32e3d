"""What the daemon answers about models, texts and similarity."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

from .arrays import Matrix, decode_floats, rows_matrix
from .contract import AvailableModel, ImageShape, LoadedModel, ModelSummary, TextShape, TokenPlayer
from .errors import FixlipdError, error_from_wire
from .requests import camel

Record = TypeVar("Record")


def record(kind: type[Record], wire: Mapping[str, Any], **changed: Any) -> Record:
    """A dataclass from the members of the same names; members it does not know are left out."""
    values = {field.name: wire.get(camel(field.name)) for field in fields(kind)}  # type: ignore[arg-type]
    return kind(**{**values, **changed})


def summary(wire: Mapping[str, Any]) -> ModelSummary | None:
    """what an available model is; None where it cannot be loaded, or the daemon does not say."""
    parts = wire.get("summary")
    if parts is None:
        return None
    image, text = record(ImageShape, parts["image"]), record(TextShape, parts["text"])
    return record(ModelSummary, parts, image=image, text=text)


@dataclass(frozen=True)
class Model:
    """A model as ``load`` reports it.

    Attributes:
        id: the name to give as ``model``.
        dimension: the length of its embeddings.
        image_size: width and height in pixels that it sees.
        patches: rows and columns of patches.
        positions: the most tokens of a text, special ones included.
        logit_scale, logit_bias: logit = logit_scale · cosine + logit_bias.
        precision, mask_precision: arithmetic of embeddings, and of masked inputs in explanations.
        bytes: memory of its weights.
        load_seconds: how long loading took; 0 where it was loaded already.
    """

    id: str
    path: str
    architecture: str
    dimension: int
    image_size: tuple[int, int]
    patches: tuple[int, int]
    positions: int
    vocabulary: int
    precision: str
    mask_precision: str
    logit_scale: float
    logit_bias: float
    bytes: int
    load_seconds: float

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> Model:
        image, text = wire["image"], wire["text"]
        return record(
            cls,
            wire,
            image_size=(image["width"], image["height"]),
            patches=(image["rows"], image["columns"]),
            positions=text["positions"],
            vocabulary=text["vocabulary"],
            load_seconds=wire["loadMilliseconds"] / 1000,
        )


@dataclass(frozen=True)
class Models:
    """The models in memory and those on disk."""

    loaded: list[LoadedModel]
    available: list[AvailableModel]

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> Models:
        return cls(
            loaded=[record(LoadedModel, model) for model in wire["loaded"]],
            available=[record(AvailableModel, model, summary=summary(model)) for model in wire["available"]],
        )


@dataclass(frozen=True)
class Tokens:
    """How a model reads a text.

    Attributes:
        ids: what the model gets, special tokens and padding included.
        tokens: the same as strings.
        offsets: ``(start, end)`` per id, as indexes into the given ``str``.
        players: the tokens that are players of an explanation.
        truncated: whether the text was longer than the model's positions.
    """

    ids: list[int]
    tokens: list[str]
    offsets: list[tuple[int, int]]
    players: list[TokenPlayer]
    truncated: bool

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> Tokens:
        return record(
            cls,
            wire,
            offsets=[(start, end) for start, end in wire["offsets"]],
            players=[record(TokenPlayer, player) for player in wire["players"]],
        )


@dataclass(frozen=True)
class Ranked:
    """An image with a text.

    Attributes:
        image, text: which, as they were given, from 0.
        logit, cosine, probability: as in :class:`Similarity`.
    """

    image: int
    text: int
    logit: float
    cosine: float
    probability: float


@dataclass(frozen=True, eq=False)
class Similarity:
    """Images against texts: ``[images, texts]``, or ``[1, pairs]`` for ``pairing="zip"``; NaN where an item failed.

    Attributes:
        cosine: cosine of the embeddings.
        logits: what the model was trained on: scale · cosine + bias.
        probabilities: CLIP: softmax over the texts of an image (NaN for ``pairing="zip"``); SigLIP: sigmoid per pair.
        errors: with ``on_error="return"``, what was wrong: ``("images" or "texts", exception)``, whose ``index`` says
            which.
    """

    cosine: Matrix
    logits: Matrix
    probabilities: Matrix
    errors: list[tuple[str, FixlipdError]] = field(default_factory=list)

    def ranked(self) -> list[Ranked]:
        """The pairs of a table of all images and texts by their logits, best match first, without failed items."""
        cells = [
            Ranked(row, column, float(logit), float(self.cosine[row][column]), float(self.probabilities[row][column]))
            for row, logits in enumerate(self.logits)
            for column, logit in enumerate(logits)
            if not math.isnan(logit)
        ]
        return sorted(cells, key=lambda cell: -cell.logit)

    def __repr__(self) -> str:
        columns = len(self.logits[0]) if len(self.logits) else 0
        failed = f", {len(self.errors)} failed" if self.errors else ""
        return f"<Similarity of {len(self.logits)} × {columns} pairs{failed}>"

    @classmethod
    def from_wire(cls, replies: Sequence[Mapping[str, Any]], starts: Sequence[int], pairing: str) -> Similarity:
        """From the replies to one or more chunks of images, which begin at ``starts``."""

        def table(name: str) -> Matrix:
            rows = [row for reply in replies for row in reply[name]]
            if pairing == "zip":
                rows = [[value for row in rows for value in row]]
            return rows_matrix([decode_floats(row) for row in rows], len(rows[0]) if rows else 0)

        errors: dict[tuple[str, int], FixlipdError] = {}
        for reply, start in zip(replies, starts):
            for item in reply.get("errors") or []:
                error = error_from_wire(item)
                shifted = start if item["of"] == "images" or pairing == "zip" else 0
                error.index = item["index"] + shifted
                errors[(item["of"], error.index)] = error
        return cls(
            cosine=table("cosine"),
            logits=table("logits"),
            probabilities=table("probabilities"),
            errors=[(side, error) for (side, _), error in errors.items()],
        )


def embedding_matrix(replies: Sequence[Mapping[str, Any]]) -> Matrix:
    """``[items, dimension]`` from the replies to one or more chunks."""
    rows = [row if row is None else decode_floats(row) for reply in replies for row in reply["embeddings"]]
    return rows_matrix(rows, replies[0]["dimension"] if replies else 0)


def item_errors(replies: Sequence[Mapping[str, Any]]) -> list[FixlipdError]:
    """What was wrong with single items, their index counted over all chunks."""
    errors: list[FixlipdError] = []
    start = 0
    for reply in replies:
        for item in reply.get("errors") or []:
            error = error_from_wire(item)
            error.index = item["index"] + start
            errors.append(error)
        start += len(reply["embeddings"])
    return errors
