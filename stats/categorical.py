"""Counting columns without numbers: a count per category of the plan, or of the rows alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wolfpack.spec.plan import ColumnPlan
from wolfpack.stats.column_state import ColumnState, bin_count
from wolfpack.stats.sketch import Sketch

Codes = NDArray[np.int32]
_NO_SKETCH = Sketch(1)


def count_codes(codes: Codes, plan: ColumnPlan) -> ColumnState:
    """Return the state of one chunk.

    Parameters
    ----------
    codes : shape (n,), each value's place among the plan's categories, `len(categories)` for any other
        value, -1 where missing. Kinds that are only counted have 0 for every value.
    plan : a plan without edges.
    """
    counts = np.bincount(codes + 1, minlength=bin_count(plan) + 1).astype(np.int64, copy=False)
    return ColumnState(plan, len(codes), int(counts[0]), counts[1:], _NO_SKETCH)
