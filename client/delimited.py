"""CSV in bounded memory, with types that hold for the whole file.

Arrow's streaming reader takes the types from its first block and fails on the first later value that does
not fit. Here a first pass finds those values and widens the types, to what reading all at once would infer.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pyarrow as pa
from pyarrow import csv

from wolfpack.spec import TableError

BLOCK = 1 << 20
"""Bytes of a block; the longest row that can be read. Arrow reads some 32 ahead: 40 MB, flat; 2 MB took twice that
and was no faster."""
TYPES = (
    pa.null(),
    pa.int64(),
    pa.bool_(),
    pa.float64(),
    pa.date32(),
    pa.time32("s"),
    pa.timestamp("s"),
    pa.timestamp("ns"),
    pa.string(),
)
"""Arrow's own order of inference: a column has the first type that fits all its values."""
_UNFIT = re.compile(r"In CSV column #(\d+): .*?: (?:invalid value '(.*)'|invalid UTF8)", re.DOTALL)


def schema_of(path: Path) -> pa.Schema:
    """Return the columns with the first types that fit all their values: one pass, and one more per widening.

    Raises
    ------
    TableError
        If a column's bytes are no UTF-8.
    """
    types: dict[str, pa.DataType] = {}
    schema = _open(path, types).schema
    while (wider := _widened(path, schema, types)) is not None:
        types |= wider
    return pa.schema([field.with_type(types.get(field.name, field.type)) for field in schema])


def batches_of(path: Path, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    with _open(path, dict(zip(schema.names, schema.types, strict=True))) as reader:
        yield from reader


def _open(path: Path, types: Mapping[str, pa.DataType]) -> csv.CSVStreamingReader:
    """Open the file; text that says that nothing is there, as an empty field or NA, is missing, as in pandas."""
    return csv.open_csv(
        path,
        read_options=csv.ReadOptions(block_size=BLOCK),
        convert_options=csv.ConvertOptions(strings_can_be_null=True, column_types=types),
    )


def _widened(
    path: Path, schema: pa.Schema, types: Mapping[str, pa.DataType]
) -> dict[str, pa.DataType] | None:
    """Return a wider type for the first column that a value does not fit, None if all fit."""
    try:
        with _open(path, types) as reader:
            for field in reader.schema:
                if pa.types.is_binary(field.type):
                    raise TableError(_no_text(path, field.name))
            for _ in reader:
                pass
        return None
    except pa.ArrowInvalid as error:
        found = _UNFIT.search(str(error))
        if found is None:
            raise
        field = schema.field(int(found[1]))
        if found[2] is None:
            raise TableError(_no_text(path, field.name)) from error
        return {field.name: _type_for(found[2], types.get(field.name, field.type))}


def _type_for(value: str, type_: pa.DataType) -> pa.DataType:
    """Return the first type after this one that fits the value; text fits everything."""
    after = TYPES[TYPES.index(type_) + 1 :] if type_ in TYPES else TYPES[-1:]
    quoted = ('c\n"' + value.replace('"', '""') + '"\n').encode()
    for wider in after:
        try:
            options = csv.ConvertOptions(column_types={"c": wider})
            csv.read_csv(io.BytesIO(quoted), convert_options=options)
            return wider
        except pa.ArrowInvalid:
            continue
    return pa.string()


def _no_text(path: Path, name: str) -> str:
    return f"{path}: column {name!r} has bytes that are no UTF-8; write the file again in UTF-8"
