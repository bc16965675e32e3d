"""A daemon of its own for a benchmark, which can be asked where the time of requests went."""

import re
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))

from harness import daemon as harness  # noqa: E402


class Daemon(harness.Daemon):
    """Starts `fixlipd serve` with the given options; ends it on leaving the `with` block.

    told: whether `stages` can be asked.
    """

    def __init__(self, *options, told=False):
        told_options = ["--slow-request-log", "0"] if told else []
        super().__init__(harness.PROGRAM, None, *told_options, *options, log_level="notice" if told else "warning")
        self.read = 0

    def connect(self):
        """A client that waits as long as it takes."""
        return super().connect(timeout=None)

    def stages(self, method, patience=60.0):
        """Seconds by stage of the next request of a method that the daemon tells of, in the order in which they were
        answered."""
        end = time.monotonic() + patience
        while time.monotonic() < end:
            lines = self.log().splitlines(keepends=True)
            for line in lines[self.read :]:
                if not line.endswith("\n"):
                    break
                self.read += 1
                told = re.search(r"slow request: (\S+) [\d.]+ ms: (.*)$", line)
                if told and told[1] == method:
                    return {name: float(value) / 1000 for name, value in (part.split() for part in told[2].split(", "))}
            time.sleep(0.01)
        raise RuntimeError(f"the daemon did not tell of {method}")
