"""Measures one pair: the daemon's estimates and the others' at every budget, on the same masks."""

import base64
import shutil
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import estimators  # noqa: E402
import games  # noqa: E402
import metrics  # noqa: E402
from daemon import Daemon  # noqa: E402
from scenes import QUADRANTS  # noqa: E402

OURS = {
    "ridge": ("ridge", 2),
    "leastSquares": ("leastSquares", 2),
    "ridge, order 1": ("ridge", 1),
    "leastSquares, order 1": ("leastSquares", 1),
}
INDEXES = {
    "Banzhaf p 0.3": {"p": 0.3},
    "Banzhaf p 0.5": {"p": 0.5},
    "Banzhaf p 0.7": {"p": 0.7},
    "Shapley": {"index": "shapley"},
}
AT = {
    "p 0.3": {"sampling": "bernoulli", "p": 0.3},
    "p 0.5": {"sampling": "bernoulli", "p": 0.5},
    "p 0.7": {"sampling": "bernoulli", "p": 0.7},
    "Shapley": {"sampling": "shapley"},
}


def measure(pair, options):
    """The pair's results as one object of JSON."""
    state = tempfile.mkdtemp(prefix="fixlip-faithfulness-")
    try:
        # The first daemon estimates and is asked for probes; when it ends, its games are in the state folder. The second finds
        # them there and encodes what the curves need in addition.
        daemon_options = ["--state", state, "--precision", options.precision]
        result = {"id": pair["id"], "text": pair["text"]}
        started = time.perf_counter()
        with Daemon(*daemon_options) as daemon:
            opened, estimates, predictions, truth, image_truth, reference = estimate(
                daemon.connect(), pair, options, result
            )
        image_players, text_players = opened["players"]["image"]["count"], len(opened["players"]["text"])
        coalitions, values = truth
        game = games.match_game(state, text_players, coalitions[:20], values[:20], opened["emptyValue"])
        for budget in options.budgets:
            for name, peer in peers(options, budget).items():
                estimates[name, budget] = (peer(game, budget), 2)
        check(game, estimates, options)
        grid = opened["players"]["image"]
        targets = targets_of(pair, opened)
        with Daemon(*daemon_options) as daemon:
            areas = curves(daemon.connect(), pair, opened, estimates, options)
        above = values - opened["emptyValue"]
        image_coalitions, image_above = image_truth[0], image_truth[1] - opened["emptyValue"]
        result["estimators"] = [
            {
                "name": name,
                "budget": budget,
                "r2": metrics.r_squared(above, estimate.predict(coalitions)),
                "r2_image": metrics.r_squared(image_above, estimate.predict(image_coalitions)),
                "map": float(np.corrcoef(metrics.image_map(estimate, image_players), reference)[0, 1]),
                "aid": areas.get((name, budget)),
                "pgr": metrics.pointing_game(estimate, grid["rows"], grid["columns"], targets, order)
                if targets
                else None,
            }
            for (name, budget), (estimate, order) in estimates.items()
        ]
        for name, budget, predicted in predictions:
            mine = estimates[name, budget][0].predict(coalitions)
            assert np.allclose(mine, predicted - opened["emptyValue"], atol=1e-3), (name, budget)
        result.update(players=[image_players, text_players], seconds=round(time.perf_counter() - started, 1))
        return result
    finally:
        shutil.rmtree(state, ignore_errors=True)


def peers(options, budget):
    chosen = {"reference, cross product": estimators.cross_product, "reference, joint": estimators.joint_regression}
    if options.shapiq:
        chosen |= {f"shapiq {name}": estimators.shapiq(name) for name in ("RegressionFBII", "ProxySHAP")}
    return chosen


def open_pair(connection, pair, **settings):
    return connection.result("explanation/open", image=pair["image"], text=pair["text"], **settings)


def estimate(connection, pair, options, result):
    """(opened, {(name, budget): (estimate, order)}, some of the daemon's own predictions, (held-out coalitions, their values), the
    same of image players with the whole text, the map of another seed)
    """
    opened = open_pair(connection, pair)
    handle = opened["explanation"]
    image_players, text_players = opened["players"]["image"]["count"], len(opened["players"]["text"])
    if text_players > 11:
        raise SystemExit(
            f"{pair['id']}: {text_players} text players; all their masks are needed, so at most 11 can be had"
        )
    players = image_players + text_players
    coalitions = np.random.default_rng(1).random((options.held_out, players)) < 0.5
    estimates, predictions = {}, []
    for budget in options.budgets:
        connection.result(
            "explanation/refine",
            explanation=handle,
            budget={"imageMasks": budget, "textMasks": 2**text_players},
            values={"pairs": "none"},
        )
        for name, (estimator, order) in OURS.items():
            values = connection.result(
                "explanation/values",
                explanation=handle,
                estimator=estimator,
                order=order,
                encoding="base64",
                **({"pairs": "all"} if order == 2 else {}),
            )["values"]
            pairs = decode(values["pairs"]["data"]) if order == 2 else np.zeros(players * (players - 1) // 2)
            estimates[name, budget] = (
                metrics.Estimate.from_features(np.r_[values["baseline"], decode(values["first"]), pairs], players),
                order,
            )
    lists = [np.flatnonzero(mask).tolist() for mask in coalitions]
    for name, (estimator, order) in OURS.items():
        told = connection.result(
            "explanation/coalitions", explanation=handle, coalitions=lists, estimator=estimator, order=order
        )
        predictions.append((name, options.budgets[-1], np.array(told["predicted"])))
    truth = (coalitions, np.array(told["values"]))
    images = coalitions.copy()
    images[:, image_players:] = True
    lists = [np.flatnonzero(mask).tolist() for mask in images]
    told = connection.result("explanation/coalitions", explanation=handle, coalitions=lists)
    image_truth = (images, np.array(told["values"]))
    reference = reference_map(connection, pair, options, text_players)
    result["indexes"] = indexes(connection, pair, options, targets_of(pair, opened))
    return opened, estimates, predictions, truth, image_truth, reference


def reference_map(connection, pair, options, text_players):
    """The map of `ridge` on many masks of another seed."""
    opened = open_pair(connection, pair, seed={"image": 7, "text": 0})
    handle = opened["explanation"]
    connection.result(
        "explanation/refine",
        explanation=handle,
        budget={"imageMasks": options.map_budget, "textMasks": 2**text_players},
        values={"pairs": "none"},
    )
    values = connection.result("explanation/values", explanation=handle, encoding="base64", pairs="all")["values"]
    connection.result("explanation/close", explanation=handle)
    image_players = opened["players"]["image"]["count"]
    coefficients = np.r_[values["baseline"], decode(values["first"]), decode(values["pairs"]["data"])]
    return metrics.image_map(metrics.Estimate.from_features(coefficients, image_players + text_players), image_players)


def decode(text):
    return np.frombuffer(base64.b64decode(text), "<f4").astype(float)


def indexes(connection, pair, options, targets):
    """Every index and order, measured by the daemon on every distribution of coalitions."""
    rows = []
    for name, settings in INDEXES.items():
        for order in (1, 2):
            opened = open_pair(connection, pair, order=order, seed=1, **settings)
            handle = opened["explanation"]
            connection.result(
                "explanation/refine",
                explanation=handle,
                budget={"imageMasks": options.index_budget},
                values={"pairs": "none"},
            )
            row = {"index": name, "order": order, "r2": {}, "spearman": {}}
            for place, parameters in AT.items():
                scores = connection.result(
                    "explanation/evaluate",
                    explanation=handle,
                    metric="faithfulness",
                    samples=options.held_out,
                    **parameters,
                )["faithfulness"]
                row["r2"][place], row["spearman"][place] = scores["rSquared"], scores["spearman"]
            row["aid"] = connection.result("explanation/evaluate", explanation=handle, metric="insertionDeletion")[
                "insertionDeletion"
            ]["areaBetween"]
            if targets:
                values = connection.result(
                    "explanation/values", explanation=handle, pairs="all" if order == 2 else "none"
                )["values"]
                grid = opened["players"]["image"]
                players = len(values["first"])
                pairs = values["pairs"]["data"] if order == 2 else np.zeros(players * (players - 1) // 2)
                row["pgr"] = metrics.pointing_game(
                    metrics.Estimate.from_features(np.r_[0.0, values["first"], pairs], players),
                    grid["rows"],
                    grid["columns"],
                    targets,
                    order,
                )
            rows.append(row)
            connection.result("explanation/close", explanation=handle)
    return rows


def targets_of(pair, opened):
    """Text players of each target's word, and the halves its quadrant is in."""
    found = []
    for target in pair.get("targets", []):
        start = pair["text"].lower().index(target["word"].lower())
        end = start + len(target["word"])
        players = [
            k for k, player in enumerate(opened["players"]["text"]) if player["start"] < end and player["end"] > start
        ]
        found.append((players, QUADRANTS[target["quadrant"]]))
    return found


def check(game, estimates, options):
    """The reference's design matrix written out, where it fits, gives what the moments give."""
    budget = options.budgets[0]
    if budget * len(game.text_masks) <= 8192:
        explicit = estimators.explicit_cross_product(game, budget)
        held_out = np.random.default_rng(2).random((200, game.players)) < 0.5
        mine = estimates["reference, cross product", budget][0].predict(held_out)
        assert np.allclose(explicit.predict(held_out), mine, rtol=1e-3, atol=1e-3 * np.abs(mine).max())


def curves(connection, pair, opened, estimates, options):
    """{(name, budget): AID}; every estimate's subsets are asked for at once."""
    handle = open_pair(connection, pair)["explanation"]
    chosen = [key for key in estimates if key[1] in options.curve_budgets]
    subsets = {key: metrics.ordered_subsets(*estimates[key]) for key in chosen}
    areas = {}
    for key, (best, worst) in subsets.items():
        lists = [np.flatnonzero(mask).tolist() for mask in np.concatenate([best, worst])]
        values = np.array(connection.result("explanation/coalitions", explanation=handle, coalitions=lists)["values"])
        areas[key] = metrics.area_between(
            values[: len(best)], values[len(best) :], opened["emptyValue"], opened["fullValue"]
        )
    return areas
