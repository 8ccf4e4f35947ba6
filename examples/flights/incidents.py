"""Plant the incidents of `incidents.yml` into the flights, day by day and without state.

Dates are those of 2013. Without incidents nothing changes, which is `wolfpack demo --clean`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeAlias

import numpy as np
import pandas as pd

from wolfpack.flights.data import LABEL

__all__ = [
    "Change",
    "Drop",
    "Empty",
    "Expected",
    "Flip",
    "Incident",
    "Late",
    "Release",
    "Scale",
    "Stale",
    "Thin",
    "delay",
    "plant_inputs",
    "plant_labels",
    "profiled",
    "version",
]


@dataclass(frozen=True)
class Empty:
    """A column arrives without any value."""

    column: str


@dataclass(frozen=True)
class Scale:
    """A column arrives in another unit."""

    column: str
    factor: float


@dataclass(frozen=True)
class Drop:
    """The rows with one value of a column do not arrive."""

    column: str
    value: str


@dataclass(frozen=True)
class Thin:
    """So many rows of a day arrive, spread evenly over it."""

    rows: int


@dataclass(frozen=True)
class Stale:
    """The job profiles the scores of the first day again and again; the predictions themselves are right."""


@dataclass(frozen=True)
class Late:
    """The table arrives whole days after it should."""

    days: int


@dataclass(frozen=True)
class Release:
    """Another version scores from the first day on, and stays."""

    version: str


@dataclass(frozen=True)
class Flip:
    """Labels are turned round at a rate that rises evenly from 0 on the first day to `rate` on the last."""

    rate: float


Change: TypeAlias = Empty | Scale | Drop | Thin | Stale | Late | Release | Flip


@dataclass(frozen=True)
class Expected:
    """How an incident must be found: by any of these alerts, with these labels, in this time.

    `within` counts from when the first day's pane closes, for a late table from when that pane is due.
    `delivered` asks for the alert to be sent by the live stack too. `only` asks that no other alert with these labels
    begins in its time: what is to be found by nothing else.
    """

    alerts: tuple[str, ...]
    labels: dict[str, str]
    within: timedelta
    delivered: bool = False
    only: dict[str, str] | None = None


@dataclass(frozen=True)
class Incident:
    """One planted incident; `first` and `last` are days of 2013, both included."""

    id: str
    title: str
    source: str
    first: date
    last: date
    change: Change
    expected: Expected

    def on(self, date: date) -> bool:
        """Tell whether the incident concerns this day's table."""
        return self.first <= date <= self.last


def plant_inputs(frame: pd.DataFrame, date: date, incidents: Sequence[Incident]) -> pd.DataFrame:
    """Return one day's table as it arrives, to be scored like that; the argument stays as it is."""
    for incident in incidents:
        if incident.on(date):
            frame = _plant(frame, incident.change)
    return frame


def _plant(frame: pd.DataFrame, change: Change) -> pd.DataFrame:
    match change:
        case Empty(column):
            # reindex gives nulls in the column's own type, so that only the values are lost.
            return frame.assign(**{column: frame[column].iloc[:0].reindex(frame.index)})
        case Scale(column, factor):
            return frame.assign(**{column: frame[column] * factor})
        case Drop(column, value):
            return frame[frame[column] != value].reset_index(drop=True)
        case Thin(rows):
            kept = np.linspace(0, len(frame) - 1, min(rows, len(frame))).round().astype(int)
            return frame.iloc[kept].reset_index(drop=True)
    return frame


def plant_labels(frame: pd.DataFrame, date: date, incidents: Sequence[Incident]) -> pd.DataFrame:
    """Return the labels of one day's flights as they arrive; the draw is seeded by the date alone."""
    for incident in incidents:
        if isinstance(incident.change, Flip) and incident.on(date):
            rate = incident.change.rate * _progress(incident, date)
            flipped = np.random.default_rng(date.toordinal()).random(len(frame)) < rate
            frame = frame.assign(**{LABEL: frame[LABEL].mask(flipped, 1.0 - frame[LABEL])})
    return frame


def _progress(incident: Incident, date: date) -> float:
    return (date - incident.first) / max(incident.last - incident.first, timedelta(days=1))


def delay(date: date, incidents: Sequence[Incident]) -> timedelta:
    """Return by how much this day's table arrives after its time."""
    days = [one.change.days for one in incidents if isinstance(one.change, Late) and one.on(date)]
    return timedelta(days=max(days, default=0))


def profiled(date: date, incidents: Sequence[Incident]) -> date:
    """Return the day whose scores the job profiles for this day: itself, unless they are stale."""
    firsts = [one.first for one in incidents if isinstance(one.change, Stale) and one.on(date)]
    return min(firsts, default=date)


def version(date: date, incidents: Sequence[Incident]) -> str:
    """Return the version that scores this day: the one released last, "1" if none was."""
    released = [(one.first, one.change.version) for one in incidents if isinstance(one.change, Release)]
    return max((pair for pair in released if pair[0] <= date), default=(date, "1"))[1]
