"""What can go wrong, as exceptions.

Every exception of this package is a :class:`FixlipdError`. Those that the daemon answers have the code of the
protocol; those that arise before the daemon can answer (none runs, it went away, it speaks another protocol) have none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class FixlipdError(Exception):
    """An error of the daemon, or on the way to it.

    Attributes:
        message: what was wrong and what to do, in one sentence.
        code: the JSON-RPC error code, or ``None`` for errors on the way to the daemon.
        kind: the protocol's word for it, such as ``"imageUnreadable"``.
        index: which of several images or texts was at fault, or ``None``.
        retryable: whether the same call may succeed a moment later.
    """

    code: int | None = None
    kind: str = "error"
    retryable: bool = False

    def __init__(self, message: str, *, index: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.index = index

    def __str__(self) -> str:
        return self.message if self.index is None else f"item {self.index}: {self.message}"


class DaemonUnavailable(FixlipdError):
    """No daemon runs, and none could or may be started."""

    kind = "daemonUnavailable"


class DaemonGone(FixlipdError):
    """The daemon ended, or closed the connection, before it answered. The next call connects again."""

    kind = "daemonGone"
    retryable = True


class ProtocolMismatch(FixlipdError):
    """The daemon speaks another version of the protocol than this package."""

    kind = "protocolMismatch"


class OtherRelease(UserWarning):
    """The daemon is of another release than this package and speaks the same protocol: it is used as it is."""


class InvalidRequest(FixlipdError):
    """The daemon could not read the request."""

    code, kind = -32600, "invalidRequest"


class MethodNotFound(FixlipdError):
    """The daemon has no such method; it is probably older than this package."""

    code, kind = -32601, "methodNotFound"


class InvalidParameter(FixlipdError):
    """A parameter has a value it cannot have; the message names it."""

    code, kind = -32602, "invalidParams"


class InternalError(FixlipdError):
    """A fault of the daemon itself."""

    code, kind = -32603, "internalError"


class RequestCancelled(FixlipdError):
    """The request was cancelled."""

    code, kind = -32800, "requestCancelled"


class ModelNotFound(FixlipdError):
    """There is no model of that name or in that folder."""

    code, kind = 1001, "modelNotFound"


class ModelUnsupported(FixlipdError):
    """The model is of an architecture that the daemon does not run."""

    code, kind = 1002, "modelUnsupported"


class ModelCorrupt(FixlipdError):
    """A file of the model is damaged or incomplete."""

    code, kind = 1003, "modelCorrupt"


class ImageUnreadable(FixlipdError):
    """The image does not exist, or is no image the daemon can decode."""

    code, kind = 1004, "imageUnreadable"


class ImageTooLarge(FixlipdError):
    """The image has more pixels than the daemon accepts."""

    code, kind = 1005, "imageTooLarge"


class PathNotAllowed(FixlipdError):
    """The path lies outside the folders that the daemon may read images from."""

    code, kind = 1006, "pathNotAllowed"


class TextInvalid(FixlipdError):
    """The text cannot be used, for instance because it has no words."""

    code, kind = 1007, "textInvalid"


class ExplanationNotFound(FixlipdError):
    """The explanation was closed, or belongs to an earlier run of the daemon."""

    code, kind = 1008, "explanationNotFound"


class BudgetInvalid(FixlipdError):
    """The number of masks asked for is out of range, or there are no masks yet."""

    code, kind = 1009, "budgetInvalid"


class MemoryLimit(FixlipdError):
    """The request needs more memory than the daemon may take."""

    code, kind = 1010, "memoryLimit"


class Overloaded(FixlipdError):
    """Too many requests at once; try again in a moment."""

    code, kind, retryable = 1011, "overloaded", True


class ShuttingDown(FixlipdError):
    """The daemon is stopping."""

    code, kind = 1012, "shuttingDown"


class ModelInUse(FixlipdError):
    """The model to unload is in use by a request or an open explanation."""

    code, kind, retryable = 1013, "modelInUse", True


_BY_CODE: dict[int, type[FixlipdError]] = {
    error.code: error
    for error in (
        InvalidRequest,
        MethodNotFound,
        InvalidParameter,
        InternalError,
        RequestCancelled,
        ModelNotFound,
        ModelUnsupported,
        ModelCorrupt,
        ImageUnreadable,
        ImageTooLarge,
        PathNotAllowed,
        TextInvalid,
        ExplanationNotFound,
        BudgetInvalid,
        MemoryLimit,
        Overloaded,
        ShuttingDown,
        ModelInUse,
    )
    if error.code is not None
}


def error_from_wire(error: Mapping[str, Any]) -> FixlipdError:
    """The exception for the ``error`` member of a reply, or for one entry of an ``errors`` list."""
    details = error.get("data")
    details = details if isinstance(details, dict) else {}
    code = error.get("code")
    index = details.get("index", error.get("index"))
    kind = _BY_CODE.get(code, FixlipdError) if isinstance(code, int) else FixlipdError
    exception = kind(
        str(error.get("message") or "the daemon gave no reason"), index=index if isinstance(index, int) else None
    )
    if isinstance(code, int):
        exception.code = code
    word = details.get("kind", error.get("kind"))
    if isinstance(word, str):
        exception.kind = word
    if isinstance(details.get("retryable"), bool):
        exception.retryable = details["retryable"]
    return exception
