"""What is shown of one column besides its drift: its distribution, what is wrong in it, and whether it is there."""

from __future__ import annotations

from collections.abc import Iterable

from wolfpack.exporter.sample import Sample, sample
from wolfpack.spec import Family, names
from wolfpack.stats import ColumnState

_QUANTILES: tuple[tuple[Family, float], ...] = (
    (names.COLUMN_P05, 0.05),
    (names.COLUMN_P25, 0.25),
    (names.COLUMN_P50, 0.5),
    (names.COLUMN_P75, 0.75),
    (names.COLUMN_P95, 0.95),
)


def distribution(state: ColumnState, end: int, labels: dict[str, str]) -> list[Sample]:
    """Return the samples of a column over a window; of a lean state those that it knows.

    Parameters
    ----------
    state : all rows of the window.
    end : event time at which the window ends, epoch seconds.
    labels : of a column's series.
    """
    if state.kind == "datetime":
        return sample(names.COLUMN_AGE, state.behind(end), end, **labels)
    found: list[Sample] = []
    if state.minimum is not None:
        for family, value in (
            (names.COLUMN_STDDEV, state.stddev),
            (names.COLUMN_MIN, state.minimum),
            (names.COLUMN_MAX, state.maximum),
            *((family, None if state.lean else state.quantile(q)) for family, q in _QUANTILES),
        ):
            found += sample(family, value, end, **labels)
    if state.distinct is not None and state.kind in ("numeric", "categorical"):
        found += sample(names.COLUMN_DISTINCT, state.distinct.count, end, **labels)
    return found


def faults(state: ColumnState, end: int, labels: dict[str, str]) -> list[Sample]:
    """Return the samples of what is wrong in a column of a pane; there is no range unless the plan has one."""
    found: list[Sample] = []
    if state.rows:
        found += sample(names.COLUMN_OTHER_KIND, state.changed / state.rows, end, **labels)
    if state.count and (state.plan.low is not None or state.plan.high is not None):
        found += sample(names.COLUMN_OUT_OF_RANGE, state.out_of_range / state.count, end, **labels)
    return found


def schema_changes(
    planned: Iterable[str], there: Iterable[str], end: int, labels: dict[str, str]
) -> list[Sample]:
    """Return a sample for each column that only one of the reference and the pane has.

    Parameters
    ----------
    planned, there : columns of the reference, and of the newest pane.
    """
    before, now = set(planned), set(there)
    found: list[Sample] = []
    for column in sorted(before - now):
        found += sample(names.COLUMN_VANISHED, 1, end, column=column, **labels)
    for column in sorted(now - before):
        found += sample(names.COLUMN_APPEARED, 1, end, column=column, **labels)
    return found
