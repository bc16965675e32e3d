"""Calls on many items: cut into requests of a reasonable size, whose replies make one result."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Callable, Generic, TypeVar, Union

from .arrays import Matrix
from .choices import OnError
from .contract import Pairing
from .errors import FixlipdError
from .images import image_list
from .requests import given, image_chunks, text_chunks, text_list
from .results import Similarity, embedding_matrix, item_errors

Reply = Mapping[str, Any]
Result = TypeVar("Result")
Embeddings = Union[Matrix, tuple[Matrix, list[FixlipdError]]]


@dataclass
class Batch(Generic[Result]):
    """Requests of one method to be sent one after the other.

    Iterating gives the parameters of each; hand each reply to :meth:`add`, or each error to :meth:`located`.
    """

    method: str
    requests: Iterator[tuple[int, dict[str, Any]]]
    combine: Callable[[list[Reply], list[int]], Result]
    replies: list[Reply] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    _start: int = 0

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for count, params in self.requests:
            yield params
            self._start += count

    def add(self, reply: Reply) -> None:
        self.replies.append(reply)
        self.starts.append(self._start)

    def located(self, error: FixlipdError) -> FixlipdError:
        """The error of the present request, its index counted over all of them."""
        if error.index is not None:
            error.index += self._start
        return error

    @property
    def result(self) -> Result:
        return self.combine(self.replies, self.starts)


def embed_images(images: Iterable[Any], model: str | None, normalize: bool, on_error: OnError) -> Batch[Embeddings]:
    return _embed("embed/image", "images", image_chunks(image_list(images)), model, normalize, on_error)


def embed_texts(texts: str | Iterable[str], model: str | None, normalize: bool, on_error: OnError) -> Batch[Embeddings]:
    return _embed("embed/text", "texts", text_chunks(text_list(texts)), model, normalize, on_error)


def similarity(
    images: Iterable[Any],
    texts: str | Iterable[str],
    model: str | None,
    pairing: Pairing,
    on_error: OnError,
) -> Batch[Similarity]:
    captions = text_list(texts)
    pictures = image_list(images)
    if pairing == "zip" and len(pictures) != len(captions):
        raise ValueError(f'pairing="zip" needs as many images as texts; there are {len(pictures)} and {len(captions)}')
    settings = given(model=model, pairing=pairing, on_error=_policy(on_error))

    def requests() -> Iterator[tuple[int, dict[str, Any]]]:
        start = 0
        for chunk in image_chunks(pictures):
            part = captions[start : start + len(chunk)] if pairing == "zip" else captions
            yield len(chunk), {**settings, "images": chunk, "texts": part}
            start += len(chunk)

    return Batch("similarity", requests(), lambda replies, starts: Similarity.from_wire(replies, starts, pairing))


def _embed(
    method: str,
    name: str,
    chunks: Iterable[list[Any]],
    model: str | None,
    normalize: bool,
    on_error: OnError,
) -> Batch[Embeddings]:
    settings = given(model=model, normalize=normalize, on_error=_policy(on_error), encoding="base64")

    def combine(replies: list[Reply], starts: list[int]) -> Embeddings:
        embeddings = embedding_matrix(replies)
        return embeddings if on_error == "raise" else (embeddings, item_errors(replies))

    return Batch(method, ((len(chunk), {**settings, name: chunk}) for chunk in chunks), combine)


def _policy(on_error: OnError) -> str:
    try:
        return {"raise": "fail", "return": "item"}[on_error]
    except KeyError:
        raise ValueError(f'on_error is "raise" or "return", not {on_error!r}') from None
