"""Two explanations side by side."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple

from . import notebook
from .arrays import decode_floats, matrix, vector
from .requests import given
from .saving import save_text
from .values import ComparedSide


class Comparison:
    """Two explanations on common players; shows itself in notebooks, on one scale.

    Attributes:
        grid: rows and columns of the common (finer) image grid.
        words: the words of the captions.
        sides: per explanation, the first-order reading over cells ``[rows, columns]`` and words (NaN for a word that
            its caption lacks), and the pairs ``[words, cells]``, in logits.
        image_correlation, word_correlation, cross_modal_correlation: Pearson correlation of the two sides; ``None``
            where it is undefined.
    """

    def __init__(self, wire: Mapping[str, Any], draw: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> None:
        rows, columns = wire["grid"]["rows"], wire["grid"]["columns"]
        self.grid: Tuple[int, int] = (rows, columns)
        self.words: List[str] = list(wire["words"])
        self.sides: List[ComparedSide] = [
            ComparedSide(
                explanation=side["explanation"],
                image=matrix(side["image"], rows, columns),
                words=vector(decode_floats(side["words"])),
                cross_modal=matrix(
                    [value for row in side["crossModal"] for value in row], len(self.words), rows * columns
                ),
            )
            for side in wire["sides"]
        ]
        self.image_correlation: Optional[float] = wire.get("imageCorrelation")
        self.word_correlation: Optional[float] = wire.get("wordCorrelation")
        self.cross_modal_correlation: Optional[float] = wire.get("crossModalCorrelation")
        self._draw = draw

    def render(
        self,
        format: str = "svg",
        *,
        top_k: Optional[int] = None,
        width: Optional[int] = None,
        colors: Optional[str] = None,
    ) -> str:
        """A drawing of both explanations on one scale; both must still be open. Arguments as in ``Explanation.render``."""
        return str(self._draw(given(format=format, top_k=top_k, width=width, colors=colors))["content"])

    def save(self, path: Any, **options: Any) -> None:
        """Writes a drawing (``.html``, ``.svg``, ``.md``, ``.txt``) to a file."""
        save_text(path, self.render, None, options)

    def __repr__(self) -> str:
        def number(value: Optional[float]) -> str:
            return "undefined" if value is None else f"{value:.2f}"

        return (
            f"<Comparison on {self.grid[0]}×{self.grid[1]} cells and {len(self.words)} words: correlation of the "
            f"image {number(self.image_correlation)}, of the pairs {number(self.cross_modal_correlation)}>"
        )

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Dict[str, str]:
        return notebook.mimebundle(repr(self), lambda **options: self.render(**options))
