"""How explanations show themselves in notebooks and IPython terminals."""

from __future__ import annotations

import base64
import html
import os
import shutil
import sys
from typing import Any, Callable

from .contract import TerminalColors
from .errors import FixlipdError

FRAME_HEIGHT = 900
"""Pixels, where the notebook lets no script adapt the height."""

# The page in the frame has an origin of its own, so the notebook's cookies and documents are out of its reach; it
# tells its height when asked.
_ASK = (
    "var f=this;window.addEventListener('message',function(e){"
    "if(e.source===f.contentWindow&&e.data&&e.data.fixlipdHeight)"
    "f.style.height=Math.ceil(e.data.fixlipdHeight)+'px'});f.contentWindow.postMessage('fixlipd-height','*')"
)
_ANSWER = (
    "<script>(function(){var to=null,last=0;"
    "function tell(){var h=document.documentElement.getBoundingClientRect().height;"
    "if(to&&h!==last){last=h;to.postMessage({fixlipdHeight:h},'*')}}"
    "window.addEventListener('message',function(e){if(e.data==='fixlipd-height'){to=e.source;tell()}});"
    "new ResizeObserver(tell).observe(document.documentElement)})()</script>"
)


def shell() -> Any:
    """The running IPython shell, or ``None``. Imports nothing."""
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython is not None and hasattr(ipython, "get_ipython") else None


def in_notebook() -> bool:
    """Whether outputs go to a notebook rather than to a terminal."""
    return hasattr(shell(), "kernel")


def mimebundle(text: str, draw: Callable[..., str]) -> dict[str, str]:
    """What a notebook or terminal shows of something that ``draw`` draws; ``text`` alone where it cannot be drawn."""
    try:
        if shell() is not None and not in_notebook():
            columns = min(100, shutil.get_terminal_size().columns)
            return {"text/plain": draw(format="ansi", width=columns, colors=terminal_colors())}
        return {"text/plain": text, "text/html": frame(draw(format="html"))}
    except (FixlipdError, RuntimeError) as error:
        return {"text/plain": f"{text}\n(cannot be drawn: {error})"}


def prepared(text: str, page: str | None) -> dict[str, str]:
    """What is shown of something whose page was fetched before, or was not."""
    return {"text/plain": text} if page is None else {"text/plain": text, "text/html": frame(page)}


def terminal_colors() -> TerminalColors:
    """The colours that the terminal says it has."""
    if os.environ.get("NO_COLOR"):
        return "none"
    return "trueColor" if os.environ.get("COLORTERM") in ("truecolor", "24bit") else "ansi256"


def frame(page: str) -> str:
    """A page inside a frame that takes the height of its content."""
    head, separator, tail = page.rpartition("</body>")
    page = head + _ANSWER + separator + tail if separator else page + _ANSWER
    return (
        f'<iframe sandbox="allow-scripts" srcdoc="{html.escape(page, quote=True)}" onload="{html.escape(_ASK)}" '
        f'style="width:100%;height:{FRAME_HEIGHT}px;border:0" title="explanation"></iframe>'
    )


def picture(svg: str, alt: str = "explanation so far") -> str:
    """A drawing as an image, which runs no scripts and replaces an earlier one without flicker."""
    data = base64.b64encode(svg.encode("utf-8")).decode("ascii")
    return f'<img alt="{html.escape(alt)}" style="max-width:100%" src="data:image/svg+xml;base64,{data}">'
