"""Twitter's seasonal hybrid ESD, as its R package AnomalyDetection does it: which points of a whole series lie outside?

The season of a robust periodic STL and the median of the series are taken off, and the generalized ESD test with
median and MAD finds outliers in the rest. It looks at all points at once, so it is for studies of the past; the
sidecar's method of the same name judges each point by those before it (`causal_esd`).

References
----------
.. [1] O. Vallis, J. Hochenbaum, A. Kejariwal. 2014. A novel technique for long-term anomaly detection in the cloud.
   USENIX HotCloud.
.. [2] https://github.com/twitter/AnomalyDetection, version 1.0; `benchmarks/shesd.py` compares with its outputs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wolfpack.detectors.detection import Floats
from wolfpack.detectors.esd import Direction, outliers
from wolfpack.detectors.grid import DAY
from wolfpack.detectors.stl import stl

Threshold = Literal["med_max", "p95", "p99"]
Ints = NDArray[np.int64]
THRESHOLDS: dict[str, float] = {"med_max": 0.5, "p95": 0.95, "p99": 0.99}
"""Which quantile of the maxima of days or periods a reported value must reach."""
HOUR, MINUTE = 3600.0, 60.0
ROUNDING = 4 * float(np.finfo(float).eps)
"""Least scale, relative to the level: of a constant the rest is rounding, and what leaves it lies outside."""


@dataclass(frozen=True)
class Outliers:
    """Points that lie outside.

    Parameters
    ----------
    index : array of int, shape (k,), increasing; where they are in the series.
    value : array, shape (k,).
    expected : array, shape (k,); trend plus season there. R's package cuts it to a whole number (`e_value`), which
        makes 0 of every ratio; here it is not cut.
    """

    index: Ints
    value: Floats
    expected: Floats


@dataclass(frozen=True)
class _Test:
    """What both doors share: the options that R's package gives every chunk of a series."""

    period: int
    max_anoms: float
    direction: Direction
    alpha: float

    def __post_init__(self) -> None:
        if not 0 < self.max_anoms <= 0.49:
            raise ValueError(
                f"max_anoms: {self.max_anoms!r} is not in the range 0<x<=0.49; it is a share of the points"
            )
        if not 0 < self.alpha < 1:
            raise ValueError(f"alpha: {self.alpha!r} is not in the range 0<x<1")
        if self.direction not in ("pos", "neg", "both"):
            raise ValueError(f"direction: {self.direction!r} is none; allowed are pos, neg, both")

    def run(self, values: Floats) -> tuple[Ints, Floats]:
        """Return where the outliers of a chunk are, and what was expected at each of its points."""
        if len(values) < 2 * self.period:
            raise ValueError(
                f"{len(values)} points are fewer than two periods of {self.period}; give a longer series"
            )
        known = np.flatnonzero(~np.isnan(values))
        if not len(known):
            raise ValueError("every value is missing")
        first, last = int(known[0]), int(known[-1]) + 1
        if len(known) < last - first:
            raise ValueError(
                "values are missing between others; fill them, as by interpolation, or leave them out"
            )
        most = int(len(values) * self.max_anoms)
        if not most:
            raise ValueError(
                f"{len(values)} points at max_anoms {self.max_anoms:g} allow no outlier; use longer chunks"
            )
        parts = stl(values[first:last], self.period)
        level = float(np.median(values[first:last]))
        rest = values[first:last] - parts.seasonal - level
        expected = np.full(len(values), np.nan)
        expected[first:last] = parts.trend + parts.seasonal
        inside = outliers(rest, min(most, len(rest) - 1), self.alpha, self.direction, ROUNDING * abs(level))
        return np.sort(inside) + first, expected


def seasonal_esd(
    times: ArrayLike,
    values: ArrayLike,
    *,
    period: int | None = None,
    max_anoms: float = 0.1,
    direction: Direction = "pos",
    alpha: float = 0.05,
    only_last: Literal["day", "hr"] | None = None,
    threshold: Threshold | None = None,
    longterm: bool = False,
    piecewise_median_period_weeks: int = 2,
) -> Outliers:
    """Return the outliers of a series with times, as `AnomalyDetectionTs` does.

    Parameters
    ----------
    times : array, shape (n,); seconds since the epoch; days are those of UTC. Points are taken in the order
        given, one step after the other, as R's package does: an hour that a clock change repeats is no error.
    values : array, shape (n,); NaN at both ends is left out, between others it is refused.
    period : points of one season; None takes it from the distance of the last two times, as R's package does: 7
        for a day or more, 24 for an hour or more, 1440 for a minute or more, also where it is five minutes.
    max_anoms : largest share of outliers, 0 < x <= 0.49; at least one is looked for.
    direction : whether values above what is expected are reported ("pos"), below ("neg"), or both.
    alpha : level of the test.
    only_last : report those of the last day or hour only; of days, the last day in either case.
    threshold : report only values of at least the median, the 95 % or the 99 % quantile of all days' maxima.
    longterm : search in chunks of some weeks, each with a season and a median of its own; the last one ends with
        the series, so it may overlap the one before.
    piecewise_median_period_weeks : weeks of a chunk, 2 or more.

    Returns
    -------
    Outliers

    Raises
    ------
    ValueError
        If an option is out of its range, a value is missing between others, or a chunk has not more than two
        seasons.

    Examples
    --------
    >>> found = seasonal_esd([86400 * day for day in range(70)], [day % 7 + 9 * (day == 40) for day in range(70)])
    >>> found.index.tolist(), found.value.tolist(), found.expected.round().tolist()
    ([40], [14.0], [5.0])
    """
    at, value = _pairs(times, values)
    step = float(at[-1] - at[-2])
    test = _Test(period or _period(step), max(max_anoms, 1 / len(at)), direction, alpha)
    weeks = piecewise_median_period_weeks
    if weeks < 2:
        raise ValueError(f"piecewise_median_period_weeks: {weeks!r} is not in the range x>=2")
    chunks = _weeks_of(at, weeks, test.period, step >= DAY) if longterm else iter([np.arange(len(at))])
    found = _search(value, chunks, test, lambda chunk: _threshold(value, at // DAY, threshold))
    if only_last is not None:
        length = DAY if only_last == "day" or step >= DAY else HOUR
        found = _kept(found, at[found.index] > at[-1] - length)
    return found


def seasonal_esd_vector(
    values: ArrayLike,
    period: int,
    *,
    max_anoms: float = 0.1,
    direction: Direction = "pos",
    alpha: float = 0.05,
    only_last: bool = False,
    threshold: Threshold | None = None,
    longterm_period: int | None = None,
) -> Outliers:
    """Return the outliers of a series without times, as `AnomalyDetectionVec` does.

    Options are those of `seasonal_esd`, but that days are periods: `only_last` reports those of the last period,
    `threshold` looks at the maxima of the periods of a chunk, and `longterm_period` is the points of a chunk.

    Raises
    ------
    ValueError
        As `seasonal_esd`.

    Examples
    --------
    >>> seasonal_esd_vector([i % 5 - 20 * (i in (30, 58)) for i in range(60)], 5, direction="neg").index.tolist()
    [30, 58]
    """
    value = np.asarray(values, dtype=np.float64)
    if value.ndim != 1 or not len(value):
        raise ValueError(f"values of shape {value.shape} must be (n,) with n > 2 periods")
    if longterm_period is not None and longterm_period < 1:
        raise ValueError(f"longterm_period: {longterm_period!r} is not in the range x>=1")
    n = len(value)
    test = _Test(period, max(max_anoms, 1 / n), direction, alpha)
    size = longterm_period or n
    chunks = (
        np.arange(start if start + size <= n else n - size, min(start + size, n))
        for start in range(0, n, size)
    )
    found = _search(
        value,
        chunks,
        test,
        lambda chunk: _threshold(value[chunk], np.arange(len(chunk)) // period, threshold),
    )
    return _kept(found, found.index >= n - period) if only_last else found


def _pairs(times: ArrayLike, values: ArrayLike) -> tuple[Floats, Floats]:
    at, value = np.asarray(times, dtype=np.float64), np.asarray(values, dtype=np.float64)
    if at.ndim != 1 or at.shape != value.shape or len(at) < 2:
        raise ValueError(
            f"times have shape {at.shape}, values {value.shape}; both must be (n,), n > 2 periods"
        )
    if not np.isfinite(at).all():
        raise ValueError("times: one is not finite; give seconds since the epoch")
    return at, value


def _period(step: float) -> int:
    for length, period in ((DAY, 7), (HOUR, 24), (MINUTE, 1440)):
        if step >= length:
            return period
    raise ValueError(f"times: the last two are {step:g} s apart, less than a minute; name the period")


def _weeks_of(times: Floats, weeks: int, period: int, daily: bool) -> Iterator[Ints]:
    """Yield the rows of each chunk; one that would be too short is the last whole one."""
    length = (7 * weeks + (1 if daily else 0)) * DAY
    rows = period * weeks + 1 if daily else period * 7 * weeks
    for start in times[::rows].tolist():
        if start + length <= times[-1]:
            yield np.flatnonzero((times >= start) & (times < start + length))
        else:
            yield np.flatnonzero(times > times[-1] - length)


def _search(value: Floats, chunks: Iterator[Ints], test: _Test, least: Callable[[Ints], float]) -> Outliers:
    """Return what is found in the chunks; of a point in two, what the first says."""
    expected = np.full(len(value), np.nan)
    found = np.zeros(len(value), dtype=bool)
    for chunk in chunks:
        inside, its = test.run(value[chunk])
        expected[chunk] = np.where(np.isnan(expected[chunk]), its, expected[chunk])
        rows = chunk[inside]
        found[rows[value[rows] >= least(chunk)]] = True
    index = np.flatnonzero(found)
    return Outliers(index, value[index], expected[index])


def _threshold(value: Floats, group: NDArray[np.generic], threshold: Threshold | None) -> float:
    """Return the least value that is reported; NaN, which none reaches, where R's median of a NaN is NaN."""
    if threshold is None:
        return -np.inf
    if threshold not in THRESHOLDS:
        raise ValueError(f"threshold: {threshold!r} is none; allowed are {', '.join(THRESHOLDS)}")
    starts = np.flatnonzero(np.diff(group, prepend=group[0] - 1))
    maxima = np.maximum.reduceat(value, starts)
    if np.isnan(maxima).any() and threshold != "med_max":
        raise ValueError(f"threshold: {threshold!r} needs every value; fill or cut off what is missing")
    return float(np.quantile(maxima, THRESHOLDS[threshold]))


def _kept(found: Outliers, keep: NDArray[np.bool_]) -> Outliers:
    return Outliers(found.index[keep], found.value[keep], found.expected[keep])
