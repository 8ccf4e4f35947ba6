"""Sources: what specs say comes by itself is read in a thread, and committed together with how far it was read."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from wolfpack.exporter import sources_positions
from wolfpack.exporter.clock import Clock
from wolfpack.exporter.engine import Engine
from wolfpack.exporter.ledger import Ledger
from wolfpack.exporter.registry import Known, Registry
from wolfpack.exporter.sources_delivery import Delivery, Terms
from wolfpack.exporter.sources_folder import FolderReader
from wolfpack.exporter.sources_log import LogReader
from wolfpack.exporter.sources_mlflow import MlflowReader
from wolfpack.spec.keeping import Keeping
from wolfpack.spec.source_kinds import FolderSource, LogSource, MlflowSource, Source

log = logging.getLogger("wolfpack.exporter")
SLICES = 96
"""Rounds within a pane: a day is read every 15 minutes if nothing else is said, and has so many parts at most."""
OFTEN = {"log": (1.0, 600.0), "folder": (5.0, 60.0), "mlflow": (10.0, 600.0)}
"""Seconds between rounds, at least and at most: a round over a log makes a part, one over a folder a listing."""
TENDED = 86400.0
"""Seconds between looks for positions that can be forgotten."""
RETRY = 10.0
"""Seconds after which a round that the ledger refused begins again, if its turn is not sooner."""
Label = tuple[str, str, str]
"""Project, model and name of a source."""


class Reader(Protocol):
    """What each kind of source is."""

    faults: list[str]
    exhausted: bool
    more: bool
    there: set[str]

    def deliveries(self, states: Mapping[str, str], terms: Terms) -> Iterator[Delivery]:
        """Yield what is new since the positions; each delivery is committed before the next is asked for."""
        ...

    def close(self) -> None: ...


@dataclass
class Running:
    """A source that is read: when it is next, when all that it had was taken, and when positions were tended."""

    source: Source
    reader: Reader
    interval: float
    since: float
    next: float = 0.0
    tended: float = 0.0
    told: list[str] = field(default_factory=list)


class Sources:
    """Reads every source of every model, one after the other; an error of one stops no other."""

    def __init__(
        self,
        ledger: Ledger,
        registry: Registry,
        engine: Engine,
        clock: Clock,
        received: Counter[str],
        keeping: Keeping,
    ) -> None:
        self._received, self._keeping = received, keeping
        self._ledger, self._registry, self._engine, self._clock = ledger, registry, engine, clock
        self._running: dict[tuple[int, str], Running] = {}
        self._stop = threading.Event()
        self._idle = threading.Lock()
        self.rows: Counter[Label] = Counter()
        self.refused: Counter[Label] = Counter()

    def start(self) -> None:
        """Keep reading in a thread."""
        threading.Thread(target=self._work, name="sources", daemon=True).start()

    def stop(self) -> None:
        """Stop after the commit that runs."""
        self._stop.set()
        with self._idle:
            for its in self._running.values():
                its.reader.close()

    def lags(self) -> dict[Label, float]:
        """Return the seconds since all that each source had was last taken."""
        now = self._clock.now()
        names = {known.id: (known.spec.project, known.spec.model) for known in self._registry.all()}
        return {
            (*names[model], name): max(0.0, now - its.since)
            for (model, name), its in list(self._running.items())
            if model in names
        }

    def run(self) -> float:
        """Read every source whose turn it is, and return the seconds until the next one's."""
        with self._idle:
            self._follow_specs()
            for known in self._registry.all():
                for name in known.spec.sources:
                    its = self._running[known.id, name]
                    if its.next <= time.monotonic() and not self._stop.is_set():
                        self._round(known, name, its)
            turns = [its.next - time.monotonic() for its in self._running.values()]
        return max(0.0, min(turns, default=60.0))

    def _work(self) -> None:
        while not self._stop.is_set():
            try:
                wait = self.run()
            except Exception:
                log.exception("a round over the sources failed; it goes on")
                wait = 1.0
            self._stop.wait(min(wait, 1.0))  # a reload may bring a source at any time

    def _follow_specs(self) -> None:
        """Begin with sources that are new or changed, and end with those that are gone."""
        wanted = {
            (known.id, name): (known, source)
            for known in self._registry.all()
            for name, source in known.spec.sources.items()
        }
        for key in list(self._running):
            if key not in wanted or wanted[key][1] != self._running[key].source:
                self._running.pop(key).reader.close()
        for key, (known, source) in wanted.items():
            if key not in self._running:
                reader = _reader(known, key[1], source)
                interval = _interval(source, known.spec.every)
                self._running[key] = Running(source, reader, interval, self._clock.now())

    def _round(self, known: Known, name: str, its: Running) -> None:
        failed, begun = False, self._clock.now()
        try:
            self._read(known, name, its)
            faults = its.reader.faults
        except Exception as error:  # the ledger refuses, or a reader has a fault of its own
            failed = True
            faults = [f"{type(error).__name__}: {error}"]
            if faults != its.told:
                log.warning("source %s of %s/%s", name, known.spec.project, known.spec.model, exc_info=error)
        else:
            if its.reader.exhausted and not faults:
                its.since = begun
        for fault in faults:
            if fault not in its.told:
                log.warning("source %s of %s/%s: %s", name, known.spec.project, known.spec.model, fault)
        its.told = faults
        its.next = time.monotonic() + its.interval
        if failed:
            its.next = time.monotonic() + min(its.interval, RETRY)
        elif its.reader.more:
            its.next = 0.0

    def _read(self, known: Known, name: str, its: Running) -> None:
        label = (known.spec.project, known.spec.model, name)
        with self._ledger.read() as connection:
            states = sources_positions.load(connection, known.id, name)
            baseline = self._registry.baseline(connection, known.id)
        plan = None if baseline is None else baseline.plan
        terms = Terms(known, plan, self._clock.now(), self._keeping.taken(known.spec))
        for delivery in its.reader.deliveries(states, terms):
            with self._ledger.write() as connection:
                delivery.write(connection, self._engine.ids, known, name, self._clock.now())
            self._received[known.spec.project] += len(delivery.profiles)
            self.rows[label] += delivery.rows
            self.refused[label] += delivery.refused
            if delivery.profiles or delivery.labels or delivery.scalars:
                self._engine.wake()
            if self._stop.is_set():
                return
        if its.tended < time.monotonic() - TENDED or not its.tended:
            with self._ledger.write() as connection:
                sources_positions.tend(connection, known.id, name, its.reader.there, self._clock.now())
            its.tended = time.monotonic()


def _reader(known: Known, name: str, source: Source) -> Reader:
    if isinstance(source, LogSource):
        return LogReader(known, name, source)
    if isinstance(source, FolderSource):
        return FolderReader(known, name, source)
    if isinstance(source, MlflowSource):
        return MlflowReader(known, source)
    raise TypeError(f"sources.{name}: no reader for {source!r}")


def _interval(source: Source, every: timedelta) -> float:
    """Return the seconds between rounds."""
    least, most = OFTEN[source.kind]
    return min(max(every.total_seconds() / SLICES, least), most)
