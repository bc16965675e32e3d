"""Explanations of whole data sets, batch by batch, in any number of worker processes."""

from __future__ import annotations

import hashlib
import json
import math
import os
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from typing import Any

from .arrays import to_lists
from .choices import PairsWanted
from .client import Client
from .contract import OpenOptions, RefineOptions
from .errors import DaemonGone, FixlipdError
from .requests import open_parameters, refine_parameters, selection
from .values import Players, Values

COLUMNS: dict[str, Any] = {
    "tokens": [],
    "cosine": math.nan,
    "logit": math.nan,
    "empty_logit": math.nan,
    "first": [],
    "first_order_reading": [],
    "pairs": [],
    "cross_modal": [],
    "loo_r2": math.nan,
    "image_masks": 0,
    "text_masks": 0,
    "error": "",
}
"""Columns an :class:`Explainer` can add, with what they hold for a row that failed."""

RETRIES = 6


class Explainer:
    """Adds explanations to batches of images and captions.

    An object of this class is a plain function from a dictionary of columns to a dictionary of columns. It holds
    nothing but its parameters, can be pickled, and connects in whichever process calls it; all processes of a machine
    share its one daemon. That makes it fit ``ray.data.Dataset.map_batches``, ``datasets.Dataset.map(batched=True)``
    and, with :meth:`dataframe`, pandas and Dask::

        ray_dataset.map_batches(fixlipd.Explainer, fn_constructor_kwargs={"model": "demo"}, concurrency=2)
        hf_dataset.map(fixlipd.Explainer("demo"), batched=True, batch_size=16)
        dask_frame.map_partitions(explainer.dataframe, meta=explainer.meta(dask_frame._meta))

    Results do not depend on the order of rows, on batches or on workers: masks are drawn from the image's name (or its
    bytes) and from the caption, as ``fixlipd batch`` draws them, and what is warm in the daemon does not count. Rows
    that share an image share its masks; keep them near each other.

    A row that cannot be explained gets its reason in the column ``error`` (empty otherwise), NaN in place of numbers
    and empty lists; the others go on.

    Args:
        model: by default the daemon's.
        image, text: names of the columns to read. Images are paths, bytes, PIL images, uint8 arrays, or
            ``{"bytes", "path"}`` mappings. Texts are strings, or bytes in UTF-8.
        columns: which columns to add: ``tokens`` (``[n_T]`` strings), ``cosine``, ``logit``, ``empty_logit``, ``first``
            and ``first_order_reading`` (``[n]``), ``pairs`` (``[n][n]``), ``cross_modal`` (``[n_T][n_I]``), ``loo_r2``,
            ``image_masks``, ``text_masks``. ``error`` is always added.
        prefix: put before the names of added columns.
        concurrency: how many rows of a batch the daemon works on at a time.
        socket, spawn: as for :class:`Client`.
        seed: another number draws other masks for all rows.
        parameters: all others of :meth:`Client.explain`, such as ``image_masks``, ``until``, ``index`` or ``grid``. A
            ``deadline`` makes results depend on how busy the machine is.
    """

    def __init__(
        self,
        model: str | None = None,
        *,
        image: str = "image",
        text: str = "text",
        columns: Sequence[str] = ("tokens", "first", "cross_modal", "logit", "loo_r2"),
        prefix: str = "",
        concurrency: int = 2,
        socket: str | None = None,
        spawn: bool = True,
        seed: int = 0,
        **parameters: Any,
    ) -> None:
        unknown = [name for name in columns if name not in COLUMNS]
        if unknown:
            raise ValueError(f"there is no column {unknown[0]!r}; there are {', '.join(COLUMNS)}")
        self.model = model
        self.image = image
        self.text = text
        self.columns: tuple[str, ...] = tuple(dict.fromkeys([*columns, "error"]))
        self.prefix = prefix
        self.concurrency = max(1, concurrency)
        self.socket = socket
        self.spawn = spawn
        self.seed = seed
        self.parameters = parameters
        self._request("image.png", "caption")  # Wrong parameters are an error here, not in each row.
        self._client: Client | None = None

    def __call__(self, batch: Mapping[str, Any]) -> dict[str, Any]:
        """The batch with the columns added, as lists.

        Raises:
            KeyError: the batch has no column of images or of texts.
        """
        for name in (self.image, self.text):
            if name not in batch:
                raise KeyError(f"the batch has no column {name!r}; its columns are {', '.join(map(str, batch))}")
        pairs = list(zip(batch[self.image], batch[self.text]))
        if self._client is None:
            self._client = Client(self.socket, spawn=self.spawn)
        with ThreadPoolExecutor(self.concurrency, thread_name_prefix="fixlipd-explainer") as pool:
            rows = list(pool.map(lambda pair: self._row(*pair), pairs))
        return {**batch, **self._added(rows)}

    def dataframe(self, frame: Any) -> Any:
        """A pandas DataFrame with the columns added; for ``DataFrame.pipe`` and Dask's ``map_partitions``."""
        added = self({self.image: list(frame[self.image]), self.text: list(frame[self.text])})
        names = [self.prefix + name for name in self.columns]
        return frame.assign(**{name: added[name] for name in names})

    def meta(self, frame: Any) -> Any:
        """The columns and types of :meth:`dataframe` for an empty frame, which Dask asks for as ``meta``."""
        kinds = {float: "float64", int: "int64", str: "object", list: "object"}
        empty = frame.iloc[:0]
        return empty.assign(
            **{
                self.prefix + name: empty.index.to_series().astype("object").astype(kinds[type(COLUMNS[name])])
                for name in self.columns
            }
        )

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_client": None}

    def _added(self, rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
        return {self.prefix + name: [row[name] for row in rows] for name in self.columns}

    def _row(self, image: Any, text: Any) -> dict[str, Any]:
        row = {name: list(value) if isinstance(value, list) else value for name, value in COLUMNS.items()}
        try:
            reply = self._explained(image, text)
        except (FixlipdError, TypeError, ValueError) as error:
            row["error"] = str(error) or type(error).__name__
            return row
        values = Values.from_wire(reply["values"], Players.from_wire(reply["players"]))
        row.update(
            tokens=[player["token"] for player in reply["players"]["text"]],
            cosine=reply["cosine"],
            logit=reply["fullValue"],
            empty_logit=reply["emptyValue"],
            image_masks=reply["imageMasks"],
            text_masks=reply["textMasks"],
            loo_r2=math.nan if reply.get("looR2") is None else reply["looR2"],
        )
        for name in ("first", "first_order_reading", "pairs", "cross_modal"):
            array = getattr(values, name)
            row[name] = [] if array is None else to_lists(array)
        return row

    def _explained(self, image: Any, text: Any) -> Mapping[str, Any]:
        """One explanation; tried again while the daemon is overloaded, and once if it went away."""
        if self._client is None:
            raise RuntimeError("rows are explained from __call__")
        request = self._request(image, _caption(text))
        attempts = 0
        while True:
            try:
                reply: Mapping[str, Any] = self._client.request("explain", request)
                return reply
            except FixlipdError as error:
                attempts += 1
                if not error.retryable or attempts == (2 if isinstance(error, DaemonGone) else RETRIES):
                    raise
                if not isinstance(error, DaemonGone):
                    time.sleep(0.1 * 2**attempts)

    def _request(self, image: Any, text: Any) -> dict[str, Any]:
        known = {kind: {field.name for field in fields(kind)} for kind in (OpenOptions, RefineOptions)}
        unknown = [name for name in self.parameters if name not in set.union(*known.values()) - {"seed"}]
        if unknown:
            raise TypeError(f"Explainer() has no parameter {unknown[0]!r}")
        options, rules = (
            {name: value for name, value in self.parameters.items() if name in names} for names in known.values()
        )
        pairs: PairsWanted = (
            "all" if "pairs" in self.columns else "cross_modal" if "cross_modal" in self.columns else "none"
        )
        request = {
            **open_parameters(image, text, self.model, OpenOptions(**options), keep_for_display=False),
            **refine_parameters(RefineOptions(**rules)),
            **selection(pairs=pairs),
        }
        name = os.fspath(image) if isinstance(image, (str, os.PathLike)) else _canonical(request["image"])
        request["seed"] = {"image": _seed("image", self.seed, name), "text": _seed("text", self.seed, request["text"])}
        if "deadlineMilliseconds" not in request:
            request["reproducible"] = True
        return request


def _caption(text: Any) -> Any:
    """A column's text as a string: UTF-8 bytes decoded, NumPy's strings made Python's. Others are left for the checks.

    Raises:
        ValueError: the bytes are not UTF-8.
    """
    if isinstance(text, (bytes, bytearray)):
        try:
            return bytes(text).decode("utf-8")
        except UnicodeDecodeError as error:
            raise ValueError(f"the text is not UTF-8: {error}") from None
    return str(text) if isinstance(text, str) else text


def _seed(kind: str, base: int, name: str) -> int:
    """The first 32 bits of SHA-256 over kind, base and name, as ``fixlipd batch`` takes them."""
    return int(hashlib.sha256(f"{kind}\n{base}\n{name}".encode("utf-8", "surrogateescape")).hexdigest()[:8], 16)


def _canonical(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
