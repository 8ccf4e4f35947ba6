"""Rows that come as bytes: Arrow, Parquet, NDJSON or CSV by their content type; bounded before they are read."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator

import pyarrow as pa
import pyarrow.csv
import pyarrow.ipc
import pyarrow.json
import pyarrow.parquet

from wolfpack.client.ndjson import check_lines
from wolfpack.exporter.json_keys import distinct_keys
from wolfpack.exporter.parquet_pages import DELTA_BYTE_ARRAY, Page, pages
from wolfpack.exporter.problems import Problem
from wolfpack.exporter.table_bounds import MOST_BYTES, MOST_COLUMNS, check_shape, check_table, too_large
from wolfpack.stats.ipc_extent import extent

MOST_FOOTER = 1 << 23
"""Bytes of one text in the footer of a Parquet file; pandas' own of 10,000 columns has 2 MB."""
MOST_PAGES = 100_000
"""Pages of a Parquet file, and pieces of its columns."""
_WIDTH = {"BOOLEAN": 1, "INT32": 4, "INT64": 8, "INT96": 12, "FLOAT": 4, "DOUBLE": 8, "BYTE_ARRAY": 8}
"""Bytes of a value in memory, by its type in Parquet; of texts, of which a dictionary is kept, the index."""


def read_table(body: bytes, content_type: str | None) -> pa.Table:
    """Read a request's rows, or raise a Problem (415, 413, 422 or 400) that says what can be read."""
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
        check_table(table)
        return table
    except (pa.ArrowException, OSError, ValueError) as error:
        raise Problem(400, "Unreadable rows", f"the body is no {kind}: {str(error)[:300]}", "body") from error


def _read_stream(body: bytes) -> pa.Table:
    found = extent(body)
    if found.size > MOST_BYTES:
        raise too_large(f"{found.size:,} bytes when they are unpacked", MOST_BYTES)
    with pa.ipc.open_stream(body) as reader:
        check_shape(found.rows, len(reader.schema))
        return reader.read_all()


def _read_parquet(body: bytes) -> pa.Table:
    file = _opened(body, [])
    there, columns = file.metadata, len(file.schema.names)
    check_shape(there.num_rows, columns)
    if columns * there.num_row_groups > MOST_PAGES:
        raise too_large(f"{columns * there.num_row_groups:,} pieces of columns", MOST_PAGES)
    texts, size, values, number = [], 0, 0, 0
    for place in range(columns):
        column, longest, count = file.schema.column(place), 0, 0
        width = _WIDTH.get(column.physical_type, column.length)
        for page in _pages_of(body, there, place):
            longest, count = max(longest, 0 if page.values else page.size), count + page.values
            size, number = size + page.size + width * page.values, number + 1
            if size > MOST_BYTES:
                raise too_large(f"over {MOST_BYTES:,} bytes when they are unpacked", MOST_BYTES)
            if number > MOST_PAGES:
                raise too_large(f"over {MOST_PAGES:,} pages", MOST_PAGES)
            if page.encoding == DELTA_BYTE_ARRAY:
                detail = (
                    f"column {column.path[:128]!r} is in the encoding DELTA_BYTE_ARRAY; write it in another"
                )
                raise Problem(422, "Unknown encoding", detail, "body")
        values += count
        if column.physical_type == "BYTE_ARRAY" and longest * count > MOST_BYTES:
            texts.append(column.path)
    check_shape(values, 1)
    if (
        texts
    ):  # a text of a dictionary may be repeated any number of times: it is looked at before that is done
        check_table(_opened(body, texts).read())
    return file.read()


def _pages_of(body: bytes, there: pa.parquet.FileMetaData, place: int) -> Iterator[Page]:
    for group in range(there.num_row_groups):
        yield from pages(body, *_range(there.row_group(group).column(place)))


def _opened(body: bytes, texts: list[str]) -> pa.parquet.ParquetFile:
    return pa.parquet.ParquetFile(
        pa.BufferReader(body),
        read_dictionary=texts,
        thrift_string_size_limit=MOST_FOOTER,
        thrift_container_size_limit=3 * MOST_COLUMNS,
    )


def _range(column: pa.parquet.ColumnChunkMetaData) -> tuple[int, int]:
    """Return where the pages of a column begin and end, as Arrow finds them."""
    begin, dictionary = column.data_page_offset, column.dictionary_page_offset
    if dictionary is not None and 0 < dictionary < begin:
        begin = dictionary
    return begin, begin + column.total_compressed_size


def _read_lines(body: bytes) -> pa.Table:
    check_lines(body)
    _check_keys(body)
    return pa.json.read_json(io.BytesIO(body))


def _check_keys(body: bytes) -> None:
    """Refuse lines that would have too many cells: one that lacks a key of another line has a cell for it."""
    rows = body.count(b"\n") + 1
    if rows * body.count(b":") > MOST_COLUMNS:
        for columns in distinct_keys(body):
            check_shape(rows, columns)


def _read_csv(body: bytes) -> pa.Table:
    head = re.match(rb"[\r\n]*([^\r\n]*)", body)
    columns = head[1].count(b",") + 1 if head else 1
    check_shape(body.rstrip().count(b"\n"), columns)
    return pa.csv.read_csv(io.BytesIO(body))


READERS: dict[str, Callable[[bytes], pa.Table]] = {
    "application/vnd.apache.arrow.stream": _read_stream,
    "application/vnd.apache.parquet": _read_parquet,
    "application/x-ndjson": _read_lines,
    "text/csv": _read_csv,
}


def column(table: pa.Table, name: str, what: str) -> pa.ChunkedArray:
    """Return a column of plain values, or raise a Problem (422) that lists those there are."""
    if name not in table.column_names:
        raise Problem(
            422,
            "Missing column",
            f"{what} column {name!r} is not in the rows; they have "
            f"{', '.join(map(repr, table.column_names[:50]))}",
            "body",
        )
    found = table.column(name)
    if pa.types.is_nested(found.type):
        raise Problem(422, "Not a value", f"{what} column {name!r} is {str(found.type)[:80]}", "body")
    return found
