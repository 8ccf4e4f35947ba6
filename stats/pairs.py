"""Columns that belong together row by row: predictions with labels, one version's with another's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

LARGEST = 1e35
"""Numbers beyond this are refused as infinite ones are: their fourth powers could not be summed."""


def known_rows(**columns: ArrayLike) -> tuple[list[Floats], int]:
    """Return the columns as numbers, without the rows where any is missing, and how many those were.

    Parameters
    ----------
    columns : one-dimensional and of one length, by the name that a message gives them; NaN or None where
        unknown.

    Raises
    ------
    ValueError
        If the shapes differ, or a number of a row without NaN is infinite or beyond 1e35.
    """
    names = list(columns)
    arrays = [np.asarray(column, np.float64) for column in columns.values()]
    check_shapes(names, [array.shape for array in arrays])
    missing = np.zeros(len(arrays[0]), bool)
    for array in arrays:
        missing |= np.isnan(array)
    for name, array in zip(names, arrays, strict=True):
        beyond = (np.abs(array) > LARGEST) & ~missing
        if beyond.any():
            raise ValueError(
                f"{name}[{int(np.flatnonzero(beyond)[0])}] is infinite or beyond {LARGEST:g}; "
                "give finite numbers, and NaN where there is none"
            )
    if not missing.any():
        return arrays, 0
    return [array[~missing] for array in arrays], int(missing.sum())


def check_shapes(names: list[str], shapes: list[tuple[int, ...]]) -> None:
    """Raise ValueError unless all are columns of one length."""
    if len(set(shapes)) > 1 or len(shapes[0]) != 1:
        raise ValueError(
            f"{' and '.join(names)} have shapes {' and '.join(map(str, shapes))}; give columns of one length"
        )


def check_binary(labels: Floats) -> None:
    """Raise ValueError unless each label is 0 or 1."""
    wrong = (labels != 0) & (labels != 1)
    if wrong.any():
        raise ValueError(
            f"label {float(labels[wrong][0])!r} is neither 0 nor 1; write the positive class as 1, the other as 0"
        )


def codes(values: Any) -> tuple[NDArray[np.int64], list[str]]:
    """Return each row's place among the distinct names of a column, -1 where missing, and the names.

    Whole numbers are named without a point, so that 1, 1.0 and True are one class.
    """
    column = values if isinstance(values, pa.Array | pa.ChunkedArray) else _arrow(values)
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    if isinstance(column, pa.DictionaryArray):
        column = column.dictionary_decode()
    if pa.types.is_floating(column.type):
        column = pc.if_else(pc.is_nan(column), pa.scalar(None, column.type), column)
    encoded = column.dictionary_encode()
    places = np.asarray(encoded.indices.fill_null(-1), np.int64)
    names = [_name(value) for value in encoded.dictionary.to_pylist()]
    return _join(places, names)


def _arrow(values: Any) -> pa.Array:
    """Return a column as Arrow has it; NaN among objects is missing as None is."""
    array = np.asarray(values, object) if isinstance(values, list | tuple) else np.asarray(values)
    if array.ndim != 1:
        raise ValueError(f"the shape {array.shape} is no column; give one value for each row")
    if array.dtype.kind == "O":
        array = np.array([None if value != value else value for value in array.tolist()] + [None], object)[
            :-1
        ]
        if len({type(value) for value in array.tolist() if value is not None}) > 1:
            array = np.array([None if value is None else _name(value) for value in array.tolist()], object)
    return pa.array(array, from_pandas=True)


def _name(value: Any) -> str:
    if isinstance(value, bool | np.bool_):
        return str(int(value))
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value)


def _join(places: NDArray[np.int64], names: list[str]) -> tuple[NDArray[np.int64], list[str]]:
    """Return the same with each name once: 1 and '1' in one column of objects are one class."""
    distinct = sorted(set(names))
    at = {name: place for place, name in enumerate(distinct)}
    renamed = np.array([at[name] for name in names] + [-1], np.int64)
    return renamed[places], distinct
