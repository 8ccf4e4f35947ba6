"""Bringing a profile to another plan: counts by its sketch, everything else as it was."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wolfpack.spec.plan import OTHER, ColumnPlan, Plan
from wolfpack.stats.align import estimate
from wolfpack.stats.column_state import ColumnState
from wolfpack.stats.frequent import count_frequent
from wolfpack.stats.moments import Powers
from wolfpack.stats.profiles import Profile, Segment, kept_segments


def replan(profile: Profile, plan: Plan) -> Profile:
    """Return the profile as if its rows had been counted on another plan, as far as it knows.

    Rows, missing values, moments, extremes, sketches and distinct values are kept. Counts on bins are estimated, by
    the sketch of all rows, in segments by the share of a bin that lies on either side of an edge; `bin_error` says
    within what. Categories keep their counts where both plans name them. Columns of another kind, and those that
    the plan does not know, are left out and named in `unplanned`; segment values that only one plan keeps are among
    the others. Panes are left out.

    Parameters
    ----------
    profile : on any plan.
    plan : the one to bring it to.
    """
    if profile.plan.id == plan.id:
        return profile
    kept = [name for name, column in plan.columns.items() if _alike(profile.plan.columns.get(name), column)]
    rows = dict.fromkeys(kept_segments(plan), 0)
    states: dict[Segment, dict[str, ColumnState]] = {segment: {} for segment in rows}
    errors = [profile.bin_error]
    for segment, count in profile.segment_rows.items():
        if segment[0] and segment[0] not in plan.segments:
            continue
        if segment not in rows:  # other segments are told apart by nobody any more
            rows[segment[0], OTHER] = rows.get((segment[0], OTHER), 0) + count
            continue
        rows[segment] += count
        for name in kept:
            if name in profile.segments[segment]:
                states[segment][name], error = _brought(profile.segments[segment][name], plan.columns[name])
                errors.append(error)
    for segment in rows:
        states.setdefault(segment, {})
    unknown = (name for name in profile.plan.columns if name not in kept)
    return Profile(
        plan, rows, states, {}, tuple(dict.fromkeys([*profile.unplanned, *unknown])), min(max(errors), 1.0)
    )


def _alike(mine: ColumnPlan | None, theirs: ColumnPlan) -> bool:
    """Tell whether both count the same thing: distances from another center are other numbers."""
    if mine is None or (mine.kind, mine.measure) != (theirs.kind, theirs.measure):
        return False
    if mine.measure == "distance":
        return mine.center == theirs.center
    return len(mine.center) == len(theirs.center)


def _brought(state: ColumnState, plan: ColumnPlan) -> tuple[ColumnState, float]:
    """Return the state on another plan of its kind, and the error of its counts."""
    if state.plan == plan:
        return state, 0.0
    if plan.categories or state.plan.categories:
        return _by_word(state, plan), 0.0
    changes: dict[str, Any] = {"powers": _about(state, plan.pivot)}
    if plan.kind == "embedding" and plan.center != state.plan.center:
        apart = np.array(state.plan.center) - np.array(plan.center)
        changes["sums"] = state.sums + state.count * apart
    error = 0.0
    if plan.edges != state.plan.edges:
        under, error = estimate(state, np.array(plan.edges))
        changes["bins"] = np.diff(under, prepend=0, append=state.count)
    return replace(state, plan=plan, **changes), error


def _by_word(state: ColumnState, plan: ColumnPlan) -> ColumnState:
    """Return the counts of the categories; those that only the old plan names are among the frequent others."""
    counts: dict[str, int] = dict(zip(state.plan.categories, state.bins.tolist(), strict=False))
    others = dict(state.frequent.items) | {
        word: count for word, count in counts.items() if word not in plan.categories
    }
    known: list[int] = [counts.get(word, others.pop(word, 0)) for word in plan.categories]
    bins: NDArray[np.int64] = np.array([*known, state.count - sum(known)], np.int64)
    frequent = (
        state.frequent
        if state.lean
        else count_frequent([(word, n) for word, n in others.items() if n], state.frequent.error)
    )
    return replace(state, plan=plan, bins=bins, frequent=frequent)


def _about(state: ColumnState, pivot: float) -> Powers:
    """Return the sums of powers about another pivot, by the binomial theorem."""
    apart = state.plan.pivot - pivot
    sums = (float(state.count), *state.powers)
    if not apart or not state.count:
        return state.powers
    with np.errstate(over="ignore", invalid="ignore"):
        moved = [
            sum(math.comb(power, k) * np.float64(apart) ** (power - k) * sums[k] for k in range(power + 1))
            for power in range(1, 5)
        ]
    return Powers(*(float(x) if np.isfinite(x) else math.inf for x in moved))
