import json

import pytest
from card import BEGIN, CARD, END, written
from figures import FOLDER, digest, load, share, share_of_groups


def test_the_cards_table_is_that_of_the_figures():
    assert CARD.read_text() == written(CARD.read_text()), "run tools/demo-model/card.py"


@pytest.mark.parametrize("name", ["retrieval", "pointing"])
def test_figures_are_of_the_models_weights(name):
    assert load(name)["model"] == digest(CARD.with_name("model.safetensors"))


def test_other_figures_make_another_table(tmp_path):
    for name in ("retrieval", "pointing"):
        figures = load(name)
        if name == "retrieval":
            figures["captionOfImage"] = [0.5, 0.4, 0.6]
        (tmp_path / f"{name}.json").write_text(json.dumps(figures))
    card = f"before\n{BEGIN}what was here{END}after\n"
    assert written(card, FOLDER) != written(card, tmp_path)
    assert "50.0% (40.0 to 60.0)" in written(card, tmp_path)
    assert written(card, tmp_path).startswith("before\n") and written(card, tmp_path).endswith("after\n")


def test_groups_of_one_are_independent():
    assert share_of_groups([(1, 1)] * 81 + [(0, 1)] * 182) == pytest.approx(share(81, 263))


def test_members_that_are_alike_tell_as_much_as_one():
    assert share_of_groups([(5, 5)] * 81 + [(0, 5)] * 182) == pytest.approx(share(81, 263))


def test_groups_that_are_all_right():
    assert share_of_groups([(2, 2), (3, 3)]) == pytest.approx(share(5, 5))
