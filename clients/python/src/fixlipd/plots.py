"""Plots: those that the daemon draws of one explanation, and one of many explanations that is drawn here."""

from __future__ import annotations

import html
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, Union

from .arrays import decode_floats
from .estimate import Estimate
from .notebook import picture
from .saving import write_file

PlotKind = Literal["waterfall", "force", "network", "upset"]
Explained = Union[Estimate, Mapping[str, Any]]
"""An explanation, or what ``fixlipd batch`` wrote of one."""

_ROW = 34
_RADIUS = 3.5
_STYLE = (
    "text{font-family:'Helvetica Neue',Helvetica,Arial,'Liberation Sans',sans-serif;font-size:12px}"
    ".paper{fill:#fff}.ink{fill:#1a1d21}.soft{fill:#66707a}.word{font-family:Georgia,serif;font-size:16px}"
    ".p{fill:#d15f0a}.n{fill:#2166ac}.axis{stroke:#9aa3ac}.rule{stroke:#dcdfe3}.mean{stroke:#1a1d21;stroke-width:2}"
    "@media (prefers-color-scheme:dark){.paper{fill:#14171a}.ink{fill:#e8eaed}.soft{fill:#98a1ab}.p{fill:#f08a33}"
    ".n{fill:#4a94dd}.axis{stroke:#6d7680}.rule{stroke:#30353b}.mean{stroke:#e8eaed}}"
)


class Plot:
    """A drawing that a notebook shows.

    Attributes:
        svg: its text.
    """

    def __init__(self, svg: str, title: str) -> None:
        self.svg = svg
        self._title = title

    def __repr__(self) -> str:
        return f"<Plot {self._title}>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": picture(self.svg, alt=self._title)}

    def save(self, path: Any) -> None:
        """Writes the drawing to an ``.svg`` file.

        Raises:
            ValueError: another ending; ``explanation.save("plot.png", view="force")`` writes other formats.
        """
        if os.path.splitext(os.fspath(path))[1].lower() != ".svg":
            raise ValueError("a plot is saved as .svg; explanation.save(path, view=…) writes other formats")
        write_file(path, self.svg)


def beeswarm(explained: str | os.PathLike[str] | Iterable[Explained], *, top: int = 12, width: int = 760) -> Plot:
    """The weights of words over many captions: a dot for each time that a word occurs.

    Args:
        explained: explanations, lines of ``fixlipd batch`` as mappings, or the path of the file that it wrote as JSON
            lines. Lines with an error are passed over.
        top: how many words have a row: those whose weights are largest on average, by magnitude.
        width: in pixels, at least 320.

    Raises:
        ValueError: no word was explained, or ``top`` or ``width`` is too small.
    """
    if top < 1 or width < 320:
        raise ValueError("top must be at least 1 and width at least 320")
    weights: dict[str, list[float]] = {}
    for item in _lines(explained) if isinstance(explained, (str, os.PathLike)) else explained:
        for word, weight in _weights(item):
            weights.setdefault(word, []).append(weight)
    if not weights:
        raise ValueError("there is no explanation of a caption among them")
    strongest = sorted(weights, key=lambda word: (-sum(map(abs, weights[word])) / len(weights[word]), word))[:top]
    return Plot(_drawn({word: weights[word] for word in strongest}, len(weights), width), "weights of words")


def _lines(path: str | os.PathLike[str]) -> Iterator[Mapping[str, Any]]:
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.strip():
                yield json.loads(line)


def _weights(item: Explained) -> Iterator[tuple[str, float]]:
    """The words of one caption, without case and the punctuation around them, with their first-order readings."""
    if isinstance(item, Estimate):
        words: Sequence[str] = item.words
        start = item.players.image.count
        readings: Sequence[float] = [float(value) for value in item.first_order_reading]
    elif "values" in item:
        words = [player["token"] for player in item["players"]["text"]]
        start = item["players"].get("image", {"count": 0})["count"]
        readings = decode_floats(item["values"]["firstOrderReading"])
    else:
        return
    for place, word in enumerate(words):
        yield word.strip().strip(",.;:!?").lower() or word, float(readings[start + place])


def _drawn(weights: Mapping[str, Sequence[float]], words: int, width: int) -> str:
    everything = [0.0, *(weight for row in weights.values() for weight in row)]
    least, most = min(everything), max(everything)
    span = (most - least) or 1.0
    left, right = width * 0.26, width - 20

    def x(value: float) -> float:
        return left + (right - left) * (value - least) / span

    bottom = 12 + _ROW * len(weights)
    parts = [f'<line x1="{x(0):.1f}" y1="8" x2="{x(0):.1f}" y2="{bottom}" class="axis"/>']
    for row, (word, values) in enumerate(weights.items()):
        y = 12 + _ROW * (row + 0.5)
        mean = sum(values) / len(values)
        parts.append(f'<line x1="{left:.1f}" y1="{y}" x2="{right}" y2="{y}" class="rule"/>')
        parts.append(
            f'<text x="{left - 14:.1f}" y="{y + 5}" text-anchor="end"><tspan class="word ink">{html.escape(_short(word))}'
            f'</tspan><tspan class="soft"> × {len(values)}</tspan></text>'
        )
        for value, shift in _swarm([(value, x(value)) for value in sorted(values)]):
            sign = "n" if value < 0 else "p"
            parts.append(
                f'<circle cx="{x(value):.1f}" cy="{y + shift:.1f}" r="{_RADIUS}" class="{sign}" fill-opacity="0.7">'
                f"<title>{html.escape(word)}: {value:+.2f} logits</title></circle>"
            )
        parts.append(f'<line x1="{x(mean):.1f}" y1="{y - 12}" x2="{x(mean):.1f}" y2="{y + 12}" class="mean"/>')
    for value in sorted({least, 0.0, most}):
        if value == 0 or abs(x(value) - x(0)) > 30:
            label = "0" if value == 0 else f"{value:+.2f}".replace("-", "−")
            anchor = "middle" if least < value < most or value == 0 else "start" if value == least else "end"
            parts.append(
                f'<text x="{x(value):.1f}" y="{bottom + 16}" class="soft" text-anchor="{anchor}">{label}</text>'
            )
    note = f"weight of the word, logits; a line at each mean; {len(weights)} of {words} words"
    parts.append(f'<text x="{left:.1f}" y="{bottom + 34}" class="soft">{note}</text>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{bottom + 44}" '
        f'viewBox="0 0 {width} {bottom + 44}" role="img"><title>Weights of words over captions</title>'
        f'<style>{_STYLE}</style><rect width="100%" height="100%" class="paper"/>{"".join(parts)}</svg>'
    )


def _short(word: str) -> str:
    return word if len(word) <= 16 else word[:15] + "…"


def _swarm(points: Sequence[tuple[float, float]]) -> Iterator[tuple[float, float]]:
    """Each value with how far its dot is moved from the row's middle: the least that keeps it off those to its left,
    and no more than the row has room for.
    """
    placed: list[tuple[float, float]] = []
    near = (2 * _RADIUS) ** 2
    shifts = [step * _RADIUS * side / 2 for step in range(9) for side in ((1, -1) if step else (1,))]
    for value, x in points:
        placed = [(other, shift) for other, shift in placed if x - other < 2 * _RADIUS]
        free = (s for s in shifts if all((x - other) ** 2 + (s - shift) ** 2 >= near for other, shift in placed))
        shift = next(free, shifts[len(placed) % len(shifts)])
        placed.append((x, shift))
        yield value, shift
