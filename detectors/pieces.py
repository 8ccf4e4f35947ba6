"""What a history says of how to cut it: its scale, its season if it has one, its memory, and its pieces."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wolfpack.detectors.detection import Floats
from wolfpack.detectors.partition import MEMORIES, noise, partition

ROUNDS = 3
"""A season must have been seen so often."""
FAR = 1e6
"""Values are cut this many deviations away."""
Places = NDArray[np.int64]


@dataclass(frozen=True)
class Shape:
    """What was learnt from a history.

    Parameters
    ----------
    centre, scale : of its values.
    season : array, shape (phases,); in units of the scale, zeros for none.
    memory, variance : of its noise, in units of the scale.
    points : how many it had.
    """

    centre: float
    scale: float
    season: Floats
    memory: float
    variance: float
    points: int

    def plain(self, values: Floats, places: Places) -> Floats:
        """Return values without centre, scale and season."""
        y = np.clip((values - self.centre) / self.scale, -FAR, FAR)
        return y - self.season[places % len(self.season)]


def learn(values: Floats, seasons: list[tuple[int, Places]]) -> tuple[Shape, list[int]]:
    """Return the shape of a history, and where its pieces begin.

    Parameters
    ----------
    values : array, shape (n,), n >= 2, finite.
    seasons : candidates, each with its number of phases and the phase of each point; the first that explains more than
        its parameters cost is taken.
    """
    centre = float(np.median(values))
    far = float(np.abs(values - centre).max())  # taken out first: a square of 1e200 is no double
    scale = far * float(np.std((values - centre) / far)) if far else 0.0
    scale = scale or max(abs(centre), 1.0) * 1e-9
    y = np.clip((values - centre) / scale, -FAR, FAR)
    season = np.zeros(1)
    for phases, places in seasons:
        found = _season(y, phases, places)
        if found is not None:
            season, y = found, y - found[places]
            break
    variances = np.array([noise(y, memory) for memory in MEMORIES])
    cuts = partition(y, MEMORIES, variances, len(y))
    best = int(cuts.cost[:, -1].argmin())
    shape = Shape(centre, scale, season, float(MEMORIES[best]), float(variances[best]), len(y))
    return shape, cuts.of(best, len(y))


def _season(y: Floats, phases: int, places: Places) -> Floats | None:
    """Return the medians by phase of what lies off a running mean, None if they explain too little (Schwarz 1978)."""
    n, half = len(y), phases // 2
    if phases < 2 or n < ROUNDS * phases:
        return None
    window = np.ones(2 * half + 1)
    if phases % 2 == 0:
        window[[0, -1]] = 0.5
    padded = np.pad(y, half, mode="edge")
    inner = slice(half, n - half)
    off, at = (y - np.convolve(padded, window / window.sum(), "valid"))[inner], places[inner]
    medians = np.array([np.median(off[at == i]) if (at == i).any() else 0.0 for i in range(phases)])
    medians -= medians.mean()
    before, after = np.mean(off**2), np.mean((off - medians[at]) ** 2)
    if before <= 0 or len(off) * np.log(max(after / before, 1e-12)) + phases * np.log(len(off)) >= 0:
        return None
    return medians
