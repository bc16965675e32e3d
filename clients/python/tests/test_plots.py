"""Plots of one explanation, and of the words of many."""

import json
import re
import xml.etree.ElementTree as xml

import fixlipd
import pytest
from scripted import answers


def line(words, readings, **others):
    """What ``fixlipd batch`` writes of a caption that is explained on an image of two patches."""
    players = {"image": {"rows": 1, "columns": 2, "count": 2}, "text": [{"token": word} for word in words]}
    return {"id": "x", "players": players, "values": {"firstOrderReading": [9, 9, *readings]}, **others}


def dots(plot):
    """Words with the values of their dots, from the top."""
    found = {}
    for word, value in re.findall(r"<title>([^<]*): ([+-][0-9.]+) logits</title>", plot.svg):
        found.setdefault(word, []).append(float(value))
    return found


def test_a_plot_is_a_drawing_of_that_view(make_peer, tmp_path):
    asked = []

    def render(params, peer):
        asked.append((params["format"], params["view"], params.get("topK")))
        return {"mimeType": "image/svg+xml", "content": "<svg/>"}

    with fixlipd.Client(make_peer(answers(explanation_render=render)).path, spawn=False) as client:
        explanation = client.explain("/a.png", "red dog")
        plot = explanation.plot("network", top_k=5)
        explanation.plot()
        assert "data:image/svg+xml;base64," in plot._repr_mimebundle_()["text/html"]
        plot.save(tmp_path / "plot.svg")
        assert (tmp_path / "plot.svg").read_text() == "<svg/>"
        with pytest.raises(ValueError, match="saved as .svg"):
            plot.save(tmp_path / "plot.png")
    assert asked == [("svg", "network", 5), ("svg", "force", 8)]


def test_a_beeswarm_has_a_dot_for_each_time_that_a_word_occurs_and_the_heaviest_words_first():
    plot = fixlipd.beeswarm(
        [line(["a", "dog"], [0.5, 4]), line(["A", "cat,"], [-0.25, -2]), line(["a", "Dog"], [0.25, 3])], top=2
    )
    assert dots(plot) == {"dog": [3, 4], "cat": [-2]}
    assert "2 of 3 words" in plot.svg
    xml.fromstring(plot.svg)


def test_a_beeswarm_reads_the_file_of_a_batch_and_passes_over_what_failed(tmp_path):
    file = tmp_path / "results.jsonl"
    lines = [line(["<dog>"], [1]), {"id": "y", "error": {"kind": "imageUnreadable"}}]
    file.write_text("\n".join(map(json.dumps, lines)))
    assert dots(fixlipd.beeswarm(file)) == {"&lt;dog&gt;": [1]}
    with pytest.raises(ValueError, match="no explanation"):
        fixlipd.beeswarm(lines[1:])


def test_equal_weights_lie_beside_each_other_and_within_their_row():
    plot = fixlipd.beeswarm([line(["dog"], [1]) for _ in range(6)])
    heights = [float(y) for y in re.findall(r'cy="([0-9.]+)"', plot.svg)]
    assert len(set(heights)) == 6
    assert max(heights) - min(heights) < 34
