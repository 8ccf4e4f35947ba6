"""One door to every method: `detect` takes a series and answers with a `Detection`.

Every method is causal: what is said of a point depends on that point and those before it, so a run over the
first half of a series says the same of it as a run over the whole, and a restart changes no score.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from functools import partial
from types import MappingProxyType

from numpy.typing import ArrayLike

from wolfpack.detectors import auto, flat, forecast, recent
from wolfpack.detectors.batch import Stream, score_alone, score_together
from wolfpack.detectors.causal_esd import causal_esd
from wolfpack.detectors.detection import Detection, Season, beside, checked
from wolfpack.detectors.prophet_method import prophet
from wolfpack.detectors.scorer import Recipe
from wolfpack.detectors.trend import trend

Method = Callable[[ArrayLike, ArrayLike, Season], Detection]
RECIPES: Mapping[str, Recipe] = MappingProxyType(
    {"auto": auto.RECIPE, "forecast": forecast.RECIPE, "recent": recent.RECIPE, "flat": flat.RECIPE}
)
"""The methods that score many series together and point by point."""
METHODS: Mapping[str, Method] = MappingProxyType(
    {name: partial(score_alone, recipe) for name, recipe in RECIPES.items()}
    | {"seasonal_esd": causal_esd, "trend": trend}
)
"""The methods of this release, by the name that a spec gives them."""
LEARN_HOLIDAYS: Mapping[str, Callable[[ArrayLike, ArrayLike, Season, Sequence[str]], Detection]] = (
    MappingProxyType({"prophet": prophet})
)
"""The methods that take countries and learn what their holidays do; each needs an extra."""
KNOWN = (*METHODS, *LEARN_HOLIDAYS)
DEFAULT = "auto"


def method_named(name: str) -> Method:
    """Return the method of this name.

    Raises
    ------
    ValueError
        If this release has none; the message names those it has.
    """
    if name in METHODS:
        return METHODS[name]
    if name in LEARN_HOLIDAYS:
        learn = LEARN_HOLIDAYS[name]
        return lambda times, values, season: learn(times, values, season, ())
    near = get_close_matches(name, KNOWN, 1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    raise ValueError(f"method: {name!r} is not in this release; {hint}available: {', '.join(KNOWN)}")


def detect(times: ArrayLike, values: ArrayLike, method: str = DEFAULT, season: Season = None) -> Detection:
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
    >>> times = [86400 * day for day in range(100)]
    >>> values = [100 + 5 * (day % 7) + day % 2 for day in range(99)] + [100]
    >>> found = detect(times, values)
    >>> bool(found.score[99] < -1), bool(found.ready[10])
    (True, False)
    >>> found.reasons[-1].words.split(":")[0]
    '100 where 105.4 was expected'
    """
    return method_named(method)(times, values, season)


def detect_together(
    times: ArrayLike, values: ArrayLike, method: str = DEFAULT, season: Season = None
) -> Detection:
    """Return the same as `detect` for several series of one grid, at a fraction of the time.

    Parameters
    ----------
    times : array, shape (n,); of all series.
    values : array, shape (n, series); NaN is a missing value.
    method, season : as for `detect`.

    Returns
    -------
    Detection
        Arrays of shape (n, series).

    Raises
    ------
    ValueError
        As `detect`.
    """
    judge = method_named(method)
    if method in RECIPES:
        return score_together(RECIPES[method], times, values, season)
    at, value = checked(times, values, 2)
    return beside([judge(at, column, season) for column in value.T], value.shape)


def stream(method: str, series: int, season: Season = None) -> Stream:
    """Return a stream of so many series, to be given their history and then each new point.

    Raises
    ------
    ValueError
        If the method needs a whole history at a time.
    """
    method_named(method)
    if method not in RECIPES:
        raise ValueError(f"method: {method!r} needs a whole history; point by point go {', '.join(RECIPES)}")
    return Stream(RECIPES[method], series, season)
