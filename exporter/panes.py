"""Panes of parts as profiles: decoded and merged once, then kept while they are used."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from sqlalchemy import Connection

from wolfpack.exporter import store
from wolfpack.exporter.ledger import Ledger
from wolfpack.stats import Profile, merge_all

KEPT = 512
"""Profiles kept in memory; a window of 7 daily panes of two roles and two versions uses about 60."""


@dataclass(frozen=True)
class Loaded:
    """The profiles of some panes, by pane and version, and when the last of their rows was committed."""

    profiles: dict[tuple[int, str], Profile]
    merged: dict[int, Profile]
    received: float

    def together(self) -> dict[int, Profile]:
        """Return the profile of each pane over all versions, oldest pane first."""
        return self.merged

    def of(self, version: str) -> dict[int, Profile]:
        return {start: profile for (start, its), profile in self.profiles.items() if its == version}

    def versions(self, order: list[str]) -> list[str]:
        """Return the versions that have rows here, in the given order."""
        there = {version for (_, version), profile in self.profiles.items() if profile.rows}
        return [version for version in order if version in there]

    def segments(self) -> set[tuple[str, str]]:
        return {segment for profile in self.merged.values() for segment in profile.segment_rows}


class Panes:
    """Reads panes from the ledger through a cache of the last used profiles."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._kept: OrderedDict[Hashable, Profile] = OrderedDict()

    def load(self, connection: Connection, model: int, role: str, first: int, last: int) -> Loaded:
        """Load the panes with first <= start <= last, on the plan of the newest delivery.

        Parts on another plan cannot be added to them; they stay in the ledger, and the window says by its
        number of panes that they are not in it.
        """
        parts = store.live_parts(connection, model, role, first, last + 1)
        cells: dict[tuple[int, str], list[int]] = {}
        wanted = self._profile(connection, parts[-1].id).plan.id if parts else ""
        for part in parts:
            if self._profile(connection, part.id).plan.id == wanted:
                cells.setdefault((part.start, part.version), []).append(part.id)
        profiles = {cell: self._merged(connection, tuple(ids)) for cell, ids in sorted(cells.items())}
        merged: dict[int, Profile] = {}
        for start in sorted({start for start, _ in cells}):
            ids = tuple(one for (its, _), found in sorted(cells.items()) if its == start for one in found)
            merged[start] = self._merged(connection, ids)
        return Loaded(profiles, merged, max((part.received for part in parts), default=0.0))

    def _profile(self, connection: Connection, part: int) -> Profile:
        return self._keep(part, lambda: Profile.from_bytes(store.part_data(connection, part)))

    def _merged(self, connection: Connection, ids: tuple[int, ...]) -> Profile:
        if len(ids) == 1:
            return self._profile(connection, ids[0])
        return self._keep(ids, lambda: merge_all([self._profile(connection, one) for one in ids]))

    def _keep(self, key: Hashable, make: Callable[[], Profile]) -> Profile:
        if key not in self._kept:
            self._kept[key] = make()
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return self._kept[key]
