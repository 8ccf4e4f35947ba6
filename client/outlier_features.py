"""Rows of a table as numbers that an outlier model reads: how far from usual each input is."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

GAUSSIAN = 1.4826
"""Median absolute deviation to standard deviation of a Gaussian (Rousseeuw and Croux, 1993)."""
MOST_VALUES = 1000
"""Values of a categorical input that are told apart; rarer ones count as one."""
FAR = 1e6
"""Distances are cut here, so that one input of 1e300 leaves numbers to compute with."""


@dataclass(frozen=True)
class Feature:
    """One input and what is usual of it.

    Parameters
    ----------
    name : its column.
    center, scale : numeric inputs: the value that is usual, and how much it varies; scale > 0.
    rarity : categorical inputs: surprise of each value, -ln of its share; None: the input is numeric.
    unknown : surprise of any other value.
    """

    name: str
    center: float = 0.0
    scale: float = 1.0
    rarity: dict[str, float] | None = None
    unknown: float = 0.0

    def numbers(self, column: pa.ChunkedArray) -> NDArray[np.float64]:
        """Return shape (rows,): signed distance in scales, or surprise; NaN where there is no value."""
        if self.rarity is None:
            return np.clip(_floats(column) - self.center, -FAR * self.scale, FAR * self.scale) / self.scale
        texts = column.cast(pa.string()).to_pylist()
        return np.array([math.nan if one is None else self.rarity.get(one, self.unknown) for one in texts])


@dataclass(frozen=True)
class Features:
    """The inputs of an outlier model, in order."""

    features: tuple[Feature, ...] = field(default=())

    @property
    def names(self) -> list[str]:
        return [one.name for one in self.features]

    def matrix(self, rows: pa.Table) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Return the rows as numbers, and which of them have a value of any input.

        Returns
        -------
        matrix : shape (rows, features); 0, which is usual, where an input is missing: `missing` is another alert's.
        known : shape (rows,).
        """
        parts = [
            one.numbers(_column(rows, one.name)) if one.name in rows.column_names else np.full(len(rows), np.nan)
            for one in self.features
        ]
        found = np.column_stack(parts) if parts else np.zeros((len(rows), 0))
        known = np.asarray(np.isfinite(found).any(axis=1), dtype=np.bool_)
        return np.nan_to_num(found, nan=0.0), known

    def to_list(self) -> list[dict[str, Any]]:
        return [dict(vars(one)) for one in self.features]

    @classmethod
    def from_list(cls, data: Sequence[dict[str, Any]]) -> Features:
        """Read what `to_list` wrote; ValueError if it has another form."""
        try:
            return cls(tuple(Feature(**one) for one in data))
        except TypeError as error:
            raise ValueError(f"no features of an outlier model: {error}") from error


def learn(table: pa.Table) -> Features:
    """Return what is usual of each input of a table of training data.

    Numbers and times by median and median absolute deviation, which one wild value in two does not move; texts and
    booleans by their shares. Other kinds are left out.

    Raises
    ------
    ValueError
        If no column can be read so, or there are no rows.
    """
    found = [one for name in table.column_names if (one := _learnt(name, _column(table, name))) is not None]
    if not found or not len(table):
        kinds = ", ".join(f"{column.name} {column.type}" for column in table.schema) or "none"
        raise ValueError(f"no column to learn from in {len(table)} rows; columns are: {kinds}")
    return Features(tuple(found))


def _learnt(name: str, column: pa.ChunkedArray) -> Feature | None:
    kind = column.type
    if pa.types.is_boolean(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return _by_shares(name, column)
    if not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_temporal(kind)):
        return None
    values = _floats(column)
    values = values[np.isfinite(values)]
    if not len(values):
        return None
    center = float(np.median(values))
    scale = GAUSSIAN * float(np.median(np.abs(values - center)))
    if scale == 0:  # more than half of the rows have one value
        scale = float(np.std(values)) or max(abs(center), 1.0)
    return Feature(name, center, scale)


def _by_shares(name: str, column: pa.ChunkedArray) -> Feature:
    counted = Counter(one for one in column.cast(pa.string()).to_pylist() if one is not None)
    rows = sum(counted.values())
    rarity = {value: -math.log(count / rows) for value, count in counted.most_common(MOST_VALUES)}
    return Feature(name, rarity=rarity, unknown=math.log(rows + 1) if rows else 0.0)


def _column(table: pa.Table, name: str) -> pa.ChunkedArray:
    column = table[name]
    return column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column


def _floats(column: pa.ChunkedArray) -> NDArray[np.float64]:
    """Return numbers, and times as seconds, with NaN for what is neither."""
    if pa.types.is_temporal(column.type):
        column = pc.divide(column.cast(pa.timestamp("us")).cast(pa.int64()).cast(pa.float64()), 1e6)
    elif not (pa.types.is_integer(column.type) or pa.types.is_floating(column.type)):
        texts = column.cast(pa.string()).to_pylist() if not pa.types.is_null(column.type) else [None] * len(column)
        return np.array([_float(one) for one in texts])
    values: NDArray[np.float64] = column.cast(pa.float64(), safe=False).to_numpy()
    return values


def _float(text: str | None) -> float:
    try:
        return math.nan if text is None else float(text)
    except ValueError:
        return math.nan
