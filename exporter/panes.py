"""Panes of parts as profiles: decoded and merged once, then kept while they are used."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass

from sqlalchemy import Connection

from wolfpack.exporter import store
from wolfpack.exporter.store import Part
from wolfpack.stats import Profile, merge_all

KEPT = 512
"""Profiles kept in memory; a window of 7 daily panes of two roles and two versions uses about 60."""

Shadow = Callable[[str, int], bool]
"""Tells whether a version was shadow during the whole of the pane that begins at a time (epoch seconds)."""
Pane = tuple[Profile, ...]
"""The rows of a pane: a profile for each plan that its parts are on."""


@dataclass(frozen=True)
class Loaded:
    """Some panes, by version and all versions together, and when the last of their rows was committed."""

    versions: dict[str, dict[int, Pane]]
    together: dict[int, Pane]
    received: float

    def live(self, order: Iterable[str]) -> list[str]:
        """Return the versions that have rows here, in the given order."""
        there = {
            version
            for version, panes in self.versions.items()
            if any(profile.rows for pane in panes.values() for profile in pane)
        }
        return [version for version in order if version in there]

    def segments(self) -> set[tuple[str, str]]:
        return {
            segment for pane in self.together.values() for profile in pane for segment in profile.segment_rows
        }


class Panes:
    """Reads panes from the ledger through a cache of the last used profiles."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, Profile] = OrderedDict()

    def load(
        self, connection: Connection, model: int, role: str, first: int, last: int, shadow: Shadow
    ) -> Loaded:
        """Load the panes with first <= start <= last; shadows are by themselves, not among all together."""
        parts = store.live_parts(connection, model, role, first, last + 1)
        versions: dict[str, dict[int, Pane]] = {}
        for version in sorted({part.version for part in parts}):
            versions[version] = self._panes(connection, [part for part in parts if part.version == version])
        counted = [part for part in parts if not shadow(part.version, part.start)]
        together = self._panes(connection, counted)
        return Loaded(versions, together, max((part.received for part in counted), default=0.0))

    def _panes(self, connection: Connection, parts: list[Part]) -> dict[int, Pane]:
        found: dict[int, Pane] = {}
        for start in sorted({part.start for part in parts}):
            plans: dict[str, list[int]] = {}
            for part in parts:
                if part.start == start:
                    plans.setdefault(part.plan_id, []).append(part.id)
            found[start] = tuple(self._merged(connection, tuple(ids)) for ids in plans.values())
        return found

    def _merged(self, connection: Connection, ids: tuple[int, ...]) -> Profile:
        if len(ids) == 1:
            return self._keep(ids[0], lambda: Profile.from_bytes(store.part_data(connection, ids[0])))
        return self._keep(ids, lambda: merge_all([self._merged(connection, (one,)) for one in ids]))

    def _keep(self, key: Hashable, make: Callable[[], Profile]) -> Profile:
        if key not in self._kept:
            self._kept[key] = make()
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return self._kept[key]
