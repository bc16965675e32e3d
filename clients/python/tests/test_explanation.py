"""The life of an explanation: refined, interrupted, shown, closed."""

import base64
import gc
import io
import json
import os
import signal
import sys

import fixlipd
import pytest
from fixlipd import live, notebook
from peer import Peer
from scripted import answers, refined, report


def connected(peer):
    return fixlipd.Client(peer.path, spawn=False)


def test_explain_opens_and_refines(make_peer):
    peer = make_peer(answers())
    with connected(peer) as client:
        explanation = client.explain("/a.png", "red dog", image_masks=64, deadline=2, grid=(1, 2))
        assert (explanation.image_masks, explanation.stop_reason, explanation.elapsed) == (64, "budget", 0.25)
        assert explanation.words == ["red", "dog"] and explanation.loo_r2 == 0.5
        assert float(explanation.first[0]) == 2.0
        assert repr(explanation) == "<Explanation of 'red dog' (demo): logit 9.00, 64 image masks, R² 0.50>"
    opened = peer.wait_for("explanation/open")["params"]
    assert opened == {
        "image": {"path": "/a.png"},
        "text": "red dog",
        "players": {"image": {"grid": {"rows": 1, "columns": 2}}},
    }
    sent = peer.wait_for("explanation/refine")
    assert sent["params"] == {
        "explanation": "x1",
        "budget": {"imageMasks": 64},
        "deadlineMilliseconds": 2000,
        "progressToken": sent["id"],
        "values": {"pairs": "all", "standardErrors": True, "encoding": "base64"},
    }


def test_an_explanation_without_masks_says_so(make_peer):
    with connected(make_peer(answers())) as client:
        explanation = client.open("/a.png", "red dog")
        with pytest.raises(fixlipd.BudgetInvalid, match="call refine"):
            _ = explanation.first
        assert "no masks yet" in repr(explanation)


def test_warm_masks_have_values_without_a_refinement(make_peer):
    from scripted import OPENED, values

    warm = {**OPENED, "warm": {"imageMasks": 32, "textMasks": 4}}
    script = answers(explanation_open=warm, explanation_values={"values": values(3.0)})
    with connected(make_peer(script)) as client:
        assert float(client.open("/a.png", "red dog").first[0]) == 3.0


def test_progress_is_reported_and_the_last_one_kept_when_the_daemon_dies(make_peer):
    def refine(params, peer):
        peer.progress(params["progressToken"], report(32, 7.0))
        peer.hang_up()
        return Peer.NOTHING

    seen = []
    with connected(make_peer(answers(explanation_refine=refine))) as client:
        explanation = client.open("/a.png", "red dog")
        with pytest.raises(fixlipd.DaemonGone):
            explanation.refine(on_progress=seen.append)
        assert explanation.image_masks == 32 and float(explanation.first[0]) == 7.0
    assert [(progress.image_masks, progress.total_image_masks, progress.loo_r2) for progress in seen] == [(32, 64, 0.4)]


def test_an_interrupt_stops_the_refinement_and_keeps_the_result(make_peer):
    running = {}

    def refine(params, peer):
        running["id"] = params["progressToken"]
        peer.progress(params["progressToken"], report(16, 1.0))
        return Peer.NOTHING

    def stop(params, peer):
        peer.send({"id": running["id"], "result": refined(20, 4.0, "stopped")})
        return {"stopped": 1}

    def interrupt(progress):
        os.kill(os.getpid(), signal.SIGINT)

    peer = make_peer(answers(explanation_refine=refine, explanation_stop=stop))
    with connected(peer) as client:
        explanation = client.explain("/a.png", "red dog", on_progress=interrupt)
        assert explanation.stop_reason == "stopped" and explanation.image_masks == 20
        assert float(explanation.first[0]) == 4.0


def test_the_second_interrupt_cancels(make_peer):
    def refine(params, peer):
        peer.progress(params["progressToken"], report(16, 1.0))
        return Peer.NOTHING

    def stop(params, peer):
        os.kill(os.getpid(), signal.SIGINT)
        return {"stopped": 1}

    peer = make_peer(answers(explanation_refine=refine, explanation_stop=stop))
    with connected(peer) as client:
        explanation = client.open("/a.png", "red dog")
        with pytest.raises(KeyboardInterrupt):
            explanation.refine(on_progress=lambda progress: os.kill(os.getpid(), signal.SIGINT))
        cancelled = peer.wait_for("$/cancelRequest")["params"]["id"]
        assert cancelled == peer.wait_for("explanation/refine")["id"]
        assert float(explanation.first[0]) == 1.0


def test_an_interrupt_before_the_refinement_has_begun_cancels(make_peer):
    def refine(params, peer):
        os.kill(os.getpid(), signal.SIGINT)
        return Peer.NOTHING

    peer = make_peer(answers(explanation_refine=refine))
    with connected(peer) as client:
        with pytest.raises(KeyboardInterrupt):
            client.explain("/a.png", "red dog")
        peer.wait_for("$/cancelRequest")
        peer.wait_for("explanation/close")


def test_handles_are_closed_by_with_by_garbage_collection_and_by_the_client(make_peer):
    peer = make_peer(answers())
    with connected(peer) as client:
        with client.open("/a.png", "red dog") as explanation:
            pass
        peer.wait_for("explanation/close")
        assert explanation.is_closed
        explanation.close()
        with pytest.raises(fixlipd.ExplanationNotFound, match="closed"):
            explanation.render()
        peer.received.clear()
        del explanation
        forgotten = client.open("/a.png", "red dog")
        del forgotten
        gc.collect()
        peer.wait_for("explanation/close")
        peer.received.clear()
        kept = client.open("/a.png", "red dog")
    peer.wait_for("explanation/close")
    assert kept.is_closed and kept.words == ["red", "dog"]


def test_closing_after_the_daemon_went_away_does_not_raise(make_peer):
    peer = make_peer(answers())
    with connected(peer) as client:
        explanation = client.open("/a.png", "red dog")
        peer.close()
        explanation.close()


def test_saving_by_ending(make_peer, tmp_path):
    script = answers(explanation_export=lambda params, peer: {"mimeType": "", "content": json.dumps(params["format"])})
    with connected(make_peer(script)) as client:
        explanation = client.explain("/a.png", "red dog")
        for ending, content in (
            ("html", "html"),
            ("svg", "svg"),
            ("md", "markdown"),
            ("txt", "ansi"),
            ("json", '"json"'),
        ):
            explanation.save(tmp_path / f"e.{ending}")
            assert content in (tmp_path / f"e.{ending}").read_text()
        with pytest.raises(ValueError, match=r"cannot save as .gif"):
            explanation.save(tmp_path / "e.gif")


def test_files_that_are_no_text_hold_the_bytes(make_peer, tmp_path):
    asked = []

    def render(params, peer):
        asked.append((params["format"], params.get("askModel"), params.get("compact")))
        return {"mimeType": "", "encoding": "base64", "content": base64.b64encode(b"\x89PNG\0").decode()}

    with connected(make_peer(answers(explanation_render=render))) as client:
        explanation = client.explain("/a.png", "red dog")
        for ending in ("png", "pdf"):
            explanation.save(tmp_path / f"e.{ending}")
            assert (tmp_path / f"e.{ending}").read_bytes() == b"\x89PNG\0"
        assert explanation.render("png", compact=False) == b"\x89PNG\0"
    assert asked == [("png", True, None), ("pdf", True, None), ("png", None, False)]


def test_text_files_have_no_colours_unless_they_are_asked_for(make_peer, tmp_path):
    asked = []

    def render(params, peer):
        asked.append((params["format"], params.get("colors")))
        return {"mimeType": "", "content": ""}

    with connected(make_peer(answers(explanation_render=render))) as client:
        explanation = client.explain("/a.png", "red dog")
        explanation.save(tmp_path / "e.txt")
        explanation.save(tmp_path / "e.txt", colors="ansi256")
        explanation.save(tmp_path / "e.svg")
    assert asked == [("ansi", "none"), ("ansi", "ansi256"), ("svg", None)]


def test_a_refinement_that_fails_leaves_no_reason_and_no_time(make_peer):
    replies = [refined(64, 2.0), Exception(1006, "too many masks", {"kind": "budgetInvalid"})]

    def refine(params, peer):
        reply = replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return reply

    with connected(make_peer(answers(explanation_refine=refine))) as client:
        explanation = client.explain("/a.png", "red dog")
        assert explanation.summary() == "64 image masks, 4 text masks, R² 0.500, 0.2 s, budget"
        with pytest.raises(fixlipd.FixlipdError, match="too many masks"):
            explanation.refine(image_masks=10**9)
        assert (explanation.stop_reason, explanation.elapsed) == (None, 0.0)
        assert explanation.summary() == "64 image masks, 4 text masks, R² 0.500"


def test_shapiq_is_asked_for_clearly(make_peer, monkeypatch):
    monkeypatch.setitem(sys.modules, "shapiq", None)
    with connected(make_peer(answers())) as client, pytest.raises(ImportError, match="pip install shapiq"):
        client.explain("/a.png", "red dog").to_shapiq()


def test_arrays_by_name(make_peer):
    pytest.importorskip("numpy")
    with connected(make_peer(answers())) as client:
        arrays = client.explain("/a.png", "red dog").to_numpy()
    assert {name: array.shape for name, array in arrays.items()} == {
        "first": (4,),
        "first_order_reading": (4,),
        "pairs": (4, 4),
        "cross_modal": (2, 2),
    }


def test_a_notebook_gets_the_page_in_a_frame_of_its_own(make_peer):
    with connected(make_peer(answers())) as client:
        explanation = client.explain("/a.png", "red dog")
        shown = explanation._repr_mimebundle_()
        assert shown["text/plain"] == repr(explanation)
        page = shown["text/html"]
        assert page.startswith('<iframe sandbox="allow-scripts" srcdoc="&lt;html&gt;')
        assert "allow-same-origin" not in page
        assert page.index("fixlipdHeight") < page.index("&lt;/body&gt;")
        explanation.close()
        assert list(explanation._repr_mimebundle_()) == ["text/plain"]


def test_what_cannot_be_drawn_is_still_described(make_peer):
    def render(params, peer):
        raise Exception(1009, "no masks", None)

    with connected(make_peer(answers(explanation_render=render))) as client:
        shown = client.explain("/a.png", "red dog")._repr_mimebundle_()
    assert list(shown) == ["text/plain"] and "cannot be drawn: no masks" in shown["text/plain"]


def test_the_live_display_follows_the_estimate_and_leaves_a_line(monkeypatch):
    module = pytest.importorskip("IPython.display")
    outputs = []

    class Handle:
        def update(self, shown):
            outputs.append(shown.data)

    def display(shown, display_id=None):
        outputs.append(shown.data)
        return Handle()

    monkeypatch.setattr(module, "display", display)
    shown = live.NotebookDisplay(lambda: "<svg/>")
    from fixlipd.values import Players, Progress
    from scripted import OPENED

    players = Players.from_wire(OPENED["players"])
    shown.report(Progress.from_wire(report(16), players))
    assert "16 of 64 image masks" in outputs[-1] and "<img" not in outputs[-1]
    shown.report(Progress.from_wire(report(32, 1.0), players))
    assert "<progress" in outputs[-1] and "data:image/svg+xml;base64,PHN2Zy8+" in outputs[-1]
    shown.finish("64 image masks, done <&>")
    assert "done &lt;&amp;&gt;" in outputs[-1] and "<img" not in outputs[-1] and "<progress" not in outputs[-1]


def test_a_terminal_gets_a_bar_of_image_masks(monkeypatch):
    from fixlipd.values import Players, Progress
    from scripted import OPENED

    bars = []

    class Bar:
        def __init__(self, **settings):
            self.settings, self.n, self.shown, self.is_closed = settings, 0, [], False
            self.postfix = ""
            bars.append(self)

        def set_postfix_str(self, text, refresh):
            self.postfix = text

        def refresh(self):
            self.shown.append((self.n, self.postfix))

        def close(self):
            self.is_closed = True

    monkeypatch.setitem(sys.modules, "tqdm", type(sys)("tqdm"))
    sys.modules["tqdm"].tqdm = Bar
    shown = live.live_reporter(True, str)
    assert type(shown) is live.TerminalBar
    shown.finish("nothing was reported")
    assert bars == []
    players = Players.from_wire(OPENED["players"])
    for wire in (report(16), report(32, 1.0)):
        shown.report(Progress.from_wire(wire, players))
    shown.finish("64 image masks")
    (bar,) = bars
    assert bar.settings["total"] == 64 and bar.settings["file"] is sys.stderr
    assert bar.shown == [(16, ""), (32, "R² 0.400")] and bar.is_closed


def test_nothing_is_shown_where_nobody_looks(monkeypatch):
    assert type(live.live_reporter(None, str)) is live.Silent
    monkeypatch.setattr(notebook, "in_notebook", lambda: True)
    assert type(live.live_reporter(False, str)) is live.Silent
    assert type(live.live_reporter(None, str)) is live.NotebookDisplay


def test_one_word_shows_itself_and_words_complete(make_peer, monkeypatch):
    asked = []

    def render(params, peer):
        asked.append({key: params.get(key) for key in ("view", "player", "compact", "format")})
        return {"mimeType": "", "content": "<html><body>drawn</body></html>"}

    def condition(params, peer):
        return {"player": params["player"], "first": 1.0, "image": [1.0, 2.0], "text": [0.5, 0.0]}

    monkeypatch.setattr(notebook, "shell", lambda: None)
    script = answers(explanation_render=render, explanation_condition=condition)
    with connected(make_peer(script)) as client:
        explanation = client.explain("/a.png", "red dog")
        assert explanation._ipython_key_completions_() == ["red", "dog"]
        shown = explanation["dog"]._repr_mimebundle_()
        assert "drawn" in shown["text/html"] and shown["text/plain"].startswith("<Condition on 3")
        assert explanation.condition("red dog")._repr_mimebundle_().keys() == {"text/plain"}
    assert asked == [{"view": "token", "player": 3, "compact": True, "format": "html"}]


def test_progress_is_a_line_where_tqdm_is_not_installed():
    from fixlipd.values import Players, Progress
    from scripted import OPENED

    stream = io.StringIO()
    line = live.TerminalLine(stream)
    line.finish("nothing was shown")
    assert stream.getvalue() == ""
    players = Players.from_wire(OPENED["players"])
    line.report(Progress.from_wire(report(16), players))
    line.report(Progress.from_wire(report(64, 1.0), players))
    line.finish("64 image masks")
    shown = stream.getvalue().split("\r")
    assert shown[1].startswith("explain: 16 of 64 image masks") and "R² 0.400" in shown[2]
    assert shown[3].rstrip() == "explain: 64 image masks" and shown[3].endswith("\n")
