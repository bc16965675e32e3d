"""Parameters of the protocol's methods, from the arguments of this package's functions."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any

from .choices import PairsWanted, Stop, TextPlayers, Until
from .contract import Estimator, OpenOptions, Order, RefineOptions
from .errors import TextInvalid
from .images import Image, WireImage, wire_image

CHUNK_ITEMS = 1024
CHUNK_BYTES = 16 << 20


def given(**parameters: Any) -> dict[str, Any]:
    """The parameters that are not ``None``, under the protocol's names (``image_masks`` becomes ``imageMasks``)."""
    return {camel(name): value for name, value in parameters.items() if value is not None}


def camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(word.capitalize() for word in tail)


def changed(options: Any) -> dict[str, Any]:
    """The options that differ from what the daemon takes where they are left out."""
    values = {field.name: (getattr(options, field.name), field.default) for field in fields(options)}
    return {name: value for name, (value, default) in values.items() if not _is(value, default)}


def _is(value: Any, default: Any) -> bool:
    """Whether an option is left out or at its default; arrays are neither."""
    return value is None or (isinstance(value, (str, int, float)) and value == default)


def open_parameters(
    image: Image | None, text: str | None, model: str | None, options: OpenOptions, *, keep_for_display: bool
) -> dict[str, Any]:
    """The part of ``explanation/open`` and ``explain`` that they share."""
    chosen = changed(options)
    image2, text2 = chosen.pop("image2", None), chosen.get("text2")
    for caption in (text, text2, chosen.get("rather_than")):
        if caption is None:
            continue
        if not isinstance(caption, str):
            raise TypeError(f"the caption is a str, not {type(caption).__name__}")
        if not caption.strip():
            raise TextInvalid("the caption has no words to explain the image with")
    grid, regions, text_players = (chosen.pop(name, None) for name in ("grid", "regions", "text_players"))
    text, target = _target(
        text, chosen.pop("rather_than", None), chosen.pop("embedding", None), chosen.pop("target", None), text_players
    )
    players = _players(
        grid if image is not None else None,
        regions if image is not None else None,
        text_players if text is not None else None,
    )
    if players and image2 is not None and "image" in players:
        players["image2"] = players["image"]
    if players and text2 is not None and "text" in players:
        players["text2"] = players["text"]
    estimator = _estimator(chosen.pop("estimator", None))
    return given(
        model=model,
        image=None if image is None else wire_image(image, keep_for_display=keep_for_display),
        image2=None if image2 is None else wire_image(image2, keep_for_display=keep_for_display),
        text=text,
        target=target,
        players=players,
        estimator=estimator,
        **chosen,
    )


def _target(
    text: str | None, rather_than: str | None, embedding: Any | None, target: Mapping[str, Any] | None, players: Any
) -> tuple[str | None, dict[str, Any] | None]:
    """The text that is left for itself, and what the protocol calls the target."""
    if sum(option is not None for option in (rather_than, embedding, target)) > 1:
        raise ValueError("give one of rather_than, embedding and target")
    if rather_than is not None:
        if text is None:
            raise ValueError("rather_than sets another caption against text; give both")
        texts = [{"text": text, "weight": 1}, {"text": rather_than, "weight": -1}]
        return None, {"texts": texts, "players": players if isinstance(players, str) else "words"}
    if embedding is not None:
        return text, {"embedding": [float(number) for number in _flattened(embedding)]}
    return text, None if target is None else dict(target)


def classify_parameters(
    images: Iterable[Image],
    labels: Iterable[str] | None,
    templates: str | Iterable[str] | None,
    classes: Mapping[str, Iterable[str]] | None,
    top_k: int | None,
    model: str | None,
) -> dict[str, Any]:
    """Parameters of ``classify``."""
    if (labels is None) == (classes is None):
        raise ValueError("give labels or classes")
    return given(
        model=model,
        images=[wire_image(image) for image in images],
        labels=None if labels is None else text_list(labels),
        templates=templates if templates is None or templates == "clip" else text_list(templates),
        classes=None
        if classes is None
        else [{"name": name, "prompts": text_list(prompts)} for name, prompts in classes.items()],
        top_k=top_k,
    )


def refine_parameters(options: RefineOptions) -> dict[str, Any]:
    """The part of ``explanation/refine`` and ``explain`` that says when to stop."""
    deadline = options.deadline
    if deadline is not None and not (deadline > 0 and math.isfinite(deadline)):
        raise ValueError(f"deadline is a number of seconds above 0, not {deadline}")
    return given(
        budget=given(image_masks=options.image_masks, text_masks=options.text_masks) or None,
        until=_until(options.until),
        deadline_milliseconds=None if deadline is None else 1000 * deadline,
    )


def selection(
    *,
    pairs: PairsWanted | None = None,
    standard_errors: bool | None = None,
    estimator: Estimator | None = None,
    order: Order | None = None,
) -> dict[str, Any]:
    """What of an estimate is wanted, with floats in base64."""
    chosen: Any = pairs
    if isinstance(pairs, int) and not isinstance(pairs, bool):
        chosen = {"top": pairs}
    elif pairs is not None:
        chosen = {"cross_modal": "crossModal"}.get(str(pairs), pairs)
    return given(
        pairs=chosen, standard_errors=standard_errors, estimator=_estimator(estimator), order=order, encoding="base64"
    )


def text_list(texts: str | Iterable[str]) -> list[str]:
    """Texts as a list; a single one is a list of one."""
    listed = [texts] if isinstance(texts, str) else list(texts)
    for index, text in enumerate(listed):
        if not isinstance(text, str):
            raise TypeError(f"texts are of type str; item {index} is {type(text).__name__}")
    return [str(text) for text in listed]


def image_chunks(images: Iterable[Any]) -> Iterator[list[WireImage]]:
    """Images in lists that each fit well into one message."""
    chunk: list[WireImage] = []
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


def text_chunks(texts: Sequence[str]) -> Iterator[list[str]]:
    """Texts in lists that each fit well into one message."""
    for start in range(0, len(texts), CHUNK_ITEMS):
        yield list(texts[start : start + CHUNK_ITEMS])


def _players(grid: tuple[int, int] | None, regions: Any | None, text: TextPlayers | None) -> dict[str, Any] | None:
    if grid is not None and regions is not None:
        raise ValueError("image players are either a grid or regions, not both")
    image: dict[str, Any] | None = None
    if grid is not None:
        rows, columns = grid
        image = {"grid": {"rows": rows, "columns": columns}}
    elif regions is not None:
        image = {"regions": [int(label) for label in _flattened(regions)]}
    chosen: Any = text if text is None or isinstance(text, str) else {"spans": [list(span) for span in text]}
    return given(image=image, text=chosen) or None


def _flattened(labels: Any) -> list[Any]:
    listed = labels.tolist() if hasattr(labels, "tolist") else list(labels)
    if listed and isinstance(listed[0], (list, tuple)):
        return [label for row in listed for label in row]
    return list(listed)


def _until(until: Stop | None) -> dict[str, Any] | None:
    if until is None:
        return None
    if isinstance(until, Until):
        return given(standard_error=until.standard_error, top_k=until.top_k, stable_rounds=until.stable_rounds)
    if isinstance(until, Mapping):
        return given(**until)
    return {"standardError": float(until)}


def _estimator(name: str | None) -> str | None:
    return "leastSquares" if name == "least_squares" else name
