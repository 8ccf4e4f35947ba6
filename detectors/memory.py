"""The histories that were read, kept between cycles: a cache, never the truth.

What a source says changed since the last look is put in; once a day everything is read anew, so that whatever a look
could miss (a clock that was set back, a ledger that was restored) is gone the next day at the latest.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np

from wolfpack.detectors.deadline import Deadline
from wolfpack.detectors.detection import Floats
from wolfpack.detectors.source import NEVER, History, Source
from wolfpack.detectors.watch import ROLES, Watch, with_windows

REFRESH = 86_400.0
"""Seconds after which a watch is read as a whole again."""
OVERLAP = 600.0
"""Seconds before the newest change seen that are asked for again: changes may be committed out of order."""
MOST_POINTS = 50_000
"""Points kept of one series, the newest; half a year of 5-minute panes."""
Identity = tuple[tuple[str, str], ...]


@dataclass
class Track:
    """One series as it is known.

    Parameters
    ----------
    labels : its labels, without the name.
    times, values : arrays, shape (n,); window ends and values, NaN where there is none.
    fault : why its points cannot be read, else None.
    fresh : whether it changed since its finding was last delivered.
    """

    labels: dict[str, str]
    times: Floats
    values: Floats
    fault: str | None = None
    fresh: bool = True

    @property
    def newest(self) -> float:
        """Newest window end; 0 without a point."""
        return float(self.times[-1]) if len(self.times) else 0.0


@dataclass
class Shelf:
    """The series of one watch, when they were last read as a whole, and the newest change seen."""

    read: float
    seen: float = 0.0
    tracks: dict[Identity, Track] = field(default_factory=dict)


class Memory:
    """Reads what a watch names through a source, and keeps it.

    Parameters
    ----------
    clock : epoch seconds.
    """

    def __init__(self, source: Source, clock: Callable[[], float] = time.time) -> None:
        self._source, self._clock = source, clock
        self.shelves: dict[Watch, Shelf] = {}

    def tracks(self, watch: Watch, deadline: Deadline = NEVER) -> list[Track]:
        """Return the series of a watch as the source knows them now, in its order.

        Raises
        ------
        ServiceError
            If the source cannot answer; what is kept stays as it was.
        DeadlinePassed
            If no time is left; the same.
        """
        ends = self._ends(
            watch, deadline
        )  # first, or a window that is computed meanwhile would seem to be lacking
        before = self.shelves.get(watch)
        shelf = self._read(watch, deadline)
        for track in shelf.tracks.values():
            _end(track, ends.get(track.labels.get("role", "")))
        if before is not None and shelf is not before:
            _compare(before, shelf)
        return list(shelf.tracks.values())

    def keep_only(self, watches: Iterable[Watch]) -> None:
        """Forget every other watch."""
        wanted = with_windows(watches)
        self.shelves = {watch: shelf for watch, shelf in self.shelves.items() if watch in wanted}

    def _ends(self, watch: Watch, deadline: Deadline) -> dict[str, Floats]:
        """Return the ends of the windows that there are, by role; under "" those that a family without roles is of."""
        if watch.of_windows is None:
            return {}
        shelf = self._read(watch.of_windows, deadline)
        found = {track.labels.get("role", ""): track.times for track in shelf.tracks.values()}
        shared = next((role for role in ROLES if role in found), None)
        return found if shared is None else found | {"": found[shared]}

    def _read(self, watch: Watch, deadline: Deadline) -> Shelf:
        before, now = self.shelves.get(watch), self._clock()
        if before is None or now - before.read >= REFRESH or now < before.read:
            shelf = self._whole(watch, now, deadline)
        else:
            shelf = self._changed(watch, before, deadline)
        self.shelves[watch] = shelf
        return shelf

    def _whole(self, watch: Watch, now: float, deadline: Deadline) -> Shelf:
        histories = self._source.series(watch, None, deadline)
        tracks = {_identity(history): _track(history) for history in histories}
        return Shelf(now, _newest(0.0, histories), tracks)

    def _changed(self, watch: Watch, shelf: Shelf, deadline: Deadline) -> Shelf:
        changes = self._source.series(watch, max(0.0, shelf.seen - OVERLAP), deadline)
        for history in changes:
            _update(shelf, history)
        shelf.seen = _newest(shelf.seen, changes)
        return shelf


def _compare(before: Shelf, shelf: Shelf) -> None:
    """Leave what was delivered and is the same as before."""
    for identity, track in shelf.tracks.items():
        known = before.tracks.get(identity)
        if known is not None and not known.fresh:
            track.fresh = not _same(known, track)


def _end(track: Track, ends: Floats | None) -> None:
    """Give a series that ended a point without a value at the first window that there is and it lacks.

    A column that was renamed or left out has no further points, and its last alarm must not stay.
    """
    ended = ends is not None and len(ends) and len(track.times) and not np.isnan(track.values[-1])
    if ends is None or not ended or not track.newest < ends[-1]:
        return
    following = ends[np.searchsorted(ends, track.newest, side="right")]
    track.times, track.values = np.append(track.times, following), np.append(track.values, np.nan)
    track.fresh = True


def _identity(history: History) -> Identity:
    return tuple(sorted(history.labels.items()))


def _newest(seen: float, histories: Iterable[History]) -> float:
    for history in histories:
        try:
            seen = max(seen, history.seen)
        except (TypeError, ValueError, KeyError):
            continue  # its points are malformed: told when they are read
    return seen


def _track(history: History) -> Track:
    try:
        times, values = history.arrays()
    except ValueError as error:
        return Track(history.labels, np.empty(0), np.empty(0), str(error))
    return Track(history.labels, times[-MOST_POINTS:], values[-MOST_POINTS:])


def _update(shelf: Shelf, history: History) -> None:
    """Put changed points into their series; the newest word on a window counts, and null takes it away."""
    change, known = _track(history), shelf.tracks.get(_identity(history))
    if known is None or known.fault or change.fault:
        shelf.tracks[_identity(history)] = change
        return
    times, values = np.concatenate([known.times, change.times]), np.concatenate([known.values, change.values])
    order = np.argsort(times, kind="stable")
    times, values = times[order], values[order]
    last = np.append(times[1:] != times[:-1], True)
    merged = Track(known.labels, times[last][-MOST_POINTS:], values[last][-MOST_POINTS:])
    if not _same(known, merged):
        shelf.tracks[_identity(history)] = merged


def _same(one: Track, other: Track) -> bool:
    same_times = np.array_equal(one.times, other.times)
    return (
        same_times and np.array_equal(one.values, other.values, equal_nan=True) and one.fault == other.fault
    )
