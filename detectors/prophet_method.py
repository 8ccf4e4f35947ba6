"""Prophet behind the contract: its forecast, its interval, its holidays; causal by forecasting only forwards.

A model is fitted to the points before, at `FIRST` of them and anew whenever there are 30 % more; it forecasts until
the next fit. The band is Prophet's own interval at the nominal 0.1 % a side, whatever its misses; the score is the
error over the half-width, judged by its rank among its own past as `forecast` does. Needs the extra `prophet`; about
a third of a second for each fit, so for tens of series.

References
----------
.. [1] S. J. Taylor, B. Letham. 2018. Forecasting at scale. The American Statistician 72.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from wolfpack.detectors.alarm_line import AlarmLine
from wolfpack.detectors.band import OUTSIDE
from wolfpack.detectors.detection import Detection, Floats, Reason, Season, checked, seconds, unready
from wolfpack.detectors.evidence import LARGEST
from wolfpack.detectors.forecast import RECIPE
from wolfpack.detectors.grid import DAY, STEP_POINTS
from wolfpack.detectors.policy import holiday_names
from wolfpack.detectors.rarity import Rarity
from wolfpack.detectors.scorer import COMMON, LIMIT, NEED
from wolfpack.detectors.wall_time import years
from wolfpack.detectors.words import why

FIRST, GROWTH = 60, 1.3
"""Values before anything is judged, and growth after which the model is fitted anew."""
SAMPLES = 1000
"""Of the interval; Prophet's default."""


def prophet(
    times: ArrayLike, values: ArrayLike, season: Season = None, holidays: Sequence[str] = ()
) -> Detection:
    """Return score, expected value and band of each point of a series; see `detect`.

    Parameters
    ----------
    holidays : countries whose holidays have effects of their own; ISO 3166, a subdivision after a hyphen.

    Raises
    ------
    ValueError
        If the extra is not installed or a country is not known, and as `detect`.
    """
    at, value = checked(times, values)
    _library()
    known = np.abs(value) < LARGEST
    if len(at) < STEP_POINTS or known.sum() <= FIRST:
        return unready(len(at))
    step = float(np.median(np.diff(at[:STEP_POINTS])))
    expected, lower, upper = np.full((3, len(at)), np.nan)
    for first, until in _epochs(known):
        past = known & (np.arange(len(at)) < first)
        model = _Model(at[past], value[past], step, seconds(season), holidays)
        expected[first:until], lower[first:until], upper[first:until] = model.forecast(
            at[first:until], len(at)
        )
    return _judged(value, known, expected, lower, upper, DAY / step)


def _judged(
    value: Floats, known: Any, expected: Floats, lower: Floats, upper: Floats, per_day: float
) -> Detection:
    """Return the detection of forecasts: errors in half-widths, by their rank among those before."""
    ready = ~np.isnan(expected)
    error = np.where(known, value, np.nan) - expected
    half = np.maximum(np.where(error > 0, upper - expected, expected - lower), np.finfo(float).tiny)
    statistic = (4.0 * error / half)[:, None, None]
    decades = Rarity((1, 1), np.array([NEED])).rate(statistic)[:, :, 0]
    evidence = np.where(np.isnan(error), np.nan, np.maximum(decades[:, 0] - COMMON, 0.0))
    score = AlarmLine(1, per_day, RECIPE.prior).score(evidence[:, None])[:, 0]
    score = np.copysign(np.minimum(score, LIMIT), error)
    infinite = ready & (np.abs(value) >= LARGEST)
    score = np.where(infinite, np.copysign(LIMIT, value), np.where(ready & known, score, np.nan))
    reasons = tuple(
        Reason(int(i), 0, why(["error"], statistic[i, 0], decades[i], float(value[i]), float(expected[i])))
        for i in np.flatnonzero(np.abs(score) > 1)
    )
    return Detection(score, expected, lower, upper, ready, reasons)


def _epochs(known: Any) -> Iterator[tuple[int, int]]:
    """Yield from where to where a model forecasts, counted in points that are known."""
    count = np.cumsum(known)
    need = FIRST
    while need < count[-1]:
        first = int(np.searchsorted(count, need)) + 1
        need = int(need * GROWTH)
        yield first, min(int(np.searchsorted(count, need)) + 1, len(known))


class _Model:
    """A fitted Prophet."""

    def __init__(
        self, times: Floats, values: Floats, step: float, season: float | None, holidays: Sequence[str]
    ) -> None:
        self.step, self.last, self.points = step, float(times[-1]), len(times)
        self.centre = float(np.median(values))
        self.scale = float(np.abs(values - self.centre).max()) or 1.0
        self._model = _library()(
            interval_width=1 - 2 * OUTSIDE,
            uncertainty_samples=SAMPLES,
            holidays=_table(holidays, times, step),
        )
        if season is not None:
            self._model.add_seasonality(
                "season", period=season / DAY, fourier_order=min(10, int(season / step / 2))
            )
        with _quiet():
            self._model.fit(_frame(times, np.asarray((values - self.centre) / self.scale)), seed=1)

    def forecast(self, times: Floats, most: int) -> Floats:
        """Return expected value, lower and upper end at times after the last; array, shape (3, n).

        Prophet draws its interval anew for each call, for all its rows together. It is drawn once on the grid ahead
        and taken from there, so that it does not depend on which points have come.
        """
        steps = self.step * np.arange(1, int(self.points * GROWTH) - self.points + 2)
        with _quiet(), _seeded():
            drawn = self._model.predict(_frame(np.asarray(self.last + steps, dtype=np.float64)))
            self._model.uncertainty_samples = 0
            expected = self._model.predict(_frame(times))["yhat"].to_numpy()
        centre = drawn["yhat"].to_numpy()
        ends = [
            np.interp(times, self.last + steps, drawn[name].to_numpy() - centre)
            for name in ("yhat_lower", "yhat_upper")
        ]
        return np.asarray(
            self.centre + self.scale * np.stack([expected, expected + ends[0], expected + ends[1]])
        )


def _library() -> Any:
    try:
        from prophet import Prophet
    except ImportError as error:
        raise ValueError(
            "method: 'prophet' needs the extra: pip install 'wolfpack-monitor[prophet]'"
        ) from error
    return Prophet


def _frame(times: Floats, values: Floats | None = None) -> Any:
    import pandas as pd

    columns: dict[str, Any] = {"ds": pd.to_datetime(times, unit="s")}
    return pd.DataFrame(columns if values is None else columns | {"y": values})


def _table(countries: Sequence[str], times: Floats, step: float) -> Any:
    """Return the holidays of the history and of as long after it, None for none."""
    if not countries:
        return None
    import pandas as pd

    ahead = np.array([times[0], times[-1] + len(times) * step])
    days = [
        (f"{country} {name}", day)
        for country in countries
        for day, name in holiday_names(country, years(ahead)).items()
    ]
    return pd.DataFrame(
        {"holiday": [name for name, _ in days], "ds": pd.to_datetime([day for _, day in days])}
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Prophet's and Stan's chatter out of the log, and pandas' warnings about how Prophet uses it."""
    loggers = [logging.getLogger(name) for name in ("cmdstanpy", "prophet")]
    before = [one.level for one in loggers]
    for one in loggers:
        one.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for one, level in zip(loggers, before, strict=True):
            one.setLevel(level)


@contextmanager
def _seeded() -> Iterator[None]:
    """Let numpy's global generator, which Prophet draws from, give the same every time, and leave it as it was."""
    state = np.random.get_state()
    np.random.seed(1)
    try:
        yield
    finally:
        np.random.set_state(state)
