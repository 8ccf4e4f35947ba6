"""A series cut into pieces, each a level or a line with a spread of its own, under noise that remembers.

The cost of a piece is twice the negative log marginal likelihood of y = a + b t + e with e an autoregression of order
one, the same for the whole, and a variance of the piece's own, shrunk a little towards that of the whole (a conjugate
prior worth `PRIOR_POINTS` points). Each piece costs log(n) for every parameter and for its cut (Schwarz 1978).
The best cuts of the first b points follow from the best of fewer (optimal partitioning, Jackson et al. 2005), so the
answer to every prefix comes with that to the whole. Without the autoregression a random walk is all change points
(Chakar et al. 2017). O(n²) time, in vectors of n.

References
----------
.. [1] B. Jackson et al. 2005. An algorithm for optimal partitioning of data on an interval. IEEE Signal Proc. Lett. 12.
.. [2] S. Chakar et al. 2017. A robust approach for estimating change-points in the mean of an AR(1) process.
   Bernoulli 23.
.. [3] G. Schwarz. 1978. Estimating the dimension of a model. Ann. Statist. 6.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wolfpack.detectors.detection import Floats

MEMORIES = np.array([0.0, 0.3, 0.6, 0.8, 0.9, 0.95])
"""Autoregressions that are tried."""
PRIOR_POINTS = 5.0
SHORTEST, SHARE, LONG_ENOUGH = 5, 20, 24
"""A piece has so many points at least; in a long series a twentieth of it, but no more than 24 are asked for."""
RECENT = 48
"""A cut is recent for so many points."""
SPAN = 1000.0
"""Points that are one unit of time, so that sums of squares stay near 1."""
FLOOR = 1e-6
"""Least variance of the noise, of that of the whole."""


@dataclass(frozen=True)
class Cuts:
    """The best cuts of every prefix of a series, for each autoregression tried.

    Parameters
    ----------
    cost : array, shape (memories, n + 1); of the best cuts of the first so many points.
    last : array of int, shape (memories, n + 1); where their last piece begins, which is of full length.
    open_last : array of int of that shape; where it begins if it may be as short as `SHORTEST`.
    gain : array, shape (memories, n + 1); how much a recent cut makes it cheaper, negative if it does not.
    """

    cost: Floats
    last: NDArray[np.int64]
    open_last: NDArray[np.int64]
    gain: Floats

    def of(self, memory: int, n: int) -> list[int]:
        """Return where the pieces of the first n points begin, the first piece apart."""
        found = []
        while (n := int(self.last[memory, n])) > 0:
            found.append(n)
        return found[::-1]


def noise(y: Floats, memory: float) -> float:
    """Return the variance of the innovations: from the middle 90 % of them, which a few jumps do not move.

    Of values that are mostly the same it is that of all.
    """
    shocks = y[1:] - memory * y[:-1]
    low, high = np.quantile(shocks, [0.05, 0.95])
    return float((((high - low) / 3.29) ** 2 if high > low else np.var(shocks)) + FLOOR)


def partition(y: Floats, memories: Floats, variances: Floats, n: int) -> Cuts:
    """Return the best cuts of every prefix.

    Parameters
    ----------
    y : array, shape (m,), m >= 1; of about unit size.
    memories, variances : arrays, shape (k,); autoregressions, and the variance of the innovations of each.
    n : points that the penalty is for.
    """
    shape, sums = (len(memories), len(y) + 1), _Sums(y, memories)
    cost, gain = np.full(shape, np.inf), np.full(shape, -np.inf)
    last, open_last = np.zeros((2, *shape), dtype=np.int64)
    cost[:, 0] = 0.0
    rows = np.arange(len(memories))
    for b in range(min(SHORTEST, len(y)), len(y) + 1):
        shortest = min(max(SHORTEST, b // SHARE), LONG_ENOUGH)
        whole = cost[:, : max(b - SHORTEST, 0) + 1] + sums.costs(b, memories, variances, np.log(n))
        closed = whole[:, : max(b - shortest, 0) + 1]
        last[:, b], open_last[:, b] = closed.argmin(axis=1), whole.argmin(axis=1)
        cost[:, b] = closed[rows, last[:, b]]
        old = max(b - RECENT, 0) + 1
        if whole.shape[1] > old:
            gain[:, b] = whole[:, :old].min(axis=1) - whole[:, old:].min(axis=1)
    return Cuts(cost, last, open_last, gain)


class _Sums:
    """Running sums from which the least squares of any piece follow; of each autoregression taken off."""

    def __init__(self, y: Floats, memories: Floats) -> None:
        t, phi = np.arange(len(y)) / SPAN, memories[:, None]
        first = np.sqrt(1 - phi**2)
        inner = [
            np.broadcast_to(one, (len(memories), len(y))) for one in (1 - phi, _less(t, phi), _less(y, phi))
        ]
        begin = [first * np.ones(len(y)), first * t, first * y]
        pairs = [(0, 0), (0, 1), (1, 1), (0, 2), (1, 2), (2, 2)]
        self._upto = np.stack([np.cumsum(inner[i] * inner[j], axis=1) for i, j in pairs])
        self._before = self._upto - np.stack([begin[i] * begin[j] for i, j in pairs])

    def squares(self, b: int, shortest: int) -> tuple[Floats, Floats]:
        """Return the sums of squared errors of the pieces [a, b) around a level and around a line, a from 0 on."""
        xx, xw, ww, xz, wz, zz = self._upto[:, :, b - 1 : b] - self._before[:, :, : max(b - shortest, 0) + 1]
        level = np.maximum(zz - xz * xz / xx, 0.0)
        spread, slope = ww - xw * xw / xx, wz - xw * xz / xx
        with np.errstate(divide="ignore", invalid="ignore"):
            line = level - np.where(spread > 1e-14, slope * slope / spread, 0.0)
        return level, np.maximum(line, 0.0)

    def costs(
        self, b: int, memories: Floats, variances: Floats, penalty: float, shortest: int = SHORTEST
    ) -> Floats:
        """Return the costs of the pieces [a, b), each as a level or as a line."""
        level, line = self.squares(b, shortest)
        points = np.asarray(b - np.arange(level.shape[1]) + PRIOR_POINTS, dtype=np.float64)
        prior = PRIOR_POINTS * variances[:, None]
        # A level has two parameters, a line three, and a cut is one more.
        fit = np.minimum(_log(level, prior, points), _log(line, prior, points) + penalty)
        own = -np.log1p(-(memories**2)) - PRIOR_POINTS * np.log(variances) + 3 * penalty
        return np.asarray(fit + own[:, None])


def gain_of_cut(y: Floats, cut: int, memory: float, variance: float, n: int) -> float:
    """Return how much one cut makes y cheaper; `partition` finds the best, this is any.

    Parameters
    ----------
    y : array, shape (m,), m > cut > 0.
    """
    sums = _Sums(y, np.array([memory]))
    given = np.array([memory]), np.array([variance]), float(np.log(n))
    whole, first = sums.costs(len(y), *given, shortest=1), sums.costs(cut, *given, shortest=1)
    return float(whole[0, 0] - first[0, 0] - whole[0, cut])


def _log(squares: Floats, prior: Floats, points: Floats) -> Floats:
    return np.asarray(points * np.log((squares + prior) / points))


def _less(y: Floats, phi: Floats) -> Floats:
    """Return each value less what the autoregression carries over from the one before."""
    return np.asarray(y - phi * np.concatenate([y[:1], y[:-1]]))
