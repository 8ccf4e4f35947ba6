"""Panes of parts as profiles: decoded and merged once, then kept while they are used."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from wolfpack.exporter import store
from wolfpack.exporter.ladder import Run, below, runs
from wolfpack.exporter.profile_cache import ProfileCache
from wolfpack.exporter.store import Block, Part
from wolfpack.spec import Calendar
from wolfpack.stats import Profile, merge_all

Shadow = Callable[[str, int], bool]
"""Tells whether a version was shadow during the whole of the pane that begins at a time (epoch seconds)."""
Pane = tuple[Profile, ...]
"""The rows of a pane, or of a run of panes: profiles on one or several plans, of one or several versions."""
Leaf = Part | Block
"""What is read: a part, or a block of panes that were merged before."""
Kind = tuple[str, str]
"""Version and plan: what is merged within itself only."""


@dataclass(frozen=True)
class Span:
    """Panes one after the other, of one version or of all together.

    Parameters
    ----------
    starts : start of each pane received, ascending.
    newest : the last of them.
    runs : all of them, neighbours merged; oldest first.
    """

    starts: tuple[int, ...]
    newest: Pane
    runs: tuple[Pane, ...]

    @classmethod
    def of(cls, panes: Mapping[int, Pane]) -> Span:
        """Return panes by their start as they are, none merged."""
        starts = tuple(sorted(panes))
        return cls(starts, panes[starts[-1]], tuple(panes[start] for start in starts))


@dataclass(frozen=True)
class Loaded:
    """Some panes, by version and all versions together, and when the last of their rows was committed."""

    versions: Mapping[str, Span]
    together: Span | None
    received: float

    def live(self, order: Iterable[str]) -> list[str]:
        """Return the versions that have rows here, in the given order."""
        there = {
            version
            for version, span in self.versions.items()
            if any(profile.rows for run in span.runs for profile in run)
        }
        return [version for version in order if version in there]

    def segments(self) -> set[tuple[str, str]]:
        runs = self.together.runs if self.together else ()
        return {segment for run in runs for profile in run for segment in profile.segment_rows}


class Panes:
    """Reads panes from the ledger through a cache of the last used profiles."""

    def __init__(self) -> None:
        self._cache = ProfileCache()

    def load(
        self,
        connection: Connection,
        model: int,
        role: str,
        calendar: Calendar,
        first: datetime,
        last: datetime,
        shadow: Shadow = lambda version, start: False,
    ) -> Loaded:
        """Load the panes with first <= start <= last: stored blocks where there are, and parts elsewhere.

        Shadows are by themselves, not among all together.
        """
        begin, end = _seconds(first), _seconds(calendar.end(last))
        blocks = _of_one_stage(store.blocks(connection, model, role, begin, end), shadow)
        gaps = _gaps(begin, end, {block.start: block.end for block in blocks})
        parts = [part for gap in gaps for part in store.live_parts(connection, model, role, *gap)]
        leaves = _in_order([*blocks, *parts])
        if blocks and blocks[-1].end == end:  # the newest pane itself is wanted besides the block that holds it
            parts = store.live_parts(connection, model, role, blocks[-1].start, end)
        where = runs(calendar, first, calendar.end(last))

        def span(wanted: Callable[[Leaf], bool]) -> Span | None:
            inside = [leaf for leaf in leaves if wanted(leaf)]
            newest = [part for part in parts if wanted(part)]
            return self._span(connection, calendar, where, inside, newest) if inside else None

        versions = {
            version: found
            for version in sorted({leaf.version for leaf in leaves})
            if (found := span(lambda leaf, its=version: leaf.version == its))  # type: ignore[misc]
        }
        counted = [leaf for leaf in leaves if not _is_shadow(leaf, shadow)]
        received = max((leaf.received for leaf in counted), default=0.0)
        return Loaded(versions, span(lambda leaf: not _is_shadow(leaf, shadow)), received)

    def merged(
        self, connection: Connection, calendar: Calendar, run: Run, parts: Sequence[Part]
    ) -> dict[Kind, Profile]:
        """Return the profile of each version and plan of parts that lie in the run."""
        return {
            kind: self._merge(connection, calendar, run, leaves) for kind, leaves in _by_kind(_in_order(parts))
        }

    def forget(self) -> None:
        """Drop what is kept in memory; rows that were deleted may leave their ids to others."""
        self._cache.clear()

    def _span(
        self,
        connection: Connection,
        calendar: Calendar,
        where: Sequence[Run],
        leaves: Sequence[Leaf],
        parts: Sequence[Part],
    ) -> Span:
        """Return leaves as runs; `parts` are those that the newest pane is among."""
        kinds = _by_kind(leaves)
        found = tuple(
            tuple(self._merge(connection, calendar, run, inside) for inside in there)
            for run in where
            if (there := [inside for _, mine in kinds if (inside := _inside(mine, run))])
        )
        starts = tuple(sorted({start for leaf in leaves for start in _starts(leaf)}))
        newest = self._pane(connection, [part for part in parts if part.start == starts[-1]])
        return Span(starts, newest or found[-1], found)

    def _pane(self, connection: Connection, parts: Sequence[Part]) -> Pane:
        """Return a pane's profiles, that of the plan which came last at the end."""
        plans: dict[str, list[Part]] = {}
        for part in sorted(parts, key=lambda part: part.id):
            plans.setdefault(part.plan_id, []).append(part)
        return tuple(self._all(connection, those) for those in plans.values())

    def _merge(
        self, connection: Connection, calendar: Calendar, run: Run, leaves: Sequence[Leaf]
    ) -> Profile:
        """Return the one profile of leaves of one version and plan, merging as the ladder goes."""
        if run.rung == 0 or len(leaves) == 1:
            return self._all(connection, leaves)

        def make() -> Profile:
            inner = [(one, _inside(leaves, one)) for one in below(run, calendar.every)]
            return merge_all([self._merge(connection, calendar, one, some) for one, some in inner if some])

        return self._cache.get(_key(leaves), make)

    def _all(self, connection: Connection, leaves: Sequence[Leaf]) -> Profile:
        """Return the profile of leaves as they are: decoded, and if there are several merged."""

        def make() -> Profile:
            if len(leaves) == 1:
                return _read(connection, leaves[0])
            return merge_all([self._all(connection, [leaf]) for leaf in leaves])

        return self._cache.get(_key(leaves), make)


def _is_shadow(leaf: Leaf, shadow: Shadow) -> bool:
    return all(shadow(leaf.version, start) for start in _starts(leaf))


def _of_one_stage(blocks: Sequence[Block], shadow: Shadow) -> list[Block]:
    """Leave out the blocks of hours in which a version changed between shadow and not, while their parts are there."""
    mixed = {
        block.start
        for block in blocks
        if not block.alone and len({shadow(block.version, start) for start in block.panes}) > 1
    }
    return [block for block in blocks if block.start not in mixed]


def _read(connection: Connection, leaf: Leaf) -> Profile:
    read = store.part_data if isinstance(leaf, Part) else store.block_data
    return Profile.from_bytes(read(connection, leaf.id))


def _key(leaves: Sequence[Leaf]) -> tuple[int, ...]:
    """Return what names these rows: ids of parts as they are, those of blocks below 0."""
    return tuple(leaf.id if isinstance(leaf, Part) else -leaf.id for leaf in leaves)


def _in_order(leaves: Sequence[Leaf]) -> list[Leaf]:
    return sorted(leaves, key=lambda leaf: (leaf.start, leaf.id))


def _by_kind(leaves: Sequence[Leaf]) -> list[tuple[Kind, list[Leaf]]]:
    """Return the leaves of each version and plan, in the order given."""
    found: dict[Kind, list[Leaf]] = {}
    for leaf in leaves:
        found.setdefault((leaf.version, leaf.plan_id), []).append(leaf)
    return sorted(found.items(), key=lambda item: item[0])


def _inside(leaves: Sequence[Leaf], run: Run) -> Sequence[Leaf]:
    first, end = (bisect_left(leaves, at, key=lambda leaf: leaf.start) for at in (run.start, run.end))
    return leaves[first:end]


def _starts(leaf: Leaf) -> Sequence[int]:
    return (leaf.start,) if isinstance(leaf, Part) else leaf.panes


def _gaps(begin: int, end: int, covered: Mapping[int, int]) -> list[tuple[int, int]]:
    """Return the ranges of begin <= time < end that none of the disjoint ranges covers."""
    found = []
    for start in sorted(covered):
        if begin < start:
            found.append((begin, start))
        begin = covered[start]
    return [*found, (begin, end)] if begin < end else found


def _seconds(at: datetime) -> int:
    return int(at.timestamp())
