"""Predictions and labels by key: kept until they are joined, in whatever order and how often they come."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Column, ColumnElement, Connection, bindparam, delete, func, select, tuple_, update
from sqlalchemy.dialects.postgresql import ARRAY

from wolfpack.exporter import store
from wolfpack.exporter.schema import labels, marks, predictions, words
from wolfpack.exporter.upserting import upsert

CHUNK = 50_000
"""Keys asked for in one query."""
ESTIMATE = "estimate"
"""Role under which panes wait for what is told of predictions before their labels come."""
Whole = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Predictions:
    """Predictions of one version by key; arrays of one length n.

    Parameters
    ----------
    keys : hashes of the keys.
    starts : of each row's pane, epoch seconds.
    values : scores or numbers, NaN where there is none; of classes the place in `words`.
    segments : place in `cells` of each row's values of the segment columns.
    words, cells : names of classes; values by segment column, as JSON with sorted keys.
    lists : hash of the list that each row is of; None: there are none.
    chances : shape (n, k); None: there are none.
    """

    keys: Whole
    starts: Whole
    values: Floats
    segments: Whole
    cells: tuple[str, ...]
    words: tuple[str, ...] = ()
    lists: Whole | None = None
    chances: Floats | None = None

    def __len__(self) -> int:
        return len(self.keys)


@dataclass(frozen=True, eq=False)
class Labels:
    """Labels by key; `values` are numbers, of classes the place in `words`. Rows without a label are not among them."""

    keys: Whole
    values: Floats
    words: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.keys)


def add_predictions(
    connection: Connection, model: int, version: str, rows: Predictions, counted: Callable[[int], bool]
) -> None:
    """Keep predictions, replacing those of the same version and key.

    `counted` tells of the start of a pane whether the version is one of the live ones there: a shadow's
    predictions are not the ones that are waited for.
    """
    touched = _take_back(connection, model, version, rows)
    upsert(connection, predictions, _stored(connection, model, version, rows))
    starts = set(np.unique(rows.starts).tolist())
    joined = _label(connection, model, rows)
    mark(connection, model, "prediction", {start for start in starts if counted(start)})
    store.mark_pending(connection, model, ESTIMATE, starts | touched)
    mark_labelled(connection, model, joined | touched)


def add_labels(connection: Connection, model: int, rows: Labels, now: float) -> set[int]:
    """Keep labels by key, a later one replacing an earlier one; return the panes of their predictions."""
    known, p = _word_ids(connection, model, rows.words), predictions.c
    values = rows.values if not rows.words else known[rows.values.astype(np.int64)].astype(np.float64)
    matched: set[int] = set()
    starts: set[int] = set()
    for some in _chunks(rows.keys):
        query = select(p.key, p.start).where(p.model_id == model, among(connection, p.key, some))
        for key, start in connection.execute(query):
            matched.add(key)
            starts.add(start)
    order = np.argsort(rows.keys)
    upsert(
        connection,
        labels,
        [
            {"model_id": model, "key": key, "label": value, "received": now, "matched": key in matched}
            for key, value in zip(rows.keys[order].tolist(), values[order].tolist(), strict=True)
        ],
    )
    mark_labelled(connection, model, starts)
    return starts


def mark_labelled(connection: Connection, model: int, starts: set[int]) -> None:
    """Say that labels came for predictions of these panes."""
    mark(connection, model, "label", starts)
    store.mark_pending(connection, model, "label", starts)


def mark_counted(connection: Connection, model: int, start: int) -> None:
    """Say that a pane has predictions with labels which were joined elsewhere."""
    mark(connection, model, "prediction", {start})
    store.mark_pending(connection, model, ESTIMATE, {start})
    mark_labelled(connection, model, {start})


def marked_panes(connection: Connection, model: int, kind: str, first: int) -> set[int]:
    """Return the starts of the panes from `first` on with predictions by key, or with joined labels."""
    query = select(marks.c.start).where(
        marks.c.model_id == model, marks.c.kind == kind, marks.c.start >= first
    )
    return set(connection.execute(query).scalars())


def unmatched(connection: Connection, model: int) -> int:
    """Return how many labels are kept that no prediction has come for."""
    where = (labels.c.model_id == model, labels.c.matched.is_(False))
    return int(connection.execute(select(func.count()).select_from(labels).where(*where)).scalar_one())


def among(connection: Connection, column: Column[Any], keys: Sequence[int]) -> ColumnElement[bool]:
    """Return the condition that a column holds one of many numbers, as each database takes them in one parameter."""
    if connection.dialect.name == "sqlite":
        given = func.json_each(json.dumps(list(keys))).table_valued("value")
        return column.in_(select(given.c.value))
    return column == func.any(bindparam(None, list(keys), type_=ARRAY(column.type)))


def _take_back(connection: Connection, model: int, version: str, rows: Predictions) -> set[int]:
    """Delete what is there of these keys in other panes than the rows are of; return these panes."""
    p, gone = predictions.c, set()
    now = dict(zip(rows.keys.tolist(), rows.starts.tolist(), strict=True))
    moved = []
    for some in _chunks(rows.keys):
        query = select(p.key, p.start).where(
            p.model_id == model, among(connection, p.key, some), p.version == version
        )
        moved += [(key, start) for key, start in connection.execute(query) if now[key] != start]
    for at in range(0, len(moved), 500):
        where = tuple_(p.key, p.start).in_(moved[at : at + 500])
        connection.execute(delete(predictions).where(p.model_id == model, p.version == version, where))
        gone |= {start for _, start in moved[at : at + 500]}
    return gone


def _stored(connection: Connection, model: int, version: str, rows: Predictions) -> list[dict[str, Any]]:
    """Return rows as the ledger keeps them, in the order in which it does; of a key that comes twice the last."""
    cells = _word_ids(connection, model, rows.cells)
    named = _word_ids(connection, model, rows.words)
    last = len(rows) - 1 - np.unique(rows.keys[::-1], return_index=True)[1]
    last = last[np.lexsort((rows.keys[last], rows.starts[last]))]
    values = rows.values[last]
    if rows.words:
        values = np.where(np.isnan(values), np.nan, named[np.nan_to_num(values).astype(np.int64)])
    lists = rows.lists[last].tolist() if rows.lists is not None else [None] * len(last)
    chances = [one.tobytes() for one in rows.chances[last]] if rows.chances is not None else [None] * len(last)
    columns = zip(
        rows.starts[last].tolist(), rows.keys[last].tolist(), values.tolist(),
        cells[rows.segments[last]].tolist(), lists, chances, strict=True,
    )  # fmt: skip
    return [
        {
            "model_id": model, "start": start, "version": version, "key": key,
            "value": value if value == value else None, "segments": cell, "list": list_, "chances": chance,
        }
        for start, key, value, cell, list_, chance in columns
    ]  # fmt: skip


def _label(connection: Connection, model: int, rows: Predictions) -> set[int]:
    """Note that labels which came before these predictions have one now; return the panes of these."""
    c, joined = labels.c, set()
    at = dict(zip(rows.keys.tolist(), rows.starts.tolist(), strict=True))
    for some in _chunks(rows.keys):
        where = (c.model_id == model, among(connection, c.key, some))
        found = list(connection.execute(select(c.key).where(*where)).scalars())
        joined |= {at[key] for key in found}
        if found:
            connection.execute(update(labels).where(*where, c.matched.is_(False)).values(matched=True))
    return joined


def _word_ids(connection: Connection, model: int, texts: Iterable[str]) -> Whole:
    """Return the number of each text within a model; a new one is entered."""
    wanted = list(texts)
    if not wanted:
        return np.empty(0, np.int64)
    c = words.c
    known = read_words(connection, model, wanted)
    new = sorted(set(wanted) - known.keys())
    if new:
        first = int(connection.execute(select(func.max(c.id)).where(c.model_id == model)).scalar() or 0) + 1
        rows = [{"model_id": model, "id": first + at, "word": word} for at, word in enumerate(new)]
        connection.execute(words.insert(), rows)
        known |= {word: first + at for at, word in enumerate(new)}
    return np.array([known[word] for word in wanted], np.int64)


def read_words(connection: Connection, model: int, wanted: Sequence[str] | None = None) -> dict[str, int]:
    """Return the numbers of texts of a model that it has, of all without a choice."""
    c = words.c
    found: dict[str, int] = {}
    query = select(c.word, c.id).where(c.model_id == model)
    for at in range(0, len(wanted) if wanted is not None else 1, 500):
        some = query if wanted is None else query.where(c.word.in_(wanted[at : at + 500]))
        found |= {row.word: row.id for row in connection.execute(some)}
    return found


def mark(connection: Connection, model: int, kind: str, starts: set[int]) -> None:
    """Note that panes have something of a kind."""
    upsert(connection, marks, [{"model_id": model, "kind": kind, "start": start} for start in sorted(starts)])


def _chunks(keys: Whole) -> Iterator[list[int]]:
    ordered = np.sort(keys).tolist()
    for at in range(0, len(ordered), CHUNK):
        yield ordered[at : at + CHUNK]
