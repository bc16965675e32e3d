#!/usr/bin/env python3
"""Measures the daemon beside other programs and writes benchmarks/results/<date>-<cpu>.md (and .json, from which it is made).

    run.py [--peers .peers/venv] [--only PART…] [--quick] [--rounds N] [--reference CHECKOUT] [--name NAME]

Parts run one after the other; each adds to the results of the day, so a run may be made in pieces. Within a part ours and the
others take turns, so that a machine that slows down slows both; ratios are of medians. Without the peers' environment the rest
still runs.
"""

import argparse
import sys
import time

import accuracy
import comparing
import encoders
import explanations
import growth
import other_kinds
import service
from results import Results

PARTS = {
    "encoders": encoders.run_b32,
    "encoders-b16": encoders.run_b16,
    "encoders-kinds": other_kinds.run,
    "explanations": explanations.run,
    "comparing": comparing.run,
    "service": service.run,
    "growth": growth.run,
    "accuracy": accuracy.run,
}


def positive(text):
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--quick", action="store_true", help="a few minutes: fewer rounds, smaller budgets, fewer models"
    )
    parser.add_argument(
        "--rounds",
        type=positive,
        help="how often encoders, explanations, scaling and growth are measured (3; growth by masks: 1)",
    )
    parser.add_argument(
        "--peers", help="an environment with torch, transformers, openvino, onnx, onnxscript, onnxruntime"
    )
    parser.add_argument(
        "--reference", help="a checkout of the reference explainer to run instead of its procedure stated again"
    )
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--name", help="the results' file name instead of <date>-<cpu>")
    options = parser.parse_args()
    results = Results(options.name or ("quick" if options.quick else None), options.quick)
    for name in options.only:
        start = time.perf_counter()
        part = PARTS[name](options)
        part["seconds"] = round(time.perf_counter() - start)
        results.add(name, part, PARTS)
        print(f"{name}: {part['seconds']} s", file=sys.stderr)
    print(results.page_path.read_text())


if __name__ == "__main__":
    main()
