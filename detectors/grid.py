"""A series on a grid of its season: each point in the slot that its time falls in, gaps as NaN.

Calendar phase comes from time, not from counting points, so that a gap moves nothing; a slot is the season
divided by a whole number, so a day that a clock change made 23 or 25 hours long still falls in its slot.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wolfpack.detectors.detection import Floats

DAY = 86_400.0
STEP_POINTS = 11
"""Points whose time differences give the step; before that nothing is judged, so the step is causal too."""
BLOCK = 4_000_000
"""Most numbers sorted at once, 32 MB."""


@dataclass(frozen=True)
class Grid:
    """The slots of a series.

    Parameters
    ----------
    phases : slots of one season; 1 means that there is no season.
    slot : array of int, shape (n,); the slot of each point, not decreasing.
    """

    phases: int
    slot: NDArray[np.int64]

    def spread(self, values: Floats) -> Floats:
        """Return one value for each slot; NaN where no point fell, the last where several did."""
        slots = np.full(int(self.slot[-1]) + 1, np.nan)
        slots[self.slot] = values
        return slots

    def closed_up(self, horizon: int) -> Grid:
        """Return the grid with gaps of more than `horizon` slots cut to it.

        What lies that far back is never looked at, so the phase across the gap does not matter, and a gap of
        years must not cost memory.
        """
        beyond = np.maximum(np.diff(self.slot, prepend=self.slot[0]) - horizon, 0)
        return Grid(self.phases, self.slot - np.cumsum(beyond))


def grid(times: Floats, season: float | None) -> Grid:
    """Return the grid of a checked series of at least `STEP_POINTS` points.

    Parameters
    ----------
    times : array, shape (n,); seconds, strictly increasing.
    season : seconds; None takes the day for steps under a day, the week for steps under a week, else none.

    Raises
    ------
    ValueError
        If the season is not a whole number, two or more, of steps.
    """
    step = float(np.median(np.diff(times[:STEP_POINTS])))
    length = season or next((one for one in (DAY, 7 * DAY) if 2 * step <= one), step)
    phases = round(length / step)
    if season is not None and (phases < 2 or abs(length / step - phases) > 0.1):
        raise ValueError(
            f"season: {length:g} s is not a whole number, two or more, of the points' step, "
            f"{step:g} s; give a multiple of the step"
        )
    return Grid(phases, np.round((times - times[0]) / (length / phases)).astype(np.int64))


def trailing(
    slots: Floats, at: NDArray[np.int64], width: int, stride: int = 1, q: float = 0.5
) -> tuple[Floats, Floats]:
    """Return quantile `q` and count of the values before each slot of `at`, the slot itself apart.

    Parameters
    ----------
    slots : array, shape (m,); NaN is no value.
    at : array of int, shape (n,).
    width : how many slots are looked at: at - stride, at - 2 stride, …
    q : the quantile; with q = 0.5 the median, the mean of both middle values.

    Returns
    -------
    tuple of arrays, shape (n,)
        The quantile, NaN without a value, and the number of values. O(n width log width).
    """
    padded = np.concatenate([np.full(width * stride, np.nan), slots])
    offsets = np.arange(width) * stride
    quantile, count = np.full(len(at), np.nan), np.zeros(len(at))
    rows = max(1, BLOCK // width)
    for first in range(0, len(at), rows):
        block = slice(first, first + rows)
        window = np.sort(padded[at[block, None] + offsets], axis=1)
        n = np.count_nonzero(~np.isnan(window), axis=1)
        place, row = np.maximum(n - 1, 0) * q, np.arange(len(n))
        low, high = window[row, np.floor(place).astype(int)], window[row, np.ceil(place).astype(int)]
        quantile[block], count[block] = 0.5 * low + 0.5 * high, n
    return quantile, count
