"""The profile: counts of a table's columns, for all rows and per segment, mergeable and without any row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Any

from wolfpack.spec.errors import PlanMismatch
from wolfpack.spec.plan import OTHER, Plan
from wolfpack.stats.column_state import LEAN, SKETCH_ALL, ColumnState, empty_state, merge_states

Segment = tuple[str, str]
ALL: Segment = ("", "")
"""The segment of all rows."""


@dataclass(frozen=True, eq=False)
class Profile:
    """A summary of rows that merges with any other on the same plan.

    Parameters
    ----------
    plan : what the counts are made on.
    segment_rows : rows of each segment: `ALL`, every value that the plan keeps (0 rows included), and
        ``(column, "__other__")`` when other values or rows without one occurred.
    segments : for each of these, the state of each column that the table had.
    panes : the same rows cut by time: pane start in epoch seconds, and its profile; empty if not asked for.
    unplanned : columns of the table that the plan does not know; they were not counted.
    bin_error : by how much, as a share of the rows, counts up to a bin's edge may be off; 0 if all are exact.
        They come from a sketch if the plan was made while a stream that can be read only once went by, or if
        rows were brought to another plan. A merge has the largest one.
    """

    plan: Plan
    segment_rows: dict[Segment, int]
    segments: dict[Segment, dict[str, ColumnState]]
    panes: dict[int, Profile] = field(default_factory=dict)
    unplanned: tuple[str, ...] = ()
    bin_error: float = 0.0

    @property
    def exact_bins(self) -> bool:
        """Whether all counts on bins are exact."""
        return self.bin_error == 0

    @property
    def rows(self) -> int:
        return self.segment_rows[ALL]

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that were counted, in the plan's order."""
        return tuple(self.segments[ALL])

    def __getitem__(self, key: str | tuple[str, str, str]) -> ColumnState:
        column, segment = (key, ALL) if isinstance(key, str) else (key[0], (key[1], key[2]))
        if segment not in self.segments:
            raise KeyError(f"no segment {segment!r}; the profile has {_list(map(repr, self.segments))}")
        states = self.segments[segment]
        if column not in states:
            near = get_close_matches(column, states, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"the profile has {_list(states)}"
            raise KeyError(f"no column {column!r}; {hint}")
        return states[column]

    def __eq__(self, other: object) -> bool:
        """Tell whether both profiles agree in every number; merged in another order they need not."""
        if not isinstance(other, Profile):
            return NotImplemented
        return (
            self.plan.id == other.plan.id
            and (self.segment_rows, self.unplanned) == (other.segment_rows, other.unplanned)
            and self.bin_error == other.bin_error
            and self.segments.keys() == other.segments.keys()
            and all(_same(states, other.segments[segment]) for segment, states in self.segments.items())
            and self.panes == other.panes
        )

    __hash__ = None  # type: ignore[assignment]  # a profile holds dicts and arrays

    def __repr__(self) -> str:
        return (
            f"<Profile {self.rows} rows, {len(self.columns)} columns, {len(self.segments) - 1} segments, "
            f"{len(self.panes)} panes, plan {self.plan.id}>"
        )

    @classmethod
    def empty(cls, plan: Plan) -> Profile:
        """Return the profile of no rows and all columns of the plan: the identity of merge."""
        segments = kept_segments(plan)
        states = {
            segment: {
                name: empty_state(column, sketch_size(segment)) for name, column in plan.columns.items()
            }
            for segment in segments
        }
        return cls(plan, dict.fromkeys(segments, 0), states)

    def merge(self, other: Profile) -> Profile:
        """Return the profile of the rows of both, as if they had been one table; neither changes.

        Counts and extremes are exact, moments up to rounding, quantiles within the sketch's error.

        Raises
        ------
        PlanMismatch
            If the plans differ; the message names both.
        """
        return merge_all([self, other])

    def select(self, columns: Iterable[str]) -> Profile:
        """Return the profile of these columns only, on the same plan; names it lacks are passed over."""
        names = set(columns)
        segments = {
            segment: {name: state for name, state in states.items() if name in names}
            for segment, states in self.segments.items()
        }
        panes = {start: pane.select(names) for start, pane in self.panes.items()}
        return replace(self, segments=segments, panes=panes)

    def to_bytes(self) -> bytes:
        """Return the profile as an Arrow IPC stream with zstd, one row per pane, segment and column."""
        from wolfpack.stats.codec import encode

        return encode(self)

    @classmethod
    def from_bytes(cls, data: bytes, *, panes: bool = True) -> Profile:
        """Read what `to_bytes` wrote, and check that every count agrees with the others.

        Parameters
        ----------
        data : bytes
        panes : whether the panes are read, too. Without them it takes as much less time and memory as they are of it.

        Raises
        ------
        ProfileFormatError
            If the bytes are no profile, or of another format version, or their counts contradict each other.
        """
        from wolfpack.stats.codec import decode

        return decode(data, panes)


def merge_all(profiles: Sequence[Profile]) -> Profile:
    """Return the profile of the rows of all of them; see `Profile.merge`. One at least is needed.

    Raises
    ------
    PlanMismatch
        If two plans differ.
    ValueError
        If there is none.
    """
    if not profiles:
        raise ValueError("merge_all: no profile was given; start from Profile.empty(plan)")
    plan = profiles[0].plan
    for profile in profiles:
        if profile.plan is not plan and profile.plan.id != plan.id:
            raise PlanMismatch(
                f"profiles on plan {plan.id} and plan {profile.plan.id} cannot be merged, their counts mean "
                "different things; profile the rows again with one plan, or compare the two"
            )
    segments = _ordered({segment: None for profile in profiles for segment in profile.segments}, plan)
    starts = sorted({start for profile in profiles for start in profile.panes})
    return Profile(
        plan,
        {
            segment: sum([profile.segment_rows.get(segment, 0) for profile in profiles])
            for segment in segments
        },
        {
            segment: _merge_segment([p.segments.get(segment, {}) for p in profiles], plan)
            for segment in segments
        },
        {start: merge_all([p.panes[start] for p in profiles if start in p.panes]) for start in starts},
        tuple(dict.fromkeys(name for profile in profiles for name in profile.unplanned)),
        max(profile.bin_error for profile in profiles),
    )


def _merge_segment(parts: list[dict[str, ColumnState]], plan: Plan) -> dict[str, ColumnState]:
    return {
        name: merge_states(states)
        for name in plan.columns
        if (states := [states[name] for states in parts if name in states])
    }


def kept_segments(plan: Plan) -> list[Segment]:
    """Return the segments that every profile on this plan has, `ALL` first."""
    return [ALL, *((column, value) for column, values in plan.segments.items() for value in values)]


def sketch_size(segment: Segment) -> int:
    return SKETCH_ALL if segment == ALL else LEAN


def _ordered(found: Iterable[Segment], plan: Plan) -> list[Segment]:
    """Return the segments in one order, whatever order the profiles came in."""
    others = [(column, OTHER) for column in plan.segments]
    there = set(found)
    return [segment for segment in [*kept_segments(plan), *others] if segment in there]


def _same(mine: dict[str, Any], theirs: dict[str, Any]) -> bool:
    return mine.keys() == theirs.keys() and all(state.equals(theirs[name]) for name, state in mine.items())


def _list(names: Iterable[str]) -> str:
    shown = list(names)
    return ", ".join(shown[:20]) + (f" and {len(shown) - 20} more" if len(shown) > 20 else "")
