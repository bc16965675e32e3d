#!/usr/bin/env python3
"""Explains a made data set with `fixlipd batch` and with engines, and writes benchmarks/results/<date>-batch-<cpu>.md.

    batch.py [--pairs 500] [--images 50] [--budget 256] [--model demo] [--peers .peers/scale] [--only SECTION …]

Sections: killed (SIGKILL twice and resumed, against an undisturbed run), workers (1, 2 and 4), shared (the gain from shared
images), disk (a full disk; needs root), engines (Ray, datasets, Dask; need --peers, an environment that has them). Every
run has a daemon of its own that starts cold; the engines' workers start theirs. Ends with status 1 if results that must be equal
are not, or if workers had more than one daemon.
"""

import argparse
import datetime
import json
import os
import re
import select
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from daemon import ROOT, Daemon
from harness.client import connect
from pairs import write_pairs

PROGRAM = os.environ.get("FIXLIPD", str(ROOT / ".build/release/fixlipd"))


class Runs:
    """Runs of `fixlipd batch` on the same pairs."""

    def __init__(self, options, folder):
        self.options = options
        self.folder = folder
        self.pairs, self.lines = write_pairs(folder / "data", options.pairs, options.images)

    def command(self, daemon, output, *more, pairs=None):
        return [
            PROGRAM,
            "batch",
            str(pairs or self.pairs),
            "-o",
            str(output),
            "--socket",
            daemon.socket,
            "--no-spawn",
            "--model",
            self.options.model,
            "--budget",
            str(self.options.budget),
            "--pairs",
            "crossModal",
            "--no-boxes",
            *more,
        ]

    def timed(self, name, *more, pairs=None):
        """Seconds, lines, and image masks encoded by a run with a cold daemon; the model is loaded before."""
        output = self.folder / f"{name}.jsonl"
        with Daemon() as daemon:
            connection = daemon.connect()
            connection.result("models/load", model=self.options.model)
            start = time.perf_counter()
            subprocess.run(self.command(daemon, output, *more, pairs=pairs), check=True, stderr=subprocess.DEVNULL)
            seconds = time.perf_counter() - start
            status = connection.result("server/status")
            return seconds, output.read_text().splitlines(), status["games"]["image"]["masks"], daemon.resident()

    def first(self, count):
        """A file of the pairs of the first `count` images."""
        kept = [line for n, line in enumerate(self.lines) if n % self.options.images < count]
        path = self.folder / f"first-{count}.jsonl"
        path.write_text("".join(json.dumps(line) + "\n" for line in kept))
        return path, len(kept)


def whole_lines(path):
    return path.read_bytes().count(b"\n") if path.exists() else 0


def killed(runs, report):
    """SIGKILL at a third and at two thirds of the pairs."""
    seconds, expected, _, resident = runs.timed("undisturbed")
    output = runs.folder / "killed.jsonl"
    kills = []
    with Daemon() as daemon:
        for part in (1 / 3, 2 / 3):
            process = subprocess.Popen(runs.command(daemon, output), stderr=subprocess.DEVNULL)
            while whole_lines(output) < part * len(runs.lines) and process.poll() is None:
                time.sleep(0.002)
            process.send_signal(signal.SIGKILL)
            process.wait()
            kills.append(whole_lines(output))
        end = subprocess.run(runs.command(daemon, output, "--summary"), capture_output=True, text=True)
    same = sorted(output.read_text().splitlines()) == sorted(expected)
    report.append(
        f"## Killed and resumed\n\n{len(runs.lines)} pairs over {runs.options.images} images, {runs.options.budget} image masks. SIGKILL "
        f"after {kills[0]} and {kills[1]} results. Line for line after sorting, the resumed output and that of an undisturbed run are "
        f"**{'equal' if same else 'DIFFERENT'}**. The undisturbed run took {seconds:.1f} s; the daemon had {resident / 1e6:.0f} MB resident at "
        f"its end; {sum(map(len, expected)) / len(expected):.0f} bytes a result.\n\n```\n{end.stdout.strip()}\n```\n"
    )
    return same


def workers(runs, report):
    report.append("## Workers\n\n| `--workers` | seconds | pairs a second |\n|---|---|---|")
    outputs = []
    for count in (1, 2, 4):
        seconds, lines, _, _ = runs.timed(f"workers-{count}", "--workers", str(count))
        outputs.append(sorted(lines))
        report.append(f"| {count} | {seconds:.1f} | {len(runs.lines) / seconds:.2f} |")
    same = all(output == outputs[0] for output in outputs)
    report.append(f"\nTheir outputs are **{'equal' if same else 'DIFFERENT'}**.\n")
    return same


def shared(runs, report):
    """The pairs of some images with shared masks, and with masks of their own."""
    pairs, count = runs.first(max(1, runs.options.images // 10))
    together, _, masks, _ = runs.timed("shared", pairs=pairs)
    apart, _, own_masks, _ = runs.timed("apart", "--seeds", "id", pairs=pairs)
    report.append(
        f"## Shared images\n\n{count} pairs over {max(1, runs.options.images // 10)} images: {together:.1f} s and {masks:,} image masks with shared masks, "
        f"{apart:.1f} s and {own_masks:,} with masks of their own (`--seeds id`): **{apart / together:.1f} times** as fast.\n"
    )
    return True


def disk(runs, report):
    """Results on a file system of 256 KiB."""
    if os.geteuid() != 0:
        report.append("## Full disk\n\nNot tried: mounting a small file system needs root.\n")
        return True
    small = runs.folder / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(small)], check=True)
    try:
        output = small / "out.jsonl"
        with Daemon() as daemon:
            done = subprocess.run(runs.command(daemon, output), capture_output=True, text=True)
        text = output.read_text()
        whole = text.endswith("\n") and all(json.loads(line)["id"] for line in text.splitlines())
        message = done.stderr.strip().splitlines()[-1].replace(str(runs.folder) + "/", "")
        report.append(
            f"## Full disk\n\nOn a file system of 256 KiB it stopped with status {done.returncode} after {len(text.splitlines())} "
            f"results, all {'whole' if whole else 'NOT WHOLE'}:\n\n```\n{message}\n```\n"
        )
        return whole and done.returncode == 1
    finally:
        subprocess.run(["umount", str(small)], check=False)


def end(processes):
    """Ends daemons that workers started, and waits for their end."""
    for process in processes:
        try:
            handle = os.pidfd_open(process)
        except ProcessLookupError:
            continue
        os.kill(process, signal.SIGTERM)
        select.select([handle], [], [])
        os.close(handle)


def listening(socket):
    """The daemon that listens on a socket, as a list of none or one."""
    try:
        return [connect(str(socket)).result("server/status")["pid"]]
    except (FileNotFoundError, ConnectionRefusedError):
        return []


def engines(runs, report):
    """The same pairs through Ray, datasets and Dask, against the results of a batch."""
    python = Path(runs.options.peers) / "bin/python"
    expected = runs.folder / "undisturbed.jsonl"
    if not expected.exists():
        runs.timed("undisturbed")
    report.append(
        "## Engines\n\nTwo workers each, but ray-one. No daemon runs before: the workers start it, and it loads the model, which the "
        "seconds include. Values against those of `fixlipd batch`. Daemons: processes that answered the workers; one after the "
        "other where Ray ended the first together with the killed worker that had started it.\n\n"
        "| | rows | seconds | rows a second | values | processes of workers | daemons |\n|---|---|---|---|---|---|---|"
    )
    same = True
    for engine in ("ray", "ray-one", "ray-killed", "datasets", "dask"):
        socket = runs.folder / engine / "f.sock"
        done = subprocess.run(
            [
                str(python),
                str(ROOT / "benchmarks/engines.py"),
                engine,
                str(runs.pairs),
                str(expected),
                str(socket),
                runs.options.model,
                str(runs.options.budget),
            ],
            capture_output=True,
            text=True,
            env=dict(
                os.environ,
                PYTHONPATH=str(ROOT / "clients/python/src"),
                FIXLIPD=PROGRAM,
                FIXLIPD_MODELS=str(ROOT / "models"),
            ),
        )
        if done.returncode:
            end(listening(socket))
            print(done.stderr[-3000:], file=sys.stderr)
            report.append(f"| {engine} | | | | failed | | |")
            same = False
            continue
        found = json.loads(done.stdout.strip().splitlines()[-1])
        end({*found["daemons"], *listening(socket)})
        # Ray ends what a killed worker had started, so that the others start a daemon again.
        same = same and found["equal"] and len(found["daemons"]) <= (2 if engine == "ray-killed" else 1)
        report.append(
            f"| {engine} {found['version']} | {found['rows']} | {found['seconds']:.1f} | {found['rows'] / found['seconds']:.2f} | "
            f"{'equal' if found['equal'] else 'DIFFERENT'} | {found['processes']} | {len(found['daemons'])} |"
        )
    report.append("")
    return same


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pairs", type=int, default=500)
    parser.add_argument("--images", type=int, default=50)
    parser.add_argument("--budget", type=int, default=256)
    parser.add_argument("--model", default="demo")
    parser.add_argument("--peers", help="an environment with ray, datasets and dask")
    sections = {"killed": killed, "workers": workers, "shared": shared, "disk": disk, "engines": engines}
    parser.add_argument("--only", nargs="*", choices=list(sections))
    options = parser.parse_args()
    cpu = re.search(r"^model name\s*: (.*)$", open("/proc/cpuinfo").read(), re.M).group(1)
    date = datetime.date.today().isoformat()
    target = ROOT / "benchmarks/results" / f"{date}-batch-{re.sub(r'[^a-z0-9]+', '-', cpu.lower()).strip('-')}.md"
    report = [
        f"# Batches: {date}, {cpu}, {os.cpu_count()} cores\n",
        f"Model {options.model}. `batch.py {' '.join(sys.argv[1:])}`\n",
    ]
    good = True
    with tempfile.TemporaryDirectory(prefix="fixlipd-batch-") as folder:
        runs = Runs(options, Path(folder))
        for name, section in sections.items():
            if (options.only and name not in options.only) or (name == "engines" and not options.peers):
                continue
            print(f"== {name}", file=sys.stderr)
            good = section(runs, report) and good
            target.write_text("\n".join(report))
    print(target.read_text())
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
