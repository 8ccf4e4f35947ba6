"""Streams and sources in bounded memory: a source is read twice, a one-shot stream once, and the profile says so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from wolfpack.spec import OTHER, TableError
from wolfpack.stats import ALL, Profile, arrow, compare, freeze, profile
from wolfpack.stats.arrow import STEP, steps

ROWS = 400_000
DRAW = np.random.default_rng(17)
TABLE = pa.table(
    {
        "x": pa.array(DRAW.normal(size=ROWS), mask=DRAW.random(ROWS) < 0.01),
        "late": np.arange(ROWS) + DRAW.random(ROWS),
        "few": DRAW.poisson(4, ROWS).astype(float),
        "rare": np.where(np.arange(ROWS) == ROWS - 5, 7.0, 0.0),
        "c": np.array(list("abcdefgh"))[DRAW.integers(0, 8, ROWS)],
        "many": np.array([f"k{k}" for k in range(5000)])[np.minimum(DRAW.zipf(1.3, ROWS), 4999)],
        "b": DRAW.random(ROWS) < 0.5,
        "s": np.array(["u", "v", "w"])[DRAW.integers(0, 3, ROWS)],
    }
)


class Files:
    """A source that counts how often it was read, and holds at most one batch."""

    def __init__(self, table: pa.Table, rows: int = 30_000) -> None:
        self.schema, self.table, self.rows, self.reads = table.schema, table, rows, 0

    def batches(self) -> Iterator[pa.RecordBatch]:
        self.reads += 1
        return iter(self.table.to_batches(self.rows))


MEMORY = profile(TABLE, by=["s"])
ONE_SHOT = profile(TABLE.to_reader(30_000), by=["s"])


def ranks_of(found: Profile, name: str) -> np.ndarray:
    return np.cumsum(found[name].bins) / found[name].count


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every source is taken as one that does not fit into memory."""
    monkeypatch.setattr(arrow, "WHOLE", 1 << 20)


def test_a_small_source_is_read_once_and_frozen_like_a_table() -> None:
    source = Files(TABLE)
    found = profile(source, by=["s"])

    assert (source.reads, found.exact_bins) == (1, True)
    assert found.plan == MEMORY.plan
    assert found["x"].bins.tolist() == MEMORY["x"].bins.tolist()


@pytest.mark.usefixtures("large")
def test_a_large_source_is_read_twice_and_its_counts_are_exact() -> None:
    source = Files(TABLE)
    found = profile(source, by=["s"])
    again = profile(TABLE, plan=found.plan)

    assert (source.reads, found.exact_bins) == (3, True)  # the first megabyte, the bins, the counts
    assert found.segment_rows == MEMORY.segment_rows
    for name in found.columns:
        assert found[name].bins.tolist() == again[name].bins.tolist()
        assert found[name, "s", "u"].bins.tolist() == again[name, "s", "u"].bins.tolist()
        assert found[name].distinct.count == MEMORY[name].distinct.count
    for name in ("few", "rare", "c", "many", "b"):
        assert found.plan.columns[name].categories == MEMORY.plan.columns[name].categories
        assert found[name].bins.tolist() == MEMORY[name].bins.tolist()


def test_with_a_plan_everything_is_one_pass() -> None:
    source = Files(TABLE)
    found = profile(source, baseline=MEMORY)

    assert source.reads == 1
    assert found.exact_bins
    assert found["x"].bins.tolist() == MEMORY["x"].bins.tolist()


@pytest.mark.usefixtures("large")
def test_freeze_reads_a_large_source_once() -> None:
    source = Files(TABLE)
    plan = freeze(source, by=["s"])

    assert source.reads == 2  # the first megabyte, the bins
    assert plan.segments == {"s": ("u", "v", "w")}
    assert plan.columns["c"] == MEMORY.plan.columns["c"]


@pytest.mark.parametrize("name", ["x", "late"])
def test_a_one_shot_stream_s_bins_are_within_a_tenth_of_a_percent_of_the_ranks(name: str) -> None:
    """`late` rises with the rows, so its first step knows nothing of the rest."""
    found = ONE_SHOT[name]
    exact = profile(TABLE, plan=ONE_SHOT.plan)[name]

    assert not ONE_SHOT.exact_bins
    assert np.abs(np.cumsum(found.bins) - np.cumsum(exact.bins)).max() <= 0.001 * ROWS
    assert found.bins[1:-1].max() <= 2.5 * ROWS / 128
    assert (found.bins[0], found.bins[-1], int(found.bins.sum())) == (0, 0, found.count)
    segment = np.cumsum(ONE_SHOT[name, "s", "u"].bins) - np.cumsum(
        profile(TABLE, plan=ONE_SHOT.plan)[name, "s", "u"].bins
    )
    assert np.abs(segment).max() <= 0.004 * ONE_SHOT.segment_rows["s", "u"]


def test_all_else_of_a_one_shot_stream_is_exact() -> None:
    for name in MEMORY.columns:
        found, exact = ONE_SHOT[name], MEMORY[name]
        assert (found.rows, found.missing, found.zeros, found.minimum, found.maximum) == (
            *(exact.rows, exact.missing, exact.zeros, exact.minimum, exact.maximum),
        )
        assert found.distinct.hashes.tolist() == exact.distinct.hashes.tolist()
        assert found.mean == (None if exact.mean is None else pytest.approx(exact.mean, rel=1e-9, abs=1e-12))
    for name in ("few", "rare", "c", "many", "b", "s"):
        assert ONE_SHOT[name].bins.tolist() == MEMORY[name].bins.tolist()
        assert ONE_SHOT[name].plan.categories == MEMORY[name].plan.categories
        assert ONE_SHOT[name].plan.edges == MEMORY[name].plan.edges
        assert ONE_SHOT[name, "s", "v"].bins.tolist() == MEMORY[name, "s", "v"].bins.tolist()


def test_a_one_shot_stream_of_few_values_is_exact_and_says_so() -> None:
    found = profile(TABLE.select(["few", "c", "many", "b"]).to_reader(30_000))

    assert found.exact_bins


def test_what_was_estimated_stays_so_in_bytes_merges_and_comparisons() -> None:
    day = profile(TABLE.slice(0, 5000), baseline=ONE_SHOT)

    assert Profile.from_bytes(ONE_SHOT.to_bytes()) == ONE_SHOT
    assert not Profile.from_bytes(ONE_SHOT.to_bytes()).exact_bins
    assert (day.exact_bins, day.merge(ONE_SHOT).exact_bins) == (True, False)
    assert not compare(ONE_SHOT, day)["x"].exact
    assert compare(MEMORY, profile(TABLE.slice(0, 5000), baseline=MEMORY))["x"].exact
    assert not compare(ONE_SHOT, profile(TABLE.slice(0, 5000), baseline=ONE_SHOT))["x"].drifted


@pytest.mark.parametrize(
    "make",
    [
        lambda table: table.to_reader(7),
        lambda table: (batch for batch in table.to_batches(50)),
        lambda table: table.to_batches(50),
        lambda table: Files(table, 7),
        lambda table: Files(table, 10**6),
    ],
    ids=["reader", "generator", "list of batches", "source", "one batch"],
)
def test_however_rows_come_the_counts_are_the_same(make: Any) -> None:
    small = TABLE.slice(0, 1000)
    found, expected = profile(make(small), by=["s"]), profile(small, by=["s"])

    assert found.segment_rows == expected.segment_rows
    assert found.exact_bins
    for name in ("few", "c", "b"):
        assert found[name].bins.tolist() == expected[name].bins.tolist()
    again = profile(make(small), plan=expected.plan)
    assert {name: again[name].bins.tolist() for name in again.columns} == {
        name: expected[name].bins.tolist() for name in expected.columns
    }


@pytest.mark.parametrize("make", [lambda t: t.to_reader(), Files], ids=["reader", "source"])
def test_a_stream_without_rows_is_a_profile_of_no_rows(make: Any) -> None:
    none = TABLE.slice(0, 0)

    assert (profile(make(none)).rows, profile(make(none), baseline=MEMORY).rows) == (0, 0)


def test_panes_of_a_source_are_those_of_the_table() -> None:
    days = TABLE.slice(0, 200_000).append_column(
        "day", pa.array(np.datetime64("2024-01-01") + np.arange(200_000) // 30_000)
    )
    plan = freeze(days, time="day")
    ways = [
        profile(make(days), time="day", every="1d", plan=plan)
        for make in (lambda t: t, Files, lambda t: t.to_reader(20_000))
    ]

    for found in ways[1:]:
        assert list(found.panes) == list(ways[0].panes)
        for start, pane in found.panes.items():
            assert pane["x"].bins.tolist() == ways[0].panes[start]["x"].bins.tolist()
            assert pane["x"].lean
        assert found["x"].bins.tolist() == ways[0]["x"].bins.tolist()
    assert len(profile(Files(days), time="day", every="1d").panes) == 7
    assert len(profile(days.to_reader(20_000), time="day", every="1d").panes) == 7


@pytest.mark.usefixtures("large")
def test_a_source_s_segments_are_its_most_frequent_values_wherever_they_are() -> None:
    """The first rows have values of their own; a one-shot stream keeps those."""
    values = ["first"] * 1000 + ["then"] * (2 * STEP)
    table = pa.table({"s": values, "x": np.arange(float(len(values)))})
    twice, once = profile(Files(table), by=["s"]), profile(table.slice(0, 1000).to_reader(), by=["s"])

    assert twice.segment_rows == {ALL: len(values), ("s", "first"): 1000, ("s", "then"): 2 * STEP}
    assert once.segment_rows == {ALL: 1000, ("s", "first"): 1000}
    assert profile(table, plan=once.plan).segment_rows["s", OTHER] == 2 * STEP


def test_steps_hold_about_so_many_rows() -> None:
    for rows in (1000, STEP - 1, 3 * STEP):
        sizes = [table.num_rows for table in steps(Files(TABLE, rows))]

        assert sum(sizes) == ROWS
        assert max(sizes) <= STEP
        assert len(sizes) <= 5


def test_threads_change_nothing() -> None:
    small = TABLE.slice(0, 20_000)

    assert profile(small, by=["s"], threads=3) == profile(small, by=["s"])
    assert profile(Files(small), threads=2) == profile(Files(small))
    with pytest.raises(ValueError, match="threads: 0 is not in the range"):
        profile(small, threads=0)


@pytest.mark.parametrize("given", [[], [1], "text", iter([TABLE]), 5])
def test_what_holds_no_record_batches_is_no_table(given: Any) -> None:
    with pytest.raises(
        TableError, match=r"is no table; pass anything with the Arrow C stream.*record batches"
    ):
        profile(given)
