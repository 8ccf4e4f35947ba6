"""Made data whose drift is known: each function draws columns of so many rows, with numpy alone.

A column of floats is numbers, NaN where missing; a column of integers is codes of categories. Many columns
are drawn at once, and each stands for a repeat of its own.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Column = NDArray[Any]
Random = np.random.Generator

MISSING = 0.01
KINDS = 50
SHARE_OF_USERS = 0.5
"""Intraclass correlation: the share of the variance that rows of one user have in common."""


def normal(
    random: Random,
    columns: int,
    rows: int,
    shift: float = 0.0,
    scale: float = 1.0,
    missing: float = MISSING,
    sentinel: float = 0.0,
) -> list[Column]:
    """Return standard normal numbers, moved, stretched, missing, or with a share of them -999."""
    values = random.normal(shift, scale, (columns, rows))
    values[random.random((columns, rows)) < missing] = np.nan
    if sentinel:
        values[random.random((columns, rows)) < sentinel] = -999.0
    return list(values)


def lognormal(
    random: Random, columns: int, rows: int, sigma: float = 2.0, factor: float = 1.0
) -> list[Column]:
    return list(factor * random.lognormal(0.0, sigma, (columns, rows)))


def poisson(random: Random, columns: int, rows: int) -> list[Column]:
    return list(random.poisson(3.0, (columns, rows)).astype(np.float64))


def integers(random: Random, columns: int, rows: int, new: float = 0.0) -> list[Column]:
    """Return numbers from 1 to 5, a share of them 9."""
    values = random.integers(1, 6, (columns, rows)).astype(np.float64)
    values[random.random((columns, rows)) < new] = 9.0
    return list(values)


def uniform_words(random: Random, columns: int, rows: int, kinds: int = 10) -> list[Column]:
    return list(random.integers(0, kinds, (columns, rows)))


def zipf_words(random: Random, columns: int, rows: int, new: float = 0.0) -> list[Column]:
    """Return 50 categories, the i-th with a weight of 1 / i, and a share of one that is new."""
    weights = 1 / np.arange(1, KINDS + 1)
    codes = np.searchsorted(np.cumsum(weights / weights.sum()), random.random((columns, rows)))
    codes = np.minimum(codes, KINDS - 1)
    codes[random.random((columns, rows)) < new] = KINDS
    return list(codes)


def mixed(random: Random, columns: int, rows: int) -> list[Column]:
    """Return six tenths normal, and a tenth each log-normal, Poisson, 10 equal and 50 Zipf categories."""
    tenth = columns // 10
    return [
        *normal(random, columns - 4 * tenth, rows),
        *lognormal(random, tenth, rows),
        *poisson(random, tenth, rows),
        *uniform_words(random, tenth, rows),
        *zipf_words(random, tenth, rows),
    ]


def constant(random: Random, columns: int, rows: int, value: float = 5.0) -> list[Column]:
    return [np.full(rows, value) for _ in range(columns)]


def zeros(random: Random, columns: int, rows: int, instead: float = 0.0) -> list[Column]:
    """Return log-normal numbers of which nine tenths are zero, or something else instead."""
    values = random.lognormal(0.0, 1.0, (columns, rows))
    values[random.random((columns, rows)) < 0.9] = instead
    return list(values)


def users(random: Random, columns: int, rows: int, per_user: int, shift: float = 0.0) -> list[Column]:
    """Return normal numbers in runs of one user each, with half of their variance in common."""
    common = np.repeat(random.standard_normal((columns, -(-rows // per_user))), per_user, axis=1)[:, :rows]
    own = random.standard_normal((columns, rows))
    return list(shift + np.sqrt(SHARE_OF_USERS) * common + np.sqrt(1 - SHARE_OF_USERS) * own)


def days(
    random: Random, columns: int, rows: int, per_day: int, wobble: float = 0.15, shift: float = 0.0
) -> list[Column]:
    """Return standard normal numbers about a mean that differs from day to day by so many deviations."""
    means = np.repeat(random.normal(shift, wobble, (columns, -(-rows // per_day))), per_day, axis=1)
    return list(means[:, :rows] + random.standard_normal((columns, rows)))
