"""Series in which nothing happens, of named kinds and cadences, and the same with one known change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

Floats = NDArray[np.float64]
START = 1_388_966_400.0
"""2014-01-06, a Monday, midnight UTC."""
DAY = 86_400.0


@dataclass(frozen=True)
class Cadence:
    """So many days of points at a step in seconds."""

    name: str
    step: float
    days: int

    @property
    def times(self) -> Floats:
        return START + self.step * np.arange(round(self.days * DAY / self.step))


CADENCES = (
    Cadence("1 min", 60, 14),
    Cadence("5 min", 300, 28),
    Cadence("1 h", 3600, 90),
    Cadence("1 d", DAY, 730),
)


def cycle(times: Floats) -> Floats:
    """Return a daily cycle between -1 and 1, a weekly one where steps are days or longer."""
    length = DAY if times[1] - times[0] < DAY else 7 * DAY
    return np.sin(2 * np.pi * times / length)[:, None]


Noise = Callable[[np.random.Generator, Floats, int], Floats]


def _autoregressive(random: np.random.Generator, times: Floats, series: int) -> Floats:
    shocks = random.normal(size=(len(times), series))
    return np.asarray(lfilter([1.0], [1.0, -0.9], shocks, axis=0))


def _bursty(random: np.random.Generator, times: Floats, series: int) -> Floats:
    shape = len(times), series
    bursts = np.where(random.random(shape) < 0.01, random.lognormal(2, 1, size=shape), 0.0)
    return random.normal(size=shape) + bursts


def _seasonal(random: np.random.Generator, times: Floats, series: int) -> Floats:
    return np.exp(cycle(times) + 0.3 * random.normal(size=(len(times), series)))


NOISES: Mapping[str, Noise] = {
    "Gaussian": lambda random, times, series: random.normal(size=(len(times), series)),
    "Gaussian on a season": lambda random, times, series: (
        3 * cycle(times) + random.normal(size=(len(times), series))
    ),
    "AR .9": _autoregressive,
    "t3": lambda random, times, series: random.standard_t(3, size=(len(times), series)),
    "seasonal log-normal": _seasonal,
    "Poisson 3": lambda random, times, series: random.poisson(3, size=(len(times), series)).astype(float),
    "Poisson .05": lambda random, times, series: random.poisson(0.05, size=(len(times), series)).astype(
        float
    ),
    "bursty": _bursty,
    "random walk": lambda random, times, series: np.cumsum(random.normal(size=(len(times), series)), axis=0),
    "rounded": lambda random, times, series: np.round(random.normal(size=(len(times), series))),
}
HEAVY = ("t3", "bursty")
"""Kinds with spikes of their own, which may alarm twice as often."""


def changed(kind: str, series: int, random: np.random.Generator) -> tuple[Floats, Floats, int]:
    """Return times and values of hourly series with a change after 28 days, and the point at which it begins.

    Noise is standard Gaussian on a daily cycle of amplitude 3, for the missing cycle of amplitude 20, at any phase;
    the change lasts 3 days, to the end.
    """
    begin = 28 * 24
    times = START + 3600.0 * np.arange(begin + 72)
    phase = 2 * np.pi * random.random(series)
    course = (20 if kind == "missing daily cycle" else 3) * np.sin(2 * np.pi * times[:, None] / DAY + phase)
    noise = random.normal(size=(len(times), series))
    values = course + noise
    if kind == "level shift of 4 sd":
        values[begin:] += 4
    elif kind == "variance x3":
        values[begin:] += 2 * noise[begin:]
    elif kind == "flat line":
        values[begin:] = values[begin - 1]
    elif kind == "missing daily cycle":
        values[begin:] = noise[begin:]
    else:
        raise ValueError(f"kind: {kind!r} is no change; there are {', '.join(CHANGES)}")
    return times, values, begin


CHANGES = {
    "level shift of 4 sd": 6,
    "variance x3": 12,
    "flat line": 24,
    "missing daily cycle": 3,
}
"""Points within which each is to be found."""
