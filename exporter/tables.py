"""Rows that come as bytes: Arrow, Parquet, NDJSON or CSV, told apart by their content type."""

from __future__ import annotations

import io
from collections.abc import Callable

import pyarrow as pa
import pyarrow.csv
import pyarrow.ipc
import pyarrow.json
import pyarrow.parquet

from wolfpack.client.ndjson import check_lines
from wolfpack.exporter.problems import Problem

READERS: dict[str, Callable[[bytes], pa.Table]] = {
    "application/vnd.apache.arrow.stream": lambda body: pa.ipc.open_stream(body).read_all(),
    "application/vnd.apache.parquet": lambda body: pa.parquet.read_table(io.BytesIO(body)),
    "application/x-ndjson": lambda body: _read_lines(body),
    "text/csv": lambda body: pa.csv.read_csv(io.BytesIO(body)),
}


def read_table(body: bytes, content_type: str | None) -> pa.Table:
    """Read a request's rows, or raise a Problem (415 or 400) that says what can be read."""
    kind = (content_type or "").split(";")[0].strip().lower()
    if kind not in READERS:
        raise Problem(
            415,
            "Unknown content type",
            f"{kind or 'no type'!r}; allowed are {', '.join(READERS)}",
            "Content-Type",
        )
    try:
        table = READERS[kind](body)
        table.validate(full=True)  # Arrow reads by offsets of the body, and wrong ones end the process
        return table
    except (pa.ArrowException, OSError, ValueError) as error:
        raise Problem(400, "Unreadable rows", f"the body is no {kind}: {str(error)[:300]}", "body") from error


def _read_lines(body: bytes) -> pa.Table:
    check_lines(body)
    return pa.json.read_json(io.BytesIO(body))


def column(table: pa.Table, name: str, what: str) -> pa.ChunkedArray:
    """Return a column, or raise a Problem (422) that lists those there are."""
    if name not in table.column_names:
        raise Problem(
            422,
            "Missing column",
            f"{what} column {name!r} is not in the rows; they have "
            f"{', '.join(map(repr, table.column_names))}",
            "body",
        )
    return table.column(name)
