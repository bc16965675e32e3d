#!/usr/bin/env python3
"""Trains a very small run from beginning to end and checks what comes out of it; needs PyTorch and the built daemon.

training_checks.py FIXLIPD
"""

import pathlib
import re
import subprocess
import sys
import tempfile
import time
import unittest

import numpy
import torch
from PIL import Image
from transformers import CLIPModel

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "clients/python/src"))

import fixlipd  # noqa: E402
from figures import load  # noqa: E402
from measure import embed, retrieval  # noqa: E402
from model import image_states, new_model, normalised  # noqa: E402
from names import read_names  # noqa: E402
from scenes import SceneMaker, patches_of  # noqa: E402
from sprites import load_sprites  # noqa: E402
from tokens import Texts  # noqa: E402

FIXLIPD = "fixlipd"
NAMES = 12


def run(program, *arguments):
    command = [sys.executable, HERE / program, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise AssertionError(f"{program} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
    return done.stdout


class SmallRun(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.filled = pathlib.Path(cls.folder.name, "run")
        cls.out = pathlib.Path(cls.folder.name, "model")
        cls.quick = ("--out", cls.filled, "--names", NAMES, "--size", 32)
        cls.log = run("train.py", *cls.quick, "--minutes", 1.5, "--start", ROOT / "models/demo")
        run("export.py", cls.filled, cls.out)
        cls.nouns = read_names(limit=NAMES)
        cls.sprites = load_sprites(cls.nouns)
        cls.texts = Texts(cls.out / "tokenizer.json")
        cls.exported = CLIPModel.from_pretrained(cls.out, dtype=torch.float32).eval()

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def test_loss_falls_through_every_stage(self):
        losses = [float(value) for value in re.findall(r"image (\d+\.\d+) ", self.log)]
        self.assertGreater(len(losses), 1)
        self.assertLess(losses[-1], losses[0])
        self.assertEqual(re.findall(r"stage (\d)", self.log), ["0", "1", "2"])

    def test_run_from_random_weights(self):
        out = pathlib.Path(self.folder.name, "random")
        log = run("train.py", "--out", out, "--names", NAMES, "--size", 16, "--minutes", 0.3)
        self.assertRegex(log, r"patch \d")
        self.assertTrue((out / "checkpoint.pt").exists())

    def test_interrupted_run_goes_on(self):
        steps = int(re.search(r"ends after step (\d+)", self.log)[1])
        more = run("train.py", *self.quick, "--minutes", 1.6, "--resume")
        self.assertIn(f"goes on from step {steps}", more)
        self.assertGreater(int(re.search(r"ends after step (\d+)", more)[1]), steps)

    def test_folder_has_the_trained_weights(self):
        saved = torch.load(self.filled / "checkpoint.pt", weights_only=True)
        trained = new_model(self.texts)
        trained.load_state_dict(saved["average"])
        maker = SceneMaker(self.sprites, 3)
        pictures = [maker.scene()[1] for _ in range(8)]
        pixels = normalised(torch.stack([torch.from_numpy(patches_of(picture)) for picture in pictures]))
        found, _ = embed(self.exported, self.texts, pictures, ["a dog"])
        with torch.no_grad():
            expected = image_states(trained, pixels, torch.arange(49).expand(8, 49))[:, 0]
        self.assertGreater(float((found * expected).sum(1).min()), 0.9999)

    def test_daemon_gives_the_same_cosines(self):
        captions = ["a dog", "two cats and an elephant", "a small lion next to a tiger on a red background"]
        files = sorted(str(file) for file in (self.out / "scenes").glob("*.png"))
        socket = str(pathlib.Path(self.folder.name, "socket"))
        daemon = subprocess.Popen(
            [FIXLIPD, "serve", "--socket", socket, "--model", str(self.out)], stderr=subprocess.DEVNULL
        )
        try:
            while daemon.poll() is None and not pathlib.Path(socket).exists():
                time.sleep(0.05)
            with fixlipd.Client(socket, spawn=False) as client:
                cosine = torch.tensor(client.similarity(files, captions).cosine)
        finally:
            daemon.terminate()
            daemon.wait()
        pictures = [numpy.asarray(Image.open(file)) for file in files]
        image, text = embed(self.exported, self.texts, pictures, captions)
        self.assertLess(float((image @ text.T - cosine).abs().max()), 5e-3)

    def test_it_begins_to_retrieve(self):
        by_image, by_caption = retrieval(self.out, self.nouns, 200)
        self.assertGreater(by_image[1], 0.02)
        self.assertGreater(by_caption[1], 0.02)

    def test_explanations_are_measured(self):
        names = pathlib.Path(self.folder.name, "names.txt")
        names.write_text("".join(f"{noun.glyph} {noun.singular} / {noun.plural or 'some'}\n" for noun in self.nouns))
        figures = pathlib.Path(self.folder.name, "figures")
        run(
            "pointing.py",
            FIXLIPD,
            self.out,
            "--scenes",
            2,
            "--games",
            1,
            "--masks",
            64,
            "--names",
            names,
            "--state",
            figures / "state.jsonl",
            "--figures",
            figures,
        )
        found = load("pointing", figures)
        self.assertEqual(found["pointingGame"]["scenes"], 1)
        self.assertGreaterEqual(found["strongestPatch"]["nouns"], 2)


if __name__ == "__main__":
    FIXLIPD = sys.argv.pop(1)
    unittest.main()
