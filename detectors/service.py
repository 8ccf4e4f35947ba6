"""The sidecar as it runs on: its specs, what it keeps between cycles, and one cycle at a time."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence

from wolfpack.detectors.agenda import Agenda
from wolfpack.detectors.deadline import Deadline
from wolfpack.detectors.health import Health
from wolfpack.detectors.memory import Memory
from wolfpack.detectors.report import Report
from wolfpack.detectors.sidecar import cycle
from wolfpack.detectors.sink import Sink
from wolfpack.detectors.source import Source
from wolfpack.detectors.state_file import StateFile
from wolfpack.detectors.watch import Watch, watch
from wolfpack.spec import Spec, WolfpackError

log = logging.getLogger(__name__)
KEEP_SECONDS = 300.0
"""Seconds between two writes of the state; what a crash loses is read again."""


class UnknownModel(WolfpackError):
    """Catch this where a caller named a model that no spec watches."""


class Service:
    """Cycles over the specs that are in force, never two at once.

    Parameters
    ----------
    load : reads the specs; called at the start and by `reload`.
    source, sink : where history is read and findings go.
    interval : seconds between two looks at a model whose newest pane is awaited.
    deadline : seconds that a cycle may take.
    clock : epoch seconds.
    state : where what is kept between cycles outlasts a restart; None: nowhere.
    """

    def __init__(
        self, load: Callable[[], Sequence[Spec]], source: Source, sink: Sink, *, interval: float = 60.0,
        deadline: float = 300.0, clock: Callable[[], float] = time.time, state: StateFile | None = None,
    ) -> None:  # fmt: skip
        self._load, self._sink, self._seconds, self._clock = load, sink, deadline, clock
        self._memory, self._agenda = Memory(source, clock), Agenda(interval)
        self._lock = threading.Lock()
        self.health = Health(clock)
        self._specs: tuple[Spec, ...] = ()
        self._state, self._kept = state, clock()
        self._take(load())
        if state is not None:
            found = state.restore(self._memory, _watches(self._specs))
            log.info("%d watches go on from the state on disk", found)

    @property
    def specs(self) -> tuple[Spec, ...]:
        """The specs in force."""
        return self._specs

    def cycle(self) -> Report:
        """Look at the models whose time has come."""
        with self._lock:
            return self._run(self._agenda.due(self._specs, self._clock()))

    def detect(self, project: str | None = None, model: str | None = None) -> Report:
        """Look at models now, whatever their schedule, and judge also what has not changed.

        Raises
        ------
        UnknownModel
            If no spec with `detect` is of this project and model.
        """
        with self._lock:
            chosen = [
                spec for spec in self._specs
                if spec.detect and project in (None, spec.project) and model in (None, spec.model)
            ]  # fmt: skip
            if not chosen:
                known = (
                    ", ".join(f"{spec.project}/{spec.model}" for spec in self._specs if spec.detect) or "none"
                )
                raise UnknownModel(f"{project or '*'}/{model or '*'} is not watched; watched are {known}")
            return self._run(chosen, everything=True)

    def reload(self) -> int:
        """Read the specs anew and return how many there are; on an error the old ones stay in force.

        Raises
        ------
        SpecError
            If a spec has a fault.
        """
        try:
            specs = self._load()
        except Exception:
            self.health.loaded_well = False
            raise
        with self._lock:
            self._take(specs)
        return len(specs)

    def keep(self) -> None:
        """Write the state, if there is to be one: at the end, and now and then before."""
        if self._state is not None:
            with self._lock:
                self._write(self._state)

    def _write(self, state: StateFile) -> None:
        state.keep(self._memory)
        self._kept = self._clock()

    def _take(self, specs: Iterable[Spec]) -> None:
        self._specs = tuple(specs)
        self._memory.keep_only(_watches(self._specs))
        self.health.watch(list(self._specs))
        self.health.loaded_well = True

    def _run(self, specs: list[Spec], everything: bool = False) -> Report:
        report = cycle(specs, self._memory, self._sink, Deadline.after(self._seconds), everything)
        self.health.note(report)
        now = self._clock()
        self._agenda.note(specs, report, now)
        if self._state is not None and report.runs and not 0 <= now - self._kept < KEEP_SECONDS:
            self._write(self._state)
        return report


def _watches(specs: Iterable[Spec]) -> list[Watch]:
    """Return the watches of all specs; an entry that can never match is told in each cycle."""
    found = []
    for spec in specs:
        for index in range(len(spec.detect)):
            try:
                found.append(watch(spec, index))
            except ValueError:
                continue
    return found
