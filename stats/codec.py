"""Profiles as bytes: an Arrow IPC stream with zstd, one flat row per pane, segment and column.

The schema's metadata holds the format's version, the plan and what is said once. A row without a column
carries the rows of its segment. Everything is checked on reading, since bytes come from outside.
"""

from __future__ import annotations

import json
import math
import zlib
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wolfpack.spec.errors import ProfileFormatError
from wolfpack.spec.plan import OTHER, ColumnPlan, Plan
from wolfpack.spec.vocabulary import check_label
from wolfpack.stats import ipc
from wolfpack.stats.codec_checks import Lists, check_counts
from wolfpack.stats.column_state import ColumnState
from wolfpack.stats.distinct import Distinct
from wolfpack.stats.frequent import NONE as NO_WORDS
from wolfpack.stats.frequent import Frequent
from wolfpack.stats.moments import Powers
from wolfpack.stats.packed_plans import read_plan, write_plan
from wolfpack.stats.profiles import ALL, Profile, Segment, kept_segments
from wolfpack.stats.sketch import Sketch

FORMAT = b"wolfpack.profile/2"
MOST_UNPLANNED = 1 << 21
"""Bytes of the names of columns that the plan lacks, as JSON: ten thousand of the longest."""

_COUNTS = ("rows", "missing", "nonfinite", "changed", "zeros", "negatives", "out_of_range")
_POWERS = Powers._fields
_ENDS = ("minimum", "maximum")
_FLOATS = (*_POWERS, *_ENDS)
SCHEMA = pa.schema(
    [
        ("pane", pa.int64()),
        ("segment", pa.string()),
        ("value", pa.string()),
        ("column", pa.string()),
        *((name, pa.int64()) for name in _COUNTS),
        *((name, pa.float64()) for name in _FLOATS),
        ("bins", pa.list_(pa.int64())),
        ("sums", pa.list_(pa.float64())),
        ("lean", pa.bool_()),
        ("k", pa.int32()),
        ("levels", pa.list_(pa.int32())),
        ("items", pa.list_(pa.float64())),
        ("hashes_high", pa.list_(pa.uint16())),
        ("hashes_low", pa.list_(pa.uint32())),
        ("words", pa.list_(pa.string())),
        ("word_counts", pa.list_(pa.int64())),
        ("word_error", pa.int64()),
    ]
)


def encode(profile: Profile) -> bytes:
    """Return the bytes of a profile; equal profiles give equal bytes."""
    rows = [
        (pane, segment, name, state)
        for pane, part in [(None, profile), *sorted(profile.panes.items())]
        for segment, states in part.segments.items()
        for name, state in [(None, part.segment_rows[segment]), *states.items()]
    ]
    metadata = {
        b"format": FORMAT,
        b"plan": write_plan(profile.plan),
        b"unplanned": json.dumps(profile.unplanned).encode(),
        b"bin_error": json.dumps(profile.bin_error).encode(),
    }
    return ipc.write(SCHEMA, _arrays(rows), metadata)


def _arrays(rows: list[Any]) -> list[pa.Array]:
    """Return the arrays of `SCHEMA` for (pane, segment, column, state or rows) tuples."""
    states = [state if name is not None else _Rows(state) for _, _, name, state in rows]
    levels = [state.sketch.levels for state in states]
    lengths = [[len(items) for items in row] for row in levels]
    hashes = [_NO_HASHES if state.distinct is None else state.distinct.hashes for state in states]
    words = [state.frequent.items for state in states]
    high, low = (_lists([part], list(map(len, hashes)), kind) for part, kind in _halves(hashes))
    powers = zip(*[state.powers for state in states], strict=True)
    return [
        pa.array([pane for pane, _, _, _ in rows], pa.int64()),
        pa.array([segment[0] for _, segment, _, _ in rows], pa.string()),
        pa.array([segment[1] for _, segment, _, _ in rows], pa.string()),
        pa.array([name for _, _, name, _ in rows], pa.string()),
        *(pa.array([getattr(state, name) for state in states], pa.int64()) for name in _COUNTS),
        *(pa.array(power, pa.float64()) for power in powers),
        *(pa.array([getattr(state, name) for state in states], pa.float64()) for name in _ENDS),
        _lists([state.bins for state in states], [len(state.bins) for state in states], np.int64),
        _lists([state.sums for state in states], [len(state.sums) for state in states], np.float64),
        pa.array([state.lean for state in states], pa.bool_()),
        pa.array([state.sketch.k for state in states], pa.int32()),
        pa.array(lengths, pa.list_(pa.int32())),
        _lists([items for row in levels for items in row], list(map(sum, lengths)), np.float64),
        high,
        low,
        pa.array([[word for word, _ in row] for row in words], pa.list_(pa.string())),
        pa.array([[count for _, count in row] for row in words], pa.list_(pa.int64())),
        pa.array([state.frequent.error for state in states], pa.int64()),
    ]


def _halves(hashes: list[NDArray[np.uint64]]) -> list[tuple[NDArray[Any], Any]]:
    """Return all hashes as their 16 high bits, which compress well since they ascend, and their 32 low ones."""
    flat = np.concatenate(hashes)
    return [((flat >> np.uint64(32)).astype(np.uint16), np.uint16), (flat.astype(np.uint32), np.uint32)]


def _lists(parts: list[NDArray[Any]], lengths: list[int], dtype: Any) -> pa.ListArray:
    flat = np.concatenate(parts) if parts else np.empty(0)
    return pa.ListArray.from_arrays(
        np.concatenate(([0], np.cumsum(lengths))).astype(np.int32), pa.array(flat.astype(dtype, copy=False))
    )


_NOTHING, _NO_SKETCH = ColumnPlan("other"), Sketch(1)
_NO_HASHES = np.empty(0, np.uint64)


class _Rows(ColumnState):
    """Stands in for a state where a row says only how many rows a segment has."""

    def __init__(self, rows: int) -> None:
        super().__init__(_NOTHING, rows, rows, np.empty(0, np.int64), _NO_SKETCH)


_Words = tuple[tuple[str, ...], float]
"""Unplanned columns, and the error of the bins."""


@dataclass(frozen=True)
class Outline:
    """What is known of a profile's bytes once they are checked: its plan, and the rows of the whole."""

    plan: Plan
    rows: int


def outline(data: bytes) -> Outline:
    """Check the bytes of a profile as `decode` does, without making its states: half of the time."""
    its = _checked(data)
    return Outline(its.plan, int(its.columns["rows"][its.panes[None][ALL][None]]))


def decode(data: bytes, panes: bool = True) -> Profile:
    """Return the profile of these bytes; raises ProfileFormatError, which names what it got.

    Without `panes` their rows are left out unseen, and nothing that is returned holds their memory.
    """
    its = _checked(data, panes)
    states = _states(its.plans, its.columns, its.lists)
    parts = {pane: _profile(its, segments, states) for pane, segments in its.panes.items()}
    whole = parts.pop(None)
    return replace(whole, panes={pane: part for pane, part in parts.items() if pane is not None})


_Places = dict[Segment, dict[str | None, int]]
"""By segment and column, the row that has its state; under None the row that says how many rows the segment has."""


@dataclass(frozen=True)
class _Checked:
    """The parts of a profile's bytes, in which nothing contradicts anything else."""

    plan: Plan
    said: _Words
    plans: list[ColumnPlan]
    columns: dict[str, NDArray[Any]]
    lists: dict[str, Lists]
    panes: dict[int | None, _Places]


def _checked(data: bytes, with_panes: bool = True) -> _Checked:
    table, plan, said = _open(data)
    if not with_panes:
        table = table.filter(table.column("pane").is_null())
    keys = list(
        zip(*(table.column(name).to_pylist() for name in ("pane", "segment", "value", "column")), strict=True)
    )
    if len(set(keys)) < len(keys):
        raise ProfileFormatError("profile: it has two rows for one column; write it with Profile.to_bytes")
    names = [name for *_, name in keys]
    unknown = {name for name in names if name is not None and name not in plan.columns}
    if unknown:
        raise ProfileFormatError(f"profile: columns {sorted(unknown)[:5]} are not in its plan")
    plans = [_NOTHING if name is None else plan.columns[name] for name in names]
    columns = {
        name: table.column(name).to_numpy() for name in (*_COUNTS, *_FLOATS, "k", "lean", "word_error")
    }
    lists = {name: _parts(table.column(name)) for name in _LISTS}
    check_counts(names, plans, columns, lists)
    panes: dict[int | None, _Places] = {}
    for place, (pane, segment, value, name) in enumerate(keys):
        panes.setdefault(pane, {}).setdefault((segment, value), {})[name] = place
    for segments in panes.values():
        _check_segments(plan, segments, columns["rows"])
    if None not in panes:
        raise ProfileFormatError(
            "profile: it has panes but no rows for the whole; write it with Profile.to_bytes"
        )
    return _Checked(plan, said, plans, columns, lists, panes)


_LISTS = ("bins", "sums", "levels", "items", "hashes_high", "hashes_low", "words", "word_counts")


def _open(data: bytes) -> tuple[pa.Table, Plan, _Words]:
    table = ipc.read(data, SCHEMA, FORMAT, "profile", nullable=("pane", "column", "minimum", "maximum"))
    try:
        plan = read_plan(table.schema.metadata[b"plan"])
        unplanned = tuple(check_label(str(name)) for name in _said(table, b"unplanned", MOST_UNPLANNED))
        error = float(_said(table, b"bin_error", 64))
        if not 0 <= error <= 1:
            raise ValueError(f"its bin error is {error}, and not a share of the rows")
        return table, plan, (unplanned, error)
    except (KeyError, TypeError, ValueError, zlib.error, RecursionError) as error:
        raise ProfileFormatError(
            f"profile: its plan cannot be read ({type(error).__name__}: {str(error)[:200]}); "
            "send what Profile.to_bytes returns"
        ) from error


def _said(table: pa.Table, name: bytes, most: int) -> Any:
    """Return what the metadata says under a name, in so many bytes at most."""
    text = table.schema.metadata[name]
    if len(text) > most:
        raise ValueError(f"its {name.decode()} are {len(text)} bytes, and {most} are allowed")
    return json.loads(text)


def _parts(column: pa.ChunkedArray) -> Lists:
    """Return where each list begins and ends, shape (n + 1,), and all their values."""
    array = column.combine_chunks()
    if isinstance(array, pa.ChunkedArray):
        array = array.chunk(0)
    flat = array.values
    if flat.null_count:
        raise ProfileFormatError("profile: a list has nulls; write it with Profile.to_bytes")
    numbers = flat.to_numpy(zero_copy_only=not pa.types.is_string(flat.type))
    return array.offsets.to_numpy().astype(np.int64), numbers


def _states(plans: Any, columns: Any, lists: dict[str, Lists]) -> list[ColumnState]:
    at = {name: offsets.tolist() for name, (offsets, _) in lists.items()}
    flat = {name: values for name, (_, values) in lists.items()}
    hashes = flat["hashes_high"].astype(np.uint64) << np.uint64(32) | flat["hashes_low"]
    rows = zip(*(columns[name].tolist() for name in (*_COUNTS, *_FLOATS, "lean")), strict=True)
    levels = _cut(flat["items"], [0, *np.cumsum(flat["levels"], dtype=np.int64).tolist()])
    sketches = _sketches(columns, at["levels"], levels)
    hashes_of, bins_of, sums_of = (
        _cut(values, at[name])
        for name, values in (("hashes_low", hashes), ("bins", flat["bins"]), ("sums", flat["sums"]))
    )
    frequent = _frequent(at["words"], flat["words"], flat["word_counts"], columns["word_error"])
    found = []
    for plan, (*counts, total, squares, cubes, fourths, low, high, lean), its, sketch, apart, said, sums in zip(
        plans, rows, bins_of, sketches, hashes_of, frequent, sums_of, strict=True
    ):
        n, missing, nonfinite, changed, zeros, negatives, beyond = counts
        state = ColumnState(
            plan,
            n,
            missing,
            its,
            sketch,
            nonfinite,
            changed,
            zeros,
            negatives,
            beyond,
            Powers(total, squares, cubes, fourths),
            None if math.isnan(low) else low,
            None if math.isnan(high) else high,
            None if lean else Distinct(apart),
            said,
            sums,
        )
        found.append(state)
    return found


def _cut(values: NDArray[Any], at: list[int]) -> list[NDArray[Any]]:
    """Return the values between each place and the next."""
    return [values[start:end] for start, end in pairwise(at)]


def _sketches(columns: Any, at: list[int], levels: list[NDArray[Any]]) -> list[Sketch]:
    """Return the sketch of each row, whose levels are those between a place and the next."""
    return [
        _NO_SKETCH if lean else Sketch(k, tuple(levels[start:end]))
        for lean, k, (start, end) in zip(columns["lean"].tolist(), columns["k"].tolist(), pairwise(at), strict=True)
    ]


def _frequent(at: list[int], words: Any, counts: Any, errors: Any) -> list[Frequent]:
    pairs = list(zip(words, counts.tolist(), strict=True))
    return [
        Frequent(tuple(pairs[start:end]), error) if end > start or error else NO_WORDS
        for (start, end), error in zip(pairwise(at), errors.tolist(), strict=True)
    ]


def _profile(its: _Checked, segments: _Places, states: list[ColumnState]) -> Profile:
    rows = {segment: states[places[None]].rows for segment, places in segments.items()}
    found = {
        segment: {name: states[place] for name, place in places.items() if name is not None}
        for segment, places in segments.items()
    }
    return Profile(its.plan, rows, found, {}, *its.said)


def _check_segments(plan: Plan, segments: _Places, counts: NDArray[Any]) -> None:
    known = {*kept_segments(plan), *((column, OTHER) for column in plan.segments)}
    missing = [segment for segment in kept_segments(plan) if segment not in segments]
    unknown = [segment for segment in segments if segment not in known]
    if missing or unknown or any(None not in places for places in segments.values()):
        raise ProfileFormatError(
            f"profile: its segments are not those of its plan; missing {missing[:5]}, unknown {unknown[:5]}"
        )
    rows = {segment: counts[places[None]] for segment, places in segments.items()}
    if any(rows[segment] > rows[ALL] for segment in rows):
        raise ProfileFormatError(
            "profile: a segment has more rows than the whole; write it with Profile.to_bytes"
        )
