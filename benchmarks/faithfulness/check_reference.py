#!/usr/bin/env python3
"""Holds the restated regressions against the public code itself (hbaniecki/fixlip), on made-up games.

    check_reference.py CHECKOUT

Needs an environment in which the checkout can be imported (torch, transformers, datasets) beside what `install` puts there.
"""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))
import estimators  # noqa: E402

TOLERANCE = 1e-10


class MadeGame:
    """Image masks and all text masks, with a value for each pair of them."""

    def __init__(self, image_players, text_players, masks):
        random = np.random.default_rng(image_players)
        self.image_masks = random.permutation(np.unique(random.random((masks, image_players)) < 0.5, axis=0))
        numbers = np.arange(2**text_players)
        self.text_masks = (numbers[:, None] >> np.arange(text_players)) % 2 == 1
        self.values = random.normal(size=(len(self.image_masks), 24)) @ random.normal(size=(24, len(numbers)))
        self.players = image_players + text_players

    def cross_values(self, rows):
        return self.values[rows]

    def joint(self, masks, seed):
        rows = np.arange(2, masks)
        drawn = np.random.default_rng(seed).integers(len(self.text_masks), size=len(rows))
        return np.concatenate([self.image_masks[rows], self.text_masks[drawn]], axis=1), self.values[rows, drawn]


def differences(game, explainer):
    """The largest difference of a coefficient, for each regression."""
    masks = len(game.image_masks)
    rows = np.arange(2, masks)
    pairs = np.concatenate(
        [np.repeat(game.image_masks[rows], len(game.text_masks), axis=0), np.tile(game.text_masks, (len(rows), 1))],
        axis=1,
    )
    for ours, (coalitions, values) in [
        (estimators.cross_product, (pairs, game.cross_values(rows).reshape(-1))),
        (estimators.joint_regression, game.joint(masks, seed=0)),
    ]:
        theirs = estimators.from_shapiq(
            explainer.aggregate(
                coalition_matrix=coalitions,
                regression_weights=np.full(len(coalitions), 1 / len(coalitions)),
                coalition_values=values,
            ),
            game.players,
        )
        mine = ours(game, masks)
        yield ours.__name__, max(np.abs(mine.first - theirs.first).max(), np.abs(mine.pairs - theirs.pairs).max())


def main():
    sys.path.insert(0, sys.argv[1])
    from src.fixlip import FIxLIP

    failed = False
    for image_players, text_players, masks in [(12, 4, 400), (20, 5, 900)]:
        game = MadeGame(image_players, text_players, masks)
        explainer = FIxLIP(
            n_players_image=image_players, n_players_text=text_players, mode="banzhaf", p=0.5, random_state=0
        )
        for name, difference in differences(game, explainer):
            print(f"{image_players} + {text_players} players, {name}: largest difference {difference:.1e}")
            failed |= not difference < TOLERANCE
    sys.exit(failed)


if __name__ == "__main__":
    main()
