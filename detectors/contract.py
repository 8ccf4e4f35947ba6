"""One door to every method: `detect` takes a series and answers with a `Detection`.

Every method is causal: what is said of a point depends on that point and those before it, so a run over the
first half of a series says the same of it as a run over the whole, and a restart changes no score.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from types import MappingProxyType

from numpy.typing import ArrayLike

from wolfpack.detectors.causal_esd import causal_esd
from wolfpack.detectors.detection import Detection, Season

Method = Callable[[ArrayLike, ArrayLike, Season], Detection]
METHODS: Mapping[str, Method] = MappingProxyType({"seasonal_esd": causal_esd})
"""The methods of this release, by the name that a spec gives them."""


def method_named(name: str) -> Method:
    """Return the method of this name.

    Raises
    ------
    ValueError
        If this release has none; the message names those it has.
    """
    if name in METHODS:
        return METHODS[name]
    near = get_close_matches(name, METHODS, 1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    raise ValueError(f"method: {name!r} is not in this release; {hint}available: {', '.join(METHODS)}")


def detect(
    times: ArrayLike, values: ArrayLike, method: str = "seasonal_esd", season: Season = None
) -> Detection:
    """Return score, expected value and band of each point of a series.

    Parameters
    ----------
    times : array, shape (n,); seconds since the epoch, strictly increasing.
    values : array, shape (n,); NaN is a missing value and is not scored.
    method : name of a method.
    season : length of the season as timedelta or in seconds; None leaves it to the method.

    Returns
    -------
    Detection
        Arrays of shape (n,); a score beyond 1 or -1 is an alarm.

    Raises
    ------
    ValueError
        If the method is unknown, times are out of order or twice there, or the season does not fit the step.

    Examples
    --------
    >>> found = detect([60 * i for i in range(60)], [5.0] * 59 + [6.0], season=300)
    >>> found.score[-2:].tolist(), bool(found.ready[10])
    ([0.0, 100.0], False)
    """
    return method_named(method)(times, values, season)
