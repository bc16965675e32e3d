"""Any two inputs, asked of a real daemon."""

import pytest
from conftest import SCENES

IMAGE, OTHER = str(SCENES / "scene-01.png"), str(SCENES / "scene-04.png")


def test_two_images(client):
    explanation = client.explain(IMAGE, image2=OTHER, grid=(3, 3), image_masks=64)
    assert explanation.players.sides == (9, 9) and explanation.scale == "cosine"
    assert explanation.cross_modal.shape == (9, 9)
    condition = explanation.condition(2)
    assert len(condition.image) == len(condition.image2) == 9 and len(condition.text) == 0
    assert "Which patch matches which" in explanation.render("svg")
    assert repr(explanation).startswith("<Explanation of 'image and image' (demo): cosine ")


def test_two_texts(client):
    explanation = client.explain(text="a red rose", text2="a rose", text_players="words")
    assert explanation.players.sides == (3, 2) and explanation.words == ["a", "red", "rose"]
    assert explanation.centered_value == pytest.approx(float(explanation.cross_modal.sum()), abs=0.2)
    assert max(explanation.top_pairs(9), key=lambda pair: pair.value).names[0] == "rose"


def test_rather_than_and_a_vector(client):
    explanation = client.explain(IMAGE, "a dog", rather_than="a cat", image_masks=64)
    assert explanation.target["label"] == explanation.text == "a dog rather than a cat"
    assert explanation.scale == "logits" and len(explanation.players.targets) == 2
    vector = client.embed_texts("a dog")[0]
    found = client.explain(IMAGE, embedding=vector, image_masks=64)
    assert found.cosine == pytest.approx(client.similarity([IMAGE], "a dog").cosine[0][0], abs=1e-3)
    assert found.players.sides == (49, 0)


def test_classify(client):
    ranked = client.classify([IMAGE, OTHER], ["rose", "dog"], templates=["a {}"])
    assert [scores[0].name for scores in ranked] == ["dog", "rose"]
    assert sum(score.probability for score in ranked[0]) == pytest.approx(1, abs=1e-5)
