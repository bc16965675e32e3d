"""Drawings and values as files."""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from typing import Any

EXPORT = "json"
FORMATS = {
    ".html": "html",
    ".htm": "html",
    ".svg": "svg",
    ".png": "png",
    ".pdf": "pdf",
    ".md": "markdown",
    ".txt": "ansi",
}


def what_to_save(path: Any, options: Mapping[str, Any], *, exports: bool) -> tuple[str, dict[str, Any]]:
    """The format that a path's ending means, and the options to draw with: :data:`EXPORT` for ``.json``, where it
    ``exports``. A text file gets no colours unless they are asked for, and of one explanation the model is asked about
    the parts that the drawing names.

    Raises:
        ValueError: an ending that means nothing.
    """
    ending = os.path.splitext(os.fspath(path))[1].lower()
    if ending == ".json" and exports:
        return EXPORT, {}
    if ending not in FORMATS:
        known = ", ".join([*FORMATS, ".json"] if exports else FORMATS)
        raise ValueError(f"cannot save as {ending or 'a file without ending'!s}; the ending is one of {known}")
    plain: dict[str, Any] = {"colors": "none"} if FORMATS[ending] == "ansi" else {}
    if exports:
        plain["ask_model"] = True
    return FORMATS[ending], {**plain, **options}


def drawn(wire: Mapping[str, Any]) -> Any:
    """What a reply to ``explanation/render`` holds: a ``str``, or the ``bytes`` of a PNG or PDF file."""
    content: str = wire["content"]
    return base64.b64decode(content) if wire.get("encoding") == "base64" else content


def write_file(path: Any, content: str | bytes) -> None:
    """Writes a file; text in UTF-8."""
    with open(path, "wb") as file:
        file.write(content.encode("utf-8") if isinstance(content, str) else content)
