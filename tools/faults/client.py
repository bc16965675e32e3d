"""A client that shows every byte: it sends what it is told, valid or not, and counts replies."""

import json
import socket
import time


class Frames:
    """Cuts what the daemon sends into messages (newline-delimited JSON or the base protocol of LSP)."""

    def __init__(self, framing="lines"):
        self.framing = framing
        self.buffer = bytearray()

    def feed(self, data):
        self.buffer += data
        messages = []
        while True:
            payload = self._take_line() if self.framing == "lines" else self._take_body()
            if payload is None:
                return messages
            messages.append(json.loads(payload))

    def _take_line(self):
        end = self.buffer.find(b"\n")
        if end < 0:
            return None
        line = bytes(self.buffer[:end])
        del self.buffer[: end + 1]
        return line

    def _take_body(self):
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return None
        length = None
        for line in bytes(self.buffer[:end]).split(b"\r\n"):
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        if length is None:
            raise ValueError(f"a frame without Content-Length: {bytes(self.buffer[:end])!r}")
        if len(self.buffer) < end + 4 + length:
            return None
        body = bytes(self.buffer[end + 4 : end + 4 + length])
        del self.buffer[: end + 4 + length]
        return body


def frame(message, framing="lines"):
    payload = message if isinstance(message, bytes) else json.dumps(message).encode()
    if framing == "lines":
        return payload + b"\n"
    return b"Content-Length: %d\r\n\r\n" % len(payload) + payload


def request(number, method, params=None):
    message = {"jsonrpc": "2.0", "id": number, "method": method}
    if params is not None:
        message["params"] = params
    return message


def notification(method, params):
    return {"jsonrpc": "2.0", "method": method, "params": params}


class Ended(Exception):
    """The daemon ended the connection although a reply was owed."""


class Client:
    """One blocking connection."""

    def __init__(self, path, framing="lines", timeout=60.0):
        self.framing = framing
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(timeout)
        self.socket.connect(str(path))
        self.frames = Frames(framing)
        self.waiting = []
        self.next_id = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data):
        """Raw bytes."""
        self.socket.sendall(data)

    def post(self, method, params=None):
        """Sends a request and returns its id."""
        self.next_id += 1
        self.send(frame(request(self.next_id, method, params), self.framing))
        return self.next_id

    def notify(self, method, params):
        self.send(frame(notification(method, params), self.framing))

    def receive(self):
        """The next message; None at the end of the stream."""
        while not self.waiting:
            try:
                data = self.socket.recv(1 << 18)
            except (ConnectionResetError, BrokenPipeError):
                return None
            if not data:
                return None
            self.waiting += self.frames.feed(data)
        return self.waiting.pop(0)

    def reply(self, number):
        """The reply to a request; notifications and other replies before it are skipped."""
        while True:
            message = self.receive()
            if message is None:
                raise Ended(f"the connection ended before the reply to request {number}")
            if isinstance(message, dict) and message.get("id") == number and "method" not in message:
                return message

    def call(self, method, params=None):
        """The whole reply, with `result` or `error`."""
        return self.reply(self.post(method, params))

    def result(self, method, params=None):
        answer = self.call(method, params)
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
