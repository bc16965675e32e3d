"""Whole conversations, and playing them to a daemon.

A transcript is a file of JSON lines. The first says what it is about: {"about": …}. Then, in order:

    {"direction": "client", "message": …}       the client sends this
    {"direction": "client", "raw": "…"}         the client sends this text as a message, JSON or not
    {"direction": "server", "message": …}       the daemon sends this
    {"direction": "server", "closes": true}     the daemon closes the connection; with "status", over standard
                                                input and output its process ends with this status

Further members of a server's line: "repeat": true, any number of these, also none; "anyOrder": true, neighbouring
lines that have it may come in any order. "comment" may be given anywhere. Values may be matchers (see matching.py).
"""

import dataclasses
import json

from contract import FOLDER
from frames import FrameError, FrameJudge
from harness.client import Ended
from harness.daemon import PATIENCE, StdioDaemon
from matching import Mismatch, filled, match, matches


@dataclasses.dataclass
class Transcript:
    name: str
    about: str
    lines: list

    @staticmethod
    def read(path):
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        return Transcript(path.stem, lines[0]["about"], lines[1:])

    @staticmethod
    def all(folder=FOLDER / "transcripts"):
        return [Transcript.read(path) for path in sorted(folder.glob("*.jsonl"))]

    def blocks(self):
        """Runs of lines of one direction."""
        block = []
        for line in self.lines:
            if block and block[0]["direction"] != line["direction"]:
                yield block
                block = []
            block.append(line)
        if block:
            yield block


class Failure(Exception):
    """A conversation that went otherwise."""


def play(transcript, daemon, framing, contract, validators):
    """Plays a transcript on a connection of its own. Returns how many frames were judged; raises `Failure`."""
    connection = daemon.connect()
    judge = FrameJudge(contract, validators)
    kept = {}
    try:
        for block in transcript.blocks():
            if block[0]["direction"] == "client":
                for line in block:
                    say(line, connection, framing, judge, kept)
            else:
                hear(block, connection, judge, kept, daemon)
        finish(transcript, connection, judge)
    except (Mismatch, FrameError, Ended, TimeoutError, json.JSONDecodeError, ValueError) as error:
        raise Failure(f"{type(error).__name__}: {error}") from None
    if connection.frames.seen - {framing}:
        raise Failure(f"the daemon answered {framing} with {sorted(connection.frames.seen)}")
    return judge.frames


def say(line, connection, framing, judge, kept):
    if "raw" in line:
        connection.say(line["raw"].encode(), framing)
        return
    message = filled(line["message"], kept)
    judge.sent(message)
    connection.say(message, framing)


def hear(block, connection, judge, kept, daemon):
    """Takes messages until every line that must come has come."""
    waiting = list(block)
    while any(not line.get("repeat") for line in waiting):
        try:
            message = connection.expect()
        except Ended:
            expect_end(waiting, daemon)
            return
        judge.received(message)
        take(message, waiting, kept)


def candidates(waiting):
    """Indexes of the lines that the next message may be: up to the first that must come before those after it."""
    for index, line in enumerate(waiting):
        yield index
        may_be_passed = line.get("repeat") or (
            line.get("anyOrder") and index + 1 < len(waiting) and waiting[index + 1].get("anyOrder")
        )
        if not may_be_passed:
            return


def take(message, waiting, kept):
    """Crosses out the line that this message is, and the repeated ones before it, which are over."""
    for index in candidates(waiting):
        line = waiting[index]
        if "message" not in line or not matches(line["message"], message, kept):
            continue
        over = {i for i in range(index) if not waiting[i].get("anyOrder")}
        if not line.get("repeat"):
            over.add(index)
        waiting[:] = [line for i, line in enumerate(waiting) if i not in over]
        return
    reasons = [reason(waiting[index], message, kept) for index in candidates(waiting)]
    raise Mismatch(f"unexpected: {json.dumps(message, ensure_ascii=False)[:200]}; " + "; or ".join(reasons))


def reason(line, message, kept):
    """Why a message is not this line."""
    try:
        match(line["message"], message, dict(kept))
    except Mismatch as mismatch:
        return str(mismatch)
    except KeyError:
        return "the daemon was to close the connection"
    return ""


def expect_end(waiting, daemon):
    line = waiting[list(candidates(waiting))[-1]]
    if not line.get("closes"):
        raise Mismatch(f"the daemon closed the connection; expected {json.dumps(line, ensure_ascii=False)[:400]}")
    if "status" in line and isinstance(daemon, StdioDaemon):
        status = daemon.status()
        if status != line["status"]:
            raise Mismatch(f"the process ended with status {status}, expected {line['status']}")


def finish(transcript, connection, judge):
    """The client ends its input; nothing more may come."""
    if transcript.lines[-1].get("closes"):
        return
    connection.close_input()
    rest = connection.rest(PATIENCE)
    for message in rest:
        judge.received(message)
    if rest:
        raise Mismatch(f"unexpected at the end: {json.dumps(rest[0], ensure_ascii=False)[:400]}")
    if judge.pending:
        raise Mismatch(f"never answered: {sorted(map(str, judge.pending.values()))}")
