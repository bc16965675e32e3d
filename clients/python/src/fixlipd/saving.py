"""Drawings and values as files."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

EXPORT = "json"
FORMATS = {".html": "html", ".htm": "html", ".svg": "svg", ".md": "markdown", ".txt": "ansi"}


def what_to_save(path: Any, options: Mapping[str, Any], *, exports: bool) -> tuple[str, dict[str, Any]]:
    """The format that a path's ending means, and the options to draw with: :data:`EXPORT` for ``.json``, where it
    ``exports``. A text file gets no colours unless they are asked for.

    Raises:
        ValueError: an ending that means nothing.
    """
    ending = os.path.splitext(os.fspath(path))[1].lower()
    if ending == ".json" and exports:
        return EXPORT, {}
    if ending not in FORMATS:
        known = ", ".join([*FORMATS, ".json"] if exports else FORMATS)
        raise ValueError(f"cannot save as {ending or 'a file without ending'!s}; the ending is one of {known}")
    plain = {"colors": "none"} if FORMATS[ending] == "ansi" else {}
    return FORMATS[ending], {**plain, **options}


def write_text(path: Any, content: str) -> None:
    """Writes a file in UTF-8."""
    with open(path, "w", encoding="utf-8") as file:
        file.write(content)
