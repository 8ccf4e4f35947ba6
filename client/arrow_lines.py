"""Lines of JSON as columns by Arrow, all at once: those that are a row each, and alike in kind."""

from __future__ import annotations

import io

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import json as arrow_json

from wolfpack.client.log_lines import Columns, Lines, line_starts
from wolfpack.client.ndjson import check_lines
from wolfpack.spec.source_kinds import LogFields, Members


class NotPlain(Exception):
    """Lines that Arrow cannot read, or not as a row each."""


def read_at_once(block: bytes, fields: LogFields, prediction: str) -> Lines:
    """Return what `plain_lines.read_one_by_one` does.

    Raises
    ------
    NotPlain
        If the lines have to be read one by one.
    """
    starts = line_starts(block)
    try:
        table = _parse(block)
    except (pa.ArrowException, UnicodeDecodeError) as error:
        raise NotPlain(str(error)) from error
    if table.num_rows != len(starts):
        raise NotPlain("not every line is one row")
    return Lines(
        starts,
        _member(table, fields.time),
        _text(_member(table, fields.request_id)),
        _text(_member(table, fields.model)),
        _text(_member(table, fields.version)),
        _columns(table, fields.inputs, None),
        _columns(table, fields.prediction, prediction),
        _there(table, fields.inputs) | _there(table, fields.prediction),
        [],
    )


def _parse(block: bytes) -> pa.Table:
    """Return the lines as Arrow infers them, but for text that looks like times, which stays text."""
    check_lines(block)
    block.decode()  # Arrow takes any bytes for text
    table = _read(block, None)
    texts = pa.schema([field.with_type(_untimed(field.type)) for field in table.schema])
    return table if texts == table.schema else _read(block, texts)


def _read(block: bytes, schema: pa.Schema | None) -> pa.Table:
    return arrow_json.read_json(
        io.BytesIO(block),
        read_options=arrow_json.ReadOptions(block_size=len(block) + 1, use_threads=False),
        parse_options=arrow_json.ParseOptions(explicit_schema=schema),
    ).combine_chunks()


def _untimed(type_: pa.DataType) -> pa.DataType:
    if pa.types.is_timestamp(type_):
        return pa.string()
    if pa.types.is_struct(type_):
        return pa.struct([field.with_type(_untimed(field.type)) for field in type_])
    return pa.list_(_untimed(type_.value_type)) if pa.types.is_list(type_) else type_


def _member(table: pa.Table, path: str) -> pa.Array:
    """Return a member of each line's object, or of one within it; null where there is none."""
    first, *rest = path.split(".")
    none = pa.nulls(table.num_rows)
    found = table[first].combine_chunks() if first in table.column_names else none
    for name in rest:
        there = pa.types.is_struct(found.type) and found.type.get_field_index(name) >= 0
        found = found.flatten()[found.type.get_field_index(name)] if there else none
    return found


def _columns(table: pa.Table, members: Members, alone: str | None) -> Columns:
    """Return the columns of inputs or predictions; `alone` names one that is no object, None: there is no such."""
    if isinstance(members, dict):
        return {name: _member(table, path) for name, path in members.items()}
    found = _member(table, members)
    if pa.types.is_struct(found.type):
        return dict(zip((field.name for field in found.type), found.flatten(), strict=True))
    if pa.types.is_null(found.type):
        return {}
    if alone is None:
        raise NotPlain("members of other kinds")
    return {alone: found}


def _there(table: pa.Table, members: Members) -> NDArray[np.bool_]:
    if isinstance(members, dict):
        return np.ones(table.num_rows, bool)
    return np.asarray(_member(table, members).is_valid())


def _text(found: pa.Array) -> pa.Array:
    if pa.types.is_string(found.type) or pa.types.is_null(found.type) or pa.types.is_integer(found.type):
        return found.cast(pa.string())
    raise NotPlain("members of other kinds")
