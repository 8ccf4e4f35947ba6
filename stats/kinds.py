"""Which kind a column has, when the plan does not say: by its type, and by what its first values look like."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wolfpack.spec.errors import TableError
from wolfpack.spec.plan import Kind
from wolfpack.stats.values import _call, is_number

LOOKED_AT = 10_000
"""First rows by which text, embeddings and images are told from what has the same type."""
WORDS = 4
"""Mean words from which a column of mostly different texts is text rather than categories or keys."""
LEAST_DIMENSIONS = 8
_PICTURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF8", b"BM", b"RIFF")


def check_kinds(kinds: Mapping[str, Kind]) -> None:
    """Raise ValueError if one is unknown."""
    for name, kind in kinds.items():
        if kind not in get_args(Kind):
            raise ValueError(f"kinds[{name!r}]: {kind!r} is no kind; known are {', '.join(get_args(Kind))}")


def kind_of(type_: pa.DataType) -> Kind:
    """Return how a column of this type is counted, as far as the type tells.

    Durations and times of day are numbers, of seconds. Structs, maps, unions and bytes are only counted.
    """
    if pa.types.is_boolean(type_):
        return "boolean"
    if is_number(type_) or pa.types.is_duration(type_) or pa.types.is_time(type_):
        return "numeric"
    if pa.types.is_dictionary(type_) or type_ in (pa.string(), pa.large_string(), pa.string_view()):
        return "categorical"
    if pa.types.is_date(type_) or pa.types.is_timestamp(type_):
        return "datetime"
    if pa.types.is_fixed_size_list(type_) and is_number(type_.value_type):
        return "embedding"
    if pa.types.is_list(type_) or pa.types.is_large_list(type_) or pa.types.is_fixed_size_list(type_):
        return "other" if pa.types.is_nested(type_.value_type) else "list"
    return "other"


def look_at(column: pa.ChunkedArray) -> Kind:
    """Return the kind of a column by its type and its first 10,000 rows."""
    kind = kind_of(column.type)
    first = column.slice(0, LOOKED_AT)
    first = (first.cast(pa.string()) if column.type == pa.string_view() else first).drop_null()
    if not len(first):
        return kind
    if kind == "categorical" and not pa.types.is_dictionary(column.type):
        return "text" if _is_prose(first) else kind
    if kind == "list" and pa.types.is_floating(column.type.value_type):
        lengths = np.asarray(_call("list_value_length", first).to_numpy())
        return "embedding" if lengths.min() == lengths.max() >= LEAST_DIMENSIONS else kind
    if kind == "other" and (pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type)):
        return "image" if all(x.startswith(_PICTURES) for x in first[:10].to_pylist()) else kind
    return kind


def _is_prose(first: pa.ChunkedArray) -> bool:
    """Tell whether most texts are different and they have four words or more on average."""
    try:
        text = first.cast(pa.string())
        if 2 * len(text.unique()) <= len(text):
            return False
        gaps = _call("count_substring_regex", text, pc.MatchSubstringOptions(r"\S+"))
        return bool(pc.mean(gaps).as_py() >= WORDS)
    except (pa.ArrowException, UnicodeError) as error:
        raise TableError(f"a text column cannot be read: {error}; cast it") from error
