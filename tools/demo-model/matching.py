#!/usr/bin/env python3
"""Measures explanations of two images and of one caption rather than another, on fresh scenes, by a daemon of its own.

    matching.py FIXLIPD MODEL [--pairs 500] [--masks 256] [--only images|captions]

Two scenes of two or three objects share one noun: does the strongest pair of patches join it? Two captions differ in one noun, of which
only the first's is in the scene: is the patch that speaks most for the first caption on it?
"""

import argparse
import io
import math
import pathlib
import sys
import tempfile

from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "clients/python/src"))
sys.path.insert(0, str(ROOT / "tools"))

import fixlipd  # noqa: E402
from harness.daemon import Daemon  # noqa: E402
from names import NAMES, read_names  # noqa: E402
from scenes import SceneMaker  # noqa: E402
from sprites import load_sprites  # noqa: E402

SEED = 30_000_029  # of no training run


def png(picture):
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG")
    return file.getvalue()


def interval(hits, count):
    """Wilson's 95% interval of a share."""
    z, share = 1.96, hits / count
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count)) / (1 + z * z / count)
    return middle - half, middle + half


class Trials:
    def __init__(self, client, nouns, masks):
        self.client, self.nouns, self.masks = client, nouns, masks
        self.maker = SceneMaker(load_sprites(nouns), SEED)

    def scene(self, nouns):
        _, picture, covered = self.maker.scene(nouns=nouns)
        return png(picture), covered

    def images(self, number):
        """Whether the strongest pair that raises the cosine joins the object that both scenes have, and the share of pairs that do."""
        random = self.maker.random
        random.seed(f"{SEED} images {number}")
        shared, *others = random.sample(range(len(self.nouns)), 5)
        (a, on_a), (b, on_b) = self.scene([shared, *others[:2]]), self.scene([shared, *others[2:4]])
        with self.client.explain(a, image2=b, image_masks=self.masks, live=False) as explanation:
            cross = explanation.cross_modal
            second, first = divmod(int(cross.argmax()), cross.shape[1])
            return on_a[0][first] > 0 and on_b[0][second] > 0, (on_a[0] > 0).mean() * (on_b[0] > 0).mean()

    def captions(self, number):
        """Whether the patch that speaks most for the first caption is on what only that one names, and the share of patches that are."""
        random = self.maker.random
        random.seed(f"{SEED} captions {number}")
        same, told, absent = random.sample(range(len(self.nouns)), 3)
        picture, covered = self.scene([same, told])
        names = [self.nouns[index].counted(1) for index in (same, told, absent)]
        with self.client.explain(
            picture,
            f"{names[0]} and {names[1]}",
            rather_than=f"{names[0]} and {names[2]}",
            text_players="words",
            image_masks=self.masks,
            live=False,
        ) as explanation:
            best = int(explanation.first_order_reading[: covered.shape[1]].argmax())
            return covered[1][best] > 0, (covered[1] > 0).mean()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("--pairs", type=int, default=500)
    parser.add_argument("--masks", type=int, default=256)
    parser.add_argument("--only", choices=["images", "captions"], help="one of the two measurements")
    options = parser.parse_args()
    nouns = read_names(NAMES)
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder).chmod(0o700)
        with Daemon(options.program) as daemon:
            client = fixlipd.Client(daemon.socket, model=str(options.model.resolve()), spawn=False)
            trials = Trials(client, nouns, options.masks)
            measurements = {"images": ("two images", trials.images), "captions": ("rather than", trials.captions)}
            for name, trial in [measurements[options.only]] if options.only else measurements.values():
                hits, chance = 0, 0.0
                for number in range(options.pairs):
                    hit, share = trial(number)
                    hits, chance = hits + bool(hit), chance + share
                    if (number + 1) % 50 == 0 or number + 1 == options.pairs:
                        low, high = interval(hits, number + 1)
                        print(
                            f"{name}: {hits} of {number + 1}, {low:.3f} to {high:.3f}; by chance {chance / (number + 1):.3f}",
                            flush=True,
                        )


if __name__ == "__main__":
    main()
