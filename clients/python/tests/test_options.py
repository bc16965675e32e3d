"""One set of options serves both clients, and the defaults of signatures are the contract's."""

import dataclasses
import inspect
import json
import pathlib
import pickle

import fixlipd
import pytest
from fixlipd import contract, live
from fixlipd.contract import OpenOptions, RefineOptions
from fixlipd.values import Progress
from scripted import report

SCHEMAS = pathlib.Path(__file__).resolve().parents[3] / "protocol" / "schemas"


def said(type, name):
    schema = json.loads((SCHEMAS / f"{type}.schema.json").read_text())
    return schema["properties"][name]["default"]


@pytest.mark.parametrize("client", [fixlipd.Client, fixlipd.AsyncClient])
def test_signatures_show_the_defaults_of_the_contract(client):
    explain = inspect.signature(client.explain).parameters
    for name in ("index", "p", "order", "masking", "estimator", "seed", "sampling"):
        assert explain[name].default == said("ExplainParams", name)
    for options in (OpenOptions, RefineOptions):
        for field in dataclasses.fields(options):
            assert explain[field.name].default == field.default
    assert inspect.signature(client.similarity).parameters["pairing"].default == said("SimilarityParams", "pairing")
    explanation = fixlipd.Explanation if client is fixlipd.Client else fixlipd.AsyncExplanation
    samples = inspect.signature(explanation.evaluate).parameters["samples"]
    assert samples.default == said("ExplanationEvaluateParams", "samples")
    assert inspect.signature(explanation.render).parameters["top_k"].default == said("RenderOptions", "topK")


def test_both_clients_take_the_same_options():
    sync, asynchronous = (
        set(inspect.signature(client.explain).parameters) for client in (fixlipd.Client, fixlipd.AsyncClient)
    )
    assert sync - asynchronous == {"live"} and asynchronous <= sync


def test_words_are_spelt_as_names():
    assert contract.Estimator.__args__ == ("ridge", "least_squares")
    assert said("Budget", "imageMasks") == contract.BUDGET_IMAGE_MASKS


@pytest.mark.parametrize("kind", [fixlipd.Client, fixlipd.AsyncClient])
def test_a_client_is_pickled_by_its_arguments(kind):
    client = kind("/run/here.sock", model="demo", spawn=False, start_timeout=3.0)
    copy = pickle.loads(pickle.dumps(client))
    assert type(copy) is kind and copy.socket == "/run/here.sock" and copy.model == "demo"
    assert (copy._link.spawn, copy._link.start_timeout) == (False, 3.0)


def test_a_client_without_arguments_finds_the_daemon_where_it_is_unpickled(monkeypatch):
    pickled = pickle.dumps(fixlipd.Client())
    monkeypatch.setenv("FIXLIPD_SOCKET", "/run/elsewhere.sock")
    assert pickle.loads(pickled).socket == "/run/elsewhere.sock"


def test_progress_never_reads_more_than_all():
    progress = Progress.from_wire({**report(1296), "totalImageMasks": 512}, None)
    assert "1296 image masks" in live._line(progress) and " of " not in live._line(progress)
    assert "64 of 512" in live._line(Progress.from_wire({**report(64), "totalImageMasks": 512}, None))

    class Bar:
        def __init__(self, total, **settings):
            self.total, self.n = total, 0

        def refresh(self):
            assert self.n <= self.total

    bar = live.TerminalBar(Bar)
    for masks in (64, 1296):
        bar.report(Progress.from_wire({**report(masks), "totalImageMasks": 512}, None))
    assert bar._bar.n == bar._bar.total == 1296
