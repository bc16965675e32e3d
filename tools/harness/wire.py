"""The two framings (protocol/README.md, "Transport and framing")."""

import json

LINES, HEADERS = FRAMINGS = ("newline-delimited", "content-length")


def frame(message, framing=LINES):
    """A message, or its bytes, as it goes over the wire."""
    payload = message if isinstance(message, bytes) else json.dumps(message, ensure_ascii=False).encode()
    return payload + b"\n" if framing == LINES else b"Content-Length: %d\r\n\r\n" % len(payload) + payload


def request(number, method, params=None):
    message = {"jsonrpc": "2.0", "id": number, "method": method}
    if params is not None:
        message["params"] = params
    return message


def notification(method, params):
    return {"jsonrpc": "2.0", "method": method, "params": params}


class Frames:
    """Cuts what the daemon sends into messages.

    framing: what it must send; where None, the first byte of each message tells. seen: the framings there were.
    """

    def __init__(self, framing=None):
        self.framing = framing
        self.seen = set()
        self.buffer = bytearray()

    def feed(self, data):
        """The messages that are whole now."""
        self.buffer += data
        messages = []
        while True:
            payload = self._take()
            if payload is None:
                return messages
            messages.append(json.loads(payload))

    def finish(self):
        """Raises ValueError where the stream ends inside a message."""
        if self.buffer:
            raise ValueError(f"the stream ends inside a message: {bytes(self.buffer[:80])!r}")

    def _take(self):
        if not self.buffer:
            return None
        framing = self.framing or (HEADERS if self.buffer[:1] == b"C" else LINES)
        payload = self._take_line() if framing == LINES else self._take_body()
        if payload is not None:
            self.seen.add(framing)
        return payload

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
        head = bytes(self.buffer[:end])
        name, _, length = head.partition(b": ")
        if name != b"Content-Length" or not length.isdigit():
            raise ValueError(f"a frame must begin with Content-Length alone: {head[:80]!r}")
        begin, stop = end + 4, end + 4 + int(length)
        if len(self.buffer) < stop:
            return None
        body = bytes(self.buffer[begin:stop])
        del self.buffer[:stop]
        return body
