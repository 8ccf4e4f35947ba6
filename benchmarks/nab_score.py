"""The score of the Numenta Anomaly Benchmark 1.1, from its published rules.

A detection earns by how early in a labelled window it comes, one after or outside a window costs, a window without
one costs too; one threshold for the whole corpus. 100 is every window at its first point and nothing else, 0 is no
detection at all.

References
----------
.. [1] A. Lavin, S. Ahmad. 2015. Evaluating real-time anomaly detection algorithms. arXiv:1510.03336.
.. [2] S. Ahmad et al. 2017. Unsupervised real-time anomaly detection for streaming data. Neurocomputing 262.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
PROFILES = {"standard": (1.0, 0.11), "low FP": (1.0, 0.22), "low FN": (2.0, 0.11)}
"""Costs of a window that is missed and of a false detection; one that is found earns 1."""
PROBATION, PROBATION_POINTS = 0.15, 5000
"""The first points of a series are not scored: this share, of so many points at the most."""


@dataclass(frozen=True)
class Scored:
    """One series of the corpus.

    Parameters
    ----------
    score : array, shape (n,); any sign, larger is stranger.
    windows : first and last point of each labelled window, in order.
    """

    score: Floats
    windows: Sequence[tuple[int, int]]


@dataclass(frozen=True)
class Result:
    """Score at a threshold, windows found of how many, and points outside windows at or over it."""

    score: float
    threshold: float
    found: int
    windows: int
    outside: int


def sigmoid(place: Floats) -> Floats:
    """Return the value of a detection at a relative place: -1 the window's begin, 0 its end, over 3 far."""
    near = 2 / (1 + np.exp(5 * np.minimum(place, 3.0))) - 1
    return np.where(place > 3, -1.0, near)


def values(n: int, windows: Sequence[tuple[int, int]]) -> tuple[Floats, NDArray[np.int64]]:
    """Return what a detection at each point is worth, and the window it lies in, -1 for none."""
    worth, inside = np.full(n, -1.0), np.full(n, -1)
    ends = [first for first, _ in windows[1:]] + [n] * bool(windows)
    for k, ((first, last), stop) in enumerate(zip(windows, ends, strict=True)):
        width = last - first + 1
        points = np.arange(first, last + 1)
        worth[points] = sigmoid(-(last - points + 1) / width) / sigmoid(np.array(-1.0))
        inside[points] = k
        after = np.arange(last + 1, stop)
        if width > 1:
            worth[after] = sigmoid((after - last) / (width - 1))
    return worth, inside


def total(corpus: Sequence[Scored], profile: str, threshold: float | None = None) -> Result:
    """Return the score of a corpus at a threshold, without one at that which gives the most.

    Parameters
    ----------
    corpus : its series.
    profile : of `PROFILES`.
    threshold : |score| at or over it is a detection.
    """
    missed, false = PROFILES[profile]
    score, worth, window = _points(corpus)
    windows = len(np.unique(window[window >= 0]))
    order = np.argsort(-score, kind="stable")
    gain = np.where(window < 0, false * worth, 0.0)[order]
    for k in np.unique(window[window >= 0]):
        places = np.flatnonzero(window[order] == k)
        best = np.maximum.accumulate(np.concatenate([[-missed], worth[order][places]]))
        gain[places] = np.diff(best)
    sorted_score = score[order]
    last = np.flatnonzero(np.append(sorted_score[1:] != sorted_score[:-1], True))
    thresholds = np.append(np.inf, sorted_score[last])
    totals = np.append(0.0, np.cumsum(gain)[last])
    at = int(np.argmax(totals)) if threshold is None else int(np.flatnonzero(thresholds >= threshold)[-1])
    hit = score >= thresholds[at]
    found = len(np.unique(window[hit & (window >= 0)]))
    points = 100 * totals[at] / ((1 + missed) * windows)
    return Result(float(points), float(thresholds[at]), found, windows, int(np.sum(hit & (window < 0))))


def _points(corpus: Sequence[Scored]) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """Return |score|, worth and window of every point that is scored."""
    columns: list[tuple[Floats, Floats, NDArray[np.int64]]] = []
    known = 0
    for one in corpus:
        worth, inside = values(len(one.score), one.windows)
        skip = int(PROBATION * min(len(one.score), PROBATION_POINTS))
        score = np.nan_to_num(np.abs(one.score), nan=-np.inf)
        columns.append((score[skip:], worth[skip:], np.where(inside < 0, -1, inside + known)[skip:]))
        known += len(one.windows)
    score, worth, window = (np.concatenate(column) for column in zip(*columns, strict=True))
    return score, worth, window
