"""Durations as the spec writes them: a number and a unit, as in Prometheus."""

from __future__ import annotations

import re
from datetime import timedelta

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_FORM = re.compile(r"(?:\d+[smhdw])+")
_PART = re.compile(r"(\d+)([smhdw])")


def parse_duration(text: str) -> timedelta:
    """Read a duration such as ``90s``, ``15m``, ``6h``, ``7d`` or ``1d12h``.

    Raises
    ------
    ValueError
        If the text has another form or is zero.

    Examples
    --------
    >>> parse_duration("1d12h")
    datetime.timedelta(days=1, seconds=43200)
    """
    if not _FORM.fullmatch(text):
        raise ValueError(f"{text!r} is not a duration; write a number and a unit s, m, h, d or w, as in '6h'")
    seconds = sum(int(number) * UNITS[unit] for number, unit in _PART.findall(text))
    if seconds == 0:
        raise ValueError(f"{text!r} is no time at all; a duration must be longer than 0s")
    return timedelta(seconds=seconds)


def format_duration(duration: timedelta) -> str:
    """Write a duration in its largest whole units, as Prometheus accepts it.

    Examples
    --------
    >>> format_duration(timedelta(hours=36))
    '1d12h'
    """
    rest, text = int(duration.total_seconds()), ""
    for unit in ("d", "h", "m", "s"):
        count, rest = divmod(rest, UNITS[unit])
        text += f"{count}{unit}" if count else ""
    return text or "0s"
