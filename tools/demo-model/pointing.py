#!/usr/bin/env python3
"""Measures explanations of fresh scenes by a daemon of its own: the pointing game, and where a noun's strongest patch lies.

    pointing.py FIXLIPD MODEL [--scenes 2000] [--games 250] [--masks 256] [--names FILE]
"""

import argparse
import io
import pathlib
import subprocess
import sys
import tempfile
import time

from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "clients/python/src"))

import fixlipd  # noqa: E402
from captions import caption, listed  # noqa: E402
from figures import decimal, mean, percent, share  # noqa: E402
from names import NAMES, read_names  # noqa: E402
from scenes import SceneMaker  # noqa: E402
from sprites import load_sprites  # noqa: E402

SEED = 20_000_033  # of no training run
QUADRANTS = ("topLeft", "topRight", "bottomLeft", "bottomRight")


def png(picture):
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def players_of(explanation, start, end):
    """The text players that lie in a range of the caption's characters."""
    words = explanation.players.text
    return [index for index, word in enumerate(words) if word.start < end and word.end > start]


def strongest_patches(client, maker, nouns, scenes, masks):
    """How often the patch with a noun's largest pair touches one of its objects, and how many nouns that were."""
    right = of = 0
    for _ in range(scenes):
        scene, picture, covered = maker.scene()
        text, mentions = caption(scene, nouns, maker.random)
        with client.explain(png(picture), text, image_masks=masks) as explanation:
            pairs = explanation.cross_modal
            for mention in mentions:
                rows = [pairs[index] for index in players_of(explanation, mention.start, mention.end)]
                sums = [sum(column) for column in zip(*rows)]
                best = max(range(len(sums)), key=sums.__getitem__)
                right += any(
                    placed.noun == mention.noun and covered[index, best] > 0 for index, placed in enumerate(scene.objects)
                )
                of += 1
    return right, of


def pointing_games(client, maker, nouns, games, masks, words):
    """The pointing game's value on scenes of four quadrants for captions that name so many of the objects."""
    values = []
    for _ in range(games):
        scene, picture, _ = maker.scene(count=4, quadrants=True)
        chosen = sorted(maker.random.sample(range(4), words))
        phrases = [nouns[scene.objects[index].noun].counted(1) for index in chosen]
        text, position, spans = listed(phrases), 0, []
        for index, phrase in zip(chosen, phrases):
            end = text.index(phrase, position) + len(phrase)
            spans.append((end - len(nouns[scene.objects[index].noun].singular), end, QUADRANTS[index]))
            position = end
        with client.explain(png(picture), text, image_masks=masks) as explanation:
            targets = [
                {"textPlayers": players_of(explanation, start, end), "quadrant": quadrant} for start, end, quadrant in spans
            ]
            asked = {"explanation": explanation.id, "metric": "pointingGame", "targets": targets}
            values.append(client.request("explanation/evaluate", asked)["pointingGame"])
    return values


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("fixlipd")
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("--scenes", type=int, default=2000)
    parser.add_argument("--games", type=int, default=250, help="for each number of words")
    parser.add_argument("--masks", type=int, default=256)
    parser.add_argument("--names", default=NAMES)
    options = parser.parse_args()
    nouns = read_names(options.names)
    maker = SceneMaker(load_sprites(nouns), SEED)
    with tempfile.TemporaryDirectory() as folder:
        socket = pathlib.Path(folder, "socket")
        daemon = subprocess.Popen(
            [options.fixlipd, "serve", "--socket", socket, "--model", options.model.resolve()], stderr=subprocess.DEVNULL
        )
        try:
            while daemon.poll() is None and not socket.exists():
                time.sleep(0.05)
            with fixlipd.Client(str(socket), spawn=False) as client:
                for words in (1, 2, 3, 4):
                    values = pointing_games(client, maker, nouns, options.games, options.masks, words)
                    print(f"pointing game, {words} of 4 objects named: {decimal(mean(values))}; {len(values)} scenes", flush=True)
                right, of = strongest_patches(client, maker, nouns, options.scenes, options.masks)
                print(f"strongest patch on its object: {percent(share(right, of))}; {of} nouns of {options.scenes} scenes")
        finally:
            daemon.terminate()
            daemon.wait()


if __name__ == "__main__":
    main()
