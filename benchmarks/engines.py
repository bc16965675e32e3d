#!/usr/bin/env python3
"""Explains pairs through one engine with `fixlipd.Explainer` and compares with the results of `fixlipd batch`.

    engines.py ray|ray-one|ray-killed|datasets|dask PAIRS RESULTS SOCKET MODEL BUDGET

No daemon need run on the socket: the workers start it. Prints one JSON line: rows, seconds, whether all values are equal, how many
worker processes took part, and the daemons (their processes) that answered them. ray-one has one worker rather than two; with
ray-killed one worker ends itself in the middle, as if it had been killed.
"""

import array
import importlib
import json
import os
import signal
import sys
import tempfile
import time

import fixlipd

COLUMNS = ["first", "cross_modal", "logit", "loo_r2", "image_masks"]


def daemon_of(explainer):
    """The process of the daemon that answers on an explainer's socket."""
    with fixlipd.Client(explainer.socket, spawn=False) as client:
        return client.request("server/status")["pid"]


class Worker(fixlipd.Explainer):
    """An explainer that also tells which process it runs in and which daemon answers it, and that ends itself at its third batch if
    `mark` is a file to be made."""

    def __init__(self, *arguments, mark=None, **settings):
        super().__init__(*arguments, **settings)
        self.mark = mark
        self.batches = 0

    def __call__(self, batch):
        self.batches += 1
        if self.mark and self.batches == 3:
            try:
                os.close(os.open(self.mark, os.O_CREAT | os.O_EXCL))
                os.kill(os.getpid(), signal.SIGKILL)
            except FileExistsError:
                pass
        result = super().__call__(batch)
        result["process"] = [os.getpid()] * len(result["error"])
        result["daemon"] = [daemon_of(self)] * len(result["error"])
        return result


def through_ray(rows, settings, actors=2):
    import ray

    # Some for the actors, and two for reading, which waits for ever where the actors hold all.
    ray.init(num_cpus=4, include_dashboard=False, log_to_driver=False)
    start = time.perf_counter()
    dataset = ray.data.from_items(rows, override_num_blocks=10).map_batches(
        Worker, fn_constructor_kwargs=settings, concurrency=actors, batch_size=10, num_cpus=1
    )
    results = dataset.take_all()
    seconds = time.perf_counter() - start
    ray.shutdown()
    return results, seconds


def through_ray_one(rows, settings):
    return through_ray(rows, settings, actors=1)


def through_ray_killed(rows, settings):
    with tempfile.TemporaryDirectory() as folder:
        found = through_ray(rows, {**settings, "mark": folder + "/killed"})
        if not os.listdir(folder):
            raise SystemExit("no worker was killed")
        return found


def through_datasets(rows, settings):
    import datasets

    start = time.perf_counter()
    explained = datasets.Dataset.from_list(rows).map(Worker(**settings), batched=True, batch_size=10, num_proc=2)
    return list(explained), time.perf_counter() - start


def through_dask(rows, settings):
    import dask.dataframe
    import pandas

    explainer = fixlipd.Explainer(**settings)
    frame = dask.dataframe.from_pandas(pandas.DataFrame(rows), npartitions=10)
    start = time.perf_counter()
    explained = frame.map_partitions(
        with_process, explainer, meta=explainer.meta(frame._meta).assign(process=0, daemon=0)
    )
    results = explained.compute(scheduler="processes", num_workers=2).to_dict("records")
    return results, time.perf_counter() - start


def with_process(frame, explainer):
    return explainer.dataframe(frame).assign(process=os.getpid(), daemon=daemon_of(explainer))


def floats(values):
    return array.array("f", [float(value) for value in values])


def equal(row, line):
    flat = [value for word in row["cross_modal"] for value in word]
    return (
        row["error"] == ""
        and row["image_masks"] == line["imageMasks"]
        and row["logit"] == line["fullValue"]
        and row["loo_r2"] == line["looR2"]
        and floats(row["first"]) == floats(line["values"]["first"])
        and floats(flat) == floats(line["values"]["pairs"]["data"])
    )


def main():
    engine, pairs, results, socket, model, budget = sys.argv[1:]
    rows = [json.loads(line) for line in open(pairs)]
    expected = {line["id"]: line for line in map(json.loads, open(results))}
    settings = {"model": model, "image_masks": int(budget), "columns": COLUMNS, "socket": socket, "spawn": True}
    through = {
        "ray": through_ray,
        "ray-one": through_ray_one,
        "ray-killed": through_ray_killed,
        "datasets": through_datasets,
        "dask": through_dask,
    }
    found, seconds = through[engine](rows, settings)
    print(
        json.dumps(
            {
                "rows": len(found),
                "seconds": seconds,
                "version": importlib.import_module(engine.partition("-")[0]).__version__,
                "equal": len(found) == len(rows) and all(equal(row, expected[row["id"]]) for row in found),
                "processes": len({row["process"] for row in found}),
                "daemons": sorted({int(row["daemon"]) for row in found}),
            }
        )
    )


if __name__ == "__main__":
    main()
