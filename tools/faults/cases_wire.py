"""Bytes on the connection: malformed, random, deep, wide, huge, slow, never read."""

import json
import select
import socket
import threading
import time

from cases import case
from harness.daemon import SCENES, SMALL_MODEL, check, wait_for
from harness.wire import HEADERS, LINES, frame, notification, request

VALID = [
    request(1, "server/ping"),
    request("two", "server/status"),
    request(3, "tokenize", {"texts": ["a red rose"]}),
    request(4, "models/list"),
    request(5, "embed/text", {"texts": ["a dog", "ein Hund"], "encoding": "base64"}),
    request(6, "similarity", {"images": [str(SCENES[0])], "texts": ["a kite"]}),
    request(7, "explanation/values", {"explanation": "x1-abc", "pairs": {"top": 3}}),
    notification("$/cancelRequest", {"id": 3}),
    [request(8, "server/ping"), notification("$/setTrace", {"value": "off"})],
]


def damaged(generator, data):
    """A message with a few bytes changed, removed, added, repeated or cut off; or noise."""
    data = bytearray(data)
    for _ in range(generator.randint(1, 4)):
        place = generator.randrange(len(data) + 1)
        kind = generator.randrange(6)
        if kind == 0 and place < len(data):
            data[place] ^= 1 << generator.randrange(8)
        elif kind == 1:
            del data[place : place + generator.randint(1, 8)]
        elif kind == 2:
            data[place:place] = generator.randbytes(generator.randint(1, 8))
        elif kind == 3:
            data[place:place] = data[place : place + generator.randint(1, 30)]
        elif kind == 4:
            del data[place:]
        else:
            data[place:place] = generator.choice(
                [
                    b"{",
                    b"[",
                    b"]",
                    b"}",
                    b'"',
                    b"\\u0000",
                    b"\\ud800",
                    b"1e999",
                    b"-",
                    b"\xff\xfe",
                    b"\xef\xbb\xbf",
                    b"null",
                ]
            )
        if not data:
            data = bytearray(b"{")
    return bytes(data)


def check_reply(message):
    """Whatever comes back must be a JSON-RPC message."""
    for item in message if isinstance(message, list) else [message]:
        check(item.get("jsonrpc") == "2.0", f"not JSON-RPC: {item}")
        check("method" in item or ("result" in item) != ("error" in item), f"neither result nor error: {item}")
        error = item.get("error")
        check(error is None or error["code"] != -32603, f"an internal error: {item}")


def drain(connection, data):
    """Sends bytes and the end of input, and returns every message that came back."""
    connection.send(data)
    connection.socket.shutdown(socket.SHUT_WR)
    messages = connection.rest(60)
    for message in messages:
        check_reply(message)
    return messages


@case
def malformed_lines(setting):
    """Damaged JSON lines: each is answered or ignored, and the connection goes on."""
    generator = setting.random("lines")
    count = setting.amount(3000, 40_000)
    sent = replies = 0
    with setting.daemon() as daemon:
        while sent < count:
            with daemon.connect() as client:
                lines = [damaged(generator, json.dumps(generator.choice(VALID)).encode()) for _ in range(100)]
                if lines[0][:1] not in (b"{", b"["):
                    lines[0] = b"{" + lines[0]
                client.send(b"\n".join(lines) + b"\n" + frame(request("last", "server/ping")))
                while True:
                    message = client.receive()
                    check(message is not None, f"the connection ended within {lines}")
                    check_reply(message)
                    if isinstance(message, dict) and message.get("id") == "last":
                        break
                    replies += 1
                sent += len(lines)
    return f"{sent} damaged lines, {replies} replies before the last ping of their connection"


@case
def malformed_headers(setting):
    """Damaged LSP frames: an error or an answer, then the end, never silence."""
    generator = setting.random("headers")
    count = setting.amount(600, 8000)
    replies = 0
    with setting.daemon() as daemon:
        for _ in range(count):
            with daemon.connect(HEADERS) as client:
                data = frame(request(0, "server/ping"), HEADERS)
                data += damaged(generator, frame(generator.choice(VALID), HEADERS))
                messages = drain(client, data)
                check(
                    any(m.get("id") == 0 for m in messages if isinstance(m, dict)),
                    f"no answer to the ping before {data!r}",
                )
                replies += len(messages)
    return f"{count} damaged frames, {replies} replies"


@case
def random_bytes(setting):
    """Noise as the first and only input of a connection."""
    generator = setting.random("noise")
    count = setting.amount(400, 5000)
    errors = 0
    with setting.daemon() as daemon:
        for _ in range(count):
            data = generator.randbytes(generator.randint(1, 2000))
            with daemon.connect(HEADERS if data[:1] in b"Cc" else LINES) as client:
                messages = drain(client, data)
                if data[:1] not in b"{[ \t\r\nCc":
                    check(
                        len(messages) == 1 and messages[0]["id"] is None and messages[0]["error"]["code"] == -32700,
                        f"{data[:16]!r} gave {messages}",
                    )
                errors += sum("error" in m for m in messages if isinstance(m, dict))
        wait_for(
            "connections closed",
            lambda: daemon.connect().result("server/status")["connections"] <= 2 + len(daemon.clients),
        )
    return f"{count} connections of noise, {errors} errors told"


@case
def deep_wide_and_huge_json(setting):
    """Nesting, width, size and odd values at and beyond the limits."""

    def line(params):
        return b'{"jsonrpc":"2.0","id":1,"method":"server/ping","params":' + params + b"}\n"

    huge = setting.amount(8, 60) << 20
    nested = lambda depth: b'{"a":' * depth + b"1" + b"}" * depth
    tries = {
        "200,000 arrays deep": (b"[" * 200_000 + b"\n", {-32700}),
        "200,000 objects deep": (line(nested(200_000)), {-32700}),
        "100 deep": (line(nested(100)), {-32700}),
        "60 deep": (line(nested(60)), {None, -32602}),
        "a million numbers": (line(b'{"a":[' + b"1," * 1_000_000 + b"1]}"), {None, -32602}),
        "200,000 members": (line(b"{" + b",".join(b'"k%d":0' % i for i in range(200_000)) + b"}"), {None, -32602}),
        "one long string": (line(b'{"a":"' + b"x" * huge + b'"}'), {None, -32602}),
        "one long name": (line(b'{"' + b"x" * huge + b'":1}'), {None, -32602}),
        "a number too large": (line(b'{"a":1e999999}'), {-32700, None, -32602}),
        "a long integer": (line(b'{"a":' + b"9" * 5000 + b"}"), {-32700}),
        "a member twice": (line(b'{"a":1,"a":1}'), {-32700}),
        "a lone surrogate": (line(b'{"a":"\\ud800"}'), {None, -32602}),
        "not UTF-8": (line(b'{"a":"\xff"}'), {-32700}),
        "an empty batch": (b"[]\n", {-32600}),
        "a batch of 1,001": (frame([request(i, "server/ping") for i in range(1001)]), {-32600}),
    }
    with setting.daemon() as daemon:
        for name, (data, codes) in tries.items():
            with daemon.connect() as client:
                client.send(data)
                message = client.receive()
                check(message is not None, f"{name}: no answer")
                code = message.get("error", {}).get("code")
                check(code in codes, f"{name}: {message if len(str(message)) < 500 else code}")
                check("result" in client.call("server/ping"), f"{name}: the connection did not go on")
        with daemon.connect() as client:
            client.send(frame([request(i, "server/ping") for i in range(1000)]))
            check(
                sorted(item["id"] for item in client.receive()) == list(range(1000)),
                "a batch of 1,000 was not answered whole",
            )
            texts = ["a dog"] * 5000
            rows = client.result("embed/text", {"model": SMALL_MODEL, "texts": texts, "encoding": "base64"})[
                "embeddings"
            ]
            check(len(rows) == len(texts), "5,000 texts in one request: not as many embeddings")
        resident = daemon.resident()
    with setting.daemon("--max-message", 1) as daemon:
        for framing in (LINES, HEADERS):
            with daemon.connect(framing) as client:
                try:
                    client.send(frame(line(b'{"a":"' + b"x" * (2 << 20) + b'"}'), framing))
                except (BrokenPipeError, ConnectionResetError):
                    pass
                message = client.receive()
                check(
                    message and message["error"]["code"] == -32600, f"a message above the limit ({framing}): {message}"
                )
    return f"{len(tries) + 4} shapes; strings of {huge >> 20} MiB; resident memory after them {resident >> 20} MiB"


@case
def client_that_never_reads(setting):
    """Its output piles up to a bound, and others do not notice."""
    with setting.daemon() as daemon:
        other = daemon.connect()
        before = daemon.resident()
        greedy = daemon.connect()
        greedy.socket.setblocking(False)
        data = b"".join(frame(request(i, "rpc.discover")) for i in range(20_000))
        sent, pause = 0, time.monotonic()
        longest = 0.0
        while sent < len(data) and time.monotonic() - pause < 1.5:
            if select.select([], [greedy.socket], [], 0.1)[1]:
                try:
                    sent += greedy.socket.send(data[sent : sent + 65536])
                    pause = time.monotonic()
                except BlockingIOError:
                    pass
            start = time.monotonic()
            other.call("server/ping")
            longest = max(longest, time.monotonic() - start)
        check(sent < len(data), "everything was read from a client that reads nothing")
        grown = daemon.resident() - before
        check(grown < 300 << 20, f"memory grew by {grown >> 20} MiB")
        greedy.close()
        wait_for("the connection closed", lambda: other.result("server/status")["connections"] == 1)
    return (
        f"taken from it {sent >> 10} KiB of {len(data) >> 10}; memory grew {grown >> 20} MiB; "
        f"longest ping of another client {longest * 1000:.0f} ms"
    )


@case
def batches_of_large_replies(setting):
    """A batch whose replies would fill the memory: up to 256 MiB are gathered, the rest are told 1011; the next batch is served."""
    with setting.daemon() as daemon:
        client = daemon.connect(timeout=600)
        # Embedded once, they are known: what the batch costs is its replies.
        ask = {"texts": [f"a kite {number}" for number in range(4000)]}
        size = len(frame(client.result("embed/text", ask)))
        before = daemon.resident()
        batch = [request(number, "embed/text", ask) for number in range((400 << 20) // size)]
        client.send(frame(batch))
        replies = client.receive()
        peak = daemon.peak()
        refused = [reply for reply in replies if reply.get("error", {}).get("code") == 1011]
        check(len(replies) == len(batch), f"{len(replies)} replies")
        check(0 < len(refused) < len(batch), f"{len(refused)} of {len(batch)} were refused")
        check(all("smaller batches" in reply["error"]["message"] for reply in refused), f"{refused[0]}")
        check(peak - before < 1500 << 20, f"memory grew by {(peak - before) >> 20} MiB")
        client.send(frame(batch[:2]))
        check(all("result" in reply for reply in client.receive()), "the next batch is not served")
    return (
        f"{len(batch)} replies of {size >> 20} MiB: {len(refused)} told 1011; memory grew {(peak - before) >> 20} MiB"
    )


@case
def clients_that_do_not_read_are_dropped(setting):
    """--unread-timeout: a client that reads nothing, or a byte now and then, is dropped; one that reads slowly is not."""
    with setting.daemon("--unread-timeout", 2) as daemon:
        other = daemon.connect()

        def backlog():
            client = daemon.connect()
            client.send(b"".join(frame(request(i, "rpc.discover")) for i in range(40)))
            return client

        greedy, dripping, slow = backlog(), backlog(), backlog()
        read, end = 0, time.monotonic() + 30
        while other.result("server/status")["connections"] > 2:
            check(time.monotonic() < end, "clients that do not read are still connected")
            try:
                dripping.socket.recv(1)
            except ConnectionResetError:
                pass
            read += len(slow.socket.recv(1 << 14))
            time.sleep(0.05)
        check(daemon.log().count("the client was dropped") == 2, "not two clients are told to be dropped in the log")
        check(len(slow.socket.recv(1 << 14)) > 0, "the client that reads was dropped too")
        greedy.close()
        dripping.close()
        slow.close()
        wait_for("the connections closed", lambda: other.result("server/status")["connections"] == 1)
    return f"two dropped; the third had read {read >> 10} KiB by then"


@case
def clients_of_one_byte_a_second(setting):
    """Slow writers in both framings hold up nobody and are answered in the end."""
    seconds = setting.amount(3, 20)
    with setting.daemon() as daemon:
        other = daemon.connect()
        slow = []
        for index in range(20):
            framing = (LINES, HEADERS)[index % 2]
            slow.append((daemon.connect(framing), frame(request(index, "server/ping"), framing)))
        for step in range(seconds):
            for client, data in slow:
                client.send(data[step : step + 1])
            end = time.monotonic() + 1
            while time.monotonic() < end:
                check("result" in other.call("server/ping"), "another client was not answered")
                time.sleep(0.05)
        for client, data in slow:
            client.send(data[seconds:])
        for index, (client, _) in enumerate(slow):
            check("result" in client.reply(index), f"the slow client {index} was not answered")
    return f"20 clients, {seconds} s"


@case
def every_split_of_a_message(setting):
    """A message cut in two at every byte is read as if it came whole."""
    splits = 0
    with setting.daemon() as daemon:
        for framing in (LINES, HEADERS):
            data = frame(request(1, "tokenize", {"texts": ["ein Hündchen 🐶"]}), framing)
            with daemon.connect(framing) as client:
                for place in range(len(data) + 1):
                    client.send(data[:place])
                    client.send(data[place:])
                    check("result" in client.reply(1), f"cut at {place}: no result")
                    splits += 1
    return f"{splits} splits"


@case
def flood_of_notifications(setting):
    """Notifications that run handlers, as many as four clients can send: pings of another client go between them."""
    size = setting.amount(4, 15) << 20
    line = frame(notification("tokenize", {"texts": ["a dog"]}))
    block = line * 2000
    with setting.daemon() as daemon:
        other = daemon.connect()
        other.result("tokenize", {"texts": ["a dog"]})

        def flood():
            client = daemon.connect()
            for _ in range(size // len(block)):
                client.send(block)

        threads = [threading.Thread(target=flood) for _ in range(4)]
        for thread in threads:
            thread.start()
        times = []
        while any(thread.is_alive() for thread in threads):
            start = time.monotonic()
            other.call("server/ping")
            times.append(time.monotonic() - start)
            time.sleep(0.005)
        times.sort()
        median, longest = times[len(times) // 2], times[-1]
        check(median < 0.05, f"the median of {len(times)} pings was {median * 1000:.1f} ms")
    return f"4 x {size >> 20} MiB; {len(times)} pings: median {median * 1000:.2f} ms, longest {longest * 1000:.1f} ms"


@case
def byte_order_marks_and_half_emoji(setting):
    """What some programs write: a byte order mark, half of a surrogate pair, params of none, names of other bytes."""
    with setting.daemon() as daemon:
        for framing in (LINES, HEADERS):
            with daemon.connect(framing) as client:
                client.send(b"\xef\xbb\xbf" + frame(request(1, "server/ping"), framing))
                check("result" in client.receive(), f"a byte order mark ({framing}) is not skipped")
                for number, params in enumerate((b"[]", b"{}", b"null")):
                    body = b'{"jsonrpc":"2.0","id":%d,"method":"server/ping","params":%s}' % (number, params)
                    client.send(frame(body, framing))
                    check("result" in client.reply(number), f"params {params} are refused")
        client = daemon.connect()
        halves = [b"a cat \\ud83d", b"a cat \\ude00", b"\\ud83d\\ud83d\\ude00"]
        for number, half in enumerate(halves):
            body = b'{"jsonrpc":"2.0","id":%d,"method":"tokenize","params":{"texts":["%s"]}}' % (number, half)
            client.send(frame(body))
            check("result" in client.reply(number), f"{half}: not answered under its id")
        client.send(
            frame(b'{"jsonrpc":"2.0","id":9007199254740993,"method":"server/ping","params":{"a":1' + b"0" * 30 + b"}}")
        )
        check(client.receive()["id"] == 9007199254740993, "the id is not exact beside a large integer")
        composed = b'{"jsonrpc":"2.0","id":1,"method":"server/ping","params":{"\xc3\xa9":1,"e\xcc\x81":2}}'
        client.send(frame(composed))
        names = client.reply(1)["error"]["message"]
        check("members" in names and "\u00e9" in names and "e\u0301" in names, f"two names are one: {names}")
    return f"both framings, {len(halves)} halves"
