"""Scenes: one to four objects, none over another, on backgrounds of ten colours."""

import dataclasses
import random

import numpy
from sprites import SIZES, SOLID

SIDE = 224
PATCH = 32
GRID = SIDE // PATCH
GAP = 4  # least distance of two objects, pixels
QUADRANT = 3 * PATCH  # objects of a four-quadrant scene leave out the middle row and column of patches
BACKGROUNDS = {
    "white": (240, 240, 236),
    "grey": (142, 144, 148),
    "red": (196, 62, 58),
    "orange": (236, 152, 70),
    "yellow": (240, 216, 96),
    "green": (98, 168, 92),
    "blue": (84, 132, 206),
    "purple": (138, 96, 178),
    "pink": (240, 166, 192),
    "brown": (138, 100, 72),
}
LARGEST = {1: 128, 2: 112, 3: 96, 4: 88}  # of as many objects


@dataclasses.dataclass(frozen=True)
class Placed:
    noun: int
    size: int
    box: tuple[int, int, int, int]  # left, top, right, bottom in pixels

    @property
    def centre(self):
        left, top, right, bottom = self.box
        return (left + right) / 2, (top + bottom) / 2


@dataclasses.dataclass(frozen=True)
class Scene:
    objects: tuple[Placed, ...]
    background: str


class SceneMaker:
    """Makes scenes at random; the same seed makes the same ones."""

    def __init__(self, sprites, seed, backgrounds=256):
        self.sprites = sprites
        self.random = random.Random(seed)
        self.pool = []
        self.repaint(backgrounds)

    def repaint(self, backgrounds):
        """Adds as many backgrounds to the pool, or replaces the oldest once it has all of them."""
        normal = numpy.random.default_rng(self.random.getrandbits(64))
        self.pool = self.pool[backgrounds if self.pool else 0 :] + [
            paint_background(normal) for _ in range(backgrounds)
        ]

    def scene(self, nouns=None, count=None, quadrants=None, background=None):
        """A scene with a background's picture; of the given nouns (indices), where given.

        Returns (Scene, uint8 [224, 224, 3], float32 [objects, 49] share of each patch that an object covers).
        """
        random = self.random
        if nouns is None:
            count = count or random.choices((1, 2, 3, 4), (15, 25, 25, 35))[0]
            nouns = random.sample(range(len(self.sprites)), count)
            if count > 1 and quadrants is None and random.random() < 0.15:  # something to be counted
                again = random.randint(1, min(count - 1, 2))
                nouns[1 : 1 + again] = [nouns[0]] * again
        count = len(nouns)
        if quadrants is None:
            quadrants = count == 4 and random.random() < 0.4
        boxes = self.quadrant_boxes(nouns) if quadrants else self.free_boxes(nouns)
        name, picture = self.background(background)
        covered = numpy.zeros((count, GRID * GRID), numpy.float32)
        objects = []
        for index, (noun, (size, left, top)) in enumerate(zip(nouns, boxes)):
            sprite = self.sprites[noun][size]
            paste(picture, sprite, left, top)
            covered[index] = coverage(sprite, left, top)
            box = (left, top, left + sprite.shape[1], top + sprite.shape[0])
            objects.append(Placed(noun, size, box))
        return Scene(tuple(objects), name), picture, covered

    def background(self, wanted=None):
        choices = [entry for entry in self.pool if entry[0] == wanted] if wanted else self.pool
        name, picture = self.random.choice(choices)
        return name, picture.copy()

    def free_boxes(self, nouns):
        """(size, left, top) of each, no two closer than GAP; starts over with smaller ones where they find no place."""
        random = self.random
        largest = LARGEST[len(nouns)]
        while True:
            sizes = [size for size in SIZES if size <= largest]
            taken, boxes = [], []
            for noun in nouns:
                size = random.choice(sizes)
                height, width = self.sprites[noun][size].shape[:2]
                for _ in range(20):
                    left, top = random.randint(0, SIDE - width), random.randint(0, SIDE - height)
                    if all(
                        left >= right + GAP
                        or top >= bottom + GAP
                        or left + width + GAP <= other
                        or top + height + GAP <= above
                        for other, above, right, bottom in taken
                    ):
                        taken.append((left, top, left + width, top + height))
                        boxes.append((size, left, top))
                        break
                else:
                    break
            if len(boxes) == len(nouns):
                return boxes
            largest = max(largest - 8, SIZES[0])

    def quadrant_boxes(self, nouns):
        """(size, left, top) of each of four, one in each corner of 96 pixels: left to right, top to bottom."""
        boxes = []
        for index, noun in enumerate(nouns):
            size = self.random.choice([size for size in SIZES if size <= LARGEST[4]])
            height, width = self.sprites[noun][size].shape[:2]
            left = (index % 2) * (SIDE - QUADRANT) + self.random.randint(0, QUADRANT - width)
            top = (index // 2) * (SIDE - QUADRANT) + self.random.randint(0, QUADRANT - height)
            boxes.append((size, left, top))
        return boxes


def paint_background(random):
    """A colour's name and uint8 [224, 224, 3]: the colour a little off, with a gradient, blobs and grain."""
    name = str(random.choice(list(BACKGROUNDS)))
    ramp = numpy.linspace(-1, 1, SIDE)
    picture = numpy.empty((SIDE, SIDE, 3), numpy.float32)
    picture[:] = numpy.asarray(BACKGROUNDS[name], numpy.float32) + random.normal(0, 8, 3)
    slope = random.normal(0, 10, 2)
    blobs = random.normal(0, random.uniform(0, 9), (GRID, GRID)).repeat(PATCH, 0).repeat(PATCH, 1)
    for axis in (0, 1):
        blobs = sum(numpy.roll(blobs, 4 * step, axis) for step in range(-4, 5)) / 9
    picture += (slope[0] * ramp[:, None] + slope[1] * ramp[None] + blobs)[..., None]
    picture += random.normal(0, random.uniform(1, 9), picture.shape)
    return name, picture.clip(0, 255).astype(numpy.uint8)


def paste(picture, sprite, left, top):
    """Draws a sprite over a picture, in place."""
    height, width = sprite.shape[:2]
    window = picture[top : top + height, left : left + width]
    alpha = sprite[..., 3:].astype(numpy.uint16)
    alpha += alpha >> 7  # 0 to 256
    window[:] = (sprite[..., :3] * alpha + window * (256 - alpha)) >> 8


def coverage(sprite, left, top):
    """float32 [49]: the share of each patch that the sprite covers."""
    height, width = sprite.shape[:2]
    solid = (sprite[..., 3] >= SOLID).astype(numpy.int32)
    rows = numpy.arange(top // PATCH, (top + height - 1) // PATCH + 1)
    columns = numpy.arange(left // PATCH, (left + width - 1) // PATCH + 1)
    sums = numpy.add.reduceat(solid, numpy.maximum(rows * PATCH - top, 0), axis=0)
    sums = numpy.add.reduceat(sums, numpy.maximum(columns * PATCH - left, 0), axis=1)
    covered = numpy.zeros((GRID, GRID), numpy.float32)
    covered[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] = sums / PATCH**2
    return covered.reshape(-1)


def patches_of(picture):
    """uint8 [49, 3072]: patches in reading order, each as channel, row, column."""
    grid = picture.reshape(GRID, PATCH, GRID, PATCH, 3)
    return grid.transpose(0, 2, 4, 1, 3).reshape(GRID * GRID, 3 * PATCH * PATCH)
