"""Columns of several files as one: types that fit both, and batches cast to them."""

from __future__ import annotations

import pyarrow as pa


def joined(one: pa.DataType, other: pa.DataType) -> pa.DataType | None:
    """Return the type that holds the values of both, None if they are of different kinds.

    Numbers widen (int64 and double: double), times take the finer unit, an empty column takes the other's
    type, dictionaries and views that differ are read as their values.
    """
    if one == other:
        return one
    plain = [_plain(type_) for type_ in (one, other)]
    if plain[0] == plain[1]:
        return plain[0]
    schemas = [pa.schema([("c", type_)]) for type_ in plain]
    try:
        return pa.unify_schemas(schemas, promote_options="permissive").field("c").type
    except pa.ArrowException:
        return None


def _plain(type_: pa.DataType) -> pa.DataType:
    if pa.types.is_dictionary(type_):
        return _plain(type_.value_type)
    return pa.string() if type_ == pa.string_view() else type_


def cast(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """Return the columns in the schema's order and types; integers beyond 2**53 are rounded to doubles.

    Raises
    ------
    pa.ArrowInvalid
        If an integer does not fit.
    """
    columns = []
    for field in schema:
        column = batch.column(field.name)
        if column.type != field.type:
            if pa.types.is_dictionary(column.type) and not pa.types.is_dictionary(field.type):
                column = column.dictionary_decode()
            column = column.cast(field.type, safe=not pa.types.is_floating(field.type))
        columns.append(column)
    return pa.record_batch(columns, schema=schema)
