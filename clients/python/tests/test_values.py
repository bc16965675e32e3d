"""Replies become players, values and arrays."""

import base64
import struct

import pytest
from fixlipd import arrays
from fixlipd.naming import find_players
from fixlipd.values import Condition, PairValues, Players, Values

PLAYERS = Players.from_wire(
    {
        "image": {"rows": 1, "columns": 2, "count": 2, "boxes": [[0, 0, 1, 1], [1, 0, 2, 1]]},
        "text": [{"token": "a", "start": 0, "end": 1}, {"token": "red", "start": 2, "end": 5}],
    }
)


def encoded(*floats):
    return base64.b64encode(struct.pack(f"<{len(floats)}f", *floats)).decode()


@pytest.fixture(params=["numpy", "lists"], autouse=True)
def with_and_without_numpy(request, monkeypatch):
    if request.param == "lists":
        monkeypatch.setattr(arrays, "numpy_module", lambda: None)
    else:
        pytest.importorskip("numpy")


def test_both_encodings_give_the_same_floats():
    assert list(arrays.decode_floats(encoded(1, -2.5))) == list(arrays.decode_floats([1, -2.5])) == [1, -2.5]


def test_all_pairs_make_a_symmetric_matrix_and_the_cross_modal_part_of_it():
    pairs = PairValues.from_wire({"format": "upper", "data": encoded(1, 2, 3, 4, 5, 6)}, 2, 2)
    assert arrays.to_lists(pairs.full) == [[0, 1, 2, 3], [1, 0, 4, 5], [2, 4, 0, 6], [3, 5, 6, 0]]
    assert arrays.to_lists(pairs.cross_modal) == [[2, 4], [3, 5]]


def test_cross_modal_pairs_alone_and_strongest_pairs_alone():
    cross = PairValues.from_wire({"format": "crossModal", "shape": [2, 2], "data": [1, 2, 3, 4]}, 2, 2)
    assert cross.full is None and arrays.to_lists(cross.cross_modal) == [[1, 2], [3, 4]]
    assert PairValues.from_wire({"format": "list", "items": [[0, 2, -1.5]]}, 2, 2).strongest == [(0, 2, -1.5)]


def test_a_reply_with_too_few_pairs_is_refused():
    with pytest.raises(ValueError, match="not the pairs of 4 players"):
        PairValues.from_wire({"format": "upper", "data": [1, 2]}, 2, 2)


def test_values_with_and_without_pairs_and_errors():
    wire = {
        "index": "FWBII",
        "p": 0.5,
        "order": 2,
        "estimator": "ridge",
        "baseline": 0.1,
        "first": encoded(1, 2, 3, 4),
        "firstOrderReading": [4, 3, 2, 1],
        "pairs": {"format": "upper", "data": encoded(*range(6))},
        "standardErrors": {"first": [1] * 4, "firstOrderReading": [2] * 4},
        "looR2": 0.9,
        "rankDeficient": False,
        "somethingLaterVersionsAdd": 1,
    }
    values = Values.from_wire(wire, PLAYERS)
    assert arrays.to_lists(values.first) == [1, 2, 3, 4]
    assert arrays.to_lists(values.first_order_reading) == [4, 3, 2, 1]
    assert values.loo_r2 == 0.9 and values.restriction is None
    assert arrays.to_lists(values.standard_errors.first) == [1] * 4 and values.standard_errors.pairs is None
    first_order = Values.from_wire({**wire, "order": 1, "pairs": None, "standardErrors": None}, PLAYERS)
    assert first_order.pairs is None and first_order.cross_modal is None and first_order.standard_errors is None


def test_the_conditions_of_several_tokens_are_summed():
    wires = [
        {"player": 2, "first": 1.0, "image": [1, 2], "text": [0, 3]},
        {"player": 3, "first": 0.5, "image": [10, 20], "text": [3, 0]},
    ]
    condition = Condition.from_wire(wires, PLAYERS)
    assert condition.players == [2, 3] and condition.first == 1.5
    assert arrays.to_lists(condition.image) == [11, 22] and arrays.to_lists(condition.heatmap) == [[11, 22]]
    assert arrays.to_lists(condition.text) == [3, 3]


def players_of(*texts):
    return Players.from_wire(
        {"image": {"rows": 1, "columns": 1, "count": 1, "boxes": [[0, 0, 1, 1]]}, "text": list(texts)}
    )


def test_players_by_word():
    caption = "a Spouting whale, a sea"
    players = players_of(
        *(
            {"token": token, "start": start, "end": end}
            for token, start, end in (
                ("a", 0, 1),
                ("spout", 2, 7),
                ("ing", 7, 10),
                ("whale", 11, 16),
                ("a", 18, 19),
                ("sea", 20, 23),
            )
        )
    )
    assert find_players("whale", caption, players) == [4]
    assert find_players("spouting", caption, players) == [2, 3]
    assert find_players("spouting whale", caption, players) == [2, 3, 4]
    assert find_players("ing", caption, players) == [3]
    assert find_players(0, caption, players) == [0]
    with pytest.raises(ValueError, match="occurs 2 times; give the player's number: 1 or 5"):
        find_players("a", caption, players)
    with pytest.raises(ValueError, match=r"no word 'dog'.*'whale'"):
        find_players("dog", caption, players)
    with pytest.raises(ValueError, match="no player 7"):
        find_players(7, caption, players)
    with pytest.raises(ValueError, match="empty"):
        find_players(" ", caption, players)
