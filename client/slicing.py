"""Kept calls become slices: counted, scored and profiled, many at once, cut where panes end."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import repeat
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wolfpack.client.call_rows import Answered, CallRows, rows_of
from wolfpack.client.live_terms import LiveTerms
from wolfpack.client.outliers import OutlierScorer, Scored
from wolfpack.spec.errors import TableError
from wolfpack.spec.plan import OTHER, Plan
from wolfpack.stats import bare_plan
from wolfpack.stats.call_counts import CallCounts, LiveCounts, Place, RowCounts
from wolfpack.stats.counting import count_table, cut_rows
from wolfpack.stats.live_slice import LiveSlice, merge_slices

log = logging.getLogger("wolfpack.client")
BREATH = 50e-6
"""Seconds that the thread sleeps between two columns: who waits for the interpreter gets it, also on one core, where
a sleep of 0 would take it back before the other thread is scheduled."""


def breathe() -> None:
    """Let other threads have the interpreter."""
    time.sleep(BREATH)


@dataclass(frozen=True, eq=False)
class Taken:
    """Calls of one pane: when the last of them ended, their slice, and what the outlier model said, row by row."""

    ended: float
    slice: LiveSlice
    calls: Sequence[Answered]
    rows: CallRows
    scored: Scored | None


class Slicer:
    """Makes slices of calls.

    Parameters
    ----------
    scorer : outlier model; None: only what the calls themselves bring is counted.
    columns : names of inputs that come as plain sequences.
    pause : called between columns.
    """

    def __init__(
        self,
        scorer: OutlierScorer | None = None,
        columns: Sequence[str] | None = None,
        pause: Callable[[], None] = breathe,
    ) -> None:
        self._scorer, self._columns, self._pause = scorer, columns, pause
        self._bare: Plan | None = None

    def take(self, calls: Sequence[Answered], terms: LiveTerms | None) -> list[Taken]:
        """Return what calls come to, pane by pane in order of time; without terms they are only read."""
        if terms is None:
            rows = rows_of(calls, LiveTerms().prediction, self._columns, self._pause)
            return [Taken(0, LiveSlice(LiveCounts()), calls, rows, self._score(calls, rows))]
        return [self._pane(some, terms) for some in by_pane(calls, terms)]

    def _pane(self, calls: Sequence[Answered], terms: LiveTerms) -> Taken:
        rows = rows_of(calls, terms.prediction, self._columns, self._pause)
        ended = max(call[0] for call in calls)
        endpoints, code = _coded([call[2] for call in calls])
        counts = LiveCounts(_calls(calls, endpoints, code), dropped=len(rows.unreadable))
        if not len(rows.owner):
            return Taken(ended, LiveSlice(counts), calls, rows, None)
        scored = self._score(calls, rows)
        table = _joined(rows)
        plan = terms.plan or self._bare_plan(table)
        marks = _Marks(rows.empty, scored)
        try:
            found = _rows(table, plan, endpoints, code[rows.owner], marks)
            slice_ = LiveSlice(replace(counts, rows=found), count_table(table, plan, self._each))
        except (TableError, ValueError) as error:
            log.warning("%d rows cannot be profiled, and are counted as dropped: %s", table.num_rows, error)
            slice_ = LiveSlice(replace(counts, dropped=len(calls)))
        return Taken(ended, slice_, calls, rows, scored)

    def _each(self, count: Callable[[str], Any], names: Iterable[str]) -> Iterator[Any]:
        for name in names:
            self._pause()
            yield count(name)

    def _score(self, calls: Sequence[Answered], rows: CallRows) -> Scored | None:
        """Return what the calls themselves say, else the outlier model; one that fails is logged, and says nothing."""
        if any(call[7] is not None for call in calls):
            flags = [calls[place][7] for place in rows.owner.tolist()]
            scores = [calls[place][8] for place in rows.owner.tolist()]
            known = [
                np.nan if flag is None else 0.0 if score is None else float(score)
                for flag, score in zip(flags, scores, strict=True)
            ]
            return Scored(np.array(known, float), np.array([bool(flag) for flag in flags]))
        if self._scorer is None:
            return None
        try:
            return self._scorer.score(rows.inputs)
        except Exception:  # another's code: it must not end the monitoring
            log.exception(
                "the outlier model failed on %d rows; they are counted as not scored", len(rows.owner)
            )
            return None

    def _bare_plan(self, table: pa.Table) -> Plan:
        """Return the plan of rows without a reference: one for all slices while no new column comes."""
        known = [field for field in table.schema if not pa.types.is_null(field.type)]
        if self._bare is None or any(field.name not in self._bare.columns for field in known):
            self._bare = Plan({**bare_plan(pa.schema(known)).columns, **(self._bare or Plan()).columns})
        return self._bare


def by_pane(calls: Sequence[Answered], terms: LiveTerms) -> Iterator[Sequence[Answered]]:
    """Yield the calls that ended in each pane, in order of time."""
    left = calls
    while left:
        end = pane_end(min(call[0] for call in left), terms)
        inside = [call for call in left if call[0] < end]
        yield inside
        left = [] if len(inside) == len(left) else [call for call in left if call[0] >= end]


def pane_end(at: float, terms: LiveTerms) -> float:
    """Return where the pane ends that contains a time; both in epoch seconds."""
    pane = terms.calendar.start(datetime.fromtimestamp(at, UTC))
    return terms.calendar.end(pane).timestamp()


@dataclass(frozen=True, eq=False)
class _Marks:
    """What is counted of rows: which are empty, and what the outlier model says of them."""

    empty: NDArray[np.bool_]
    scored: Scored | None

    def weights(self) -> list[NDArray[np.float64]]:
        """Return a number for each row: itself, empty, scored, outlier, score."""
        one = np.ones(len(self.empty))
        if self.scored is None:
            return [one, self.empty.astype(float), *repeat(np.zeros(len(one)), 3)]
        known = np.isfinite(self.scored.scores)
        flagged = known & np.asarray(self.scored.flags, bool)
        scores = np.where(known, self.scored.scores, 0.0)
        return [one, self.empty.astype(float), known.astype(float), flagged.astype(float), scores]


def _calls(calls: Sequence[Answered], endpoints: list[str], code: NDArray[np.int64]) -> dict[str, CallCounts]:
    """Return the counts of calls by endpoint; those without a duration only brought rows."""
    seconds = np.array([np.nan if call[1] is None else call[1] for call in calls], float)
    failed = np.array([call[3] for call in calls], bool)
    timed = ~np.isnan(seconds)
    found = {}
    for place, endpoint in enumerate(endpoints):
        its = timed & (code == place)
        if its.any():
            found[endpoint] = CallCounts.of(seconds[its], int(np.count_nonzero(failed & its)))
    return found


def _rows(
    table: pa.Table, plan: Plan, endpoints: list[str], endpoint: NDArray[np.int64], mark: _Marks
) -> dict[Place, RowCounts]:
    """Return the counts of rows by endpoint, all together and by segment."""
    weights = mark.weights()
    found = {
        (endpoints[at], "", ""): one
        for at, one in enumerate(_summed(endpoint, len(endpoints), weights))
        if one.rows
    }
    for by, cut in cut_rows(table, plan)[0].items():
        names = (*plan.segments[by], OTHER)
        code = endpoint * len(names) + cut.place
        for at, one in enumerate(_summed(code, len(endpoints) * len(names), weights)):
            if one.rows:
                found[endpoints[at // len(names)], by, names[at % len(names)]] = one
    return found


def _summed(code: NDArray[Any], kinds: int, weights: list[NDArray[np.float64]]) -> list[RowCounts]:
    sums = [np.bincount(code, weight, kinds).tolist() for weight in weights]
    return [RowCounts(int(a), int(b), int(c), int(d), e) for a, b, c, d, e in zip(*sums, strict=True)]


def _coded(names: Sequence[str]) -> tuple[list[str], NDArray[np.int64]]:
    places: dict[str, int] = {}
    code = np.array([places.setdefault(name, len(places)) for name in names], np.int64)
    return list(places), code


def _joined(rows: CallRows) -> pa.Table:
    """Return inputs and outputs as one table; an output that has an input's name is left out."""
    table = rows.inputs
    for name in rows.prediction.column_names:
        if name not in table.column_names:
            table = table.append_column(name, rows.prediction[name])
    return table


def merged(slices: Sequence[tuple[float, LiveSlice]], terms: LiveTerms) -> list[tuple[float, LiveSlice]]:
    """Return one slice for each pane and plan, with the end of its last call, in order of time."""
    groups: dict[tuple[float, str], list[tuple[float, LiveSlice]]] = {}
    for ended, one in slices:
        groups.setdefault((pane_end(ended, terms), one.plan_id), []).append((ended, one))
    return [
        (max(ended for ended, _ in group), merge_slices([one for _, one in group]))
        for _, group in sorted(groups.items(), key=lambda its: its[0])
    ]
