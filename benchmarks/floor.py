"""The floor of the profile's time: what numpy takes to sort the numbers once and to read everything once."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from benchmarks.report import Times, now


def measure_floor(table: pa.Table, repeats: int) -> Times:
    """Return the time of sorting a copy of each numeric column, NaN where missing, and of one pass over all.

    Words are read as the codes of their dictionaries. Making the copies is not counted, though a profile has
    to make them as well.
    """
    numbers = [column.to_numpy() for column in table.columns if column.type == pa.float64()]
    words = [column for column in table.columns if pa.types.is_dictionary(column.type)]
    codes = [np.asarray(column.combine_chunks().indices) for column in words]
    scratch = np.empty(table.num_rows)
    seconds = []
    for _ in range(repeats + 1):
        taken = 0.0
        for column in numbers:
            scratch[:] = column
            start = now()
            scratch.sort()
            taken += now() - start
        start = now()
        for column in numbers:
            np.add.reduce(column)
        for places in codes:
            np.bincount(places)
        seconds.append(taken + now() - start)
    return Times(tuple(seconds[1:]))
