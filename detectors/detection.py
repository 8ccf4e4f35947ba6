"""What a detector answers, and the series that it is asked about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Season = timedelta | float | None


@dataclass(frozen=True)
class Reason:
    """Why an alarm was raised, in words; `series` is 0 where there is one series."""

    point: int
    series: int
    words: str


@dataclass(frozen=True)
class Detection:
    """Score and band of each point of a series, or of several series of one grid.

    The band says where values are expected, the score how strong the evidence is that something is wrong; a point
    may lie outside the band and be no alarm, and be an alarm inside it.

    Parameters
    ----------
    score : array, shape (n,) or (n, series); signed evidence, 0 as expected, beyond 1 or -1 an alarm. NaN where not
        ready and where the value is missing.
    expected : array of that shape, in the unit of the values. NaN where not ready.
    lower, upper : arrays of that shape; ends of the band of expected values. NaN where not ready.
    ready : array of bool of that shape; whether the history before the point was enough to judge it.
    reasons : one of each alarm, in the order of the points; empty if the method gives none.
    """

    score: Floats
    expected: Floats
    lower: Floats
    upper: Floats
    ready: NDArray[np.bool_]
    reasons: tuple[Reason, ...] = ()


def unready(shape: int | tuple[int, ...]) -> Detection:
    """Return the detection of points of which none can be judged."""
    score, expected, lower, upper = (np.full(shape, np.nan) for _ in range(4))
    return Detection(score, expected, lower, upper, np.zeros(shape, dtype=bool))


def checked(times: ArrayLike, values: ArrayLike, dimensions: int = 1) -> tuple[Floats, Floats]:
    """Return times and values as float arrays of one length.

    Parameters
    ----------
    times : array, shape (n,); seconds since the epoch, strictly increasing.
    values : array, shape (n,) or with `dimensions` 2 (n, series); NaN is a missing value.

    Raises
    ------
    ValueError
        If the shapes differ, or a time is not finite, out of order or there twice; the message names it.
    """
    at, value = np.asarray(times, dtype=np.float64), np.asarray(values, dtype=np.float64)
    if at.ndim != 1 or value.ndim != dimensions or at.shape != value.shape[:1]:
        wanted = "both must be (n,)" if dimensions == 1 else "they must be (n,) and (n, series)"
        raise ValueError(f"times have shape {at.shape}, values {value.shape}; {wanted}")
    if not np.isfinite(at).all():
        where = int(np.flatnonzero(~np.isfinite(at))[0])
        raise ValueError(f"times[{where}]: {float(at[where])!r} is no time; give seconds since the epoch")
    wrong = np.flatnonzero(np.diff(at) <= 0)
    if wrong.size:
        where = int(wrong[0]) + 1
        fault = "is there twice" if at[where] == at[where - 1] else f"comes after {float(at[where - 1])!r}"
        raise ValueError(
            f"times[{where}]: {float(at[where])!r} {fault}; times must increase strictly, so sort the points "
            "and keep the newest of each time"
        )
    return at, value


def seconds(season: Season) -> float | None:
    """Return the season in seconds, None for none given.

    Raises
    ------
    ValueError
        If it is not a positive finite length.
    """
    length = season.total_seconds() if isinstance(season, timedelta) else season
    if length is not None and not 0 < length < float("inf"):
        raise ValueError(f"season: {season!r} is no positive length; give seconds or a timedelta")
    return length


def beside(found: Sequence[Detection], shape: tuple[int, ...]) -> Detection:
    """Return the detections of single series as one of shape (n, series)."""
    if not found:
        return unready(shape)
    names = ("score", "expected", "lower", "upper", "ready")
    arrays: dict[str, Any] = {name: np.stack([getattr(one, name) for one in found], axis=1) for name in names}
    reasons = [replace(why, series=i) for i, one in enumerate(found) for why in one.reasons]
    return Detection(**arrays, reasons=tuple(sorted(reasons, key=lambda one: (one.point, one.series))))
