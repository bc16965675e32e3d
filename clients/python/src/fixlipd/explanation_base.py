"""What explanations of both clients share: the facts, the latest estimate, and how they show themselves."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Mapping
from typing import Any

from . import evaluation
from .contract import (
    RENDER_MAP,
    Estimator,
    EvaluationMetric,
    Order,
    Quadrant,
    RefineOptions,
    RenderFormat,
    RenderMap,
    RenderView,
    TerminalColors,
)
from .errors import ExplanationNotFound, TextInvalid
from .estimate import Estimate, Player
from .link import Link
from .requests import given, refine_parameters, selection
from .values import Players, Progress, Values

LEAST_MASKS = 3
"""The least that a budget may ask for."""


class ExplanationBase(Estimate):
    """What :class:`Explanation` and :class:`AsyncExplanation` share: the facts and the latest estimate.

    Attributes:
        id: the daemon's name for it.
        model: the model it is about.
        text: the caption.
        players: who plays: image players first, then text players.
        empty_value, full_value: logits of the empty pair (nothing shown) and of the whole pair.
        cosine: cosine of the whole pair.
        centered_value: what the pairs across the two sides make up, v(1, 1) − v(1, ∅) − v(∅, 1) + v(∅, ∅).
        scale: what values are measured in, ``"logits"`` or ``"cosine"``.
        target: what the target came to, where there is one: its ``label``, the ``probability`` of a class.
        truncated: whether the caption was longer than the model reads.
        image_masks, text_masks: masks the estimate rests on.
        stop_reason: why the last refinement ended: ``"budget"``, ``"deadline"``, ``"standardError"``, ``"stable"``,
            ``"stopped"`` or ``"exhausted"``; ``None`` before, during and after one that failed.
        elapsed: seconds the last refinement took.
    """

    def __init__(self, link: Link, opening: Mapping[str, Any], opened: Mapping[str, Any]) -> None:
        target = opened.get("target")
        text: str = opening.get("text") or (target["label"] if target else "")
        self.id: str = opened["explanation"]
        self.model: str = opened["model"]
        self.text = text
        self.players = Players.from_wire(opened["players"])
        self.empty_value: float = opened["emptyValue"]
        self.full_value: float = opened["fullValue"]
        self.cosine: float = opened["cosine"]
        self.centered_value: float | None = opened.get("centeredValue")
        self.scale: str = opened.get("scale", "logits")
        self.target: dict[str, Any] | None = target
        self.truncated: bool = opened["truncated"]
        self.image_masks: int = opened["warm"]["imageMasks"]
        self.text_masks: int = opened["warm"]["textMasks"]
        self.stop_reason: str | None = None
        self.elapsed: float = 0.0
        self._link = link
        self._opening = opening
        self._values: Values | None = None
        self._is_closed = False
        self._finalizer = weakref.finalize(self, link.post, "explanation/close", {"explanation": self.id})
        if "image" in opening and "text" in opening and not self.players.text:
            self._finalizer()
            raise TextInvalid("the model finds no words in the caption")

    @property
    def is_closed(self) -> bool:
        return self._is_closed

    def __repr__(self) -> str:
        held = self.image_masks or self.text_masks
        masks = f"{held} {'image' if self.image_masks else 'text'} masks" if held else "no masks yet"
        r2 = "" if self._values is None or self._values.loo_r2 is None else f", R² {self._values.loo_r2:.2f}"
        what = "image and image" if "image2" in self._opening else self.text
        if "text2" in self._opening:
            what = f"{self.text} / {self._opening['text2']}"
        value = f"logit {self.full_value:.2f}" if self.scale == "logits" else f"cosine {self.full_value:.3f}"
        return f"<Explanation of {what!r} ({self.model}): {value}, {masks}{r2}>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        raise NotImplementedError

    def _note_reopened(self, opened: Mapping[str, Any]) -> dict[str, Any] | None:
        """Takes over the handle of the same explanation opened anew.

        Returns:
            how to bring it to the masks that it had; ``None`` where it had none.
        """
        self._finalizer.detach()
        self.id = opened["explanation"]
        self._finalizer = weakref.finalize(self, self._link.post, "explanation/close", {"explanation": self.id})
        if not self.image_masks and not self.text_masks:
            return None
        text_masks = None if self._opening.get("sampling") == "joint" else max(self.text_masks, LEAST_MASKS)
        options = RefineOptions(image_masks=max(self.image_masks, LEAST_MASKS), text_masks=text_masks)
        return self._addressed({**refine_parameters(options), "values": selection(pairs="none")})

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
        *,
        map: RenderMap,
        compact: bool | None,
        ask_model: bool,
    ) -> dict[str, Any]:
        return given(
            map=None if map == RENDER_MAP else map,
            compact=compact,
            ask_model=ask_model or None,
            format=format,
            view=view,
            player=None if player is None else self.find_players(player)[0],
            top_k=top_k,
            width=width,
            colors=colors,
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
