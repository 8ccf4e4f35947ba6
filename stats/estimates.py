"""A number beside its standard error, and what is said of it: an interval, a difference with one."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from scipy.special import ndtri

LEVEL = 0.95
"""Chance that an interval covers what it is about."""


@dataclass(frozen=True)
class Estimate:
    """A statistic of a sample.

    Parameters
    ----------
    value : what the sample gives.
    stderr : deviation of `value` over samples as large, >= 0; None where it is not known, as with one row.
    """

    value: float
    stderr: float | None = None

    def interval(self, level: float = LEVEL) -> tuple[float, float] | None:
        """Return the normal interval that covers the truth with this chance; None without a standard error.

        Raises
        ------
        ValueError
            If level is not in the range 0<x<1.
        """
        if not 0 < level < 1:
            raise ValueError(f"level: {level!r} is not in the range 0<x<1; it is a chance such as {LEVEL}")
        if self.stderr is None:
            return None
        half = float(ndtri((1 + level) / 2)) * self.stderr
        return self.value - half, self.value + half


def rate(hits: float, rows: float) -> Estimate | None:
    """Return the share hits / rows; None without rows.

    The standard error is that of one more hit and one more miss, so that a share of 0 or 1 is not certain.

    Parameters
    ----------
    hits, rows : 0 <= hits <= rows; fractions are expected counts.

    References
    ----------
    A. Agresti, B. Caffo, Simple and effective confidence intervals for proportions and differences of
    proportions, The American Statistician 54, 2000.

    Examples
    --------
    >>> rate(8, 10)
    Estimate(value=0.8, stderr=0.125)
    """
    if not rows > 0:
        return None
    padded = (hits + 1) / (rows + 2)
    return Estimate(hits / rows, math.sqrt(padded * (1 - padded) / (rows + 2)))


def ratio(events: float, rows: float) -> Estimate | None:
    """Return events / rows where one row may have several events; None without rows.

    The standard error takes events as Poisson, with one more of them for the reason of `rate`.
    """
    return Estimate(events / rows, math.sqrt(events + 1) / rows) if rows > 0 else None


def known(value: float, variance: float | None = None) -> Estimate | None:
    """Return a value with a variance, each left out where it is no finite number."""
    if not math.isfinite(value):
        return None
    sound = variance is not None and math.isfinite(variance)
    return Estimate(value, math.sqrt(max(variance or 0.0, 0.0)) if sound else None)


def difference(after: Estimate, before: Estimate) -> Estimate:
    """Return after - before of two independent samples; no standard error if either has none."""
    errors = (after.stderr, before.stderr)
    known_errors = [error for error in errors if error is not None]
    stderr = math.hypot(*known_errors) if len(known_errors) == len(errors) else None
    return Estimate(after.value - before.value, stderr)


def differences(after: Mapping[str, Estimate], before: Mapping[str, Estimate]) -> dict[str, Estimate]:
    """Return after - before of every measure that both have: two versions on rows of their own, or two windows.

    Of the same rows the standard error is too large where both do well on the same ones; `paired_losses` knows it.

    Examples
    --------
    >>> found = differences({"mae": Estimate(2.0, 0.3)}, {"mae": Estimate(1.0, 0.4)})["mae"]
    >>> found.value, found.stderr
    (1.0, 0.5)
    """
    return {name: difference(after[name], before[name]) for name in after if name in before}
