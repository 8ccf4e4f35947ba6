"""How small states become bytes and come back: columns and parameters in one Arrow table, checked by named rules."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from wolfpack.spec.errors import ProfileFormatError
from wolfpack.stats import ipc

MOST_ROWS = 10**12
"""More rows than any table has; keeps every sum of counts far from overflow."""
_PARTS = pa.schema([("part", pa.binary())])


def pack(form: str, schema: pa.Schema, arrays: Sequence[Any], **parameters: Any) -> bytes:
    """Return columns of one length with parameters that JSON can say, floats to the last bit."""
    return ipc.write(
        schema, list(arrays), {b"format": form.encode(), b"parameters": json.dumps(parameters).encode()}
    )


def unpack(
    data: bytes, form: str, schema: pa.Schema, what: str, **kinds: type | tuple[type, ...]
) -> tuple[pa.Table, dict[str, Any]]:
    """Return the columns and parameters that `pack` was given.

    Parameters
    ----------
    kinds : by parameter, the type that it must have; no other may be there.

    Raises
    ------
    ProfileFormatError
        If the bytes are no such table, or a parameter is missing or of another type.
    """
    table = ipc.read(data, schema, form.encode(), what)
    try:
        said = json.loads(table.schema.metadata[b"parameters"])
    except (KeyError, ValueError, RecursionError) as error:
        raise ProfileFormatError(
            f"{what}: its parameters are not JSON ({error}); send what to_bytes returns"
        ) from error
    found = said if isinstance(said, dict) else {}
    rules = {f"its parameters are {', '.join(kinds) or 'none'}": found.keys() == kinds.keys()}
    for name, kind in kinds.items():
        value = found.get(name)
        sound = isinstance(value, kind) and (kind is bool or not isinstance(value, bool))
        rules[f"{name} is of the right type"] = sound
        rules[f"{name} is at most {MOST_ROWS}"] = not isinstance(value, int) or value <= MOST_ROWS
    require(what, rules)
    return table, found


def pack_parts(form: str, parts: Sequence[bytes], **parameters: Any) -> bytes:
    """Return the bytes of a state that is made of others."""
    return pack(form, _PARTS, [pa.array(parts, pa.binary())], **parameters)


def unpack_parts(
    data: bytes, form: str, what: str, **kinds: type | tuple[type, ...]
) -> tuple[list[bytes], dict[str, Any]]:
    """Return what `pack_parts` was given."""
    table, found = unpack(data, form, _PARTS, what, **kinds)
    return table["part"].to_pylist(), found


def require(what: str, rules: Mapping[str, Any]) -> None:
    """Raise ProfileFormatError, naming the first rule that does not hold."""
    for rule, holds in rules.items():
        if not holds:
            raise ProfileFormatError(f"{what}: it must hold that {rule}; send what to_bytes returns")
