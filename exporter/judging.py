"""Counting a pane: its predictions joined with their labels become counts that merge, and are kept by themselves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
from sqlalchemy import Connection, delete, select

from wolfpack.exporter.baseline import Baseline
from wolfpack.exporter.outcomes import read_words
from wolfpack.exporter.registry import Known
from wolfpack.exporter.schema import judged, labels, predictions
from wolfpack.exporter.upserting import upsert
from wolfpack.spec import Spec
from wolfpack.stats import Judging, QualityCounts
from wolfpack.stats.quality_counts import ALL, region_edges

JOINED, SENT = "joined", "sent"


def judging_of(spec: Spec, baseline: Baseline | None) -> Judging:
    """Return how rows of a model are judged: what its spec says, and the edges of the reference's plan."""
    its = spec.prediction
    if its is None:
        return Judging()
    edges = region_edges(its.task, baseline.plan, its.column) if baseline else ()
    return Judging(its.task, its.threshold, tuple(its.chances), edges, its.k)


def counted(judging: Judging) -> str:
    """Return how counts that were judged so name it."""
    return QualityCounts(judging.task, {ALL: judging.empty()}).counted


def count_pane(connection: Connection, known: Known, judging: Judging, start: int, now: float) -> None:
    """Join the predictions of a pane with the labels that are there, and keep their counts by version.

    A pane whose predictions have expired keeps the counts that it has.
    """
    found = list(_judge(connection, known, judging, start))
    if not found:
        return
    c = judged.c
    where = (c.model_id == known.id, c.start == start, c.origin == JOINED)
    connection.execute(delete(judged).where(*where))
    for version, counts in found:
        add_counts(connection, known, start, version, JOINED, "", counts, now)


def add_counts(
    connection: Connection, known: Known, start: int, version: str, origin: str, part: str,
    counts: QualityCounts, now: float,
) -> bool:  # fmt: skip
    """Keep the counts of a pane, replacing those of the same origin and part; return whether there were any."""
    key = {"model_id": known.id, "start": start, "version": version, "origin": origin, "part": part}
    where = [judged.c[name] == value for name, value in key.items()]
    before = connection.execute(select(judged.c.start).where(*where)).first() is not None
    values = {
        "received": now,
        "predictions": counts.whole.predictions,
        "labelled": counts.whole.labelled,
        "counted": counts.counted,
        "data": counts.to_bytes(),
    }
    upsert(connection, judged, [key | values])
    return before


def _judge(
    connection: Connection, known: Known, judging: Judging, start: int
) -> Iterator[tuple[str, QualityCounts]]:
    words = {number: word for word, number in read_words(connection, known.id).items()}
    p, y = predictions.c, labels.c
    pane = (p.model_id == known.id, p.start == start)
    versions = connection.execute(select(p.version).where(*pane).distinct().order_by(p.version)).scalars().all()
    for version in versions:
        query = (
            select(p.value, y.label, p.segments, p.list, p.chances)
            .select_from(predictions)
            .outerjoin(labels, (y.model_id == p.model_id) & (y.key == p.key))
            .where(*pane, p.version == version)
        )
        rows = list(connection.execute(query).cursor.fetchall())  # plain tuples, a million of them
        yield version, _count(judging, _columns(judging, rows, words))


def _columns(judging: Judging, rows: list[Any], words: dict[int, str]) -> dict[str, Any]:
    values, truth, cells, lists, chances = zip(*rows, strict=True)
    found: dict[str, Any] = {
        "predictions": np.array(values, np.float64),
        "labels": np.array(truth, np.float64),
    }
    if judging.task == "multiclass":
        for name, numbers in found.items():
            known = np.where(np.isnan(numbers), -1, numbers).astype(np.int64)
            found[name] = np.array([words.get(one) for one in known.tolist()], object)
    if judging.task == "ranking":
        found["lists"] = np.array([0 if one is None else one for one in lists], np.int64)
    if judging.classes:
        k = len(judging.classes)
        given = [one if one is not None and len(one) == 8 * k else np.full(k, np.nan).tobytes() for one in chances]
        found["chances"] = np.frombuffer(b"".join(given)).reshape(-1, k)
    cell = np.array(cells, np.int64)
    of = {number: json.loads(words[number]) for number in np.unique(cell).tolist()}
    found["segments"] = {
        name: np.array([of[one].get(name) if one in of else None for one in range(max(of) + 1)], object)[cell]
        for name in sorted({name for values in of.values() for name in values})
    }
    return found


def _count(judging: Judging, columns: dict[str, Any]) -> QualityCounts:
    values, truth = columns.pop("predictions"), columns.pop("labels")
    return QualityCounts.of(judging, values, truth, **columns)
