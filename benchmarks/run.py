#!/usr/bin/env python3
"""Measures the daemon beside other programs and writes benchmarks/results/<date>-<cpu>.md.

    run.py [--quick] [--peers .peers/venv]

Rounds of ours and of the peers take turns, so that a machine that slows down slows both; ratios are of medians. Without the
peers' environment the rest still runs.
"""

import argparse
import concurrent.futures
import datetime
import json
import os
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path

from daemon import ROOT, Daemon

SCENES = ROOT / "models/demo/scenes"
IMAGE = str(SCENES / "scene-03.png")
CAPTION = "a postbox next to a cocktail glass"
# Eight tokens for the random models, whose vocabulary has these words.
WORDS = "a red dog on the green car above"


def model(name):
    """The folder of a full-size random model, made if it is not there."""
    folder = ROOT / "build/models" / name
    if not (folder / "config.json").exists():
        subprocess.run([sys.executable, ROOT / "tools/random-model/random_model.py", name, folder], check=True)
    return str(folder)


def rate_of_masks(connection, folder, masks, seed):
    """Masked images a second of a refinement of a cold image, with all that belongs to it."""
    opened = connection.call("explanation/open", model=folder, image=IMAGE, text=WORDS, seed=seed)
    connection.call("explanation/refine", explanation=opened["explanation"], budget={"imageMasks": 8}, values={"pairs": "none"})
    start = time.perf_counter()
    connection.call(
        "explanation/refine", explanation=opened["explanation"], budget={"imageMasks": masks + 8}, progressToken=1,
        values={"pairs": "none"})
    elapsed = connection.progress[-1]["elapsedMilliseconds"] / 1000
    total = time.perf_counter() - start
    connection.call("explanation/close", explanation=opened["explanation"])
    return masks / elapsed, masks / total


def rate_of_images(connection, folder, batch):
    """Whole images a second, decoding and preprocessing with them."""
    start = time.perf_counter()
    connection.call("embed/image", model=folder, images=[IMAGE] * batch, encoding="base64")
    return batch / (time.perf_counter() - start)


def peer(environment, folder, name, batch, seconds, threads):
    command = [f"{environment}/bin/python", str(ROOT / "benchmarks/peers.py"), folder, name, str(batch), str(seconds),
               "--threads", str(threads)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        return None
    return json.loads(done.stdout.strip().splitlines()[-1])["median"]


def spread(values):
    return f"{statistics.median(values):.1f} ({min(values):.1f}–{max(values):.1f})"


def encoders(report, options, threads):
    report.append("## Encoders: images a second\n")
    report.append("Median (least–most) over rounds that take turns. Masked: image masks of a cold image, estimates included in the "
                  "time. Peers: whole images, batch 64, no decoding.\n")
    names = ["vit-b-32"] if options.quick else ["vit-b-32", "vit-b-16", "siglip-b-16"]
    rounds = 2 if options.quick else 3
    for name in names:
        folder = model(name)
        masks = 96 if name == "vit-b-32" else 32
        seconds = 6 if name == "vit-b-32" else 10
        ours, theirs = {}, {}
        for round in range(rounds):
            for precision in ["f32", "int8"] + (["bf16"] if "avx512_bf16" in flags() else []):
                with Daemon("--precision", precision) as daemon:
                    connection = daemon.connect()
                    connection.call("models/load", model=folder)
                    masked, _ = rate_of_masks(connection, folder, masks, round + 1)
                    ours.setdefault(f"masked, {precision}", []).append(masked)
                    if precision == "f32":
                        for batch in [1, 8, 64]:
                            ours.setdefault(f"whole, f32, batch {batch}", []).append(rate_of_images(connection, folder, batch))
            if options.peers:
                for other in ["pytorch", "openvino-f32", "onnxruntime"] + (["openvino-bf16"] if "avx512_bf16" in flags() else []):
                    rate = peer(options.peers, folder, other, 64, seconds, threads)
                    if rate:
                        theirs.setdefault(other, []).append(rate)
        report.append(f"### {name}\n")
        header = "| | ours | " + " | ".join(f"× {other}" for other in theirs) + " |"
        report.append(header + "\n|" + "---|" * (2 + len(theirs)))
        for kind, rates in ours.items():
            ratios = " | ".join(f"{statistics.median(rates) / statistics.median(theirs[other]):.2f}" for other in theirs)
            report.append(f"| {kind} | {spread(rates)} | {ratios} |")
        for other, rates in theirs.items():
            report.append(f"| {other} | {spread(rates)} |" + " |" * len(theirs))
        report.append("")


def explanations(report, options):
    report.append("## Explanations\n")
    folder = model("vit-b-32")
    masks = 256 if options.quick else 1024
    report.append("| ViT-B/32 | f32 | int8 |\n|---|---|---|")
    rows = {}
    for precision in ["f32", "int8"]:
        with Daemon("--precision", precision) as daemon:
            connection = daemon.connect()
            start = time.perf_counter()
            loaded = connection.call("models/load", model=folder)
            rows.setdefault("loading, s", []).append(f"{loaded['loadMilliseconds'] / 1000:.2f}")
            start = time.perf_counter()
            opened = connection.call("explanation/open", model=folder, image=IMAGE, text=WORDS)
            connection.call("explanation/refine", explanation=opened["explanation"], budget={"imageMasks": 64}, values={"pairs": "none"})
            rows.setdefault("first estimate of a cold image, 64 masks, s", []).append(f"{time.perf_counter() - start:.2f}")
            start = time.perf_counter()
            connection.call("explanation/refine", explanation=opened["explanation"], budget={"imageMasks": masks}, values={"pairs": "none"})
            rows.setdefault(f"on to {masks} masks, s", []).append(f"{time.perf_counter() - start:.2f}")
            times = []
            for seed, caption in enumerate(["the red car above a green tree on", "a dog and the cat next to ball", "sky above the house with a bicycle in"]):
                start = time.perf_counter()
                warm = connection.call("explanation/open", model=folder, image=IMAGE, text=caption)
                connection.call("explanation/refine", explanation=warm["explanation"], budget={"imageMasks": masks}, values={"pairs": "none"})
                times.append(time.perf_counter() - start)
            rows.setdefault(f"another caption on the warm image, {masks} masks, s", []).append(f"{statistics.median(times):.2f}")
            start = time.perf_counter()
            connection.call("explanation/values", explanation=warm["explanation"], estimator="leastSquares", pairs="none")
            rows.setdefault("the same by leastSquares, s", []).append(f"{time.perf_counter() - start:.2f}")
            rows.setdefault("resident memory, MB (weights)", []).append(f"{daemon.resident() / 1e6:.0f} ({loaded['bytes'] / 1e6:.0f})")
    for name, cells in rows.items():
        report.append(f"| {name} | " + " | ".join(cells) + " |")
    report.append("")


def latencies(report, options):
    report.append("## Latency over the socket, milliseconds\n")
    report.append("Demo model; median (99th percentile).\n\n| clients | ping | embed one image | similarity of one pair |\n|---|---|---|---|")
    calls = {
        "ping": ("server/ping", {}),
        "embed": ("embed/image", {"images": [IMAGE], "encoding": "base64"}),
        "similarity": ("similarity", {"images": [IMAGE], "texts": [CAPTION]}),
    }
    with Daemon("--precision", "f32") as daemon:
        daemon.connect().call("models/load", model="demo")

        def client(name, count):
            connection = daemon.connect()
            method, params = calls[name]
            times = []
            for _ in range(count):
                start = time.perf_counter()
                connection.call(method, **params)
                times.append((time.perf_counter() - start) * 1000)
            connection.close()
            return times

        for clients in [1, 8, 64]:
            cells = []
            for name, count in [("ping", 2000), ("embed", 200), ("similarity", 200)]:
                each = max(4, count // clients // (4 if options.quick else 1))
                with concurrent.futures.ThreadPoolExecutor(clients) as pool:
                    times = sorted(t for part in pool.map(lambda _: client(name, each), range(clients)) for t in part)
                cells.append(f"{statistics.median(times):.3f} ({times[int(len(times) * 0.99)]:.2f})")
            report.append(f"| {clients} | " + " | ".join(cells) + " |")
    report.append("")


def scheduling(report, options):
    folder = model("vit-b-32")
    with Daemon("--precision", "f32") as daemon:
        daemon.connect().call("models/load", model=folder)
        count = 32 if options.quick else 96

        def batches():
            connection = daemon.connect()
            start = time.perf_counter()
            for _ in range(count // 32):
                connection.call("embed/image", model=folder, images=[IMAGE] * 32, encoding="base64")
            return count / (time.perf_counter() - start)

        def singles():
            def client(_):
                connection = daemon.connect()
                for _ in range(count // 8):
                    connection.call("embed/image", model=folder, images=[IMAGE], encoding="base64")
            start = time.perf_counter()
            with concurrent.futures.ThreadPoolExecutor(8) as pool:
                list(pool.map(client, range(8)))
            return count / (time.perf_counter() - start)

        pairs = [(singles(), batches()) for _ in range(2 if options.quick else 4)]
    report.append("## Scheduling\n")
    report.append(f"Eight clients with one ViT-B/32 image at a time: {spread([p[0] for p in pairs])} images a second; one client with "
                  f"batches of 32: {spread([p[1] for p in pairs])}. Ratio of medians "
                  f"{statistics.median(p[0] for p in pairs) / statistics.median(p[1] for p in pairs):.2f}.\n")


def growth(report, options):
    report.append("## Memory and time as the budget grows (demo model)\n")
    report.append("| image masks | pairs with 128 text masks | seconds | resident, MB |\n|---|---|---|---|")
    with Daemon("--precision", "f32") as daemon:
        connection = daemon.connect()
        opened = connection.call("explanation/open", image=IMAGE, text=CAPTION)
        start = time.perf_counter()
        for power in range(6, 12 if options.quick else 15):
            connection.call("explanation/refine", explanation=opened["explanation"], budget={"imageMasks": 2 ** power}, values={"pairs": "none"})
            report.append(f"| {2 ** power} | {2 ** power * 128:,} | {time.perf_counter() - start:.1f} | {daemon.resident() / 1e6:.0f} |")
    report.append("")


def flags():
    return re.search(r"^flags\s*:(.*)$", open("/proc/cpuinfo").read(), re.M).group(1).split()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--peers", help="an environment with torch, transformers, openvino, onnxruntime")
    parser.add_argument("--only", nargs="*", choices=["encoders", "explanations", "latencies", "scheduling", "growth"])
    options = parser.parse_args()
    threads = os.cpu_count()
    cpu = re.search(r"^model name\s*: (.*)$", open("/proc/cpuinfo").read(), re.M).group(1)
    date = datetime.date.today().isoformat()
    report = [f"# {date}, {cpu}, {threads} cores\n",
              "Instruction sets: " + ", ".join(f for f in ["avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16"] if f in flags()) + ".\n"]
    sections = {"encoders": lambda: encoders(report, options, threads), "explanations": lambda: explanations(report, options),
                "latencies": lambda: latencies(report, options), "scheduling": lambda: scheduling(report, options),
                "growth": lambda: growth(report, options)}
    target = ROOT / "benchmarks/results" / f"{date}-{re.sub(r'[^a-z0-9]+', '-', cpu.lower()).strip('-')}.md"
    for name, section in sections.items():
        if options.only and name not in options.only:
            continue
        print(f"== {name}", file=sys.stderr)
        section()
        target.write_text("\n".join(report))
    print(target.read_text())


if __name__ == "__main__":
    main()
