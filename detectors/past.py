"""What the detectors of a spec would have told, over the whole history: episodes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from wolfpack.detectors.judging import Judged, alike, judged
from wolfpack.detectors.memory import Memory, Track
from wolfpack.detectors.watch import watch
from wolfpack.spec import Spec

APART = 2
"""Points without an alarm that end an episode."""


@dataclass(frozen=True)
class PastEpisode:
    """Alarms of one series with fewer than `APART` points between them.

    Parameters
    ----------
    labels : of the series, with `metric` and `detector`.
    began, ended : window ends of the first and last alarm, epoch seconds.
    alarms : how many there were.
    score : the largest in size.
    value, expected : at the first alarm.
    words : why that one was raised; empty if the method gives none.
    """

    labels: dict[str, str]
    began: float
    ended: float
    alarms: int
    score: float
    value: float
    expected: float
    words: str


@dataclass(frozen=True)
class PastSeries:
    """One series as a detector sees it: window ends, values, and what is said of each."""

    labels: dict[str, str]
    times: np.ndarray
    values: np.ndarray
    found: Judged

    def episodes(self, start: float = -np.inf, end: float = np.inf) -> Iterator[PastEpisode]:
        """Yield the episodes with alarms in (start, end]."""
        score = self.found.detection.score
        loud = np.flatnonzero((np.abs(score) > 1) & (self.times > start) & (self.times <= end))
        words = {one.point: one.words for one in self.found.detection.reasons}
        for run in np.split(loud, np.flatnonzero(np.diff(loud) > APART) + 1):
            if len(run):
                first, peak = int(run[0]), int(run[np.argmax(np.abs(score[run]))])
                yield PastEpisode(
                    self.labels, float(self.times[first]), float(self.times[run[-1]]), len(run), float(score[peak]),
                    float(self.values[first]), float(self.found.detection.expected[first]), words.get(first, ""),
                )  # fmt: skip


def look_back(spec: Spec, memory: Memory) -> Iterator[PastSeries]:
    """Yield the history of every series that a spec watches, judged as it would have been point by point.

    Raises
    ------
    ServiceError
        If the source cannot answer.
    ValueError
        If an entry can never match, or a series is malformed; the message names it.
    """
    for index in range(len(spec.detect)):
        its = watch(spec, index)
        tracks = [
            one for one in memory.tracks(its) if its.wants(one.labels) and (one.fault or len(one.times))
        ]
        for group in alike(tracks, its):
            try:
                yield from _judged(group, spec, index)
            except ValueError as error:
                raise ValueError(
                    f"{spec.project}/{spec.model}: {its.metric}{group[0].labels}: {error}"
                ) from error


def _judged(group: list[Track], spec: Spec, index: int) -> Iterator[PastSeries]:
    its = watch(spec, index)
    if group[0].fault:
        raise ValueError(group[0].fault)
    values = np.stack([track.values for track in group], axis=1)
    found = judged(group[0].times, values, its, spec.calendar)
    for place, track in enumerate(group):
        yield PastSeries(its.identity(track.labels), track.times, track.values, found.column(place))
