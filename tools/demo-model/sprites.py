"""Glyphs of the colour font, cut out and scaled once to every size that scenes use."""

import pathlib

import numpy
from PIL import Image, ImageDraw, ImageFont

FONT = "/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf"
FONT_SIZE = 109  # the only size its bitmaps have
SIZES = tuple(range(48, 136, 8))  # pixels of the longer side
SOLID = 96  # alpha from which a pixel counts as the object's


def glyph_image(glyph, font=FONT):
    """A glyph as an RGBA picture without its empty margin."""
    if not pathlib.Path(font).exists():
        raise FileNotFoundError(f"{font}: no such font; install it with: apt-get install fonts-noto-color-emoji")
    picture = Image.new("RGBA", (200, 200))
    face = ImageFont.truetype(font, FONT_SIZE)
    ImageDraw.Draw(picture).text((30, 30), glyph, font=face, embedded_color=True)
    box = picture.getchannel("A").point(lambda alpha: 255 if alpha >= SOLID else 0).getbbox()
    if box is None:
        raise ValueError(f"{font}: has no colour glyph for {glyph!r}")
    return picture.crop(box)


def scaled(picture, size):
    """uint8 [height, width, 4], the longer side `size` pixels."""
    scale = size / max(picture.size)
    width, height = (max(1, round(side * scale)) for side in picture.size)
    return numpy.asarray(picture.resize((width, height), Image.Resampling.LANCZOS), numpy.uint8)


def load_sprites(nouns, sizes=SIZES, font=FONT):
    """By noun, by size: uint8 [height, width, 4]."""
    return [
        {size: scaled(picture, size) for size in sizes} for picture in (glyph_image(noun.glyph, font) for noun in nouns)
    ]
