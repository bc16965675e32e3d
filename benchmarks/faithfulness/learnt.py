#!/usr/bin/env python3
"""What learning from other pictures gains: R² of the image's side against the number of masks, with the pass over the image alone
and with maps learnt from more and more pictures.

    learnt.py FIXLIPD MODEL PICTURES PAIRS.jsonl [--images 10,40] [--masks 64,256] [--budgets 8,16,24,32,64,128]

PICTURES is a folder; PAIRS has pictures that are not in it. Every setting has a daemon and a state folder of its own. Prints a table
for documents: means over pairs, in brackets the difference from the pass alone with its 95% interval.
"""

import argparse
import json
import math
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "clients/python/src")]
import fixlipd  # noqa: E402
from harness.daemon import Daemon, environment  # noqa: E402

IMAGES = {".png", ".jpg", ".jpeg", ".webp"}


class Run(Daemon):
    """A daemon with a state folder, and the commands that use it."""

    def __init__(self, program, model):
        super().__init__(program.absolute(), None, "--state", "state")
        self.model = model

    def command(self, *arguments):
        run = subprocess.run(
            [self.program, *map(str, arguments), "--model", self.model, "--no-spawn"],
            env=environment(self.folder) | {"FIXLIPD_SOCKET": self.socket},
            capture_output=True,
            text=True,
        )
        if run.returncode != 0:
            sys.exit(f"{arguments[0]}: {run.stderr}")
        return run.stdout

    def scores(self, pairs, budget, prior):
        """R² of 300 coalitions of patches with the whole caption shown, by pair: the image against the caption as a fixed vector."""
        scores = []
        with fixlipd.Client(socket=self.socket, spawn=False) as client:
            for pair in pairs:
                target = {"texts": [{"text": pair["text"], "weight": 1}], "players": "none"}
                with client.open(pair["image"], target=target, model=self.model, prior=prior) as explanation:
                    explanation.refine(image_masks=budget)
                    scores.append(explanation.evaluate(samples=300, seed=7).faithfulness.r_squared)
        return scores


def cell(values, base=None):
    text = f"{statistics.fmean(values):.3f}"
    if base is None:
        return text.replace("-", "−")
    differences = [a - b for a, b in zip(values, base, strict=True)]
    error = 1.96 * statistics.stdev(differences) / math.sqrt(len(differences))
    return f"{text} ({statistics.fmean(differences):+.3f} ± {error:.3f})".replace("-", "−")


def numbers(text):
    return [int(part) for part in text.split(",")]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=Path)
    parser.add_argument("model")
    parser.add_argument("pictures", type=Path)
    parser.add_argument("pairs", type=Path)
    parser.add_argument("--images", type=numbers, default=[10, 40], help="how many pictures are learnt from")
    parser.add_argument("--masks", type=numbers, default=[256], help="masks of each of them")
    parser.add_argument("--budgets", type=numbers, default=[8, 16, 24, 32, 64, 128])
    options = parser.parse_args()
    pictures = sorted(path for path in options.pictures.iterdir() if path.suffix in IMAGES)
    if len(pictures) < max(options.images):
        parser.error(f"{options.pictures} has {len(pictures)} pictures")

    pairs = [json.loads(line) for line in options.pairs.read_text().splitlines()]
    for pair in pairs:
        pair["image"] = str(options.pairs.parent / pair["image"])

    print("| image masks | " + " | ".join(map(str, options.budgets)) + " |")
    print("|---|" + "---|" * len(options.budgets))
    base = None
    for count, masks in [(0, 0)] + [(count, masks) for masks in options.masks for count in options.images]:
        with Run(options.program, options.model) as run:
            told = ""
            if count:
                chosen = run.folder / "pictures"
                chosen.mkdir()
                for picture in pictures[:count]:
                    shutil.copy(picture, chosen)
                told = run.command("learn", chosen, "--masks", masks).strip()
            # Evaluated pairs must not teach: each budget keeps to the map that pictures made.
            prior = told.split("map ")[1].split(")")[0] if told else "pass"
            scores = [run.scores(pairs, budget, prior) for budget in options.budgets]
        name = f"{count} pictures of {masks} masks" if count else "the pass alone"
        base = base or scores
        cells = [cell(values, None if base is scores else first) for values, first in zip(scores, base, strict=True)]
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)
        if told:
            print(told, file=sys.stderr)


if __name__ == "__main__":
    main()
