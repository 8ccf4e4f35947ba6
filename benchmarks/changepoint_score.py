"""How well change points agree with those that people marked: F1 with a margin, and segmentation covering.

References
----------
.. [1] G. J. J. van den Burg, C. K. I. Williams. 2020. An evaluation of change point detection algorithms.
   arXiv:2003.06222, sections 4.1 and 4.2.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

MARGIN = 5
"""Points between a found and a marked change that count as one."""
Marks = Sequence[Collection[int]]


def f1(marked: Marks, found: Iterable[int]) -> float:
    """Return the F1 of the points found; point 0 is a change to everyone.

    Precision is over what any annotator marked, recall the mean over annotators; a point confirms one mark at most.

    Parameters
    ----------
    marked : of each annotator, first points of new segments.
    found : the same, found.
    """
    points = {0, *found}
    each = [{0, *one} for one in marked]
    precision = _matched(set().union(*each), points) / len(points)
    recall = float(np.mean([_matched(one, points) / len(one) for one in each]))
    return 2 * precision * recall / (precision + recall)


def covering(marked: Marks, found: Iterable[int], n: int) -> float:
    """Return the mean, over annotators and points, of the best overlap of a marked segment with a found one."""
    low, high = _segments(found, n)
    return float(np.mean([_covered(*_segments(one, n), low, high) / n for one in marked]))


def _matched(truth: set[int], found: set[int]) -> int:
    free, hits = sorted(found), 0
    for mark in sorted(truth):
        near = min(free, key=lambda point: (abs(point - mark), point), default=None)
        if near is not None and abs(near - mark) <= MARGIN:
            free.remove(near)
            hits += 1
    return hits


def _segments(points: Iterable[int], n: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    edges = np.array(sorted({0, n, *(point for point in points if 0 < point < n)}))
    return edges[:-1], edges[1:]


def _covered(
    first: NDArray[np.int64], last: NDArray[np.int64], low: NDArray[np.int64], high: NDArray[np.int64]
) -> float:
    both = np.maximum(np.minimum(last[:, None], high) - np.maximum(first[:, None], low), 0)
    either = (last - first)[:, None] + (high - low) - both
    return float(np.sum((last - first) * (both / either).max(axis=1)))
