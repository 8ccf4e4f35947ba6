"""The table of the speed benchmark: 15 columns of numbers with 1 % missing, 5 of 3 to 10,000 categories."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

NUMERIC = 15
CATEGORIES = (3, 20, 100, 1000, 10_000)
SEGMENT = "words_20"
"""The column of 20 categories, by which rows are cut."""
MISSING = 0.01
ROW_GROUP = 1_000_000


def make_table(rows: int, seed: int, copies: int = 1, shift: float = 0.0) -> pa.Table:
    """Return the table.

    Parameters
    ----------
    rows, seed : what it is made from; equal ones give an equal table.
    copies : how often the 20 columns are there, each time with other values.
    shift : what is added to the normal columns, in their deviations.
    """
    random = np.random.default_rng([seed, rows])
    columns: dict[str, pa.Array] = {}
    for copy in range(copies):
        suffix = f"_{copy}" if copies > 1 else ""
        for place in range(NUMERIC):
            values = _numbers(random, rows, place, shift)
            columns[f"number_{place}{suffix}"] = pa.array(values, mask=random.random(rows) < MISSING)
        for kinds in CATEGORIES:
            columns[f"words_{kinds}{suffix}"] = _words(random, rows, kinds)
    return pa.table(columns)


def _numbers(random: np.random.Generator, rows: int, place: int, shift: float) -> NDArray[np.float64]:
    """Return normal, log-normal, uniform, exponential numbers or counts, by the column's place."""
    match place % 5:
        case 0:
            return random.normal(10 + 5 * shift, 5, rows)
        case 1:
            return random.lognormal(0, 1, rows)
        case 2:
            return random.uniform(-1, 1, rows)
        case 3:
            return random.exponential(100, rows)
    return random.poisson(30, rows).astype(np.float64)


def _words(random: np.random.Generator, rows: int, kinds: int) -> pa.Array:
    """Return text of so many kinds, the first about three times as frequent as the last."""
    weights = np.linspace(3, 1, kinds)
    cuts = np.cumsum(weights / weights.sum())
    codes = np.minimum(np.searchsorted(cuts, random.random(rows)), kinds - 1)
    names = pa.array([f"value-{code:05d}" for code in range(kinds)])
    return names.take(pa.array(codes))


def dictionaries(table: pa.Table) -> pa.Table:
    """Return the table with its words as dictionary codes, as Parquet and categorical columns have them."""
    for place, column in enumerate(table.columns):
        if column.type == pa.string():
            table = table.set_column(place, table.column_names[place], column.dictionary_encode())
    return table


def write_table(path: Path, table: pa.Table, times: int = 1) -> Path:
    """Write the table to Parquet, so many times one after the other, and return the path."""
    with pq.ParquetWriter(path, table.schema) as writer:
        for _ in range(times):
            writer.write_table(table, row_group_size=ROW_GROUP)
    return path
