"""A column's values as what its kind counts: numbers, words, or places; what has another kind is counted too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from wolfpack.spec.errors import TableError
from wolfpack.spec.plan import ColumnPlan, Kind
from wolfpack.stats.categorical import Words

BOOLEANS = ("false", "true")
NUMBER = r"^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$|^[-+]?(inf|infinity|nan)$"
"""What counts as a number among text that is not all numbers."""
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Values:
    """The values of one column in some rows.

    Parameters
    ----------
    data : numbers of shape (n,), NaN where there is none; or words; or places as `count_codes` takes them.
        Belongs to the holder, who may sort it.
    changed : shape (n,), rows whose value is of another kind; None if there are none.
    vectors : embeddings: shape (n, dimensions), NaN where there is none; else None.
    """

    data: Floats | NDArray[np.int32] | Words
    changed: NDArray[np.bool_] | None = None
    vectors: Floats | None = None

    def part(self, rows: slice | NDArray[np.int64]) -> Values:
        data = self.data.part(rows) if isinstance(self.data, Words) else self.data[rows]
        return Values(
            data,
            None if self.changed is None else self.changed[rows],
            None if self.vectors is None else self.vectors[rows],
        )

    @property
    def changes(self) -> int:
        return 0 if self.changed is None else int(np.count_nonzero(self.changed))


def read_values(name: str, column: pa.ChunkedArray, plan: ColumnPlan, strict: bool = False) -> Values:
    """Return a column's values as the plan's kind has them.

    Raises
    ------
    TableError
        If `strict` and a value is of another kind, or if text is no UTF-8; the message names the column.
    """
    try:
        if plan.kind in ("numeric", "datetime"):
            return Values(floats(name, column) if plan.kind == "numeric" else _seconds(name, column))
        if plan.kind == "categorical":
            return Values(words(name, column))
        return Values(_places(name, column, plan.kind))
    except TableError:
        if strict or (plan.kind == "categorical" and _is_text(column.type)):
            raise
        return _changed(name, column, plan)


def _changed(name: str, column: pa.ChunkedArray, plan: ColumnPlan) -> Values:
    """Return what of a column can be read although some or all of its values have another kind."""
    there = ~np.asarray(column.is_null(nan_is_null=True).to_numpy(), bool)
    none: Floats | Words = np.full(len(column), np.nan)
    if plan.kind == "categorical":
        return Values(Words(np.zeros(len(column), np.int32), pa.array([], pa.string())), there)
    if plan.kind == "numeric" and _is_text(column.type):
        number = pc.MatchSubstringOptions(NUMBER, ignore_case=True)
        fits = _call("match_substring_regex", column.cast(pa.string()), number)
        readable = _call("if_else", fits, column, pa.scalar(None, column.type))
        found = floats(name, readable)
        return Values(found, there & ~np.asarray(fits.fill_null(False).to_numpy(), bool))
    return Values(none, there)


def floats(name: str, column: pa.ChunkedArray) -> Floats:
    """Return the numbers, shape (n,), NaN where missing, in memory of their own.

    Booleans are 0 and 1, durations and times of day seconds; integers beyond 2**53 and decimals are rounded
    to the nearest double.

    Raises
    ------
    TableError
        If a value is no number; the message names the column and its type.
    """
    if pa.types.is_dictionary(column.type):
        column = _cast(name, column, column.type.value_type, "numeric")
    if pa.types.is_boolean(column.type):
        column = column.cast(pa.uint8())
    if pa.types.is_duration(column.type) or pa.types.is_time(column.type):
        return _units(column)
    if column.type != pa.float64():
        column = _cast(name, column, pa.float64(), "numeric")
    found = np.empty(len(column))
    start = 0
    for chunk in column.chunks:
        _copy(chunk, found[start : start + len(chunk)])
        start += len(chunk)
    return found


def _copy(chunk: pa.DoubleArray, to: Floats) -> None:
    """Copy numbers, NaN where null; in half the time of filling nulls by Arrow and copying that."""
    if not len(chunk):
        return
    validity, data = chunk.buffers()
    start, end = chunk.offset, chunk.offset + len(chunk)
    to[:] = np.frombuffer(data, np.float64)[start:end]
    if chunk.null_count:
        octets = np.frombuffer(validity, np.uint8)[start // 8 : -(-end // 8)]
        there = np.unpackbits(octets, bitorder="little")[start % 8 :][: len(chunk)]
        to[there == 0] = np.nan


_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


def _units(column: pa.ChunkedArray) -> Floats:
    """Return times of any unit as seconds."""
    whole = column.cast(pa.int32()) if pa.types.is_time32(column.type) else column
    seconds = floats("", whole.cast(pa.int64()))
    seconds /= _PER_SECOND[column.type.unit]
    return seconds


def _seconds(name: str, column: pa.ChunkedArray) -> Floats:
    """Return dates and times as epoch seconds; those without a zone are taken as UTC, text as ISO 8601."""
    type_ = column.type
    if pa.types.is_date(type_):
        days = pa.types.is_date32(type_)
        found = floats("", column.cast(pa.int32() if days else pa.int64()))
        return np.asarray(found * 86_400 if days else found / 1000)
    if not pa.types.is_timestamp(type_):
        if not (_is_text(type_) or pa.types.is_dictionary(type_)):
            raise TableError(f"column {name!r} is {type_}, not times; cast it to timestamps")
        column = _cast(name, column, pa.timestamp("us"), "datetime")
    return _units(column)


def words(name: str, column: pa.ChunkedArray) -> Words:
    """Return the values as text; whatever is no text is written as text, NaN is missing.

    Raises
    ------
    TableError
        If the type cannot be written as text, or its bytes are no UTF-8.
    """
    encoded = texts(name, column)
    dictionary, indices = encoded.dictionary, encoded.indices
    given = pa.types.is_dictionary(column.type)  # by a stranger, who may repeat words in it
    if given and (dictionary.null_count or len(pc.unique(dictionary)) < len(dictionary)):
        encoded = encoded.dictionary_decode().dictionary_encode()
        dictionary, indices = encoded.dictionary, encoded.indices
    if indices.null_count:
        indices = pc.fill_null(indices, len(dictionary))
    return Words(np.asarray(indices.to_numpy(), np.int32), dictionary)


def texts(name: str, column: pa.ChunkedArray) -> pa.DictionaryArray:
    """Return the values as dictionary-encoded text; see `words`."""
    if pa.types.is_floating(column.type):
        column = _call("if_else", _call("is_nan", column), pa.scalar(None, column.type), column)
    if not pa.types.is_dictionary(column.type):
        text = column if is_string(column.type) else _cast(name, column, pa.string(), "text")
        column = text.dictionary_encode()
    array = column.unify_dictionaries().combine_chunks()
    if isinstance(array, pa.ChunkedArray):  # no chunk at all
        array = pa.array([], column.type)
    found = _cast(name, array.dictionary, pa.string(), "text")
    return pa.DictionaryArray.from_arrays(array.indices.cast(pa.int32()), found)


def _places(name: str, column: pa.ChunkedArray, kind: Kind) -> NDArray[np.int32]:
    """Return 0 for every value and -1 where missing; of booleans 0, 1, and 2 for what is neither."""
    if kind != "boolean":
        return -np.asarray(column.is_null(nan_is_null=True).to_numpy(), np.int32)
    if pa.types.is_boolean(column.type) or is_number(column.type):
        values = floats(name, column)  # 0 and 1 are what pandas makes of booleans with gaps
        known = np.where((values == 0) | (values == 1), values, len(BOOLEANS))
        return np.where(np.isnan(values), -1, known).astype(np.int32)
    found = words(name, column)
    place = {word: i for i, word in enumerate(BOOLEANS)}
    by_word = [place.get(word, len(BOOLEANS)) for word in found.words.to_pylist()]
    return np.array([*by_word, -1], np.int32)[found.indices]


def is_number(type_: pa.DataType) -> bool:
    return bool(pa.types.is_integer(type_) or pa.types.is_floating(type_) or pa.types.is_decimal(type_))


def _is_text(type_: pa.DataType) -> bool:
    return is_string(type_) or type_ == pa.string_view()


def is_string(type_: pa.DataType) -> bool:
    return bool(pa.types.is_string(type_) or pa.types.is_large_string(type_))


def _call(function: str, *arguments: Any) -> Any:
    """Call an Arrow function by name; type checkers do not know those that pyarrow makes at import."""
    if arguments and isinstance(arguments[-1], pc.FunctionOptions):
        return pc.call_function(function, list(arguments[:-1]), arguments[-1])
    return pc.call_function(function, list(arguments))


def _cast(name: str, column: Any, type_: pa.DataType, kind: str) -> Any:
    """Return the column in another type, and its text checked to be UTF-8, which strangers need not send."""
    try:
        cast = column if column.type == type_ else column.cast(type_, safe=False)
        if type_ == pa.string():
            cast.validate(full=True)
        return cast
    except (pa.ArrowException, UnicodeError) as error:
        raise TableError(
            f"column {name!r} is {column.type} and cannot be read as {kind}: {error}; cast it, or change its "
            "kind"
        ) from error
