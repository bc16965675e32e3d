"""The synchronous client."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Mapping
from functools import partial
from types import TracebackType
from typing import Any, Callable, Literal, overload

from . import batches
from .arrays import Matrix
from .choices import OnError
from .contract import NORMALIZE, PAIRING, ClassScore, OpenOptions, Pairing, PrecisionWanted, RefineOptions
from .errors import FixlipdError
from .explanation import Explanation
from .images import Image
from .link import Link
from .live import Live
from .opening import OpensExplanations
from .requests import classify_parameters, given, open_parameters, text_list
from .results import Model, Models, Ranked, Similarity, Tokens, record
from .values import Progress


class Client(OpensExplanations):
    """A client of the daemon on this machine. It connects at the first call, and starts a daemon if none runs.

    One client may be used from several threads; requests go on at the same time over one connection. When the daemon
    goes away, the calls under way raise :class:`DaemonGone` and the next one connects again.

    Args:
        socket: the daemon's socket; by default ``$FIXLIPD_SOCKET``, ``$XDG_RUNTIME_DIR/fixlipd/fixlipd.sock`` or
            ``/tmp/fixlipd-<uid>/fixlipd.sock``.
        model: meant by calls that name none; by default the daemon's own.
        spawn: start a daemon if none runs. It outlives this client.
        executable: the daemon's program; by default ``$FIXLIPD``, else ``fixlipd`` on the ``PATH``.
        start_timeout: seconds that a daemon may take to start.
    """

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
        self._connecting = partial(Client, socket, spawn=spawn, executable=executable, start_timeout=start_timeout)
        self._link = Link(socket, spawn, executable, start_timeout)
        self._explanations: weakref.WeakSet[Explanation] = weakref.WeakSet()

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled by its arguments: the copy connects by itself, in whichever process it is used."""
        return partial(self._connecting, model=self.model), ()

    @property
    def socket(self) -> str:
        """The path of the daemon's socket."""
        return self._link.path

    def request(
        self,
        method: str,
        params: Mapping[str, Any] | None = None,
        on_progress: Callable[[Mapping[str, Any]], None] | None = None,
    ) -> Any:
        """Calls any method of the protocol with its own parameters and gives its result as it came.

        Args:
            on_progress: called with the values of progress reports, where the method has them.
        """
        return self._link.call(method, params or {}, on_progress)

    @overload
    def embed_images(
        self,
        images: Iterable[Image],
        *,
        model: str | None = None,
        normalize: bool = NORMALIZE,
        on_error: Literal["raise"] = "raise",
    ) -> Matrix: ...

    @overload
    def embed_images(
        self,
        images: Iterable[Image],
        *,
        model: str | None = None,
        normalize: bool = NORMALIZE,
        on_error: Literal["return"],
    ) -> tuple[Matrix, list[FixlipdError]]: ...

    def embed_images(
        self,
        images: Iterable[Image],
        *,
        model: str | None = None,
        normalize: bool = NORMALIZE,
        on_error: OnError = "raise",
    ) -> Matrix | tuple[Matrix, list[FixlipdError]]:
        """Embeddings ``[images, dimension]``, float32.

        Args:
            images: any number of images of any kind; see :meth:`explain`.
            normalize: scale to length 1.
            on_error: ``"raise"`` at the first bad image, or ``"return"`` a pair: the embeddings, with NaN in the rows
                of bad images, and the list of errors, whose ``index`` says which image.
        """
        return self._run(batches.embed_images(images, model or self.model, normalize, on_error))

    @overload
    def embed_texts(
        self,
        texts: str | Iterable[str],
        *,
        model: str | None = None,
        normalize: bool = NORMALIZE,
        on_error: Literal["raise"] = "raise",
    ) -> Matrix: ...

    @overload
    def embed_texts(
        self,
        texts: str | Iterable[str],
        *,
        model: str | None = None,
        normalize: bool = NORMALIZE,
        on_error: Literal["return"],
    ) -> tuple[Matrix, list[FixlipdError]]: ...

    def embed_texts(
        self,
        texts: str | Iterable[str],
        *,
        model: str | None = None,
        normalize: bool = NORMALIZE,
        on_error: OnError = "raise",
    ) -> Matrix | tuple[Matrix, list[FixlipdError]]:
        """Embeddings ``[texts, dimension]``, float32; arguments as in :meth:`embed_images`."""
        return self._run(batches.embed_texts(texts, model or self.model, normalize, on_error))

    def similarity(
        self,
        images: Iterable[Image],
        texts: str | Iterable[str],
        *,
        model: str | None = None,
        pairing: Pairing = PAIRING,
        on_error: OnError = "raise",
    ) -> Similarity:
        """Cosine, logit and probability of every image against every text.

        Args:
            pairing: ``"all"``, or ``"zip"`` for the first image with the first text, and so on.
            on_error: ``"raise"`` at the first bad item, or ``"return"`` the errors in the result.
        """
        return self._run(batches.similarity(images, texts, model or self.model, pairing, on_error))

    def rank(self, images: Iterable[Image], texts: str | Iterable[str], *, model: str | None = None) -> list[Ranked]:
        """Every image with every text, best match first; for one text, its images in order."""
        return (self.similarity(images, texts, model=model)).ranked()

    def classify(
        self,
        images: Iterable[Image],
        labels: Iterable[str] | None = None,
        *,
        templates: str | Iterable[str] | None = None,
        classes: Mapping[str, Iterable[str]] | None = None,
        top_k: int | None = None,
        model: str | None = None,
    ) -> list[list[ClassScore]]:
        """The classes of each image, the most probable first.

        Args:
            labels: the classes by name; each takes every template for a prompt.
            templates: ``{}`` in one stands for the label; ``"clip"`` is CLIP's short list of seven.
            classes: in place of labels, names with prompts of their own.
            top_k: how many classes of each image are told; by default all.
        """
        parameters = classify_parameters(images, labels, templates, classes, top_k, model or self.model)
        reply = self.request("classify", parameters)
        return [[record(ClassScore, score) for score in scores] for scores in reply["images"]]

    def tokenize(self, texts: str | Iterable[str], *, model: str | None = None) -> list[Tokens]:
        """How a model reads texts."""
        reply = self.request("tokenize", given(model=model or self.model, texts=text_list(texts)))
        return [Tokens.from_wire(tokens) for tokens in reply["texts"]]

    def models(self) -> Models:
        """The models in the daemon's memory and those on disk."""
        return Models.from_wire(self.request("models/list"))

    def load(
        self,
        model: str | None = None,
        *,
        precision: PrecisionWanted | None = None,
        keep_alive: float | None = None,
    ) -> Model:
        """Loads a model, so that the first call does not wait for it.

        Args:
            precision: ``"auto"``, ``"f32"``, ``"bf16"`` or ``"int8"``.
            keep_alive: seconds without use after which it is unloaded; -1 keeps it.
        """
        return Model.from_wire(
            self.request("models/load", given(model=model or self.model, precision=precision, keep_alive=keep_alive))
        )

    def unload(self, model: str) -> list[str]:
        """Gives a model's memory back once nothing uses it; the names of what was unloaded."""
        return list(self.request("models/unload", {"model": model})["unloaded"])

    def status(self) -> dict[str, Any]:
        """What the daemon holds and does: the result of ``server/status``."""
        return dict(self.request("server/status"))

    def ping(self) -> int:
        """The daemon's process id. Answered at once, whatever else the daemon does."""
        return int(self.request("server/ping")["pid"])

    def stop_daemon(self) -> None:
        """Ends the daemon, for all its clients."""
        self.request("server/stop")

    def _open(self, image: Image | None, text: str | None, model: str | None, options: OpenOptions) -> Explanation:
        parameters = open_parameters(image, text, model or self.model, options, keep_for_display=True)
        explanation = Explanation(self._link, parameters, self.request("explanation/open", parameters))
        self._explanations.add(explanation)
        return explanation

    def _explain(
        self,
        image: Image | None,
        text: str | None,
        model: str | None,
        options: OpenOptions,
        rules: RefineOptions,
        live: Live,
        on_progress: Callable[[Progress], None] | None,
    ) -> Explanation:
        explanation = self._open(image, text, model, options)
        try:
            return explanation.refine(
                image_masks=rules.image_masks,
                text_masks=rules.text_masks,
                until=rules.until,
                deadline=rules.deadline,
                live=live,
                on_progress=on_progress,
            )
        except BaseException:
            explanation.close()
            raise

    def close(self) -> None:
        """Closes this client's explanations and its connection. The daemon runs on."""
        for explanation in list(self._explanations):
            explanation.close()
        self._link.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<fixlipd.Client on {self.socket}>"

    def _run(self, batch: batches.Batch[batches.Result]) -> batches.Result:
        for params in batch:
            try:
                batch.add(self.request(batch.method, params))
            except FixlipdError as error:
                raise batch.located(error) from None
        return batch.result
