"""Live parts in the ledger become fewer and longer: one a live pane, then one an hour in the model's own panes."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby

from sqlalchemy import Connection

from wolfpack.exporter import live_store, store
from wolfpack.exporter.clock import utc
from wolfpack.exporter.ledger import Ledger
from wolfpack.exporter.live_book import LiveBook
from wolfpack.exporter.live_store import Stored
from wolfpack.exporter.registry import Known
from wolfpack.spec import Calendar
from wolfpack.spec.keeping import HOUR, Keeping
from wolfpack.stats import Profile, merge_all
from wolfpack.stats.live_slice import LiveSlice, merge_slices

log = logging.getLogger("wolfpack.exporter")
SETTLE = timedelta(seconds=10)
"""How long after its end a pane of a live model is waited for: parts come every five seconds."""
JOB = "live"
"""Job of the parts that live panes become."""
MARGIN = 86400
"""Seconds before what is kept that late parts may lie."""


class LiveUpkeep:
    """Merges and deletes live parts, called in the engine's thread. What fails is logged and tried again."""

    def __init__(self, ledger: Ledger, keeping: Keeping, book: LiveBook) -> None:
        self._ledger, self._keeping, self._book = ledger, keeping, book

    def run(self, known: Sequence[Known], now: float) -> None:
        """Do what is due at `now`."""
        for one in known:
            live = one.spec.live
            if live is None:
                continue
            try:
                self._book.forget(one.id, now, live.window.total_seconds())
                self._compact(one, now)
                self._roll(one, now)
                with self._ledger.write() as connection:
                    live_store.forget_live(connection, one.id, now - self._keeping.minutes)
            except Exception:
                log.exception("%s/%s: live parts could not be merged", one.spec.project, one.spec.model)

    def _compact(self, known: Known, now: float) -> None:
        """Merge the parts of each live pane that has ended into one."""
        calendar = known.spec.live_calendar
        settled = utc(now) - SETTLE
        with self._ledger.read() as connection:
            parts = live_store.stored(connection, known.id, self._oldest(now), int(settled.timestamp()))
        for _, some in groupby(sorted(parts, key=_pane), key=_pane):
            group = list(some)
            if len(group) > 1 and calendar.end(utc(group[0].start)) <= settled:
                with self._ledger.read() as connection:
                    whole = merge_slices([_read(connection, one) for one in group])
                data = whole.to_bytes()
                with self._ledger.write() as connection:
                    live_store.replace_by(connection, known.id, group, data)

    def _roll(self, known: Known, now: float) -> None:
        """Put each hour that has ended, or has become another, into the model's own pane as one part."""
        with self._ledger.read() as connection:
            fresh = live_store.stored(connection, known.id, self._oldest(now), int(now), fresh=True)
        runs = {run_of(known.spec.calendar, utc(one.start)) for one in fresh}
        for start, end in sorted(runs):
            if end + SETTLE <= utc(now):
                self._roll_run(known, start, end, now)

    def _roll_run(self, known: Known, start: datetime, end: datetime, now: float) -> None:
        first, last = int(start.timestamp()), int(end.timestamp())
        with self._ledger.read() as connection:
            parts = live_store.stored(connection, known.id, first, last)
            made = [(version, profile) for version, profile in _profiles(connection, parts)]
        pane = int(known.spec.calendar.start(start).timestamp())
        with self._ledger.write() as connection:
            for version, profile in made:
                for role, its in by_role(known, profile):
                    values = {
                        "version": version, "role": role, "start": pane, "part": part_name(start, its), "job": JOB,
                        "received": now, "plan_id": its.plan.id, "rows": its.rows, "data": its.to_bytes(),
                    }  # fmt: skip
                    store.add_part(connection, known.id, values)
            live_store.mark_rolled(connection, [one.id for one in parts])

    def _oldest(self, now: float) -> int:
        return max(int(now - self._keeping.minutes - MARGIN), 0)


def run_of(calendar: Calendar, at: datetime) -> tuple[datetime, datetime]:
    """Return the hour of a pane, counted from its start, that contains a time; the last one may be shorter."""
    pane = calendar.start(at)
    start = pane + (at - pane) // HOUR * HOUR
    return start, min(start + HOUR, calendar.end(pane))


def part_name(start: datetime, profile: Profile) -> str:
    """Return the name of an hour's part: the same hour on the same plan replaces."""
    return f"live {start.astimezone(UTC):%Y-%m-%dT%H:%MZ} {profile.plan.id}"


def by_role(known: Known, profile: Profile) -> Iterable[tuple[str, Profile]]:
    """Yield the profile of inputs, and that of predictions if there are any."""
    roles = {name: known.spec.role_of(name) for name in profile.columns}
    outputs = [name for name, role in roles.items() if role == "prediction"]
    yield "input", profile.select([name for name in roles if name not in outputs])
    if outputs:
        yield "prediction", profile.select(outputs)


def _profiles(connection: Connection, parts: Sequence[Stored]) -> Iterable[tuple[str, Profile]]:
    """Yield one profile of each version and plan."""
    for (version, plan), some in groupby(sorted(parts, key=_kind), key=_kind):
        if plan:
            found = [_read(connection, one).profile for one in some]
            yield version, merge_all([one for one in found if one is not None])


def _read(connection: Connection, part: Stored) -> LiveSlice:
    return LiveSlice.from_bytes(live_store.live_data(connection, part.id))


def _kind(part: Stored) -> tuple[str, str]:
    return part.version, part.plan_id


def _pane(part: Stored) -> tuple[int, str, str]:
    return part.start, part.version, part.plan_id
