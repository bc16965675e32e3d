"""An explanation of why an image and a caption match: a handle on the daemon's, with the latest estimate."""

from __future__ import annotations

import weakref
from types import TracebackType
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Type, TypeVar, Union

from . import notebook, shapiq_export
from .arrays import Matrix, Vector
from .comparison import Comparison
from .connection import Connection
from .errors import BudgetInvalid, ExplanationNotFound, FixlipdError, TextInvalid
from .link import Link
from .live import Live, live_reporter
from .naming import find_players
from .requests import Stop, given, refine_parameters, selection
from .saving import save_text
from .values import Condition, Players, Progress, StandardErrors, Subsets, Values, to_arrays

Self = TypeVar("Self", bound="ExplanationBase")
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
            ``"stopped"`` or ``"exhausted"``.
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
        self.stop_reason: Optional[str] = None
        self.elapsed: float = 0.0
        self._link = link
        self._values: Optional[Values] = None
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
    def pairs(self) -> Optional[Matrix]:
        """``[n, n]``, logits, symmetric: the interaction of each two players; ``None`` for order 1."""
        return self.values.pairs

    @property
    def cross_modal(self) -> Optional[Matrix]:
        """``[n_T, n_I]``, logits: the interaction of each text player with each image player; ``None`` for order 1."""
        return self.values.cross_modal

    @property
    def standard_errors(self) -> Optional[StandardErrors]:
        """Standard errors of all values, in the same shapes."""
        return self.values.standard_errors

    @property
    def loo_r2(self) -> Optional[float]:
        """The share of the variance over unseen coalitions that the values explain, by leave-one-out."""
        return self.values.loo_r2

    @property
    def words(self) -> List[str]:
        """The text players as they stand in the caption."""
        return [self.text[player.start : player.end] for player in self.players.text]

    def to_numpy(self) -> Dict[str, Any]:
        """The values as float32 arrays: ``first``, ``first_order_reading``, ``pairs``, ``cross_modal``, and their
        standard errors as ``…_error``.

        Raises:
            ImportError: NumPy is not installed.
        """
        return to_arrays(self.values)

    def find_players(self, player: Player) -> List[int]:
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

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Dict[str, str]:
        def draw(**options: Any) -> str:
            return str(self._ask("explanation/render", given(**options))["content"])

        if self._is_closed:
            return {"text/plain": repr(self)}
        return notebook.mimebundle(repr(self), draw)

    def _ask(self, method: str, params: Mapping[str, Any]) -> Any:
        """Calls a method on this explanation and waits."""
        return self._link.call(method, self._addressed(params))

    def _addressed(self, params: Mapping[str, Any]) -> Dict[str, Any]:
        if self._is_closed:
            raise ExplanationNotFound("this explanation is closed; its values are still here, the rest is gone")
        return {"explanation": self.id, **params}

    def _render_parameters(
        self, format: str, view: Optional[str], player: Optional[Player], top_k: Optional[int], width: Optional[int],
        colors: Optional[str], compare_with: Optional["ExplanationBase"] = None,
    ) -> Dict[str, Any]:
        return given(
            format=format, view=view, player=None if player is None else self.find_players(player)[0], top_k=top_k,
            width=width, colors=colors, compare_with=compare_with and compare_with.id)

    def _refine_parameters(
        self, image_masks: Optional[int], text_masks: Optional[int], until: Optional[Stop], deadline: Optional[float],
    ) -> Dict[str, Any]:
        rules = refine_parameters(image_masks=image_masks, text_masks=text_masks, until=until, deadline=deadline)
        return self._addressed({**rules, "values": selection(pairs="all", standard_errors=True)})

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


class Explanation(ExplanationBase):
    """An explanation of why an image and a caption match.

    It shows itself in notebooks. Its handle is closed by :meth:`close`, at the end of a ``with`` block, and when the
    object is no longer referred to; the values stay readable after that.
    """

    def refine(
        self, *, image_masks: Optional[int] = None, text_masks: Optional[int] = None, until: Optional[Stop] = None,
        deadline: Optional[float] = None, live: Live = None, on_progress: Optional[Callable[[Progress], None]] = None,
    ) -> "Explanation":
        """Adds masks until a stop rule holds, and takes over the estimate.

        A ``KeyboardInterrupt`` ends the refinement and keeps what there is (``stop_reason`` is then ``"stopped"``); a
        second one goes on to the caller.

        Args:
            image_masks, text_masks: how many masks the estimate shall rest on in all, not how many to add. By default
                512 image masks if there is no other rule; all text masks up to 2^8, else 256.
            until: stop when good enough: an :class:`Until`, or a standard error in logits.
            deadline: stop after so many seconds.
            live: show progress: in notebooks a picture that follows the estimate, elsewhere a tqdm bar. By default
                wherever somebody can see it.
            on_progress: called with each :class:`Progress` on this thread; those it has no time for are skipped.

        Returns:
            this explanation.
        """
        parameters = self._refine_parameters(image_masks, text_masks, until, deadline)
        begun = interrupted = False

        def report(wire: Mapping[str, Any]) -> None:
            nonlocal begun
            begun = True
            progress = self._note_progress(wire)
            reporter.report(progress)
            if on_progress is not None:
                on_progress(progress)

        def stop(connection: Connection) -> bool:
            nonlocal interrupted
            interrupted = begun
            if begun:
                connection.post("explanation/stop", {"explanation": self.id})
            return begun

        reporter = live_reporter(live, lambda: self.render("svg", width=860))
        try:
            self._note_refined(self._link.call("explanation/refine", parameters, report, stop))
        except FixlipdError:
            if interrupted:
                raise KeyboardInterrupt from None
            raise
        finally:
            reporter.finish(self.summary())
        return self

    def stop(self) -> int:
        """Ends a refinement that another thread waits for, early but with its result.

        Returns:
            how many refinements were ended.
        """
        return int(self._ask("explanation/stop", {})["stopped"])

    def estimate(
        self, *, estimator: Optional[str] = None, order: Optional[int] = None, pairs: Union[str, int] = "all",
        standard_errors: bool = True,
    ) -> Values:
        """Another reading of the same masks; asks no model.

        Args:
            estimator: ``"ridge"`` or ``"least_squares"``.
            order: 1 or 2.
            pairs: ``"all"``, ``"cross_modal"``, ``"none"``, or k for the k strongest.
        """
        chosen = selection(pairs=pairs, standard_errors=standard_errors, estimator=estimator, order=order)
        return Values.from_wire(self._ask("explanation/values", chosen)["values"], self.players)

    def condition(self, player: Player) -> Condition:
        """The pairs of one player: a heat map for a word, a weight per word for a patch.

        Args:
            player: a word of the caption (the pairs of its tokens are summed), or a player's number.

        Raises:
            ValueError: there is no such player or word, or the word occurs more than once.
        """
        replies = [self._ask("explanation/condition", {"player": number}) for number in self.find_players(player)]
        return Condition.from_wire(replies, self.players)

    def subset(self, sizes: Union[int, Sequence[int]], objective: str = "max") -> Subsets:
        """The coalitions of the given sizes with the largest (``"max"``) or smallest (``"min"``) predicted value."""
        wanted = [sizes] if isinstance(sizes, int) else list(sizes)
        return Subsets.from_wire(self._ask("explanation/subset", {"sizes": wanted, "objective": objective}))

    def compare(self, other: "Explanation") -> Comparison:
        """Both explanations on common players: the finer image grid and the words both captions have."""
        other._addressed({})
        reply = self._link.call("explanation/compare", {"explanations": [self._addressed({})["explanation"], other.id]})
        return Comparison(reply, lambda options: self._ask("explanation/render", {**options, "compareWith": other.id}))

    def render(
        self, format: str = "svg", *, view: Optional[str] = None, player: Optional[Player] = None,
        top_k: Optional[int] = None, width: Optional[int] = None, colors: Optional[str] = None,
    ) -> str:
        """A drawing of the estimate.

        Args:
            format: ``"svg"``, ``"html"``, ``"ansi"`` (for terminals) or ``"markdown"``.
            view: ``"overview"``, ``"token"`` or ``"patch"`` (of ``player``), or ``"pairs"``.
            player: a number, or a word, of which the first token counts.
            top_k: how many of the strongest pairs are drawn.
            width: pixels, or columns of a terminal.
            colors: ``"trueColor"``, ``"ansi256"`` or ``"none"``, for ``"ansi"``.
        """
        parameters = self._render_parameters(format, view, player, top_k, width, colors)
        return str(self._ask("explanation/render", parameters)["content"])

    def save(self, path: Any, **options: Any) -> None:
        """Writes a drawing (``.html``, ``.svg``, ``.md``, ``.txt``) or all values (``.json``) to a file.

        Args:
            options: of :meth:`render`.

        Raises:
            ValueError: another ending.
        """
        save_text(path, lambda format: self.render(format, **options), self.export)

    def export(self, format: str = "json") -> str:
        """All values as JSON, or with ``"shapiq"`` the JSON that ``shapiq.InteractionValues.load`` reads."""
        return str(self._ask("explanation/export", {"format": format})["content"])

    def to_shapiq(self) -> Any:
        """The values as a ``shapiq.InteractionValues``.

        Raises:
            ImportError: shapiq is not installed.
        """
        return shapiq_export.interaction_values(lambda: self.export("shapiq"))

    def summary(self) -> str:
        """One line on how far the estimate has come."""
        r2 = "" if self._values is None or self._values.loo_r2 is None else f", R² {self._values.loo_r2:.3f}"
        end = f", {self.elapsed:.1f} s, {self.stop_reason}" if self.stop_reason else ""
        return f"{self.image_masks} image masks, {self.text_masks} text masks{r2}{end}"

    def close(self) -> None:
        """Gives the handle back; the daemon's warm games stay. Never raises, and may be called twice."""
        self._is_closed = True
        self._finalizer()

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType],
    ) -> None:
        self.close()
