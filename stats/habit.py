"""Noise floors of habit: how far windows of the reference itself lie from the rest of it.

Rows of one day are not independent and seasons are not drift, so a floor of sampling alone is too low
(reference trial, 2.6). Twice the largest score that the reference's own windows reach is what it lacks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wolfpack.stats.column_state import ColumnState, empty_state
from wolfpack.stats.drift import coarse_bins, group_bins, ks, psi, rare_bins
from wolfpack.stats.floors import Floors
from wolfpack.stats.profiles import ALL, Profile, Segment

FACTOR = 2.0
LEAST_WINDOWS = 10
"""Disjoint windows that a reference must have for its habit to be known."""
LEAST_ROWS = 10
"""Values that a window of the reference must have to be scored."""

Counts = NDArray[Any]


def habit_floors(reference: Profile, panes: int, segment: Segment = ALL) -> dict[str, Floors]:
    """Return the floors of all columns from the reference's own windows of so many consecutive panes.

    Returns
    -------
    dict
        By column; empty if the reference has fewer than 10 disjoint windows of this length.

    Raises
    ------
    ValueError
        If panes is under 1.
    """
    if panes < 1:
        raise ValueError(f"panes: {panes!r} is not in the range x>=1; it is the number of panes in a window")
    parts = [reference.panes[start] for start in sorted(reference.panes)]
    if len(parts) // panes < LEAST_WINDOWS or segment not in reference.segments:
        return {}
    return {
        name: _column_floors([part.segments.get(segment, {}).get(name) for part in parts], state, panes)
        for name, state in reference.segments[segment].items()
    }


def _column_floors(parts: list[ColumnState | None], whole: ColumnState, panes: int) -> Floors:
    none = empty_state(whole.plan, 1)
    states = [part if part is not None else none for part in parts]
    rows = _cut(np.array([(state.rows, state.missing) for state in states]), panes)
    missing = _twice_largest(rows, rows.now[:, 0], rows.rest[:, 0], _increase)
    if whole.kind not in ("numeric", "categorical", "boolean"):
        return Floors(missing=missing)
    bins = _cut(np.array([state.bins for state in states]), panes)
    counts = bins.now.sum(1), bins.rest.sum(1)
    numeric = whole.kind == "numeric"
    return Floors(
        psi=_twice_largest(bins, *counts, lambda cut: _psi(cut, numeric)),
        ks=_twice_largest(bins, *counts, lambda cut: ks(cut.rest, cut.now)) if numeric else 0.0,
        missing=missing,
        novel=_twice_largest(bins, *counts, lambda cut: _novel(cut, numeric)),
        mean=_mean_floor(states, panes) if numeric else 0.0,
    )


def _mean_floor(states: list[ColumnState], panes: int) -> float:
    """Return twice the largest distance of a window's mean from that of the rest, in the column's unit."""
    counts = _cut(np.array([state.count for state in states])[:, None], panes)
    totals = _cut(np.array([state.total for state in states])[:, None], panes)  # about the plan's pivot
    enough = (counts.now >= LEAST_ROWS) & (counts.rest >= LEAST_ROWS)
    if not enough.any():
        return 0.0
    apart = totals.now[enough] / counts.now[enough] - totals.rest[enough] / counts.rest[enough]
    return FACTOR * float(np.abs(apart).max())


@dataclass(frozen=True, eq=False)
class _Windows:
    """Counts of each window and of all that lies outside it, both of shape (windows, k)."""

    now: Counts
    rest: Counts


def _cut(counts: Counts, panes: int) -> _Windows:
    """Return all windows of consecutive panes, from counts of shape (panes, k)."""
    running = np.concatenate((np.zeros_like(counts[:1]), np.cumsum(counts, axis=0)))
    now = running[panes:] - running[:-panes]
    return _Windows(now, running[-1] - now)


def _twice_largest(
    windows: _Windows, now: Counts, rest: Counts, score: Callable[[_Windows], NDArray[Any]]
) -> float:
    """Return twice the largest score of the windows with enough rows inside and outside; 0 without any."""
    enough = (now >= LEAST_ROWS) & (rest >= LEAST_ROWS)
    if not enough.any():
        return 0.0
    return FACTOR * max(float(score(_Windows(windows.now[enough], windows.rest[enough])).max()), 0.0)


def _increase(cut: _Windows) -> NDArray[Any]:
    return np.asarray(cut.now[:, 1] / cut.now[:, 0] - cut.rest[:, 1] / cut.rest[:, 0])


def _unseen(cut: _Windows, numeric: bool) -> NDArray[np.bool_]:
    unseen = cut.rest == 0
    if not numeric:
        unseen[:, -1] = True  # the heap of all other values, as in align.py
    return np.asarray(unseen)


def _novel(cut: _Windows, numeric: bool) -> NDArray[Any]:
    unseen = _unseen(cut, numeric)
    return np.asarray(
        (cut.now * unseen).sum(1) / cut.now.sum(1) - (cut.rest * unseen).sum(1) / cut.rest.sum(1)
    )


def _psi(cut: _Windows, numeric: bool) -> NDArray[Any]:
    """Score all windows on the groups of the whole reference; what a window sees first joins the last."""
    total = cut.now[0] + cut.rest[0]
    apart = rare_bins(total, total == 0, numeric)
    member = group_bins(total, apart, coarse_bins(float(np.median(cut.now.sum(1)))))
    unseen = _unseen(cut, numeric)
    now, rest = (np.where(unseen, 0, counts) @ member for counts in (cut.now, cut.rest))
    now[:, -1] += (cut.now * unseen).sum(1)
    rest[:, -1] += (cut.rest * unseen).sum(1)
    return psi(rest, now)[0]
