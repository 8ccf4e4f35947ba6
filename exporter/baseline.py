"""A registered reference, decoded once, with the floors that its own variation gives."""

from __future__ import annotations

import threading
from functools import cached_property

from wolfpack.exporter.store import Reference
from wolfpack.spec import Plan, Spec
from wolfpack.stats import Floors, Profile, ScoreCounts, habit_floors


class Baseline:
    """The reference of a model; floors are computed at their first use and kept."""

    def __init__(self, reference: Reference) -> None:
        self.id = reference.id
        self.profile = Profile.from_bytes(reference.data)
        self._scores = reference.scores
        self._floors: dict[tuple[int, tuple[str, str]], dict[str, Floors]] = {}
        self._lock = threading.Lock()

    def plan_for(self, spec: Spec) -> Plan:
        """Return what jobs profile with: the reference's plan, with the ranges that the spec gives columns."""
        return self.profile.plan.ranged(spec.ranges)

    @cached_property
    def scores(self) -> ScoreCounts | None:
        return None if self._scores is None else ScoreCounts.from_bytes(self._scores)

    def floors(self, panes: int, segment: tuple[str, str]) -> dict[str, Floors]:
        """Return the habit floors of windows of so many panes; empty when the reference is too short."""
        with self._lock:
            if (panes, segment) not in self._floors:
                self._floors[panes, segment] = habit_floors(self.profile, panes, segment=segment)
            return self._floors[panes, segment]
