"""The paper's metrics in NumPy, written from their definitions and apart from the daemon's own (section 5 of the paper)."""

import numpy as np


class Estimate:
    """v(z) − v(∅) ≈ baseline + first·z + Σ_{i<j} pairs_ij z_i z_j.

    first: [players]; pairs: [players, players], symmetric with a zero diagonal.
    """

    def __init__(self, baseline, first, pairs):
        self.baseline, self.first, self.pairs = float(baseline), np.asarray(first, float), np.asarray(pairs, float)

    @classmethod
    def from_features(cls, coefficients, players):
        """From a_∅, the players, then the pairs (0,1), (0,2), …"""
        pairs = np.zeros((players, players))
        pairs[np.triu_indices(players, 1)] = coefficients[1 + players :]
        return cls(coefficients[0], coefficients[1 : 1 + players], pairs + pairs.T)

    def predict(self, coalitions):
        z = np.asarray(coalitions, float)
        return self.baseline + z @ self.first + 0.5 * np.einsum("ci,ij,cj->c", z, self.pairs, z, optimize=True)


def image_map(estimate, image_players, p=0.5):
    """What each image player adds with the whole text shown, on average over the other patches."""
    within = estimate.pairs[:image_players, :image_players].sum(1)
    return estimate.first[:image_players] + estimate.pairs[:image_players, image_players:].sum(1) + p * within


def r_squared(truth, predicted):
    return 1 - np.sum((truth - predicted) ** 2) / np.sum((truth - np.mean(truth)) ** 2)


def ordered_subsets(estimate, order):
    """Coalitions [players + 1, players] by size that keep the most important players, and that keep the least important."""
    players = len(estimate.first)
    if order == 1:
        ranked = np.argsort(-estimate.first, kind="stable")
        best, worst = np.zeros((2, players + 1, players), bool)
        for size in range(1, players + 1):
            best[size, ranked[:size]] = True
            worst[size, ranked[players - size :]] = True
        return best, worst
    return greedy_subsets(estimate, 1), greedy_subsets(estimate, -1)


def greedy_subsets(estimate, sign):
    """The best subset per size that greedy growth from every start player comes by (the public code's clique search)."""
    players = len(estimate.first)
    starts = np.arange(players)
    gains = np.tile(sign * estimate.first, (players, 1))
    taken = np.zeros((players, players), bool)
    value = np.zeros(players)
    chosen = starts.copy()
    best = np.zeros((players + 1, players), bool)
    for size in range(1, players + 1):
        value += gains[starts, chosen]
        taken[starts, chosen] = True
        best[size] = taken[np.argmax(value)]
        gains += sign * estimate.pairs[chosen]
        chosen = np.argmax(np.where(taken, -np.inf, gains), axis=1)
    return best


def curve(values, empty, full):
    """Values by size 0…players, normalised and interpolated to 51 even fractions."""
    fractions = np.arange(len(values)) / (len(values) - 1)
    return (np.interp(np.arange(51) / 50, fractions, values) - empty) / (full - empty)


def area_between(best, worst, empty, full):
    """AID from the true values of the subsets of `ordered_subsets`."""
    difference = curve(best, empty, full) - curve(worst, empty, full)
    return float(np.sum((difference[1:] + difference[:-1]) / 2) / 50)


def pointing_game(estimate, rows, columns, targets, order=2):
    """PGR. targets: (text players counted from 0, (row half, column half)), halves 0 or 1.

    With order 1 there are no pairs: a patch's own value stands for its pair with any word.
    """
    patches = rows * columns
    row, column = np.divmod(np.arange(patches), columns)
    down, across = 2 * row + 1 - rows, 2 * column + 1 - columns
    counts = (down != 0) & (across != 0)
    right = total = 0.0
    for players, (row_half, column_half) in targets:
        inside = ((down > 0) == bool(row_half)) & ((across > 0) == bool(column_half))
        for player in players:
            e = estimate.pairs[:patches, patches + player] if order == 2 else estimate.first[:patches]
            total += np.abs(e[counts]).sum()
            right += e[counts & inside & (e > 0)].sum() - e[counts & ~inside & (e < 0)].sum()
    return right / total if total else float("nan")
