"""Times of log lines: RFC 3339 text, with or without a zone, or numbers since 1970, as epoch seconds."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wolfpack.spec.source_kinds import TimeUnit

A_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
LATEST = datetime(2200, 1, 1, tzinfo=UTC).timestamp()
"""A number beyond this is in another unit than was said."""
NEITHER = "has a time that is neither text nor a number"

Seconds = NDArray[np.int64]
Untimed = dict[int, str]
"""Rows that have no time, with the reason."""


def read_times(found: pa.Array | list[Any], zone: tzinfo, unit: TimeUnit) -> tuple[Seconds, Untimed]:
    """Return the whole epoch seconds of each row, shape (n,), rounded down, and the rows that have none.

    Parameters
    ----------
    found : text or numbers; in a list also both, and what is neither.
    zone : of text without a zone.
    unit : of numbers.
    """
    if isinstance(found, list):
        return _of_any(found, zone, unit)
    if pa.types.is_string(found.type):
        return _of_text(found, zone)
    if pa.types.is_integer(found.type) or pa.types.is_floating(found.type):
        return _of_numbers(found.cast(pa.float64()), unit)
    reason = "has no time" if pa.types.is_null(found.type) else NEITHER
    return np.zeros(len(found), np.int64), dict.fromkeys(range(len(found)), reason)


def _of_any(found: list[Any], zone: tzinfo, unit: TimeUnit) -> tuple[Seconds, Untimed]:
    kinds = np.array([_kind(value) for value in found], "<U7")
    seconds, untimed = (
        np.zeros(len(found), np.int64),
        dict.fromkeys(np.flatnonzero(kinds == "neither").tolist(), NEITHER),
    )
    for kind, type_ in (("text", pa.string()), ("number", pa.float64())):
        places = np.flatnonzero(kinds == kind)
        values = pa.array([found[place] for place in places], type_)
        seconds[places], wrong = _of_text(values, zone) if kind == "text" else _of_numbers(values, unit)
        untimed |= {int(places[place]): reason for place, reason in wrong.items()}
    return seconds, untimed


def _kind(value: Any) -> str:
    if value is None or isinstance(value, str):
        return "text"
    return "number" if isinstance(value, (int, float)) and not isinstance(value, bool) else "neither"


def _of_text(found: pa.Array, zone: tzinfo) -> tuple[Seconds, Untimed]:
    if not found.null_count:
        try:
            times = found.cast(pa.timestamp("ns", "UTC")).cast(pa.int64()).to_numpy()
            return times // A_SECOND["ns"], {}
        except pa.ArrowInvalid:  # no zones, other forms, or faults
            pass
    seconds, untimed = np.zeros(len(found), np.int64), Untimed()
    for place, text in enumerate(found.to_pylist()):
        try:
            at = datetime.fromisoformat(text or "")
            seconds[place] = (at if at.tzinfo else at.replace(tzinfo=zone)).timestamp() // 1
        except (ValueError, OverflowError):
            untimed[place] = "has no time" if text is None else "has a time that is not RFC 3339"
    return seconds, untimed


def _of_numbers(found: pa.Array, unit: TimeUnit) -> tuple[Seconds, Untimed]:
    values = found.to_numpy(zero_copy_only=False) / A_SECOND[unit]
    good = (values >= 0) & (values < LATEST)  # NaN is neither
    untimed = {
        place: "has no time"
        if values[place] != values[place]
        else f"has a time that is not in {unit!r} since 1970"
        for place in np.flatnonzero(~good).tolist()
    }
    return np.where(good, np.floor(values), 0).astype(np.int64), untimed
