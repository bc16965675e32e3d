"""The values of an Explainer are those of `fixlipd batch`, in whatever batches and processes its rows come."""

import array
import json
import math
import subprocess
from concurrent.futures import ProcessPoolExecutor

import conftest
import fixlipd
import pytest

COLUMNS = ["tokens", "first", "cross_modal", "logit", "loo_r2", "image_masks"]


@pytest.fixture
def rows(scenes):
    captions = ["a red rose", "a dog and a cat", "two flags and a rose and an oncoming taxi by the sea"]
    return [(str(scenes / f"scene-{n % 3:02}.png"), captions[n % len(captions)]) for n in range(6)] + [
        ("/nowhere.png", "a dog")
    ]


def explained_by_batch(daemon, rows, folder):
    pairs = folder / "pairs.jsonl"
    pairs.write_text(
        "".join(json.dumps({"id": n, "image": image, "text": text}) + "\n" for n, (image, text) in enumerate(rows))
    )
    output = folder / "out.jsonl"
    done = subprocess.run(
        [
            conftest.program(),
            "batch",
            str(pairs),
            "-o",
            str(output),
            "--model",
            "demo",
            "--budget",
            "48",
            "--pairs",
            "crossModal",
            "--socket",
            daemon.socket,
            "--no-spawn",
        ],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1, done.stderr  # One image is not there.
    return {line["id"]: line for line in map(json.loads, output.read_text().splitlines())}


def in_another_process(socket, batch):
    """What a worker of an engine does: unpickles the explainer's class and parameters, and is called with batches."""
    return fixlipd.Explainer("demo", socket=socket, spawn=False, image_masks=48, columns=COLUMNS)(batch)


def test_an_explainer_in_two_processes_gives_the_values_of_a_batch(daemon, rows, tmp_path):
    expected = explained_by_batch(daemon, rows, tmp_path)
    batches = [
        {"image": [rows[n][0] for n in part], "text": [rows[n][1] for n in part]}
        for part in ([0, 5, 6], [4, 1], [3, 2])
    ]
    order = [0, 5, 6, 4, 1, 3, 2]
    with ProcessPoolExecutor(2) as pool:
        results = list(pool.map(in_another_process, [daemon.socket] * len(batches), batches))
    seen = {}
    for name in [*COLUMNS, "error"]:
        for n, value in zip(order, [value for result in results for value in result[name]]):
            seen.setdefault(n, {})[name] = value
    for n, row in seen.items():
        line = expected[n]
        if "error" in line:
            assert row["error"] == line["error"]["message"] and math.isnan(row["logit"])
            continue
        assert row["error"] == "" and row["image_masks"] == line["imageMasks"] == 48
        assert row["logit"] == line["fullValue"] and row["loo_r2"] == line["looR2"]
        assert row["tokens"] == [player["token"] for player in line["players"]["text"]]
        assert as_float32(row["first"]) == as_float32(line["values"]["first"])
        flat = [value for word in row["cross_modal"] for value in word]
        assert as_float32(flat) == as_float32(line["values"]["pairs"]["data"])


def as_float32(values):
    return list(array.array("f", [float(value) for value in values]))
