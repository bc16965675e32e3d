"""The way to the daemon that clients share: connects, starts a daemon if need be, and connects again after its end."""

from __future__ import annotations

import os
import queue
import threading
import warnings
import weakref
from collections.abc import Mapping
from typing import Any, Callable

from . import discovery
from .connection import Connection, Event, FailureEvent, ProgressEvent, ResultEvent
from .errors import DaemonGone, InvalidParameter, OtherRelease, ProtocolMismatch

PROTOCOL_VERSION = 1
CLIENT_VERSION = "0.1.0"

_links: weakref.WeakSet[Link] = weakref.WeakSet()


class Link:
    """At most one connection at a time, made on the first request. Threads may share it; a fork makes its own."""

    def __init__(self, socket: str | None, spawn: bool, executable: str | None, start_timeout: float) -> None:
        self.path = os.path.abspath(os.path.expanduser(socket or discovery.socket_path()))
        self.spawn = spawn
        self.executable = executable
        self.start_timeout = start_timeout
        self._lock = threading.Lock()
        self._connection: Connection | None = None
        self._is_closed = False
        self._finalizer: weakref.finalize[[], Link] | None = None
        _links.add(self)

    def connection(self) -> Connection:
        """The open connection, or a new one.

        Raises:
            DaemonUnavailable: there is no daemon.
            ProtocolMismatch: it speaks another version.
            RuntimeError: the client was closed.
        """
        with self._lock:
            if self._is_closed:
                raise RuntimeError("the client is closed")
            if self._connection is not None and self._connection.is_open:
                return self._connection
            self._connection = None
            connected = discovery.connect_or_start(
                self.path, spawn=self.spawn, executable=self.executable, timeout=self.start_timeout
            )
            connection = Connection(connected, self.path)
            try:
                _introduce(connection)
            except BaseException:
                connection.close()
                raise
            self._connection = connection
            if self._finalizer is not None:
                self._finalizer.detach()
            self._finalizer = weakref.finalize(self, connection.close)
            return connection

    def post(self, method: str, params: Mapping[str, Any]) -> None:
        """Sends something nobody waits for, if there is a connection. For finalizers."""
        connection = self._connection
        if connection is not None and connection.is_open:
            connection.post(method, params)

    def call(
        self,
        method: str,
        params: Mapping[str, Any],
        on_progress: Callable[[Mapping[str, Any]], None] | None = None,
        on_interrupt: Callable[[Connection], bool] | None = None,
    ) -> Any:
        """Sends a request and waits for its result.

        Args:
            on_progress: called on this thread with the latest progress value; values it had no time for are skipped.
            on_interrupt: called at the first ``KeyboardInterrupt``; if it returns true, the result is awaited all the
                same. Otherwise, without it, and at the second one, the request is cancelled and the interrupt goes on.
        """
        return call(self.connection(), method, params, on_progress, on_interrupt)

    def close(self) -> None:
        """Ends the connection. Further requests are refused."""
        with self._lock:
            self._is_closed = True
            connection, self._connection = self._connection, None
        if connection is not None and connection.process == os.getpid():
            connection.close()

    def after_fork(self) -> None:
        """In a child process: forgets the parent's connection and whatever state its locks were in."""
        self._lock = threading.Lock()
        connection, self._connection = self._connection, None
        if self._finalizer is not None:
            self._finalizer.detach()
            self._finalizer = None
        if connection is not None:
            connection.abandon()


def call(
    connection: Connection,
    method: str,
    params: Mapping[str, Any],
    on_progress: Callable[[Mapping[str, Any]], None] | None = None,
    on_interrupt: Callable[[Connection], bool] | None = None,
) -> Any:
    """As :meth:`Link.call`, on a given connection."""
    events: queue.SimpleQueue[Event] = queue.SimpleQueue()
    final: list[Event] = []  # Kept apart as well, lest an interrupt loses what was just taken from the queue.

    def deliver(event: Event) -> None:
        if not isinstance(event, ProgressEvent):
            final.append(event)
        events.put(event)

    identifier = connection.send(method, params, deliver, progress=on_progress is not None)
    event: Event | None = None
    try:
        while not isinstance(event, (ResultEvent, FailureEvent)):
            try:
                event, latest = last_of(_next(events), events)
                if latest is not None and on_progress is not None:
                    on_progress(latest.value)
            except KeyboardInterrupt:
                stop, on_interrupt = on_interrupt, None
                if stop is None or not stop(connection):
                    raise
                event = final[0] if final else None
    except BaseException:
        connection.cancel(identifier)
        raise
    if isinstance(event, FailureEvent):
        raise event.error
    return event.value


def _next(events: queue.SimpleQueue[Event]) -> Event:
    """The next event. A signal that comes just before a thread begins to wait does not wake it, hence the timeout."""
    while True:
        try:
            return events.get(timeout=0.25)
        except queue.Empty:
            continue


def last_of(event: Event, waiting: Any) -> tuple[Event, ProgressEvent | None]:
    """Skips progress that later progress has replaced.

    Args:
        event: the oldest event.
        waiting: a queue with those after it; what is skipped is taken out.

    Returns:
        the first event that is not skipped, and the progress to report: none before a result, which replaces it too.
    """
    latest: ProgressEvent | None = None
    while isinstance(event, ProgressEvent):
        latest = event
        if waiting.empty():
            break
        event = waiting.get_nowait()
    return event, None if isinstance(event, ResultEvent) else latest


def _introduce(connection: Connection) -> None:
    name = {"name": "fixlipd-python", "version": CLIENT_VERSION}
    try:
        reply = call(connection, "initialize", {"protocolVersion": PROTOCOL_VERSION, "clientInfo": name})
    except InvalidParameter as error:
        raise ProtocolMismatch(
            f"the daemon on {connection.path} refuses protocol version {PROTOCOL_VERSION}: {error.message}"
        ) from None
    except DaemonGone as error:
        raise DaemonGone(f"{error.message} (at its first message; is it a fixlipd?)") from None
    version = reply.get("protocolVersion") if isinstance(reply, dict) else None
    if version != PROTOCOL_VERSION:
        advice = (
            "update this package" if isinstance(version, int) and version > PROTOCOL_VERSION else "update the daemon"
        )
        raise ProtocolMismatch(
            f"the daemon on {connection.path} speaks protocol version {version}, "
            f"this package speaks {PROTOCOL_VERSION}; {advice}"
        )
    release = reply.get("serverInfo", {}).get("version")
    if isinstance(release, str) and release != CLIENT_VERSION:
        warnings.warn(
            f"the daemon on {connection.path} is fixlipd {release} and this package is {CLIENT_VERSION}; it is used as it is. "
            "After 'fixlipd stop' (client.stop_daemon()) the next call starts one anew",
            OtherRelease,
            stacklevel=2,
        )
    limit = reply.get("capabilities", {}).get("limits", {}).get("messageBytes")
    connection.message_limit = limit if isinstance(limit, int) else None


def _forget_connections() -> None:
    for link in list(_links):
        link.after_fork()


os.register_at_fork(after_in_child=_forget_connections)
