"""What must hold of the numbers in a profile's bytes, checked for all rows at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wolfpack.spec.errors import ProfileFormatError
from wolfpack.spec.plan import ColumnPlan
from wolfpack.stats.column_state import bin_count

MOST_ROWS = 10**12
"""More rows than any table has; keeps every sum of counts far from overflow."""
MOST_LEVELS = 40

Lists = tuple[NDArray[np.int64], NDArray[Any]]
"""Where each list begins and ends, shape (n + 1,), and the values of all."""


def check_counts(
    names: Sequence[str | None],
    plans: Sequence[ColumnPlan],
    columns: dict[str, NDArray[Any]],
    bins: Lists,
    levels: Lists,
    items: Lists,
) -> None:
    """Raise ProfileFormatError, naming the column, unless every row's counts agree with each other."""

    def refuse(wrong: NDArray[np.bool_], what: str) -> None:
        if wrong.any():
            name = names[int(np.flatnonzero(wrong)[0])]
            raise ProfileFormatError(f"profile: column {name!r}: {what}; write it with Profile.to_bytes")

    rows, missing, nonfinite = columns["rows"], columns["missing"], columns["nonfinite"]
    for name in ("rows", "missing", "nonfinite", "zeros", "negatives"):
        refuse(
            (columns[name] < 0) | (columns[name] > MOST_ROWS), f"{name} is not in the range 0<=x<={MOST_ROWS}"
        )
    count = rows - missing - nonfinite
    refuse(count < 0, "missing and nonfinite are more than rows")
    refuse(columns["zeros"] + columns["negatives"] > count, "zeros and negatives are more than its values")
    counted = np.array([name is not None for name in names], bool)
    wanted = np.array([bin_count(plan) for plan in plans]) * counted
    refuse(np.diff(bins[0]) != wanted, "its bins are not as many as the plan's")
    if len(bins[1]) and (bins[1].min() < 0 or bins[1].max() > MOST_ROWS):
        raise ProfileFormatError(
            f"profile: a bin is not in the range 0<=x<={MOST_ROWS}; write it with Profile.to_bytes"
        )
    refuse(counted & (_sums(bins) != count), "bins, missing and nonfinite do not sum to rows")
    numeric = np.array(
        [name is not None and plan.kind == "numeric" for name, plan in zip(names, plans, strict=True)]
    )
    low, high = columns["minimum"], columns["maximum"]
    refuse(np.isnan(low) != ~(numeric & (count > 0)), "minimum is there exactly when there are numbers")
    refuse(np.isnan(low) != np.isnan(high), "minimum and maximum go together")
    refuse(low > high, "minimum is above maximum")
    refuse(np.isnan(columns["total"]) | np.isnan(columns["squares"]), "its moments are not numbers")
    _check_sketch(refuse, columns["k"], count * numeric, levels, items)


def _check_sketch(
    refuse: Any, k: NDArray[Any], count: NDArray[np.int64], levels: Lists, items: Lists
) -> None:
    refuse(k < 1, "its sketch has no size")
    depth = np.diff(levels[0])
    refuse(depth > MOST_LEVELS, f"its sketch has more than {MOST_LEVELS} levels")
    if len(levels[1]) and levels[1].min() < 0:
        raise ProfileFormatError(
            "profile: a sketch level has less than no items; write it with Profile.to_bytes"
        )
    height = np.arange(len(levels[1])) - np.repeat(levels[0][:-1], depth)
    refuse(_sums(levels) != np.diff(items[0]), "its sketch's levels are not as long as its items")
    weights = levels[0], levels[1].astype(np.int64) << height
    refuse(_sums(weights) != count, "its sketch does not stand for its values")
    if not np.isfinite(items[1]).all():
        raise ProfileFormatError(
            "profile: a sketch holds a value that is not finite; write it with Profile.to_bytes"
        )


def _sums(lists: Lists) -> NDArray[np.int64]:
    """Return the sum of each list; exact while each is under 2**63, whatever the running total does."""
    running = np.concatenate(([0], np.cumsum(lists[1], dtype=np.int64)))
    return np.asarray(running[lists[0][1:]] - running[lists[0][:-1]], np.int64)
