"""Plays the byte streams of protocol/framing to a daemon (see the README there)."""

import base64
import codecs
import contextlib
import itertools

from contract import FOLDER, read
from harness.daemon import PATIENCE

FRAMINGS = {"lines": "newline-delimited", "headers": "content-length", None: "newline-delimited"}


class Stream:
    """One file of protocol/framing."""

    def __init__(self, path):
        content = read(path)
        self.name = path.stem
        self.limits = content.get("limits", {})
        self.framing = content["framing"]
        self.failure = content.get("failure")
        self.replies = content["replies"]
        self.data = (
            base64.b64decode(content["inputBase64"]) if "inputBase64" in content else content["input"].encode("utf-8")
        )

    @staticmethod
    def all(folder=FOLDER / "framing"):
        return [Stream(path) for path in sorted(folder.glob("*.json"))]

    @property
    def can_be_glued(self):
        """Whether it may stand between other streams on one connection. A byte order mark counts at the start only."""
        return (
            self.failure is None
            and not self.data.startswith(codecs.BOM_UTF8)
            and self.framing is not None
            and (self.framing == "headers" or self.data.endswith(b"\n"))
        )


def glued(streams):
    """(framing, bytes, replies) of the streams of each framing one after the other."""
    streams = sorted((s for s in streams if s.can_be_glued and not s.limits), key=lambda s: s.framing)
    for framing, group in itertools.groupby(streams, key=lambda s: s.framing):
        group = list(group)
        yield framing, b"".join(s.data for s in group), [reply for s in group for reply in s.replies]


def problem(connection, pieces, framing, replies, failure=None):
    """Sends the pieces and ends the input; what is wrong with what comes back, or None."""
    with contextlib.suppress(OSError):
        for piece in pieces:
            connection.send(piece)
    with contextlib.suppress(OSError):
        connection.close_input()
    messages = connection.rest(PATIENCE)
    if failure:
        mentions = failure.get("mentions", "")
        texts = [
            m["error"]["message"] for m in messages if isinstance(m, dict) and m.get("id") is None and "error" in m
        ]
        if not any(mentions in text for text in texts):
            return f"no error that mentions {mentions!r}: {texts}"
    if connection.frames.seen - {FRAMINGS[framing]}:
        return f"answered with {sorted(connection.frames.seen)}"
    expected, found = canonical(replies), canonical([summary(message) for message in messages])
    return None if expected == found else f"expected {expected}, found {found}"


def summary(message):
    """A reply as the files describe it."""
    if isinstance(message, list):
        return [summary(item) for item in message]
    if "error" in message:
        return {"id": message["id"], "error": message["error"]["code"]}
    return {"id": message["id"], "result": True}


def canonical(replies):
    """Replies, and those of a batch, in an order of their own."""
    return sorted((canonical(reply) if isinstance(reply, list) else reply for reply in replies), key=repr)
