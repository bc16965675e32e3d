#!/usr/bin/env python3
"""Trains the demo model for a time and leaves checkpoints from which it can go on.

    train.py --out DIR --minutes 60 [--resume] [--start FOLDER] [--names N] [--size N] [--lr RATE]

The learning rate and the stages follow the share of the time that is over, however many steps the machine made of it. A
number of minutes written to DIR/minutes changes the time while it runs. An interrupted run (SIGTERM, SIGINT) leaves a
checkpoint.
"""

import argparse
import copy
import dataclasses
import itertools
import math
import os
import pathlib
import signal
import sys
import time

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import torch  # noqa: E402
from batches import Batches, Stage, loader  # noqa: E402
from model import Prototypes, losses, new_model, whiten  # noqa: E402
from names import read_names  # noqa: E402
from optimizer import optimizers  # noqa: E402
from sprites import load_sprites  # noqa: E402
from tokens import Texts, train_tokenizer  # noqa: E402
from weights import start_from  # noqa: E402

# The share of the time from which each stage holds.
STAGES = (
    (0.00, Stage(size=128, kept=20)),
    (0.25, Stage(size=128, kept=24, captioned=64, unread=0.3)),
    (0.58, Stage(size=128, captioned=96, greyed=0.6, unread=0.3)),
)
WARM_UP, DECAY_FROM = 0.01, 0.4
WEIGHTS = {"patch": 1.0, "image": 1.0, "text": 0.5, "name": 0.5, "match": 1.0}
EMA = 0.995
CHECKPOINT_SECONDS, REPORT_STEPS = 180, 25


def learning_rate(progress):
    """The share of the highest rate: a short rise, a plateau, a cosine to 0."""
    if progress < WARM_UP:
        return max(progress / WARM_UP, 0.02)
    if progress < DECAY_FROM:
        return 1.0
    return 0.5 * (1 + math.cos(math.pi * min(1, (progress - DECAY_FROM) / (1 - DECAY_FROM))))


def smaller(stage, size):
    """The stage with batches of at most so many scenes."""
    if size is None:
        return stage
    return dataclasses.replace(stage, size=min(stage.size, size), captioned=min(stage.captioned, size))


class Run:
    def __init__(self, options):
        self.out = options.out
        self.out.mkdir(parents=True, exist_ok=True)
        self.minutes = options.minutes
        self.lr = options.lr
        self.stages = [(start, smaller(stage, options.size)) for start, stage in STAGES]
        self.seed = options.seed
        torch.manual_seed(options.seed)
        self.nouns = read_names(limit=options.names)
        if not (self.out / "tokenizer.json").exists():
            train_tokenizer(self.nouns, self.out / "tokenizer.json")
        self.texts = Texts(self.out / "tokenizer.json")
        self.model = new_model(self.texts)
        self.prototypes = Prototypes(len(self.nouns))
        if options.start:
            start_from(self.model, options.start, self.texts)
        self.started = bool(options.start)
        self.average = copy.deepcopy(self.model).requires_grad_(False)
        self.optimizers = optimizers([self.model, self.prototypes], self.lr)
        self.step, self.spent = 0, 0.0
        if options.resume and (self.out / "checkpoint.pt").exists():
            self.load()
        self.sprites = load_sprites(self.nouns)
        self.ended = False

    def load(self):
        saved = torch.load(self.out / "checkpoint.pt", weights_only=True)
        self.model.load_state_dict(saved["model"])
        self.prototypes.load_state_dict(saved["prototypes"])
        self.average.load_state_dict(saved["average"])
        for optimizer, state in zip(self.optimizers, saved["optimizers"]):
            optimizer.load_state_dict(state)
        self.step, self.spent = saved["step"], saved["spent"]
        self.log(f"goes on from step {self.step}, {self.spent / 60:.1f} minutes")

    def save(self):
        saved = {
            "model": self.model.state_dict(),
            "prototypes": self.prototypes.state_dict(),
            "average": self.average.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            "step": self.step,
            "spent": self.spent,
        }
        torch.save(saved, self.out / "checkpoint.new")
        (self.out / "checkpoint.new").rename(self.out / "checkpoint.pt")

    def log(self, text):
        print(time.strftime("%H:%M:%S"), text, flush=True)

    def begin(self):
        """Looks at some scenes before the first step."""
        made = Batches(self.nouns, self.sprites, self.texts, Stage(size=128, kept=24), self.seed)
        batches = list(itertools.islice(made, 8))
        if self.started:
            self.prototypes.centre(self.model, batches)
        else:
            whiten(self.model, torch.cat([batch["patches"].flatten(0, 1) for batch in batches])[:6000])

    def stage(self, progress):
        return [index for index, (start, _) in enumerate(self.stages) if progress >= start][-1]

    def train(self):
        begun = time.monotonic() - self.spent
        saved = self.reported = time.monotonic()
        stage, batches, shown, progress = None, None, [], 0.0
        while not self.ended:
            if (self.out / "minutes").exists():
                self.minutes = float((self.out / "minutes").read_text())
            progress = self.spent / (60 * self.minutes)
            if progress >= 1:
                break
            if self.step == 0:
                self.begin()
            if self.stage(progress) != stage:
                self.report(progress, shown)
                shown = []
                stage = self.stage(progress)
                batches = loader(
                    self.nouns, self.sprites, self.texts, self.stages[stage][1], self.seed * 1000 + self.step
                )
                self.log(f"stage {stage}: {self.stages[stage][1]}")
            shown.append(self.update(next(batches), self.lr * learning_rate(progress)))
            self.step += 1
            self.spent = time.monotonic() - begun
            if self.step % REPORT_STEPS == 0:
                self.report(progress, shown)
                shown = []
            if time.monotonic() - saved > CHECKPOINT_SECONDS:
                saved = time.monotonic()
                self.save()
        self.report(min(progress, 1), shown)
        self.save()
        self.log(f"ends after step {self.step}, {self.spent / 60:.1f} minutes")

    def update(self, batch, lr):
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = lr
            optimizer.zero_grad(set_to_none=True)
        parts, rates = losses(self.model, self.prototypes, batch)
        sum(WEIGHTS[name] * part for name, part in parts.items()).backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 2.0)
        for optimizer in self.optimizers:
            optimizer.step()
        with torch.no_grad():
            self.model.logit_scale.clamp_(max=math.log(50))
            decay = min(EMA, self.step / (self.step + 10))
            torch._foreach_lerp_(list(self.average.parameters()), list(self.model.parameters()), 1 - decay)
        return {
            name: float(value.detach())
            for name, value in (parts | {f"{key} right": rate for key, rate in rates.items()}).items()
        }

    def report(self, progress, shown):
        """Logs the means of some steps."""
        if not shown:
            return
        means = {
            name: sum(one[name] for one in shown if name in one) / sum(name in one for one in shown)
            for name in shown[-1]
        }
        words = "  ".join(f"{name} {value:.3f}" for name, value in means.items())
        seconds = time.monotonic() - self.reported
        self.reported = time.monotonic()
        self.log(f"{100 * progress:5.1f}%  step {self.step}  {words}  {seconds / len(shown):.2f} s/step")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--start", type=pathlib.Path, help="a model's folder, to begin with its weights")
    parser.add_argument("--names", type=int, help="only so many nouns, the first of names.txt")
    parser.add_argument("--size", type=int, help="scenes of a batch, where fewer than usual")
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=1)
    run = Run(parser.parse_args())

    def end(*_):
        run.ended = True

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    run.train()


if __name__ == "__main__":
    sys.exit(main())
