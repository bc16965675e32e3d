"""Arguments that may have several forms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Union


@dataclass(frozen=True)
class Until:
    """When an estimate is good enough.

    Attributes:
        standard_error: the largest standard error, in logits, that the leading values may have.
        top_k: how many of the strongest pairs are looked at.
        stable_rounds: over how many successive estimates those pairs must stay the same.
    """

    standard_error: float | None = None
    top_k: int | None = None
    stable_rounds: int | None = None


Stop = Union[Until, float, Mapping[str, Any]]
"""An :class:`Until`, a standard error in logits, or a mapping with the names of either."""

Seed = Union[int, Mapping[str, int]]
"""One number, or one for the masks of each side: ``{"image": …, "text": …}``."""

TextPlayers = Union[Literal["words", "tokens"], Sequence[tuple[int, int]]]
"""``"words"``, ``"tokens"`` or ``(start, end)`` ranges of characters of the caption."""

PairsWanted = Union[Literal["all", "cross_modal", "none"], int]
"""All pairs, those of a text and an image player, none, or the k strongest."""

OnError = Literal["raise", "return"]
"""What happens when one item is bad: its error is raised, or returned beside the results of the others."""
