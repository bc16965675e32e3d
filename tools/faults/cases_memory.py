"""What the daemon lets go of: idle models and explanations, limits of memory, descriptors."""

import base64
import contextlib
import os
import pathlib
import re
import select
import struct
import threading
import time
import zlib

from cases import case
from harness.client import connect
from harness.daemon import FIXTURES, REPOSITORY, SCENES, SMALL_MODEL, check, copy_model, wait_for
from harness.wire import frame, notification, request

SCENE = str(SCENES[3])


@case
def idle_models_are_unloaded(setting):
    """A short --keep-alive: the model goes, the next request brings it back."""
    with setting.daemon("--keep-alive", 0.5) as daemon:
        client = daemon.connect()
        before = client.result("embed/text", {"texts": ["a dog"]})["embeddings"]
        for _ in range(setting.amount(3, 20)):
            wait_for("the idle model unloaded", lambda: client.result("server/status")["models"] == [], 20)
            check(client.result("embed/text", {"texts": ["a dog"]})["embeddings"] == before, "other embeddings")
        reasons = {unload["reason"] for unload in client.result("server/status")["unloads"]}
        opened = client.result("explanation/open", {"image": SCENE, "text": "a kite"})["explanation"]
        time.sleep(1.5)
        check(client.result("server/status")["models"] != [], "a model that an explanation holds was unloaded")
        client.result("explanation/close", {"explanation": opened})
        wait_for("the model unloaded after the close", lambda: client.result("server/status")["models"] == [], 20)
    return f"{setting.amount(3, 20)} times; reasons given: {', '.join(sorted(reasons))}"


@case
def idle_explanations_are_closed(setting):
    """A short --explanation-idle: explanations of clients that vanished go, with the masks they held back."""
    with setting.daemon("--explanation-idle", 0.5) as daemon:
        opened = []
        for _ in range(10):
            with daemon.connect() as client:
                opened.append(client.result("explanation/open", {"image": SCENE, "text": "a kite"})["explanation"])
        client = daemon.connect()
        wait_for("idle explanations closed", lambda: client.result("server/status")["explanations"] == [], 20)
        check(
            client.error_code("explanation/values", {"explanation": opened[0]}) == 1008,
            "a closed explanation is not 1008",
        )
        models = client.result("server/status")["models"]
        check(all(model["inUse"] == 0 for model in models), f"a model is still held: {models}")
        for _ in range(setting.amount(3, 20)):
            reply = client.call("explain", {"image": SCENE, "text": "a kite", "deadlineMilliseconds": 800})
            check("result" in reply, f"an explanation was closed while it was made: {reply}")
    return f"{len(opened)} explanations; {setting.amount(3, 20)} that took longer than the limit stayed"


@case
def model_memory_limit(setting):
    """--model-memory: idle models make room, a model in use stays, one that never fits is refused."""
    with setting.daemon("--model-memory", 4) as daemon:
        client = daemon.connect()
        names = [str(FIXTURES / name) for name in ("clip-small", "siglip-small", "siglip2-small", "clip-legacy-eos")]
        outcomes = [client.error_code("embed/text", {"model": name, "texts": ["a dog"]}) for name in names * 3]
        check(set(outcomes) <= {None, 1010}, f"errors {outcomes}")
        total = sum(model["bytes"] for model in client.result("server/status")["models"])
        check(total <= 4 << 20, f"{total} bytes of weights are held")
        peak = daemon.peak()
        error = client.call("models/load", {"model": "demo"}).get("error", {})
        check(error.get("code") == 1010, f"a model above the limit: {error}")
        told = re.search(
            r"the model demo takes ([\d.]+) MiB of weights .* in 4 MiB: .*--model-memory (\d+) or more",
            error["message"],
        )
        # 20 MiB in f32, 11 in bf16, which processors with such products take.
        check(told and 10 < float(told[1]) <= int(told[2]) < 30, f"what it would take is not told: {error}")
        grown = daemon.peak() - peak
        check(grown < 12 << 20, f"{grown >> 20} MiB were taken for a model of 20 MiB that does not fit")
        results = []

        def load():
            with connect(daemon.socket) as other:
                results.append(other.error_code("models/load", {"model": "demo"}))

        threads = [threading.Thread(target=load) for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        check(results == [1010] * 12, f"12 clients at once: {results}")
        check(client.result("server/status")["models"] == [] or total <= 4 << 20, "more than the limit is held")
    with setting.daemon("--model-memory", told[2]) as larger:
        loaded = larger.connect().call("models/load", {"model": "demo"})
        check("result" in loaded, f"it does not fit into what was told: {loaded.get('error')}")
    return f"{outcomes.count(None)} embedded under 4 MiB, {outcomes.count(1010)} refused; 12 at once above the limit refused"


@case
def small_requests_leave_nothing(setting):
    """Tens of thousands of small requests: what each leaves behind, if anything, would be seen."""
    rounds = setting.amount(3, 20)
    asks = [
        ("tokenize", {"texts": ["a kite"] * 5}),
        ("server/ping", {}),
        ("explanation/values", {"explanation": "none", "pairs": {"top": 1}}),
        ("embed/text", {"texts": 5}),
        ("no/such", {}),
    ]
    with setting.daemon() as daemon:
        client = daemon.connect()
        client.result("models/load")

        def ask(count):
            for _start in range(0, count, 100):
                client.send(b"".join(frame(request(i, *asks[i % len(asks)])) for i in range(100)))
                for _ in range(100):
                    client.receive()

        # The heap comes to its size within the first hundred thousands, since replies are made on several threads.
        ask(300_000)
        before = daemon.resident()
        ask(20_000 * rounds)
        grown = daemon.resident() - before
        check(grown < (2 << 20) + 30 * 20_000 * rounds, f"memory grew by {grown >> 10} KiB")
    return f"{20_000 * rounds} requests: memory grew {grown >> 10} KiB"


@case
def models_loaded_at_once_under_a_limit(setting):
    """Several models loaded at the same time with --model-memory: each is there, or refused, and the daemon lives."""
    names = [str(FIXTURES / name) for name in ("clip-small", "siglip-small", "siglip2-small", "clip-legacy-eos")]
    codes = []
    rounds = setting.amount(6, 60)
    for number in range(rounds):
        with setting.daemon("--model-memory", 1000 if number % 2 else 4) as daemon:

            def load(name, daemon=daemon):
                with connect(daemon.socket) as other:
                    codes.append(other.error_code("models/load", {"model": name}))

            threads = [threading.Thread(target=load, args=(name,)) for name in names]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
    check(len(codes) == rounds * len(names) and set(codes) <= {None, 1010}, f"{codes}")
    return f"{rounds} daemons, {len(codes)} loads: {codes.count(None)} loaded, {codes.count(1010)} refused"


@case
def pictures_of_open_explanations(setting):
    """Explanations of a picture of 24 megapixels left open: they hold a small version of it, and count against --game-memory."""
    picture = setting.folder / "large.png"
    picture.write_bytes(png(6000, 4000))
    count = setting.amount(24, 120)
    with setting.daemon("--game-memory", count // 6) as daemon:
        client = daemon.connect(timeout=120)
        ask = {"image": str(picture), "text": "a kite"}
        client.result("explanation/close", {"explanation": client.result("explanation/open", ask)["explanation"]})
        wait_for("memory given back", lambda: daemon.resident() < daemon.peak() - (30 << 20), 20)
        before = daemon.resident()
        codes = [client.error_code("explanation/open", ask) for _ in range(count)]
        opened = codes.count(None)
        check(set(codes) == {None, 1010}, f"errors {codes}")
        wait_for("no pixels held", lambda: daemon.resident() - before < (2 << 20) * opened, 20)
        listed = client.result("explanation/list")["explanations"]
        check(all(entry["bytes"] > 100 << 10 for entry in listed), f"bytes that do not count the picture: {listed[0]}")
        grown = daemon.resident() - before
        for entry in listed:
            client.result("explanation/close", {"explanation": entry["explanation"]})
        wait_for("room again", lambda: client.error_code("explanation/open", ask) is None, 20)
    return f"{opened} open, {count - opened} refused: {grown / opened / (1 << 20):.1f} MiB each"


def png(width, height):
    """A black picture."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = zlib.compress(bytes((1 + 3 * width) * height), 1)
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@case
def game_memory_limit(setting):
    """--game-memory of 1 MiB: masks beyond it are refused or older games go, and the books balance."""
    with setting.daemon("--game-memory", 1) as daemon:
        client = daemon.connect()
        codes = []
        for index in range(4):
            codes.append(
                client.error_code(
                    "explain", {"image": str(SCENES[index]), "text": f"a kite {index}", "budget": {"imageMasks": 500}}
                )
            )
        check(set(codes) <= {None, 1010}, f"errors {codes}")
        opened = client.result("explanation/open", {"image": SCENE, "text": "a bus"})["explanation"]
        code = client.error_code("explanation/refine", {"explanation": opened, "budget": {"imageMasks": 20_000}})
        check(code == 1010, f"20,000 masks in 1 MiB: {code}")
        games = client.result("server/status")["games"]
        held = games["image"]["bytes"] + games["text"]["bytes"]
        check(held <= 1 << 20, f"{held} bytes are held")
        check("result" in client.call("explanation/close", {"explanation": opened}), "the explanation does not close")
    return f"4 explanations of 500 masks: {codes.count(None)} done, {games['evicted']} games made room; 20,000 masks refused"


@case
def games_without_masks_leave_nothing(setting):
    """Explanations opened and closed without a mask must not pile up in the books."""
    count = setting.amount(300, 5000)
    with setting.daemon() as daemon:
        client = daemon.connect()
        for index in range(count):
            opened = client.result(
                "explanation/open", {"model": SMALL_MODEL, "image": SCENE, "text": f"a kite {index}"}
            )["explanation"]
            client.result("explanation/close", {"explanation": opened})
        games = client.result("server/status")["games"]
    kept = games["text"]["count"]
    check(
        kept < count // 2,
        f"{kept} games with {games['text']['masks']} masks and {games['text']['bytes']} bytes "
        f"stay after {count} explanations were closed",
    )
    return f"{count} opened and closed, {kept} games kept"


@case
def out_of_file_descriptors(setting):
    """A limit of 64 descriptors and more clients: those inside are served, and all is well when they go."""
    with setting.daemon(descriptor_limit=64) as daemon:
        first = daemon.connect()
        check("result" in first.call("embed/image", {"images": [SCENE]}), "no embedding")
        idle = daemon.descriptors()
        clients = [daemon.connect() for _ in range(160 if setting.full else 120)]
        for client in clients:
            try:
                client.post("server/ping")
            except (BrokenPipeError, ConnectionResetError):
                pass
        time.sleep(0.5)
        full = daemon.descriptors()
        check("result" in first.call("server/ping"), "a client from before is not answered")
        for method, params in (
            ("embed/image", {"images": [SCENE]}),
            ("models/load", {"model": str(FIXTURES / "clip-small")}),
        ):
            code = first.error_code(method, params)
            check(code != -32603, f"{method} without descriptors: an internal error")
        ticks = cpu_ticks(daemon)
        time.sleep(1)
        busy = (cpu_ticks(daemon) - ticks) / os.sysconf("SC_CLK_TCK")
        check(busy < 0.15, f"accepting takes {busy:.0%} of a processor while no descriptor is free")
        told = daemon.log().count("clients wait to be accepted")
        check(told == 1, f"the log tells {told} times that clients wait")
        for client in clients:
            client.close()
        wait_for("descriptors given back", lambda: daemon.descriptors() <= idle + 1, 30)
        with daemon.connect() as client:
            check(
                "result" in client.call("embed/image", {"images": [SCENE]}),
                "a client that comes afterwards is not served",
            )
        check(full >= 60, f"only {full} of 64 descriptors were in use")
    return f"{len(clients)} clients on {full} of 64 descriptors; {busy:.0%} of a processor while none is free; {idle} before and after"


def cpu_ticks(daemon):
    with open(f"/proc/{daemon.pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


@case
def too_many_connections_and_requests(setting):
    """More connections and more requests in flight than allowed are told 1011, and nobody else suffers."""
    with setting.daemon() as daemon:
        clients = [daemon.connect() for _ in range(128)]
        for client in clients:
            check("result" in client.call("server/ping"), "one of 128 clients is not served")
        extra = daemon.connect()
        message = extra.receive()
        check(message and message["error"]["code"] == 1011, f"the 129th connection: {message}")
        check(extra.receive() is None, "the 129th connection stays open")
        for client in clients[1:]:
            client.close()
        client = clients[0]
        count = 600
        client.send(
            b"".join(
                frame(request(f"r{i}", "explain", {"image": SCENE, "text": f"kite {i}", "budget": {"imageMasks": 64}}))
                for i in range(count)
            )
        )
        codes = {}
        for _ in range(count):
            message = client.receive()
            check(message is not None, "the connection ended")
            code = message.get("error", {}).get("code")
            codes[code] = codes.get(code, 0) + 1
            if codes.get(1011, 0) >= count - 256 and len(codes) == 1:
                break
        check(set(codes) <= {None, 1011}, f"errors {codes}")
        check(codes.get(1011, 0) >= 1, "no request of 600 at once was refused")
        client.close()
        with daemon.connect() as client:
            wait_for("the queues empty", lambda: client.result("server/status")["queues"]["interactive"] == 0, 60)
    return f"128 connections served, the 129th told; 600 requests at once: {codes.get(1011, 0)} told to come again"


@case
def requests_of_many_bytes(setting):
    """Requests of 20 MiB each, 20 at once from one client: those above 256 MiB are told 1011, and memory stays bounded."""
    picture = pathlib.Path(SCENE).read_bytes()
    # What follows the end of a PNG file is not looked at.
    data = base64.b64encode(picture + bytes((15 << 20) - len(picture))).decode()
    count = 20
    with setting.daemon() as daemon:
        client, other = daemon.connect(timeout=300.0), daemon.connect()
        client.result("models/load")
        before = highest = daemon.resident()
        requests = b"".join(
            frame(
                request(i, "explain", {"image": {"data": data}, "text": f"kite {i}", "budget": {"imageMasks": 60_000}})
            )
            for i in range(count)
        )
        # What was taken is not done by the time that the rest is refused, and is cancelled then.
        requests += b"".join(frame(notification("$/cancelRequest", {"id": i})) for i in range(count))
        writer = threading.Thread(target=client.send, args=(requests,))
        writer.start()
        codes, answered = {}, []
        while len(answered) < count:
            message = client.receive()
            check(message is not None, "the connection ended")
            if "method" in message:
                continue
            answered.append(message["id"])
            code = message.get("error", {}).get("code")
            codes[code] = codes.get(code, 0) + 1
            highest = max(highest, daemon.resident())
        writer.join()
        check(sorted(answered) == list(range(count)), "not one reply to each request")
        check(set(codes) <= {None, 1011, -32800} and codes.get(1011), f"errors {codes}")
        check("result" in other.call("server/ping"), "another client is not served")
        check(highest - before < 1100 << 20, f"memory grew by {(highest - before) >> 20} MiB")
    return f"{len(requests) >> 20} MiB at once: {codes[1011]} told to come again; memory grew {(highest - before) >> 20} MiB"


@case
def unfinished_messages_are_bounded(setting):
    """Clients that each send most of a large message: above 512 MiB in all they are told 1011, small requests are answered."""
    count, size = 12, 60 << 20
    with setting.daemon() as daemon:
        other = daemon.connect()
        before = highest = daemon.resident()
        refused = 0
        clients = []
        for _ in range(count):
            client = daemon.connect()
            clients.append(client)
            try:
                client.send(b'{"jsonrpc":"2.0","id":1,"method":"server/ping","params":{"a":"' + bytes(size))
            except (BrokenPipeError, ConnectionResetError):
                pass
            if select.select([client.socket], [], [], 0.2)[0]:
                message = client.receive()
                check(message and message["error"]["code"] == 1011, f"an unfinished message: {message}")
                refused += 1
            check("result" in other.call("server/ping"), "a small request is not answered")
            highest = max(highest, daemon.resident())
        check(refused >= 3, f"{refused} of {count} were refused")
        check(highest - before < 1300 << 20, f"memory grew by {(highest - before) >> 20} MiB")
        for client in clients:
            client.close()
        with daemon.connect() as client:
            client.send(frame(request(1, "server/ping", {"a": "x" * size})))
            check(client.reply(1).get("error", {}).get("code") in (None, -32602), "no room after the clients are gone")
    return f"{count} × {size >> 20} MiB: {refused} refused; memory grew {(highest - before) >> 20} MiB"


@case
def connection_limit_can_be_set(setting):
    """--max-connections: the connection beyond is told so, and its place is free again when another goes."""
    with setting.daemon("--max-connections", 3) as daemon:
        clients = [daemon.connect() for _ in range(3)]
        for client in clients:
            check("result" in client.call("server/ping"), "one of 3 clients is not served")
        for _ in range(setting.amount(5, 100)):
            extra = daemon.connect()
            message = extra.receive()
            error = (message or {}).get("error", {})
            check(error.get("code") == 1011 and "3 connections" in error["message"], f"the 4th connection: {message}")
            check(extra.receive() is None, "the 4th connection stays open")
        clients.pop().close()
        wait_for("a free place", lambda: clients[0].result("server/status")["connections"] == 2)
        check("result" in daemon.connect().call("server/ping"), "no place is free after one has gone")
        for client in clients + daemon.clients:
            client.close()
    for value in (0, 65_537):
        with setting.daemon("--max-connections", value, expect_start=False) as daemon:
            check(daemon.ended and "--max-connections" in daemon.log(), f"--max-connections {value} is taken")
    return "3 served, the 4th told; 0 and 65,537 refused at the start"


@case
def descriptor_limit_is_raised(setting):
    """The soft limit of descriptors, which shells set low, is raised to the hard one."""
    with setting.daemon(descriptor_limit=(256, 2048)) as daemon:
        with open(f"/proc/{daemon.pid}/limits") as file:
            line = next(line for line in file if line.startswith("Max open files"))
        check(line.split()[3:5] == ["2048", "2048"], line.strip())
        check("file descriptors" not in daemon.log(), "a limit that suffices is complained of")
    return "256 became 2,048"


@case
def descriptors_for_all_connections(setting):
    """The limit of the systemd unit holds all connections of the default, and too low a limit is told at the start."""
    unit = (REPOSITORY / "packaging" / "systemd" / "fixlipd.service").read_text()
    limit = int(re.search(r"^LimitNOFILE=(\d+)$", unit, re.MULTILINE)[1])
    with setting.daemon(descriptor_limit=limit) as daemon:
        check("file descriptors" not in daemon.log(), f"{limit} are too few: {daemon.log()}")
        clients = [daemon.connect() for _ in range(128)]
        for client in clients:
            check("result" in client.call("server/ping"), "one of 128 clients is not served")
        check("result" in clients[0].call("embed/image", {"images": [SCENE]}), "no picture beside 128 clients")
        held = daemon.descriptors()
        check(held < limit, f"{held} of {limit} descriptors are in use")
        for client in clients:
            client.close()
    with setting.daemon("--max-connections", 1000, descriptor_limit=1024) as daemon:
        check("--max-connections 1000" in daemon.log() and "1064" in daemon.log(), f"nothing is told: {daemon.log()}")
    return f"128 clients and a picture: {held} of the unit's {limit} descriptors; 1,024 for 1,000 clients is told"


@case
def unloading_a_model_in_use(setting):
    """models/unload of a model that an explanation or a request holds: error 1013, and the model stays."""
    with setting.daemon() as daemon:
        client = daemon.connect()
        opened = client.result("explanation/open", {"model": SMALL_MODEL, "image": SCENE, "text": "a kite"})[
            "explanation"
        ]
        error = client.call("models/unload", {"model": SMALL_MODEL})["error"]
        check(error["code"] == 1013 and error["data"]["kind"] == "modelInUse", f"{error}")
        check(
            "result" in client.call("explanation/refine", {"explanation": opened, "budget": {"imageMasks": 32}}), "gone"
        )
        client.result("explanation/close", {"explanation": opened})
        wait_for("the model unused", lambda: all(m["inUse"] == 0 for m in client.result("server/status")["models"]))
        check(client.result("models/unload", {"model": SMALL_MODEL})["unloaded"], "not unloaded")
        unload = client.result("server/status")["unloads"][-1]
        check(unload["reason"] == "asked by a client", f"{unload}")
    return "1013, then unloaded; the reason is in the status"


@case
def concurrent_loads_of_one_model(setting):
    """Many clients load and use one model at once: it is loaded once."""
    model = str(copy_model(setting.folder))
    count = setting.amount(32, 100)
    with setting.daemon(log_level="info") as daemon:
        clients = [daemon.connect() for _ in range(count)]
        for index, client in enumerate(clients):
            if index % 2:
                client.post("models/load", {"model": model})
            else:
                client.post("embed/text", {"model": model, "texts": ["a dog"]})
        answers = [client.reply(1) for client in clients]
        check(all("result" in answer for answer in answers), f"{[a for a in answers if 'error' in a][:1]}")
        embeddings = {str(answer["result"]["embeddings"]) for answer in answers[::2]}
        check(len(embeddings) == 1, "not the same embedding for everybody")
        check(len(clients[0].result("server/status")["models"]) == 1, "more than one model in memory")
        loads = daemon.log().count("model loaded")
        check(loads == 1, f"{loads} loads are logged")
    return f"{count} clients, 1 load"


def tall_png(width, height):
    """A grey PNG of zeros, a few hundred KB however many pixels it has."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    row = bytes(1 + width)
    rows = row * max(1, (1 << 20) // len(row))
    compressor = zlib.compressobj(1)
    parts = [compressor.compress(rows) for _ in range(height * len(row) // len(rows))]
    parts.append(compressor.compress(bytes(height * len(row) % len(rows))) + compressor.flush())
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"".join(parts)) + chunk(b"IEND", b"")


@case
def elongated_pictures(setting):
    """Pictures of a few pixels by millions, which a square model enlarges across: bounded, or refused by the header."""
    with setting.daemon() as daemon:
        client = daemon.connect()
        model = str(FIXTURES / "siglip-small")
        client.result("embed/image", {"model": model, "images": [SCENE]})
        for width, height in ((1, 64_000_000), (64_000_000, 1), (1, 4_000_000)):
            before = daemon.peak()
            data = base64.b64encode(tall_png(width, height)).decode()
            reply = client.call("embed/image", {"model": model, "images": [{"data": data}]})
            check(reply.get("error", {}).get("data", {}).get("kind") == "imageTooLarge", f"{width} x {height}: {reply}")
            grown = daemon.peak() - before
            check(grown < 16 << 20, f"{width} x {height} was refused, and took {grown >> 20} MiB")
        most = 0
        for width, height in ((1, 65_536), (15, 900_000), (900_000, 15)):
            before = daemon.peak()
            data = base64.b64encode(tall_png(width, height)).decode()
            client.result("embed/image", {"model": model, "images": [{"data": data}]})
            grown = daemon.peak() - before
            # Three bytes a pixel, the weights of two passes, and what a small request takes.
            check(grown < 3 * width * height + (96 << 20), f"{width} x {height} took {grown >> 20} MiB")
            most = max(most, grown)
    return f"three refused; 13.5 million pixels in a line of 15 took {most >> 20} MiB at most"


@case
def messages_of_many_values(setting):
    """Messages that take many times their length in memory are refused unread, under their id; the rest is bounded."""

    def line(values):
        return b'{"jsonrpc":"2.0","id":1,"method":"server/ping","params":{"a":[' + values + b"]}}\n"

    size = setting.amount(20, 63) << 20
    # What reading takes is estimated in bytes for each of these, with its comma, at most.
    values = {b"{},": 272, b"[],": 176, b'"",': 182, b"1,": 80, b'{"a":1},': 800}
    told = []
    with setting.daemon() as daemon:
        client = daemon.connect(timeout=300)
        client.result("server/ping")
        for value, bytes_each in values.items():
            peaks = []
            for count, expected in ((size // len(value), -32600), ((500 << 20) // bytes_each, -32602)):
                before = daemon.resident()
                reset_peak(daemon)
                client.send(line(value * count + value[:-1]))
                reply = client.receive()
                peaks.append((daemon.peak() - before) >> 20)
                check(reply["id"] == 1 and reply["error"]["code"] == expected, f"{count} {value}: {reply}")
                # The text, twice while it is gathered, and what reading may take.
                check(peaks[-1] << 20 < (512 << 20) + 3 * count * len(value), f"{value} took {peaks[-1]} MiB")
            told.append(f"{value[:-1].decode()} {peaks[1]} MiB")
        reset_peak(daemon)
        before = daemon.resident()
        client.send(b"[" + b"{}," * 349_524 + b"{}]\n")
        check("349525" in client.receive()["error"]["message"], "a batch of 349,525 is not refused by its count")
        batch = daemon.peak() - before
        check(batch < 16 << 20, f"a batch that is refused took {batch >> 20} MiB")
        wait_for("memory given back", lambda: daemon.resident() - before < 64 << 20, 20)
    read = ", ".join(told)
    return f"{size >> 20} MiB are refused; just below the limit: {read}; a batch of 349,525 {{}} {batch >> 20} MiB"


@case
def clients_that_stop_in_the_middle(setting):
    """120 clients that send most of a message and go leave nothing."""
    size = setting.amount(2, 6) << 20
    with setting.daemon() as daemon:
        other = daemon.connect()
        other.result("server/ping")
        before = daemon.resident()
        half = b'{"jsonrpc":"2.0","id":1,"method":"tokenize","params":{"texts":["' + b"x" * size
        clients = [daemon.connect() for _ in range(120)]
        for client in clients:
            # Beyond 512 MiB of unfinished messages clients are given up.
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                client.send(half)
        grown = daemon.peak() - before
        check(grown < (512 << 20) * 2, f"unfinished messages took {grown >> 20} MiB")
        for client in clients:
            client.close()
        wait_for("the clients gone", lambda: other.result("server/status")["connections"] == 1)
        wait_for("memory given back", lambda: daemon.resident() - before < 32 << 20, 20)
        left = daemon.resident() - before
    return f"120 times {size >> 20} MiB: at most {grown >> 20} MiB, {left >> 20} MiB after they are gone"


def reset_peak(daemon):
    """The most that was ever resident is what is resident now (proc(5), clear_refs)."""
    pathlib.Path(f"/proc/{daemon.pid}/clear_refs").write_text("5")


@case
def cancelled_explanations_give_memory_back(setting):
    """Thousands of explanations that are cancelled on their way leave no memory behind."""
    count = setting.amount(600, 2400)
    with setting.daemon() as daemon:
        client = daemon.connect()

        def cancel(count, start):
            for number in range(start, start + count):
                asked = client.post(
                    "explain",
                    {"image": SCENE, "text": f"a red kite and dog {number}", "budget": {"imageMasks": 60_000}},
                )
                time.sleep(0.002 * (number % 8))
                client.notify("$/cancelRequest", {"id": asked})
                client.reply(asked)

        # Scratch memory and heaps come to their size.
        cancel(100, 0)
        rest(daemon)
        before = daemon.resident()
        cancel(count, 100)
        rest(daemon)
        grown = daemon.resident() - before
        status = client.result("server/status")
        check(not status["explanations"], f"{len(status['explanations'])} explanations are left open")
        games = status["games"]["image"]["bytes"] + status["games"]["text"]["bytes"]
        check(grown < (24 << 20) + games, f"memory grew by {grown >> 20} MiB, games hold {games >> 20}")
    return f"{count} cancelled: memory grew {grown / 2**20:.1f} MiB, games hold {games / 2**20:.1f} MiB"


def rest(daemon):
    """Waits until freed memory was given back, which the daemon does once it is quiet."""
    quiet = 0
    seen = cpu_ticks(daemon)
    while quiet < 10:
        time.sleep(0.5)
        now = cpu_ticks(daemon)
        quiet = quiet + 1 if now - seen < 3 else 0
        seen = now
