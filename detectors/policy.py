"""What holds around any method: which points it sees, which it is asked about, and what counts as an alarm."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from wolfpack.detectors.detection import Detection, Floats
from wolfpack.detectors.wall_time import on_days, years
from wolfpack.spec import Spec

Direction = Literal["both", "up", "down"]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Policy:
    """The policy of one entry of `detect`; the default changes nothing.

    Parameters
    ----------
    zone : IANA name of the zone whose clock seasons and days follow.
    direction : on which side of what is expected a value can be an alarm.
    min_change, min_change_ratio : least distance from the expected value that can be an alarm, in the unit of the
        values and relative to the size of the expected one.
    low, high : values outside are taken as missing, and the band is cut to them.
    min_points : known values before the first point that is judged.
    warm_up : seconds from the first known value to the first point that is judged.
    skip : local days that are neither judged nor learnt.
    holidays : countries whose public holidays are neither; ISO 3166, a subdivision after a hyphen.
    """

    zone: str = "UTC"
    direction: Direction = "both"
    min_change: float = 0.0
    min_change_ratio: float = 0.0
    low: float = -np.inf
    high: float = np.inf
    min_points: int = 0
    warm_up: float = 0.0
    skip: frozenset[date] = field(default_factory=frozenset)
    holidays: tuple[str, ...] = ()


def policy(spec: Spec, index: int) -> Policy:
    """Return the policy of one entry of the spec's `detect`."""
    entry = spec.detect[index]
    low, high = entry.range or (None, None)
    return Policy(
        entry.timezone or spec.timezone,
        entry.direction,
        entry.min_change or 0.0,
        entry.min_change_ratio or 0.0,
        -np.inf if low is None else low,
        np.inf if high is None else high,
        entry.min_points or 0,
        entry.warm_up.total_seconds() if entry.warm_up is not None else 0.0,
        entry.skipped,
        tuple(entry.holidays),
    )


def on_holidays(wall: Floats, countries: Iterable[str]) -> Mask:
    """Return whether each local time lies on a public holiday of one of the countries.

    Raises
    ------
    ValueError
        If the extra is not installed, or knows no such country; the message says what to do.
    """
    days = frozenset(day for country in countries for day in holiday_names(country, years(wall)))
    return on_days(wall, days)


def out_of_range(values: Floats, its: Policy) -> Mask:
    """Return which values lie outside the policy's range; NaN does not."""
    return (values < its.low) | (values > its.high)


def warmed_up(times: Floats, known: Mask, its: Policy) -> Mask:
    """Return whether enough was known before each point.

    Parameters
    ----------
    times : array, shape (n,).
    known : array of bool, shape (n,) or (n, series); which values are known.
    """
    before: NDArray[np.int64] = np.cumsum(known, axis=0) - known
    at = times if known.ndim == 1 else times[:, None]
    first = np.where(known.any(axis=0), times[np.argmax(known, axis=0)], np.inf) if len(times) else np.inf
    return (before >= its.min_points) & (at - first >= its.warm_up)


def applied(found: Detection, values: Floats, warm: Mask, its: Policy) -> Detection:
    """Return a method's answer as the policy has it: what cannot be an alarm has a score of 1 at the most.

    Parameters
    ----------
    found : arrays of the shape of `values`.
    warm : array of bool of that shape; points that may be judged.
    """
    least = np.fmax(its.min_change, its.min_change_ratio * np.abs(found.expected))
    far = ~(np.abs(values - found.expected) < least)
    top = np.where(far & (its.direction != "down"), np.inf, 1.0)
    bottom = np.where(far & (its.direction != "up"), -np.inf, -1.0)
    ready = found.ready & warm
    expected, lower, upper = (
        np.where(ready, np.clip(one, its.low, its.high), np.nan)
        for one in (found.expected, found.lower, found.upper)
    )
    score = np.where(ready, np.clip(found.score, bottom, top), np.nan)
    return replace(found, score=score, expected=expected, lower=lower, upper=upper, ready=ready)


@lru_cache(maxsize=256)
def holiday_names(country: str, within: range) -> Mapping[date, str]:
    """Return the public holidays of a country in these years, by day.

    Raises
    ------
    ValueError
        As `on_holidays`.
    """
    try:
        import holidays
    except ImportError as error:
        raise ValueError(
            f"holidays: {country}: the extra is not installed; pip install 'wolfpack-monitor[holidays]'"
        ) from error
    code, _, part = country.partition("-")
    try:
        return MappingProxyType(dict(holidays.country_holidays(code, part or None, years=within)))
    except NotImplementedError as error:
        raise ValueError(f"holidays: {country!r} is not known: {error}") from error
