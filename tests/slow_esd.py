"""Slow twins of the seasonal ESD: loess by least squares at every place, and the test by sorting anew each time."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

import numpy as np
from scipy import stats


def loess(
    values: Sequence[float], width: int, degree: int, at: float, weights: Sequence[float]
) -> float | None:
    """Return the local polynomial over the `width` values nearest to a place; None without weight."""
    n = len(values)
    span = min(width, n)
    first = min(max(round(at) - (width - 1) // 2, 0), n - span)
    places = range(first, first + span)
    reach = max(abs(place - at) for place in places) + max(0, (width - n) // 2)
    near = [tricube(abs(place - at) / reach) * weights[place] for place in places]
    if sum(near) <= 0:
        return None
    fit = np.polynomial.Polynomial.fit(
        [place - at for place in places], [values[place] for place in places], degree, w=np.sqrt(near),
        domain=[-1, 1],
    )  # fmt: skip
    return float(fit(0.0))


def tricube(u: float) -> float:
    return 1.0 if u <= 0.001 else (1 - u**3) ** 3 if u <= 0.999 else 0.0


def smooth(values: Sequence[float], width: int, weights: Sequence[float]) -> list[float]:
    """Return the loess line at every tenth of its width and straight lines between."""
    n = len(values)
    jump = min(math.ceil(width / 10), n - 1)
    at = [*range(0, n, jump)]
    found = [loess(values, width, 1, place, weights) for place in at]
    known = [values[place] if one is None else one for place, one in zip(at, found, strict=True)]
    if at[-1] != n - 1:  # the neighbours of the end are those of the last place before it
        known.append(_end(values, width, at[-1], weights))
        at.append(n - 1)
    return list(np.interp(range(n), at, known))


def _end(values: Sequence[float], width: int, last: int, weights: Sequence[float]) -> float:
    n = len(values)
    span = min(width, n)
    first = min(max(last - (width - 1) // 2, 0), n - span)
    cut = loess(values[first : first + span], span, 1, n - 1 - first, weights[first : first + span])
    if width > n:
        cut = loess(values, width, 1, n - 1, weights)
    return values[-1] if cut is None else cut


def decompose(values: Sequence[float], period: int, rounds: int = 15) -> tuple[list[float], list[float]]:
    """Return season and trend of a robust, periodic STL."""
    n, wide = len(values), 10 * len(values) + 1
    odd = period + 1 - period % 2
    level = math.ceil(1.5 * period / (1 - 1.5 / wide))
    level += 1 - level % 2
    trend, weights = [0.0] * n, [1.0] * n
    for round_ in range(rounds + 1):
        cycle = [0.0] * (n + 2 * period)
        for phase in range(period):
            own = [value - t for value, t in zip(values, trend, strict=True)][phase::period]
            its = weights[phase::period]
            ends = [loess(own, wide, 0, at, its) for at in (-1, 0, len(own) - 1, len(own))]
            ends[1], ends[2] = own[0] if ends[1] is None else ends[1], own[-1] if ends[2] is None else ends[2]
            ends[0], ends[3] = (
                ends[1] if ends[0] is None else ends[0],
                ends[2] if ends[3] is None else ends[3],
            )
            between = np.interp(range(len(own)), [0, len(own) - 1], ends[1:3])
            cycle[phase::period] = [ends[0], *between, ends[3]]
        low = np.array(cycle)
        for width in (period, period, 3):
            low = np.convolve(low, np.full(width, 1 / width), mode="valid")
        season = np.array(cycle[period : period + n]) - smooth(low.tolist(), odd, [1.0] * n)
        trend = smooth((np.asarray(values) - season).tolist(), level, weights)
        rest = [abs(v - s - t) for v, s, t in zip(values, season, trend, strict=True)]
        six = 6 * statistics.median(rest)
        if round_ < rounds:
            weights = [
                1.0 if r <= 0.001 * six else (1 - (r / six) ** 2) ** 2 if r <= 0.999 * six else 0.0
                for r in rest
            ]
    means = [float(np.mean(season[phase::period])) for phase in range(period)]
    return [means[i % period] for i in range(n)], trend


def outliers(values: Sequence[float], most: int, alpha: float, direction: str) -> list[int]:
    """Return the outliers by Rosner's test with median and MAD, each step from the beginning."""
    left, taken, found = list(range(len(values))), [], 0
    for _ in range(most):
        middle = statistics.median(values[i] for i in left)
        scale = 1.4826 * statistics.median(abs(values[i] - middle) for i in left)
        if scale == 0:
            break
        size = {
            "pos": lambda i: (values[i] - middle) / scale,  # noqa: B023 - used before the loop goes on
            "neg": lambda i: (middle - values[i]) / scale,  # noqa: B023
            "both": lambda i: abs(values[i] - middle) / scale,  # noqa: B023
        }[direction]
        far = max(left, key=lambda i: (size(i), -i))
        n = len(left)
        t = stats.t.ppf(1 - alpha / (n * (2 if direction == "both" else 1)), n - 2)
        taken.append(far)
        if size(far) > t * (n - 1) / math.sqrt((n - 2 + t * t) * n):
            found = len(taken)
        left.remove(far)
    return taken[:found]
