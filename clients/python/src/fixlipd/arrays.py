"""Floats on the wire, and the arrays that callers get: of NumPy where it is installed, else lists."""

from __future__ import annotations

import base64
import sys
from array import array
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Optional, Union

if TYPE_CHECKING:
    from numpy import float32
    from numpy.typing import NDArray

    Vector = NDArray[float32]
    Matrix = NDArray[float32]
else:
    Vector = Any
    Matrix = Any

EncodedFloats = Union[str, Sequence[Optional[float]]]
"""JSON numbers, or base64 of little-endian 32-bit floats."""


def numpy_module() -> Any:
    """NumPy, or ``None`` where it is not installed."""
    try:
        import numpy
    except ImportError:
        return None
    return numpy


def decode_floats(encoded: EncodedFloats) -> array[float]:
    """The floats of either encoding of the protocol; null becomes NaN."""
    if not isinstance(encoded, str):
        return array("f", (float("nan") if value is None else value for value in encoded))
    floats = array("f")
    floats.frombytes(base64.b64decode(encoded))
    if sys.byteorder == "big":
        floats.byteswap()
    return floats


def vector(floats: Sequence[float]) -> Vector:
    """``[n]`` as float32."""
    numpy = numpy_module()
    if numpy is not None:
        return numpy.array(floats, dtype=numpy.float32)  # type: ignore[no-any-return]
    return list(floats)  # type: ignore[return-value]


def matrix(floats: Sequence[float], rows: int, columns: int) -> Matrix:
    """``[rows, columns]`` as float32, from row-major values."""
    if len(floats) != rows * columns:
        raise ValueError(f"{len(floats)} values do not make {rows} rows of {columns}")
    numpy = numpy_module()
    if numpy is not None:
        return numpy.array(floats, dtype=numpy.float32).reshape(rows, columns)  # type: ignore[no-any-return]
    return [list(floats[row * columns : (row + 1) * columns]) for row in range(rows)]  # type: ignore[return-value]


def rows_matrix(rows: Sequence[Sequence[float] | None], columns: int) -> Matrix:
    """``[rows, columns]``; a missing row is all NaN."""
    flat = array("f")
    missing = array("f", [float("nan")]) * columns
    for row in rows:
        flat.extend(missing if row is None else row)
    return matrix(flat, len(rows), columns)


def symmetric_matrix(upper: Sequence[float], size: int) -> Matrix:
    """``[size, size]`` with a zero diagonal, from the upper triangle (0,1), (0,2), …, (size−2, size−1)."""
    if len(upper) != size * (size - 1) // 2:
        raise ValueError(f"{len(upper)} values are not the pairs of {size} players")
    numpy = numpy_module()
    if numpy is not None:
        full = numpy.zeros((size, size), dtype=numpy.float32)
        full[numpy.triu_indices(size, 1)] = upper
        return full + full.T  # type: ignore[no-any-return]
    table: list[list[float]] = [[0.0] * size for _ in range(size)]
    position = 0
    for i in range(size):
        for j in range(i + 1, size):
            table[i][j] = table[j][i] = upper[position]
            position += 1
    return table  # type: ignore[return-value]


def to_lists(values: Any) -> Any:
    """A vector or matrix as (nested) lists of Python floats."""
    return values.tolist() if hasattr(values, "tolist") else values
