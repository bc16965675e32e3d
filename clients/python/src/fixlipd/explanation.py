"""An explanation of why an image and a caption match: a handle on the daemon's, with the latest estimate."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, Callable, cast

from . import notebook, shapiq_export
from .choices import PairsWanted, Stop
from .comparison import Comparison
from .connection import Connection
from .contract import (
    EVALUATE_SAMPLES,
    EVALUATE_SEED,
    RENDER_ASK_MODEL,
    RENDER_MAP,
    RENDER_TOP_K,
    RENDER_VIEW,
    SUBSET_OBJECTIVE,
    Estimator,
    EvaluationMetric,
    ExportFormat,
    Order,
    Quadrant,
    RefineOptions,
    RenderFormat,
    RenderMap,
    RenderView,
    SubsetObjective,
    TerminalColors,
)
from .errors import BudgetInvalid, ExplanationNotFound, FixlipdError
from .estimate import Player
from .evaluation import Coalitions, Evaluation
from .explanation_base import ExplanationBase
from .live import Live, live_reporter
from .plots import Plot, PlotKind
from .requests import given, selection
from .saving import EXPORT, drawn, what_to_save, write_file
from .values import Condition, Progress, Subsets, Values


class Explanation(ExplanationBase):
    """An explanation of why an image and a caption match.

    It shows itself in notebooks. Its handle is closed by :meth:`close`, at the end of a ``with`` block, and when the
    object is no longer referred to; the values stay readable after that.
    """

    def refine(
        self,
        *,
        image_masks: int | None = None,
        text_masks: int | None = None,
        until: Stop | None = None,
        deadline: float | None = None,
        live: Live = None,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> Explanation:
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
        parameters = self._refine_parameters(RefineOptions(image_masks, text_masks, deadline, until))
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

        reporter = live_reporter(live, lambda: self.render("svg", width=860, compact=True))
        try:
            self._note_refined(self._refined(parameters, report, stop))
        except FixlipdError:
            if interrupted:
                raise KeyboardInterrupt from None
            raise
        finally:
            reporter.finish(self.summary())
        return self

    def _refined(self, parameters: dict[str, Any], report: Any, stop: Any) -> Any:
        try:
            return self._link.call("explanation/refine", parameters, report, stop)
        except ExplanationNotFound:
            self._reopen(keeps_masks=False)
            return self._link.call("explanation/refine", {**parameters, "explanation": self.id}, report, stop)

    def _reopen(self, *, keeps_masks: bool = True) -> None:
        """Opens the explanation again: the daemon forgot it when it was idle, or is another one."""
        rules = self._note_reopened(self._link.call("explanation/open", self._opening))
        if rules is not None and keeps_masks:
            self._link.call("explanation/refine", rules)

    def _ask(self, method: str, params: Mapping[str, Any]) -> Any:
        """Calls a method on this explanation and waits."""
        try:
            return self._link.call(method, self._addressed(params))
        except ExplanationNotFound:
            if self._is_closed:
                raise
            self._reopen()
            return self._link.call(method, self._addressed(params))

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        def draw(**options: Any) -> str:
            return str(self._ask("explanation/render", given(ask_model=True, **options))["content"])

        if self._is_closed:
            return {"text/plain": repr(self)}
        return notebook.mimebundle(repr(self), draw)

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

    def stop(self) -> int:
        """Ends a refinement that another thread waits for, early but with its result.

        Returns:
            how many refinements were ended.
        """
        return int(self._ask("explanation/stop", {})["stopped"])

    def estimate(
        self,
        *,
        estimator: Estimator | None = None,
        order: Order | None = None,
        pairs: PairsWanted = "all",
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
        numbers = self.find_players(player)
        replies = [self._ask("explanation/condition", {"player": number}) for number in numbers]
        view = "token" if numbers[0] >= self.players.image.count else "patch"

        def draw(**options: Any) -> str:
            wanted = {"view": view, "player": numbers[0], "compact": True, **options}
            return str(self._ask("explanation/render", given(**wanted))["content"])

        return Condition.from_wire(replies, self.players, draw)

    def __getitem__(self, player: Player) -> Condition:
        """As :meth:`condition`; the words of the caption complete by Tab."""
        return self.condition(player)

    def subset(self, sizes: int | Sequence[int], objective: SubsetObjective = SUBSET_OBJECTIVE) -> Subsets:
        """The coalitions of the given sizes with the largest (``"max"``) or smallest (``"min"``) predicted value."""
        wanted = [sizes] if isinstance(sizes, int) else list(sizes)
        return Subsets.from_wire(self._ask("explanation/subset", {"sizes": wanted, "objective": objective}))

    def compare(self, other: Explanation) -> Comparison:
        """Both explanations on common players: the finer image grid and the captions' words."""
        other._addressed({})
        try:
            reply = self._ask_about_both(other)
        except ExplanationNotFound:
            self._reopen()
            other._reopen()
            reply = self._ask_about_both(other)
        return Comparison(reply, lambda options: self._ask("explanation/render", {**options, "compareWith": other.id}))

    def _ask_about_both(self, other: Explanation) -> Any:
        return self._link.call("explanation/compare", {"explanations": [self._addressed({})["explanation"], other.id]})

    def evaluate(
        self,
        metric: EvaluationMetric = "faithfulness",
        *,
        samples: int = EVALUATE_SAMPLES,
        p: float | None = None,
        seed: int = EVALUATE_SEED,
        targets: Mapping[Player, Quadrant] | None = None,
    ) -> Evaluation:
        """Measures the explanation, with further masks.

        Args:
            metric: ``"faithfulness"``, ``"insertion_deletion"`` or ``"pointing_game"``.
            samples, p, seed: coalitions drawn for faithfulness (1000), their probability of presence, and their seed.
            targets: for the pointing game, words and their quadrants, such as ``{"dog": "top_left"}``.
        """
        parameters = self._evaluate_parameters(metric, samples, p, seed, targets)
        return Evaluation.from_wire(self._ask("explanation/evaluate", parameters))

    def coalitions(
        self,
        coalitions: Iterable[Iterable[Player]],
        *,
        estimator: Estimator | None = None,
        order: Order | None = None,
    ) -> Coalitions:
        """What the model says of coalitions of your choosing, beside what the estimate predicts.

        Args:
            coalitions: of each, the players that are present: their numbers, or words of the caption.
            estimator, order: of the estimate, if not those of the explanation.

        Raises:
            ValueError: there is no such player or word, or the word occurs more than once.
        """
        parameters = self._coalition_parameters(coalitions, estimator, order)
        return Coalitions.from_wire(self._ask("explanation/coalitions", parameters))

    def render(
        self,
        format: RenderFormat = "svg",
        *,
        view: RenderView = RENDER_VIEW,
        player: Player | None = None,
        top_k: int = RENDER_TOP_K,
        width: int | None = None,
        colors: TerminalColors | None = None,
        map: RenderMap = RENDER_MAP,
        compact: bool | None = None,
        ask_model: bool = RENDER_ASK_MODEL,
    ) -> Any:
        """A drawing of the estimate.

        Args:
            format: ``"svg"``, ``"html"``, ``"ansi"`` (for terminals), ``"markdown"``, or ``"png"`` or ``"pdf"``, for which
                librsvg has to be installed where the daemon runs.
            view: ``"overview"``, ``"token"`` or ``"patch"`` (of ``player``), ``"pairs"``, or one plot; see :meth:`plot`.
            player: a number, or a word, of which the first token counts.
            top_k: how many of the strongest pairs are drawn.
            width: pixels, or columns of a terminal.
            colors: ``"trueColor"``, ``"ansi256"`` or ``"none"``, for ``"ansi"``.
            map: ``"smooth"``, or ``"cells"`` for values patch by patch.
            compact: only the caption, the picture and the words; by default for PNG and PDF.
            ask_model: ask the model for its values of the parts that an overview names; encodes a few masks.

        Returns:
            the text of the drawing; for ``"png"`` and ``"pdf"`` the bytes of the file.
        """
        parameters = self._render_parameters(
            format, view, player, top_k, width, colors, map=map, compact=compact, ask_model=ask_model
        )
        return drawn(self._ask("explanation/render", parameters))

    def plot(self, kind: PlotKind = "force", *, top_k: int = RENDER_TOP_K, width: int | None = None) -> Plot:
        """One plot of the estimate, which a notebook shows.

        Args:
            kind: ``"waterfall"`` or ``"force"``, from nothing shown to all shown; ``"network"``, the strongest pairs as
                a graph; ``"upset"``, single players and pairs by strength, and who is in them.
            top_k: half as many as there are pairs in a network, and bars in an upset plot.
            width: in pixels.
        """
        return Plot(self.render("svg", view=kind, top_k=top_k, width=width), f"{kind} of {self.text!r}")

    def save(self, path: Any, **options: Any) -> None:
        """Writes a drawing (``.html``, ``.svg``, ``.png``, ``.pdf``, ``.md``, ``.txt``) or all values (``.json``) to a file.

        Args:
            options: of :meth:`render`. Text files have no colours unless ``colors`` names some.

        Raises:
            ValueError: another ending.
        """
        format, options = what_to_save(path, options, exports=True)
        write_file(path, self.export() if format == EXPORT else self.render(cast(RenderFormat, format), **options))

    def export(self, format: ExportFormat = "json") -> str:
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

    def __enter__(self) -> Explanation:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
