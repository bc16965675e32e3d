"""Drawings and values as files."""

from __future__ import annotations

import os
from typing import Any, Callable, Mapping, Optional

FORMATS = {".html": "html", ".htm": "html", ".svg": "svg", ".md": "markdown", ".txt": "ansi"}


def save_text(
    path: Any,
    render: Callable[..., str],
    export: Optional[Callable[[], str]],
    options: Mapping[str, Any],
) -> None:
    """Writes what ``render(format, **options)`` gives for the format that the path's ending means, or what ``export`` gives
    for ``.json``. A text file gets no colours unless they are asked for.

    Raises:
        ValueError: an ending that means nothing.
    """
    ending = os.path.splitext(os.fspath(path))[1].lower()
    if ending == ".json" and export is not None:
        content = export()
    elif ending in FORMATS:
        plain = {"colors": "none"} if FORMATS[ending] == "ansi" else {}
        content = render(FORMATS[ending], **{**plain, **options})
    else:
        known = ", ".join([*FORMATS, ".json"] if export is not None else FORMATS)
        raise ValueError(f"cannot save as {ending or 'a file without ending'!s}; the ending is one of {known}")
    with open(path, "w", encoding="utf-8") as file:
        file.write(content)
