"""A daemon that takes its time holds up nobody but the one who asked."""

import asyncio
import threading

import fixlipd
import pytest
from fixlipd import notebook
from scripted import OPENED, answers, values


class Pulse:
    """Tells a daemon's thread whether the event loop turns while the daemon has not answered."""

    def __init__(self):
        self.loop = None
        self.asked = 0
        self.stuck = []

    def answer(self, result):
        """A scripted answer that comes once the loop has turned."""

        def answer(params, peer):
            turned = threading.Event()
            self.loop.call_soon_threadsafe(turned.set)
            self.asked += 1
            if not turned.wait(20):
                self.stuck.append(params)
            return result

        return answer


@pytest.mark.parametrize("in_notebook", [False, True])
def test_the_event_loop_goes_on(make_peer, tmp_path, monkeypatch, in_notebook):
    pulse = Pulse()
    slow = make_peer(
        answers(
            explanation_open={**OPENED, "warm": {"imageMasks": 64, "textMasks": 4}},
            explanation_values=pulse.answer({"values": values(3.0)}),
            explanation_render=pulse.answer({"mimeType": "", "content": "<html><body></body></html>"}),
            explanation_export=pulse.answer({"mimeType": "", "content": "{}"}),
            explanation_compare=pulse.answer({"grid": {"rows": 1, "columns": 2}, "words": [], "sides": []}),
        )
    )
    if in_notebook:
        monkeypatch.setattr(notebook, "shell", lambda: threading)

    async def work():
        pulse.loop = asyncio.get_running_loop()
        async with fixlipd.AsyncClient(slow.path, spawn=False) as client:
            explanation = await client.open("/a.png", "red dog")
            assert list(explanation.first) == [3, 0, 0, 0]
            assert explanation.loo_r2 == explanation.values.loo_r2 == 0.5
            assert len(explanation._repr_mimebundle_()) == (2 if in_notebook else 1)
            await explanation.estimate()
            await explanation.render()
            await explanation.save(tmp_path / "why.html")
            await explanation.save(tmp_path / "why.json")
            comparison = await explanation.compare(explanation)
            assert len(comparison._repr_mimebundle_()) == (2 if in_notebook else 1)
            await comparison.render("svg")
            await comparison.save(tmp_path / "both.svg")
            await explanation.close()

    asyncio.run(work())
    assert pulse.asked == (10 if in_notebook else 8) and pulse.stuck == []
    assert (tmp_path / "why.json").read_text() == "{}"


def test_values_without_masks_are_refused_without_asking(make_peer):
    peer = make_peer(answers())

    async def work():
        async with fixlipd.AsyncClient(peer.path, spawn=False) as client:
            explanation = await client.open("/a.png", "red dog")
            with pytest.raises(fixlipd.BudgetInvalid, match="await refine"):
                _ = explanation.values
            await explanation.refine(image_masks=64)
            assert list(explanation.first) == [2, 0, 0, 0]

    asyncio.run(work())
    assert "explanation/values" not in [message["method"] for message in peer.received]


def test_too_few_warm_masks_for_an_estimate_are_no_error(make_peer):
    def too_few(params, peer):
        raise Exception(1009, "too few masks", {"kind": "budgetInvalid"})

    warm = {**OPENED, "warm": {"imageMasks": 2, "textMasks": 2}}
    peer = make_peer(answers(explanation_open=warm, explanation_values=too_few))

    async def work():
        async with fixlipd.AsyncClient(peer.path, spawn=False) as client:
            explanation = await client.open("/a.png", "red dog")
            with pytest.raises(fixlipd.BudgetInvalid):
                _ = explanation.first_order_reading

    asyncio.run(work())
