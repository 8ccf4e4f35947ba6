"""A registered reference, with the floors that its own variation gives."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import cached_property

from sqlalchemy import Connection

from wolfpack.exporter import store
from wolfpack.exporter.profile_cache import ProfileCache
from wolfpack.exporter.store import Reference
from wolfpack.spec import Plan, Spec
from wolfpack.spec.errors import ProfileFormatError
from wolfpack.stats import ALL, Floors, Profile, QualityCounts, ReferenceQuality, ScoreCounts, habit_floors
from wolfpack.stats.judged import judged_scores
from wolfpack.stats.means import Spread

KEPT = 64 * 1024 * 1024
"""Bytes of references kept, about; what does not fit is read again for each of its windows."""


class References:
    """Profiles of references, read from the ledger when they are asked for; as many as fit are kept, without panes.

    Panes are most of a reference, and are needed for its floors alone: of those with panes the last one is kept,
    for models come one after the other.
    """

    def __init__(self, read: Callable[[], AbstractContextManager[Connection]], most: int = KEPT) -> None:
        self._read, self._lock = read, threading.Lock()
        self._kept = ProfileCache(most)
        self._last: tuple[int, Profile] | None = None

    def get(self, reference: int) -> Profile:
        """Return the profile without its panes."""
        with self._lock:
            return self._kept.get((reference,), lambda: Profile.from_bytes(self._data(reference), panes=False))

    def whole(self, reference: int) -> Profile:
        """Return the profile with its panes."""
        with self._lock:
            if self._last is None or self._last[0] != reference:
                self._last = None
                self._last = reference, Profile.from_bytes(self._data(reference))
            return self._last[1]

    def let_go(self) -> None:
        """Keep none with its panes any longer."""
        with self._lock:
            self._last = None

    def _data(self, reference: int) -> bytes:
        with self._read() as connection:
            return store.reference_data(connection, reference)


class Baseline:
    """The reference of a model; what is small of it, and its floors, are kept from their first use on."""

    def __init__(self, reference: Reference, references: References) -> None:
        self.id = reference.id
        self._plan_id = reference.plan_id
        self._references = references
        self._scores = reference.scores
        self._floors: dict[tuple[int, tuple[str, str]], dict[str, Floors]] = {}
        self._label_habits: dict[int, dict[tuple[str, str], float]] = {}
        self._lock = threading.Lock()

    @property
    def profile(self) -> Profile:
        """The profile without its panes."""
        return self._references.get(self.id)

    @cached_property
    def plan(self) -> Plan:
        return self.profile.plan

    @cached_property
    def spreads(self) -> dict[str, Spread]:
        """How many values, mean and standard deviation, of each column that has a mean, over all rows."""
        return {
            name: Spread(state.count, state.mean, state.stddev or 0.0)
            for name, state in self.profile.segments[ALL].items()
            if state.mean is not None
        }

    def plan_for(self, spec: Spec) -> Plan:
        """Return what jobs profile with: the reference's plan, with the ranges that the spec gives columns."""
        return self.plan.ranged(spec.ranges)

    def plan_id(self, spec: Spec) -> str:
        """Return the id of the plan that jobs profile with; the reference is not read if the ledger tells."""
        return self.plan_for(spec).id if spec.ranges else self._plan_id

    def quality(self, threshold: float) -> QualityCounts | None:
        """Return what was counted of the reference's own predictions and labels, if it was registered."""
        if self._counts is None:
            return None
        if isinstance(self._counts, QualityCounts):
            return self._counts
        return QualityCounts("binary", {ALL: judged_scores(self._counts, threshold)})

    @cached_property
    def _counts(self) -> QualityCounts | ScoreCounts | None:
        """What was counted, without its panes, which are needed for the floors alone."""
        found = None if self._scores is None else read_counts(self._scores)
        return found.counts if isinstance(found, ReferenceQuality) else found

    @property
    def whole(self) -> Profile:
        """The profile with its panes."""
        return self._references.whole(self.id)

    def floors(self, panes: int, segment: tuple[str, str]) -> dict[str, Floors]:
        """Return the habit floors of windows of so many panes; empty when the reference is too short."""
        with self._lock:
            if (panes, segment) not in self._floors:
                self._floors[panes, segment] = habit_floors(self.whole, panes, segment=segment)
            return self._floors[panes, segment]

    def label_habit(self, panes: int, segment: tuple[str, str]) -> float:
        """Return the habit floor of the label's change over windows of so many panes; 0 if unknown."""
        with self._lock:
            if panes not in self._label_habits:  # of all segments: their panes are read for it
                found = None if self._scores is None else read_counts(self._scores)
                self._label_habits[panes] = (
                    found.habits(panes) if isinstance(found, ReferenceQuality) and panes else {}
                )
            return self._label_habits[panes].get(segment, 0.0)


def read_counts(data: bytes) -> ReferenceQuality | QualityCounts | ScoreCounts:
    """Read quality of a reference: counts of any task with panes or without, or scores with labels.

    Raises
    ------
    ProfileFormatError
        If the bytes are neither.
    """
    faults = []
    for kind in (QualityCounts, ScoreCounts, ReferenceQuality):
        try:
            return kind.from_bytes(data)
        except ProfileFormatError as error:
            faults.append(error)
    raise faults[0]
