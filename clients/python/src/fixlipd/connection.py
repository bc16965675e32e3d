"""One connection: newline-delimited JSON-RPC 2.0, with any number of requests under way from any thread."""

from __future__ import annotations

import collections
import itertools
import json
import os
import socket
import threading
from dataclasses import dataclass
from typing import Any, Callable, Deque, Dict, Mapping, Optional, Union

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


Event = Union[ProgressEvent, ResultEvent, FailureEvent]
Deliver = Callable[[Event], None]


class Connection:
    """A connected socket and the thread that reads from it.

    The reader hands each event of a request to that request's ``deliver``, which must not block. Every request gets
    exactly one result or failure, the failure being :class:`DaemonGone` if the connection ends first.
    """

    def __init__(self, connected: socket.socket, path: str) -> None:
        self.path = path
        self.process = os.getpid()
        self.message_limit: Optional[int] = None
        self._socket = connected
        self._sending = threading.Lock()
        self._state = threading.Lock()
        self._pending: Dict[int, Deliver] = {}
        self._ids = itertools.count(1)
        self._posted: Deque[bytes] = collections.deque()
        self._ended: Optional[FixlipdError] = None
        self._complaint: Optional[str] = None
        self._reader = threading.Thread(target=self._read, name="fixlipd-reader", daemon=True)
        self._reader.start()

    @property
    def is_open(self) -> bool:
        """Whether requests can still be sent; a forked child has no part in its parent's connection."""
        return self._ended is None and self.process == os.getpid()

    def send(self, method: str, params: Mapping[str, Any], deliver: Deliver, *, progress: bool = False) -> int:
        """Sends a request and returns its id. Blocks only while the daemon does not read.

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
                raise self._ended
            self._pending[identifier] = deliver
        try:
            self._write(message)
        except BaseException:
            with self._state:
                self._pending.pop(identifier, None)
            raise
        return identifier

    def cancel(self, identifier: int) -> None:
        """Asks the daemon to give a request up. Its failure is still delivered, unless it was quicker."""
        self.post("$/cancelRequest", {"id": identifier}, notification=True)

    def post(self, method: str, params: Mapping[str, Any], *, notification: bool = False) -> None:
        """Sends something whose answer nobody needs. Never raises and may be called from a finalizer: when the
        connection is being written to, the writer sends it afterwards."""
        message: Dict[str, Any] = {"jsonrpc": "2.0", "method": method, "params": params}
        if not notification:
            message["id"] = next(self._ids)
        self._posted.append(self._encode(message))
        self._flush_posted()

    def close(self) -> None:
        """Ends the connection; the daemon cancels what it was still doing for it."""
        self._end("the connection was closed")
        if threading.current_thread() is not self._reader and self.process == os.getpid():
            self._reader.join(timeout=5)

    def abandon(self) -> None:
        """Gives up a connection inherited over a fork, leaving the parent's end as it is."""
        self._ended = DaemonGone("the connection belongs to the parent process")
        descriptor = self._socket.detach()
        if descriptor >= 0:
            os.close(descriptor)

    def _encode(self, message: Mapping[str, Any]) -> bytes:
        try:
            encoded = json.dumps(
                message, separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=_plain).encode("utf-8")
        except UnicodeEncodeError:
            raise ValueError("a text holds lone surrogates, which are no Unicode text") from None
        if self.message_limit is not None and len(encoded) > self.message_limit:
            raise ValueError(
                f"the request has {len(encoded)} bytes, the daemon accepts {self.message_limit}; "
                "give images as paths, or start the daemon with a larger --max-message")
        return encoded + b"\n"

    def _write(self, message: bytes) -> None:
        try:
            with self._sending:
                self._socket.sendall(message)
        except OSError:
            self._end()
            raise self._ended or DaemonGone(self._gone()) from None
        except BaseException:
            # An interrupt may have left half a message behind, after which nothing can follow.
            self._end("the connection was interrupted")
            raise
        self._flush_posted()

    def _flush_posted(self) -> None:
        while self._posted and self._ended is None and self._sending.acquire(blocking=False):
            try:
                self._socket.sendall(self._posted.popleft())
            except IndexError:
                pass
            except OSError:
                return
            except BaseException:
                self._end("the connection was interrupted")
                raise
            finally:
                self._sending.release()

    def _read(self) -> None:
        try:
            with self._socket.makefile("rb") as stream:
                for line in stream:
                    self._dispatch(json.loads(line))
        except (OSError, ValueError):
            pass
        self._end()

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

    def _end(self, reason: Optional[str] = None) -> None:
        with self._state:
            if self._ended is None:
                self._ended = DaemonGone(reason or self._gone())
            orphans = list(self._pending.values())
            self._pending.clear()
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
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
