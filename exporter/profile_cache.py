"""Profiles in memory: those that are used and cost most to make, as many as fit into so many bytes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from heapq import heappop, heappush

from wolfpack.stats import Profile

KEPT = 64 * 1024 * 1024
"""Bytes kept, about: the windows of a model of 100 columns over 7 daily panes of two roles use 12 MB."""
STATE = 1500
"""Bytes of a column's state beside its arrays, about."""


@dataclass
class _Kept:
    profile: Profile
    size: int
    place: tuple[float, int] = (0.0, 0)


class ProfileCache:
    """Profiles by the rows that they are made of, as many as fit. Not for several threads at once.

    What gives way is what was unused the longest, weighed by what it costs to make anew for its size: the number
    of its rows. Else every window's single panes would push out the runs that were merged from them.

    References
    ----------
    P. Cao, S. Irani, Cost-aware WWW proxy caching algorithms (GreedyDual-Size), USITS 1997.
    """

    def __init__(self, most: int = KEPT) -> None:
        self._most, self._used, self._age = most, 0, 0.0
        self._kept: dict[tuple[int, ...], _Kept] = {}
        self._queue: list[tuple[tuple[float, int], tuple[int, ...]]] = []
        self._asked = 0

    def get(self, rows: tuple[int, ...], make: Callable[[], Profile]) -> Profile:
        """Return the profile of these rows, making it if it is not there."""
        found = self._kept.get(rows)
        if found is None:
            profile = make()
            found = self._kept[rows] = _Kept(profile, weight(profile))
            self._used += found.size
        self._asked += 1
        found.place = self._age + len(rows) / found.size, self._asked
        heappush(self._queue, (found.place, rows))
        self._shrink()
        return found.profile

    def clear(self) -> None:
        self._kept.clear()
        self._queue.clear()
        self._used = 0

    def _shrink(self) -> None:
        """Drop what is worth least until the rest fits; an older place of what was used since says nothing."""
        while self._used > self._most and self._queue:
            place, rows = heappop(self._queue)
            kept = self._kept.get(rows)
            if kept is not None and kept.place == place:
                self._age = place[0]
                self._used -= kept.size
                del self._kept[rows]
        if len(self._queue) > 4 * len(self._kept) + 100:
            self._queue = sorted((kept.place, rows) for rows, kept in self._kept.items())


def weight(profile: Profile) -> int:
    """Return about how many bytes a profile takes in memory, its plan apart, which profiles share."""
    own = sum(
        STATE
        + state.bins.nbytes
        + sum(level.nbytes for level in state.sketch.levels)
        + (state.distinct.hashes.nbytes if state.distinct else 0)
        for states in profile.segments.values()
        for state in states.values()
    )
    return own + sum(map(weight, profile.panes.values()))
