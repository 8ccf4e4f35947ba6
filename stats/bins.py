"""Freezing how a column is counted, from the values that the reference has."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wolfpack.spec.plan import ColumnPlan

Floats = NDArray[np.float64]

FINE = 128
"""Bins that are stored; scores group them further. 128 put the merged KS within .001 of the exact one."""
FEW = 32
"""Up to so many distinct values, each repeated, are taken as all there are: what lies between is novel."""
REPEATS = 10
"""Rows per distinct value from which a column with few values counts as repeated."""
MOST_ATOMS = 50
MOST_CATEGORIES = 1000
LONGEST_CATEGORY = 256
"""Characters of a category with a count of its own; longer ones are text, and the plan would carry it."""


def freeze_numeric(values: Floats) -> ColumnPlan:
    """Return a numeric plan: up to about 128 bins of equal mass, with bins of their own for frequent values.

    Parameters
    ----------
    values : shape (n,), NaN where missing; sorted in place, so pass a copy.

    Returns
    -------
    ColumnPlan
        The lowest edge is the smallest value and the highest just above the largest, so that both tails
        are novel. Without any finite value: no edges, one bin.
    """
    values.sort()
    first, last = np.searchsorted(values, [-np.finfo(np.float64).max, np.inf]).tolist()
    finite = values[first:last]
    if not len(finite):
        return ColumnPlan("numeric")
    edges = _edges(finite)
    ranks = np.searchsorted(finite, edges)
    seen = np.diff(ranks, prepend=0, append=len(finite)) > 0
    pivot = float(finite[len(finite) // 2])
    return ColumnPlan("numeric", tuple(edges.tolist()), tuple(seen.tolist()), pivot=pivot)


def _edges(finite: Floats) -> Floats:
    starts = np.flatnonzero(np.append(True, finite[1:] != finite[:-1]))
    distinct, counts = finite[starts], np.diff(starts, append=len(finite))
    few = len(distinct) <= FEW and len(finite) >= REPEATS * len(distinct)
    atom = np.ones(len(distinct), bool) if few else _frequent(counts, len(finite))
    rest = np.repeat(distinct[~atom], counts[~atom])
    cuts = np.empty(0)
    if len(rest):
        wanted = FINE - 2 - 2 * int(atom.sum())
        cuts = rest[np.arange(wanted) * len(rest) // wanted]
    with np.errstate(over="ignore"):  # nothing is above the largest double
        above = np.nextafter(np.append(distinct[atom], distinct[-1]), np.inf)
    edges = np.unique(np.concatenate((distinct[:1], distinct[atom], cuts, above)))
    if not few:  # what lies between two values is then not novel: no bin of its own
        edges = edges[(np.diff(np.searchsorted(finite, edges), append=-1) != 0)]
    return np.asarray(edges[np.isfinite(edges)])


def _frequent(counts: NDArray[np.int64], rows: int) -> NDArray[np.bool_]:
    """Return which values hold at least 1 / 128 of the rows, the most frequent ones if they are many."""
    frequent = (counts * FINE >= rows) & (counts > 1)
    if frequent.sum() > MOST_ATOMS:
        bar = np.sort(counts)[-MOST_ATOMS]
        frequent = counts > bar
    return np.asarray(frequent)


def freeze_categories(values: pa.DictionaryArray) -> ColumnPlan:
    """Return a categorical plan: all values if they are at most 1,000, else those above some count.

    Categories stand in the order of their counts, equal ones by name.
    """
    found = values.drop_null().value_counts()
    counts = np.asarray(found.field("counts"))
    words = found.field("values")
    lengths = np.array([len(word) for word in words.dictionary.to_pylist()], np.int64)
    short = lengths[np.asarray(words.indices)] <= LONGEST_CATEGORY
    kept = short.copy()
    if kept.sum() > MOST_CATEGORIES:  # equal counts stay together, so that what is left out is known
        kept &= counts > np.sort(counts[short])[-MOST_CATEGORIES - 1]
    pairs = zip((-counts[kept]).tolist(), words.filter(pa.array(kept)).to_pylist(), strict=True)
    categories = tuple(word for _, word in sorted(pairs))
    return ColumnPlan("categorical", categories=categories, complete=len(categories) == len(counts))
