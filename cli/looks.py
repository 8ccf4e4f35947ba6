"""What the columns of a table look like, and what they may be to a model: guesses for a first spec."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from wolfpack.client import Files, profile
from wolfpack.spec import TableError
from wolfpack.spec.vocabulary import check_label
from wolfpack.stats import ColumnState

MOST_SEGMENT_VALUES = 20
"""A segment has few values: as many as a profile keeps apart by itself."""
LEAST_ROWS = 100
"""Rows without a value twice that speak for a key; under it the column's name must too."""
SAID = 1000
"""Texts that are read to tell whether they are times."""
_KEY = re.compile(r"(^|_)(id|key|uuid|guid)$", re.IGNORECASE)
_PREDICTION = re.compile(
    r"(^|_)(score|proba?|probability|pred|predicted|prediction|y_?hat)(_|$)", re.IGNORECASE
)
_LABEL = re.compile(r"(^|_)(label|target|truth|actual|outcome|y|y_true)$", re.IGNORECASE)


@dataclass(frozen=True)
class Look:
    """What is known of one column.

    Parameters
    ----------
    name, type : as in the table.
    state : its counts over all rows.
    timely : whether all that is looked at in the first rows are dates or times, or text that says such.
    unique : whether it is of integers or text, and in the first rows, `looked_at` of them, no value is missing
        or there twice.
    """

    name: str
    type: pa.DataType
    state: ColumnState
    timely: bool
    unique: bool
    looked_at: int

    @property
    def values(self) -> int:
        """Number of different values, an estimate from 1,024 on; 0 for kinds that have none."""
        return self.state.distinct.count if self.state.distinct else 0

    @property
    def words(self) -> tuple[str, ...]:
        """Its values, the most frequent first, if it is of words."""
        return self.state.plan.categories

    @property
    def role(self) -> str:
        """What the column seems to be: ``key``, ``time``, ``prediction``, ``label``, else ``input``."""
        state, low, high = self.state, self.state.minimum, self.state.maximum
        if self.timely:
            return "time"
        if self.unique and (self.looked_at >= LEAST_ROWS or _KEY.search(self.name)):
            return "key"
        binary = state.kind == "boolean" or (low is not None and high is not None and 0 <= low <= high <= 1)
        if _LABEL.search(self.name) and binary:
            return "label"
        return "prediction" if _PREDICTION.search(self.name) and state.kind == "numeric" else "input"

    @property
    def is_segment(self) -> bool:
        """Whether the rows could be kept apart by its values: few words that can be labels."""
        words = self.role == "input" and self.state.kind in ("categorical", "boolean")
        return words and 2 <= self.values <= MOST_SEGMENT_VALUES and all(map(_is_label, self.words))


def _is_label(word: str) -> bool:
    try:
        return bool(check_label(word))
    except ValueError:
        return False


def look(source: Files) -> list[Look]:
    """Return what is known of each column: counts from all rows, uniqueness from the first batch.

    Raises
    ------
    TableError
        If there are no rows.
    """
    first = next(iter(source.batches()), None)
    if first is None:
        files = ", ".join(map(str, source.paths))
        raise TableError(f"{files}: no rows, so nothing is known of its columns; give a table with rows")
    found = profile(source)
    names = [name for name in found.columns if not found[name].plan.source]
    columns = {name: _decoded(first.column(name)) for name in names}
    return [
        Look(name, column.type, found[name], _timely(column), _unique(column), first.num_rows)
        for name, column in columns.items()
    ]


def _decoded(column: pa.Array) -> pa.Array:
    return column.dictionary_decode() if pa.types.is_dictionary(column.type) else column


def _is_text(type_: pa.DataType) -> bool:
    return bool(pa.types.is_string(type_) or pa.types.is_large_string(type_))


def _timely(column: pa.Array) -> bool:
    if not _is_text(column.type):
        return bool(pa.types.is_timestamp(column.type) or pa.types.is_date(column.type))
    said = column.drop_null()[:SAID]
    for zone in (None, "UTC"):
        try:
            said.cast(pa.timestamp("us", tz=zone))
            return len(said) > 0
        except pa.ArrowInvalid:
            continue
    return False


def _unique(column: pa.Array) -> bool:
    if not (_is_text(column.type) or pa.types.is_integer(column.type)):
        return False
    present = pc.call_function("count_distinct", [column]).as_py()  # nulls are not counted
    return bool(present == len(column))
