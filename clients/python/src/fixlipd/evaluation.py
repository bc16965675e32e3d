"""Measures of how good an explanation is (Baniecki et al., NeurIPS 2025, section 5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Dict, Iterable, List, Mapping, Optional, Union

from .requests import camel, given, selection
from .results import record


@dataclass(frozen=True)
class Faithfulness:
    """How well the values predict coalitions that were not used for them; ``None`` where undefined."""

    samples: int
    r_squared: Optional[float]
    pearson: Optional[float]
    spearman: Optional[float]
    kendall: Optional[float]
    mean_squared_error: float
    mean_absolute_error: float
    cosine: Optional[float]


@dataclass(frozen=True)
class Curves:
    """How fast the value falls as players are removed in the explanation's order.

    Attributes:
        least_important_first, most_important_first: normalised values at 51 even fractions of players present.
        area_between: the area between the two; larger is better.
    """

    least_important_first: List[float]
    most_important_first: List[float]
    area_between: float


@dataclass(frozen=True)
class Evaluation:
    """The one measure that was asked for; the others are ``None``.

    Attributes:
        pointing_game: the share of the words' interactions that has the right sign in the right quadrant.
    """

    metric: str
    faithfulness: Optional[Faithfulness]
    insertion_deletion: Optional[Curves]
    pointing_game: Optional[float]

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> "Evaluation":
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

    values: List[float]
    predicted: Optional[List[float]]

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> "Coalitions":
        return record(cls, wire)


def coalition_parameters(
    coalitions: Iterable[Iterable[Union[int, str]]],
    estimator: Optional[str],
    order: Optional[int],
    find: Callable[[Union[int, str]], List[int]],
) -> Dict[str, Any]:
    """Parameters of ``explanation/coalitions``; ``find`` gives the players of a word."""
    listed = [sorted({number for player in coalition for number in find(player)}) for coalition in coalitions]
    chosen = selection(estimator=estimator, order=order)
    del chosen["encoding"]
    return {"coalitions": listed, **chosen}


def parameters(
    metric: str,
    samples: Optional[int],
    p: Optional[float],
    seed: Optional[int],
    targets: Optional[Mapping[Union[int, str], str]],
    find: Callable[[Union[int, str]], List[int]],
    image_players: int,
) -> Dict[str, Any]:
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
