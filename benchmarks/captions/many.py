"""A thousand captions through `fixlipd lint`: interrupted halfway, gone on with, asked again, and asked of a daemon that was started anew.

many.py [--documents 125] [--budget 256]   with $FIXLIPD; needs numpy and Pillow
"""

import argparse
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

import bed

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

from harness.daemon import PROGRAM, Daemon, environment  # noqa: E402

SEED = 40_000_003  # of no training run


class Linter:
    """One run of the linter over a folder."""

    def __init__(self, folder, socket, budget):
        command = [PROGRAM, "lint", ".", "--budget", str(budget), "--format", "jsonl", "--fail-on", "never"]
        self.output = tempfile.TemporaryFile()
        self.start = time.monotonic()
        self.process = subprocess.Popen(
            [*command, "--socket", socket, "--no-spawn"],
            cwd=folder,
            stdout=self.output,
            stderr=subprocess.DEVNULL,
            env=environment(folder),
        )

    def end(self):
        """Seconds, bytes at most, findings; the status must be 0."""
        _, status, usage = os.wait4(self.process.pid, 0)
        self.process.returncode = os.waitstatus_to_exitcode(status)
        if self.process.returncode not in (0, -signal.SIGKILL):
            raise SystemExit(f"the linter ended with status {self.process.returncode}")
        self.output.seek(0)
        return time.monotonic() - self.start, usage.ru_maxrss * 1024, self.output.read()

    def kill(self):
        self.process.kill()
        return self.end()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=125, help="of eight captions each")
    parser.add_argument("--budget", type=int, default=256)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary, "documents")
        captions = len(bed.make(folder, options.documents, SEED))
        state = ("--state", pathlib.Path(temporary, "state"))

        def tell(title, seconds, most, daemon):
            print(
                f"{title}: {seconds:.1f} s; the linter at most {most / 2**20:.0f} MiB, the daemon {daemon.peak() / 2**20:.0f} MiB",
                flush=True,
            )

        def games():
            return connection.result("server/status")["games"]["image"]["count"]

        with Daemon(PROGRAM, None, *state) as daemon:
            connection = daemon.connect()
            connection.result("models/load", model="demo")
            linter = Linter(folder, daemon.socket, options.budget)
            while games() < captions // 2 and linter.process.poll() is None:
                time.sleep(0.2)
            seconds, most, _ = linter.kill()
            half = games()
            tell(f"killed when {half:,} of {captions:,} images had been begun", seconds, most, daemon)
            seconds, most, found = Linter(folder, daemon.socket, options.budget).end()
            tell(f"gone on to the end, {len(found.splitlines()):,} findings", seconds, most, daemon)
            seconds, most, again = Linter(folder, daemon.socket, options.budget).end()
            tell("asked again" + ("" if again == found else ", WITH OTHER FINDINGS"), seconds, most, daemon)
        with Daemon(PROGRAM, None, *state) as daemon:
            seconds, most, again = Linter(folder, daemon.socket, options.budget).end()
            same = "" if again == found else ", WITH OTHER FINDINGS"
            tell(f"asked of a daemon started anew over the kept games{same}", seconds, most, daemon)
    load = os.getloadavg()[0]
    print(f"{options.budget} masks; load {load:.1f} on {os.cpu_count()} processors")


if __name__ == "__main__":
    main()
