"""From a keystroke to fresh diagnostics, on a warm image: the text is changed as an editor changes it, and the time is taken until
the explanation of the new caption has been judged (a word that speaks against the image is found).

latency.py [--keystrokes N]   with .peers/lsp/bin/python, which clients/lsp/tests/run.sh makes

Each keystroke brings a caption that was never asked about. Which words the rule finds is told by a linter beforehand, whose daemon is
another one.
"""

import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "clients/lsp/tests"), str(ROOT / "tools/demo-model")]

from lsp_client import EVERYTHING, PROGRAM, Server  # noqa: E402
from names import article, read_names  # noqa: E402

SCENE = ROOT / "models/demo/scenes/scene-03.png"
START = "a postbox next to "


def found_words(folder, budget):
    """Nouns that this scene has not, and that the rule finds in a caption of it."""
    nouns = [noun.singular for noun in read_names() if noun.plural]
    phrases = {f"{START}{article(noun)} {noun}": noun for noun in nouns}
    (folder / "all.md").write_text("\n\n".join(f"![{caption}](scene-03.png)" for caption in phrases))
    with tempfile.TemporaryDirectory() as private:
        environment = os.environ | {"FIXLIPD_SOCKET": f"{private}/daemon.sock"}
        command = [PROGRAM, "lint", "--format", "jsonl", "--budget", str(budget), "--fail-on", "never", "all.md"]
        lines = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, check=True
        ).stdout.splitlines()
        subprocess.run([PROGRAM, "stop"], env=environment, capture_output=True, check=True)
    findings = [line for line in map(json.loads, lines) if line["rule"] == "word-against-image"]
    return [
        noun
        for phrase, noun in phrases.items()
        if any(f": {phrase}" in f["subject"] and f"“{noun}”" in f["message"] for f in findings)
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keystrokes", type=int, default=40)
    parser.add_argument("--budget", type=int, default=256)
    parser.add_argument("--debounce", type=int, default=60, help="milliseconds without a keystroke before work begins")
    options = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp())
    shutil.copy(SCENE, folder)
    words = found_words(folder, options.budget)[: options.keystrokes]
    uri = f"file://{folder}/a.md"
    first, times = [], []
    with Server() as server:
        server.initialize(EVERYTHING, folder, {"budget": options.budget, "debounce": options.debounce})
        server.open(uri, f"![{START}a cocktail glass](scene-03.png)\n")
        time.sleep(5)
        text = "a cocktail glass"
        for version, word in enumerate(words, 2):
            column = 2 + len(START)
            place = {"start": {"line": 0, "character": column}, "end": {"line": 0, "character": column + len(text)}}
            text = f"{article(word)} {word}"
            start = time.monotonic()
            server.change(uri, version, {"range": place, "text": text})
            server.wait(lambda: server.published(uri, version) is not None, "diagnostics")
            first.append(1000 * (time.monotonic() - start))
            server.wait(lambda: f"“{word}” lowers" in str(server.published(uri, version)), word, 20)
            times.append(1000 * (time.monotonic() - start))
        server.close()
    shutil.rmtree(folder)
    load = os.getloadavg()[0]
    for name, values in (("first diagnostics", first), ("the word is found", times)):
        ordered = sorted(values)
        print(
            f"{name}: median {statistics.median(values):.0f} ms, 90% within {ordered[int(0.9 * len(ordered))]:.0f} ms "
            f"({len(values)} keystrokes, {options.budget} masks, {options.debounce} ms of them waited for more keystrokes, "
            f"load {load:.1f} on {os.cpu_count()} processors)"
        )


if __name__ == "__main__":
    main()
