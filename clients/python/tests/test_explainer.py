"""Batches of data sets, with one bad row and a daemon that fails."""

import math
import pickle

import fixlipd
import pytest
from peer import Peer
from scripted import OPENED, refined


def explained(params, peer):
    if params["text"] == "bad":
        raise Exception(1007, "the text has no words", {"kind": "textInvalid"})
    return {**OPENED, **refined(64, 2.0), "model": "demo"}


@pytest.fixture
def peer(make_peer):
    return make_peer(lambda method, params, peer: explained(params, peer))


def explainer(peer, **settings):
    return fixlipd.Explainer("demo", socket=peer.path, spawn=False, **settings)


def test_columns_are_added_and_a_bad_row_has_its_reason(peer):
    batch = {"image": ["/a.png", "/b.png", 5], "text": ["red dog", "bad", "red dog"], "other": [1, 2, 3]}
    result = explainer(peer, image_masks=64)(batch)
    assert list(result) == ["image", "text", "other", "tokens", "first", "cross_modal", "logit", "loo_r2", "error"]
    assert (
        result["error"][0] == "" and result["error"][1] == "the text has no words" and "not int" in result["error"][2]
    )
    assert result["tokens"] == [["red", "dog"], [], []]
    assert result["first"][0] == [2.0, 0.0, 0.0, 0.0] and result["first"][1] == []
    assert result["logit"][0] == 9.0 and math.isnan(result["logit"][1])
    sent = peer.wait_for("explain")["params"]
    assert sent["budget"] == {"imageMasks": 64} and sent["model"] == "demo"


def test_bytes_are_captions_in_utf8(peer):
    result = explainer(peer)({"image": ["/a.png"] * 2, "text": ["ein Bär".encode(), b"\xff"]})
    assert result["error"][0] == "" and result["error"][1].startswith("the text is not UTF-8")
    assert peer.wait_for("explain")["params"]["text"] == "ein Bär"


def test_masks_are_drawn_from_the_image_and_from_the_caption(peer):
    def seeds(image, text, **settings):
        peer.received.clear()
        explainer(peer, **settings)({"image": [image], "text": [text]})
        sent = peer.wait_for("explain")["params"]
        assert sent["reproducible"] is True
        return sent["seed"]

    first = seeds("/a.png", "red dog")
    assert first == {"image": 3691489935, "text": 3720256314}
    assert seeds("/a.png", "a cat")["image"] == first["image"] != seeds("/b.png", "red dog")["image"]
    assert seeds("/b.png", "red dog")["text"] == first["text"] != seeds("/a.png", "a cat")["text"]
    assert seeds(b"\x89PNG\r\n\x1a\nrest", "red dog")["image"] != first["image"]
    assert seeds("/a.png", "red dog", seed=1) != first


def test_a_deadline_is_the_callers_choice(peer):
    explainer(peer, deadline=2)({"image": ["/a.png"], "text": ["red dog"]})
    sent = peer.wait_for("explain")["params"]
    assert sent["deadlineMilliseconds"] == 2000 and "reproducible" not in sent


def test_every_column_and_other_names(peer):
    names = ["cosine", "empty_logit", "first_order_reading", "pairs", "image_masks", "text_masks"]
    result = explainer(peer, image="picture", text="caption", columns=names, prefix="why_")(
        {"picture": ["/a.png"], "caption": ["red dog"]}
    )
    assert list(result) == ["picture", "caption", *("why_" + name for name in names), "why_error"]
    assert result["why_image_masks"] == [64] and len(result["why_pairs"][0]) == 4


def test_only_what_the_columns_need_is_asked_for(peer):
    for columns, pairs in ((["first"], "none"), (["cross_modal"], "crossModal"), (["pairs", "cross_modal"], "all")):
        peer.received.clear()
        explainer(peer, columns=columns)({"image": ["/a.png"], "text": ["red dog"]})
        assert peer.wait_for("explain")["params"]["pairs"] == pairs


def test_it_can_be_pickled_also_after_use(peer):
    one = explainer(peer, image_masks=64)
    one({"image": ["/a.png"], "text": ["red dog"]})
    other = pickle.loads(pickle.dumps(one))
    assert other({"image": ["/a.png"], "text": ["red dog"]})["error"] == [""]


def test_an_overloaded_daemon_is_asked_again(make_peer):
    calls = []

    def script(method, params, peer):
        calls.append(method)
        if len(calls) < 3:
            raise Exception(1011, "busy", {"kind": "overloaded", "retryable": True})
        return explained(params, peer)

    result = explainer(make_peer(script))({"image": ["/a.png"], "text": ["red dog"]})
    assert result["error"] == [""] and len(calls) == 3


def test_a_daemon_that_dies_at_a_row_fails_only_that_row(make_peer):
    def script(method, params, peer):
        if params["text"] == "deadly":
            peer.hang_up()
            return Peer.NOTHING
        return explained(params, peer)

    batch = {"image": ["/a.png"] * 3, "text": ["red dog", "deadly", "red dog"]}
    result = explainer(make_peer(script), concurrency=1)(batch)
    assert [bool(error) for error in result["error"]] == [False, True, False]
    assert "ended the connection" in result["error"][1]


def test_wrong_settings_and_columns_are_errors_at_once(peer):
    with pytest.raises(TypeError, match="no parameter 'image_mask'"):
        fixlipd.Explainer(image_mask=3)
    with pytest.raises(ValueError, match="no column 'second'"):
        fixlipd.Explainer(columns=["second"])
    with pytest.raises(KeyError, match="no column 'text'; its columns are image, caption"):
        explainer(peer)({"image": [], "caption": []})


def test_arrays_as_columns(peer):
    numpy = pytest.importorskip("numpy")
    batch = {"image": numpy.zeros((2, 4, 4, 3), dtype=numpy.uint8), "text": numpy.array(["red dog", "bad"])}
    assert explainer(peer)(batch)["error"] == ["", "the text has no words"]


def test_data_frames(peer):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"image": ["/a.png", "/b.png"], "text": ["red dog", "bad"]}, index=[7, 9])
    one = explainer(peer)
    result = one.dataframe(frame)
    assert list(result.index) == [7, 9] and list(result["error"]) == ["", "the text has no words"]
    assert result["first"][7] == [2.0, 0.0, 0.0, 0.0]
    meta = one.meta(frame)
    assert list(meta.columns) == list(result.columns) and len(meta) == 0
    assert meta["logit"].dtype == result["logit"].dtype and meta["first"].dtype == result["first"].dtype
