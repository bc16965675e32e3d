"""Explanations of any two inputs beside plain ones, and one more query over many images whose masks are kept."""

import os
import pathlib
import statistics
import struct
import tempfile
import time
import zlib

from common import fresh_images, refine, rounds, spread, table
from daemon import Daemon

CAPTIONS = ["a dog next to a guitar", "a red rose and a cat", "a postbox next to a whale", "two apples above a car"]
QUERIES = ["a dog", "a guitar on the left", "two cats next to a red car", "a big tree and a small house", "a ship"]
MASKS = 256


def explained(connection, **inputs):
    """Seconds to open and refine an explanation."""
    start = time.perf_counter()
    opened = connection.result("explanation/open", **inputs)
    refine(connection, opened["explanation"], MASKS)
    seconds = time.perf_counter() - start
    connection.result("explanation/close", explanation=opened["explanation"])
    return seconds


def turn(connection, number):
    """Seconds by title, of images and texts that the daemon has not seen."""
    a, b, c, d, e = fresh_images(5)
    texts = [f"{caption} {number}" for caption in CAPTIONS]
    contrast = {"texts": [{"text": texts[0], "weight": 1}, {"text": texts[1], "weight": -1}]}
    return {
        "two plain explanations, two images": explained(connection, image=a, text=texts[0])
        + explained(connection, image=b, text=texts[1]),
        "image and image": explained(connection, image=c, image2=d),
        "two plain explanations, one image": explained(connection, image=e, text=texts[0])
        + explained(connection, image=e, text=texts[1]),
        "one caption rather than another": explained(connection, image=fresh_images(1)[0], target=contrast),
        "two plain explanations, the image's masks kept": explained(connection, image=a, text=texts[2])
        + explained(connection, image=a, text=texts[3]),
        "one caption rather than another, the image's masks kept": explained(connection, image=b, target=contrast),
        "text and text": explained(connection, text=texts[2] + " at sea", text2=texts[3] + " at night"),
    }


def written_images(folder, count):
    """Files of 224 × 224 random pixels."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    for number in range(count):
        rows = zlib.compress(b"".join(b"\0" + os.urandom(3 * 224) for _ in range(224)), 1)
        header = struct.pack(">IIBBBBB", 224, 224, 8, 2, 0, 0, 0)
        path = pathlib.Path(folder, f"{number}.png")
        parts = chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
        path.write_bytes(b"\x89PNG\r\n\x1a\n" + parts)
        yield str(path)


def over_kept_games(options):
    """Seconds to make the games of so many images, and to have the heat map of further queries over all of them; the memory of it."""
    count, masks = (100 if options.quick else 1000), 64
    with tempfile.TemporaryDirectory() as folder, Daemon() as daemon:
        images = list(written_images(folder, count))
        connection = daemon.connect()
        connection.result("models/load", model="demo")
        before = daemon.resident()

        def heat_maps(query):
            encoded = 0
            start = time.perf_counter()
            for image in images:
                opened = connection.result("explanation/open", image=image, text=query)
                encoded += max(0, masks - opened["warm"]["imageMasks"])
                found = refine(connection, opened["explanation"], masks)
                if len(found["values"]["first"]) < opened["players"]["image"]["count"]:
                    raise SystemExit("an estimate lacks patches")
                connection.result("explanation/close", explanation=opened["explanation"])
            return time.perf_counter() - start, encoded

        first, encoded = heat_maps("a rose")
        memory = daemon.resident() - before
        if encoded != count * masks:
            raise SystemExit("the images were known already")
        times = []
        for query in QUERIES[: 2 if options.quick else 5]:
            seconds, encoded = heat_maps(query)
            if encoded:
                raise SystemExit(f"{encoded} masks were encoded again")
            times.append(seconds)
    return count, masks, first, times, memory


def run(options):
    times = {}
    with Daemon() as daemon:
        connection = daemon.connect()
        connection.result("models/load", model="demo")
        turn(connection, "warm")
        for number in range(rounds(options, 15)):
            for title, seconds in turn(connection, number).items():
                times.setdefault(title, []).append(seconds)
    count, masks, first, queries, memory = over_kept_games(options)
    lines = [
        "## Any two inputs",
        "",
        f"Demo model, {MASKS} masks of each image, images and texts that were not seen before unless masks are said to be kept; seconds, median "
        f"(least–most) of {len(next(iter(times.values())))} turns in which all rows take part.",
        "",
        *table(["", "seconds"], [[title, spread(seconds, 3)] for title, seconds in times.items()]),
        f"One more query over {count:,} pictures of 224 × 224 (PNG files) whose {masks} masks are kept: {spread(queries, 2)} s for the heat maps of all of them, "
        f"{1000 * statistics.median(queries) / count:.1f} ms an image; no mask is encoded. The first query, which encodes them, took {first:.1f} s. "
        f"The daemon's memory grew by {memory / 2**20:.0f} MiB, {memory / 2**10 / count:.0f} KiB an image.",
        "",
    ]
    return {"lines": lines, "goals": {}}
