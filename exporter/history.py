"""The two histories of every series: by event time (`samples`) and as it was shown (`exposures`)."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, insert, select

from wolfpack.exporter.sample import Key, Sample, scope_of, stored_key, stored_keys
from wolfpack.exporter.schema import CHANGED, exposures, moments, samples, series
from wolfpack.exporter.upserting import upsert
from wolfpack.spec import FAMILIES

AT_ONCE = 10_000
"""Series that are read together at a start."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What the metrics page shows of a series."""

    value: float
    window_end: int | None


class SeriesIds:
    """Ids of series, kept in memory after their first use; a series enters the ledger when first written."""

    def __init__(self) -> None:
        self._ids: dict[int, dict[Key, int]] = {}
        self._lock = threading.Lock()

    def get(self, connection: Connection, model: int, keys: Iterable[Key]) -> dict[Key, int]:
        """Return the id of each series, entering those that are new."""
        with self._lock:
            wanted = list(keys)
            its = self._known(connection, model, wanted)
            for key in wanted:
                if key not in its:
                    row = {
                        "model_id": model,
                        "family": key[0],
                        "labels": json.dumps(key[1], ensure_ascii=False),
                    }
                    its[key] = connection.execute(
                        insert(series).values(row).returning(series.c.id)
                    ).scalar_one()
            return {key: its[key] for key in wanted}

    def find(self, connection: Connection, model: int, keys: Iterable[Key]) -> dict[Key, int]:
        """Return the id of each series that the ledger has; nothing is entered."""
        with self._lock:
            wanted = list(keys)
            its = self._known(connection, model, wanted)
            return {key: its[key] for key in wanted if key in its}

    def keep(self, model: int, key: Key, number: int) -> None:
        """Keep an id that was read with other things; the key is held as it is, so that both share it."""
        with self._lock:
            self._ids.setdefault(model, {}).setdefault(key, number)

    def forget(self) -> None:
        """Read the ids anew at the next use; called when a transaction that may have entered some is undone."""
        with self._lock:
            self._ids.clear()

    def _known(self, connection: Connection, model: int, wanted: list[Key]) -> dict[Key, int]:
        """Return the ids of a model, read from the ledger if one that is wanted is not among them."""
        its = self._ids.setdefault(model, {})
        if any(key not in its for key in wanted):
            of_all = select(series.c.family, series.c.labels, series.c.id)
            rows = connection.execute(of_all.where(series.c.model_id == model)).all()
            keys = stored_keys([(family, labels) for family, labels, _ in rows])
            for key, (_, _, number) in zip(keys, rows, strict=True):
                its.setdefault(key, number)
        return its


def record(
    connection: Connection, ids: SeriesIds, model: int, scope: str, end: int, found: list[Sample], now: float
) -> bool:
    """Store the samples of the window of `scope` that ends at `end`, as a revision computed at `now`.

    A series that an earlier revision of the window had, and this one has not, is stored without a value.
    Returns whether there was an earlier revision.
    """
    numbers = ids.get(connection, model, [one.key for one in found])
    rows: list[dict[str, Any]] = [
        {"series_id": numbers[one.key], "window_end": end, "computed": now, "value": one.value}
        for one in found
    ]
    before = (
        select(series.c.id, series.c.family, series.c.labels)
        .join(samples, samples.c.series_id == series.c.id)
        .where(samples.c.window_end == end, series.c.model_id == model)
        .distinct()
    )
    again = False
    for row in connection.execute(before):
        key = stored_key(row.family, row.labels)
        if row.family in FAMILIES and scope_of(key) == scope:
            again = True
            if key not in numbers:
                rows.append({"series_id": row.id, "window_end": end, "computed": now, "value": None})
    upsert(connection, samples, rows)
    return again


def tell(connection: Connection, ids: SeriesIds, model: int, found: Iterable[Sample], now: float) -> None:
    """Store samples at their own event times, as a revision of `now`; of one time and series the last counts."""
    last = {(one.key, one.window_end): one for one in found}
    numbers, computed = (
        ids.get(connection, model, dict.fromkeys(key for key, _ in last)),
        moment(connection, now),
    )
    rows = [
        {"series_id": numbers[key], "window_end": end, "computed": computed, "value": one.value}
        for (key, end), one in last.items()
    ]
    upsert(connection, samples, rows)


def untell(
    connection: Connection, ids: SeriesIds, model: int, keys: Iterable[Key], end: int, now: float
) -> None:
    """Take back what was told of an event time: a revision without a value."""
    numbers, computed = ids.find(connection, model, keys), moment(connection, now)
    rows = [
        {"series_id": number, "window_end": end, "computed": computed, "value": None}
        for number in numbers.values()
    ]
    upsert(connection, samples, rows)


def show(
    connection: Connection,
    ids: SeriesIds,
    model: int,
    before: Mapping[Key, Shown],
    after: Mapping[Key, Shown],
    now: float,
) -> None:
    """Store what changed on the metrics page at `now`; a series that vanished is stored as withdrawn."""
    changed = {key: shown for key, shown in after.items() if before.get(key) != shown}
    withdrawn = [key for key in before if key not in after]
    numbers = ids.get(connection, model, [*changed, *withdrawn])
    rows = [
        {"series_id": numbers[key], "shown": now, "window_end": shown.window_end, "value": shown.value}
        for key, shown in changed.items()
    ]
    rows += [
        {"series_id": numbers[key], "shown": now, "window_end": None, "value": None} for key in withdrawn
    ]
    upsert(connection, exposures, rows)


def shown_last(connection: Connection, ids: SeriesIds) -> dict[int, dict[Key, Shown]]:
    """Return, by model, what the metrics page showed last: where a restart goes on from; the ids are kept."""
    then = exposures.alias().c
    # A look-up in the key for each series; grouping would read years of exposures.
    last = select(func.max(then.shown)).where(then.series_id == series.c.id).correlate(series)
    query = (
        select(series.c.family, series.c.labels, series.c.id, series.c.model_id)
        .add_columns(exposures.c.value, exposures.c.window_end)
        .select_from(series)
        .join(
            exposures, (exposures.c.series_id == series.c.id) & (exposures.c.shown == last.scalar_subquery())
        )
        .where(exposures.c.value.is_not(None))
    )
    found: dict[int, dict[Key, Shown]] = {}
    for rows in connection.execute(query).partitions(AT_ONCE):
        keys = stored_keys([(family, labels) for family, labels, *_ in rows])
        for key, (_, _, number, model, value, window_end) in zip(keys, rows, strict=True):
            if key[0] in FAMILIES:  # a family of an older release is not shown again
                ids.keep(model, key, number)
                found.setdefault(model, {})[key] = Shown(value, window_end)
    return found


def event_values(
    connection: Connection, ids: SeriesIds, model: int, keys: Iterable[Key], ends: Iterable[int]
) -> dict[tuple[Key, int], float]:
    """Return the newest revision of each series at each of the window ends, where there is one."""
    numbers = ids.find(connection, model, keys)
    by_id = {number: key for key, number in numbers.items()}
    query = (
        select(samples.c.series_id, samples.c.window_end, samples.c.value)
        .where(samples.c.series_id.in_(by_id), samples.c.window_end.in_(list(ends)))
        .order_by(samples.c.computed)
    )
    newest = {(by_id[row.series_id], row.window_end): row.value for row in connection.execute(query)}
    return {place: value for place, value in newest.items() if value is not None}


def latest(connection: Connection) -> float:
    """Return when something was last computed or shown, epoch seconds; 0 for a new ledger."""
    return float(connection.execute(select(moments.c.at).where(moments.c.name == CHANGED)).scalar() or 0.0)


def moment(connection: Connection, now: float) -> float:
    """Return when something is computed or shown that is stored in this transaction, and note it.

    It is `now`, but never before what was stored last, not even if the clock is set back: who has seen a moment
    has seen everything before it.
    """
    at = max(now, latest(connection))
    upsert(connection, moments, [{"name": CHANGED, "at": at}])
    return at
