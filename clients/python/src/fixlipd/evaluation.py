"""Measures of how good an explanation is (Baniecki et al., NeurIPS 2025, section 5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Callable

from .contract import Curves, Estimator, EvaluationMetric, Faithfulness, Order, Quadrant
from .requests import camel, given, selection
from .results import record


@dataclass(frozen=True)
class Evaluation:
    """The one measure that was asked for; the others are ``None``.

    Attributes:
        pointing_game: the share of the words' interactions that has the right sign in the right quadrant.
    """

    metric: str
    faithfulness: Faithfulness | None
    insertion_deletion: Curves | None
    pointing_game: float | None

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> Evaluation:
        faithfulness, curves = wire.get("faithfulness"), wire.get("insertionDeletion")
        return record(
            cls,
            wire,
            faithfulness=faithfulness and record(Faithfulness, faithfulness),
            insertion_deletion=curves and record(Curves, curves),
        )


@dataclass(frozen=True)
class Coalitions:
    """Coalitions of the caller's choosing, one number each.

    Attributes:
        values: what the model says of the image and the caption masked so, in logits.
        predicted: what the estimate says, in logits; ``None`` before the first masks.
    """

    values: list[float]
    predicted: list[float] | None

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> Coalitions:
        return record(cls, wire)


def coalition_parameters(
    coalitions: Iterable[Iterable[int | str]],
    estimator: Estimator | None,
    order: Order | None,
    find: Callable[[int | str], list[int]],
) -> dict[str, Any]:
    """Parameters of ``explanation/coalitions``; ``find`` gives the players of a word."""
    listed = [sorted({number for player in coalition for number in find(player)}) for coalition in coalitions]
    chosen = selection(estimator=estimator, order=order)
    del chosen["encoding"]
    return {"coalitions": listed, **chosen}


def parameters(
    metric: EvaluationMetric,
    samples: int,
    p: float | None,
    seed: int,
    targets: Mapping[int | str, Quadrant] | None,
    find: Callable[[int | str], list[int]],
    image_players: int,
) -> dict[str, Any]:
    """Parameters of ``explanation/evaluate``; ``find`` gives the players of a word."""
    wanted = (
        None
        if targets is None
        else [
            {"textPlayers": [player - image_players for player in find(word)], "quadrant": camel(quadrant)}
            for word, quadrant in targets.items()
        ]
    )
    return given(metric=camel(metric), samples=samples, p=p, seed=seed, targets=wanted)
