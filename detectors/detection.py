"""What a detector answers, and the series that it is asked about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Season = timedelta | float | None


@dataclass(frozen=True)
class Detection:
    """Score and band of each point of a series.

    Parameters
    ----------
    score : array, shape (n,); signed evidence, 0 as expected, beyond 1 or -1 an alarm. NaN where not ready
        and where the value is missing.
    expected : array, shape (n,), in the unit of the values. NaN where not ready.
    lower, upper : arrays, shape (n,); ends of the band of expected values. NaN where not ready.
    ready : array of bool, shape (n,); whether the history before the point was enough to judge it.
    """

    score: Floats
    expected: Floats
    lower: Floats
    upper: Floats
    ready: NDArray[np.bool_]


def unready(n: int) -> Detection:
    """Return the detection of `n` points of which none can be judged."""
    score, expected, lower, upper = np.full((4, n), np.nan)
    return Detection(score, expected, lower, upper, np.zeros(n, dtype=bool))


def checked(times: ArrayLike, values: ArrayLike) -> tuple[Floats, Floats]:
    """Return times and values as float arrays of one length.

    Parameters
    ----------
    times : array, shape (n,); seconds since the epoch, strictly increasing.
    values : array, shape (n,); NaN is a missing value.

    Raises
    ------
    ValueError
        If the shapes differ, or a time is not finite, out of order or there twice; the message names it.
    """
    at, value = np.asarray(times, dtype=np.float64), np.asarray(values, dtype=np.float64)
    if at.ndim != 1 or at.shape != value.shape:
        raise ValueError(f"times have shape {at.shape}, values {value.shape}; both must be (n,)")
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
