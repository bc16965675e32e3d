"""Two explanations side by side."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from typing import Any, Callable, cast

from . import notebook
from .arrays import decode_floats, matrix, vector
from .contract import RENDER_TOP_K, RenderFormat, TerminalColors
from .requests import given
from .saving import drawn, what_to_save, write_file
from .values import ComparedSide


class ComparisonBase:
    """What :class:`Comparison` and :class:`AsyncComparison` share: two explanations on common players.

    Attributes:
        grid: rows and columns of the common (finer) image grid.
        words: the words of the captions.
        sides: per explanation, the first-order reading over cells ``[rows, columns]`` and words (NaN for a word that
            its caption lacks), and the pairs ``[words, cells]``, in logits.
        image_correlation, word_correlation, cross_modal_correlation: Pearson correlation of the two sides; ``None``
            where it is undefined.
    """

    def __init__(self, wire: Mapping[str, Any]) -> None:
        rows, columns = wire["grid"]["rows"], wire["grid"]["columns"]
        self.grid: tuple[int, int] = (rows, columns)
        self.words: list[str] = list(wire["words"])
        self.sides: list[ComparedSide] = [
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
        self.image_correlation: float | None = wire.get("imageCorrelation")
        self.word_correlation: float | None = wire.get("wordCorrelation")
        self.cross_modal_correlation: float | None = wire.get("crossModalCorrelation")

    def __repr__(self) -> str:
        def number(value: float | None) -> str:
            return "undefined" if value is None else f"{value:.2f}"

        return (
            f"<Comparison on {self.grid[0]}×{self.grid[1]} cells and {len(self.words)} words: correlation of the "
            f"image {number(self.image_correlation)}, of the pairs {number(self.cross_modal_correlation)}>"
        )


class Comparison(ComparisonBase):
    """Two explanations on common players; shows itself in notebooks, on one scale."""

    def __init__(self, wire: Mapping[str, Any], draw: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> None:
        super().__init__(wire)
        self._draw = draw

    def render(
        self,
        format: RenderFormat = "svg",
        *,
        top_k: int = RENDER_TOP_K,
        width: int | None = None,
        colors: TerminalColors | None = None,
    ) -> Any:
        """A drawing of both explanations on one scale; both must still be open. Arguments: ``Explanation.render``'s."""
        return drawn(self._draw(given(format=format, top_k=top_k, width=width, colors=colors)))

    def save(self, path: Any, **options: Any) -> None:
        """Writes a drawing (``.html``, ``.svg``, ``.png``, ``.pdf``, ``.md``, ``.txt``) to a file."""
        format, options = what_to_save(path, options, exports=False)
        write_file(path, self.render(cast(RenderFormat, format), **options))

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return notebook.mimebundle(repr(self), lambda **options: self.render(**options))


class AsyncComparison(ComparisonBase):
    """Two explanations on common players, drawn by coroutines; shows itself in notebooks."""

    def __init__(
        self, wire: Mapping[str, Any], draw: Callable[[Mapping[str, Any]], Awaitable[Mapping[str, Any]]]
    ) -> None:
        super().__init__(wire)
        self._draw = draw
        self._drawing: str | None = None

    async def render(
        self,
        format: RenderFormat = "svg",
        *,
        top_k: int = RENDER_TOP_K,
        width: int | None = None,
        colors: TerminalColors | None = None,
    ) -> Any:
        """A drawing of both explanations on one scale; both must still be open. Arguments: ``Explanation.render``'s."""
        return drawn(await self._draw(given(format=format, top_k=top_k, width=width, colors=colors)))

    async def save(self, path: Any, **options: Any) -> None:
        """Writes a drawing (``.html``, ``.svg``, ``.png``, ``.pdf``, ``.md``, ``.txt``) to a file."""
        format, options = what_to_save(path, options, exports=False)
        content = await self.render(cast(RenderFormat, format), **options)
        await asyncio.get_running_loop().run_in_executor(None, write_file, path, content)

    async def prepare_display(self) -> None:
        """Fetches what a notebook will show, which must not wait when it asks."""
        self._drawing = await self.render("html") if notebook.shell() is not None else None

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return notebook.prepared(repr(self), self._drawing)
