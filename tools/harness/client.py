"""A client that shows every byte: it sends what it is told, valid or not, and counts replies."""

import contextlib
import os
import queue
import socket
import threading
import time

from harness.wire import LINES, Frames, frame, notification, request


class Ended(Exception):
    """The daemon ended the connection although a message was owed."""


class SocketStream:
    """The bytes of a connection to a socket."""

    def __init__(self, path, timeout):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(timeout)
        self.socket.connect(str(path))

    def send(self, data):
        self.socket.sendall(data)

    def receive(self):
        return self.socket.recv(1 << 18)

    def close_input(self):
        self.socket.shutdown(socket.SHUT_WR)

    def close(self):
        # A thread that waits in recv would keep the connection open beyond close.
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


class PipeStream:
    """The bytes of a process's standard input and output."""

    def __init__(self, process):
        self.process = process

    def send(self, data):
        while data:
            data = data[os.write(self.process.stdin.fileno(), data) :]

    def receive(self):
        return self.process.stdout.read1(1 << 18)

    def close_input(self):
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()

    close = close_input


class Client:
    """One connection.

    stream: where its bytes go. framing: of what it sends and, unless `lenient`, of what it must be sent. timeout:
    seconds until a daemon that says nothing counts as hung. eager: whether a thread reads all the time, so that no long
    message of the client's waits for the daemon's; without it the daemon sees a client that reads only when it wants
    something. progress: the values of the progress reports that came before the last reply.
    """

    def __init__(self, stream, framing=LINES, timeout=60.0, *, eager=False, lenient=False):
        self.stream = stream
        self.framing = framing
        self.timeout = timeout
        self.frames = Frames(None if lenient else framing)
        self.waiting = []
        self.next_id = 0
        self.progress = []
        self.arrived = queue.Queue() if eager else None
        if eager:
            threading.Thread(target=self._read_all, daemon=True).start()

    @property
    def socket(self):
        """The socket, where there is one: for cases that use it in ways of their own."""
        return self.stream.socket

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.stream.close()

    def close_input(self):
        """Says that nothing more will be sent."""
        self.stream.close_input()

    def send(self, data):
        """Raw bytes."""
        self.stream.send(data)

    def say(self, message, framing=None):
        """A message of any form; the daemon may be gone."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.send(frame(message, framing or self.framing))

    def post(self, method, params=None):
        """Sends a request and returns its id."""
        self.next_id += 1
        self.send(frame(request(self.next_id, method, params), self.framing))
        return self.next_id

    def notify(self, method, params):
        self.send(frame(notification(method, params), self.framing))

    def receive(self, timeout=None):
        """The next message; None at the end of the stream. Raises TimeoutError where none comes."""
        while not self.waiting:
            data = self._next_bytes(timeout or self.timeout)
            if not data:
                self.frames.finish()
                return None
            self.waiting += self.frames.feed(data)
        return self.waiting.pop(0)

    def expect(self, timeout=None):
        """The next message. Raises `Ended` at the end of the stream."""
        message = self.receive(timeout)
        if message is None:
            raise Ended("the daemon closed the connection")
        return message

    def reply(self, number):
        """The reply to a request; notifications and other replies before it are skipped."""
        self.progress = []
        while True:
            message = self.receive()
            if message is None:
                raise Ended(f"the connection ended before the reply to request {number}")
            if not isinstance(message, dict):
                continue
            if message.get("method") == "$/progress":
                self.progress.append(message["params"]["value"])
            elif message.get("id") == number and "method" not in message:
                return message

    def call(self, method, params=None):
        """The whole reply, with `result` or `error`."""
        return self.reply(self.post(method, params))

    def result(self, method, params=None, **members):
        """The result of a call; its parameters may be given by name. Raises RuntimeError for an error."""
        answer = self.call(method, members or params)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    def error_code(self, method, params=None):
        """The code of the error a call is answered with; None for a result."""
        return self.call(method, params).get("error", {}).get("code")

    def rest(self, seconds=30.0):
        """Everything until the end of the stream."""
        end = time.monotonic() + seconds
        messages = []
        while time.monotonic() < end:
            message = self.receive()
            if message is None:
                return messages
            messages.append(message)
        raise TimeoutError("the stream did not end")

    def _next_bytes(self, timeout):
        if self.arrived is None:
            return self._read()
        try:
            data = self.arrived.get(timeout=timeout)
        except queue.Empty:
            raise TimeoutError(f"nothing came for {timeout:g} s") from None
        if not data:
            self.arrived.put(data)  # The end stays the end.
        return data

    def _read(self):
        try:
            return self.stream.receive()
        except (ConnectionResetError, BrokenPipeError):
            return b""

    def _read_all(self):
        data = True
        while data:
            try:
                data = self._read()
            except (OSError, ValueError):  # Closed by ourselves.
                data = b""
            self.arrived.put(data)


def connect(path, framing=LINES, timeout=60.0, **settings):
    """A client of the daemon on a socket."""
    return Client(SocketStream(path, None if settings.get("eager") else timeout), framing, timeout, **settings)
