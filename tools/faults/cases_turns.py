"""What a client with endless work leaves to the others, method by method, and what is left of it when it gives up."""

import base64
import random
import statistics
import struct
import time
import zlib

from cases import case
from harness.client import connect
from harness.daemon import SCENES, check, wait_for

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
