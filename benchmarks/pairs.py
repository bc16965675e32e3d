"""Pairs of images and captions for benchmarks of whole data sets, made rather than shipped."""

import json
import random
import struct
import zlib

NOUNS = [
    "whale",
    "butterfly",
    "snake",
    "postbox",
    "rose",
    "taxi",
    "kite",
    "coat",
    "dog",
    "cat",
    "glass",
    "car",
    "flag",
    "tree",
]


def write_png(path, seed, size=224):
    """A picture of coloured rectangles, different for each seed."""
    draw = random.Random(seed)
    rows = [bytearray(bytes(draw.randrange(256) for _ in range(3)) * size) for _ in range(size)]
    for _ in range(12):
        left, top = draw.randrange(size - 24), draw.randrange(size - 24)
        right, bottom = left + draw.randrange(16, 96), top + draw.randrange(16, 96)
        colour = bytes(draw.randrange(256) for _ in range(3))
        for row in rows[top:bottom]:
            width = min(right, size) - left
            row[3 * left : 3 * (left + width)] = colour * width

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    with open(path, "wb") as file:
        file.write(
            b"\x89PNG\r\n\x1a\n"
            + chunk(b"IHDR", struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(b"".join(b"\0" + bytes(row) for row in rows), 1))
            + chunk(b"IEND", b"")
        )


def captions(count):
    """Captions of 4 to 12 words, each another."""
    draw = random.Random(5)
    seen = []
    while len(seen) < count:
        nouns = draw.sample(NOUNS, draw.randrange(1, 4))
        caption = {1: "there is a {} here", 2: "a {} next to a {}", 3: "a {}, a {} and a {} in the street"}[
            len(nouns)
        ].format(*nouns)
        if caption not in seen:
            seen.append(caption)
    return seen


def write_pairs(folder, pairs, images):
    """`folder/pairs.jsonl` with `pairs` pairs over `images` images; neighbours have different images."""
    folder.mkdir(parents=True, exist_ok=True)
    names = []
    for number in range(images):
        names.append(f"image-{number:03}.png")
        if not (folder / names[-1]).exists():
            write_png(folder / names[-1], number)
    texts = captions(60)
    lines = [
        {"id": f"{n:04}", "image": str(folder / names[n % images]), "text": texts[(n // images * 7 + n) % len(texts)]}
        for n in range(pairs)
    ]
    path = folder / "pairs.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path, lines
