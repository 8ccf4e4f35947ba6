"""A ledger's histories for long-term stores and search: what is new since the last run, written once in effect.

How far an export has come is a file beside what it wrote, replaced when a slice is written. What is written after a
mark is named by it: a run that was killed is done again by the next one, which replaces its files.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any, Literal
from urllib.parse import quote

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from wolfpack.exporter.changes import DATASETS, ROWS, Mark, Names, Stream
from wolfpack.exporter.export_folder import ExportFolder
from wolfpack.exporter.ledger import Ledger
from wolfpack.exporter.points import History
from wolfpack.spec import WolfpackError

Form = Literal["parquet", "bulk"]
BULK = 10_000_000
"""Bytes of a bulk file, about: what Elasticsearch recommends for a request is 5 to 15 MB."""
_PLACE = ("project", "model", "day")


def export(
    ledger: Ledger,
    where: ExportFolder,
    history: History,
    form: Form,
    index: str = "wolfpack",
    most: int = ROWS,
) -> Counter[str]:
    """Write what the ledger stored since the last export there, and return the rows written by dataset.

    Parameters
    ----------
    form : Parquet in folders of project, model and day; or lines for Elasticsearch's bulk API.
    index : what the names of Elasticsearch's indexes begin with.
    most : rows of a slice, about, after which it is noted how far the export has come.

    Raises
    ------
    WolfpackError
        If the folder cannot be used, or what is noted there is of another ledger.
    """
    state, written = f"{history}/_{form}.json", Counter[str]()
    with ledger.read() as connection:
        its, marks = Names(connection), _marks(where, state)
        for dataset in DATASETS:
            stream, mark = Stream(history, dataset), marks.get(dataset, Mark())
            for reached, rows in stream.slices(connection, mark, most):
                table = stream.table(rows, its)
                files = (
                    _parquet(table, mark)
                    if form == "parquet"
                    else _bulk(table, mark, f"{index}-{history}-{dataset}")
                )
                for name, data in files:
                    where.write(f"{history}/{dataset if form == 'parquet' else 'bulk'}/{name}", data)
                mark = marks[dataset] = reached
                where.write(state, json.dumps({one: asdict(its) for one, its in marks.items()}).encode())
                written[dataset] += table.num_rows
    return written


def _marks(where: ExportFolder, state: str) -> dict[str, Mark]:
    found = where.read(state)
    try:
        return {} if found is None else {name: Mark(**mark) for name, mark in json.loads(found).items()}
    except (ValueError, TypeError, AttributeError) as error:
        raise WolfpackError(
            f"{where.where}: {state} is not what an export writes ({error}); restore it, or export to another folder"
        ) from error


def _parquet(table: pa.Table, mark: Mark) -> Iterator[tuple[str, bytes]]:
    """Yield a file for each project, model and day."""
    places = table.select(_PLACE).group_by(_PLACE, use_threads=False).aggregate([]).to_pylist()
    for place in sorted(places, key=lambda one: tuple(one.values())):
        mine = pc.and_kleene(
            pc.equal(table["day"], place["day"]),
            pc.and_kleene(
                pc.equal(table["project"], place["project"]), pc.equal(table["model"], place["model"])
            ),
        )
        sink = pa.BufferOutputStream()
        pq.write_table(table.filter(mine).drop_columns(list(_PLACE)), sink, compression="zstd")
        folder = "/".join(f"{name}={quote(place[name], safe='')}" for name in _PLACE)
        yield f"{folder}/{mark.name}.parquet", sink.getvalue().to_pybytes()


def _bulk(table: pa.Table, mark: Mark, index: str) -> Iterator[tuple[str, bytes]]:
    """Yield files of actions; a revision replaces the one before, a value that was taken back is deleted."""
    lines, size, number = list[bytes](), 0, 0
    for row in table.drop_columns(["day"]).to_pylist():
        lines.append(_action(row, index))
        size += len(lines[-1])
        if size > BULK:
            yield f"{index}-{mark.name}-{number:05d}.ndjson", b"".join(lines)
            lines, size, number = [], 0, number + 1
    if lines:
        yield f"{index}-{mark.name}-{number:05d}.ndjson", b"".join(lines)


def _action(row: Mapping[str, Any], index: str) -> bytes:
    told = {
        name: value.isoformat() if hasattr(value, "isoformat") else value
        for name, value in row.items()
        if value is not None
    }
    what = [told.get(name) for name in row if name not in ("computed", "value", "window_end")]
    target = {"_index": index, "_id": hashlib.sha256(json.dumps(what).encode()).hexdigest()[:32]}
    if "computed" in row and "value" not in told:
        return json.dumps({"delete": target}).encode() + b"\n"
    document = {"@timestamp": told["time"], **told}
    return (
        b"\n".join(json.dumps(one, ensure_ascii=False).encode() for one in ({"index": target}, document))
        + b"\n"
    )
