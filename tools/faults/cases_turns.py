"""What a client with endless work leaves to the others, method by method, and what is left of it when it gives up."""

import base64
import os
import random
import statistics
import struct
import subprocess
import sys
import time
import zlib

from cases import case
from cases_memory import cpu_ticks
from harness.client import connect
from harness.daemon import REPOSITORY, SCENES, check, wait_for

SCENE = str(SCENES[3])


def wide_png(width, height):
    """An RGB picture of one colour: small as a file, large to decode and to resize."""
    rows = zlib.compress((b"\0" + b"\x60" * (3 * width)) * height, 1)

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def hostile_work():
    """By method: a request that takes long, of which the hostile client sends several at a time."""
    text = "a kite over the sea and a dog on the sand " * 1400
    picture = {"data": base64.b64encode(wide_png(8000, 7500)).decode()}
    return {
        "tokenize": {"texts": [f"{number} {text}" for number in range(150)]},
        "embed/text": {"texts": [f"{number} {text}" for number in range(150)]},
        "embed/image": {"images": [picture] * 8},
        "similarity": {"images": [picture] * 4, "texts": ["a dog"]},
        "document/captions": {"languageId": "markdown", "text": "![a dog](dog.png) and *text* [x](y)\n" * 60_000},
        "explain": {"image": SCENE, "text": "a red kite", "budget": {"imageMasks": 60_000}},
    }


SMALL_PICTURE_SIDE = 64


def small_work():
    """Small requests of each kind, their texts and pictures such as the daemon has not seen: known ones cost nothing."""
    text = f"a kite {random.randrange(1 << 30)}"
    pixels = base64.b64encode(random.randbytes(3 * SMALL_PICTURE_SIDE**2)).decode()
    picture = {"pixels": pixels, "width": SMALL_PICTURE_SIDE, "height": SMALL_PICTURE_SIDE}
    return (
        ("tokenize", {"texts": [text]}),
        ("embed/text", {"texts": [text]}),
        ("embed/image", {"images": [picture]}),
        ("document/captions", {"languageId": "markdown", "text": "![a dog](dog.png)"}),
        ("models/list", {}),
        ("server/status", {}),
        ("explanation/open", {"image": picture, "text": text}),
    )


@case
def others_go_on_beside_endless_work(setting):
    """For each method: while one client has six long requests of it in flight, and once they are cancelled, each small
    request of another is answered within seconds on a busy machine."""
    worst = {}
    rounds = setting.amount(2, 10)
    with setting.daemon() as daemon:
        client = daemon.connect()
        client.result("models/load")
        client.result("embed/image", {"images": [SCENE]})
        for method, params in hostile_work().items():
            hostile = connect(daemon.socket, timeout=300, eager=True)
            numbers = [hostile.post(method, params) for _ in range(6)]
            times = []
            for moment in ("beside", "cancelled", "gone"):
                if moment == "cancelled":
                    for number in numbers:
                        hostile.notify("$/cancelRequest", {"id": number})
                if moment == "gone":
                    hostile.close()
                for _ in range(rounds):
                    for small, small_params in small_work():
                        start = time.monotonic()
                        reply = client.call(small, small_params)
                        times.append(time.monotonic() - start)
                        check("result" in reply, f"{small} beside {method}: {reply}")
                        if small == "explanation/open":
                            client.result("explanation/close", {"explanation": reply["result"]["explanation"]})
            worst[method] = (statistics.median(times), max(times))
            check(max(times) < 5, f"a small request waited {max(times):.1f} s for {method}")
        wait_for("nothing left to do", lambda: client.result("server/status")["queues"]["interactive"] == 0, 20)
    return "; ".join(f"{name} {1e3 * middle:.0f}, {1e3 * most:.0f} ms" for name, (middle, most) in worst.items())


@case
def cancelled_work_is_answered_at_once(setting):
    """A cancelled request of any method is answered soon, however long it would have gone on."""
    worst = {}
    with setting.daemon() as daemon:
        client = connect(daemon.socket, timeout=300, eager=True)
        client.result("models/load")
        for method, params in hostile_work().items():
            longest = 0
            for _ in range(setting.amount(2, 10)):
                number = client.post(method, params)
                time.sleep(0.4)
                start = time.monotonic()
                client.notify("$/cancelRequest", {"id": number})
                client.reply(number)
                longest = max(longest, time.monotonic() - start)
            worst[method] = longest
            check(longest < 2, f"{method} was answered {longest:.1f} s after it was cancelled")
    return "; ".join(f"{name} {1e3 * most:.0f} ms" for name, most in worst.items())


@case
def too_many_items_are_refused_by_count(setting):
    """More items than a request may have are refused before anything is computed or kept, with what to do."""
    with setting.daemon() as daemon:
        client = daemon.connect()
        client.result("models/load")
        before = daemon.resident()
        asks = [
            ("tokenize", {"texts": [""] * 1_000_000}),
            ("embed/text", {"texts": ["a"] * 100_000}),
            ("embed/image", {"images": ["x"] * 100_000}),
            ("similarity", {"images": ["x"] * 2_000, "texts": ["a"] * 2_000}),
        ]
        for method, params in asks:
            reply = client.call(method, params)
            check(reply.get("error", {}).get("code") == -32602, f"{method}: {str(reply)[:200]}")
            check("further requests" in reply["error"]["message"], f"{method}: {reply['error']}")
        wait_for("the memory given back", lambda: daemon.resident() - before < 64 << 20, 30)
        grown = daemon.resident() - before
    return f"{len(asks)} refused; memory grew {grown >> 20} MiB"


def work_after(daemon, stop):
    """Processor seconds that a daemon spends from `stop()` until it rests."""
    stop()
    before = spent = cpu_ticks(daemon)
    resting = 0
    while resting < 5:
        time.sleep(0.1)
        now = cpu_ticks(daemon)
        # A tick or two is what waiting itself costs.
        resting = resting + 1 if now - spent < 2 else 0
        spent = now
    return (spent - before) / os.sysconf("SC_CLK_TCK")


def many_players(folder):
    """A model of one layer with 24 x 24 patches, and a text of as many words as it reads: estimates, readings and drawings
    of it take longest."""
    make = REPOSITORY / "tools/random-model/random_model.py"
    command = [sys.executable, str(make), "vit-s-14-336", str(folder), "--layers", "1", "--vocabulary", "1000"]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    return {"model": str(folder), "image": SCENE, "text": " ".join(f"w{number}" for number in range(60))}


def work_on_explanations(client, asked):
    """By method: requests about an explanation of many players."""
    opened = client.result("explanation/open", asked)["explanation"]
    client.result("explanation/refine", {"explanation": opened, "budget": {"imageMasks": 200, "textMasks": 200}})
    exported = client.result("explanation/export", {"explanation": opened, "format": "shapiq"})
    players = 576
    return {
        "explanation/export": {"explanation": opened, "format": "shapiq"},
        "explanation/import": asked | {"content": exported["content"]},
        "explanation/render": {"explanation": opened, "format": "png"},
        "explanation/subset": {"explanation": opened, "sizes": list(range(players))},
        "explanation/evaluate": {"explanation": opened, "metric": "insertionDeletion"},
    }


@case
def cancelled_work_stops(setting):
    """What is computed after a cancellation, and after a client's going, as processor time of all threads: the work ends, and does
    not only leave its reply behind."""
    figures = {}
    with setting.daemon() as daemon:
        with daemon.connect(timeout=300) as client:
            client.result("models/load")
            client.result("embed/image", {"images": [SCENE]})
            asked = many_players(setting.folder / "many")
            explained = work_on_explanations(client, asked)
            work = {method: (params, 0.3) for method, params in hostile_work().items()}
            work["explanation/open"] = ({"image": work["embed/image"][0]["images"][0], "text": "a kite"}, 0.3)
            # Some take a fraction of a second: eight at a time, which are cancelled at once, leave none to go on.
            for method, params in explained.items():
                work[method] = (params, 0.05)
            for method, (params, wait) in work.items():
                after = []
                count = 8 if method in explained else 1
                for goes in [False, True] * setting.amount(2, 6):
                    hostile = connect(daemon.socket, timeout=300, eager=True)
                    numbers = [hostile.post(method, params) for _ in range(count)]
                    time.sleep(wait)

                    def stop(hostile=hostile, numbers=numbers, goes=goes):
                        if goes:
                            hostile.close()
                            return
                        for number in numbers:
                            hostile.notify("$/cancelRequest", {"id": number})
                        for number in numbers:
                            hostile.reply(number)

                    after.append(work_after(daemon, stop))
                    hostile.close()
                figures[method] = (statistics.median(after), max(after))
                # Uncancelled they take seconds to minutes. Decoding a picture's file is one piece of work.
                check(statistics.median(after) < 1, f"{method} went on for {after} s of processor time")
    return "; ".join(f"{name} {1e3 * middle:.0f}, {1e3 * most:.0f} ms" for name, (middle, most) in figures.items())


@case
def cancelled_loads_stop(setting):
    """A model of 150 million weights whose loading is cancelled, or whose client goes, is not loaded to its end."""
    make = REPOSITORY / "tools/random-model/random_model.py"
    folder = setting.folder / "large"
    command = [sys.executable, str(make), "vit-b-32", str(folder), "--dtype", "f16", "--full-tokenizer"]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    after = []
    with setting.daemon() as daemon:
        before = cpu_ticks(daemon)
        with daemon.connect(timeout=300) as client:
            client.result("models/load", {"model": str(folder)})
            whole = (cpu_ticks(daemon) - before) / os.sysconf("SC_CLK_TCK")
            client.result("models/unload", {"model": str(folder)})
            for wait in [0.05, 0.2, 0.5] * setting.amount(2, 6):
                hostile = connect(daemon.socket, timeout=300, eager=True)
                number = hostile.post("models/load", {"model": str(folder)})
                time.sleep(wait)

                def stop(hostile=hostile, number=number):
                    hostile.notify("$/cancelRequest", {"id": number})
                    hostile.reply(number)

                after.append(work_after(daemon, stop))
                hostile.close()
                loaded = client.result("server/status")["models"]
                for _ in loaded:
                    client.call("models/unload", {"model": str(folder)})
    middle = statistics.median(after)
    check(middle < 0.5 * whole, f"loading took {whole} s of processor time, and {after} s after it was cancelled")
    return (
        f"{whole:.1f} s of processor time for all; after a cancellation {1e3 * middle:.0f}, {1e3 * max(after):.0f} ms"
    )
