"""Means and shares with their 95% confidence intervals."""

import math

Z = 1.96


def share(right, of):
    """A share with Wilson's interval: (share, low, high)."""
    rate = right / of
    centre = (rate + Z * Z / (2 * of)) / (1 + Z * Z / of)
    half = Z * math.sqrt(rate * (1 - rate) / of + Z * Z / (4 * of * of)) / (1 + Z * Z / of)
    return rate, centre - half, centre + half


def mean(values):
    """A mean with the normal interval: (mean, low, high)."""
    average = sum(values) / len(values)
    if len(values) < 2:
        return average, average, average
    variance = sum((value - average) ** 2 for value in values) / (len(values) - 1)
    half = Z * math.sqrt(variance / len(values))
    return average, average - half, average + half


def percent(figure):
    return "{:.1f}% ({:.1f} to {:.1f})".format(*(100 * value for value in figure))


def decimal(figure):
    return "{:.3f} ({:.3f} to {:.3f})".format(*figure)
