"""Predictions and labels by key: kept until they are joined, in whatever order and how often they come."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, select

from wolfpack.exporter import store
from wolfpack.exporter.ledger import upsert
from wolfpack.exporter.schema import labels, marks, predictions

CHUNK = 500
"""Keys asked for in one query; SQLite's older releases take 999 variables."""


@dataclass(frozen=True)
class Prediction:
    """One prediction: its key, the start of its pane, its score, and its values of the segment columns."""

    key: str
    start: int
    score: float | None
    segments: Mapping[str, str]


def add_predictions(
    connection: Connection,
    model: int,
    version: str,
    rows: Sequence[Prediction],
    counted: Callable[[int], bool],
) -> set[int]:
    """Keep predictions, replacing those of the same version and key; return the panes already labelled.

    `counted` tells of the start of a pane whether the version is one of the live ones there: a shadow's
    predictions are not the ones that are waited for.
    """
    texts = {
        values: json.dumps(dict(values), sort_keys=True, ensure_ascii=False)
        for values in {tuple(row.segments.items()) for row in rows}
    }
    upsert(
        connection,
        predictions,
        [
            {
                "model_id": model,
                "version": version,
                "key": row.key,
                "start": row.start,
                "score": row.score,
                "segments": texts[tuple(row.segments.items())],
            }
            for row in rows
        ],
    )
    touched = {row.key: row.start for row in rows}
    _mark(connection, model, "prediction", {start for start in set(touched.values()) if counted(start)})
    known = labels.c
    found: set[int] = set()
    for keys in _chunks(list(touched)):
        query = select(known.key).where(known.model_id == model, known.key.in_(keys))
        found |= {touched[key] for key in connection.execute(query).scalars()}
    _joined(connection, model, found)
    return found


def add_labels(connection: Connection, model: int, rows: Mapping[str, float], now: float) -> set[int]:
    """Keep labels by key, a later one replacing an earlier one; return the panes of their predictions."""
    upsert(
        connection,
        labels,
        [{"model_id": model, "key": key, "label": label, "received": now} for key, label in rows.items()],
    )
    p = predictions.c
    found: set[int] = set()
    for keys in _chunks(list(rows)):
        query = select(p.start).where(p.model_id == model, p.key.in_(keys)).distinct()
        found |= set(connection.execute(query).scalars())
    _joined(connection, model, found)
    return found


def marked_panes(connection: Connection, model: int, kind: str, first: int) -> set[int]:
    """Return the starts of the panes from `first` on with predictions by key, or with joined labels."""
    query = select(marks.c.start).where(
        marks.c.model_id == model, marks.c.kind == kind, marks.c.start >= first
    )
    return set(connection.execute(query).scalars())


def expire(connection: Connection, model: int, before: float) -> None:
    """Forget the predictions of panes, and the labels received, before a time (epoch seconds)."""
    connection.execute(
        delete(predictions).where(predictions.c.model_id == model, predictions.c.start < before)
    )
    connection.execute(delete(labels).where(labels.c.model_id == model, labels.c.received < before))


def _mark(connection: Connection, model: int, kind: str, starts: set[int]) -> None:
    upsert(connection, marks, [{"model_id": model, "kind": kind, "start": start} for start in sorted(starts)])


def _joined(connection: Connection, model: int, starts: set[int]) -> None:
    _mark(connection, model, "label", starts)
    store.mark_pending(connection, model, "label", starts)


def _chunks(keys: list[str]) -> list[list[str]]:
    return [keys[i : i + CHUNK] for i in range(0, len(keys), CHUNK)]
