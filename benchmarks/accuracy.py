"""What int8 masks cost an explanation, judged against the game in f32, and what fewer masks cost."""

import json
import statistics

from common import SCENES, model, refine, table
from daemon import Daemon


def scenes(count):
    found = json.loads((SCENES / "captions.json").read_text())
    return [(str(SCENES / scene["image"]), scene["caption"]) for scene in found if len(scene["objects"]) > 1][:count]


def r_squared(connection, image, caption, masks, p, **options):
    """R² against held-out coalitions that are evaluated in f32."""
    opened = connection.result("explanation/open", image=image, text=caption, p=p)["explanation"]
    refine(connection, opened, masks)
    found = connection.result(
        "explanation/evaluate", explanation=opened, metric="faithfulness", samples=1000, p=p, seed=9, **options
    )
    connection.result("explanation/close", explanation=opened)
    return found["faithfulness"]["rSquared"]


def integers(options):
    masks, count = (256, 1) if options.quick else (1000, 4)
    found = {}
    for precision in ["f32", "int8"]:
        with Daemon("--precision", precision) as daemon:
            connection = daemon.connect()
            for p in [0.3, 0.5, 0.7]:
                found[precision, p] = [
                    r_squared(connection, image, caption, masks, p) for image, caption in scenes(count)
                ]
    rows, worst = [], 0
    for p in [0.3, 0.5, 0.7]:
        losses = [a - b for a, b in zip(found["f32", p], found["int8", p])]
        worst = max([worst, *losses])
        rows.append(
            [
                p,
                f"{statistics.fmean(found['f32', p]):.4f}",
                f"{statistics.fmean(found['int8', p]):.4f}",
                f"{max(losses):.5f}",
            ]
        )
    lines = [
        "## Accuracy of int8 masks",
        "",
        f"Demo model, {count} pictures, {masks:,} image masks. R² of the explanation on 1,000 held-out coalitions evaluated in "
        "f32.",
        "",
    ] + table(["p", "f32 masks", "int8 masks", "largest loss"], rows)
    return lines, {"int8": {"": worst}}


def rounding(options):
    rows = []
    for name in ["vit-b-32"] + ([] if options.quick else ["vit-b-16", "siglip-b-16"]):
        with Daemon("--precision", "auto") as daemon:
            loaded = daemon.connect().result("models/load", model=model(name))
        rows.append([name, loaded["maskPrecision"], loaded.get("precisionReason", "")])
    return ['What `precision: "auto"` takes for masks of full-size models with random weights:', ""] + table(
        ["model", "masks", "because"], rows
    ), {}


def fewer_masks(options):
    few, many, count = (128, 512, 1) if options.quick else (1000, 5000, 3)
    differences = []
    rows = []
    with Daemon("--precision", "f32") as daemon:
        connection = daemon.connect()
        for image, caption in scenes(count):
            ridge = r_squared(connection, image, caption, few, 0.5)
            least = r_squared(connection, image, caption, many, 0.5, estimator="leastSquares")
            differences.append(ridge - least)
            rows.append([caption, f"{ridge:.4f}", f"{least:.4f}"])
    return ["## Faithfulness of few masks", "", "Demo model, p = 0.5, 1,000 held-out coalitions.", ""] + table(
        ["caption", f"ridge, {few:,} masks", f"least squares, {many:,} masks"], rows
    ), {"faithfulness": {"": statistics.fmean(differences)}}


def run(options):
    lines, goals = [], {}
    for part in (integers, rounding, fewer_masks):
        more, reached = part(options)
        lines += more
        goals |= reached
    return {"lines": lines, "goals": goals}
