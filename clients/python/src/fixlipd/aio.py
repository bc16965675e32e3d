"""The client for asyncio. It shares connection, reader thread and arguments with the synchronous one."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable, Mapping
from functools import partial
from types import TracebackType
from typing import (
    Any,
    Callable,
    Literal,
    overload,
)

from . import batches
from .aio_explanation import AsyncExplanation, OnProgress, acall, in_thread
from .arrays import Matrix
from .choices import OnError
from .contract import NORMALIZE, PAIRING, ClassScore, OpenOptions, Pairing, PrecisionWanted, RefineOptions
from .errors import FixlipdError
from .images import Image
from .link import Link
from .opening import OpensAsyncExplanations
from .requests import classify_parameters, given, open_parameters, text_list
from .results import Model, Models, Ranked, Similarity, Tokens, record


class AsyncClient(OpensAsyncExplanations):
    """A client of the daemon on this machine for asyncio; see :class:`Client` for arguments and behaviour."""

    def __init__(
        self,
        socket: str | None = None,
        *,
        model: str | None = None,
        spawn: bool = True,
        executable: str | None = None,
        start_timeout: float = 60.0,
    ) -> None:
        self.model = model
        self._connecting = partial(AsyncClient, socket, spawn=spawn, executable=executable, start_timeout=start_timeout)
        self._link = Link(socket, spawn, executable, start_timeout)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled by its arguments: the copy connects by itself, in whichever process it is used."""
        return partial(self._connecting, model=self.model), ()

    @property
    def socket(self) -> str:
        """The path of the daemon's socket."""
        return self._link.path

    async def request(
        self,
        method: str,
        params: Mapping[str, Any] | None = None,
        on_progress: Callable[[Mapping[str, Any]], Awaitable[None] | None] | None = None,
    ) -> Any:
        """Calls any method of the protocol with its own parameters and gives its result as it came."""
        return await acall(self._link, method, params or {}, on_progress)

    @overload
    async def embed_images(
        self,
        images: Iterable[Image],
        *,
        model: str | None = None,
        normalize: bool = NORMALIZE,
        on_error: Literal["raise"] = "raise",
    ) -> Matrix: ...

    @overload
    async def embed_images(
        self,
        images: Iterable[Image],
        *,
        model: str | None = None,
        normalize: bool = NORMALIZE,
        on_error: Literal["return"],
    ) -> tuple[Matrix, list[FixlipdError]]: ...

    async def embed_images(
        self,
        images: Iterable[Image],
        *,
        model: str | None = None,
        normalize: bool = NORMALIZE,
        on_error: OnError = "raise",
    ) -> Matrix | tuple[Matrix, list[FixlipdError]]:
        """Embeddings ``[images, dimension]``, float32; see :meth:`Client.embed_images`."""
        return await self._run(batches.embed_images(images, model or self.model, normalize, on_error))

    @overload
    async def embed_texts(
        self,
        texts: str | Iterable[str],
        *,
        model: str | None = None,
        normalize: bool = NORMALIZE,
        on_error: Literal["raise"] = "raise",
    ) -> Matrix: ...

    @overload
    async def embed_texts(
        self,
        texts: str | Iterable[str],
        *,
        model: str | None = None,
        normalize: bool = NORMALIZE,
        on_error: Literal["return"],
    ) -> tuple[Matrix, list[FixlipdError]]: ...

    async def embed_texts(
        self,
        texts: str | Iterable[str],
        *,
        model: str | None = None,
        normalize: bool = NORMALIZE,
        on_error: OnError = "raise",
    ) -> Matrix | tuple[Matrix, list[FixlipdError]]:
        """Embeddings ``[texts, dimension]``, float32; see :meth:`Client.embed_images`."""
        return await self._run(batches.embed_texts(texts, model or self.model, normalize, on_error))

    async def similarity(
        self,
        images: Iterable[Image],
        texts: str | Iterable[str],
        *,
        model: str | None = None,
        pairing: Pairing = PAIRING,
        on_error: OnError = "raise",
    ) -> Similarity:
        """Cosine, logit and probability of images against texts; see :meth:`Client.similarity`."""
        return await self._run(batches.similarity(images, texts, model or self.model, pairing, on_error))

    async def rank(
        self, images: Iterable[Image], texts: str | Iterable[str], *, model: str | None = None
    ) -> list[Ranked]:
        """Every image with every text, best match first; for one text, its images in order."""
        return (await self.similarity(images, texts, model=model)).ranked()

    async def classify(
        self,
        images: Iterable[Image],
        labels: Iterable[str] | None = None,
        *,
        templates: str | Iterable[str] | None = None,
        classes: Mapping[str, Iterable[str]] | None = None,
        top_k: int | None = None,
        model: str | None = None,
    ) -> list[list[ClassScore]]:
        """The classes of each image, the most probable first; see :meth:`Client.classify`."""
        parameters = classify_parameters(images, labels, templates, classes, top_k, model or self.model)
        reply = await self.request("classify", parameters)
        return [[record(ClassScore, score) for score in scores] for scores in reply["images"]]

    async def tokenize(self, texts: str | Iterable[str], *, model: str | None = None) -> list[Tokens]:
        """How a model reads texts."""
        reply = await self.request("tokenize", given(model=model or self.model, texts=text_list(texts)))
        return [Tokens.from_wire(tokens) for tokens in reply["texts"]]

    async def models(self) -> Models:
        """The models in the daemon's memory and those on disk."""
        return Models.from_wire(await self.request("models/list"))

    async def load(
        self,
        model: str | None = None,
        *,
        precision: PrecisionWanted | None = None,
        keep_alive: float | None = None,
    ) -> Model:
        """Loads a model, so that the first call does not wait for it; see :meth:`Client.load`."""
        return Model.from_wire(
            await self.request(
                "models/load", given(model=model or self.model, precision=precision, keep_alive=keep_alive)
            )
        )

    async def unload(self, model: str) -> list[str]:
        """Gives a model's memory back once nothing uses it; the names of what was unloaded."""
        return list((await self.request("models/unload", {"model": model}))["unloaded"])

    async def status(self) -> dict[str, Any]:
        """What the daemon holds and does: the result of ``server/status``."""
        return dict(await self.request("server/status"))

    async def ping(self) -> int:
        """The daemon's process id. Answered at once, whatever else the daemon does."""
        return int((await self.request("server/ping"))["pid"])

    async def stop_daemon(self) -> None:
        """Ends the daemon, for all its clients."""
        await self.request("server/stop")

    async def _open(
        self, image: Image | None, text: str | None, model: str | None, options: OpenOptions
    ) -> AsyncExplanation:
        explanation = await self._begin(image, text, model, options)
        await explanation._take_warm_values()
        return explanation

    async def _explain(
        self,
        image: Image | None,
        text: str | None,
        model: str | None,
        options: OpenOptions,
        rules: RefineOptions,
        on_progress: OnProgress | None,
    ) -> AsyncExplanation:
        explanation = await self._begin(image, text, model, options)
        try:
            return await explanation.refine(
                image_masks=rules.image_masks,
                text_masks=rules.text_masks,
                until=rules.until,
                deadline=rules.deadline,
                on_progress=on_progress,
            )
        except BaseException:
            await explanation.close()
            raise

    async def _begin(
        self, image: Image | None, text: str | None, model: str | None, options: OpenOptions
    ) -> AsyncExplanation:
        parameters = await in_thread(
            lambda: open_parameters(image, text, model or self.model, options, keep_for_display=True)
        )
        return AsyncExplanation(self._link, parameters, await self.request("explanation/open", parameters))

    async def close(self) -> None:
        """Ends the connection. The daemon runs on."""
        await in_thread(self._link.close)

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"<fixlipd.AsyncClient on {self.socket}>"

    async def _run(self, batch: batches.Batch[batches.Result]) -> batches.Result:
        requests = iter(batch)
        while True:
            # Images are read and encoded on the way, which is no work for the event loop.
            params = await in_thread(lambda: next(requests, None))
            if params is None:
                return batch.result
            try:
                batch.add(await self.request(batch.method, params))
            except FixlipdError as error:
                raise batch.located(error) from None
