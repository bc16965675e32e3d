"""Estimators beside the daemon's, on games it dumped; Banzhaf at p = 0.5."""

import itertools

import numpy as np
import scipy.linalg
from metrics import Estimate


def features(coalitions, order=2):
    """[coalitions, features]: 1, players, then pairs (0,1), (0,2), …"""
    z = np.asarray(coalitions, float)
    columns = [np.ones((len(z), 1)), z]
    if order == 2:
        first, second = np.triu_indices(z.shape[1], 1)
        columns.append(z[:, first] * z[:, second])
    return np.concatenate(columns, axis=1)


def solve(gram, right):
    """Least squares from its normal equations; of least norm where the masks do not determine it."""
    try:
        return scipy.linalg.cho_solve(scipy.linalg.cho_factor(gram), right)
    except np.linalg.LinAlgError:
        values, vectors = scipy.linalg.eigh(gram, driver="evd", overwrite_a=True, check_finite=False)
        kept = values > values[-1] * len(values) * np.finfo(float).eps
        return vectors[:, kept] @ ((vectors[:, kept].T @ right) / values[kept])


def solve_rows(design, values):
    """The same from a design matrix; with few rows on their side, where least norm is a small problem."""
    if len(design) < design.shape[1]:
        return design.T @ solve(design @ design.T, values)
    return solve(design.T @ design, design.T @ values)


def cross_product(game, masks):
    """The reference's regression on every pair of an image mask and a text mask, without writing its design matrix."""
    image_rows = np.arange(2, masks)
    image, text = features(game.image_masks[image_rows]), features(game.text_masks)
    values = game.cross_values(image_rows)
    image_gram, text_gram = image.T @ image / len(image), text.T @ text / len(text)
    moments = image.T @ values @ text / values.size
    image_index, text_index = feature_indexes(game.image_masks.shape[1], game.text_masks.shape[1])
    gram = image_gram[np.ix_(image_index, image_index)] * text_gram[np.ix_(text_index, text_index)]
    return Estimate.from_features(solve(gram, moments[image_index, text_index]), game.players)


def feature_indexes(image_players, text_players):
    """For every joint feature, the image feature and the text feature whose product it is."""

    def indexes(players):
        names = [(), *((i,) for i in range(players)), *itertools.combinations(range(players), 2)]
        return {name: index for index, name in enumerate(names)}

    image, text = indexes(image_players), indexes(text_players)
    players = image_players + text_players
    joint = [(), *((i,) for i in range(players)), *itertools.combinations(range(players), 2)]
    return (
        np.array([image[tuple(i for i in name if i < image_players)] for name in joint]),
        np.array([text[tuple(i - image_players for i in name if i >= image_players)] for name in joint]),
    )


def explicit_cross_product(game, masks):
    """The same with the design matrix written out, as the public code does; for few masks only."""
    image_rows = np.arange(2, masks)
    text = len(game.text_masks)
    coalitions = np.concatenate(
        [np.repeat(game.image_masks[image_rows], text, axis=0), np.tile(game.text_masks, (len(image_rows), 1))], axis=1
    )
    solution = solve_rows(features(coalitions), game.cross_values(image_rows).reshape(-1))
    return Estimate.from_features(solution, game.players)


def joint_regression(game, masks):
    """The reference's regression on coalitions of all players, one text mask for each image mask."""
    coalitions, values = game.joint(masks, seed=0)
    return Estimate.from_features(solve_rows(features(coalitions), values), game.players)


class GivenCoalitions:
    """Stands in for shapiq's sampler, so that its estimators see the daemon's masks."""

    def __init__(self, coalitions):
        empty = np.zeros((1, coalitions.shape[1]), bool)
        self.coalitions_matrix = np.concatenate([empty, coalitions])
        # The empty coalition must be among them for the baseline; its share of the distribution is 2^−players.
        self.log_sampling_adjustment_weights = np.r_[-np.inf, np.full(len(coalitions), coalitions.shape[1] * np.log(2))]
        self.empty_coalition_index = 0

    def sample(self, budget):
        pass


def shapiq(approximator):
    """An estimator of shapiq, given the coalitions of `joint_regression`."""

    def estimate(game, masks):
        import shapiq.approximator

        coalitions, values = game.joint(masks, seed=0)
        chosen = getattr(shapiq.approximator, approximator)(n=game.players, index="FBII", max_order=2, random_state=0)
        chosen._sampler = GivenCoalitions(coalitions)
        return from_shapiq(chosen.approximate(masks, lambda _: np.r_[0.0, values]), game.players)

    return estimate


def from_shapiq(values, players):
    first, pairs, baseline = np.zeros(players), np.zeros((players, players)), 0.0
    for interaction, index in values.interaction_lookup.items():
        value = float(values.values[index])
        if len(interaction) == 0:
            baseline = value
        elif len(interaction) == 1:
            first[interaction[0]] = value
        elif len(interaction) == 2:
            pairs[interaction[0], interaction[1]] = pairs[interaction[1], interaction[0]] = value
    return Estimate(baseline, first, pairs)
