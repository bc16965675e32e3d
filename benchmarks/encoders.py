"""Encoder throughput beside PyTorch, OpenVINO and ONNX Runtime."""

import json
import random
import statistics
import subprocess
import sys
import time

from common import CAPTIONS, HAS_BF16, IMAGE, PRECISIONS, THREADS, fresh_images, model, refine, rounds, spread, table
from daemon import ROOT, Daemon

BATCHES = [1, 8, 64]


def masked_rate(connection, folder, masks, seed):
    """Masked images a second of a refinement of a cold image, with all that belongs to it."""
    opened = connection.result("explanation/open", model=folder, image=IMAGE, text=CAPTIONS[0], seed=seed)
    refine(connection, opened["explanation"], 8)
    held = connection.result("explanation/list")["explanations"][0]["imageMasks"]
    start = time.perf_counter()
    refine(connection, opened["explanation"], held + masks)
    rate = masks / (time.perf_counter() - start)
    connection.result("explanation/close", explanation=opened["explanation"])
    return rate


def coalition_rate(connection, folder, batch, seconds, seed):
    """Masked images a second where a request evaluates so many coalitions, none seen before; in the model's own precision."""
    opened = connection.result("explanation/open", model=folder, image=IMAGE, text=CAPTIONS[0])
    handle, patches = opened["explanation"], opened["players"]["image"]["count"]
    text = list(range(patches, patches + len(opened["players"]["text"])))
    draw = random.Random(seed)
    rates = []
    start = time.perf_counter()
    while time.perf_counter() - start < seconds or not rates:
        coalitions = [[patch for patch in range(patches) if draw.random() < 0.5] + text for _ in range(batch)]
        before = time.perf_counter()
        connection.result("explanation/coalitions", explanation=handle, coalitions=coalitions)
        rates.append(batch / (time.perf_counter() - before))
    connection.result("explanation/close", explanation=handle)
    return statistics.median(rates)


def whole_rate(connection, folder, batch, seconds):
    """Whole images a second, with reading and preprocessing their pixels."""
    rates = []
    start = time.perf_counter()
    while time.perf_counter() - start < seconds or not rates:
        images = fresh_images(batch)
        before = time.perf_counter()
        connection.result("embed/image", model=folder, images=images, encoding="base64")
        rates.append(batch / (time.perf_counter() - before))
    return statistics.median(rates)


def peer_rates(environment, folder, name, seconds, batches=BATCHES, threads=THREADS, *options):
    command = [
        f"{environment}/bin/python",
        str(ROOT / "benchmarks/peers.py"),
        str(folder),
        name,
        str(seconds),
        *map(str, batches),
        "--threads",
        str(threads),
        *options,
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        print(f"{name} was left out: {done.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
        return {}
    return {int(batch): rate for batch, rate in json.loads(done.stdout.strip().splitlines()[-1]).items()}


def measure(name, usual, masks, options):
    """Rates by kind, ours and the peers', over rounds that take turns; `usual` rounds unless the options say."""
    folder = model(name)
    ours, theirs = {}, {}
    seconds = 1 if options.quick else 3
    for round in range(rounds(options, usual)):
        for precision in PRECISIONS:
            with Daemon("--precision", precision) as daemon:
                connection = daemon.connect()
                connection.result("models/load", model=folder)
                ours.setdefault(("masked", precision), []).append(masked_rate(connection, folder, masks, round + 1))
                if precision != "int8":
                    for batch in BATCHES:
                        rate = coalition_rate(connection, folder, batch, seconds, f"{round} {batch}")
                        ours.setdefault((f"masked, batch {batch}", precision), []).append(rate)
                        rate = whole_rate(connection, folder, batch, seconds)
                        ours.setdefault((f"whole, batch {batch}", precision), []).append(rate)
        if options.peers:
            others = ["pytorch", "openvino-f32", "onnxruntime"] + (["openvino-bf16"] if HAS_BF16 else [])
            for other in others:
                for batch, rate in peer_rates(options.peers, folder, other, seconds).items():
                    theirs.setdefault(other, {}).setdefault(batch, []).append(rate)
    return ours, theirs


def lines_of(name, ours, theirs):
    rows = []
    for (kind, precision), rates in ours.items():
        batch = int(kind.split()[-1]) if kind[-1].isdigit() else 64
        rows.append(
            [f"{kind}, {precision}", spread(rates)]
            + [f"{statistics.median(rates) / statistics.median(other[batch]):.2f}" for other in theirs.values()]
        )
    for other, by_batch in theirs.items():
        rows += [[f"{other}, batch {batch}", spread(rates)] + [""] * len(theirs) for batch, rates in by_batch.items()]
    return [f"### {name}", ""] + table(["images a second", "rate"] + [f"× {other}" for other in theirs], rows)


def run_b32(options):
    return run(options, [("vit-b-32", 3, 96)], "Encoders: ViT-B/32")


def run_b16(options):
    return run(
        options, [("vit-b-16", 3, 32)] + ([] if options.quick else [("siglip-b-16", 3, 32)]), "Encoders: patches of 16"
    )


def run(options, plans, title):
    """
    Args:
        plans: for each model its name, rounds unless the options say, and masks to time.
    """
    lines = [
        f"## {title}",
        "",
        "Images a second: median (least–most) over rounds in which ours and the others take turns. Masked: image masks of "
        "a cold image in a running refinement, estimates included in the time; they are compared with the others' batches "
        "of 64. Masked, batch: requests that evaluate as many coalitions; these are computed in the model's own precision, "
        "so there is no such row for int8, where a refinement by few masks would time an estimate for each. Whole: over the "
        "socket, decoding and preprocessing included. The others: whole images from memory, "
        "no decoding.",
        "",
    ]
    goals = {}
    for name, usual, masks in plans:
        ours, theirs = measure(name, usual, masks, options)
        lines += lines_of(name, ours, theirs)

        def ratio(precision, other):
            if other not in theirs or ("masked", precision) not in ours:
                return None
            return statistics.median(ours["masked", precision]) / statistics.median(theirs[other][64])

        def note(key, label, value):
            if value is not None:
                goals.setdefault(key, {})[label] = value

        same = {"vit-b-32": "masked-b32-openvino", "vit-b-16": "masked-b16-openvino"}.get(name)
        if same:
            note(same, "f32", ratio("f32", "openvino-f32"))
            note(same, "bf16", ratio("bf16", "openvino-bf16"))
        if name == "vit-b-32":
            note("int8-openvino-bf16", "", ratio("int8", "openvino-bf16"))
            if not HAS_BF16 and theirs:
                goals["int8-openvino-bf16"] = {
                    "no bf16 here": f"{ratio('int8', 'openvino-f32'):.2f}× its f32"
                    if ratio("int8", "openvino-f32")
                    else "–"
                }
            for precision in PRECISIONS:
                note("masked-pytorch", precision, ratio(precision, "pytorch"))
    return {"lines": lines, "goals": goals}
