"""From rows that a source read to what the ledger takes: parts by version, pane and role, and keys to join."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from sqlalchemy import Connection

from wolfpack.exporter import outcomes, sources_positions, store
from wolfpack.exporter.clock import utc
from wolfpack.exporter.history import SeriesIds
from wolfpack.exporter.joining import keep_predictions, read_predictions
from wolfpack.exporter.keys import key_hashes
from wolfpack.exporter.outcomes import Labels, Predictions
from wolfpack.exporter.registry import Known
from wolfpack.exporter.scalars import Scalar
from wolfpack.exporter.standing import tell_scalars
from wolfpack.spec import Plan
from wolfpack.spec.outcome import Prediction
from wolfpack.stats import Profile, bare_plan, merge_all, profile
from wolfpack.stats.cuts import cut_panes

AHEAD = timedelta(minutes=5)
"""How far a row's pane may lie ahead of this clock: other machines' clocks differ."""
Place = tuple[str, str, int]
"""Version, role and the pane's start (epoch seconds) of a part."""
Pane = tuple[int, NDArray[np.int64]]
"""Start of a pane, epoch seconds, and the places of its rows in a table."""


@dataclass(frozen=True)
class Terms:
    """On what terms rows are taken now.

    Parameters
    ----------
    plan : what they are profiled with; None: by kind only.
    now : epoch seconds.
    kept : how long ago a pane may have ended.
    """

    known: Known
    plan: Plan | None
    now: float
    kept: timedelta


@dataclass(frozen=True)
class Rows:
    """Rows of one version.

    Parameters
    ----------
    panes : start of each pane that is taken, and the places of its rows.
    roles : the columns of each role, in tables of the same rows; segment columns are in all of them.
    keys : of predictions that wait for labels, one a row; None where a row has none. Empty: none are to be joined.
    """

    version: str
    panes: list[Pane]
    roles: Mapping[str, pa.Table]
    keys: Sequence[Any] = ()


@dataclass
class Delivery:
    """What is committed together.

    Parameters
    ----------
    part : the name that all its parts have.
    states : positions of the source once this is committed.
    """

    part: str
    states: dict[str, str] = field(default_factory=dict)
    profiles: dict[Place, Profile] = field(default_factory=dict)
    predictions: list[tuple[str, Predictions]] = field(default_factory=list)
    labels: list[Labels] = field(default_factory=list)
    scalars: dict[str, list[Scalar]] = field(default_factory=dict)
    rows: int = 0
    refused: int = 0

    @property
    def joined(self) -> int:
        """How many keys it has."""
        return sum(map(len, self.labels)) + sum(len(rows) for _, rows in self.predictions)

    def take_joined(self) -> Delivery:
        """Move the keys to a delivery of their own."""
        moved = Delivery("", predictions=self.predictions, labels=self.labels)
        self.predictions, self.labels = [], []
        return moved

    def write(self, connection: Connection, ids: SeriesIds, known: Known, source: str, now: float) -> None:
        """Store everything, and the positions with it."""
        for (version, role, start), found in self.profiles.items():
            values = {
                "version": version,
                "role": role,
                "start": start,
                "part": self.part,
                "job": source,
                "received": now,
                "plan_id": found.plan.id,
                "rows": found.rows,
                "data": found.to_bytes(),
            }
            store.add_part(connection, known.id, values)
        for version, rows in self.predictions:
            keep_predictions(connection, known, version, rows)
        for labels in self.labels:
            outcomes.add_labels(connection, known.id, labels, now)
        for version, told in self.scalars.items():
            tell_scalars(connection, ids, known, version, told, now)
        sources_positions.save(connection, known.id, source, self.states, now)


def cut(name: str, times: pa.ChunkedArray, terms: Terms) -> list[Pane]:
    """Return the panes that are taken, and the places of their rows.

    Raises
    ------
    TableError
        If a row has no time.
    """
    starts, pane = cut_panes(name, times, terms.known.spec.calendar)
    return [
        (start, np.flatnonzero(pane == number)) for number, start in enumerate(starts) if taken(start, terms)
    ]


def taken(start: int, terms: Terms) -> bool:
    """Tell whether a pane is neither too long ago nor in the future."""
    begun = start <= terms.now + AHEAD.total_seconds()
    return begun and utc(terms.now) - terms.known.spec.calendar.end(utc(start)) <= terms.kept


def add_rows(delivery: Delivery, rows: Rows, terms: Terms) -> None:
    """Add the profiles of rows, pane by pane, and what is to be joined, to a delivery.

    Raises
    ------
    TableError
        If they cannot be profiled.
    """
    for start, places in rows.panes:
        delivery.rows += len(places)
        for role, table in rows.roles.items():
            if table.num_columns:
                its = table if len(places) == table.num_rows else table.take(pa.array(places))
                found = profile(its, plan=terms.plan or bare_plan(its.schema))
                place = (rows.version, role, start)
                before = delivery.profiles.get(place)
                delivery.profiles[place] = found if before is None else merge_all([before, found])
        if len(rows.keys):
            delivery.predictions += _predictions(rows, start, places, terms)


def _predictions(
    rows: Rows, start: int, places: NDArray[np.int64], terms: Terms
) -> list[tuple[str, Predictions]]:
    """Return what waits for labels: rows with a key, if the model's prediction is among the columns."""
    spec, table = terms.known.spec, rows.roles.get("prediction")
    if spec.prediction is None or table is None or not set(spec.prediction.columns) <= set(table.column_names):
        return []
    keyed = np.array([place for place in places.tolist() if rows.keys[place] is not None], np.int64)
    keys = key_hashes([rows.keys[place] for place in keyed.tolist()])
    its = _finite(table.take(pa.array(keyed)), spec.prediction)
    return [(rows.version, read_predictions(spec, terms.plan, its, keys, np.full(len(keys), start)))]


def _finite(table: pa.Table, prediction: Prediction) -> pa.Table:
    """Return a table whose numbers that the model put out are finite; what is none, or is not finite, is missing."""
    for name in prediction.columns if prediction.task != "multiclass" else prediction.chances.values():
        place = table.column_names.index(name)
        table = table.set_column(place, name, pa.array(numbers(table[name]), pa.float64()))
    return table


def numbers(values: pa.ChunkedArray) -> list[float | None]:
    """Return values as numbers; what is none, or not finite, is missing."""
    try:
        found = pc.cast(values, pa.float64()).to_pylist()
    except pa.ArrowException:
        return [None] * len(values)
    return [value if value is not None and np.isfinite(value) else None for value in found]
