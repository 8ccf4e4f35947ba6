"""What must hold of the numbers in a profile's bytes, checked for all rows at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wolfpack.spec.errors import ProfileFormatError
from wolfpack.spec.plan import ColumnPlan
from wolfpack.stats.column_state import bin_count
from wolfpack.stats.distinct import K
from wolfpack.stats.frequent import MOST
from wolfpack.stats.moments import Powers

MOST_ROWS = 10**12
"""More rows than any table has; keeps every sum of counts far from overflow."""
MOST_LEVELS = 40

Lists = tuple[NDArray[np.int64], NDArray[Any]]
"""Where each list begins and ends, shape (n + 1,), and the values of all."""


def check_counts(
    names: Sequence[str | None],
    plans: Sequence[ColumnPlan],
    columns: dict[str, NDArray[Any]],
    lists: dict[str, Lists],
) -> None:
    """Raise ProfileFormatError, naming the column, unless every row's counts agree with each other."""

    def refuse(wrong: Any, what: str) -> None:
        if np.any(wrong):
            name = names[int(np.flatnonzero(wrong)[0])]
            raise ProfileFormatError(f"profile: column {name!r}: {what}; write it with Profile.to_bytes")

    bins = lists["bins"]
    count = _check_rows(refuse, columns)
    known = {name: _facts(name, plan) for name, plan in dict(zip(names, plans, strict=True)).items()}
    counted, wanted, numbers, centers = np.array([known[name] for name in names], int).reshape(-1, 4).T
    counted, numeric = counted.astype(bool), numbers.astype(bool)
    refuse(np.diff(bins[0]) != wanted, "its bins are not as many as the plan's")
    _check_range(bins[1], "a bin")
    refuse(counted & (_sums(bins) != count), "bins, missing, nonfinite and changed do not sum to rows")
    low, high = columns["minimum"], columns["maximum"]
    refuse(np.isnan(low) != ~(numeric & (count > 0)), "minimum is there exactly when there are numbers")
    refuse(np.isnan(low) != np.isnan(high), "minimum and maximum go together")
    refuse(low > high, "minimum is above maximum")
    powers = np.array([columns[name] for name in Powers._fields])
    refuse(np.isnan(powers).any(0), "its moments are not numbers")
    refuse(counted * np.diff(lists["sums"][0]) != centers, "its sums are not as many as the plan's center")
    lean = np.asarray(columns["lean"], bool)
    refuse(columns["k"] < 1, "its sketch has no size")
    _check_sketch(refuse, count * (numeric & ~lean), lists["levels"], lists["items"])
    _check_hashes(refuse, lean, lists["hashes_high"], lists["hashes_low"])
    _check_words(refuse, lean, columns["word_error"], lists["words"], lists["word_counts"])


def _facts(name: str | None, plan: ColumnPlan) -> tuple[bool, int, bool, int]:
    """Return whether rows of this name are a column's, their bins, whether they hold numbers, and their sums."""
    if name is None:
        return False, 0, False, 0
    sums = len(plan.center) if plan.kind == "embedding" else 0
    return True, bin_count(plan), plan.kind in ("numeric", "datetime"), sums


def _check_rows(refuse: Any, columns: dict[str, NDArray[Any]]) -> NDArray[np.int64]:
    """Return the values of each row, its counts checked."""
    for name in ("rows", "missing", "nonfinite", "changed", "zeros", "negatives", "out_of_range"):
        refuse(
            (columns[name] < 0) | (columns[name] > MOST_ROWS), f"{name} is not in the range 0<=x<={MOST_ROWS}"
        )
    count = columns["rows"] - columns["missing"] - columns["nonfinite"] - columns["changed"]
    refuse(count < 0, "missing, nonfinite and changed are more than rows")
    refuse(columns["zeros"] + columns["negatives"] > count, "zeros and negatives are more than its values")
    refuse(columns["out_of_range"] > count, "out_of_range is more than its values")
    return np.asarray(count, np.int64)


def _check_range(counts: NDArray[Any], what: str) -> None:
    if len(counts) and (counts.min() < 0 or counts.max() > MOST_ROWS):
        raise ProfileFormatError(
            f"profile: {what} is not in the range 0<=x<={MOST_ROWS}; write it with Profile.to_bytes"
        )


def _check_sketch(refuse: Any, count: NDArray[np.int64], levels: Lists, items: Lists) -> None:
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


def _check_hashes(refuse: Any, lean: NDArray[np.bool_], high: Lists, low: Lists) -> None:
    sizes = np.diff(low[0])
    refuse(np.diff(high[0]) != sizes, "its hashes have not as many high parts as low ones")
    refuse((sizes > K) | (lean & (sizes > 0)), f"it has more than {K} hashes, or is lean and has any")
    hashes = high[1].astype(np.uint64) << np.uint64(32) | low[1]
    falls = np.zeros(len(hashes) + 1, np.int64)
    falls[1:-1] = hashes[1:] <= hashes[:-1]
    falls[low[0][:-1]] = 0  # the first of each list
    refuse(_sums((low[0], falls[:-1])) > 0, "its hashes do not ascend")


def _check_words(
    refuse: Any, lean: NDArray[np.bool_], error: NDArray[np.int64], words: Lists, counts: Lists
) -> None:
    sizes = np.diff(words[0])
    refuse(np.diff(counts[0]) != sizes, "its words are not as many as their counts")
    refuse((sizes > MOST) | (lean & (sizes > 0)), f"it has more than {MOST} words, or is lean and has any")
    refuse((error < 0) | (error > MOST_ROWS), f"word_error is not in the range 0<=x<={MOST_ROWS}")
    _check_range(counts[1], "the count of a word")


def _sums(lists: Lists) -> NDArray[np.int64]:
    """Return the sum of each list; exact while each is under 2**63, whatever the running total does."""
    running = np.concatenate(([0], np.cumsum(lists[1], dtype=np.int64)))
    return np.asarray(running[lists[0][1:]] - running[lists[0][:-1]], np.int64)
