"""Freezing how a column is counted, from the values that the reference has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from wolfpack.spec.plan import ColumnPlan
from wolfpack.stats.categorical import LONGEST_CATEGORY
from wolfpack.stats.sketch import Sketch

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

FINE = 128
"""Bins that are stored; scores group them further. 128 put the merged KS within .001 of the exact one."""
FEW = 32
"""Up to so many distinct values, each repeated, are taken as all there are: what lies between is novel."""
REPEATS = 10
"""Rows per distinct value from which a column with few values counts as repeated."""
MOST_ATOMS = 50
ROBUST_ROWS = 1000
"""Rows from which one stray value on a side does not say how far values reach, and their reach has a margin."""
STRAY = 1
MARGIN = 2.0
"""The margin is so many times the way from the 99 % quantile to the largest value but one; likewise below."""
MOST_CATEGORIES = 1000


@dataclass(frozen=True, eq=False)
class Ranks:
    """Numbers in order, each once or for as many rows as it stands for.

    Parameters
    ----------
    values : shape (n,), finite and ascending.
    ends : shape (n,), rows up to and with each value; None if each stands for one row.
    """

    values: Floats
    ends: Counts | None = None

    @property
    def rows(self) -> int:
        return len(self.values) if self.ends is None else int(self.ends[-1]) if len(self.ends) else 0

    def at(self, ranks: Counts) -> Floats:
        """Return the values at these places, each in 0 to rows - 1, among all rows in order."""
        where = ranks if self.ends is None else np.searchsorted(self.ends, ranks, side="right")
        return np.asarray(self.values[where])

    def below(self, points: Floats) -> Counts:
        """Return how many rows lie strictly under each point."""
        places = np.searchsorted(self.values, points)
        return np.asarray(places if self.ends is None else np.concatenate(([0], self.ends))[places], np.int64)

    def between(self, low: float, high: float) -> Ranks:
        """Return the rows from `low` to `high`, both included."""
        with np.errstate(over="ignore"):
            start, end = np.searchsorted(self.values, [low, np.nextafter(high, np.inf)]).tolist()
        if self.ends is None:
            return Ranks(self.values[start:end])
        return Ranks(self.values[start:end], self.ends[start:end] - (self.ends[start - 1] if start else 0))

    def counts(self, points: Floats) -> Counts:
        """Return the rows between these ascending points, shape (len(points) + 1,)."""
        return np.diff(self.below(points), prepend=0, append=self.rows)


def sketched(sketch: Sketch, minimum: float | None, maximum: float | None) -> Ranks:
    """Return what a sketch knows of the order, with both ends exact."""
    values, weights = sketch.weighted()
    if len(values) and minimum is not None and maximum is not None:
        values = values.copy()
        values[0], values[-1] = minimum, maximum
    return Ranks(values, np.cumsum(weights))


def rank(values: Floats) -> Ranks:
    """Return the finite ones of some numbers, which are put in order."""
    values.sort()
    low, high = np.searchsorted(values, [-np.finfo(np.float64).max, np.inf]).tolist()
    return Ranks(values[low:high])


def freeze_numeric(values: Ranks | Floats, low: float | None = None, high: float | None = None) -> ColumnPlan:
    """Return a numeric plan: up to about 128 bins of equal mass, with bins of their own for frequent values.

    Parameters
    ----------
    values : numbers in any order, NaN where missing, put in order in place; or their ranks.
    low, high : ends of the range that values should be in, for the plan.

    Returns
    -------
    ColumnPlan
        The lowest edge is the smallest value and the highest just above the largest, so that both tails
        are novel. Of 1,000 values or more, unless they are few, the edges are those of the smallest and largest
        but one with a margin, so that one far value neither hides others nor is the measure of what is near.
        Without any finite value: no edges, one bin.
    """
    finite = values if isinstance(values, Ranks) else rank(values)
    if not finite.rows:
        return ColumnPlan("numeric", low=low, high=high)
    edges = _edges(finite)
    seen = finite.counts(edges) > 0
    seen[[0, -1]] = False
    pivot = float(finite.at(np.array([finite.rows // 2]))[0])
    return ColumnPlan("numeric", tuple(edges.tolist()), tuple(seen.tolist()), pivot=pivot, low=low, high=high)


def _edges(finite: Ranks) -> Floats:
    """Return the edges: of all values if they are few, else of those within reach."""
    distinct = _first_values(finite)
    if len(distinct) <= FEW and finite.rows >= REPEATS * len(distinct):
        return _steps(finite, distinct, True)
    if finite.rows < ROBUST_ROWS:
        return _steps(finite, distinct, False)
    reach = _reach(finite)
    return _stretch(_steps(finite.between(*reach), distinct, False), *reach)


def _steps(finite: Ranks, values: Floats, few: bool) -> Floats:
    """Return the edges; every frequent value is at one of 256 equal steps of rank, so only these are looked at."""
    if not few:
        values = np.unique(finite.at(np.arange(2 * FINE) * finite.rows // (2 * FINE)))
    start = finite.below(values)
    with np.errstate(over="ignore"):  # nothing is above the largest double
        above = np.nextafter(values, np.inf)
    counts = finite.below(above) - start
    atom = np.ones(len(values), bool) if few else _frequent(counts, finite.rows)
    cuts = finite.at(_rest(start[atom], counts[atom], finite.rows, FINE - 2 - 2 * int(atom.sum())))
    ends = finite.at(np.array([0, finite.rows - 1]))
    with np.errstate(over="ignore"):
        last = np.nextafter(ends[1:], np.inf)
    edges = np.unique(np.concatenate((ends[:1], values[atom], cuts, above[atom], last)))
    if not few:  # what lies between two values is then not novel: no bin of its own
        edges = edges[np.diff(finite.below(edges), append=-1) != 0]
    return np.asarray(edges[np.isfinite(edges)])


def _stretch(edges: Floats, low: float, high: float) -> Floats:
    """Return edges whose outer ones are at the reach of the values."""
    last = min(float(np.nextafter(high, np.inf)), np.finfo(np.float64).max)
    inner = edges[1:-1]
    return np.concatenate(([low], inner[(inner > low) & (inner < last)], [last]))


def _reach(finite: Ranks) -> tuple[float, float]:
    """Return between which values nothing is novel; an end that is there twice, such as 0, is one without margin."""
    ends = np.array([0, STRAY, finite.rows // 100])
    least, low, inside_low = finite.at(ends).tolist()
    most, high, inside_high = finite.at(finite.rows - 1 - ends).tolist()
    reach = (
        low if least == low else low - MARGIN * (inside_low - low),
        high if most == high else high + MARGIN * (high - inside_high),
    )
    return reach if np.isfinite(reach).all() else (low, high)


def _first_values(finite: Ranks) -> Floats:
    """Return all distinct values if they are at most `FEW`, else the first `FEW` + 1."""
    found: list[float] = []
    rank = 0
    while rank < finite.rows and len(found) <= FEW:
        found.append(float(finite.at(np.array([rank]))[0]))
        with np.errstate(over="ignore"):
            rank = int(finite.below(np.nextafter([found[-1]], np.inf))[0])
    return np.array(found)


def _rest(start: Counts, counts: Counts, rows: int, wanted: int) -> Counts:
    """Return the places of so many equal steps of rank among the rows outside some runs of equal values."""
    left = rows - int(counts.sum())
    if not left or wanted < 1:
        return np.empty(0, np.int64)
    steps = np.arange(wanted) * left // wanted
    before = start - np.concatenate(([0], np.cumsum(counts)[:-1]))  # rows outside the runs, before each run
    passed = np.searchsorted(before, steps, side="right")
    return np.asarray(steps + np.concatenate(([0], np.cumsum(counts)))[passed], np.int64)


def _frequent(counts: Counts, rows: int) -> NDArray[np.bool_]:
    """Return which values hold at least 1 / 128 of the rows, the most frequent ones if they are many."""
    frequent = (counts * FINE >= rows) & (counts > 1)
    if frequent.sum() > MOST_ATOMS:
        bar = np.sort(counts)[-MOST_ATOMS]
        frequent = counts > bar
    return np.asarray(frequent)


def freeze_categories(words: pa.StringArray, counts: Counts, complete: bool = True) -> ColumnPlan:
    """Return a categorical plan: all words if they are at most 1,000, else those above some count.

    Categories stand in the order of their counts, equal ones by name.

    Parameters
    ----------
    words, counts : shape (n,), each word once with its rows, none without any.
    complete : whether these are all words that there were.
    """
    short = np.asarray(pc.call_function("utf8_length", [words])) <= LONGEST_CATEGORY
    kept = short.copy()
    if kept.sum() > MOST_CATEGORIES:  # equal counts stay together, so that what is left out is known
        kept &= counts > np.sort(counts[short])[-MOST_CATEGORIES - 1]
    pairs = zip((-counts[kept]).tolist(), words.filter(pa.array(kept)).to_pylist(), strict=True)
    categories = tuple(word for _, word in sorted(pairs))
    return ColumnPlan(
        "categorical", categories=categories, complete=complete and len(categories) == len(counts)
    )
