"""The client for asyncio. It shares connection, reader thread and arguments with the synchronous one."""

from __future__ import annotations

import asyncio
import inspect
from types import TracebackType
from typing import (
    Any,
    Awaitable,
    Callable,
    Dict,
    Iterable,
    List,
    Literal,
    Mapping,
    Optional,
    Sequence,
    Tuple,
    Type,
    TypeVar,
    Union,
    overload,
)

from . import batches, shapiq_export
from .arrays import Matrix
from .comparison import Comparison
from .connection import Event, FailureEvent, ResultEvent
from .errors import FixlipdError
from .evaluation import Coalitions, Evaluation
from .explanation_base import ExplanationBase, Player
from .images import Image
from .link import Link, last_of
from .requests import Stop, TextPlayers, given, open_parameters, selection, text_list
from .results import Model, Models, Similarity, Tokens
from .saving import save_text
from .values import Condition, Progress, Subsets, Values

Result = TypeVar("Result")
OnProgress = Callable[[Progress], Union[None, Awaitable[None]]]


async def acall(
    link: Link,
    method: str,
    params: Mapping[str, Any],
    on_progress: Optional[Callable[[Mapping[str, Any]], Union[None, Awaitable[None]]]] = None,
) -> Any:
    """Sends a request and awaits its result. Cancelling the task cancels the request.

    ``on_progress`` gets the latest progress value; values it had no time for are skipped.
    """
    loop = asyncio.get_running_loop()
    events: "asyncio.Queue[Event]" = asyncio.Queue()

    def deliver(event: Event) -> None:
        try:
            loop.call_soon_threadsafe(events.put_nowait, event)
        except RuntimeError:
            pass  # The loop was closed, so nobody waits.

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

    Cancelling the task that awaits :meth:`refine` cancels the refinement; :meth:`stop` ends it with its result.
    """

    async def refine(
        self,
        *,
        image_masks: Optional[int] = None,
        text_masks: Optional[int] = None,
        until: Optional[Stop] = None,
        deadline: Optional[float] = None,
        on_progress: Optional[OnProgress] = None,
    ) -> "AsyncExplanation":
        """Adds masks until a stop rule holds; ``on_progress`` may be a coroutine function."""

        def report(wire: Mapping[str, Any]) -> Union[None, Awaitable[None]]:
            progress = self._note_progress(wire)
            return on_progress(progress) if on_progress is not None else None

        parameters = self._refine_parameters(image_masks, text_masks, until, deadline)
        self._note_refined(await acall(self._link, "explanation/refine", parameters, report))
        return self

    async def stop(self) -> int:
        """Ends a refinement that another task awaits, early but with its result."""
        return int((await self._acall("explanation/stop", {}))["stopped"])

    async def estimate(
        self,
        *,
        estimator: Optional[str] = None,
        order: Optional[int] = None,
        pairs: Union[str, int] = "all",
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

    async def subset(self, sizes: Union[int, Sequence[int]], objective: str = "max") -> Subsets:
        """The coalitions of the given sizes with the largest or smallest predicted value."""
        wanted = [sizes] if isinstance(sizes, int) else list(sizes)
        return Subsets.from_wire(await self._acall("explanation/subset", {"sizes": wanted, "objective": objective}))

    async def compare(self, other: "AsyncExplanation") -> Comparison:
        """Both explanations on common players. (The comparison's own methods are not coroutines.)"""
        pair = {"explanations": [self._addressed({})["explanation"], other._addressed({})["explanation"]]}
        reply = await acall(self._link, "explanation/compare", pair)
        return Comparison(reply, lambda options: self._ask("explanation/render", {**options, "compareWith": other.id}))

    async def evaluate(
        self,
        metric: str = "faithfulness",
        *,
        samples: Optional[int] = None,
        p: Optional[float] = None,
        seed: Optional[int] = None,
        targets: Optional[Mapping[Player, str]] = None,
    ) -> Evaluation:
        """Measures the explanation, with further masks; see :meth:`Explanation.evaluate`."""
        parameters = self._evaluate_parameters(metric, samples, p, seed, targets)
        return Evaluation.from_wire(await self._acall("explanation/evaluate", parameters))

    async def coalitions(
        self,
        coalitions: Iterable[Iterable[Player]],
        *,
        estimator: Optional[str] = None,
        order: Optional[int] = None,
    ) -> Coalitions:
        """What the model says of coalitions of your choosing; see :meth:`Explanation.coalitions`."""
        parameters = self._coalition_parameters(coalitions, estimator, order)
        return Coalitions.from_wire(await self._acall("explanation/coalitions", parameters))

    async def render(
        self,
        format: str = "svg",
        *,
        view: Optional[str] = None,
        player: Optional[Player] = None,
        top_k: Optional[int] = None,
        width: Optional[int] = None,
        colors: Optional[str] = None,
    ) -> str:
        """A drawing of the estimate."""
        parameters = self._render_parameters(format, view, player, top_k, width, colors)
        return str((await self._acall("explanation/render", parameters))["content"])

    async def save(self, path: Any, **options: Any) -> None:
        """Writes a drawing (``.html``, ``.svg``, ``.md``, ``.txt``) or all values (``.json``) to a file."""

        def draw(format: str, **options: Any) -> str:
            return str(
                self._ask(
                    "explanation/render",
                    self._render_parameters(
                        format, *(options.get(name) for name in ("view", "player", "top_k", "width", "colors"))
                    ),
                )["content"]
            )

        def export() -> str:
            return str(self._ask("explanation/export", {"format": "json"})["content"])

        await in_thread(lambda: save_text(path, draw, export, options))

    async def export(self, format: str = "json") -> str:
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

    async def __aenter__(self) -> "AsyncExplanation":
        return self

    async def __aexit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        await self.close()

    async def _acall(self, method: str, params: Mapping[str, Any]) -> Any:
        return await acall(self._link, method, self._addressed(params))


class AsyncClient:
    """A client of the daemon on this machine for asyncio; see :class:`Client` for arguments and behaviour."""

    def __init__(
        self,
        socket: Optional[str] = None,
        *,
        model: Optional[str] = None,
        spawn: bool = True,
        executable: Optional[str] = None,
        start_timeout: float = 60.0,
    ) -> None:
        self.model = model
        self._link = Link(socket, spawn, executable, start_timeout)

    @property
    def socket(self) -> str:
        """The path of the daemon's socket."""
        return self._link.path

    async def request(
        self,
        method: str,
        params: Optional[Mapping[str, Any]] = None,
        on_progress: Optional[Callable[[Mapping[str, Any]], Union[None, Awaitable[None]]]] = None,
    ) -> Any:
        """Calls any method of the protocol with its own parameters and gives its result as it came."""
        return await acall(self._link, method, params or {}, on_progress)

    @overload
    async def embed_images(
        self,
        images: Iterable[Image],
        *,
        model: Optional[str] = None,
        normalize: bool = True,
        on_error: Literal["raise"] = "raise",
    ) -> Matrix: ...

    @overload
    async def embed_images(
        self,
        images: Iterable[Image],
        *,
        model: Optional[str] = None,
        normalize: bool = True,
        on_error: Literal["return"],
    ) -> Tuple[Matrix, List[FixlipdError]]: ...

    async def embed_images(
        self,
        images: Iterable[Image],
        *,
        model: Optional[str] = None,
        normalize: bool = True,
        on_error: str = "raise",
    ) -> Union[Matrix, Tuple[Matrix, List[FixlipdError]]]:
        """Embeddings ``[images, dimension]``, float32; see :meth:`Client.embed_images`."""
        return await self._run(batches.embed_images(images, model or self.model, normalize, on_error))

    @overload
    async def embed_texts(
        self,
        texts: Union[str, Iterable[str]],
        *,
        model: Optional[str] = None,
        normalize: bool = True,
        on_error: Literal["raise"] = "raise",
    ) -> Matrix: ...

    @overload
    async def embed_texts(
        self,
        texts: Union[str, Iterable[str]],
        *,
        model: Optional[str] = None,
        normalize: bool = True,
        on_error: Literal["return"],
    ) -> Tuple[Matrix, List[FixlipdError]]: ...

    async def embed_texts(
        self,
        texts: Union[str, Iterable[str]],
        *,
        model: Optional[str] = None,
        normalize: bool = True,
        on_error: str = "raise",
    ) -> Union[Matrix, Tuple[Matrix, List[FixlipdError]]]:
        """Embeddings ``[texts, dimension]``, float32; see :meth:`Client.embed_images`."""
        return await self._run(batches.embed_texts(texts, model or self.model, normalize, on_error))

    async def similarity(
        self,
        images: Iterable[Image],
        texts: Union[str, Iterable[str]],
        *,
        model: Optional[str] = None,
        pairing: str = "all",
        on_error: str = "raise",
    ) -> Similarity:
        """Cosine, logit and probability of images against texts; see :meth:`Client.similarity`."""
        return await self._run(batches.similarity(images, texts, model or self.model, pairing, on_error))

    async def tokenize(self, texts: Union[str, Iterable[str]], *, model: Optional[str] = None) -> List[Tokens]:
        """How a model reads texts."""
        reply = await self.request("tokenize", given(model=model or self.model, texts=text_list(texts)))
        return [Tokens.from_wire(tokens) for tokens in reply["texts"]]

    async def models(self) -> Models:
        """The models in the daemon's memory and those on disk."""
        return Models.from_wire(await self.request("models/list"))

    async def load(
        self,
        model: Optional[str] = None,
        *,
        precision: Optional[str] = None,
        keep_alive: Optional[float] = None,
    ) -> Model:
        """Loads a model, so that the first call does not wait for it; see :meth:`Client.load`."""
        return Model.from_wire(
            await self.request(
                "models/load", given(model=model or self.model, precision=precision, keep_alive=keep_alive)
            )
        )

    async def unload(self, model: str) -> List[str]:
        """Gives a model's memory back once nothing uses it; the names of what was unloaded."""
        return list((await self.request("models/unload", {"model": model}))["unloaded"])

    async def status(self) -> Dict[str, Any]:
        """What the daemon holds and does: the result of ``server/status``."""
        return dict(await self.request("server/status"))

    async def ping(self) -> int:
        """The daemon's process id. Answered at once, whatever else the daemon does."""
        return int((await self.request("server/ping"))["pid"])

    async def stop_daemon(self) -> None:
        """Ends the daemon, for all its clients."""
        await self.request("server/stop")

    async def open(
        self,
        image: Image,
        text: str,
        *,
        model: Optional[str] = None,
        index: Optional[str] = None,
        p: Optional[float] = None,
        order: Optional[int] = None,
        masking: Optional[str] = None,
        grid: Optional[Tuple[int, int]] = None,
        regions: Optional[Any] = None,
        text_players: Optional[TextPlayers] = None,
        estimator: Optional[str] = None,
        seed: Optional[int] = None,
        sampling: Optional[str] = None,
        paired: Optional[bool] = None,
    ) -> AsyncExplanation:
        """Begins an explanation without encoding any masks; see :meth:`Client.explain`."""
        parameters = await in_thread(
            lambda: open_parameters(
                image,
                text,
                model=model or self.model,
                index=index,
                p=p,
                order=order,
                masking=masking,
                grid=grid,
                regions=regions,
                text_players=text_players,
                estimator=estimator,
                seed=seed,
                sampling=sampling,
                paired=paired,
                keep_for_display=True,
            )
        )
        return AsyncExplanation(self._link, await self.request("explanation/open", parameters), text)

    async def explain(
        self,
        image: Image,
        text: str,
        *,
        model: Optional[str] = None,
        index: Optional[str] = None,
        p: Optional[float] = None,
        order: Optional[int] = None,
        masking: Optional[str] = None,
        grid: Optional[Tuple[int, int]] = None,
        regions: Optional[Any] = None,
        text_players: Optional[TextPlayers] = None,
        estimator: Optional[str] = None,
        seed: Optional[int] = None,
        sampling: Optional[str] = None,
        paired: Optional[bool] = None,
        image_masks: Optional[int] = None,
        text_masks: Optional[int] = None,
        until: Optional[Stop] = None,
        deadline: Optional[float] = None,
        on_progress: Optional[OnProgress] = None,
    ) -> AsyncExplanation:
        """Explains why an image and a caption match; see :meth:`Client.explain`."""
        explanation = await self.open(
            image,
            text,
            model=model,
            index=index,
            p=p,
            order=order,
            masking=masking,
            grid=grid,
            regions=regions,
            text_players=text_players,
            estimator=estimator,
            seed=seed,
            sampling=sampling,
            paired=paired,
        )
        try:
            return await explanation.refine(
                image_masks=image_masks, text_masks=text_masks, until=until, deadline=deadline, on_progress=on_progress
            )
        except BaseException:
            await explanation.close()
            raise

    async def close(self) -> None:
        """Ends the connection. The daemon runs on."""
        await in_thread(self._link.close)

    async def __aenter__(self) -> "AsyncClient":
        return self

    async def __aexit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"<fixlipd.AsyncClient on {self.socket}>"

    async def _run(self, batch: "batches.Batch[batches.Result]") -> "batches.Result":
        requests = iter(batch)
        while True:
            # Images are read and encoded on the way, which is no work for the event loop.
            params = await in_thread(lambda: next(requests, None))
            if params is None:
                return batch.result
            try:
                batch.add(await self.request(batch.method, params))
            except FixlipdError as error:
                raise batch.located(error)
