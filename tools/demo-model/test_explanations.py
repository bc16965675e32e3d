"""Explanations of the model's example scenes by the daemon that $FIXLIPD names."""

import json
import os
import pathlib

import pytest
from card import CARD
from pointing import daemon, players_of
from scenes import GRID, PATCH

SCENES = CARD.with_name("scenes")
FIXLIPD = os.environ.get("FIXLIPD")
MASKS = 256

pytestmark = pytest.mark.skipif(not FIXLIPD, reason="$FIXLIPD names no program")


def covered(box):
    """The share of each patch that a box covers, in reading order."""
    left, top, right, bottom = box

    def overlap(low, high, index):
        return max(0, min(high, (index + 1) * PATCH) - max(low, index * PATCH)) / PATCH

    return [overlap(top, bottom, row) * overlap(left, right, column) for row in range(GRID) for column in range(GRID)]


@pytest.fixture(scope="module")
def explained():
    """For each scene its entry, and for each of its caption's nouns (the scene's objects, and a wrong word) the values of its
    players: first-order readings, and sums of pairs with each patch."""
    found = []
    with daemon(pathlib.Path(FIXLIPD), CARD.parent) as client:
        for entry in json.loads((SCENES / "captions.json").read_text()):
            text = entry["caption"]
            names = {item["name"] for item in entry["objects"] if item["name"] in text} | {entry.get("wrong")} - {None}
            with client.explain(str(SCENES / entry["image"]), text, image_masks=MASKS) as explanation:
                patches = explanation.players.image.count
                words = {}
                for name in names:
                    start = text.index(name)
                    players = players_of(explanation, start, start + len(name))
                    sums = [sum(column) for column in zip(*(explanation.cross_modal[player] for player in players))]
                    words[name] = sum(explanation.first_order_reading[patches + player] for player in players), sums
            found.append((entry, words))
    return found


def test_a_wrong_word_has_a_negative_value_and_right_words_have_positive_ones(explained):
    assert any("wrong" in entry for entry, _ in explained)
    for entry, words in explained:
        wrong = entry.get("wrong")
        right = [reading for name, (reading, _) in words.items() if name != wrong]
        assert min(right) > 0, entry["caption"]
        if wrong:
            assert words[wrong][0] < -1, entry["caption"]  # logits


def test_a_wrong_words_patches_speak_against_it(explained):
    for entry, words in explained:
        if "wrong" in entry:
            assert sum(words[entry["wrong"]][1]) < 0


def test_nouns_have_their_strongest_patch_on_their_object(explained):
    hits = []
    for entry, words in explained:
        for name, (_, sums) in words.items():
            boxes = [covered(item["box"]) for item in entry["objects"] if item["name"] == name]
            if boxes:
                best = max(range(len(sums)), key=sums.__getitem__)
                hits.append(max(box[best] for box in boxes) >= 0.25)
    assert len(hits) >= 12
    assert sum(hits) >= 0.8 * len(hits), f"{sum(hits)} of {len(hits)}"
