"""Episodes: how often an alert would have disturbed someone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from wolfpack.rules.alert import Identity


@dataclass(frozen=True, order=True)
class Episode:
    """One alert firing from `start` to `end`: its first and last evaluation, epoch seconds.

    `identity` is its labels in order of name.
    """

    start: float
    end: float
    identity: tuple[tuple[str, str], ...]

    @property
    def labels(self) -> dict[str, str]:
        return dict(self.identity)


def episodes(
    firing: Mapping[Identity, NDArray[np.bool_]], times: NDArray[np.float64], every: timedelta
) -> list[Episode]:
    """Return the episodes in order of start; of one identity, gaps under two panes are joined.

    Parameters
    ----------
    firing : by identity, an array of shape (n,): whether it fires at each time.
    times : array, shape (n,), increasing, epoch seconds.
    every : the model's pane.
    """
    return sorted(
        Episode(start, end, tuple(sorted(identity)))
        for identity, fires in firing.items()
        for start, end in _joined(times[fires], 2 * every.total_seconds(), times)
    )


def _joined(
    fired: NDArray[np.float64], gap: float, times: NDArray[np.float64]
) -> Iterable[tuple[float, float]]:
    """Yield first and last of the runs of `fired` between which less than `gap` passes."""
    if not len(fired):
        return
    place = np.searchsorted(times, fired)
    apart = (np.diff(fired) >= gap) & (np.diff(place) > 1)
    for run in np.split(fired, np.flatnonzero(apart) + 1):
        yield float(run[0]), float(run[-1])
