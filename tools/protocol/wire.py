"""Runs a daemon and speaks to it, in both framings, over standard input and output or a socket."""

import contextlib
import json
import os
import pathlib
import queue
import shutil
import socket
import subprocess
import tempfile
import threading
import time

from contract import ROOT

PATIENCE = 120
"""Seconds until a daemon that says nothing counts as hung."""


class Closed(Exception):
    """The daemon closed the connection."""


def variables():
    """Built-in models are those of the repository, unless FIXLIPD_MODELS says otherwise."""
    values = dict(os.environ)
    values.setdefault("FIXLIPD_MODELS", str(ROOT / "models"))
    return values


def framed(payload, framing):
    if framing == "newline-delimited":
        return payload + b"\n"
    return b"Content-Length: %d\r\n\r\n" % len(payload) + payload


class Connection:
    """A byte stream to a daemon, cut into messages by a thread of its own."""

    def __init__(self, write, read, close_input):
        self.write = write
        self.read = read
        self.close_input = close_input
        self.arrived = queue.Queue()
        self.framings = set()
        self.thread = threading.Thread(target=self._read_all, daemon=True)
        self.thread.start()

    def send(self, message, framing):
        self.send_bytes(framed(json.dumps(message, ensure_ascii=False).encode(), framing))

    def send_bytes(self, data):
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.write(data)

    def receive(self, patience=PATIENCE):
        """The next message. Raises `Closed` at the end, `TimeoutError` when nothing comes."""
        try:
            item = self.arrived.get(timeout=patience)
        except queue.Empty:
            raise TimeoutError(f"nothing came for {patience} s") from None
        if isinstance(item, Exception):
            self.arrived.put(item)
            raise item
        return item

    def receive_all(self):
        """Every message up to the end."""
        messages = []
        while True:
            try:
                messages.append(self.receive())
            except Closed:
                return messages

    def _read_all(self):
        pending = b""
        try:
            while True:
                piece = self.read(65536)
                if not piece:
                    break
                pending += piece
                while True:
                    payload, rest = self._cut(pending)
                    if payload is None:
                        break
                    pending = rest
                    self.arrived.put(json.loads(payload))
            if pending:
                raise ValueError(f"the stream ends inside a message: {pending[:80]!r}")
            self.arrived.put(Closed("the daemon closed the connection"))
        except Exception as error:
            self.arrived.put(Closed("the connection was reset") if isinstance(error, ConnectionResetError) else error)

    def _cut(self, data):
        if not data:
            return None, data
        if data[:1] == b"C":
            self.framings.add("content-length")
            head, found, body = data.partition(b"\r\n\r\n")
            if not found:
                return None, data
            length = int(head.removeprefix(b"Content-Length: "))
            return (body[:length], body[length:]) if len(body) >= length else (None, data)
        self.framings.add("newline-delimited")
        line, found, rest = data.partition(b"\n")
        return (line, rest) if found else (None, data)


class StdioDaemon:
    """`fixlipd serve --stdio`: one connection, which the process ends with."""

    def __init__(self, program, options=()):
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [program, "serve", "--stdio", *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            env=variables(),
        )
        descriptor = self.process.stdin.fileno()
        self.connection = Connection(
            lambda data: write_all(descriptor, data), self.process.stdout.read1, self._close_input
        )

    def connect(self):
        return self.connection

    def status(self):
        """Its exit status, once it has ended."""
        return self.process.wait(timeout=PATIENCE)

    def close(self):
        self._close_input()
        end(self.process)
        self.process.stdout.close()

    def _close_input(self):
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()


class SocketDaemon:
    """`fixlipd serve --socket PATH` in a folder of its own, and any number of connections."""

    def __init__(self, program, options=()):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="fixlipd-"))
        self.path = self.folder / "s"
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [program, "serve", "--socket", str(self.path), *options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self.log,
            env=variables(),
        )
        self.sockets = []

    def connect(self):
        stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        limit = time.monotonic() + PATIENCE
        while True:
            try:
                stream.connect(str(self.path))
                break
            except (FileNotFoundError, ConnectionRefusedError):
                if self.process.poll() is not None:
                    raise RuntimeError(
                        f"the daemon ended with status {self.process.returncode}: {self.log_text()}"
                    ) from None
                if time.monotonic() > limit:
                    raise TimeoutError(f"no socket after {PATIENCE} s") from None
                time.sleep(0.02)
        self.sockets.append(stream)
        return Connection(stream.sendall, stream.recv, lambda: stream.shutdown(socket.SHUT_WR))

    def log_text(self):
        self.log.seek(0)
        return self.log.read().decode(errors="replace")[-2000:]

    def status(self):
        return self.process.wait(timeout=PATIENCE)

    def close(self):
        for stream in self.sockets:
            stream.close()
        end(self.process)
        shutil.rmtree(self.folder, ignore_errors=True)


def write_all(descriptor, data):
    while data:
        data = data[os.write(descriptor, data) :]


def end(process):
    """Ends a process this program started."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
