"""The synchronous client."""

from __future__ import annotations

import weakref
from types import TracebackType
from typing import Any, Callable, Dict, Iterable, List, Literal, Mapping, Optional, Tuple, Type, Union, overload

from . import batches
from .arrays import Matrix
from .errors import FixlipdError
from .explanation import Explanation
from .images import Image
from .link import Link
from .live import Live
from .requests import Stop, TextPlayers, given, open_parameters, text_list
from .results import Model, Models, Similarity, Tokens
from .values import Progress


class Client:
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
        socket: Optional[str] = None,
        *,
        model: Optional[str] = None,
        spawn: bool = True,
        executable: Optional[str] = None,
        start_timeout: float = 60.0,
    ) -> None:
        self.model = model
        self._link = Link(socket, spawn, executable, start_timeout)
        self._explanations: "weakref.WeakSet[Explanation]" = weakref.WeakSet()

    @property
    def socket(self) -> str:
        """The path of the daemon's socket."""
        return self._link.path

    def request(
        self,
        method: str,
        params: Optional[Mapping[str, Any]] = None,
        on_progress: Optional[Callable[[Mapping[str, Any]], None]] = None,
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
        model: Optional[str] = None,
        normalize: bool = True,
        on_error: Literal["raise"] = "raise",
    ) -> Matrix: ...

    @overload
    def embed_images(
        self,
        images: Iterable[Image],
        *,
        model: Optional[str] = None,
        normalize: bool = True,
        on_error: Literal["return"],
    ) -> Tuple[Matrix, List[FixlipdError]]: ...

    def embed_images(
        self,
        images: Iterable[Image],
        *,
        model: Optional[str] = None,
        normalize: bool = True,
        on_error: str = "raise",
    ) -> Union[Matrix, Tuple[Matrix, List[FixlipdError]]]:
        """Embeddings ``[images, dimension]``, float32.

        Args:
            images: any number of images of any kind; see :meth:`explain`.
            normalize: scale to length 1.
            on_error: ``"raise"`` at the first bad image, or ``"return"`` a pair: the embeddings, with NaN in the rows of
                bad images, and the list of errors, whose ``index`` says which image.
        """
        return self._run(batches.embed_images(images, model or self.model, normalize, on_error))

    @overload
    def embed_texts(
        self,
        texts: Union[str, Iterable[str]],
        *,
        model: Optional[str] = None,
        normalize: bool = True,
        on_error: Literal["raise"] = "raise",
    ) -> Matrix: ...

    @overload
    def embed_texts(
        self,
        texts: Union[str, Iterable[str]],
        *,
        model: Optional[str] = None,
        normalize: bool = True,
        on_error: Literal["return"],
    ) -> Tuple[Matrix, List[FixlipdError]]: ...

    def embed_texts(
        self,
        texts: Union[str, Iterable[str]],
        *,
        model: Optional[str] = None,
        normalize: bool = True,
        on_error: str = "raise",
    ) -> Union[Matrix, Tuple[Matrix, List[FixlipdError]]]:
        """Embeddings ``[texts, dimension]``, float32; arguments as in :meth:`embed_images`."""
        return self._run(batches.embed_texts(texts, model or self.model, normalize, on_error))

    def similarity(
        self,
        images: Iterable[Image],
        texts: Union[str, Iterable[str]],
        *,
        model: Optional[str] = None,
        pairing: str = "all",
        on_error: str = "raise",
    ) -> Similarity:
        """Cosine, logit and probability of every image against every text.

        Args:
            pairing: ``"all"``, or ``"zip"`` for the first image with the first text, and so on.
            on_error: ``"raise"`` at the first bad item, or ``"return"`` the errors in the result.
        """
        return self._run(batches.similarity(images, texts, model or self.model, pairing, on_error))

    def tokenize(self, texts: Union[str, Iterable[str]], *, model: Optional[str] = None) -> List[Tokens]:
        """How a model reads texts."""
        reply = self.request("tokenize", given(model=model or self.model, texts=text_list(texts)))
        return [Tokens.from_wire(tokens) for tokens in reply["texts"]]

    def models(self) -> Models:
        """The models in the daemon's memory and those on disk."""
        return Models.from_wire(self.request("models/list"))

    def load(
        self,
        model: Optional[str] = None,
        *,
        precision: Optional[str] = None,
        keep_alive: Optional[float] = None,
    ) -> Model:
        """Loads a model, so that the first call does not wait for it.

        Args:
            precision: ``"auto"``, ``"f32"``, ``"bf16"`` or ``"int8"``.
            keep_alive: seconds without use after which it is unloaded; -1 keeps it.
        """
        return Model.from_wire(
            self.request("models/load", given(model=model or self.model, precision=precision, keep_alive=keep_alive))
        )

    def unload(self, model: str) -> List[str]:
        """Gives a model's memory back once nothing uses it; the names of what was unloaded."""
        return list(self.request("models/unload", {"model": model})["unloaded"])

    def status(self) -> Dict[str, Any]:
        """What the daemon holds and does: the result of ``server/status``."""
        return dict(self.request("server/status"))

    def ping(self) -> int:
        """The daemon's process id. Answered at once, whatever else the daemon does."""
        return int(self.request("server/ping")["pid"])

    def stop_daemon(self) -> None:
        """Ends the daemon, for all its clients."""
        self.request("server/stop")

    def open(
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
    ) -> Explanation:
        """Begins an explanation without encoding any masks; arguments as in :meth:`explain`."""
        opened = self.request(
            "explanation/open",
            open_parameters(
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
            ),
        )
        explanation = Explanation(self._link, opened, text)
        self._explanations.add(explanation)
        return explanation

    def explain(
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
        live: Live = None,
        on_progress: Optional[Callable[[Progress], None]] = None,
    ) -> Explanation:
        """Explains why an image and a caption match, by interactions of patches and words.

        The daemon keeps what it encoded: another caption for the same image costs little, and so does another index or
        a larger budget. A ``KeyboardInterrupt`` ends the refinement and keeps what there is.

        Args:
            image: a path, a ``data:`` URI, the bytes of an image file, a PIL image, or a uint8 array ``(H, W, 3)`` or
                ``(H, W)``.
            text: the caption.
            model: ``"demo"``, a folder, or ``"org/name"``; by default the client's, else the daemon's.
            index: ``"banzhaf"`` (default) or ``"shapley"``.
            p: the Banzhaf index's probability that a player is present, 0.5 by default.
            order: 1, or 2 (default) with the interactions of pairs.
            masking: what stands for an absent patch: ``"mean"`` (default), the mean colour, or ``"drop"``, nothing.
            grid: rows and columns of image players, if coarser than the model's patches.
            regions: or a label 0, 1, … for every patch; patches of one label are one player.
            text_players: ``"tokens"`` (default), ``"words"``, or ``(start, end)`` ranges of the caption's characters.
            estimator: ``"ridge"`` (default) or ``"least_squares"``.
            seed: of the masks.
            sampling: ``"crossed"`` (default), every image mask with every text mask, or ``"joint"``: coalitions of all players,
                ``image_masks`` pairs of masks.
            paired: draw each mask with its complement (p = 0.5, or ``"shapley"`` with ``"joint"``, where it is the default).
            image_masks, text_masks, until, deadline, live, on_progress: how far to go, and how to show it; see
                :meth:`Explanation.refine`.
        """
        explanation = self.open(
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
            return explanation.refine(
                image_masks=image_masks,
                text_masks=text_masks,
                until=until,
                deadline=deadline,
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

    def __enter__(self) -> "Client":
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<fixlipd.Client on {self.socket}>"

    def _run(self, batch: "batches.Batch[batches.Result]") -> "batches.Result":
        for params in batch:
            try:
                batch.add(self.request(batch.method, params))
            except FixlipdError as error:
                raise batch.located(error)
        return batch.result
