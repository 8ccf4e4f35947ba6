"""Exact counts of values while they are few: of numbers up to 1,024 different ones, of words up to 100,000."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

MOST_NUMBERS = 1024
MOST_WORDS = 100_000


@dataclass(frozen=True, eq=False)
class Tally:
    """Values and their counts.

    Parameters
    ----------
    table : columns ``value`` and ``count``, each value once.
    error : rows that a count, or a value left out, lacks at most; 0 if exact.
    """

    table: pa.Table
    error: int = 0

    @property
    def counts(self) -> NDArray[np.int64]:
        return np.asarray(self.table["count"].to_numpy(), np.int64)

    def add(self, values: pa.Array, counts: NDArray[np.int64]) -> Tally:
        """Return the tally with more values, the least frequent left out where there are too many.

        References
        ----------
        G. Manku, R. Motwani, Approximate frequency counts over data streams, VLDB 2002.
        """
        more = pa.table({"value": values, "count": counts})
        together = pa.concat_tables([self.table, more]).group_by("value").aggregate([("count", "sum")])
        table, error = together.rename_columns({"count_sum": "count"}), self.error
        if table.num_rows > MOST_WORDS:
            table = table.sort_by([("count", "descending")])
            error += int(table["count"][MOST_WORDS // 2].as_py())
            table = table.slice(0, MOST_WORDS // 2)
        return Tally(table, error)


def empty_tally(type_: pa.DataType) -> Tally:
    return Tally(pa.table({"value": pa.array([], type_), "count": pa.array([], pa.int64())}))
