import re
from collections import Counter

from captions import caption
from names import NUMBERS
from scenes import BACKGROUNDS, Placed, Scene

LONGEST = 22  # tokens of 24 positions, where every word and comma is one token


def test_nouns_are_where_the_mentions_say_and_in_the_scene(captioned, nouns):
    for scene, text, mentions in captioned:
        assert mentions
        for mention in mentions:
            noun = nouns[mention.noun]
            assert text[mention.start : mention.end] in (noun.singular, noun.plural), text
            assert mention.noun in {placed.noun for placed in scene.objects}, text
            assert text[mention.start - 1] == " ", text


def test_number_of_a_noun_is_how_often_it_is_there(captioned, nouns):
    plurals = 0
    for scene, text, mentions in captioned:
        there = Counter(placed.noun for placed in scene.objects)
        for mention in mentions:
            before = text[: mention.start].removesuffix("small ").removesuffix("large ").split()[-1]
            count = there[mention.noun]
            if nouns[mention.noun].plural is None:
                assert before == "some", text
            elif count == 1:
                assert before in ("a", "an"), text
            else:
                plurals += 1
                assert before == NUMBERS[count], text
                assert text[mention.start : mention.end] == nouns[mention.noun].plural
    assert plurals > 50


def test_articles_fit_the_next_word(captioned):
    for _, text, _ in captioned:
        assert not re.search(r"\ba [aeio]", text), text
        assert not re.search(r"\ban (?!hour)[^aeiou]", text), text


def test_relations_hold(captioned):
    seen = Counter()
    for scene, text, mentions in captioned:
        found = re.search(r"\b(left of|right of|above|below|next to)\b", text)
        if not found:
            continue
        first, second = (next(one for one in scene.objects if one.noun == mention.noun).centre for mention in mentions)
        across, down = first[0] - second[0], first[1] - second[1]
        holds = {
            "left of": across < 0,
            "right of": across > 0,
            "above": down < 0,
            "below": down > 0,
            "next to": abs(across) > abs(down),
        }
        assert holds[found[0]], text
        seen[found[0]] += 1
    assert all(seen[relation] > 10 for relation in ("left of", "right of", "above", "below", "next to"))


def test_background_is_the_scenes(captioned):
    named = 0
    for scene, text, _ in captioned:
        found = re.search(r"on an? (\w+) background$", text)
        if found:
            named += 1
            assert found[1] == scene.background and found[1] in BACKGROUNDS
    assert named > 100


def test_sizes_are_those_of_all_that_the_noun_names(captioned):
    sized = 0
    for scene, text, mentions in captioned:
        for mention in mentions:
            sizes = [placed.size for placed in scene.objects if placed.noun == mention.noun]
            adjective = text[: mention.start].split()[-1]
            if adjective in ("small", "large"):
                sized += 1
                assert max(sizes) <= 56 if adjective == "small" else min(sizes) >= 96, text
    assert sized > 50


def test_captions_fit_the_positions(captioned):
    assert max(len(re.findall(r"\w+|,", text)) for _, text, _ in captioned) <= LONGEST


def test_one_object_has_one_phrase(nouns, maker):
    index = [noun.singular for noun in nouns].index("apple")
    scene = Scene((Placed(index, 72, (10, 10, 82, 82)),), "red")
    texts = {caption(scene, nouns, maker.random)[0] for _ in range(300)}
    assert texts == {
        opening + "an apple" + ending
        for opening in ("", "a picture of ", "there is ")
        for ending in ("", " on a red background")
    }
