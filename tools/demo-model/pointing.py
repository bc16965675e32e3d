#!/usr/bin/env python3
"""Measures explanations of fresh scenes by a daemon of its own: where a noun's strongest patch lies, and the pointing game.

    pointing.py FIXLIPD MODEL [--scenes 2000] [--games 500] [--masks 200] [--names FILE] [--jobs 2] [--figures FOLDER]

Scenes are numbered, and each is made from its number; what was measured is kept in build/demo-model (--state), so that an interrupted
run goes on and a run for more scenes adds to it. With --figures it also writes pointing.json there.
"""

import argparse
import concurrent.futures
import contextlib
import hashlib
import io
import json
import pathlib
import subprocess
import sys
import tempfile
import threading

from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "clients/python/src"))

import fixlipd  # noqa: E402
from captions import caption, listed  # noqa: E402
from figures import decimal, digest, mean, percent, rounded, save, share_of_groups, versions  # noqa: E402
from names import NAMES, read_names  # noqa: E402
from scenes import SceneMaker  # noqa: E402
from sprites import FONT, load_sprites  # noqa: E402

SEED = 20_000_033  # of no training run
QUADRANTS = ("topLeft", "topRight", "bottomLeft", "bottomRight")
WORDS = (1, 2, 3, 4)  # how many objects a game's captions name
# A patch counts as an object's from this share of it covered: any solid pixel, or a quarter.
BARS = {"touching": 1e-9, "quarter": 0.25}


class Scenes:
    """Scenes by number, for any thread."""

    def __init__(self, nouns):
        self.nouns = nouns
        self.maker = SceneMaker(load_sprites(nouns), SEED)
        self.lock = threading.Lock()

    def captioned(self, number):
        """(PNG, caption, its mentions, the scene, share of each patch that each object covers)."""
        with self.lock:
            self.maker.random.seed(f"{SEED} captioned {number}")
            scene, picture, covered = self.maker.scene()
            text, mentions = caption(scene, self.nouns, self.maker.random)
        return png(picture), text, mentions, scene, covered

    def quadrants(self, number):
        """(PNG, for each number of words a caption and its nouns as (start, end, quadrant))."""
        with self.lock:
            self.maker.random.seed(f"{SEED} quadrants {number}")
            scene, picture, _ = self.maker.scene(count=4, quadrants=True)
            chosen = [sorted(self.maker.random.sample(range(4), words)) for words in WORDS]
        return png(picture), [named(self.nouns, scene, indices) for indices in chosen]


def png(picture):
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def named(nouns, scene, chosen):
    """A caption of some objects of a four-quadrant scene, and its nouns as (start, end, quadrant)."""
    phrases = [nouns[scene.objects[index].noun].counted(1) for index in chosen]
    text, position, spans = listed(phrases), 0, []
    for index, phrase in zip(chosen, phrases):
        position = text.index(phrase, position) + len(phrase)
        spans.append((position - len(nouns[scene.objects[index].noun].singular), position, QUADRANTS[index]))
    return text, spans


def players_of(explanation, start, end):
    """The text players that lie in a range of the caption's characters."""
    words = explanation.players.text
    return [index for index, word in enumerate(words) if word.start < end and word.end > start]


def strongest_patches(client, scenes, number, masks):
    """For each noun of a scene's caption and each bar: whether its strongest patch counts as its object's, and how many of the
    patches do."""
    picture, text, mentions, scene, covered = scenes.captioned(number)
    nouns = []
    with client.explain(picture, text, image_masks=masks) as explanation:
        pairs = explanation.cross_modal
        for mention in mentions:
            rows = [pairs[index] for index in players_of(explanation, mention.start, mention.end)]
            sums = [sum(column) for column in zip(*rows)]
            best = max(range(len(sums)), key=sums.__getitem__)
            own = covered[[index for index, placed in enumerate(scene.objects) if placed.noun == mention.noun]].max(0)
            nouns.append({bar: [bool(own[best] >= least), int((own >= least).sum())] for bar, least in BARS.items()})
    return {"patches": covered.shape[1], "nouns": nouns}


def pointing_games(client, scenes, number, masks):
    """The pointing game's value on a scene of four quadrants, for captions that name one to four of its objects."""
    picture, captions = scenes.quadrants(number)
    values = []
    for text, spans in captions:
        with client.explain(picture, text, image_masks=masks) as explanation:
            targets = [
                {"textPlayers": players_of(explanation, start, end), "quadrant": quadrant}
                for start, end, quadrant in spans
            ]
            asked = {"explanation": explanation.id, "metric": "pointingGame", "targets": targets}
            values.append(client.request("explanation/evaluate", asked)["pointingGame"])
    return {"values": values}


MEASURES = {"games": pointing_games, "patches": strongest_patches}


class Measured:
    """What is known of each scene, in a file of lines that outlives an interruption."""

    def __init__(self, path):
        path.parent.mkdir(parents=True, exist_ok=True)
        text = path.read_bytes() if path.exists() else b""
        whole = text[: text.rfind(b"\n") + 1]  # without a line that was being written
        path.write_bytes(whole)
        self.path = path
        self.found = {kind: {} for kind in MEASURES}
        for line in map(json.loads, whole.splitlines()):
            self.found[line["kind"]][line["scene"]] = line["result"]

    def complete(self, kind, count, measure, jobs):
        """Measures those of the first `count` scenes that are not known, several at a time; returns all of them."""
        known = self.found[kind]
        missing = [number for number in range(count) if number not in known]
        pool = concurrent.futures.ThreadPoolExecutor(jobs)
        try:
            running = [pool.submit(measure, number) for number in missing]
            with open(self.path, "a") as file:
                for number, future in zip(missing, running):
                    known[number] = future.result()
                    print(json.dumps({"kind": kind, "scene": number, "result": known[number]}), file=file, flush=True)
        finally:
            pool.shutdown(cancel_futures=True)
        return [known[number] for number in range(count)]


@contextlib.contextmanager
def daemon(program, model):
    """A client of a daemon of its own, which ends with the block."""
    with tempfile.TemporaryDirectory() as folder:
        socket = pathlib.Path(folder, "socket")
        process = subprocess.Popen(
            [program, "serve", "--socket", socket, "--model", model.resolve(), "--ready-fd", "1"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        try:
            if not process.stdout.readline():
                raise SystemExit("the daemon did not start")
            with fixlipd.Client(str(socket), spawn=False) as client:
                yield client
        finally:
            process.terminate()
            process.wait()


def patch_figures(results):
    """For each bar: the share of nouns whose strongest patch counts, the share of patches that would (chance), and the nouns that
    no patch counts for."""
    figures = {}
    for bar in BARS:
        groups = [(sum(noun[bar][0] for noun in each["nouns"]), len(each["nouns"])) for each in results]
        counts = [(noun[bar][1], each["patches"]) for each in results for noun in each["nouns"]]
        figures[bar] = {
            "share": rounded(share_of_groups(groups)),
            "chance": round(sum(n / of for n, of in counts) / len(counts), 5),
            "without": sum(n == 0 for n, _ in counts),
        }
    return {"scenes": len(results), "nouns": sum(len(each["nouns"]) for each in results)} | figures


def game_figures(results):
    return {"scenes": len(results)} | {
        str(words): rounded(mean([each["values"][index] for each in results])) for index, words in enumerate(WORDS)
    }


def state_path(options, names):
    """Another file for anything that results depend on."""
    files = [digest(path) for path in (options.model / "model.safetensors", options.fixlipd, FONT)]
    told = json.dumps([files, options.masks, SEED, names])
    return ROOT / f"build/demo-model/pointing-{hashlib.sha256(told.encode()).hexdigest()[:12]}.jsonl"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("fixlipd", type=pathlib.Path)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("--scenes", type=int, default=2000, help="for strongest patches")
    parser.add_argument("--games", type=int, default=500, help="scenes of the pointing game, each with four captions")
    parser.add_argument("--masks", type=int, default=200, help="image masks")
    parser.add_argument("--names", default=NAMES)
    parser.add_argument("--jobs", type=int, default=2, help="scenes at a time")
    parser.add_argument("--state", type=pathlib.Path, help="the file that keeps what was measured")
    parser.add_argument("--figures", help="the folder that pointing.json is written to")
    options = parser.parse_args()
    nouns = read_names(options.names)
    scenes = Scenes(nouns)
    measured = Measured(options.state or state_path(options, [noun.singular for noun in nouns]))
    with daemon(options.fixlipd, options.model) as client:

        def measure(kind, count):
            return measured.complete(
                kind, count, lambda number: MEASURES[kind](client, scenes, number, options.masks), options.jobs
            )

        client.explain(png(scenes.maker.pool[0][1]), "a dog", image_masks=8).close()  # loads the model
        status = client.request("server/status")
        figures = {
            "model": digest(options.model / "model.safetensors"),
            "seed": SEED,
            "imageMasks": options.masks,
            "estimator": "ridge",
            "maskPrecision": status["models"][0]["maskPrecision"],
            "font": digest(FONT),
            "versions": {"fixlipd": status["version"]} | versions("numpy", "pillow"),
            "pointingGame": game_figures(measure("games", options.games)),
            "strongestPatch": patch_figures(measure("patches", options.scenes)),
        }
    for words in WORDS:
        print(
            f"pointing game, {words} of 4 objects named: {decimal(figures['pointingGame'][str(words)])}; {options.games} scenes"
        )
    strongest = figures["strongestPatch"]
    for bar, said in (("touching", "touches its object"), ("quarter", "is covered by its object to a quarter or more")):
        figure = strongest[bar]
        print(
            f"strongest patch {said}: {percent(figure['share'])}, by chance {100 * figure['chance']:.1f}%; "
            f"{strongest['nouns']} nouns of {options.scenes} scenes, {figure['without']} of them without such a patch"
        )
    if options.figures:
        save(options.figures, "pointing", figures)


if __name__ == "__main__":
    main()
