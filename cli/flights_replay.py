"""The replay of the flights: each day's table, predictions and labels, sent as a nightly job would send them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from itertools import islice
from typing import TypeVar
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd
import requests
import yaml

from wolfpack import flights
from wolfpack.client import Client
from wolfpack.flights import models
from wolfpack.spec import Spec, load
from wolfpack.stats import Profile, ScoreCounts, profile

T = TypeVar("T")
U = TypeVar("U")
JOB_STARTS = timedelta(minutes=5)
"""How long after its scheduled time the job sends."""
AFTERWARDS = 14
"""Days after the last one that the demo's spec skips: 2013 has no data for them."""


@dataclass(frozen=True)
class Delivery:
    """One sending: when, what (tables or labels), and of which day of 2013."""

    at: datetime
    kind: str
    day: date


@dataclass(frozen=True)
class Flights:
    """The year, its two models, and the incidents to plant; dates are 2013's, `shift` moves them to now."""

    year: pd.DataFrame
    scorers: Mapping[str, Future[models.Model]]
    incidents: Sequence[flights.Incident]
    shift: timedelta

    @classmethod
    def load(cls, incidents: Sequence[flights.Incident], today: date) -> Flights:
        """Load the year; the models are trained meanwhile, the first one first."""
        year = flights.load()
        wanted = {flights.version(day, incidents) for day in flights.replay_days()}
        trainer = ThreadPoolExecutor(1, "trainer")
        scorers = {version: trainer.submit(models.train, version, year) for version in sorted(wanted)}
        trainer.shutdown(wait=False)
        return cls(year, scorers, incidents, flights.shift_weeks(today))

    def scores(self, version: str, rows: pd.DataFrame) -> npt.NDArray[np.float64]:
        """Return what a version says of rows, once it is trained."""
        return models.score(self.scorers[version].result(), rows)

    def reference(self, timezone: str) -> tuple[Profile, ScoreCounts]:
        """Return the profile of version 1's training table, day by day, and its scores with their labels."""
        table = flights.training(self.year)
        scores = self.scores("1", table)
        known = table[flights.LABEL].notna().to_numpy()
        counts = ScoreCounts.from_arrays(scores[known], table[flights.LABEL].to_numpy()[known])
        moved = flights.move(table.assign(score=scores), self.shift)
        kept = moved[[*flights.FEATURES, flights.TIME, "score"]]
        return profile(kept, by=["origin"], time=flights.TIME, every="1d", timezone=timezone), counts

    def table(self, day: date, corrected: bool = False) -> tuple[pd.DataFrame, str]:
        """Return a day's rows with their scores, as they arrive, and the version that scored them."""
        incidents = () if corrected else self.incidents
        rows = flights.plant_inputs(flights.day(self.year, day), day, incidents)
        version = flights.version(day, self.incidents)
        return rows.assign(score=self.scores(version, rows)), version

    def labels(self, day: date) -> pd.DataFrame:
        """Return a day's labels by key, as they arrive."""
        rows = flights.plant_labels(flights.day(self.year, day), day, self.incidents)
        return rows[[flights.KEY, flights.LABEL]].dropna()

    def deliveries(self, spec: Spec, days: Sequence[date]) -> Iterator[Delivery]:
        """Yield the sendings of these days in order of time: tables when due, labels a day later."""
        found = []
        for day in days:
            pane = self.pane(spec, day)
            table = spec.calendar.scheduled(pane) + JOB_STARTS
            found.append(Delivery(table + flights.delay(day, self.incidents), "table", day))
            later = spec.calendar.scheduled(spec.calendar.end(pane)) + 2 * JOB_STARTS
            found.append(Delivery(later, "labels", day))
        yield from sorted(found, key=lambda one: one.at)

    def pane(self, spec: Spec, day: date) -> datetime:
        """Return the start of the pane of a day of 2013, where it was moved to."""
        return spec.calendar.start(datetime.combine(day + self.shift, time(12), spec.zone))

    @cached_property
    def skipped(self) -> list[date]:
        last = flights.LAST_DAY + self.shift
        return [last + timedelta(days=n) for n in range(1, AFTERWARDS + 1)]


def spec_text(its: Flights) -> str:
    """Return the example's spec with the days after the last one as planned gaps."""
    text = flights.SPEC_FILE.read_text(encoding="utf-8")
    return text + "\n# written by the demo: 2013 ends here\n" + yaml.safe_dump({"skip": its.skipped})


@dataclass(frozen=True)
class Prepared:
    """A day's table, scored and profiled; `at` is its day, where it was moved to."""

    at: str
    version: str
    inputs: Profile
    scores: Profile
    predictions: pd.DataFrame


class Sender:
    """Sends to one exporter; the table's part is the job's name, so a re-run replaces it."""

    def __init__(self, url: str, spec: Spec, its: Flights) -> None:
        self._url, self._spec, self._its = url, spec, its
        self._clients: dict[str, Client] = {}

    def client(self, version: str = "1") -> Client:
        if version not in self._clients:
            self._clients[version] = Client(
                self._url, project=self._spec.project, model=self._spec.model, version=version
            )
        return self._clients[version]

    def register(self) -> Profile:
        """Register the reference with its scores."""
        reference, scores = self._its.reference(self._spec.timezone)
        self.client().send_reference(reference, scores)
        return reference

    def table(self, day: date, baseline: Profile, corrected: bool = False) -> None:
        """Prepare and send a day's table."""
        self.send(self.prepare(day, baseline, corrected))

    def prepare(self, day: date, baseline: Profile, corrected: bool = False) -> Prepared:
        """Score and profile a day's table."""
        rows, version = self._its.table(day, corrected)
        profiled = flights.profiled(day, self._its.incidents)
        seen = rows if profiled == day else self._its.table(profiled, corrected)[0]
        inputs = profile(rows[list(flights.FEATURES)], baseline=baseline)
        scores = profile(seen[["origin", "score"]], baseline=baseline)
        at = (day + self._its.shift).isoformat()
        return Prepared(at, version, inputs, scores, rows[[flights.KEY, "origin", "score"]])

    def send(self, table: Prepared) -> None:
        """Send a day's input profile, its prediction profile, and its predictions for the join."""
        client = self.client(table.version)
        client.send_profile(table.inputs, at=table.at, role="input", job="nightly")
        client.send_profile(table.scores, at=table.at, role="prediction", job="nightly")
        client.send_predictions(table.predictions, at=table.at)

    def labels(self, day: date) -> None:
        frame = self._its.labels(day)
        if len(frame):
            self.client().send_labels(frame)


def ahead_of(pool: ThreadPoolExecutor, make: Callable[[T], U], given: Iterable[T]) -> Iterator[U]:
    """Yield what is made of each, in order, with the next one made meanwhile."""
    rest = iter(given)
    waiting = [pool.submit(make, one) for one in islice(rest, 1)]
    for one in rest:
        waiting.append(pool.submit(make, one))
        yield waiting.pop(0).result()
    yield from (last.result() for last in waiting)


def set_clock(url: str, at: datetime) -> None:
    """Set a replaying exporter's clock."""
    body = json.dumps({"now": at.astimezone(UTC).isoformat()})
    answer = requests.post(
        f"{url}/-/clock", data=body, headers={"Content-Type": "application/json"}, timeout=120
    )
    answer.raise_for_status()


def flights_zone() -> ZoneInfo:
    """Return the zone of the example's model: what day it is there decides how far 2013 is moved."""
    return load(flights.SPEC_FILE).spec.zone


def days_between(first: date, last: date) -> list[date]:
    return [day for day in flights.replay_days() if first <= day <= last]


def hourly(start: datetime, end: datetime, step: timedelta) -> np.ndarray:
    """Return epoch seconds from the first whole step at or after `start` up to `end`."""
    width = step.total_seconds()
    first = -(-start.timestamp() // width) * width
    return np.arange(first, end.timestamp() + 1, width)
