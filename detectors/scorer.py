"""Scores of many series at once, or of one: evidence from a choice of statistics, added up, over the line.

A method is a choice of statistics. Of each statistic the tail probability p in its own past is taken; what is rarer
than one in ten counts with its decades beyond that, and decades are added over the statistics, as Fisher (1932)
adds logs of p-values. The statistics are not independent, and need not be: the alarm line is set from how often the
sum itself peaks (`alarm_line`).

References
----------
.. [1] R. A. Fisher. 1932. Statistical methods for research workers, 4th edition, section 21.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wolfpack.detectors.alarm_line import AlarmLine, Prior
from wolfpack.detectors.detection import Floats, Reason
from wolfpack.detectors.evidence import SEASONAL, Block, Evidence
from wolfpack.detectors.rarity import BLOCK, Rarity
from wolfpack.detectors.seasons import Seasons
from wolfpack.detectors.words import why

COMMON = 1.0
"""Decades that do not count: one point in ten is that rare."""
RAMP = 30.0
"""Points after which evidence counts half: ranks among few are no evidence."""
NEED = 30
"""Past values of a statistic before it counts; a seasonal one needs a whole season."""
WARM_UP = 50
"""Values before a point is judged."""
LIMIT = 100.0
"""Scores are cut here; infinity scores it."""
ARRAYS = ("score", "expected", "lower", "upper", "ready")


@dataclass(frozen=True)
class Recipe:
    """A method as a choice of statistics.

    Parameters
    ----------
    statistics : names, of `evidence.STATISTICS`, each with its weight in the sum.
    prior : peaks of their sum on clean noise; printed by `benchmarks/detect_noise.py --prior`.
    course : the course that is expected; None for the one that erred least so far.
    """

    statistics: tuple[tuple[str, float], ...]
    prior: Prior
    course: int | None = None


@dataclass(frozen=True)
class Rows:
    """What is said of so many points of so many series.

    Parameters
    ----------
    score, expected, lower, upper : arrays, shape (points, series).
    ready : array of bool, shape (points, series).
    reasons : one of each alarm; its point counts from the first of these.
    """

    score: Floats
    expected: Floats
    lower: Floats
    upper: Floats
    ready: NDArray[np.bool_]
    reasons: tuple[Reason, ...]


class Scorer:
    """The state of so many series under one recipe.

    Parameters
    ----------
    recipe : the method.
    series : number of series.
    seasons : of their grid.
    """

    def __init__(self, recipe: Recipe, series: int, seasons: Seasons) -> None:
        self.names = tuple(name for name, _ in recipe.statistics)
        self.weights = np.array([weight for _, weight in recipe.statistics])[:, None]
        need = [max(NEED, seasons.slots) if name in SEASONAL else NEED for name in self.names]
        self.evidence = Evidence(series, seasons, self.names, recipe.course)
        self.rarity = Rarity((len(need), series), np.array(need))
        self.line = AlarmLine(series, seasons.per_day, recipe.prior)

    def advance(self, times: Floats, values: Floats) -> Rows:
        """Return what is said of the next points, and learn them; any split of the points gives the same.

        Parameters
        ----------
        times : array, shape (points,); after all earlier ones.
        values : array, shape (points, series); NaN is a missing value.
        """
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            starts = range(0, len(times), BLOCK)
            blocks = [self._block(times[i : i + BLOCK], values[i : i + BLOCK]) for i in starts]
        if not blocks:
            return _nothing(values.shape)
        arrays: dict[str, Any] = {
            name: np.concatenate([getattr(one, name) for one in blocks]) for name in ARRAYS
        }
        reasons = [
            Reason(start + one.point, one.series, one.words)
            for start, block in zip(starts, blocks, strict=True)
            for one in block.reasons
        ]
        return Rows(**arrays, reasons=tuple(reasons))

    def weigh(self, times: Floats, values: Floats) -> tuple[Block, Floats, Floats]:
        """Return the next points described, how rare each statistic is in decades, and the sum that counts."""
        block = self.evidence.describe(times, values)
        decades = self.rarity.rate(block.statistics)
        counted = (np.maximum(decades - COMMON, 0.0) * self.weights).sum(axis=1)
        return block, decades, counted * (block.n / (block.n + RAMP))

    def _block(self, times: Floats, values: Floats) -> Rows:
        block, decades, total = self.weigh(times, values)
        ready = (block.n >= WARM_UP) & ~np.isnan(block.expected)
        evidence = np.where(block.learnt, np.where(ready, total, 0.0), np.nan)
        score = _signed(self.line.score(evidence), values, block, ready)
        hidden = np.where(ready, 0.0, np.nan)
        band = (block.expected + hidden, block.lower + hidden, block.upper + hidden)
        return Rows(score, *band, ready, self._reasons(score, values, block, decades))

    def _reasons(self, score: Floats, values: Floats, block: Block, decades: Floats) -> tuple[Reason, ...]:
        return tuple(
            Reason(
                int(i),
                int(j),
                why(
                    self.names,
                    block.statistics[i, :, j],
                    decades[i, :, j],
                    float(values[i, j]),
                    float(block.expected[i, j]),
                ),
            )
            for i, j in zip(*np.nonzero(np.abs(score) > 1), strict=True)
        )


def _signed(score: Floats, values: Floats, block: Block, ready: NDArray[np.bool_]) -> Floats:
    """Return scores with the sign of the error; an infinity scores the limit, what is not ready NaN."""
    score = np.copysign(np.minimum(score, LIMIT), block.error)
    score = np.where(block.learnt, score, np.copysign(LIMIT, values))
    return np.where(ready & ~np.isnan(values), score, np.nan)


def _nothing(shape: tuple[int, ...]) -> Rows:
    score, expected, lower, upper = (np.empty(shape) for _ in range(4))
    return Rows(score, expected, lower, upper, np.empty(shape, dtype=bool), ())
