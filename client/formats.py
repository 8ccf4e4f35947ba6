"""Reading one file of rows as record batches: Parquet, CSV, NDJSON, Arrow IPC, told apart by their ending."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from pyarrow import ipc
from pyarrow.parquet import FileMetaData, ParquetFile

from wolfpack.client import delimited, json_lines
from wolfpack.spec import TableError

ROWS = 131_072
"""Rows of a batch from Parquet: what stats counts at once."""
BUFFER = 1 << 16
"""Bytes of a column of Parquet read at once. Without it a whole row group lies in memory: 103 against 38 MB for
1,200,000 rows of 8 columns, in the same time."""
MOST_CODE_BYTES = 3.0
"""Bytes a value from which a text column of Parquet holds plain values besides its dictionary. Decoding those
to a dictionary is slower than to text (measured: 247 against 181 ms for 1,000,000 keys), all others 20 times
faster; a plain text takes 4 bytes for its length alone."""


@dataclass(frozen=True)
class Format:
    """One kind of file.

    Parameters
    ----------
    schema : reads the columns and their types; of text files that is a pass over the whole file.
    batches : reads the rows as this schema, in memory that does not grow with the file.
    """

    schema: Callable[[Path], pa.Schema]
    batches: Callable[[Path, pa.Schema], Iterator[pa.RecordBatch]]


def format_of(path: Path) -> Format:
    """Return how a file of this name is read.

    Raises
    ------
    TableError
        If its ending is unknown.
    """
    found = FORMATS.get(path.suffix.lower())
    if found is None:
        raise TableError(f"{path}: ending {path.suffix!r} is not known; allowed are {', '.join(FORMATS)}")
    return found


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn whatever reading a file raises into a TableError that names it."""
    try:
        yield
    except (pa.ArrowException, OSError, UnicodeError) as error:
        raise TableError(
            f"{path}: cannot be read as {path.suffix}: {str(error)[:300]}; is it whole, and what its ending says?"
        ) from error


def _parquet_schema(path: Path) -> pa.Schema:
    with ParquetFile(path) as file:
        names = _coded(file)
    with ParquetFile(path, read_dictionary=names) as file:
        return file.schema_arrow


def _parquet_batches(path: Path, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    coded = [f.name for f in schema if pa.types.is_dictionary(f.type) and _is_text(f.type.value_type)]
    with ParquetFile(path, pre_buffer=False, buffer_size=BUFFER, read_dictionary=coded) as file:
        yield from file.iter_batches(ROWS)


def _coded(file: ParquetFile) -> list[str]:
    """Return the text columns whose values all stand in dictionaries, so that only their codes need be read."""
    schema, meta = file.schema_arrow, file.metadata
    leaves = [meta.schema.column(place).path for place in range(meta.num_columns)]
    texts, groups = {field.name for field in schema if _is_text(field.type)}, range(meta.num_row_groups)
    return [
        name
        for place, name in enumerate(leaves)
        if name in texts and groups and all(_only_codes(meta, group, place) for group in groups)
    ]


def _is_text(type_: pa.DataType) -> bool:
    return bool(pa.types.is_string(type_) or pa.types.is_large_string(type_))


def _only_codes(meta: FileMetaData, group: int, place: int) -> bool:
    chunk = meta.row_group(group).column(place)
    return bool(
        chunk.has_dictionary_page and chunk.total_uncompressed_size <= MOST_CODE_BYTES * chunk.num_values
    )


def _ipc_schema(path: Path) -> pa.Schema:
    with _open_ipc(path) as reader:
        return reader.schema


def _ipc_batches(path: Path, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    with _open_ipc(path) as reader:
        if isinstance(reader, ipc.RecordBatchFileReader):
            for place in range(reader.num_record_batches):
                yield reader.get_batch(place)
        else:
            yield from reader


def _open_ipc(path: Path) -> ipc.RecordBatchFileReader | ipc.RecordBatchStreamReader:
    """Open the file form (Feather) if its magic is there, else the stream form; pages are mapped, not read."""
    with path.open("rb") as file:
        magic = file.read(6)
    source = pa.memory_map(str(path))
    return ipc.open_file(source) if magic == b"ARROW1" else ipc.open_stream(source)


FORMATS = {
    ".parquet": Format(_parquet_schema, _parquet_batches),
    ".csv": Format(delimited.schema_of, delimited.batches_of),
    ".ndjson": Format(json_lines.schema_of, json_lines.batches_of),
    ".jsonl": Format(json_lines.schema_of, json_lines.batches_of),
    ".arrow": Format(_ipc_schema, _ipc_batches),
    ".feather": Format(_ipc_schema, _ipc_batches),
}
"""By ending, in lower case."""
ENDINGS = tuple(FORMATS)
