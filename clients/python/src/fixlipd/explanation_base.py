"""What explanations of both clients share: the facts, the latest estimate, and how they show themselves."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Mapping
from typing import Any, Union

from . import evaluation, notebook
from .arrays import Matrix, Vector
from .contract import (
    Estimator,
    EvaluationMetric,
    Order,
    Quadrant,
    RefineOptions,
    RenderFormat,
    RenderView,
    TerminalColors,
)
from .errors import BudgetInvalid, ExplanationNotFound, TextInvalid
from .link import Link
from .naming import find_players
from .requests import given, refine_parameters, selection
from .values import Players, Progress, StandardErrors, Values, to_arrays

Player = Union[int, str]
"""A player's number (image players first), or a word of the caption."""


class ExplanationBase:
    """What :class:`Explanation` and :class:`AsyncExplanation` share: the facts and the latest estimate.

    Attributes:
        id: the daemon's name for it.
        model: the model it is about.
        text: the caption.
        players: who plays: image players first, then text players.
        empty_value, full_value: logits of the empty pair (nothing shown) and of the whole pair.
        cosine: cosine of the whole pair.
        truncated: whether the caption was longer than the model reads.
        image_masks, text_masks: masks the estimate rests on.
        stop_reason: why the last refinement ended: ``"budget"``, ``"deadline"``, ``"standardError"``, ``"stable"``,
            ``"stopped"`` or ``"exhausted"``; ``None`` before, during and after one that failed.
        elapsed: seconds the last refinement took.
    """

    def __init__(self, link: Link, opened: Mapping[str, Any], text: str) -> None:
        self.id: str = opened["explanation"]
        self.model: str = opened["model"]
        self.text = text
        self.players = Players.from_wire(opened["players"])
        self.empty_value: float = opened["emptyValue"]
        self.full_value: float = opened["fullValue"]
        self.cosine: float = opened["cosine"]
        self.truncated: bool = opened["truncated"]
        self.image_masks: int = opened["warm"]["imageMasks"]
        self.text_masks: int = opened["warm"]["textMasks"]
        self.stop_reason: str | None = None
        self.elapsed: float = 0.0
        self._link = link
        self._values: Values | None = None
        self._is_closed = False
        self._finalizer = weakref.finalize(self, link.post, "explanation/close", {"explanation": self.id})
        if not self.players.text:
            self._finalizer()
            raise TextInvalid("the model finds no words in the caption")

    @property
    def values(self) -> Values:
        """The latest estimate. An explanation that was not refined has one if its games were warm.

        Raises:
            BudgetInvalid: there are no masks yet.
        """
        if self._values is None:
            if not self.image_masks:
                raise BudgetInvalid("the explanation has no masks yet; call refine() first")
            reply = self._ask("explanation/values", selection(standard_errors=True))
            self._values = Values.from_wire(reply["values"], self.players)
        return self._values

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

    @property
    def is_closed(self) -> bool:
        return self._is_closed

    def __repr__(self) -> str:
        masks = f"{self.image_masks} image masks" if self.image_masks else "no masks yet"
        r2 = "" if self._values is None or self._values.loo_r2 is None else f", R² {self._values.loo_r2:.2f}"
        return f"<Explanation of {self.text!r} ({self.model}): logit {self.full_value:.2f}, {masks}{r2}>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        def draw(**options: Any) -> str:
            return str(self._ask("explanation/render", given(**options))["content"])

        if self._is_closed:
            return {"text/plain": repr(self)}
        return notebook.mimebundle(repr(self), draw)

    def _ask(self, method: str, params: Mapping[str, Any]) -> Any:
        """Calls a method on this explanation and waits."""
        return self._link.call(method, self._addressed(params))

    def _addressed(self, params: Mapping[str, Any]) -> dict[str, Any]:
        if self._is_closed:
            raise ExplanationNotFound("this explanation is closed; its values are still here, the rest is gone")
        return {"explanation": self.id, **params}

    def _render_parameters(
        self,
        format: RenderFormat,
        view: RenderView,
        player: Player | None,
        top_k: int,
        width: int | None,
        colors: TerminalColors | None,
        compare_with: ExplanationBase | None = None,
    ) -> dict[str, Any]:
        return given(
            format=format,
            view=view,
            player=None if player is None else self.find_players(player)[0],
            top_k=top_k,
            width=width,
            colors=colors,
            compare_with=compare_with and compare_with.id,
        )

    def _evaluate_parameters(
        self,
        metric: EvaluationMetric,
        samples: int,
        p: float | None,
        seed: int,
        targets: Mapping[Player, Quadrant] | None,
    ) -> dict[str, Any]:
        return evaluation.parameters(metric, samples, p, seed, targets, self.find_players, self.players.image.count)

    def _coalition_parameters(
        self,
        coalitions: Iterable[Iterable[Player]],
        estimator: Estimator | None,
        order: Order | None,
    ) -> dict[str, Any]:
        return evaluation.coalition_parameters(coalitions, estimator, order, self.find_players)

    def _refine_parameters(
        self,
        options: RefineOptions,
    ) -> dict[str, Any]:
        rules = refine_parameters(options)
        parameters = self._addressed({**rules, "values": selection(pairs="all", standard_errors=True)})
        # A refinement that fails has no reason and no time; those of an earlier one would be wrong.
        self.stop_reason, self.elapsed = None, 0.0
        return parameters

    def _note_progress(self, wire: Mapping[str, Any]) -> Progress:
        progress = Progress.from_wire(wire, self.players)
        self.image_masks, self.text_masks = progress.image_masks, progress.text_masks
        if progress.values is not None:
            self._values = progress.values
        return progress

    def _note_refined(self, wire: Mapping[str, Any]) -> None:
        self.image_masks, self.text_masks = wire["imageMasks"], wire["textMasks"]
        self.stop_reason = wire["stopReason"]
        self.elapsed = wire["elapsedMilliseconds"] / 1000
        self._values = Values.from_wire(wire["values"], self.players)
