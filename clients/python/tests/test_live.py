"""Everything against a real daemon and the demo model."""

import asyncio
import base64
import json
import os
import pathlib
import pickle
import signal
import subprocess
import sys
import threading
import time
import types
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import conftest
import fixlipd
import pytest
from fixlipd import notebook


def test_embeddings_and_similarity_agree(client, scenes):
    numpy = pytest.importorskip("numpy")
    images = [scenes / f"scene-{n:02}.png" for n in range(3)]
    texts = ["a butterfly", "there is a whale on an orange background"]
    image, text = client.embed_images(images), client.embed_texts(texts)
    assert image.dtype == numpy.float32 and image.shape == (3, text.shape[1]) and text.shape[0] == 2
    assert numpy.allclose(numpy.linalg.norm(image, axis=1), 1, atol=1e-5)
    similarity = client.similarity(images, texts)
    assert numpy.allclose(similarity.cosine, image @ text.T, atol=1e-5)
    assert numpy.allclose(similarity.probabilities.sum(axis=1), 1, atol=1e-5)
    assert similarity.logits[0, 1] > similarity.logits[0, 0]
    pairs = client.similarity(images[:2], texts, pairing="zip")
    assert pairs.cosine.shape == (1, 2) and numpy.isnan(pairs.probabilities).all()
    assert numpy.allclose(pairs.cosine[0], [similarity.cosine[0, 0], similarity.cosine[1, 1]], atol=1e-5)


def test_all_forms_of_an_image_give_the_same_embedding(client, scene):
    numpy = pytest.importorskip("numpy")
    path = scene[0]
    file = pathlib.Path(path).read_bytes()
    forms = [path, file, {"data": base64.b64encode(file).decode()}, "file://" + path, {"bytes": file, "path": None}]
    try:
        from PIL import Image
    except ImportError:
        pass
    else:
        with Image.open(path) as image:
            forms += [image.copy(), numpy.asarray(image.convert("RGB"))]
    rows = client.embed_images(forms)
    assert numpy.array_equal(rows, numpy.repeat(rows[:1], len(forms), axis=0))


def test_an_orientation_counts_in_every_form(client, scene, tmp_path):
    numpy = pytest.importorskip("numpy")
    image = pytest.importorskip("PIL.Image")
    tags = image.Exif()
    tags[0x0112] = 6
    path = tmp_path / "turned.jpg"
    with image.open(scene[0]) as upright:
        upright.convert("RGB").save(path, quality=100, subsampling=0, exif=tags)
    with image.open(path) as opened:
        rows = client.embed_images([path, path.read_bytes(), opened, upright])
    assert numpy.allclose(rows[1], rows[0], atol=1e-6)
    # Two decoders of JPEG differ by rounding.
    assert numpy.dot(rows[2], rows[0]) > 0.999 and numpy.dot(rows[3], rows[0]) < 0.999


def test_a_relative_path_is_the_callers(client, scene, monkeypatch):
    monkeypatch.chdir(os.path.dirname(scene[0]))
    assert len(client.embed_images([os.path.basename(scene[0])])) == 1


def test_more_items_than_fit_one_request(client, monkeypatch):
    numpy = pytest.importorskip("numpy")
    from fixlipd import requests

    texts = [f"a dog and {n} cats" for n in range(7)]
    whole = client.embed_texts(texts)
    monkeypatch.setattr(requests, "CHUNK_ITEMS", 3)
    assert numpy.allclose(client.embed_texts(texts), whole, atol=1e-6)
    images = [numpy.full((8, 8, 3), n, dtype=numpy.uint8) for n in range(5)] + ["/nowhere.png"]
    embeddings, errors = client.embed_images(images, on_error="return")
    assert [error.index for error in errors] == [5] and numpy.isnan(embeddings[5]).all()
    with pytest.raises(fixlipd.ImageUnreadable) as caught:
        client.embed_images(images)
    assert caught.value.index == 5
    result = client.similarity(images, ["a dog"], on_error="return")
    assert [(side, error.index) for side, error in result.errors] == [("images", 5)]
    assert result.cosine.shape == (6, 1) and numpy.isnan(result.cosine[5, 0])


def test_no_items_give_no_rows(client):
    assert len(client.embed_texts([])) == 0


def test_tokens_models_and_status(client):
    tokens = client.tokenize(["a red dog"])[0]
    assert [player.token.strip() for player in tokens.players] and not tokens.truncated
    model = client.load("demo")
    assert model.architecture == "clip" and model.dimension == 192 and model.patches == (7, 7)
    assert "demo" in [loaded.id for loaded in client.models().loaded]
    assert "demo" in [available.id for available in client.models().available]
    assert client.status()["pid"] == client.ping()


def test_an_explanation(client, scene):
    numpy = pytest.importorskip("numpy")
    seen = []
    explanation = client.explain(*scene, image_masks=300, seed=3, on_progress=seen.append)
    players = len(explanation.players)
    assert explanation.image_masks == 300 and explanation.stop_reason == "budget"
    assert explanation.players.image.count == 49 and players == 49 + len(explanation.words)
    assert explanation.first.shape == (players,) and explanation.pairs.shape == (players, players)
    assert numpy.array_equal(explanation.pairs, explanation.pairs.T)
    assert numpy.array_equal(explanation.cross_modal, explanation.pairs[49:, :49])
    assert numpy.allclose(
        explanation.first_order_reading, explanation.first + 0.5 * explanation.pairs.sum(axis=1), atol=1e-3
    )
    assert explanation.standard_errors.pairs.shape == explanation.pairs.shape
    assert 0.3 < explanation.loo_r2 <= 1 and explanation.full_value > explanation.empty_value
    assert seen and seen[-1].image_masks <= 300
    assert "whale" in [word.strip() for word in explanation.words]
    whale = explanation.condition("whale")
    row = explanation.find_players("whale")
    assert numpy.allclose(whale.image, explanation.pairs[row, :49].sum(axis=0), atol=1e-4) and whale.heatmap.shape == (
        7,
        7,
    )


def test_the_same_seed_gives_the_same_values_and_refining_goes_on(client, scene):
    numpy = pytest.importorskip("numpy")
    whole = client.explain(*scene, image_masks=200, seed=5)
    steps = client.explain(*scene, image_masks=100, seed=5)
    assert steps.refine(image_masks=200) is steps and steps.image_masks == 200
    assert numpy.array_equal(whole.first, steps.first)


def test_other_games_and_readings(client, scene):
    numpy = pytest.importorskip("numpy")
    grouped = client.explain(scene[0], "a whale", grid=(3, 3), text_players="words", image_masks=512)
    assert grouped.players.image.count == 9 and grouped.stop_reason == "exhausted"
    first_order = grouped.estimate(order=1, estimator="least_squares")
    assert first_order.order == 1 and first_order.pairs is None and first_order.estimator == "leastSquares"
    strongest = grouped.estimate(pairs=3).strongest
    assert len(strongest) == 3 and abs(strongest[0][2]) >= abs(strongest[2][2])
    assert numpy.allclose(grouped.estimate(pairs="cross_modal").cross_modal, grouped.cross_modal, atol=1e-4)
    shapley = client.explain(*scene, grid=(2, 2), text_players="words", index="shapley", image_masks=64)
    assert shapley.values.index == "FSII" and shapley.values.p is None
    regions = client.explain(*scene, regions=[[0] * 7] * 3 + [[1] * 7] * 4, image_masks=8)
    assert regions.players.image.count == 2 and regions.condition(0).heatmap is None


def test_stop_rules(client, scene):
    assert client.explain(*scene, deadline=0.3, image_masks=60000, seed=11).stop_reason == "deadline"
    until = fixlipd.Until(standard_error=50.0)
    assert client.explain(*scene, until=until, image_masks=2000, seed=12).stop_reason == "standardError"


def test_subsets_and_comparisons(client, scene):
    pytest.importorskip("numpy")
    first = client.explain(*scene, image_masks=128)
    second = client.explain(scene[0], "a butterfly on a orange background", image_masks=128)
    subsets = first.subset([1, 5])
    assert [subset.size for subset in subsets.subsets] == [1, 5] and len(subsets.subsets[1].players) == 5
    comparison = first.compare(second)
    assert (
        comparison.grid == (7, 7)
        and comparison.cross_modal_correlation is not None
        and "orange" in comparison.words
        and len(comparison.sides) == 2
    )
    assert comparison.sides[0].image.shape == (7, 7)
    assert comparison.sides[0].cross_modal.shape == (len(comparison.words), 49)
    assert "<iframe" in comparison._repr_mimebundle_()["text/html"]


def test_measures(client, scenes):
    explanation = client.explain(scenes / "scene-00.png", "a whale", image_masks=256)
    faithfulness = explanation.evaluate(samples=200, seed=3).faithfulness
    assert faithfulness.samples == 200 and 0.3 < faithfulness.r_squared <= 1
    curves = explanation.evaluate("insertion_deletion").insertion_deletion
    assert len(curves.most_important_first) == 51 and curves.area_between > 0
    assert 0 <= explanation.evaluate("pointing_game", targets={"whale": "top_left"}).pointing_game <= 1


def test_coalitions_of_the_callers_choosing(client, scene):
    explanation = client.explain(
        *scene, grid=(2, 2), text_players="words", index="shapley", sampling="joint", image_masks=2048
    )
    everybody = range(len(explanation.players.image.boxes) + len(explanation.words))
    asked = explanation.coalitions([[], everybody, [0, 3, "whale"]])
    assert asked.values[0] == pytest.approx(explanation.empty_value, abs=1e-3)
    assert asked.values[1] == pytest.approx(explanation.full_value, abs=1e-3)
    # Shapley interactions match the two ends exactly.
    assert asked.predicted[:2] == pytest.approx(asked.values[:2], abs=1e-3)
    (word,) = explanation.find_players("whale")
    assert explanation.coalitions([[word, 3, 0]]).values == asked.values[2:]
    first_order = explanation.coalitions([[], everybody, [0]], estimator="least_squares", order=1)
    assert first_order.values[:2] == asked.values[:2] and len(first_order.predicted) == 3
    with pytest.raises(ValueError, match="zebra"):
        explanation.coalitions([["zebra"]])


def test_drawings_and_files(client, scene, tmp_path):
    explanation = client.explain(*scene, image_masks=128)
    shown = explanation._repr_mimebundle_()
    assert "whale" in shown["text/html"] and shown["text/plain"] == repr(explanation)
    assert explanation.render("svg", view="token", player="whale").lstrip().startswith("<")
    explanation.save(tmp_path / "e.html")
    explanation.save(tmp_path / "e.svg", width=600)
    explanation.save(tmp_path / "e.json")
    assert "<html" in (tmp_path / "e.html").read_text() and "<svg" in (tmp_path / "e.svg").read_text()
    assert json.loads((tmp_path / "e.json").read_text())
    with pytest.raises(fixlipd.InvalidParameter):
        explanation.render("svg", view="patch", player="whale")


def test_pixels_are_drawn_as_they_are(client, scene):
    numpy = pytest.importorskip("numpy")
    pixels = numpy.random.default_rng(0).integers(0, 255, (64, 48, 3), dtype=numpy.uint8)
    assert "data:image/png;base64," in client.explain(pixels, "a dog", image_masks=16).render("html")


def test_shapiq_reads_the_export(client, scene):
    pytest.importorskip("shapiq")
    numpy = pytest.importorskip("numpy")
    explanation = client.explain(*scene, image_masks=128)
    values = explanation.to_shapiq()
    assert values.n_players == len(explanation.players) and values.max_order == 2
    assert numpy.isclose(values[(0, 50)], explanation.pairs[0, 50], atol=1e-4)


def test_handles_are_given_back(client, scene):
    with client.explain(*scene, image_masks=16) as explanation:
        assert explanation.id in [one["explanation"] for one in client.status()["explanations"]]
    deadline = time.monotonic() + 30
    while explanation.id in [one["explanation"] for one in client.status()["explanations"]]:
        assert time.monotonic() < deadline


@pytest.mark.parametrize(
    "image, text, error, message",
    [
        ("/nowhere/a.png", "a dog", fixlipd.ImageUnreadable, "/nowhere/a.png"),
        (b"this is no image", "a dog", fixlipd.ImageUnreadable, None),
        (None, "", fixlipd.TextInvalid, None),
        (None, "   ", fixlipd.TextInvalid, None),
    ],
)
def test_bad_images_and_captions(client, scene, image, text, error, message):
    with pytest.raises(error) as caught:
        client.explain(image or scene[0], text, image_masks=8)
    said = str(caught.value)
    assert message is None or message in said
    assert len(said) < 300 and "Traceback" not in said and ".swift" not in said


def test_bad_parameters_are_named(client, scene):
    with pytest.raises(fixlipd.InvalidParameter, match="order"):
        client.explain(*scene, order=3)
    with pytest.raises(fixlipd.InvalidParameter, match="index"):
        client.explain(*scene, index="banzaf")
    with pytest.raises(fixlipd.InvalidParameter, match="colour"):
        client.request("embed/text", {"texts": ["a"], "colour": 1})
    with pytest.raises(fixlipd.ModelNotFound):
        client.embed_texts(["a"], model="/nowhere/model")
    with pytest.raises(fixlipd.BudgetInvalid):
        client.explain(*scene, image_masks=0)
    with pytest.raises(fixlipd.MethodNotFound):
        client.request("no/such")


def test_an_interrupt_keeps_the_partial_result(client, scene):
    fired = []

    def interrupt(progress):
        if progress.loo_r2 is not None and not fired:
            fired.append(progress)
            os.kill(os.getpid(), signal.SIGINT)

    explanation = client.explain(*scene, image_masks=60000, seed=77, on_progress=interrupt)
    assert explanation.stop_reason == "stopped" and 0 < explanation.image_masks < 60000
    assert explanation.loo_r2 is not None
    assert not [one for one in client.status()["explanations"] if one["refining"]]


def test_another_thread_stops_a_refinement(client, scene):
    explanation = client.open(*scene, seed=78)
    begun = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        refining = pool.submit(explanation.refine, image_masks=60000, on_progress=lambda progress: begun.set())
        assert begun.wait(60)
        assert explanation.stop() == 1
        assert refining.result(60).stop_reason == "stopped"


def test_a_daemon_killed_in_the_middle_of_a_refinement(own_daemon, scene):
    with fixlipd.Client(own_daemon.socket, model="demo", spawn=False) as client:
        explanation = client.open(*scene)

        def kill(progress):
            if progress.values is not None:
                own_daemon.kill()

        with pytest.raises(fixlipd.DaemonGone, match="ended the connection"):
            explanation.refine(image_masks=60000, on_progress=kill)
        assert explanation.image_masks > 0 and len(explanation.first) == len(explanation.players)
        with pytest.raises(fixlipd.DaemonUnavailable, match="no daemon runs"):
            client.ping()
        assert "cannot be drawn" in explanation._repr_mimebundle_()["text/plain"]
        again = conftest.RunningDaemon(own_daemon.socket)
        try:
            assert client.ping() == again.process.pid
            # The new daemon knows nothing of it; it is opened again with what it was opened with.
            assert explanation.refine(image_masks=16).image_masks == 16
            assert explanation.render("svg").lstrip().startswith("<")
        finally:
            again.close()


def test_explanations_outlive_the_daemon(own_daemon, scene):
    numpy = pytest.importorskip("numpy")
    coarse = {"grid": (2, 2), "text_players": "words"}
    with fixlipd.Client(own_daemon.socket, model="demo", spawn=False) as client:
        explanation, other = (client.explain(scene[0], text, seed=4, **coarse) for text in (scene[1], "a red dog"))
        heatmap, first = explanation.condition("whale").heatmap, explanation.first
        own_daemon.kill()
        again = conftest.RunningDaemon(own_daemon.socket)
        try:
            # What the client holds needs no daemon; the rest is asked of the same explanation, opened again.
            assert explanation.top_pairs(1)[0].value == pytest.approx(numpy.abs(explanation.pairs).max(), abs=1e-6)
            assert numpy.allclose(explanation.condition("whale").heatmap, heatmap, atol=1e-4)
            assert numpy.allclose(explanation.estimate().first, first, atol=1e-4)
            assert len(explanation.compare(other).words) > 2
            explanation.close()
            with pytest.raises(fixlipd.ExplanationNotFound, match="is closed"):
                explanation.condition("whale")
        finally:
            again.close()


def test_an_asyncio_explanation_outlives_its_handle(daemon, scene):
    async def work():
        async with fixlipd.AsyncClient(daemon.socket, model="demo", spawn=False) as client:
            explanation = await client.explain(*scene, grid=(2, 2), text_players="words")
            before = (await explanation.condition("whale")).heatmap
            await client.request("explanation/close", {"explanation": explanation.id})
            assert ((await explanation.condition("whale")).heatmap == before).all()
            await client.request("explanation/close", {"explanation": explanation.id})
            assert (await explanation.compare(explanation)).image_correlation == pytest.approx(1)
            await client.request("explanation/close", {"explanation": explanation.id})
            assert (await explanation.refine(image_masks=16)).image_masks == 16

    pytest.importorskip("numpy")
    asyncio.run(work())


def test_a_saved_explanation_is_read_without_a_daemon(client, scene, tmp_path):
    numpy = pytest.importorskip("numpy")
    explanation = client.explain(*scene, image_masks=64)
    explanation.save(tmp_path / "why.json")
    saved = fixlipd.load(tmp_path / "why.json")
    assert (saved.model, saved.text, saved.words) == ("demo", scene[1], explanation.words)
    assert numpy.allclose(saved.cross_modal, explanation.cross_modal, atol=1e-4) and "whale" in repr(saved)
    assert saved.top_pairs(3)[0].players == explanation.top_pairs(3)[0].players
    (tmp_path / "other.json").write_text("[1]")
    with pytest.raises(ValueError, match="is no explanation"):
        fixlipd.load(tmp_path / "other.json")


def test_pairs_by_strength_and_frames(client, scene):
    explanation = client.explain(*scene, image_masks=64, grid=(3, 3), text_players="words")
    pairs = explanation.top_pairs(5)
    assert [abs(pair.value) for pair in pairs] == sorted((abs(pair.value) for pair in pairs), reverse=True)
    crossed = explanation.top_pairs(2, between="cross_modal")[0]
    assert crossed.names[0].startswith("row ") and crossed.names[1] in explanation.words
    pytest.importorskip("pandas")
    frame = explanation.to_dataframe()
    assert len(frame) == len(explanation.players) and frame["name"].iloc[-1] == explanation.words[-1]
    everything = explanation.to_dataframe("pairs")
    assert len(everything) == len(frame) * (len(frame) - 1) // 2 and everything["value"].iloc[0] == pairs[0].value


def test_what_matches_best_comes_first(client, scenes, scene):
    images = [scenes / f"scene-{n:02}.png" for n in range(4)]
    ranked = client.rank(images, scene[1])
    assert ranked[0].image == 0 and len(ranked) == 4
    assert [cell.logit for cell in ranked] == sorted((cell.logit for cell in ranked), reverse=True)
    assert len(repr(client.similarity(images, ["a", "b"]))) < 80


def test_a_daemon_is_started_once_by_many(short_path, daemon, scene):
    path = str(short_path / "run" / "fixlipd.sock")
    clients = [fixlipd.Client(path, executable=conftest.program()) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        processes = set(pool.map(lambda client: client.ping(), clients))
    assert len(processes) == 1
    assert os.stat(path).st_mode & 0o777 == 0o600 and os.stat(os.path.dirname(path)).st_mode & 0o777 == 0o700
    clients[0].stop_daemon()
    for client in clients:
        client.close()


def test_a_daemon_outlives_the_program_that_started_it(short_path, daemon):
    path = str(short_path / "fixlipd.sock")
    code = f"import fixlipd; print(fixlipd.Client({path!r}).ping())"
    environment = {
        **os.environ,
        "FIXLIPD": conftest.program(),
        "PYTHONPATH": os.path.dirname(os.path.dirname(fixlipd.__file__)),
    }
    started = int(subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, check=True).stdout)
    with fixlipd.Client(path, spawn=False) as client:
        assert client.ping() == started
        client.stop_daemon()


def test_rows_of_a_data_set_in_worker_processes(daemon, scenes):
    explainer = fixlipd.Explainer("demo", socket=daemon.socket, spawn=False, image_masks=32, seed=1)
    batches = [
        {"image": [str(scenes / f"scene-{n:02}.png"), "/nowhere.png"], "text": ["a whale", "a dog"]} for n in range(3)
    ]
    with ProcessPoolExecutor(2) as pool:
        results = list(pool.map(explainer, batches))
    assert results == [explainer(batch) for batch in batches] or all(
        result["first"][0] == explainer(batch)["first"][0] for result, batch in zip(results, batches)
    )
    for result in results:
        assert result["error"][0] == "" and "nowhere.png" in result["error"][1]
        assert len(result["first"][0]) == 49 + len(result["tokens"][0]) and result["first"][1] == []
    assert pickle.loads(pickle.dumps(explainer)).parameters == explainer.parameters


def test_hugging_face_data_sets(daemon, scenes):
    datasets = pytest.importorskip("datasets")
    rows = {"image": [str(scenes / "scene-00.png"), "/nowhere.png"], "text": ["a whale", "a dog"]}
    explainer = fixlipd.Explainer("demo", socket=daemon.socket, spawn=False, image_masks=32, seed=1)
    done = datasets.Dataset.from_dict(rows).map(explainer, batched=True, batch_size=1, num_proc=2)
    assert len(done["first"][0]) == 49 + len(done["tokens"][0]) and "nowhere.png" in done["error"][1]


def test_dask_partitions(daemon, scenes):
    dataframe = pytest.importorskip("dask.dataframe")
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"image": [str(scenes / f"scene-{n:02}.png") for n in range(4)], "text": ["a dog"] * 4})
    explainer = fixlipd.Explainer(
        "demo", socket=daemon.socket, spawn=False, image_masks=32, columns=["logit", "tokens"]
    )
    lazy = dataframe.from_pandas(frame, npartitions=2)
    done = lazy.map_partitions(explainer.dataframe, meta=explainer.meta(lazy._meta)).compute()
    assert list(done["error"]) == [""] * 4 and done["logit"].notna().all() and len(done["tokens"].iloc[0]) == 2


def test_asyncio(daemon, scene, monkeypatch):
    monkeypatch.setattr(notebook, "shell", lambda: types.SimpleNamespace(kernel=None))

    async def work():
        seen = []

        async def note(progress):
            await asyncio.sleep(0)
            seen.append(progress)

        async with fixlipd.AsyncClient(daemon.socket, model="demo", spawn=False) as client:
            embeddings, texts, explanation = await asyncio.gather(
                client.embed_images([scene[0]] * 2),
                client.embed_texts(["a dog"]),
                client.explain(*scene, image_masks=200, seed=21, on_progress=note),
            )
            assert embeddings.shape == (2, 192) and texts.shape == (1, 192) and seen
            assert (await client.similarity([scene[0]], ["a", "b"])).cosine.shape == (1, 2)
            assert (await explanation.condition("whale")).heatmap.shape == (7, 7)
            assert len((await explanation.coalitions([["whale"], []])).predicted) == 2
            assert "<svg" in await explanation.render("svg")
            assert "<iframe" in explanation._repr_mimebundle_()["text/html"]
            assert (await client.status())["pid"] == await client.ping()
            async with await client.open(*scene, seed=22) as other:
                started = asyncio.Event()
                refining = asyncio.ensure_future(
                    other.refine(image_masks=60000, on_progress=lambda progress: started.set())
                )
                await started.wait()
                refining.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await refining
                while [one for one in (await client.status())["explanations"] if one["refining"]]:
                    pass
                started.clear()
                refining = asyncio.ensure_future(
                    other.refine(image_masks=60000, on_progress=lambda progress: started.set())
                )
                await started.wait()
                assert await other.stop() == 1
                assert (await refining).stop_reason == "stopped"
            with pytest.raises(fixlipd.ImageUnreadable):
                await client.explain("/nowhere.png", "a dog")

    pytest.importorskip("numpy")
    asyncio.run(work())
