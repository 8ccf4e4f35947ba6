"""Comparing a profile with a reference: four evidences per column, each above its threshold and its noise."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from wolfpack.stats.align import Pair, align
from wolfpack.stats.column_state import ColumnState
from wolfpack.stats.distances import jensen_shannon, wasserstein
from wolfpack.stats.drift import ks, psi
from wolfpack.stats.floors import Floors, alpha, increase_floor, ks_floor, psi_floor
from wolfpack.stats.habit import habit_floors
from wolfpack.stats.profiles import ALL, Profile, Segment
from wolfpack.stats.sentences import describe, too_few
from wolfpack.stats.verdict import ColumnDrift, Drift, Thresholds

DEFAULT = Thresholds()
_NO_HABIT = Floors()
Scored = tuple[float | None, float | None]
"""A score and its noise."""


def compare(
    reference: Profile,
    current: Profile,
    *,
    segment: Segment | None = ALL,
    columns: Iterable[str] | None = None,
    thresholds: Thresholds = DEFAULT,
    habit: Mapping[str, Floors] | None = None,
    distances: bool = True,
) -> Drift:
    """Return how far each column of the current profile lies from the reference, beside what noise gives.

    Parameters
    ----------
    reference, current : on one plan; on different ones the current counts are estimated from its sketch.
    segment : which rows are compared; None for all rows and each segment by itself.
    columns : which columns; None for all that both have. Their number sets the sampling floor.
    thresholds : what is too small to matter.
    habit : floors by column, from `habit_floors`; None computes them from the reference's panes, for windows
        as long as the current profile has panes, or one.
    distances : whether the scores that are no part of the verdict are wanted; they take half of the time.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from wolfpack.stats import profile
    >>> reference = profile(pa.table({"five": [5.0] * 100}))
    >>> compare(reference, profile(pa.table({"five": [3.0] * 100}), baseline=reference))["five"].evidence
    ('psi', 'ks', 'novel')
    """
    wanted = None if columns is None else set(columns)
    names = [name for name in reference.columns if wanted is None or name in wanted]
    there = set(current.columns)
    both = [name for name in names if name in there]
    chosen = (
        [segment] if segment is not None else [key for key in reference.segments if key in current.segments]
    )
    panes = max(len(current.panes), 1)
    found: dict[Segment, dict[str, ColumnDrift]] = {}
    for key in chosen:
        floors = habit if habit is not None else habit_floors(reference, panes, key)
        sides = [profile.segments.get(key, {}) for profile in (reference, current)]
        found[key] = {
            name: _compare_column(
                name,
                sides[0][name],
                sides[1][name],
                thresholds,
                floors.get(name),
                alpha(len(both)),
                reference.bin_error + current.bin_error,
                distances,
            )
            for name in both
            if name in sides[0] and name in sides[1]
        }
    appeared = [] if wanted is not None else [*current.unplanned, *current.plan.columns]
    return Drift(
        found,
        absent=tuple(name for name in names if name not in there),
        appeared=tuple(name for name in appeared if name not in reference.plan.columns),
        changed=tuple(name for name in both if _kind_changed(reference[name], current[name])),
    )


def _kind_changed(reference: ColumnState, current: ColumnState) -> bool:
    return reference.kind != current.kind or bool(current.changed and not reference.changed)


def _compare_column(
    name: str,
    reference: ColumnState,
    current: ColumnState,
    thresholds: Thresholds,
    habit: Floors | None,
    chance: float,
    bin_error: float,
    distances: bool,
) -> ColumnDrift:
    least = max(thresholds.min_rows, 1)
    for whose, rows in (("now", current.rows), ("in the reference", reference.rows)):
        if rows < least:
            return ColumnDrift(name, sentence=too_few(name, rows, whose, least))
    scored, pair = _scores(reference, current, habit or _NO_HABIT, chance, least, bin_error)
    evidence = tuple(
        kind
        for kind, (score, noise) in scored.items()
        if score is not None and noise is not None and score > max(noise, getattr(thresholds, kind))
    )
    return ColumnDrift(
        name,
        *scored["psi"],
        *scored["ks"],
        *scored["missing"],
        *scored["novel"],
        drifted=bool(evidence),
        evidence=evidence,
        exact=not bin_error and reference.plan.counts_like(current.plan),
        sentence=describe(name, reference, current, pair, evidence),
        **_distances(reference, current, pair if distances and scored["psi"][0] is not None else None),
    )


def _distances(reference: ColumnState, current: ColumnState, pair: Pair | None) -> dict[str, float]:
    """Return the scores that are no part of the verdict."""
    if pair is None:
        return {}
    found = {"js": jensen_shannon(*pair.grouped)}
    earth = wasserstein(reference, current) if pair.ordered else None
    return found if earth is None else found | {"wasserstein": earth[0], "wasserstein_error": earth[1]}


def _scores(
    reference: ColumnState, current: ColumnState, habit: Floors, chance: float, least: int, bin_error: float
) -> tuple[dict[str, Scored], Pair | None]:
    n, m = reference.rows, current.rows
    increase = current.missing / m - reference.missing / n
    floor = increase_floor(n, reference.missing, m, chance)
    scored: dict[str, Scored] = dict.fromkeys(("psi", "ks", "missing", "novel"), (None, None))
    scored["missing"] = increase, max(floor, habit.missing)
    pair = align(reference, current)
    if pair is None or reference.count < least or current.count + pair.stray < least:
        return scored, pair
    pair = replace(pair, error=pair.error + bin_error)
    scored["novel"] = _novel(pair, habit, chance)
    if current.count >= least:
        scored["psi"] = _psi(pair, habit, chance)
        scored["ks"] = _ks(pair, habit, chance) if pair.ordered else (None, None)
    return scored, pair


def _novel(pair: Pair, habit: Floors, chance: float) -> Scored:
    n, m = int(pair.reference.sum()), int(pair.current.sum()) + pair.stray
    worth = max(round(n * pair.certainty), 1)
    surprise = min(math.ceil(pair.surprise * pair.certainty), worth)
    floor = increase_floor(worth, surprise, m, chance) + surprise / worth - pair.base + pair.error
    return max(pair.novel_rows / m - pair.base, 0.0), max(floor, habit.novel)


def _psi(pair: Pair, habit: Floors, chance: float) -> Scored:
    n, m = float(pair.reference.sum()), float(pair.current.sum())
    score, bins = psi(*pair.grouped)
    floor = psi_floor(int(bins), n, m, chance) + (int(bins) * pair.error) ** 2
    return float(score), max(floor, habit.psi)


def _ks(pair: Pair, habit: Floors, chance: float) -> Scored:
    sides: Any = np.stack((pair.reference, pair.current))
    score = ks(sides[0], sides[1])
    floor = ks_floor(float(pair.reference.sum()), float(pair.current.sum()), chance) + pair.error
    return float(score), max(floor, habit.ks)
