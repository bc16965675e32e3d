"""Batches of scenes and captions, made in a process of their own while the model trains."""

import dataclasses

import numpy
import torch
from captions import caption
from scenes import GRID, SceneMaker, patches_of

PATCHES = GRID * GRID
OBJECT = 0.15  # covered share from which a patch is an object's
NO_OBJECT = -100
NAMES_READ = 96  # nouns of a batch that are read by themselves


@dataclasses.dataclass(frozen=True)
class Stage:
    """How batches are made."""

    size: int = 256
    kept: int = PATCHES  # patches of each scene that the model is given; those of objects first
    greyed: float = 0.0  # share of scenes with greyed patches
    unread: float = 0.0  # share of captions with words left out
    captioned: int = 0  # scenes of a batch that have a caption


class Batches(torch.utils.data.IterableDataset):
    """Endless batches of a stage, as dictionaries of tensors."""

    def __init__(self, nouns, sprites, texts, stage, seed):
        super().__init__()
        self.nouns, self.sprites, self.texts, self.stage, self.seed = nouns, sprites, texts, stage, seed

    def __iter__(self):
        torch.set_num_threads(1)
        self.maker = SceneMaker(self.sprites, self.seed)
        self.normal = numpy.random.default_rng(self.seed)
        while True:
            yield self.batch()
            self.maker.repaint(1)

    def batch(self):
        stage, rng = self.stage, self.normal
        size, kept = stage.size, stage.kept
        patches = numpy.empty((size, kept, 3072), numpy.uint8)
        order = numpy.empty((size, kept), numpy.int64)
        shown = numpy.ones((size, kept), bool)
        labels = numpy.full((size, kept), NO_OBJECT, numpy.int64)
        visible = numpy.zeros((size, len(self.nouns)), numpy.float32)
        named = numpy.zeros((stage.captioned, len(self.nouns)), numpy.float32)
        captions, mentions = [], []
        for row in range(size):
            scene, picture, covered = self.maker.scene()
            cover = covered.max(0)
            if kept == PATCHES:
                order[row] = numpy.arange(PATCHES)
            else:
                order[row] = numpy.argsort(rng.random(PATCHES) - (cover >= OBJECT), kind="stable")[:kept]
            patches[row] = patches_of(picture)[order[row]]
            if rng.random() < stage.greyed:
                shown[row] = rng.random(kept) >= rng.uniform(0, 0.9)
            owners = numpy.array([placed.noun for placed in scene.objects])
            labels[row] = numpy.where(cover >= OBJECT, owners[covered.argmax(0)], NO_OBJECT)[order[row]]
            seen = (covered[:, order[row]] * shown[row]).sum(1) / covered.sum(1)
            for noun, share in zip(owners, seen):
                visible[row, noun] = max(visible[row, noun], share)
            if row < stage.captioned:
                text, mentioned = caption(scene, self.nouns, self.maker.random)
                captions.append(text)
                mentions.append(mentioned)
        labels[~shown] = NO_OBJECT
        batch = {"patches": patches, "order": order, "shown": shown, "labels": labels, "visible": visible}
        if stage.captioned:
            ids, present = self.read(captions, mentions, named)
            matched = (named > 0.5).sum(1) > 0
            matched &= numpy.where(named > 0.5, visible[: stage.captioned], 1).min(1) > 0.15
            batch |= {"ids": ids, "present": present, "named": named, "matched": matched}
            batch["name_ids"], batch["name_present"], batch["name_nouns"] = self.names()
        return {key: torch.from_numpy(value) for key, value in batch.items()}

    def read(self, captions, mentions, named):
        """Token ids and which are present; fills in the share of each noun's tokens that is."""
        ids, present, offsets = self.texts.encode(captions)
        present = numpy.array(present, bool)
        for row, (spans, mentioned) in enumerate(zip(offsets, mentions)):
            if self.normal.random() < self.stage.unread:
                words = present[row, 1 : len(spans) - 1]
                words[:] = self.normal.random(len(words)) >= self.normal.uniform(0, 0.9)
            for mention in mentioned:
                tokens = [k for k, (start, end) in enumerate(spans) if start < mention.end and end > mention.start]
                named[row, mention.noun] = present[row, tokens].mean()
        return numpy.array(ids), present

    def names(self):
        """Some nouns as texts of their own: bare, with the article, or in the plural."""
        chosen = self.maker.random.sample(range(len(self.nouns)), min(NAMES_READ, len(self.nouns)))
        nouns = [self.nouns[index] for index in chosen]
        texts = [
            self.maker.random.choice((noun.counted(1), noun.singular, noun.plural or noun.singular)) for noun in nouns
        ]
        ids, present, _ = self.texts.encode(texts)
        return numpy.array(ids), numpy.array(present, bool), numpy.array(chosen)


def loader(nouns, sprites, texts, stage, seed):
    """Batches of a stage, a few of them ahead."""
    data = Batches(nouns, sprites, texts, stage, seed)
    return iter(torch.utils.data.DataLoader(data, batch_size=None, num_workers=1, prefetch_factor=3))
