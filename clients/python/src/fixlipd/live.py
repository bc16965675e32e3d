"""Progress of a refinement where somebody can see it."""

from __future__ import annotations

import contextlib
import html
import sys
import time
from typing import Any, Callable, Optional, TextIO

from . import notebook
from .errors import FixlipdError
from .values import Progress

Live = Optional[bool]
"""True: show progress. False: do not. None: in notebooks, and where standard error is a terminal."""


class Silent:
    """Shows nothing."""

    def report(self, progress: Progress) -> None:
        """Takes the latest progress."""

    def finish(self, summary: str) -> None:
        """Ends the display; ``summary`` is what may stay of it."""


class NotebookDisplay(Silent):
    """One output that follows the estimate: a line and a bar, and under it the picture so far. When the refinement
    ends only the line stays, since the explanation shows itself.

    Drawing takes at most a sixth of the time, so that it does not slow the refinement down.
    """

    INTERVAL = 0.4

    def __init__(self, draw: Callable[[], str]) -> None:
        self._draw = draw
        self._handle: Any = None
        self._picture = ""
        self._next = 0.0

    def report(self, progress: Progress) -> None:
        start = time.monotonic()
        if progress.image_masks and progress.loo_r2 is not None and start >= self._next:
            with contextlib.suppress(FixlipdError):  # The refinement itself says what is wrong.
                self._picture = notebook.picture(self._draw())
            end = time.monotonic()
            self._next = end + max(self.INTERVAL, 5 * (end - start))
        self._show(_line(progress), progress)

    def finish(self, summary: str) -> None:
        if self._handle is not None:
            self._picture = ""
            self._show(summary, None)

    def _show(self, line: str, progress: Progress | None) -> None:
        from IPython.display import HTML, display

        total = progress.total_image_masks if progress is not None else None
        bar = ""
        if progress is not None and total:
            done = min(progress.image_masks, total)
            bar = f'<progress style="width:14em;vertical-align:middle" max="{total}" value="{done}"></progress> '
        shown = HTML(
            f'<div style="font:13px system-ui,sans-serif;opacity:.75">{bar}{html.escape(line)}</div>{self._picture}'
        )
        if self._handle is None:
            self._handle = display(shown, display_id=True)
        else:
            self._handle.update(shown)


class TerminalBar(Silent):
    """A tqdm bar that counts image masks."""

    def __init__(self, tqdm: Any) -> None:
        self._tqdm = tqdm
        self._bar: Any = None

    def report(self, progress: Progress) -> None:
        if self._bar is None:
            self._bar = self._tqdm(total=progress.total_image_masks, unit=" masks", desc="explain", file=sys.stderr)
        # Warm masks may be more than the budget asks for.
        if progress.total_image_masks and progress.image_masks > progress.total_image_masks:
            self._bar.total = progress.image_masks
        self._bar.n = progress.image_masks
        if progress.loo_r2 is not None:
            self._bar.set_postfix_str(f"R² {progress.loo_r2:.3f}", refresh=False)
        self._bar.refresh()

    def finish(self, summary: str) -> None:
        if self._bar is not None:
            self._bar.close()


class TerminalLine(Silent):
    """A line that follows the masks, where tqdm is not installed."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._width = 0

    def report(self, progress: Progress) -> None:
        self._write("explain: " + _line(progress))

    def finish(self, summary: str) -> None:
        if self._width:
            self._write("explain: " + summary)
            self._stream.write("\n")

    def _write(self, line: str) -> None:
        self._stream.write("\r" + line.ljust(self._width))
        self._stream.flush()
        self._width = len(line)


def live_reporter(live: Live, draw: Callable[[], str]) -> Silent:
    """What shows progress here; ``draw`` gives the current picture as SVG."""
    if live is False:
        return Silent()
    if notebook.in_notebook():
        return NotebookDisplay(draw)
    if live is None and not (hasattr(sys.stderr, "isatty") and sys.stderr.isatty()):
        return Silent()
    try:
        from tqdm import tqdm
    except ImportError:
        return TerminalLine(sys.stderr)
    return TerminalBar(tqdm)


def _line(progress: Progress) -> str:
    total = progress.total_image_masks
    of = f" of {total}" if total and total >= progress.image_masks else ""
    r2 = "" if progress.loo_r2 is None else f", R² {progress.loo_r2:.3f}"
    return f"{progress.image_masks}{of} image masks, {progress.text_masks} text masks{r2}, {progress.elapsed:.1f} s"
