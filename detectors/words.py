"""Why an alarm was raised, in words a reader on call understands."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from wolfpack.detectors.detection import Floats

NAMED = 3
"""The rarest statistics that are named."""
SAID = {
    "error": ("above", "below", " what was expected"),
    "jump": ("a jump up", "a jump down", " from the last value"),
    "late": ("above", "below", " the level of the last ten points"),
    "day": ("above", "below", " the usual for the time of the day"),
    "day_now": ("above", "below", " the usual for the time of the day, as this day goes"),
    "week": ("above", "below", " the usual for the time of the week"),
    "week_now": ("above", "below", " the usual for the time of the week, as this week goes"),
    "spell": ("a spell of points above", "a spell of points below", " what was expected"),
    "level": ("a spell of points above", "a spell of points below", " the long-run level"),
    "restless": ("errors of the last points larger", "errors of the last points smaller", " than usual"),
    "spread": ("errors of late larger", "errors of late smaller", " than usual"),
    "still": ("the same value again and again", "the same value again and again", ""),
}


def why(names: Sequence[str], statistics: Floats, decades: Floats, value: float, expected: float) -> str:
    """Return a sentence that names value, expected value and what is rare about the point.

    Parameters
    ----------
    names : of the statistics.
    statistics : array, shape (statistics,); their signs tell which way.
    decades : array, shape (statistics,); -log10 of the tail probabilities.

    Examples
    --------
    >>> why(["jump", "still"], np.array([9.0, 0.1]), np.array([3.0, 0.3]), 9.0, 1.0)
    '9 where 1 was expected: a jump up from the last value (1 in 1,000)'
    """
    if not np.isfinite(value):
        return f"{value:g} is no value that can be expected"
    rarest = [i for i in np.argsort(-decades, kind="stable")[:NAMED] if decades[i] > 1]
    parts = [f"{_side(names[i], statistics[i])} (1 in {_rounded(decades[i])})" for i in rarest]
    return f"{value:.4g} where {expected:.4g} was expected: {'; '.join(parts)}"


def _side(name: str, statistic: float) -> str:
    up, down, rest = SAID[name]
    return (up if statistic > 0 else down) + rest


def _rounded(decades: float) -> str:
    """Return 10 ** decades to two digits."""
    times = 10 ** min(float(decades), 12.0)
    digits = 10 ** max(int(np.log10(times)) - 1, 0)
    return f"{int(round(times / digits) * digits):,}"
