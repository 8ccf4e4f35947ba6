"""A slice of a live model's calls: their counts and the profile of their rows; mergeable, without any row."""

from __future__ import annotations

from collections.abc import Sequence, Sized
from dataclasses import dataclass
from typing import Any

from wolfpack.spec.errors import ProfileFormatError
from wolfpack.stats.call_counts import CallCounts, LiveCounts, Place, RowCounts, add_counts
from wolfpack.stats.packing import pack_parts, require, unpack_parts
from wolfpack.stats.profiles import Profile, merge_all

FORMAT = "wolfpack.live_slice/1"
MOST_PLACES = 10_000
"""Endpoints, and endpoints times segments, of one slice."""


@dataclass(frozen=True, eq=False)
class LiveSlice:
    """Counts of calls, and the profile of inputs and predictions together; None if no call had rows."""

    counts: LiveCounts
    profile: Profile | None = None

    @property
    def plan_id(self) -> str:
        return self.profile.plan.id if self.profile is not None else ""

    def to_bytes(self) -> bytes:
        """Return the slice as one Arrow IPC stream."""
        counts = self.counts
        calls = [
            [name, one.requests, one.errors, one.seconds, list(one.buckets)]
            for name, one in counts.calls.items()
        ]
        rows = [
            [*place, one.rows, one.empty, one.scored, one.outliers, one.scores]
            for place, one in counts.rows.items()
        ]
        parts = [] if self.profile is None else [self.profile.to_bytes()]
        return pack_parts(FORMAT, parts, calls=calls, rows=rows, dropped=counts.dropped)

    @classmethod
    def from_bytes(cls, data: bytes) -> LiveSlice:
        """Read what `to_bytes` wrote, and check that every count agrees with the others.

        Raises
        ------
        ProfileFormatError
            If the bytes are no slice, or its counts contradict each other.
        """
        parts, said = unpack_parts(data, FORMAT, "live slice", calls=list, rows=list, dropped=int)
        require("live slice", {"it has one profile at most": len(parts) <= 1})
        profile = Profile.from_bytes(parts[0]) if parts else None
        return cls(LiveCounts(_calls(said["calls"]), _rows(said["rows"]), _dropped(said["dropped"])), profile)


def merge_slices(slices: Sequence[LiveSlice]) -> LiveSlice:
    """Return the slice of all their calls; counts and bins exactly, sketches within their error.

    Raises
    ------
    PlanMismatch
        If their profiles are on different plans.
    """
    profiles = [one.profile for one in slices if one.profile is not None]
    return LiveSlice(add_counts(one.counts for one in slices), merge_all(profiles) if profiles else None)


def _calls(listed: list[Any]) -> dict[str, CallCounts]:
    found: dict[str, CallCounts] = {}
    try:
        for name, requests, errors, seconds, buckets in listed:
            found[str(name)] = CallCounts(requests, errors, float(seconds), tuple(buckets))
        sound = all(one.holds() for one in found.values())
    except (TypeError, ValueError):
        sound = False
    _require(sound, found, listed, "the counts of calls")
    return found


def _rows(listed: list[Any]) -> dict[Place, RowCounts]:
    found: dict[Place, RowCounts] = {}
    try:
        for endpoint, segment, value, rows, empty, scored, outliers, scores in listed:
            place = str(endpoint), str(segment), str(value)
            found[place] = RowCounts(rows, empty, scored, outliers, float(scores))
        sound = all(one.holds() for one in found.values())
    except (TypeError, ValueError):
        sound = False
    _require(sound, found, listed, "the counts of rows")
    return found


def _dropped(dropped: int) -> int:
    require("live slice", {"dropped >= 0": dropped >= 0})
    return dropped


def _require(sound: bool, found: Sized, listed: list[Any], what: str) -> None:
    each_once = len(found) == len(listed) <= MOST_PLACES
    if not (sound and each_once):
        raise ProfileFormatError(
            f"live slice: {what} contradict each other, or are no counts; send what to_bytes returns"
        )
