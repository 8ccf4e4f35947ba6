"""Where evidence becomes an alarm: a line that a series crosses so often in ordinary days; one alarm per excursion.

Evidence has peaks on any series. Those that lie well apart come at some rate, and what they exceed a low mark by is
about exponential (peaks over threshold: Davison and Smith 1990). Rate and mean excess of a series' own past, each
with a prior from clean noise, say which height its peaks pass once in so many days: that is the line. So the line
asks for nothing about the distribution of the values, follows the cadence, and rises by itself where a series is
restless. Evidence is divided by the line: 1 is the alarm.

An excursion is one event, however many points it lasts: after an alarm only what exceeds it counts, until it is
forgotten; other points keep at most `HELD`.

References
----------
.. [1] A. C. Davison, R. L. Smith. 1990. Models for exceedances over high thresholds. J. R. Statist. Soc. B 52.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wolfpack.detectors.detection import Floats

RATE = 0.065
"""Alarms in a series-day at five minutes, as the line is set; measured by benchmarks/detect_noise.py."""
SLOWER = 0.25
"""Power of the points in a day by which fewer alarms are allowed on slower series."""
PRIOR_POINTS, PRIOR_PEAKS = 100.0, 20.0
"""Points and peaks that the prior is worth."""
GAP = 24
"""Points under the mark after which the next peak is another one."""
LEARNT = 0.8
"""Peaks are learnt up to this share of the line, so that an incident does not hide the next."""
LEAST_LOG = 0.5
"""The line lies at least this many mean excesses over the mark."""
HOLD_DAYS, HOLD = 3.0, (12.0, 200.0)
"""An alarm holds for so many days, but so many points at the least and at the most; it fades in a fourth of that."""
HELD = 0.5
"""Scores above it are of one excursion with the last alarm if they do not exceed it."""


@dataclass(frozen=True)
class Prior:
    """What clean noise does.

    Parameters
    ----------
    mark : evidence above which a peak counts.
    rate : peaks in a point.
    excess : mean height of a peak over the mark.
    """

    mark: float
    rate: float
    excess: float


class AlarmLine:
    """The line of so many series, and the excursion that each is in.

    Parameters
    ----------
    series : number of series.
    per_day : points in a day.
    prior : of the evidence given.
    """

    def __init__(self, series: int, per_day: float, prior: Prior) -> None:
        self.prior, self.per_day = prior, per_day
        self.allowed = RATE * min(per_day / 288, 1.0) ** SLOWER
        self.hold = min(max(HOLD_DAYS * per_day, HOLD[0]), HOLD[1])
        self.points, self.peaks, self.excess = np.zeros((3, series))
        self.since, self.peak = np.full(series, -np.inf), np.zeros(series)
        self.alarm, self.age = np.zeros(series), np.zeros(series)

    def score(self, evidence: Floats) -> Floats:
        """Return evidence over the line, one alarm per excursion, and learn the peaks.

        Parameters
        ----------
        evidence : array, shape (points, series), >= 0; NaN is not learnt.
        """
        known = ~np.isnan(evidence)
        evidence = np.where(known, evidence, 0.0)
        line = self._lines(evidence, known)
        return self._once(evidence / line)

    def _lines(self, evidence: Floats, known: np.ndarray) -> Floats:
        """Return the line at each point, from the peaks before it."""
        mark = self.prior.mark
        peaks, excess = np.empty_like(evidence), np.empty_like(evidence)
        over = evidence > mark
        events = np.flatnonzero(over.any(axis=1))
        at = np.cumsum(known, axis=0)
        points = self.points + at - known
        done = 0
        for i in events:
            peaks[done : i + 1], excess[done : i + 1] = self.peaks, self.excess
            done = int(i) + 1
            line = self._line(points[i], self.peaks, self.excess)
            self._meet(evidence[i], over[i], self.points + at[i], line)
        peaks[done:], excess[done:] = self.peaks, self.excess
        self.points = self.points + at[-1]
        return self._line(points, peaks, excess)

    def _meet(self, evidence: Floats, over: np.ndarray, now: Floats, line: Floats) -> None:
        """Learn the peaks that points over the mark begin or raise; `now` counts the points of each series."""
        fresh = over & (now - self.since > GAP)
        self.peaks += fresh
        self.peak[fresh] = 0.0
        height = np.minimum(evidence - self.prior.mark, LEARNT * line)
        higher = over & (height > self.peak)
        self.excess += np.where(higher, height - self.peak, 0.0)
        np.copyto(self.peak, height, where=higher)
        np.copyto(self.since, now, where=over)

    def _line(self, points: Floats, peaks: Floats, excess: Floats) -> Floats:
        rate = (peaks + PRIOR_POINTS * self.prior.rate) / (points + PRIOR_POINTS)
        mean = (excess + PRIOR_PEAKS * self.prior.excess) / (peaks + PRIOR_PEAKS)
        rarer = np.log(rate * self.per_day / self.allowed)
        return np.asarray(self.prior.mark + mean * np.maximum(rarer, LEAST_LOG))

    def _once(self, score: Floats) -> Floats:
        """Return the scores with one alarm per excursion."""
        age = self.age + np.arange(1, len(score) + 1)[:, None]
        loud = score > HELD
        for i in np.flatnonzero(loud.any(axis=1)):
            left = np.maximum(age[i] - self.hold, 0) / (self.hold / 4)
            new = loud[i] & (score[i] > self.alarm * np.exp(-left))
            score[i] = np.where(new, score[i], np.minimum(score[i], HELD))
            np.copyto(self.alarm, score[i], where=new)
            age[i:] -= np.where(new, age[i], 0)
        self.age = age[-1]
        return score
