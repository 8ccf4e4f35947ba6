"""Profiles as bytes: what comes back is what went in, and what contradicts itself is refused."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from wolfpack.spec import ProfileFormatError
from wolfpack.stats import Profile, ScoreCounts, profile


def table(rows: int = 300) -> pa.Table:
    draw = np.random.default_rng(rows)
    return pa.table(
        {
            "day": np.datetime64("2013-01-01") + draw.integers(0, 20, rows),
            "x": np.where(draw.random(rows) < 0.1, np.nan, draw.normal(size=rows)),
            "c": draw.choice(["a", "b", "é"], rows),
            "b": draw.random(rows) < 0.5,
            "s": draw.choice(["north", "south"], rows),
        }
    )


PROFILE = profile(table(), by=["s"], time="day", every="1d")
DATA = PROFILE.to_bytes()


def test_a_reference_comes_back_with_its_panes_and_segments() -> None:
    found = Profile.from_bytes(DATA)

    assert found == PROFILE
    assert found.plan == PROFILE.plan
    assert len(found.panes) == 20
    assert found.to_bytes() == DATA


@pytest.mark.parametrize("rows", [0, 1, 3000])
def test_profiles_of_every_size_come_back(rows: int) -> None:
    found = profile(table(rows).append_column("new", pa.nulls(rows)), plan=PROFILE.plan)

    assert Profile.from_bytes(found.to_bytes()) == found
    assert found.unplanned == ("day", "new")


def test_a_hundred_columns_and_20_segments_take_less_than_2_megabytes() -> None:
    draw = np.random.default_rng(1)
    data = {f"x{k}": draw.normal(size=40_000) for k in range(100)}
    wide = profile(pa.table({**data, "s": draw.choice([f"s{k}" for k in range(20)], 40_000)}), by=["s"])

    assert len(wide.to_bytes()) < 2_000_000
    assert Profile.from_bytes(wide.to_bytes()) == wide


def test_what_comes_back_merges_and_compares_as_before() -> None:
    other = profile(table(77), plan=PROFILE.plan)

    assert Profile.from_bytes(DATA).merge(Profile.from_bytes(other.to_bytes())) == PROFILE.merge(other)


def test_a_profile_of_no_columns_keeps_its_rows() -> None:
    assert Profile.from_bytes(PROFILE.select([]).to_bytes()).segment_rows == PROFILE.segment_rows


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "0 bytes"),
        (b"garbage" * 9, "63 bytes that begin with b'garbagegarbagega'"),
        (DATA[: len(DATA) // 2], "send what to_bytes returns, whole"),
        (DATA[:-600], "whole"),
        (json.dumps(PROFILE.plan.to_dict()).encode(), "begin with"),
        (
            ScoreCounts.empty().to_bytes(),
            r"format is 'wolfpack.score_counts/2', this release reads 'wolfpack.profile/2'",
        ),
    ],
)
def test_bytes_that_are_no_profile_are_refused(data: bytes, message: str) -> None:
    with pytest.raises(ProfileFormatError, match=message):
        Profile.from_bytes(data)


def rewrite(
    change: Callable[[dict[str, Any]], None] = lambda rows: None,
    metadata: Callable[[dict[bytes, bytes]], None] = lambda said: None,
) -> bytes:
    """Return the bytes of the profile with columns (as lists) or metadata changed."""
    with pa.ipc.open_stream(DATA) as reader:
        schema, rows = reader.schema, reader.read_all().to_pydict()
    said = dict(schema.metadata)
    change(rows)
    metadata(said)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schema.with_metadata(said)) as writer:
        writer.write_table(pa.table(rows, schema=schema.with_metadata(said)))
    return bytes(sink.getvalue())


def first(name: str, value: Any, column: str = "x") -> Callable[[dict[str, Any]], None]:
    """Return a change of one field in the first row of a column."""

    def change(rows: dict[str, Any]) -> None:
        row = rows["column"].index(column)
        rows[name][row] = value(rows[name][row]) if callable(value) else value

    return change


def plan_with(**changes: Any) -> Callable[[dict[bytes, bytes]], None]:
    def change(said: dict[bytes, bytes]) -> None:
        plan = PROFILE.plan.to_dict()
        plan["columns"]["c"] |= changes
        said[b"plan"] = zlib.compress(json.dumps(plan).encode())

    return change


def test_the_test_s_own_rewriting_changes_nothing() -> None:
    assert Profile.from_bytes(rewrite()) == PROFILE


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (first("rows", 10**18), "column 'x': rows is not in the range"),
        (first("rows", -1), "column 'x': rows is not in the range"),
        (first("rows", lambda n: n + 1), "'x': bins, missing, nonfinite and changed do not sum to rows"),
        (first("missing", 10**6), "'x': missing, nonfinite and changed are more than rows"),
        (first("zeros", 10**6), "'x': zeros and negatives are more than its values"),
        (first("bins", lambda bins: bins[:-1]), "'x': its bins are not as many as the plan's"),
        (first("bins", lambda bins: [-1, bins[1] + 1, *bins[2:]]), "a bin is not in the range"),
        (first("bins", lambda bins: [bins[0], bins[1] + 1, *bins[2:]], "c"), "'c': bins, missing"),
        (first("minimum", None), "'x': minimum is there exactly when there are numbers"),
        (first("maximum", -1e9), "'x': minimum is above maximum"),
        (first("total", float("nan")), "'x': its moments are not numbers"),
        (first("levels", [1]), "'x': its sketch's levels are not as long as its items"),
        (first("levels", lambda sizes: [0, *sizes]), "'x': its sketch does not stand for its values"),
        (first("levels", [0] * 41), "'x': its sketch has more than 40 levels"),
        (
            first("items", lambda items: [float("inf"), *items[1:]]),
            "a sketch holds a value that is not finite",
        ),
        (first("k", 0), "'x': its sketch has no size"),
        (first("changed", 10**6), "'x': missing, nonfinite and changed are more than rows"),
        (first("out_of_range", 10**6), "'x': out_of_range is more than its values"),
        (first("fourths", float("nan")), "'x': its moments are not numbers"),
        (first("sums", [1.0]), "'x': its sums are not as many as the plan's center"),
        (first("lean", True), "'x': its sketch does not stand for its values"),
        (first("lean", True, "c"), "'c': it has more than 1024 hashes, or is lean and has any"),
        (
            first("hashes_low", lambda low: low[:-1]),
            "'x': its hashes have not as many high parts as low ones",
        ),
        (first("hashes_high", lambda high: high[::-1]), "'x': its hashes do not ascend"),
        (first("words", ["a"]), "'x': its words are not as many as their counts"),
        (first("word_error", -1), "'x': word_error is not in the range"),
        (first("rows", None), "field 'rows' has nulls"),
        (first("bins", lambda bins: [None, *bins[1:]]), "a list has nulls"),
        (first("column", "unknown"), "'unknown'.*not in its plan"),
        (first("value", "west", "b"), "its segments are not those of its plan"),
        (lambda rows: rows["column"].__setitem__(2, "x"), "two rows for one column|do not sum|as many"),
        (
            lambda rows: rows["pane"].__setitem__(slice(None), [7] * len(rows["pane"])),
            "two rows|no rows for the whole",
        ),
    ],
)
def test_counts_that_contradict_each_other_are_refused(change: Callable[[Any], None], message: str) -> None:
    with pytest.raises(ProfileFormatError, match=message):
        Profile.from_bytes(rewrite(change))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda said: said.update({b"format": b"wolfpack.profile/9"}),
            "'wolfpack.profile/9', this release reads",
        ),
        (lambda said: said.pop(b"format"), "an Arrow table of another kind"),
        (lambda said: said.pop(b"plan"), "its plan cannot be read"),
        (lambda said: said.update({b"plan": b"{}"}), "its plan cannot be read"),
        (lambda said: said.update({b"plan": zlib.compress(b" " * (1 << 27))}), "longer than"),
        (lambda said: said.pop(b"unplanned"), "its plan cannot be read"),
        (lambda said: said.pop(b"bin_error"), "its plan cannot be read"),
        (plan_with(low="x"), "its plan cannot be read"),
        (plan_with(low=float("inf")), "must be finite"),
        (plan_with(source="x"), "source and measure go together"),
        (plan_with(kind="weird"), "kind 'weird'"),
        (plan_with(categories=["a", "a", "b"]), "a category twice"),
        (plan_with(edges=[1.0], seen=[True, True]), "of another kind"),
        (plan_with(kind="numeric", edges=[2.0, 1.0], seen=[True] * 3), "strictly increasing"),
    ],
)
def test_metadata_that_cannot_be_right_is_refused(change: Callable[[Any], None], message: str) -> None:
    with pytest.raises(ProfileFormatError, match=message):
        Profile.from_bytes(rewrite(metadata=change))


def test_damaged_bytes_are_refused_or_read_and_never_break_the_reader() -> None:
    draw = np.random.default_rng(5)
    refused = 0
    for trial in range(1500):
        damaged = bytearray(DATA)
        for place in draw.integers(0, len(DATA) if trial % 2 else 4000, 3):
            damaged[place] = draw.integers(0, 256)
        try:
            Profile.from_bytes(bytes(damaged))
        except ProfileFormatError:
            refused += 1

    assert refused > 500


def test_a_profile_without_its_panes_keeps_nothing_of_their_memory() -> None:
    rows = pa.table({"x": np.arange(6000.0), "word": ["a", "b", "c"] * 2000, "v": [[1.0, 2.0]] * 6000})
    times = pa.array(np.datetime64("2024-05-01") + np.arange(6000) // 100)
    data = profile(rows.append_column("t", times), time="t", every="1d", by=["word"]).to_bytes()
    read, alone = Profile.from_bytes(data), Profile.from_bytes(data, panes=False)
    arrays = [
        array
        for states in alone.segments.values()
        for state in states.values()
        for array in (
            state.bins,
            state.sums,
            *state.sketch.levels,
            *(() if state.distinct is None else [state.distinct.hashes]),
        )
    ]

    assert len(read.panes) == 60
    assert alone == replace(read, panes={})
    held = {id(root): root.nbytes for root in map(_root, arrays)}
    assert sum(held.values()) <= sum(array.nbytes for array in arrays)


def _root(array: np.ndarray) -> np.ndarray:
    """Return the array that holds the memory which this one is a view of."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array
