import itertools

import numpy
import pytest
from PIL import Image
from scenes import BACKGROUNDS, GAP, GRID, PATCH, QUADRANT, SIDE, SceneMaker, coverage, paste, patches_of
from sprites import SIZES, SOLID, glyph_image


def test_the_same_seed_makes_the_same_scenes(sprites):
    first, second = (SceneMaker(sprites, 3, backgrounds=4) for _ in range(2))
    for _ in range(20):
        (scene, picture, covered), (again, same, also) = first.scene(), second.scene()
        assert scene == again
        assert (picture == same).all() and (covered == also).all()


def test_objects_lie_in_the_picture_and_apart(maker):
    for _ in range(500):
        scene, _, _ = maker.scene()
        for one in scene.objects:
            left, top, right, bottom = one.box
            assert 0 <= left < right <= SIDE and 0 <= top < bottom <= SIDE
            assert max(right - left, bottom - top) == one.size in SIZES
        if len(scene.objects) < 4:
            for one, other in itertools.combinations(scene.objects, 2):
                gaps = [
                    max(one.box[axis], other.box[axis]) - min(one.box[axis + 2], other.box[axis + 2]) for axis in (0, 1)
                ]
                assert max(gaps) >= GAP


def test_objects_of_quadrants_leave_out_the_middle(maker):
    for _ in range(200):
        scene, _, _ = maker.scene(count=4, quadrants=True)
        for index, one in enumerate(scene.objects):
            left, top = (index % 2) * (SIDE - QUADRANT), (index // 2) * (SIDE - QUADRANT)
            assert left <= one.box[0] and one.box[2] <= left + QUADRANT
            assert top <= one.box[1] and one.box[3] <= top + QUADRANT


def test_coverage_is_the_share_of_solid_pixels(maker, sprites):
    for noun, size, left, top in [
        (0, 48, 0, 0),
        (1, 128, 96, 3),
        (2, 72, 31, 33),
        (3, 96, 128, 120),
        (4, 64, 100, 160),
    ]:
        sprite = sprites[noun][size]
        canvas = numpy.zeros((SIDE, SIDE))
        canvas[top : top + sprite.shape[0], left : left + sprite.shape[1]] = sprite[..., 3] >= SOLID
        expected = canvas.reshape(GRID, PATCH, GRID, PATCH).mean((1, 3)).reshape(-1)
        assert coverage(sprite, left, top) == pytest.approx(expected)


def test_patches_are_in_reading_order_by_channel():
    picture = numpy.random.default_rng(1).integers(0, 256, (SIDE, SIDE, 3), numpy.uint8)
    patches = patches_of(picture)
    assert patches.shape == (49, 3072)
    window = picture[2 * PATCH : 3 * PATCH, 4 * PATCH : 5 * PATCH]
    assert (patches[2 * GRID + 4].reshape(3, PATCH, PATCH) == window.transpose(2, 0, 1)).all()


def test_paste_is_what_pillow_draws(sprites):
    picture = numpy.random.default_rng(2).integers(0, 256, (SIDE, SIDE, 3), numpy.uint8)
    sprite = sprites[0][96]
    expected = Image.fromarray(picture).convert("RGBA")
    expected.alpha_composite(Image.fromarray(sprite), (40, 50))
    paste(picture, sprite, 40, 50)
    difference = picture.astype(int) - numpy.asarray(expected.convert("RGB")).astype(int)
    assert abs(difference).max() <= 2


def test_backgrounds_are_near_their_colour(maker):
    maker.repaint(100)
    for name, colour in BACKGROUNDS.items():
        means = [picture.mean((0, 1)) for painted, picture in maker.pool if painted == name]
        assert abs(numpy.mean(means, 0) - colour).max() < 20, name


def test_things_to_count_come_up_and_four_objects_are_the_most(maker):
    scenes = [maker.scene()[0] for _ in range(400)]
    repeated = sum(len({one.noun for one in scene.objects}) < len(scene.objects) for scene in scenes)
    assert {len(scene.objects) for scene in scenes} == {1, 2, 3, 4}
    assert 20 < repeated < 120


def test_a_missing_font_says_what_to_install():
    with pytest.raises(FileNotFoundError, match="fonts-noto-color-emoji"):
        glyph_image("🐕", font="/nowhere/NotoColorEmoji.ttf")


def test_a_character_without_a_glyph_is_named():
    with pytest.raises(ValueError, match="no colour glyph for"):
        glyph_image("\u0378")
