"""What can be read from an estimate that the client holds; it needs no daemon."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Union

from .arrays import Matrix, Vector
from .naming import find_players, player_name
from .values import Players, StandardErrors, Values, to_arrays

Player = Union[int, str]
"""A player's number (image players first), or a word of the caption."""


@dataclass(frozen=True)
class Pair:
    """Two players and their interaction.

    Attributes:
        players: their numbers, the lower first.
        names: what they are: words of the caption, ``"row 2, column 5"`` of the grid, or ``"region 3"``.
        value: in logits.
        error: standard error of the value; ``None`` where it is not known.
    """

    players: tuple[int, int]
    names: tuple[str, str]
    value: float
    error: float | None

    def __repr__(self) -> str:
        error = "" if self.error is None else f" ± {self.error:.2f}"
        return f"<{self.names[0]} × {self.names[1]}: {self.value:+.2f}{error}>"


class Estimate:
    """An estimate of an explanation, and what one reads from it.

    Attributes:
        model: the model it is about.
        text: the caption.
        players: who plays: image players first, then text players.
        empty_value, full_value: values of the empty pair (nothing shown) and of the whole pair, in logits or cosines.
        cosine: cosine of the whole pair.
    """

    model: str
    text: str
    players: Players
    empty_value: float
    full_value: float
    cosine: float

    @property
    def values(self) -> Values:
        """The latest estimate."""
        raise NotImplementedError

    @property
    def first(self) -> Vector:
        """``[n]``, logits: the value of each player alone."""
        return self.values.first

    @property
    def first_order_reading(self) -> Vector:
        """``[n]``, logits: each player's value with its share of all its pairs; what to rank players by."""
        return self.values.first_order_reading

    @property
    def pairs(self) -> Matrix | None:
        """``[n, n]``, logits, symmetric: the interaction of each two players; ``None`` for order 1."""
        return self.values.pairs

    @property
    def cross_modal(self) -> Matrix | None:
        """``[n_T, n_I]``, logits: the interaction of each text player with each image player; ``None`` for order 1."""
        return self.values.cross_modal

    @property
    def standard_errors(self) -> StandardErrors | None:
        """Standard errors of all values, in the same shapes."""
        return self.values.standard_errors

    @property
    def loo_r2(self) -> float | None:
        """The share of the variance over unseen coalitions that the values explain, by leave-one-out."""
        return self.values.loo_r2

    @property
    def words(self) -> list[str]:
        """The text players as they stand in the caption."""
        return [self.text[player.start : player.end] for player in self.players.text]

    def _ipython_key_completions_(self) -> list[str]:
        return [word for word in self.words if self.words.count(word) == 1]

    def to_numpy(self) -> dict[str, Any]:
        """The values as float32 arrays: ``first``, ``first_order_reading``, ``pairs``, ``cross_modal``, and their
        standard errors as ``…_error``.

        Raises:
            ImportError: NumPy is not installed.
        """
        return to_arrays(self.values)

    def find_players(self, player: Player) -> list[int]:
        """The numbers of a player given by number, or of the players that a word of the caption consists of.

        Raises:
            ValueError: there is no such player or word, or the word occurs more than once.
        """
        return find_players(player, self.text, self.players)

    def top_pairs(self, count: int = 10, *, between: Literal["all", "cross_modal"] = "all") -> list[Pair]:
        """The strongest interactions of pairs, strongest first.

        Args:
            between: ``"all"`` players, or ``"cross_modal"``: a text and an image player.

        Raises:
            ValueError: the estimate is of order 1 and has no pairs.
        """
        return sorted(self._all_pairs(between), key=lambda pair: -abs(pair.value))[:count]

    def to_dataframe(self, of: Literal["players", "pairs"] = "players") -> Any:
        """The estimate as a pandas DataFrame.

        Args:
            of: ``"players"``, a row for each with its value, its first-order reading and the reading's standard error,
                or ``"pairs"``, a row for each pair, strongest first.

        Raises:
            ImportError: pandas is not installed.
            ValueError: pairs of an estimate of order 1.
        """
        try:
            import pandas
        except ImportError:
            raise ImportError("to_dataframe() needs pandas: pip install pandas") from None
        if of == "pairs":
            pairs = self.top_pairs(len(self.players) ** 2)
            return pandas.DataFrame(
                {
                    "i": [pair.players[0] for pair in pairs],
                    "j": [pair.players[1] for pair in pairs],
                    "first": [pair.names[0] for pair in pairs],
                    "second": [pair.names[1] for pair in pairs],
                    "value": [pair.value for pair in pairs],
                    "error": [pair.error for pair in pairs],
                }
            )
        errors = self.standard_errors
        everybody = range(len(self.players))
        return pandas.DataFrame(
            {
                "side": ["image" if player < self.players.image.count else "text" for player in everybody],
                "name": [self.name_of(player) for player in everybody],
                "value": [float(self.first[player]) for player in everybody],
                "reading": [float(self.first_order_reading[player]) for player in everybody],
                "error": [
                    None if errors is None else float(errors.first_order_reading[player]) for player in everybody
                ],
            }
        )

    def name_of(self, player: int) -> str:
        """What a player is: a word of the caption, ``"row 2, column 5"`` of the grid, or ``"region 3"``."""
        return player_name(player, self.text, self.players)

    def _all_pairs(self, between: str) -> list[Pair]:
        if self.pairs is None:
            raise ValueError("the estimate is of order 1 and has no pairs")
        errors = None if self.standard_errors is None else self.standard_errors.pairs
        count, images = len(self.players), self.players.image.count
        return [
            Pair(
                players=(i, j),
                names=(self.name_of(i), self.name_of(j)),
                value=float(self.pairs[i][j]),
                error=None if errors is None else float(errors[i][j]),
            )
            for i in range(count)
            for j in range(i + 1, count)
            if between == "all" or i < images <= j
        ]


class SavedExplanation(Estimate):
    """An explanation that was saved to a file; it needs no daemon.

    Attributes:
        image: the image's name.
    """

    def __init__(self, wire: Mapping[str, Any]) -> None:
        self.model = wire["model"]
        self.image: str = wire["image"]
        self.text = wire["caption"]
        self.players = Players.from_wire(wire["players"])
        self.empty_value = wire["emptyValue"]
        self.full_value = wire["fullValue"]
        self.cosine = wire["cosine"]
        self._values = Values.from_wire(wire["values"], self.players)

    @property
    def values(self) -> Values:
        """The estimate."""
        return self._values

    def __repr__(self) -> str:
        return f"<SavedExplanation of {self.text!r} ({self.model}): logit {self.full_value:.2f}>"


def load(path: str | os.PathLike[str]) -> SavedExplanation:
    """Reads what ``save("why.json")`` wrote.

    Raises:
        ValueError: the file is no saved explanation.
    """
    with open(path, encoding="utf-8") as file:
        try:
            return SavedExplanation(json.load(file))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"{os.fspath(path)} is no explanation that save() wrote: {error!r}") from None
