"""Writes Tests/Fixtures/shapiq-interaction-values.json with the installed shapiq, for the tests of `explanation/import`.

The game of 11 players is v(z) = 1 + Σ i·z_i/10 + 2·z_0·z_1 − z_3·z_10.
"""

import itertools
from importlib.metadata import version
from pathlib import Path

import numpy
import shapiq

PLAYERS = 11
TARGET = Path(__file__).resolve().parents[2] / "Tests/Fixtures/shapiq-interaction-values.json"


def interactions():
    terms = [()] + [(i,) for i in range(PLAYERS)] + list(itertools.combinations(range(PLAYERS), 2))
    values = {term: 0.0 for term in terms}
    values[()] = 1.0
    for i in range(PLAYERS):
        values[(i,)] = i / 10
    values[(0, 1)] = 2.0
    values[(3, 10)] = -1.0
    return values


def main():
    values = interactions()
    saved = shapiq.InteractionValues(
        values=numpy.array(list(values.values())),
        index="FBII",
        n_players=PLAYERS,
        min_order=0,
        max_order=2,
        interaction_lookup={term: k for k, term in enumerate(values)},
        estimated=False,
        estimation_budget=2**PLAYERS,
        baseline_value=1.0,
    )
    saved.save(TARGET)
    print(f"{TARGET.name} written by shapiq {version('shapiq')}")


if __name__ == "__main__":
    main()
