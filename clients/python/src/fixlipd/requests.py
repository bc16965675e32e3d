"""Parameters of the protocol's methods, from the arguments of this package's functions."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Dict, Iterable, Iterator, List, Mapping, Optional, Sequence, Tuple, Union

from .errors import TextInvalid
from .images import Image, WireImage, wire_image

CHUNK_ITEMS = 1024
CHUNK_BYTES = 16 << 20


@dataclass(frozen=True)
class Until:
    """When an estimate is good enough.

    Attributes:
        standard_error: the largest standard error, in logits, that the leading values may have.
        top_k: how many of the strongest pairs are looked at.
        stable_rounds: over how many successive estimates those pairs must stay the same.
    """

    standard_error: Optional[float] = None
    top_k: Optional[int] = None
    stable_rounds: Optional[int] = None


Stop = Union[Until, float, Mapping[str, Any]]
"""An :class:`Until`, a standard error in logits, or a mapping with the names of either."""

Seed = Union[int, Mapping[str, int]]
"""One number, or one for the masks of each side: ``{"image": …, "text": …}``."""

TextPlayers = Union[str, Sequence[Tuple[int, int]]]
"""``"tokens"``, ``"words"`` or ``(start, end)`` ranges of characters of the caption."""


def given(**parameters: Any) -> Dict[str, Any]:
    """The parameters that are not ``None``, under the protocol's names (``image_masks`` becomes ``imageMasks``)."""
    return {camel(name): value for name, value in parameters.items() if value is not None}


def camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(word.capitalize() for word in tail)


def open_parameters(
    image: Image,
    text: str,
    *,
    model: Optional[str],
    index: Optional[str],
    p: Optional[float],
    order: Optional[int],
    masking: Optional[str],
    grid: Optional[Tuple[int, int]],
    regions: Optional[Any],
    text_players: Optional[TextPlayers],
    estimator: Optional[str],
    seed: Optional[Seed],
    sampling: Optional[str],
    paired: Optional[bool],
    keep_for_display: bool,
) -> Dict[str, Any]:
    """The part of ``explanation/open`` and ``explain`` that they share."""
    if not isinstance(text, str):
        raise TypeError(f"the caption is a str, not {type(text).__name__}")
    if not text.strip():
        raise TextInvalid("the caption has no words to explain the image with")
    return given(
        model=model,
        image=wire_image(image, keep_for_display=keep_for_display),
        text=text,
        index=index,
        p=p,
        order=order,
        masking=masking,
        players=_players(grid, regions, text_players),
        estimator=_estimator(estimator),
        seed=seed,
        sampling=sampling,
        paired=paired,
    )


def refine_parameters(
    *,
    image_masks: Optional[int],
    text_masks: Optional[int],
    until: Optional[Stop],
    deadline: Optional[float],
) -> Dict[str, Any]:
    """The part of ``explanation/refine`` and ``explain`` that says when to stop; ``deadline`` is in seconds."""
    if deadline is not None and not (deadline > 0 and math.isfinite(deadline)):
        raise ValueError(f"deadline is a number of seconds above 0, not {deadline}")
    return given(
        budget=given(image_masks=image_masks, text_masks=text_masks) or None,
        until=_until(until),
        deadline_milliseconds=None if deadline is None else 1000 * deadline,
    )


def selection(
    *,
    pairs: Union[str, int, None] = None,
    standard_errors: Optional[bool] = None,
    estimator: Optional[str] = None,
    order: Optional[int] = None,
) -> Dict[str, Any]:
    """What of an estimate is wanted, with floats in base64."""
    chosen: Any = pairs
    if isinstance(pairs, int) and not isinstance(pairs, bool):
        chosen = {"top": pairs}
    elif pairs is not None:
        chosen = {"cross_modal": "crossModal"}.get(str(pairs), pairs)
    return given(
        pairs=chosen, standard_errors=standard_errors, estimator=_estimator(estimator), order=order, encoding="base64"
    )


def text_list(texts: Union[str, Iterable[str]]) -> List[str]:
    """Texts as a list; a single one is a list of one."""
    listed = [texts] if isinstance(texts, str) else list(texts)
    for index, text in enumerate(listed):
        if not isinstance(text, str):
            raise TypeError(f"texts are of type str; item {index} is {type(text).__name__}")
    return [str(text) for text in listed]


def image_chunks(images: Iterable[Any]) -> Iterator[List[WireImage]]:
    """Images in lists that each fit well into one message."""
    chunk: List[WireImage] = []
    size = 0
    for index, image in enumerate(images):
        try:
            wire = wire_image(image)
        except (TypeError, ValueError) as error:
            raise type(error)(f"image {index}: {error}") from None
        length = sum(len(value) for value in wire.values() if isinstance(value, str))
        if chunk and (len(chunk) == CHUNK_ITEMS or size + length > CHUNK_BYTES):
            yield chunk
            chunk, size = [], 0
        chunk.append(wire)
        size += length
    if chunk:
        yield chunk


def text_chunks(texts: Sequence[str]) -> Iterator[List[str]]:
    """Texts in lists that each fit well into one message."""
    for start in range(0, len(texts), CHUNK_ITEMS):
        yield list(texts[start : start + CHUNK_ITEMS])


def _players(
    grid: Optional[Tuple[int, int]], regions: Optional[Any], text: Optional[TextPlayers]
) -> Optional[Dict[str, Any]]:
    if grid is not None and regions is not None:
        raise ValueError("image players are either a grid or regions, not both")
    image: Optional[Dict[str, Any]] = None
    if grid is not None:
        rows, columns = grid
        image = {"grid": {"rows": rows, "columns": columns}}
    elif regions is not None:
        image = {"regions": [int(label) for label in _flattened(regions)]}
    chosen: Any = text if text is None or isinstance(text, str) else {"spans": [list(span) for span in text]}
    return given(image=image, text=chosen) or None


def _flattened(labels: Any) -> List[Any]:
    listed = labels.tolist() if hasattr(labels, "tolist") else list(labels)
    if listed and isinstance(listed[0], (list, tuple)):
        return [label for row in listed for label in row]
    return list(listed)


def _until(until: Optional[Stop]) -> Optional[Dict[str, Any]]:
    if until is None:
        return None
    if isinstance(until, Until):
        return given(standard_error=until.standard_error, top_k=until.top_k, stable_rounds=until.stable_rounds)
    if isinstance(until, Mapping):
        return given(**until)
    return {"standardError": float(until)}


def _estimator(name: Optional[str]) -> Optional[str]:
    return "leastSquares" if name == "least_squares" else name
