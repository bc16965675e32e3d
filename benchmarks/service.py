"""What clients see: latencies over the socket, many small requests against few large ones, scaling over cores."""

import concurrent.futures
import statistics
import time

from common import CAPTION, IMAGE, THREADS, fresh_images, model, rounds, spread, table
from daemon import Daemon
from encoders import masked_rate


def latencies(options):
    calls = {
        "ping": ("server/ping", dict, 2000),
        "embed one image": ("embed/image", lambda: {"images": fresh_images(1), "encoding": "base64"}, 200),
        "similarity of one pair": ("similarity", lambda: {"images": fresh_images(1), "texts": [CAPTION]}, 200),
        "similarity of a known pair": ("similarity", lambda: {"images": [IMAGE], "texts": [CAPTION]}, 200),
    }
    rows, goals = [], {}
    with Daemon("--precision", "f32") as daemon:
        daemon.connect().result("models/load", model="demo")

        def client(name, count):
            connection = daemon.connect()
            method, make, _ = calls[name]
            times = []
            for _ in range(count):
                params = make()
                start = time.perf_counter()
                connection.result(method, **params)
                times.append((time.perf_counter() - start) * 1000)
            connection.close()
            return times

        for clients in [1, 8, 64]:
            cells = []
            for name, (_, _, count) in calls.items():
                each = max(4, count // clients // (4 if options.quick else 1))
                with concurrent.futures.ThreadPoolExecutor(clients) as pool:
                    times = sorted(t for part in pool.map(lambda _: client(name, each), range(clients)) for t in part)
                cells.append(f"{statistics.median(times):.3f} ({times[int(len(times) * 0.99)]:.2f})")
                if name == "ping" and clients == 1:
                    goals["ping"] = {"": 1000 * statistics.median(times)}
            rows.append([clients, *cells])
    lines = [
        "## Latency over the socket",
        "",
        "Demo model; milliseconds, median (99th percentile). The clients are threads of one Python program on the same cores, so "
        "64 of them measure that program too.",
        "",
    ]
    return lines + table(["clients", *calls], rows), goals


def scheduling(options):
    folder = model("vit-b-32")
    count = 32 if options.quick else 96
    with Daemon("--precision", "f32") as daemon:
        daemon.connect().result("models/load", model=folder)

        def batches():
            connection = daemon.connect()
            start = time.perf_counter()
            for _ in range(count // 32):
                connection.result("embed/image", model=folder, images=fresh_images(32), encoding="base64")
            return count / (time.perf_counter() - start)

        def singles():
            def client(_):
                connection = daemon.connect()
                for _ in range(count // 8):
                    connection.result("embed/image", model=folder, images=fresh_images(1), encoding="base64")

            start = time.perf_counter()
            with concurrent.futures.ThreadPoolExecutor(8) as pool:
                list(pool.map(client, range(8)))
            return count / (time.perf_counter() - start)

        batches()
        pairs = [(singles(), batches()) for _ in range(options.rounds or (2 if options.quick else 4))]
    ratio = statistics.median(p[0] for p in pairs) / statistics.median(p[1] for p in pairs)
    lines = [
        "## Scheduling",
        "",
        f"Eight clients with one ViT-B/32 image at a time: {spread([p[0] for p in pairs])} images a second; one client with batches "
        f"of 32: {spread([p[1] for p in pairs])}. Ratio of medians {ratio:.2f}.",
        "",
    ]
    return lines, {"clients": {"": ratio}}


def scaling(options):
    folder = model("vit-b-32")
    masks = 24 if options.quick else 64
    rates = {}
    for _ in range(rounds(options, 3)):
        for threads in [t for t in [1, 2, 4, 8, 16, 32] if t <= THREADS]:
            with Daemon("--precision", "f32", "--threads", str(threads)) as daemon:
                rates.setdefault(threads, []).append(masked_rate(daemon.connect(), folder, masks, seed=0))
    one = statistics.median(rates[1])
    rows = [[threads, spread(found), f"{statistics.median(found) / one:.2f}"] for threads, found in rates.items()]
    return [
        "## Scaling over cores",
        "",
        "Masked ViT-B/32 images a second in f32, median (least–most) over rounds in which the numbers of threads take turns.",
        "",
    ] + table(["compute threads", "images a second", "× one thread"], rows), {}


def run(options):
    lines, goals = [], {}
    for part in (latencies, scheduling, scaling):
        more, reached = part(options)
        lines += more
        goals |= reached
    return {"lines": lines, "goals": goals}
