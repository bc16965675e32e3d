"""Means and shares with their 95% confidence intervals, and the files that keep them."""

import hashlib
import importlib.metadata
import json
import math
import pathlib
import platform

FOLDER = pathlib.Path(__file__).resolve().parent / "figures"
"""The built-in model's figures: retrieval.json and pointing.json, which its card is checked against."""

Z = 1.96


def share(right, of):
    """A share with Wilson's interval: (share, low, high)."""
    rate = right / of
    centre = (rate + Z * Z / (2 * of)) / (1 + Z * Z / of)
    half = Z * math.sqrt(rate * (1 - rate) / of + Z * Z / (4 * of * of)) / (1 + Z * Z / of)
    return rate, centre - half, centre + half


def share_of_groups(groups):
    """A share over groups whose members are alike, from pairs (right, of): Wilson's interval of as many independent members as
    tell as much."""
    right, of = (sum(column) for column in zip(*groups))
    rate = right / of
    variance = sum((r - rate * n) ** 2 for r, n in groups) / of**2
    telling = min(of, rate * (1 - rate) / variance) if variance > 0 else of
    return share(rate * telling, telling)


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


def digest(path):
    """SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()


def versions(*packages):
    """Of Python and of packages."""
    return {"python": platform.python_version()} | {
        package: importlib.metadata.version(package) for package in packages
    }


def rounded(figure, digits=5):
    return [round(value, digits) for value in figure]


def save(folder, name, figures):
    """Writes the figures `name` into a folder."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n")


def load(name, folder=FOLDER):
    return json.loads((pathlib.Path(folder) / f"{name}.json").read_text())
