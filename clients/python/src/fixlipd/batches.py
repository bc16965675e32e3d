"""Calls on many items: cut into requests of a reasonable size, whose replies make one result."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Callable, Dict, Generic, Iterable, Iterator, List, Mapping, Optional, Tuple, TypeVar, Union

from .arrays import Matrix
from .errors import FixlipdError
from .images import image_list
from .requests import given, image_chunks, text_chunks, text_list
from .results import Similarity, embedding_matrix, item_errors

Reply = Mapping[str, Any]
Result = TypeVar("Result")
Embeddings = Union[Matrix, Tuple[Matrix, List[FixlipdError]]]


@dataclass
class Batch(Generic[Result]):
    """Requests of one method to be sent one after the other.

    Iterating gives the parameters of each; hand each reply to :meth:`add`, or each error to :meth:`located`.
    """

    method: str
    requests: Iterator[Tuple[int, Dict[str, Any]]]
    combine: Callable[[List[Reply], List[int]], Result]
    replies: List[Reply] = field(default_factory=list)
    starts: List[int] = field(default_factory=list)
    _start: int = 0

    def __iter__(self) -> Iterator[Dict[str, Any]]:
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


def embed_images(images: Iterable[Any], model: Optional[str], normalize: bool, on_error: str) -> Batch[Embeddings]:
    return _embed("embed/image", "images", image_chunks(image_list(images)), model, normalize, on_error)


def embed_texts(
    texts: Union[str, Iterable[str]], model: Optional[str], normalize: bool, on_error: str
) -> Batch[Embeddings]:
    return _embed("embed/text", "texts", text_chunks(text_list(texts)), model, normalize, on_error)


def similarity(
    images: Iterable[Any],
    texts: Union[str, Iterable[str]],
    model: Optional[str],
    pairing: str,
    on_error: str,
) -> Batch[Similarity]:
    captions = text_list(texts)
    pictures = image_list(images)
    if pairing == "zip" and len(pictures) != len(captions):
        raise ValueError(f'pairing="zip" needs as many images as texts; there are {len(pictures)} and {len(captions)}')
    settings = given(model=model, pairing=pairing, on_error=_policy(on_error))

    def requests() -> Iterator[Tuple[int, Dict[str, Any]]]:
        start = 0
        for chunk in image_chunks(pictures):
            part = captions[start : start + len(chunk)] if pairing == "zip" else captions
            yield len(chunk), {**settings, "images": chunk, "texts": part}
            start += len(chunk)

    return Batch("similarity", requests(), lambda replies, starts: Similarity.from_wire(replies, starts, pairing))


def _embed(
    method: str,
    name: str,
    chunks: Iterable[List[Any]],
    model: Optional[str],
    normalize: bool,
    on_error: str,
) -> Batch[Embeddings]:
    settings = given(model=model, normalize=normalize, on_error=_policy(on_error), encoding="base64")

    def combine(replies: List[Reply], starts: List[int]) -> Embeddings:
        embeddings = embedding_matrix(replies)
        return embeddings if on_error == "raise" else (embeddings, item_errors(replies))

    return Batch(method, ((len(chunk), {**settings, name: chunk}) for chunk in chunks), combine)


def _policy(on_error: str) -> str:
    try:
        return {"raise": "fail", "return": "item"}[on_error]
    except KeyError:
        raise ValueError(f'on_error is "raise" or "return", not {on_error!r}') from None
