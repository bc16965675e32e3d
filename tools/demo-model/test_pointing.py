import threading

import pytest
from pointing import Measured, Scenes, game_figures, named, patch_figures


@pytest.fixture(scope="module")
def scenes(nouns):
    return Scenes(nouns)


def test_a_scene_is_made_from_its_number_alone(scenes):
    first = scenes.captioned(7)
    scenes.quadrants(3)
    again = scenes.captioned(7)
    assert first[:4] == again[:4] and (first[4] == again[4]).all()
    assert scenes.captioned(8)[0] != first[0]


def test_captions_of_quadrants_name_their_objects_with_their_places(scenes):
    _, captions = scenes.quadrants(0)
    assert [len(spans) for _, spans in captions] == [1, 2, 3, 4]
    text, spans = captions[3]
    assert [quadrant for _, _, quadrant in spans] == ["topLeft", "topRight", "bottomLeft", "bottomRight"]
    singular = {noun.singular for noun in scenes.nouns}
    assert all(text[start:end] in singular for start, end, _ in spans)


def test_named_objects_alike_are_told_apart(nouns, scenes):
    _, _, _, scene, _ = next(found for found in map(scenes.captioned, range(100)) if len(found[3].objects) > 1)
    twice = type(scene)((scene.objects[0], scene.objects[0]), scene.background)
    text, spans = named(nouns, twice, [0, 1])
    assert spans[0][1] <= spans[1][0] and text[slice(*spans[0][:2])] == text[slice(*spans[1][:2])]


def test_shares_of_patches():
    results = [
        {"patches": 10, "nouns": [{"touching": [True, 4], "quarter": [False, 2]}]},
        {
            "patches": 10,
            "nouns": [{"touching": [True, 2], "quarter": [True, 1]}, {"touching": [True, 3], "quarter": [False, 0]}],
        },
    ]
    figures = patch_figures(results)
    assert (figures["scenes"], figures["nouns"]) == (2, 3)
    assert figures["touching"]["share"][0] == 1 and figures["touching"]["chance"] == 0.3
    assert figures["quarter"]["share"][0] == pytest.approx(1 / 3, abs=1e-5) and figures["quarter"]["chance"] == 0.1
    assert (figures["touching"]["without"], figures["quarter"]["without"]) == (0, 1)


def test_games_by_number_of_words():
    figures = game_figures([{"values": [1, 0.5, 0, 0]}, {"values": [0, 0.5, 0, 1]}])
    assert [figures[str(words)][0] for words in (1, 2, 3, 4)] == [0.5, 0.5, 0, 0.5]


def test_an_interrupted_measurement_goes_on(tmp_path):
    path = tmp_path / "measured.jsonl"

    def failing(number):
        if number == 2:
            raise KeyboardInterrupt
        return number * 10

    with pytest.raises(KeyboardInterrupt):
        Measured(path).complete("games", 3, failing, jobs=1)
    with open(path, "a") as file:
        file.write('{"kind": "games", "sce')  # what an end in the middle of a line leaves

    asked, lock = [], threading.Lock()

    def counting(number):
        with lock:
            asked.append(number)
        return number * 10

    assert Measured(path).complete("games", 5, counting, jobs=2) == [0, 10, 20, 30, 40]
    assert sorted(asked) == [2, 3, 4]
    assert Measured(path).complete("games", 5, failing, jobs=1) == [0, 10, 20, 30, 40]
