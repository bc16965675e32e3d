"""Requests and explanations for asyncio. Nothing here waits on the event loop's thread."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, Callable, TypeVar, Union, cast

from . import notebook, shapiq_export
from .choices import PairsWanted, Stop
from .comparison import AsyncComparison
from .connection import Event, FailureEvent, ResultEvent
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
from .link import Link, last_of
from .plots import Plot, PlotKind
from .requests import selection
from .saving import EXPORT, drawn, what_to_save, write_file
from .values import Condition, Progress, Subsets, Values

Result = TypeVar("Result")
OnProgress = Callable[[Progress], Union[Awaitable[None], None]]


async def acall(
    link: Link,
    method: str,
    params: Mapping[str, Any],
    on_progress: Callable[[Mapping[str, Any]], Awaitable[None] | None] | None = None,
) -> Any:
    """Sends a request and awaits its result. Cancelling the task cancels the request.

    ``on_progress`` gets the latest progress value; values it had no time for are skipped.
    """
    loop = asyncio.get_running_loop()
    events: asyncio.Queue[Event] = asyncio.Queue()

    def deliver(event: Event) -> None:
        with contextlib.suppress(RuntimeError):  # The loop was closed, so nobody waits.
            loop.call_soon_threadsafe(events.put_nowait, event)

    connection = await loop.run_in_executor(None, link.connection)
    identifier = connection.send(method, params, deliver, progress=on_progress is not None)
    try:
        while True:
            event, latest = last_of(await events.get(), events)
            if latest is not None and on_progress is not None:
                waiting = on_progress(latest.value)
                if inspect.isawaitable(waiting):
                    await waiting
            if isinstance(event, ResultEvent):
                return event.value
            if isinstance(event, FailureEvent):
                raise event.error
    except FixlipdError:
        raise
    except BaseException:
        connection.cancel(identifier)
        raise


async def in_thread(work: Callable[[], Result]) -> Result:
    """Runs something that blocks beside the event loop."""
    return await asyncio.get_running_loop().run_in_executor(None, work)


class AsyncExplanation(ExplanationBase):
    """An explanation whose methods are coroutines; see :class:`Explanation` for what they do.

    Cancelling the task that awaits :meth:`refine` cancels the refinement; :meth:`stop` ends it with its result. What is
    no coroutine (``values``, ``first``, the display in a notebook) is made of what was awaited before.
    """

    def __init__(self, link: Link, opening: Mapping[str, Any], opened: Mapping[str, Any]) -> None:
        super().__init__(link, opening, opened)
        self._drawing: str | None = None

    @property
    def values(self) -> Values:
        """The latest estimate: of :meth:`refine`, or of warm games where the explanation was opened with some.

        Raises:
            BudgetInvalid: there is no estimate yet.
        """
        if self._values is None:
            raise BudgetInvalid("the explanation has no estimate yet; await refine() first")
        return self._values

    async def refine(
        self,
        *,
        image_masks: int | None = None,
        text_masks: int | None = None,
        until: Stop | None = None,
        deadline: float | None = None,
        on_progress: OnProgress | None = None,
    ) -> AsyncExplanation:
        """Adds masks until a stop rule holds; ``on_progress`` may be a coroutine function."""

        def report(wire: Mapping[str, Any]) -> Awaitable[None] | None:
            progress = self._note_progress(wire)
            return on_progress(progress) if on_progress is not None else None

        parameters = self._refine_parameters(RefineOptions(image_masks, text_masks, deadline, until))
        try:
            refined = await acall(self._link, "explanation/refine", parameters, report)
        except ExplanationNotFound:
            await self._reopen(keeps_masks=False)
            refined = await acall(self._link, "explanation/refine", {**parameters, "explanation": self.id}, report)
        self._note_refined(refined)
        await self._draw()
        return self

    async def _take_warm_values(self) -> None:
        """Fetches the estimate of masks that earlier explanations left, where there are enough for one."""
        if self._values is None and self.image_masks:
            try:
                self._values = await self.estimate()
            except BudgetInvalid:
                return
            await self._draw()

    async def _draw(self) -> None:
        """Fetches what a notebook will show, which must not wait when it asks."""
        self._drawing = await self.render("html", ask_model=True) if notebook.shell() is not None else None

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return notebook.prepared(repr(self), self._drawing)

    async def stop(self) -> int:
        """Ends a refinement that another task awaits, early but with its result."""
        return int((await self._acall("explanation/stop", {}))["stopped"])

    async def estimate(
        self,
        *,
        estimator: Estimator | None = None,
        order: Order | None = None,
        pairs: PairsWanted = "all",
        standard_errors: bool = True,
    ) -> Values:
        """Another reading of the same masks; asks no model."""
        chosen = selection(pairs=pairs, standard_errors=standard_errors, estimator=estimator, order=order)
        return Values.from_wire((await self._acall("explanation/values", chosen))["values"], self.players)

    async def condition(self, player: Player) -> Condition:
        """The pairs of one player: a heat map for a word, a weight per word for a patch."""
        replies = [
            await self._acall("explanation/condition", {"player": number}) for number in self.find_players(player)
        ]
        return Condition.from_wire(replies, self.players)

    async def subset(self, sizes: int | Sequence[int], objective: SubsetObjective = SUBSET_OBJECTIVE) -> Subsets:
        """The coalitions of the given sizes with the largest or smallest predicted value."""
        wanted = [sizes] if isinstance(sizes, int) else list(sizes)
        return Subsets.from_wire(await self._acall("explanation/subset", {"sizes": wanted, "objective": objective}))

    async def compare(self, other: AsyncExplanation) -> AsyncComparison:
        """Both explanations on common players: the finer image grid and the captions' words."""
        try:
            reply = await self._ask_about_both(other)
        except ExplanationNotFound:
            await asyncio.gather(self._reopen(), other._reopen())
            reply = await self._ask_about_both(other)

        async def draw(options: Mapping[str, Any]) -> Mapping[str, Any]:
            drawn: Mapping[str, Any] = await self._acall("explanation/render", {**options, "compareWith": other.id})
            return drawn

        comparison = AsyncComparison(reply, draw)
        await comparison.prepare_display()
        return comparison

    async def _ask_about_both(self, other: AsyncExplanation) -> Any:
        pair = {"explanations": [self._addressed({})["explanation"], other._addressed({})["explanation"]]}
        return await acall(self._link, "explanation/compare", pair)

    async def evaluate(
        self,
        metric: EvaluationMetric = "faithfulness",
        *,
        samples: int = EVALUATE_SAMPLES,
        p: float | None = None,
        seed: int = EVALUATE_SEED,
        targets: Mapping[Player, Quadrant] | None = None,
    ) -> Evaluation:
        """Measures the explanation, with further masks; see :meth:`Explanation.evaluate`."""
        parameters = self._evaluate_parameters(metric, samples, p, seed, targets)
        return Evaluation.from_wire(await self._acall("explanation/evaluate", parameters))

    async def coalitions(
        self,
        coalitions: Iterable[Iterable[Player]],
        *,
        estimator: Estimator | None = None,
        order: Order | None = None,
    ) -> Coalitions:
        """What the model says of coalitions of your choosing; see :meth:`Explanation.coalitions`."""
        parameters = self._coalition_parameters(coalitions, estimator, order)
        return Coalitions.from_wire(await self._acall("explanation/coalitions", parameters))

    async def render(
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
        """A drawing of the estimate."""
        parameters = self._render_parameters(
            format, view, player, top_k, width, colors, map=map, compact=compact, ask_model=ask_model
        )
        return drawn(await self._acall("explanation/render", parameters))

    async def plot(self, kind: PlotKind = "force", *, top_k: int = RENDER_TOP_K, width: int | None = None) -> Plot:
        """One plot of the estimate; see :meth:`Explanation.plot`."""
        return Plot(await self.render("svg", view=kind, top_k=top_k, width=width), f"{kind} of {self.text!r}")

    async def save(self, path: Any, **options: Any) -> None:
        """Writes a drawing (``.html``, ``.svg``, ``.png``, ``.pdf``, ``.md``, ``.txt``) or all values (``.json``) to a file."""
        format, options = what_to_save(path, options, exports=True)
        content = await (self.export() if format == EXPORT else self.render(cast(RenderFormat, format), **options))
        await in_thread(lambda: write_file(path, content))

    async def export(self, format: ExportFormat = "json") -> str:
        """All values as JSON, or with ``"shapiq"`` the JSON that ``shapiq.InteractionValues.load`` reads."""
        return str((await self._acall("explanation/export", {"format": format}))["content"])

    async def to_shapiq(self) -> Any:
        """The values as a ``shapiq.InteractionValues``."""
        content = await self.export("shapiq")
        return shapiq_export.interaction_values(lambda: content)

    async def close(self) -> None:
        """Gives the handle back; the daemon's warm games stay. Never raises, and may be called twice."""
        self._is_closed = True
        self._finalizer()

    async def __aenter__(self) -> AsyncExplanation:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def _acall(self, method: str, params: Mapping[str, Any]) -> Any:
        try:
            return await acall(self._link, method, self._addressed(params))
        except ExplanationNotFound:
            if self._is_closed:
                raise
            await self._reopen()
            return await acall(self._link, method, self._addressed(params))

    async def _reopen(self, *, keeps_masks: bool = True) -> None:
        """Opens the explanation again: the daemon forgot it when it was idle, or is another one."""
        rules = self._note_reopened(await acall(self._link, "explanation/open", self._opening))
        if rules is not None and keeps_masks:
            await acall(self._link, "explanation/refine", rules)
