"""Numbers beyond every bound, put in place of each number of each valid example of parameters, and sent to a daemon."""

import json

from contract import read, type_name
from frames import FrameJudge
from harness.client import Ended
from harness.daemon import SocketDaemon
from live_checks import IMAGE, placed
from validation import Validators

EXTREMES = {
    "2^63-1": 2**63 - 1,
    "-2^63": -(2**63),
    "2^64": 2**64,
    "0": 0,
    "-1": -1,
    "1e308": 1e308,
    "a huge string": "9" * 100_000,
}
NOT_SENT = ("shutdown", "server/stop")
PATIENCE = 60
"""Seconds that one request may take."""


def check_extreme_numbers(report, contract, program):
    trial = Trial(contract, program)
    try:
        for method, label, params in requests(contract, trial.patches()):
            for path in numbers(params):
                for name, extreme in EXTREMES.items():
                    title = f"{method} {label}, {name} for {dotted(path)}"
                    report.check(title, trial.problem(method, replaced(params, path, extreme)))
    finally:
        trial.daemon.close()


def requests(contract, patches):
    """(method, what it is, parameters): the examples, and numbers that no example has."""
    for method, entry in contract.requests.items():
        wanted = type_name(entry["x-params"]["$ref"])
        if method not in NOT_SENT:
            for type_, kind, path in contract.examples():
                if (type_, kind) == (wanted, "valid"):
                    yield method, path.stem, read(path)
    handle = "x1-1a2b3c"
    for format_ in ("svg", "html", "ansi", "markdown"):
        yield "explanation/render", format_, {"explanation": handle, "format": format_, "topK": 5, "width": 400}
    yield "explanation/refine", "stable", {"explanation": handle, "until": {"topK": 3, "stableRounds": 2}}
    yield "explanation/values", "top", {"explanation": handle, "pairs": {"top": 3}}
    opening = {"image": str(IMAGE), "text": "a red rose"}
    yield "explanation/open", "regions", {**opening, "players": {"image": {"regions": [0, 1] + [2] * (patches - 2)}}}
    yield (
        "explain",
        "both budgets",
        {**opening, "budget": {"imageMasks": 32, "textMasks": 8}, "deadlineMilliseconds": 500},
    )


def numbers(value, path=()):
    """The paths of the numbers in a JSON value: of a list of numbers, the ends.

    A text that is JSON itself is one step, `json`.
    """
    if isinstance(value, dict):
        for key, member in value.items():
            yield from numbers(member, (*path, key))
    elif isinstance(value, list):
        plain = len(value) > 2 and all(isinstance(element, int) for element in value)
        for index in (0, len(value) - 1) if plain else range(len(value)):
            yield from numbers(value[index], (*path, index))
    elif isinstance(value, str) and value.startswith("{"):
        yield from numbers(json.loads(value), (*path, "json"))
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield path


def replaced(value, path, extreme):
    if not path:
        return extreme
    step, *rest = path
    if isinstance(value, str):
        return json.dumps(replaced(json.loads(value), rest, extreme))
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[step] = replaced(value[step], rest, extreme)
    return copy


def dotted(path):
    return ".".join(str(step) for step in path)


class Trial:
    """A daemon and an explanation to try requests on; another of each where they do not outlive one."""

    def __init__(self, contract, program):
        self.contract, self.program = contract, program
        self.validators = Validators(contract, strict=True)
        self.daemon = None
        self.start()

    def start(self):
        if self.daemon:
            self.daemon.close()
        self.daemon = SocketDaemon(self.program)
        self.connection = self.daemon.connect()
        self.judge = FrameJudge(self.contract, self.validators)
        self.number = 0
        self.handle = None

    def call(self, method, params):
        self.number += 1
        message = {"jsonrpc": "2.0", "id": self.number, "method": method, "params": params}
        self.judge.sent(message)
        self.connection.say(message)
        while True:
            reply = self.connection.expect(PATIENCE)
            self.judge.received(reply)
            if "id" in reply:
                return reply

    def patches(self):
        shape = self.call("models/load", {})["result"]["image"]
        return shape["rows"] * shape["columns"]

    def problem(self, method, params):
        """None where the request is answered as the protocol allows and the daemon lives on."""
        try:
            if self.handle is None:
                self.handle = self.open()
            reply = self.call(method, placed(params, self.handle))
            if method == "explanation/close":
                self.handle = None
            opened = reply.get("result", {}).get("explanation")
            if opened and opened != self.handle:
                self.call("explanation/close", {"explanation": opened})
            self.call("server/ping", {})
        except (Ended, TimeoutError) as error:
            self.start()
            return str(error)
        error = reply.get("error", {})
        return f"an internal error: {error['message']}" if error.get("code") == -32603 else None

    def open(self):
        opened = self.call(
            "explanation/open",
            {"image": str(IMAGE), "text": "a red rose", "players": {"image": {"grid": {"rows": 2, "columns": 2}}}},
        )
        handle = opened["result"]["explanation"]
        self.call("explanation/refine", {"explanation": handle, "budget": {"imageMasks": 16}})
        return handle
