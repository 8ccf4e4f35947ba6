"""The models this exporter serves: their specs, their ids in the ledger, their references."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection

from wolfpack.exporter import store
from wolfpack.exporter.baseline import Baseline, References
from wolfpack.exporter.expected import expect
from wolfpack.exporter.problems import Problem
from wolfpack.spec import Loaded, Spec, SpecError, load_all


@dataclass(frozen=True)
class Known:
    """A model that has a spec: its id in the ledger, when it was first known, and since when what is waited for.

    Times are epoch seconds; `since` is by what is waited for, as ``role input`` or ``job train``.
    """

    id: int
    spec: Spec
    created: float
    since: Mapping[str, float] = field(default_factory=dict)


class Registry:
    """All models by project and name. A failed reload keeps what was loaded before."""

    def __init__(self, paths: Sequence[Path], read: Callable[[], AbstractContextManager[Connection]]) -> None:
        self._paths = list(paths)
        self._references = References(read)
        self._known: dict[tuple[str, str], Known] = {}
        self._by_id: dict[int, Known] = {}
        self._baselines: dict[int, Baseline] = {}
        self._lock = threading.Lock()
        self._loaded = False
        self.loaded_well = False
        """Whether the last load succeeded; on a failure what was loaded before stays in force."""
        self.fault = ""
        """What was wrong with the specs at the last load; empty if nothing was."""

    @property
    def ready(self) -> bool:
        """Whether specs are in force."""
        return self._loaded

    def load(self, connection: Connection, now: float) -> None:
        """Read the specs anew.

        Raises
        ------
        SpecError
            If any is wrong; what was loaded before stays in force.
        """
        self.loaded_well = False
        try:
            loaded: list[Loaded] = load_all(self._paths)
        except SpecError as error:
            self.fault = str(error)
            raise
        self.fault = ""
        known: dict[tuple[str, str], Known] = {}
        for one in loaded:
            number = store.model_id(connection, one.spec.project, one.spec.model, now)
            created = store.created(connection, number)
            since = expect(connection, number, created, one.spec, now)
            known[one.spec.project, one.spec.model] = Known(number, one.spec, created, since)
        self._known, self._by_id = known, {one.id: one for one in known.values()}
        self.loaded_well = self._loaded = True

    def look(self, connection: Connection) -> None:
        """Read the specs of the models that a ledger knows, and enter none: for a ledger that is only read."""
        for one in load_all(self._paths):
            spec = one.spec
            number = store.known_model(connection, spec.project, spec.model)
            if number is not None:
                known = Known(number, spec, store.created(connection, number))
                self._known[spec.project, spec.model] = self._by_id[number] = known
        self.loaded_well = self._loaded = True

    def all(self) -> list[Known]:
        return [self._known[key] for key in sorted(self._known)]

    def by_id(self, number: int) -> Known | None:
        return self._by_id.get(number)

    def get(self, project: str, model: str) -> Known:
        """Return the model, or raise a Problem (404) that lists those there are."""
        found = self._known.get((project, model))
        if found is None:
            there = ", ".join("/".join(key) for key in sorted(self._known)[:20]) or "none"
            raise Problem(
                404,
                "Unknown model",
                f"no spec describes {project}/{model}; known: {there}. Add its YAML and POST /-/reload",
                "project, model",
            )
        return found

    def columns(self, number: int) -> list[str]:
        """Return the model's columns in their order: those its spec names, then those of its reference."""
        known, baseline = self.by_id(number), self._baselines.get(number)
        planned = baseline.plan.columns if baseline else ()
        return list(dict.fromkeys([*(known.spec.columns if known else ()), *planned]))

    def baseline(self, connection: Connection, number: int) -> Baseline | None:
        """Return the model's registered reference."""
        with self._lock:
            if number not in self._baselines:
                found = store.reference(connection, number)
                if found is None:
                    return None
                self._baselines[number] = Baseline(found, self._references)
            return self._baselines[number]

    def let_go(self) -> None:
        """Give back the memory that was needed while windows were computed."""
        self._references.let_go()

    def forget_baseline(self, number: int) -> None:
        with self._lock:
            self._baselines.pop(number, None)
