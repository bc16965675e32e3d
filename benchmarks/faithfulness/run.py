#!/usr/bin/env python3
"""Faithfulness against budget: the daemon's estimators, the paper's public code's regressions and shapiq's, on the same model,
images, captions and masks.

    run.py [PAIRS.jsonl] [--quick] [--resume]

Writes build/faithfulness/results.jsonl, a line per pair, then docs/faithfulness.md and its plot. Needs what `install`
puts into a folder (`make bench-faithfulness` calls both).
"""

import argparse
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import measure  # noqa: E402
import scenes  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent.parent

# Doubled, and what the goals are about: 1,000 and 5,000.
BUDGETS = [16, 32, 50, 100, 200, 400, 800, 1000, 1600, 3200, 5000, 8192]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "pairs", nargs="?", help="default: the demo model's scenes, and images composed of their objects"
    )
    parser.add_argument("--budgets", type=numbers, default=BUDGETS, help="image masks")
    parser.add_argument(
        "--curve-budgets", type=numbers, help="where insertion and deletion are measured (every budget)"
    )
    parser.add_argument("--held-out", type=int, default=1000, help="coalitions that R² is measured on")
    parser.add_argument("--index-budget", type=int, default=800, help="image masks for comparing orders and indexes")
    parser.add_argument(
        "--map-budget", type=int, default=4096, help="image masks of the map that others are compared with"
    )
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--limit", type=int, help="measure the first pairs only")
    parser.add_argument("--no-shapiq", dest="shapiq", action="store_false")
    parser.add_argument("--quick", action="store_true", help="4 pairs, up to 800 masks; writes no documents")
    parser.add_argument("--resume", action="store_true", help="keep the pairs that results.jsonl has")
    parser.add_argument("--out", default=str(ROOT / "build/faithfulness"))
    parser.add_argument("--no-report", dest="report", action="store_false", help="write results.jsonl only")
    options = parser.parse_args()
    if options.quick:
        options.budgets = [50, 100, 200, 400, 800]
        options.limit, options.held_out, options.index_budget, options.map_budget = 4, 300, 200, 1000
    options.curve_budgets = options.curve_budgets or options.budgets

    out = Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    path = options.pairs or scenes.write_default(ROOT / "models/demo/scenes", out)
    wanted = scenes.read(path)[: options.limit]
    results = out / "results.jsonl"
    done = (
        [json.loads(line) for line in results.read_text().splitlines()] if options.resume and results.exists() else []
    )
    known = {result["id"] for result in done}
    with open(results, "a" if options.resume else "w") as file:
        for number, pair in enumerate(wanted, 1):
            if pair["id"] in known:
                continue
            result = measure.measure(pair, options)
            done.append(result)
            file.write(json.dumps(result) + "\n")
            file.flush()
            print(f"{number}/{len(wanted)} {pair['id']}: {summary(result)}", flush=True)
    import report

    settings = {key: getattr(options, key) for key in ("held_out", "index_budget", "precision")}
    if options.report and not options.quick:
        report.write(done, settings, ROOT / "docs")
    else:
        print(report.tables(done, settings))


def numbers(text):
    return [int(part) for part in text.split(",")]


def summary(result):
    ridge = {row["budget"]: row for row in result["estimators"] if row["name"] == "ridge"}
    return ", ".join(f"{budget}: {row['r2']:.3f}" for budget, row in ridge.items()) + f" ({result['seconds']} s)"


if __name__ == "__main__":
    main()
