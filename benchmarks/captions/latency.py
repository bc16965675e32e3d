"""From a keystroke to fresh diagnostics, on a warm image: the text is changed as an editor changes it, and the time is taken until
the explanation of the new caption has been judged (a word that speaks against the image is found, or found no more).

latency.py [--keystrokes N]   with .peers/lsp/bin/python, which clients/lsp/tests/run.sh makes
"""

import argparse
import os
import pathlib
import shutil
import statistics
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "clients" / "lsp" / "tests"))

from lsp_client import EVERYTHING, Server  # noqa: E402

# Words that this scene has not, and that the demo model weighs as such.
WORDS = ("whale", "camel", "piano", "tiger")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keystrokes", type=int, default=40)
    parser.add_argument("--budget", type=int, default=256)
    options = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp())
    shutil.copy(ROOT / "models" / "demo" / "scenes" / "scene-03.png", folder)
    uri = f"file://{folder}/a.md"
    first, times = [], []
    with Server() as server:
        server.initialize(EVERYTHING, folder, {"budget": options.budget, "debounce": 60})
        server.open(uri, "![a postbox next to a cocktail glass](scene-03.png)\n")
        time.sleep(5)
        text = "cocktail glass"
        for number in range(options.keystrokes):
            word = WORDS[number % len(WORDS)]
            place = {"start": {"line": 0, "character": 22}, "end": {"line": 0, "character": 22 + len(text)}}
            start = time.monotonic()
            server.change(uri, number + 2, {"range": place, "text": word})
            text = word
            server.wait(lambda: server.published(uri, number + 2) is not None, "diagnostics")  # noqa: B023
            first.append(1000 * (time.monotonic() - start))
            server.wait(lambda: f"“{word}” lowers" in str(server.published(uri, number + 2)), word, 20)  # noqa: B023
            times.append(1000 * (time.monotonic() - start))
        server.close()
    shutil.rmtree(folder)
    load = os.getloadavg()[0]
    for name, values in (("first diagnostics", first), ("the word is found", times)):
        ordered = sorted(values)
        print(
            f"{name}: median {statistics.median(values):.0f} ms, 90% within {ordered[int(0.9 * len(ordered))]:.0f} ms "
            f"({len(values)} keystrokes, {options.budget} masks, load {load:.1f} on {os.cpu_count()} processors)"
        )


if __name__ == "__main__":
    main()
