"""Whole explanations of a full-size model: the first estimate, the reference explainer beside ours, another caption, estimation."""

import json
import statistics
import subprocess
import sys
import time

from common import CAPTIONS, IMAGE, PRECISIONS, THREADS, model, refine, rounds, spread, table
from daemon import ROOT, Daemon

WHOLE = "whole explanation, {:,} × 64 masks"
CAPTION_TITLE = "another caption on the warm image, {:,} masks, median of four"


def timed(call, *arguments, **options):
    start = time.perf_counter()
    result = call(*arguments, **options)
    return time.perf_counter() - start, result


def first_estimate(connection, folder):
    """Seconds from a cold image to the first published estimate, its masks, and seconds to that of 64 masks."""
    start = time.perf_counter()
    opened = connection.result("explanation/open", model=folder, image=IMAGE, text=CAPTIONS[0])
    opening = time.perf_counter() - start
    refine(connection, opened["explanation"], 64, progressToken="first")
    total = time.perf_counter() - start
    reports = [report for report in connection.progress if report["kind"] == "report"]
    first = reports[0] if reports else None
    return opened["explanation"], opening, first, total


def reference(options, folder, masks):
    if not options.peers:
        return None
    command = [
        f"{options.peers}/bin/python",
        str(ROOT / "benchmarks/reference.py"),
        folder,
        IMAGE,
        CAPTIONS[0],
        str(masks),
        "64",
        "--threads",
        str(THREADS),
    ] + (["--source", options.reference] if options.reference else [])
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        print(f"the reference explainer was left out: {done.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
        return None
    return json.loads(done.stdout.strip().splitlines()[-1])


def measure(folder, precision, masks):
    """Seconds by title, from a daemon of its own; and the masks of the first published estimate, if there was one before the last."""
    found = {}
    with Daemon("--precision", precision) as daemon:
        connection = daemon.connect()
        found["loading"] = connection.result("models/load", model=folder)["loadMilliseconds"] / 1000
        # Another image's masks warm the program up, not this image's game.
        warm = connection.result("explanation/open", model=folder, image=IMAGE.replace("03", "04"), text=CAPTIONS[1])
        refine(connection, warm["explanation"], 16)
        explanation, opening, first, total = first_estimate(connection, folder)
        found["opening a cold image"] = opening
        if first:
            found["first published estimate"] = opening + first["elapsedMilliseconds"] / 1000
        found["estimate of 64 masks"] = total
        # As the reference: 64 text masks of 8 tokens, from nothing.
        found[WHOLE.format(masks)], _ = timed(
            lambda: refine(
                connection,
                connection.result("explanation/open", model=folder, image=IMAGE.replace("03", "05"), text=CAPTIONS[0])[
                    "explanation"
                ],
                masks,
                text_masks=64,
            )
        )
        refine(connection, explanation, masks)
        found[CAPTION_TITLE.format(masks)] = statistics.median(
            timed(
                lambda: refine(
                    connection,
                    connection.result("explanation/open", model=folder, image=IMAGE, text=caption)["explanation"],
                    masks,
                )
            )[0]
            for caption in CAPTIONS[1:]
        )
        found["one estimate by leastSquares"], _ = timed(
            connection.call, "explanation/values", explanation=explanation, estimator="leastSquares", pairs="none"
        )
    return found, first and first["imageMasks"]


def run(options):
    folder = model("vit-b-32")
    masks = 256 if options.quick else 1024
    times, peers, firsts = {}, [], set()
    for _ in range(rounds(options, 3)):
        for precision in PRECISIONS:
            found, first = measure(folder, precision, masks)
            firsts |= {first} if first else set()
            for title, seconds in found.items():
                times.setdefault(title, {}).setdefault(precision, []).append(seconds)
        found = reference(options, folder, masks)
        peers += [found] if found else []
    whole = times[WHOLE.format(masks)]
    goals = {
        key: {precision: statistics.median(seconds) for precision, seconds in times[title].items()}
        for key, title in [
            ("load", "loading"),
            ("first", "estimate of 64 masks"),
            ("caption", CAPTION_TITLE.format(masks)),
        ]
    }
    lines = [
        "## Explanations",
        "",
        "ViT-B/32 with random weights, a caption of 8 tokens; seconds, median (least–most) over rounds in which the precisions"
        + (" and the reference explainer" if peers else "")
        + " take turns.",
        "",
    ]
    lines += table(
        [""] + PRECISIONS,
        [
            [title, *(spread(cells[precision], 2) if precision in cells else "" for precision in PRECISIONS)]
            for title, cells in times.items()
        ],
    )
    if firsts:
        lines += [f"The first published estimate was of {' or '.join(map(str, sorted(firsts)))} masks.", ""]
    if peers:
        kind = (
            "its public code"
            if peers[0]["source"] == "checkout"
            else "its procedure stated again in PyTorch (`benchmarks/reference.py`)"
        )
        seconds = [found["seconds"] for found in peers]
        goals["reference"] = {
            precision: statistics.median(seconds) / statistics.median(ours) for precision, ours in whole.items()
        }
        lines += [
            f"The reference explainer, {kind}: {spread(seconds)} s for {masks:,} × 64 masks "
            f"({statistics.median(found['game'] for found in peers):.1f} s of it in the model), "
            f"{max(found['peak'] for found in peers) / 1e9:.1f} GB. Ours: "
            + ", ".join(f"{ratio:.1f} times as fast in {precision}" for precision, ratio in goals["reference"].items())
            + ".",
            "",
        ]
    return {"lines": lines, "goals": goals}
