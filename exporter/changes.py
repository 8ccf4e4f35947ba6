"""What was stored since it was last looked, as Arrow tables of bounded size: of event history, or of what was shown."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, select

from wolfpack.exporter.points import History
from wolfpack.exporter.sample import stored_key
from wolfpack.exporter.schema import expected, exposures, models, samples, series
from wolfpack.spec import FAMILIES, names

ROWS = 200_000
"""Rows of a slice, about: moments are not divided."""
Dataset = Literal["metrics", "anomalies"]
DATASETS: tuple[Dataset, ...] = ("metrics", "anomalies")
LABELS = tuple(
    dict.fromkeys(label for one in FAMILIES.values() for label in one.labels if label not in names.MODEL)
)
"""Labels that any family has beside project and model, in catalogue order."""
_ANOMALIES = [one.name for one in FAMILIES.values() if one.labels == names.ANOMALY]
_INSTANTS = [one.name for one in FAMILIES.values() if one.cls == "event"]
"""Families whose event time is a moment, not the end of a window."""


@dataclass(frozen=True)
class Mark:
    """How far a stream was read: all before a moment, and of the moment itself the rows that the digest is of."""

    at: float = -1.0
    digest: str = ""

    @property
    def name(self) -> str:
        """What files are named by that hold what came after: written again after a crash, they replace themselves."""
        return f"{max(0, round(self.at * 1e6)):017d}-{self.digest[:8] or '0'}"


class Names:
    """The series of a ledger as a table, one row each: what rows of a history are joined with."""

    def __init__(self, connection: Connection) -> None:
        zones = {
            row.model_id: row.panes.split(" ")[-1]
            for row in connection.execute(select(expected))
            if row.panes
        }
        query = select(series, models.c.project, models.c.model).join(
            models, models.c.id == series.c.model_id
        )
        rows = [row for row in connection.execute(query.order_by(series.c.id)) if row.family in FAMILIES]
        self.ids = np.array([row.id for row in rows], dtype=np.int64)
        self.zones = np.array([zones.get(row.model_id, "UTC") for row in rows], dtype=object)
        self.instant = np.array([row.family in _INSTANTS for row in rows], dtype=bool)
        labels = [
            dict(zip(FAMILIES[row.family].labels, stored_key(row.family, row.labels)[1], strict=True))
            for row in rows
        ]
        columns: dict[str, Sequence[str | None]] = {
            "project": [row.project for row in rows],
            "model": [row.model for row in rows],
            "family": [row.family for row in rows],
        }
        columns |= {name: [one.get(name) or None for one in labels] for name in LABELS}
        self.table = pa.table(
            {name: pa.array(its, pa.string()).dictionary_encode() for name, its in columns.items()}
        )

    def places(self, numbers: Sequence[int]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        """Return which of the ids are known, and where."""
        wanted = np.asarray(numbers, dtype=np.int64)
        places = np.searchsorted(self.ids, wanted).clip(max=max(0, len(self.ids) - 1))
        return (self.ids[places] == wanted if len(self.ids) else np.zeros(len(wanted), bool)), places


@dataclass(frozen=True)
class Stream:
    """One of the histories, of metrics or of anomalies.

    A detector's findings are only kept as they were shown; their event history is made of the windows that these
    were shown for.
    """

    history: History
    dataset: Dataset

    @cached_property
    def _of_samples(self) -> bool:
        return self.history == "event" and self.dataset == "metrics"

    @property
    def _stored(self) -> ColumnElement[float]:
        return samples.c.computed if self._of_samples else exposures.c.shown

    @property
    def _where(self) -> ColumnElement[bool]:
        if self._of_samples:
            return samples.c.computed >= 0
        anomalous = series.c.family.in_(_ANOMALIES)
        its = select(series.c.id).where(anomalous if self.dataset == "anomalies" else ~anomalous)
        where = exposures.c.series_id.in_(its)
        return and_(where, exposures.c.window_end.is_not(None)) if self.history == "event" else where

    def slices(
        self, connection: Connection, after: Mark, most: int = ROWS
    ) -> Iterator[tuple[Mark, list[Row[Any]]]]:
        """Yield rows stored since a mark, oldest first, each time with the mark that is reached with them."""
        begin, found = after.at, list[Row[Any]]()
        for end in self._ends(connection, after, most):
            found = connection.execute(self._rows(begin, end)).all()  # type: ignore[assignment]
            if begin == after.at and after.digest and _digest(found, begin) == after.digest:
                found = [row for row in found if row.stored > begin]
            if found:
                yield Mark(end, _digest(found, end)), found
            begin = float(np.nextafter(end, np.inf))

    def _ends(self, connection: Connection, after: Mark, most: int) -> Iterator[float]:
        """Yield moments between which there are about so many rows."""
        at, count, last = self._stored, 0, None
        query = select(at.label("at"), func.count().label("rows")).where(at >= after.at, self._where)
        for row in connection.execute(query.group_by(at).order_by(at)).all():
            if last is not None and count + row.rows > most:
                yield last
                count = 0
            count, last = count + row.rows, row.at
        if last is not None:
            yield last

    def _rows(self, begin: float, end: float) -> Select[Any]:
        table, at = (samples if self._of_samples else exposures), self._stored
        query = select(table.c.series_id, table.c.window_end, table.c.value, at.label("stored"))
        return query.where(at >= begin, at <= end, self._where).order_by(
            at, table.c.series_id, table.c.window_end
        )

    def table(self, rows: Sequence[Row[Any]], its: Names) -> pa.Table:
        """Return rows with their labels, event history by the windows' ends and the other by when it was shown.

        The columns `project`, `model` and `day` say where they belong: the day on which the window ends, in the zone of
        the model's days; of what was shown the day in UTC. Families that this release does not have are left out.
        """
        numbers, ends, values, stored = zip(*rows, strict=True)
        known, places = its.places(numbers)
        found = its.table.take(pa.array(places[known])).combine_chunks()
        window, at = _times(ends, known), _times(stored, known)
        value = pa.array(values, pa.float64()).filter(pa.array(known))
        if self.history == "exposed":
            added = {"time": at, "window_end": window, "value": value, "day": _days(at, ["UTC"] * len(at))}
        else:
            last = pc.subtract(
                window, pa.array(np.where(its.instant[places[known]], 0, 1_000_000), pa.duration("us"))
            )
            added = {
                "time": window,
                "computed": at,
                "value": value,
                "day": _days(last, its.zones[places[known]]),
            }
        for name, column in added.items():
            found = found.append_column(name, column)
        return found


def _times(seconds: Sequence[float | None], known: np.ndarray[Any, Any]) -> pa.Array:
    whole = [None if one is None else round(one * 1e6) for one in seconds]
    return pa.array(whole, pa.timestamp("us", tz="UTC")).filter(pa.array(known))


def _days(times: pa.Array, zones: Sequence[str]) -> pa.Array:
    """Return the local days of times, as text."""
    found = np.empty(len(times), dtype=object)
    of = np.asarray(zones, dtype=object)
    for zone in set(zones):
        mine = of == zone
        local = pc.local_timestamp(times.filter(pa.array(mine)).cast(pa.timestamp("us", tz=zone)))
        found[mine] = pc.strftime(local, format="%Y-%m-%d").to_pylist()
    return pa.array(found, pa.string())


def _digest(rows: Sequence[Row[Any]], at: float) -> str:
    """Return a hash of the rows of one moment."""
    its = sorted((row.series_id, row.window_end or 0, str(row.value)) for row in rows if row.stored == at)
    return hashlib.sha256(repr(its).encode()).hexdigest()[:16]
