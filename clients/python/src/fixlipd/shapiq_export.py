"""Explanations for shapiq (github.com/mmschlk/shapiq)."""

from __future__ import annotations

import os
import tempfile
from typing import Any, Callable


def interaction_values(export: Callable[[], str]) -> Any:
    """A ``shapiq.InteractionValues`` from the daemon's export.

    Raises:
        ImportError: shapiq is not installed.
    """
    try:
        import shapiq
    except ImportError:
        raise ImportError("to_shapiq() needs shapiq: pip install shapiq") from None
    with tempfile.TemporaryDirectory(prefix="fixlipd-") as folder:
        path = os.path.join(folder, "explanation.json")
        with open(path, "w", encoding="utf-8") as file:
            file.write(export())
        return shapiq.InteractionValues.load(path)
