#!/usr/bin/env python3
"""Masked images a second of processor time by several programs, in turns: what is built beside what a wheel carries, say.

programs.py PROGRAM PROGRAM… [--model vit-b-32] [--masks 96] [--rounds 5]
"""

import argparse
import statistics

from common import PRECISIONS, model, spread, table
from processor_time import masked_rate


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs", nargs="+")
    parser.add_argument("--model", default="vit-b-32", help="of tools/random-model")
    parser.add_argument("--masks", type=int, default=96)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    folder = model(options.model)
    rates = {(program, precision): [] for precision in PRECISIONS for program in options.programs}
    for _ in range(options.rounds):
        for (program, precision), found in rates.items():
            found.append(masked_rate(program, folder, precision, options.masks))
    rows = []
    for (program, precision), found in rates.items():
        first = statistics.median(rates[options.programs[0], precision])
        rows.append([precision, program, spread(found), f"{statistics.median(found) / first:.2f}"])
    print("\n".join(table(["precision", "program", "masked images a second", "× the first"], rows)))


if __name__ == "__main__":
    main()
