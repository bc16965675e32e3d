"""Checks of a running daemon against the protocol's files."""

import json

from contract import ROOT, read, type_name
from frames import FrameJudge
from framing import Stream, glued, problem
from harness.daemon import SocketDaemon, StdioDaemon
from harness.wire import frame
from transcripts import Failure, Transcript, play
from validation import Validators

FRAMINGS = ("newline-delimited", "content-length")
LIMIT = 1 << 20
"""Bytes of a message with `--max-message 1`."""
IMAGE = ROOT / "Tests/Fixtures/scene.png"
REJECTED = {-32602, 1001, 1004, 1006, 1007, 1009}
"""Codes that an invalid example of parameters may be answered with."""


def check_daemon(report, contract, program):
    validators = Validators(contract, strict=True)
    with report.section("capabilities and the served description"):
        check_sets(report, contract, program, validators)
    with report.section("examples of parameters, sent"):
        check_parameters(report, contract, program, validators)
    check_transcripts(report, contract, program)
    check_framing(report, program)


class Caller:
    """One connection and requests on it, one at a time, every frame judged."""

    def __init__(self, daemon, contract, validators):
        self.connection = daemon.connect()
        self.judge = FrameJudge(contract, validators)
        self.number = 0

    def call(self, method, params=None):
        """The reply; notifications before it are judged and left out."""
        self.number += 1
        message = {"jsonrpc": "2.0", "id": self.number, "method": method}
        if params is not None:
            message["params"] = params
        self.judge.sent(message)
        self.connection.say(message)
        while True:
            reply = self.connection.expect()
            self.judge.received(reply)
            if "id" in reply:
                return reply


def check_sets(report, contract, program, validators):
    daemon = StdioDaemon(program)
    try:
        caller = Caller(daemon, contract, validators)
        result = caller.call("initialize")["result"]
        capabilities = result["capabilities"]
        major = int(contract.document["info"]["version"].partition(".")[0])
        report.check(
            "protocolVersion",
            None if result["protocolVersion"] == major else f"is {result['protocolVersion']}, the files say {major}",
        )
        report.check("methods", difference(capabilities["methods"], contract.requests))
        for member, name in (
            ("indices", "InteractionIndexChoice"),
            ("estimators", "Estimator"),
            ("maskings", "Masking"),
            ("encodings", "FloatEncoding"),
            ("renderFormats", "RenderFormat"),
        ):
            report.check(member, difference(capabilities[member], contract.schemas[name]["enum"]))
        served = caller.call("rpc.discover")
        expected = contract.bundled()
        report.check("rpc.discover", None if served.get("result") == expected else discovered(served, expected))
    finally:
        daemon.close()


def discovered(served, expected):
    if "result" not in served:
        return f"answered {json.dumps(served)[:200]}"
    parts = {key for key in set(expected) | set(served["result"]) if expected.get(key) != served["result"].get(key)}
    return f"differs from the files in {sorted(parts)}; run tools/protocol/bundle.py and build again"


def difference(found, expected):
    found, expected = set(found), set(expected)
    parts = []
    if found - expected:
        parts.append(f"the daemon has {sorted(found - expected)}, which the files do not")
    if expected - found:
        parts.append(f"the files have {sorted(expected - found)}, which the daemon does not")
    return "; ".join(parts)


def check_parameters(report, contract, program, validators):
    """What the schemas let pass, the daemon takes; what they refuse, it refuses."""
    daemon = SocketDaemon(program)
    try:
        caller = Caller(daemon, contract, validators)
        examples = list(contract.examples())
        for name, method in contract.requests.items():
            if name in ("shutdown", "server/stop"):
                continue
            wanted = type_name(method["x-params"]["$ref"])
            for type_, kind, path in examples:
                if type_ == wanted:
                    label = f"{name} {kind}/{path.stem}"
                    report.check(label, parameter_problem(caller, name, kind, read(path)))
    finally:
        daemon.close()


def parameter_problem(caller, method, kind, example):
    opening = caller.call(
        "explanation/open",
        {"image": str(IMAGE), "text": "a red rose", "players": {"image": {"grid": {"rows": 2, "columns": 2}}}},
    )
    if "error" in opening:
        return f"no explanation to try it on: {opening['error']}"
    handle = opening["result"]["explanation"]
    if method not in ("explanation/refine", "explanation/close"):
        caller.call("explanation/refine", {"explanation": handle, "budget": {"imageMasks": 16}})
    reply = caller.call(method, placed(example, handle))
    caller.call("explanation/close", {"explanation": handle})
    error = reply.get("error")
    if kind == "valid":
        return f"refused: {error['message']}" if error and error["code"] in (-32602, -32603) else None
    if error is None:
        return "taken, but should be refused"
    return None if error["code"] in REJECTED else f"refused for another reason: {error}"


def placed(value, handle):
    """The example with a handle and a file that exist."""
    if isinstance(value, dict):
        return {key: placed(member, handle) for key, member in value.items()}
    if isinstance(value, list):
        return [placed(element, handle) for element in value]
    return {"x1-1a2b3c": handle, "/photos/cat.jpg": str(IMAGE)}.get(value, value) if isinstance(value, str) else value


def check_transcripts(report, contract, program, only=None):
    validators = Validators(contract, strict=True)
    transcripts = [t for t in Transcript.all() if only in (None, t.name)]
    if not transcripts:
        report.fail("transcripts", f"there is none named {only}" if only else "there are none")
    frames = 0
    for transport in (StdioDaemon, SocketDaemon):
        for framing in FRAMINGS:
            title = f"transcripts over {'stdio' if transport is StdioDaemon else 'a socket'}, {framing}"
            with report.section(title):
                for transcript in transcripts:
                    daemon = transport(program)
                    try:
                        frames += play(transcript, daemon, framing, contract, validators)
                        report.check(transcript.name, None)
                    except Failure as failure:
                        report.fail(transcript.name, failure)
                    finally:
                        daemon.close()
    print(f"     {frames} frames were judged by the schemas")


def check_framing(report, program):
    streams = Stream.all()
    ordinary = [s for s in streams if not s.limits]
    daemon = SocketDaemon(program)
    try:
        for title, pieces in (("whole", whole), ("byte by byte", byte_by_byte)):
            with report.section(f"framing, {title}, over a socket"):
                for stream in ordinary:
                    report.check(
                        stream.name,
                        problem(daemon.connect(), pieces(stream.data), stream.framing, stream.replies, stream.failure),
                    )
        with report.section("framing, glued together, over a socket"):
            for framing, data, replies in glued(streams):
                report.check(framing, problem(daemon.connect(), [data], framing, replies))
    finally:
        daemon.close()
    for title, pieces in (("whole", whole), ("byte by byte", byte_by_byte)):
        with report.section(f"framing, {title}, over stdio"):
            for stream in ordinary:
                report.check(
                    stream.name,
                    over_stdio(program, pieces(stream.data), stream.framing, stream.replies, stream.failure),
                )
    with report.section("framing, glued together, over stdio"):
        for framing, data, replies in glued(streams):
            report.check(framing, over_stdio(program, [data], framing, replies))
    with report.section("framing, with a smaller limit, over stdio"):
        ping = b'{"jsonrpc":"2.0","id":1,"method":"server/ping"}'
        refused = {"id": None, "error": -32600}
        for size, replies in ((LIMIT, [{"id": 1, "result": True}]), (LIMIT + 1, [refused])):
            failure = {"mentions": str(LIMIT)} if replies == [refused] else None
            for framing, name in (("lines", "newline-delimited"), ("headers", "content-length")):
                data = frame(ping[:-1] + b" " * (size - len(ping)) + b"}", name)
                report.check(
                    f"{name}, {size} bytes",
                    over_stdio(program, [data], framing, replies, failure, ["--max-message", "1"]),
                )


def over_stdio(program, pieces, framing, replies, failure=None, options=()):
    daemon = StdioDaemon(program, options)
    try:
        return problem(daemon.connect(), pieces, framing, replies, failure)
    finally:
        daemon.close()


def whole(data):
    return [data]


def byte_by_byte(data):
    return [data[index : index + 1] for index in range(len(data))]
