"""Rows that may be on several plans: what can be added is added, distributions are brought to one plan."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from wolfpack.exporter.panes import Pane
from wolfpack.stats import ColumnState, Profile, merge_all, replan

Segment = tuple[str, str]


@dataclass(frozen=True)
class Mixture:
    """A profile for each plan; the first is on the plan that distributions are read on.

    Rows, missing values and means are over all of them as they are: no delivery is left out for its plan.
    """

    profiles: tuple[Profile, ...]

    @classmethod
    def of(cls, panes: Iterable[Pane], plan: str) -> Mixture:
        """Merge panes plan by plan, that of id `plan` first."""
        plans: dict[str, list[Profile]] = {plan: []}
        for pane in panes:
            for profile in pane:
                plans.setdefault(profile.plan.id, []).append(profile)
        return cls(tuple(merge_all(found) for found in plans.values() if found))

    @cached_property
    def main(self) -> Profile:
        """All rows on the first plan; counts of those on others are estimates (`Profile.bin_error`)."""
        first, *others = self.profiles
        return merge_all([first, *(replan(other, first.plan) for other in others)]) if others else first

    @property
    def columns(self) -> list[str]:
        """Return the columns of all plans, in order of the first that has them."""
        return list(dict.fromkeys(column for profile in self.profiles for column in profile.plan.columns))

    @property
    def sources(self) -> list[str]:
        """Return the columns that any of the tables had, of those that their plans know."""
        return list(
            dict.fromkeys(
                column
                for profile in self.profiles
                for column in profile.columns
                if not profile.plan.columns[column].source
            )
        )

    @property
    def unplanned(self) -> list[str]:
        """Return the columns of the tables that their plans do not know."""
        return list(dict.fromkeys(name for profile in self.profiles for name in profile.unplanned))

    @property
    def segments(self) -> list[Segment]:
        return list(dict.fromkeys(segment for profile in self.profiles for segment in profile.segment_rows))

    def rows(self, segment: Segment) -> int:
        return sum(profile.segment_rows.get(segment, 0) for profile in self.profiles)

    def mean(self, segment: Segment, column: str) -> float | None:
        """Return the mean over all plans; None without a value."""
        known = [
            (state.count, state.mean) for state in self._states(segment, column) if state.mean is not None
        ]
        total = sum(count for count, _ in known)
        return sum(count * mean for count, mean in known) / total if total else None

    def missing_ratio(self, segment: Segment, column: str) -> float | None:
        """Return the share of rows without a value; a table without the column lacks it in every row."""
        rows = self.rows(segment)
        if not rows:
            return None
        states = list(self._states(segment, column))
        absent = rows - sum(state.rows for state in states)
        return (sum(state.missing for state in states) + absent) / rows

    def _states(self, segment: Segment, column: str) -> Iterable[ColumnState]:
        for profile in self.profiles:
            state = profile.segments.get(segment, {}).get(column)
            if state is not None:
                yield state
