"""One column of one window beside the reference: both distributions, the scores with their noise, the sentence."""

from __future__ import annotations

from dataclasses import dataclass

from wolfpack.exporter.window import Window, thresholds
from wolfpack.stats import ALL, ColumnDrift, ColumnState, Profile, Thresholds, compare
from wolfpack.stats.sentences import percent
from wolfpack.stats.shares import Share, shares

Segment = tuple[str, str]
MOVED = 5
"""Bins that are named as those that moved most."""


@dataclass(frozen=True)
class Score:
    """A score, what it has to be above to matter, and what it reaches without drift."""

    name: str
    value: float | None
    threshold: float
    noise: float | None

    @property
    def above(self) -> bool:
        return self.value is not None and self.value > max(self.threshold, self.noise or 0.0)


@dataclass(frozen=True)
class ColumnEvidence:
    """What is known of a column of a window.

    Parameters
    ----------
    sentence : what a colleague would say.
    scores : of the verdict; empty without a reference.
    facts : what is measured, before (empty without a reference) and now, for people.
    shares : both distributions; empty for kinds that are only counted.
    moved : the labels of the bins whose share changed most.
    """

    sentence: str
    drifted: bool
    exact: bool
    scores: tuple[Score, ...]
    facts: tuple[tuple[str, str, str], ...]
    shares: tuple[Share, ...]
    moved: tuple[str, ...]


def column_evidence(window: Window, column: str, segment: Segment = ALL) -> ColumnEvidence | None:
    """Return what is known of a column in a segment; None if neither the window nor its reference has it."""
    current = window.whole.main
    now = current.segments.get(segment, {}).get(column)
    baseline = window.baseline
    before = None if baseline is None else baseline.profile.segments.get(segment, {}).get(column)
    if now is None or before is None or baseline is None:
        one = now if now is not None else before
        if one is None:
            return None
        facts = _facts(before, now)
        told = "is not in this window" if now is None else "has no reference to be compared with"
        return ColumnEvidence(f"`{column}` {told}", now is None, True, (), facts, (), ())
    levels = thresholds(window.spec)
    drift = _compared(window, baseline.profile, current, column, segment, levels)
    both = shares(before, now)
    moved = sorted(both, key=lambda one: -abs(one.moved))[:MOVED]
    return ColumnEvidence(
        drift.sentence,
        drift.drifted,
        drift.exact,
        _scores(drift, levels),
        _facts(before, now),
        both,
        tuple(one.label for one in moved if abs(one.moved) > 0.001),
    )


def _compared(
    window: Window, reference: Profile, current: Profile, column: str, segment: Segment, levels: Thresholds
) -> ColumnDrift:
    floors = {} if window.baseline is None else window.baseline.floors(len(window.span.starts), segment)
    both = [name for name in window.columns if name in reference.plan.columns]
    found = compare(
        reference, current, segment=segment, columns=both, thresholds=levels, habit=floors, distances=False
    )
    return found[column, segment[0], segment[1]]


def _scores(drift: ColumnDrift, levels: Thresholds) -> tuple[Score, ...]:
    named = (
        ("PSI", drift.psi, levels.psi, drift.psi_noise),
        ("Kolmogorov-Smirnov", drift.ks, levels.ks, drift.ks_noise),
        ("missing increase", drift.missing_increase, levels.missing, drift.missing_increase_noise),
        ("new values", drift.novel, levels.novel, drift.novel_noise),
    )
    return tuple(Score(*one) for one in named if one[1] is not None)


def _facts(before: ColumnState | None, now: ColumnState | None) -> tuple[tuple[str, str, str], ...]:
    rows = [(_described(one) if one is not None else {}) for one in (before, now)]
    return tuple(
        (name, rows[0].get(name, ""), rows[1].get(name, "")) for name in dict.fromkeys([*rows[0], *rows[1]])
    )


def _described(state: ColumnState) -> dict[str, str]:
    found = {"rows": f"{state.rows:,}", "missing": percent(state.missing_ratio)}
    if state.changed:
        found["of another kind"] = f"{state.changed:,}"
    if state.minimum is not None and state.kind == "numeric":
        numbers = (("mean", state.mean), ("deviation", state.stddev), ("smallest", state.minimum))
        found |= {name: f"{value:.6g}" for name, value in numbers if value is not None}
        if not state.lean:
            for name, q in (("5 % quantile", 0.05), ("median", 0.5), ("95 % quantile", 0.95)):
                found[name] = f"{state.quantile(q) or 0.0:.6g}"
        found["largest"] = f"{state.maximum:.6g}"
    if state.distinct is not None and state.count:
        found["distinct values"] = f"{'' if state.distinct.exact else 'about '}{state.distinct.count:,}"
    return found
