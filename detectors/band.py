"""The band of expected values, calibrated on its own past misses.

The half-width on each side is a number of usual errors. It widens by a fixed share when a value lies outside and
shrinks a little with each that does not, so that in the long run the nominal share lies outside, whatever the
distribution and however it changes (adaptive conformal inference: Gibbs and Candès 2021; quantile tracking:
Angelopoulos, Candès and Tibshirani 2023).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wolfpack.detectors.detection import Floats

OUTSIDE = 0.001
"""Nominal share of values outside, each side."""
WIDEN = 0.3
"""How much, in log, a miss widens its side."""
START = 4.5
"""Half-width at first in mean absolute errors; 0.001 of a Gaussian lies beyond 3.9."""
LOG_LEAST, LOG_MOST = float(np.log(0.5)), float(np.log(1e6))


class Band:
    """Both half-widths of so many series, in usual errors."""

    def __init__(self, series: int) -> None:
        self.log = np.full((2, series), np.log(START))

    def ends(self, centre: Floats, usual: Floats) -> tuple[Floats, Floats]:
        """Return the lower and upper end of the band around what is expected."""
        half = np.exp(self.log) * usual
        return centre - half[0], centre + half[1]

    def learn(self, z: Floats, known: NDArray[np.bool_]) -> None:
        """Learn errors over their usual size, those that are known."""
        missed = np.array([-z, z]) > np.exp(self.log)
        self.log += known * WIDEN * (missed - OUTSIDE)
        np.maximum(self.log, LOG_LEAST, out=self.log)
        np.minimum(self.log, LOG_MOST, out=self.log)
