"""Whole explanations of a full-size model: the first estimate, the reference explainer beside ours, another caption, estimation."""

import json
import statistics
import subprocess
import sys
import time

from common import CAPTIONS, IMAGE, PRECISIONS, THREADS, model, refine, table
from daemon import ROOT, Daemon


def timed(call, *arguments, **options):
    start = time.perf_counter()
    result = call(*arguments, **options)
    return time.perf_counter() - start, result


def first_estimate(connection, folder):
    """Seconds from a cold image to the first published estimate, its masks, and seconds to that of 64 masks."""
    start = time.perf_counter()
    opened = connection.call("explanation/open", model=folder, image=IMAGE, text=CAPTIONS[0])
    opening = time.perf_counter() - start
    refine(connection, opened["explanation"], 64, progressToken="first")
    total = time.perf_counter() - start
    reports = [report for report in connection.progress if report["kind"] == "report"]
    first = reports[0] if reports else None
    return opened["explanation"], opening, first, total


def load_seconds(folder, precision, times):
    found = []
    for _ in range(times):
        with Daemon("--precision", precision) as daemon:
            found.append(daemon.connect().call("models/load", model=folder)["loadMilliseconds"] / 1000)
    return statistics.median(found)


def reference(options, folder, masks):
    if not options.peers:
        return None
    command = [f"{options.peers}/bin/python", str(ROOT / "benchmarks/reference.py"), folder, IMAGE, CAPTIONS[0], str(masks), "64",
               "--threads", str(THREADS)] + (["--source", options.reference] if options.reference else [])
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        print(f"the reference explainer was left out: {done.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
        return None
    return json.loads(done.stdout.strip().splitlines()[-1])


def run(options):
    folder = model("vit-b-32")
    masks = 256 if options.quick else 1024
    rows, goals, whole = {}, {}, {}

    def note(title, value, digits=2):
        rows.setdefault(title, []).append(f"{value:.{digits}f}")

    for precision in PRECISIONS:
        goals.setdefault("load", {})[precision] = loading = load_seconds(folder, precision, 1 if options.quick else 3)
        note("loading, median", loading)
        with Daemon("--precision", precision) as daemon:
            connection = daemon.connect()
            connection.call("models/load", model=folder)
            # Another image's masks warm the program up, not this image's game.
            warm = connection.call("explanation/open", model=folder, image=IMAGE.replace("03", "04"), text=CAPTIONS[1])
            refine(connection, warm["explanation"], 16)
            explanation, opening, first, total = first_estimate(connection, folder)
            note("opening a cold image", opening)
            if first:
                rows.setdefault("first published estimate (masks)", []).append(
                    f"{opening + first['elapsedMilliseconds'] / 1000:.2f} ({first['imageMasks']})")
            note("estimate of 64 masks", total)
            goals.setdefault("first", {})[precision] = total
            # As the reference: 64 text masks of 8 tokens, from nothing.
            seconds, _ = timed(lambda: refine(
                connection, connection.call("explanation/open", model=folder, image=IMAGE.replace("03", "05"), text=CAPTIONS[0])
                ["explanation"], masks, text_masks=64))
            whole[precision] = seconds
            note(f"whole explanation, {masks:,} × 64 masks", seconds)
            refine(connection, explanation, masks)
            times = []
            for caption in CAPTIONS[1:]:
                seconds, _ = timed(lambda: refine(
                    connection, connection.call("explanation/open", model=folder, image=IMAGE, text=caption)["explanation"], masks))
                times.append(seconds)
            note(f"another caption on the warm image, {masks:,} masks, median", statistics.median(times))
            goals.setdefault("caption", {})[precision] = statistics.median(times)
            seconds, _ = timed(connection.call, "explanation/values", explanation=explanation, estimator="leastSquares", pairs="none")
            note("one estimate by leastSquares", seconds)
    lines = ["## Explanations", "", "ViT-B/32 with random weights, a caption of 8 tokens; seconds.", ""]
    lines += table([""] + PRECISIONS, [[title, *cells] for title, cells in rows.items()])
    found = reference(options, folder, masks)
    if found:
        kind = ("its public code" if found["source"] == "checkout" else
                "its procedure stated again in PyTorch (`benchmarks/reference.py`)")
        lines += [f"The reference explainer, {kind}: {found['seconds']:.1f} s for {masks:,} × 64 masks ({found['game']:.1f} s of it in the "
                  f"model), {found['peak'] / 1e9:.1f} GB. Ours: "
                  + ", ".join(f"{found['seconds'] / seconds:.1f} times as fast in {precision}" for precision, seconds in whole.items())
                  + ".", ""]
        goals["reference"] = {precision: found["seconds"] / seconds for precision, seconds in whole.items()}
    return {"lines": lines, "goals": goals}
