"""One connection: newline-delimited JSON-RPC 2.0, with any number of requests under way from any thread."""

from __future__ import annotations

import contextlib
import itertools
import json
import logging
import os
import queue
import socket
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Callable, Union

from .errors import DaemonGone, FixlipdError, error_from_wire


@dataclass(frozen=True)
class ProgressEvent:
    """The ``value`` of a ``$/progress`` notification."""

    value: Mapping[str, Any]


@dataclass(frozen=True)
class ResultEvent:
    """The ``result`` of the reply."""

    value: Any


@dataclass(frozen=True)
class FailureEvent:
    """Why there is no result."""

    error: FixlipdError


_LOG = logging.getLogger("fixlipd")
#: How grave a ``window/logMessage`` is, by its ``type``.
_LEVELS = {1: logging.ERROR, 2: logging.WARNING, 3: logging.INFO, 4: logging.DEBUG}

Event = Union[ProgressEvent, ResultEvent, FailureEvent]
Deliver = Callable[[Event], None]


class Connection:
    """A connected socket with a thread that reads from it and one that writes to it.

    Whoever sends only puts a message into the writer's queue, so that no signal can leave half a message behind. The
    reader hands each event of a request to that request's ``deliver``, which must not block. Every request gets exactly
    one result or failure, the failure being :class:`DaemonGone` if the connection ends first.
    """

    def __init__(self, connected: socket.socket, path: str) -> None:
        self.path = path
        self.process = os.getpid()
        self.message_limit: int | None = None
        self._socket = connected
        self._outgoing: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._state = threading.Lock()
        self._pending: dict[int, Deliver] = {}
        self._ids = itertools.count(1)
        self._ended: DaemonGone | None = None
        self._complaint: str | None = None
        self._writer = threading.Thread(target=self._write, name="fixlipd-writer", daemon=True)
        self._reader = threading.Thread(target=self._read, name="fixlipd-reader", daemon=True)
        self._writer.start()
        self._reader.start()

    @property
    def is_open(self) -> bool:
        """Whether requests can still be sent; a forked child has no part in its parent's connection."""
        return self._ended is None and self.process == os.getpid()

    def send(self, method: str, params: Mapping[str, Any], deliver: Deliver, *, progress: bool = False) -> int:
        """Sends a request and returns its id. Does not block.

        Raises:
            DaemonGone: the connection has ended.
            ValueError: the parameters are no JSON, or the message is longer than the daemon accepts.
        """
        identifier = next(self._ids)
        if progress:
            params = {**params, "progressToken": identifier}
        message = self._encode({"jsonrpc": "2.0", "id": identifier, "method": method, "params": params})
        with self._state:
            if self._ended is not None:
                raise DaemonGone(self._ended.message)
            self._pending[identifier] = deliver
        self._outgoing.put(message)
        return identifier

    def cancel(self, identifier: int) -> None:
        """Asks the daemon to give a request up. Its failure is still delivered, unless it was quicker."""
        self._outgoing.put(self._encode({"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": identifier}}))

    def post(self, method: str, params: Mapping[str, Any]) -> None:
        """Sends a request whose answer nobody needs. Takes no lock, so finalizers may call it."""
        self._outgoing.put(self._encode({"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": params}))

    def close(self) -> None:
        """Sends what waits to be sent and ends the connection; the daemon cancels what it was still doing for it."""
        others = [thread for thread in (self._writer, self._reader) if thread is not threading.current_thread()]
        if self.process == os.getpid():
            self._outgoing.put(None)
            if self._writer in others:
                self._writer.join(timeout=2)
            self._end("the connection was closed")
            for thread in others:
                thread.join(timeout=2)

    def abandon(self) -> None:
        """Gives up a connection inherited over a fork, leaving the parent's end as it is."""
        self._ended = DaemonGone("the connection belongs to the parent process")
        descriptor = self._socket.detach()
        if descriptor >= 0:
            os.close(descriptor)

    def _encode(self, message: Mapping[str, Any]) -> bytes:
        try:
            encoded = json.dumps(
                message, separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=_plain
            ).encode("utf-8")
        except UnicodeEncodeError:
            raise ValueError("a text holds lone surrogates, which are no Unicode text") from None
        if self.message_limit is not None and len(encoded) > self.message_limit:
            raise ValueError(
                f"the request has {len(encoded)} bytes, the daemon accepts {self.message_limit}; "
                "give images as paths, or start the daemon with a larger --max-message"
            )
        return encoded + b"\n"

    def _write(self) -> None:
        try:
            while True:
                message = self._outgoing.get()
                if message is None:
                    return
                self._socket.sendall(message)
        except OSError:
            self._end()

    def _read(self) -> None:
        try:
            with self._socket.makefile("rb") as stream:
                for line in stream:
                    self._dispatch(json.loads(line))
        except (OSError, ValueError):
            pass
        self._end()
        self._outgoing.put(None)

    def _dispatch(self, message: Any) -> None:
        if not isinstance(message, dict):
            return
        if message.get("method") == "$/progress":
            params = message.get("params") or {}
            token = params.get("token")
            with self._state:
                deliver = self._pending.get(token) if isinstance(token, int) else None
            if deliver is not None:
                deliver(ProgressEvent(params.get("value") or {}))
        elif message.get("method") == "window/logMessage":
            params = message.get("params") or {}
            kind = params.get("type")
            _LOG.log(
                _LEVELS.get(kind, logging.INFO) if isinstance(kind, int) else logging.INFO, "%s", params.get("message")
            )
        elif "method" not in message:
            identifier = message.get("id")
            error = message.get("error")
            if identifier is None and error:
                self._complaint = str(error.get("message"))
                return
            with self._state:
                deliver = self._pending.pop(identifier, None) if isinstance(identifier, int) else None
            if deliver is not None:
                deliver(FailureEvent(error_from_wire(error)) if error else ResultEvent(message.get("result")))

    def _gone(self) -> str:
        reason = f": {self._complaint}" if self._complaint else ""
        return f"the daemon on {self.path} ended the connection before it answered{reason}"

    def _end(self, reason: str | None = None) -> None:
        with self._state:
            if self._ended is None:
                self._ended = DaemonGone(reason or self._gone())
            orphans = list(self._pending.values())
            self._pending.clear()
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for deliver in orphans:
            deliver(FailureEvent(DaemonGone(reason or self._gone())))


def _plain(value: Any) -> Any:
    """NumPy scalars and arrays as JSON has them."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if hasattr(value, "__index__"):
        return value.__index__()
    raise TypeError(f"{type(value).__name__} is no value of the protocol")
