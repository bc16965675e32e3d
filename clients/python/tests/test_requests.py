"""Arguments become the protocol's parameters, and only those that were given."""

import pickle

import pytest
from fixlipd import FixlipdError, ImageUnreadable, Overloaded, TextInvalid, Until, requests
from fixlipd.contract import OpenOptions, RefineOptions
from fixlipd.errors import error_from_wire


def opened(**changed):
    return requests.open_parameters("/a.png", "a dog", None, OpenOptions(**changed), keep_for_display=True)


def test_what_is_not_given_is_not_sent():
    assert opened() == {"image": {"path": "/a.png"}, "text": "a dog"}
    assert opened(index=None, seed=None) == opened(index="banzhaf", p=0.5, seed=0) == opened()
    assert requests.refine_parameters(RefineOptions()) == {}


def test_players():
    assert opened(grid=(4, 5))["players"] == {"image": {"grid": {"rows": 4, "columns": 5}}}
    assert opened(regions=[[0, 0], [1, 1]])["players"] == {"image": {"regions": [0, 0, 1, 1]}}
    assert opened(text_players="tokens")["players"] == {"text": "tokens"} and "players" not in opened(
        text_players="words"
    )
    assert opened(text_players=[(0, 1), (2, 5)])["players"] == {"text": {"spans": [[0, 1], [2, 5]]}}
    with pytest.raises(ValueError, match="not both"):
        opened(grid=(1, 1), regions=[0])


def test_regions_from_an_array():
    numpy = pytest.importorskip("numpy")
    assert opened(regions=numpy.array([[0, 1], [2, 2]]))["players"] == {"image": {"regions": [0, 1, 2, 2]}}


def test_a_caption_that_is_no_text_is_refused():
    with pytest.raises(TypeError, match="caption"):
        requests.open_parameters("/a.png", 3, None, OpenOptions(), keep_for_display=True)


def test_stop_rules():
    def until(rule):
        return requests.refine_parameters(RefineOptions(until=rule))["until"]

    assert until(0.05) == {"standardError": 0.05}
    assert until(Until(top_k=5, stable_rounds=3)) == {"topK": 5, "stableRounds": 3}
    assert until({"standard_error": 0.1}) == until({"standardError": 0.1}) == {"standardError": 0.1}
    both = requests.refine_parameters(RefineOptions(image_masks=64, deadline=1.5))
    assert both == {"budget": {"imageMasks": 64}, "deadlineMilliseconds": 1500}
    with pytest.raises(ValueError, match="deadline"):
        requests.refine_parameters(RefineOptions(deadline=0))


def test_selections():
    assert requests.selection(pairs=8)["pairs"] == {"top": 8}
    assert requests.selection(pairs="cross_modal")["pairs"] == "crossModal"
    assert requests.selection(estimator="least_squares")["estimator"] == "leastSquares"


def test_many_items_are_cut_into_requests():
    assert [len(chunk) for chunk in requests.text_chunks(["a"] * 2500)] == [1024, 1024, 452]
    assert list(requests.text_chunks([])) == []
    big = b"x" * (7 << 20)
    assert [len(chunk) for chunk in requests.image_chunks([big, big, big])] == [1, 1, 1]
    with pytest.raises(TypeError, match="image 1: "):
        list(requests.image_chunks(["a.png", 5]))
    with pytest.raises(TypeError, match="item 1 is int"):
        requests.text_list(["a", 2])
    assert requests.text_list("one text") == ["one text"]


def test_errors_have_a_class_by_code_and_survive_pickling():
    error = error_from_wire(
        {
            "code": 1004,
            "message": "'a.png' is no image",
            "data": {"kind": "imageUnreadable", "message": "…", "index": 3},
        }
    )
    assert type(error) is ImageUnreadable
    for same in (error, pickle.loads(pickle.dumps(error))):
        assert (same.code, same.kind, same.message, same.index, same.retryable) == (
            1004,
            "imageUnreadable",
            "'a.png' is no image",
            3,
            False,
        )
        assert str(same) == "item 3: 'a.png' is no image"
    assert error_from_wire({"code": 1011, "message": "busy"}).retryable and Overloaded("busy").retryable
    unknown = error_from_wire({"code": 1999, "message": "later"})
    assert type(unknown) is FixlipdError and unknown.code == 1999


def compared(image=None, text=None, **changed):
    return requests.open_parameters(image, text, None, OpenOptions(**changed), keep_for_display=True)


def test_other_inputs_than_an_image_and_a_caption():
    assert compared("/a.png", image2="/b.png", grid=(2, 2)) == {
        "image": {"path": "/a.png"},
        "image2": {"path": "/b.png"},
        "players": {"image": {"grid": {"rows": 2, "columns": 2}}, "image2": {"grid": {"rows": 2, "columns": 2}}},
    }
    assert compared(text="a dog", text2="a cat", text_players="tokens", scale="logits") == {
        "text": "a dog",
        "text2": "a cat",
        "players": {"text": "tokens", "text2": "tokens"},
        "scale": "logits",
    }
    assert compared("/a.png", "a dog", rather_than="a cat") == {
        "image": {"path": "/a.png"},
        "target": {
            "texts": [{"text": "a dog", "weight": 1}, {"text": "a cat", "weight": -1}],
            "players": "words",
        },
    }
    assert compared(text="a dog", embedding=[[0.5, 1]]) == {"text": "a dog", "target": {"embedding": [0.5, 1.0]}}
    with pytest.raises(ValueError, match="one of rather_than, embedding and target"):
        compared("/a.png", "a dog", rather_than="a cat", embedding=[1])
    with pytest.raises(ValueError, match="give both"):
        compared("/a.png", rather_than="a cat")
    with pytest.raises(TextInvalid, match="no words"):
        compared(text="a dog", text2=" ")


def test_classes():
    assert requests.classify_parameters(["/a.png"], ["dog"], "clip", None, 1, None) == {
        "images": [{"path": "/a.png"}],
        "labels": ["dog"],
        "templates": "clip",
        "topK": 1,
    }
    assert requests.classify_parameters(["/a.png"], None, None, {"dog": ["a dog"]}, None, None)["classes"] == [
        {"name": "dog", "prompts": ["a dog"]}
    ]
    with pytest.raises(ValueError, match="labels or classes"):
        requests.classify_parameters(["/a.png"], None, None, None, None, None)
