"""Tables, findings and the plot from results.jsonl."""

from pathlib import Path

import numpy as np

STYLE = {
    "ridge": ("#0b6e4f", "-", "o"),
    "leastSquares": ("#c8553d", "-", "s"),
    "ridge, order 1": ("#0b6e4f", ":", "o"),
    "leastSquares, order 1": ("#c8553d", ":", "s"),
    "reference, cross product": ("#8a8a8a", "--", "^"),
    "reference, joint": ("#5b7db1", "--", "v"),
    "shapiq RegressionFBII": ("#8d6cab", "--", "D"),
    "shapiq ProxySHAP": ("#d19a2a", "--", "X"),
}
# Coincide with another line; the table has them.
UNPLOTTED = {"leastSquares, order 1", "shapiq RegressionFBII"}


class Results:
    """Values by (estimator, budget, measure), one per pair."""

    def __init__(self, done):
        self.done = done
        self.values = {}
        for result in done:
            for row in result["estimators"]:
                for measure in ("r2", "r2_image", "map", "aid", "pgr"):
                    if row.get(measure) is not None:
                        self.values.setdefault((row["name"], row["budget"], measure), []).append(row[measure])
        self.names = list(dict.fromkeys(row["name"] for result in done for row in result["estimators"]))
        self.names.sort(key=list(STYLE).index)
        self.budgets = sorted({row["budget"] for result in done for row in result["estimators"]})

    def typical(self, name, budget, measure):
        values = self.values.get((name, budget, measure))
        return None if not values else typical(measure, values)


def typical(measure, values):
    """The mean over pairs; for AID, which is relative to each pair's own rise of the score and so very uneven, the median."""
    return float((np.median if measure == "aid" else np.mean)(values))


def spread(measure, values):
    """Below and above the typical value: the mean's 95% interval; for AID the quartiles."""
    if measure == "aid":
        return np.quantile(values, 0.25), np.quantile(values, 0.75)
    half = 1.96 * np.std(values, ddof=1) / np.sqrt(len(values)) if len(values) > 1 else 0
    return np.mean(values) - half, np.mean(values) + half


def difference(values):
    """Mean, half its 95% interval, how many are above 0, and how many there are."""
    from scipy import stats

    values = np.asarray(values, float)
    if not len(values):
        return float("nan"), float("nan"), 0, 0
    half = (
        stats.t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
        if len(values) > 1
        else float("nan")
    )
    return float(values.mean()), float(half), int((values > 0).sum()), len(values)


def cell(value):
    if value is None:
        return "–"
    return f"{value:.3f}" if value > -1 else "below −1"


def tables(done, settings):
    """Markdown."""
    results = Results(done)
    lines = []
    played = sum(any(row.get("pgr") is not None for row in result["estimators"]) for result in done)
    titles = {
        "r2": f"R² on {settings['held_out']:,} held-out coalitions, p = 0.5",
        "r2_image": f"Image-side R²: {settings['held_out']:,} held-out coalitions of patches, the whole caption shown",
        "map": "Correlation of the map with that of `ridge` on many masks of another seed",
        "aid": "AID, area between insertion and deletion (medians)",
        "pgr": f"PGR, pointing game ({played} of the {len(done)} pairs)",
    }
    for measure, title in titles.items():
        if not any(key[2] == measure for key in results.values):
            continue
        lines += [
            f"### {title}",
            "",
            "| image masks | " + " | ".join(f"{budget:,}" for budget in results.budgets) + " |",
            "|---|" + "---|" * len(results.budgets),
        ]
        for name in results.names:
            cells = [cell(results.typical(name, budget, measure)) for budget in results.budgets]
            if any(value != "–" for value in cells):
                lines.append(f"| {name} | " + " | ".join(cells) + " |")
        lines.append("")
    lines += index_tables(done, settings)
    return "\n".join(lines)


def index_tables(done, settings):
    rows = {}
    for result in done:
        for row in result["indexes"]:
            rows.setdefault((row["index"], row["order"]), []).append(row)
    places = list(next(iter(rows.values()))[0]["r2"])
    lines = [
        f"### Orders and indexes, `ridge`, {settings['index_budget']:,} image masks",
        "",
        "| | " + " | ".join(f"R² at {place}" for place in places) + " | AID (median) | PGR |",
        "|---|" + "---|" * (len(places) + 2),
    ]
    for (index, order), each in rows.items():
        cells = [cell(np.mean([row["r2"][place] for row in each])) for place in places]
        scores = [row["pgr"] for row in each if "pgr" in row]
        cells += [cell(typical("aid", [row["aid"] for row in each])), cell(np.mean(scores)) if scores else "–"]
        lines.append(f"| {index}, order {order} | " + " | ".join(cells) + " |")
    return lines + [""]


def findings(done, settings):
    """What the paper and the project say, and whether it holds here: (claim, verdict, figures)."""
    rows = {}
    for result in done:
        for row in result["indexes"]:
            rows.setdefault((row["index"], row["order"]), {})[result["id"]] = row

    def compare(one, other, value):
        both = [(rows[one][key], rows[other][key]) for key in rows[one]]
        return difference([value(a) - value(b) for a, b in both if value(a) is not None and value(b) is not None])

    found = []
    half = "Banzhaf p 0.5"
    for claim, value in [
        ("Order 2 predicts unseen coalitions better than order 1 (R², p = 0.5)", lambda row: row["r2"]["p 0.5"]),
        ("Order 2 is ahead in the pointing game (PGR)", lambda row: row.get("pgr")),
    ]:
        gap = compare((half, 2), (half, 1), value)
        if gap[3]:
            found.append((claim, *verdict(gap, "order 2 less order 1")))
    found.append(
        (
            "Order 2 is ahead in insertion and deletion (AID)",
            *verdict(compare((half, 2), (half, 1), log_aid), "order 2's AID over order 1's", as_ratio),
        )
    )
    for p in ("0.3", "0.5", "0.7"):
        others = [name for name in ("Banzhaf p 0.3", "Banzhaf p 0.5", "Banzhaf p 0.7") if name != f"Banzhaf p {p}"]
        gaps = [compare((f"Banzhaf p {p}", 2), (other, 2), lambda row: row["r2"][f"p {p}"]) for other in others]
        found.append(
            (
                f"The p asked for fits best at that p (p = {p}, order 2)",
                *verdict(min(gaps), f"R² at p {p} less the next best p's"),
            )
        )
    gaps = [
        compare(("Shapley", 2), (name, 2), lambda row: row["r2"]["Shapley"])
        for name in ("Banzhaf p 0.3", half, "Banzhaf p 0.7")
    ]
    found.append(
        (
            "Shapley interactions fit best under the Shapley kernel",
            *verdict(min(gaps), "R² at the Shapley kernel less the best p's"),
        )
    )
    found.append(
        (
            "Weighted Banzhaf interactions are as good as Shapley's in insertion and deletion, at less cost",
            *verdict(compare((half, 2), ("Shapley", 2), log_aid), "AID at p = 0.5 over Shapley's", as_ratio),
        )
    )
    return found


def log_aid(row):
    """None where the order is worse than its reverse."""
    return np.log(row["aid"]) if row["aid"] > 0 else None


def as_difference(mean, half):
    return f"{signed(mean)} ± {half:.3f}, above 0"


def as_ratio(mean, half):
    return f"{np.exp(mean):.2f} times ({np.exp(mean - half):.2f} to {np.exp(mean + half):.2f}), above 1"


def verdict(gap, words, told=as_difference):
    mean, half, above, count = gap
    if mean - half > 0:
        said = "holds"
    elif mean + half < 0:
        said = "does not hold"
    else:
        said = "no difference seen"
    return said, f"{words}: {told(mean, half)} for {above} of {count}"


def signed(value):
    return f"{'+' if value >= 0 else '−'}{abs(value):.3f}"


FLOOR = 0.02
"""How much less R² at 1,000 image masks is still acceptable."""


def against_bars(mean):
    """A mean difference of R² against the goal, at least equal, and the floor."""
    if mean >= 0:
        return "goal (at least equal) met"
    missed = f"goal (at least equal) missed by {-mean:.3f}"
    return f"{missed}, floor ({FLOOR} less) {'met' if mean >= -FLOOR else 'missed'}"


def goals(done):
    """The project's own: (goal, verdict, figures)."""
    results = Results(done)
    found = []

    def nearest(budget):
        return min(results.budgets, key=lambda each: abs(np.log(each / budget)))

    claim = "`ridge` at 1,000 image masks is as faithful as `leastSquares` at 5,000"
    pair = [results.values.get(key) for key in (("ridge", 1000, "r2"), ("leastSquares", 5000, "r2"))]
    if None in pair:
        found.append((claim, "not measured", "the budgets of this run lack 1,000 or 5,000"))
    else:
        ridge, least = map(np.array, pair)
        mean, half, above, count = difference(ridge - least)
        found.append(
            (
                claim,
                against_bars(mean),
                f"{ridge.mean():.3f} against {least.mean():.3f}, {signed(mean)} ± {half:.3f}, above for {above} of {count}",
            )
        )
    last = max(results.budgets)
    ceiling = np.maximum(*[np.array(results.values[name, last, "r2"]) for name in ("ridge", "leastSquares")])
    first = np.array(results.values["ridge", nearest(100), "r2"])
    gap = float(np.mean(ceiling - first))
    found.append(
        (
            "`ridge` at 100 image masks is within 0.1 of the ceiling",
            "holds" if gap <= 0.1 else "does not hold",
            f"{first.mean():.3f} against {ceiling.mean():.3f} at {last:,}, a gap of {gap:.3f}",
        )
    )
    return found


def plot(done, path):
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    results = Results(done)
    measures = [("r2", "R² on held-out coalitions"), ("aid", "AID (median)"), ("pgr", "PGR")]
    measures = [each for each in measures if any(key[2] == each[0] for key in results.values)]
    figure, axes = plt.subplots(1, len(measures), figsize=(4.6 * len(measures), 4.2), squeeze=False)
    for axis, (measure, title) in zip(axes[0], measures):
        for name in results.names:
            if name in UNPLOTTED:
                continue
            points = [
                (budget, results.values[name, budget, measure])
                for budget in results.budgets
                if (name, budget, measure) in results.values
            ]
            if not points:
                continue
            budgets, values = [point[0] for point in points], [np.array(point[1]) for point in points]
            middle = [typical(measure, each) for each in values]
            color, line, marker = STYLE[name]
            axis.plot(budgets, middle, line, color=color, marker=marker, markersize=4, linewidth=1.6, label=name)
            if line == "-":
                low, high = zip(*(spread(measure, each) for each in values))
                axis.fill_between(budgets, low, high, color=color, alpha=0.13, linewidth=0)
        axis.set_xscale("log")
        axis.set_xticks(results.budgets, [f"{budget:,}" for budget in results.budgets], rotation=40, fontsize=8)
        axis.minorticks_off()
        if measure == "r2":
            axis.set_ylim(-0.1, 1)
        axis.set_title(title, fontsize=11)
        axis.set_xlabel("image masks encoded", fontsize=9)
        axis.grid(alpha=0.25)
        axis.spines[["top", "right"]].set_visible(False)
    handles, labels = axes[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="lower center", ncols=4, fontsize=9, frameon=False)
    figure.tight_layout(rect=(0, 0.12, 1, 1))
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=130)
    plt.close(figure)


def write(done, settings, docs):
    """docs/faithfulness.md and docs/images/faithfulness.png."""
    docs = Path(docs)
    plot(done, docs / "images/faithfulness.png")
    rows = "\n".join(
        f"| {claim} | {said} | {figures} |" for claim, said, figures in goals(done) + findings(done, settings)
    )
    text = (Path(__file__).resolve().parent / "document.md").read_text()
    table = tables(done, settings)
    versions = {
        "pairs": str(len(done)),
        "table": table,
        "findings": rows,
        "held_out": f"{settings['held_out']:,}",
        "index_budget": f"{settings['index_budget']:,}",
    }
    for key, value in versions.items():
        text = text.replace("{{" + key + "}}", value)
    (docs / "faithfulness.md").write_text(text)
