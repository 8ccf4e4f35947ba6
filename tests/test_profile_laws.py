"""The laws of a mergeable state, over tables with gaps, infinities, new values and empty parts."""

from __future__ import annotations

import datetime as dt
import math
import random
from typing import Any

import naive
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wolfpack.spec import OTHER, PlanMismatch
from wolfpack.stats import ALL, Profile, freeze, merge_all, profile
from wolfpack.stats.column_state import merge_states

FIXED = settings(derandomize=True, deadline=None, max_examples=60)
SCHEMA = pa.schema(
    [
        ("x", pa.float64()),
        ("i", pa.int64()),
        ("c", pa.string()),
        ("b", pa.bool_()),
        ("s", pa.string()),
        ("t", pa.date32()),
        ("w", pa.string()),
        ("l", pa.list_(pa.int64())),
        ("e", pa.list_(pa.float64(), 3)),
    ]
)
NUMBERS = st.one_of(
    st.none(),
    st.sampled_from([0.0, -0.0, math.nan, math.inf, -math.inf, 0.1, 1e-300, 1e6, -1e6]),
    st.floats(-1e6, 1e6),
)
ROW = st.tuples(
    NUMBERS,
    st.none() | st.integers(-(2**40), 2**40) | st.integers(0, 9),
    st.none() | st.sampled_from(["a", "b", "new", "", "é"]),
    st.none() | st.booleans(),
    st.none() | st.sampled_from(["north", "south", "east"]),
    st.none() | st.dates(),
    st.none() | st.text(max_size=9),
    st.none() | st.lists(st.none() | st.integers(0, 5), max_size=5),
    st.none() | st.lists(st.floats(-9, 9), min_size=3, max_size=3),
)
ROWS = st.lists(ROW, max_size=40)


def table(rows: list[tuple[Any, ...]]) -> pa.Table:
    columns = zip(*rows, strict=True) if rows else [[]] * len(SCHEMA)
    return pa.table([pa.array(list(c), t) for c, t in zip(columns, SCHEMA.types, strict=True)], schema=SCHEMA)


def _reference() -> Profile:
    draw = np.random.default_rng(1)
    rows = [
        (
            *(draw.normal(), int(draw.integers(0, 9)), "ab"[k % 2], k % 3 == 0, ("north", "south")[k % 2]),
            *(
                dt.date(2013, 1, 1 + k % 28),
                "some words" * (k % 4),
                [k % 3] * (k % 4),
                draw.normal(size=3).tolist(),
            ),
        )
        for k in range(500)
    ]
    kinds: Any = {"w": "text"}
    return profile(table(rows), by=["s"], kinds=kinds, ranges={"x": (-1000.0, 2000.0), "i": (None, 8)})


REFERENCE = _reference()
PLAN = REFERENCE.plan


def count(rows: list[tuple[Any, ...]]) -> Profile:
    return profile(table(rows), plan=PLAN)


def assert_same(expected: Profile, actual: Profile) -> None:
    """Counts and extremes are equal, moments within rounding, sketches stand for as many values."""
    assert expected.segment_rows == actual.segment_rows
    for segment, states in expected.segments.items():
        for name, state in states.items():
            other = actual.segments[segment][name]
            assert state.bins.tolist() == other.bins.tolist()
            for field in (
                *("rows", "missing", "nonfinite", "changed", "zeros", "negatives", "out_of_range"),
                *("minimum", "maximum", "count", "lean", "frequent"),
            ):
                assert getattr(state, field) == getattr(other, field), (segment, name, field)
            for power, (mine, theirs) in enumerate(zip(state.powers, other.powers, strict=True), 1):
                # Relative to the sum of absolute powers, of which this is a bound (Hoelder).
                scale = state.count ** (1 - power / 4) * state.powers.fourths ** (power / 4)
                assert mine == pytest.approx(theirs, rel=0, abs=1e-12 * scale), (segment, name, power)
            assert state.sums == pytest.approx(other.sums, rel=1e-12, abs=1e-12 * 9 * state.count)
            assert state.sketch.count == other.sketch.count
            if state.distinct is not None and other.distinct is not None:
                assert state.distinct.hashes.tolist() == other.distinct.hashes.tolist()


@FIXED
@given(ROWS)
def test_empty_is_an_identity_of_merge(rows: list[Any]) -> None:
    found = count(rows)

    assert found.merge(Profile.empty(PLAN)) == found
    assert Profile.empty(PLAN).merge(found) == found


@FIXED
@given(ROWS, ROWS)
def test_merge_commutes(left: list[Any], right: list[Any]) -> None:
    assert_same(count(left).merge(count(right)), count(right).merge(count(left)))


@FIXED
@given(ROWS, ROWS, ROWS)
def test_merge_associates(a: list[Any], b: list[Any], c: list[Any]) -> None:
    one, two, three = count(a), count(b), count(c)

    assert_same(one.merge(two).merge(three), one.merge(two.merge(three)))
    assert_same(one.merge(two).merge(three), merge_all([three, one, two]))


@FIXED
@given(ROWS, st.lists(st.integers(0, 40), max_size=5))
def test_any_split_gives_the_same_profile(rows: list[Any], cuts: list[int]) -> None:
    """Empty parts and parts of one row included."""
    ends = sorted(min(cut, len(rows)) for cut in cuts)
    parts = [rows[a:b] for a, b in zip([0, *ends], [*ends, len(rows)], strict=True)]

    assert_same(count(rows), merge_all([count(part) for part in parts]))
    assert_same(count(rows), merge_all([Profile.empty(PLAN), *(count([row]) for row in rows)]))


@FIXED
@given(ROWS, st.integers())
def test_the_order_of_rows_does_not_matter(rows: list[Any], seed: int) -> None:
    shuffled = random.Random(seed).sample(rows, len(rows))

    assert_same(count(rows), count(shuffled))


@FIXED
@given(ROWS, ROWS)
def test_merge_does_not_change_its_arguments(left: list[Any], right: list[Any]) -> None:
    one, two = count(left), count(right)
    before = one.to_bytes(), two.to_bytes()
    one.merge(two)

    assert before == (one.to_bytes(), two.to_bytes())


@FIXED
@given(ROWS)
def test_bytes_round_trip(rows: list[Any]) -> None:
    found = count(rows)

    assert Profile.from_bytes(found.to_bytes()) == found


@FIXED
@given(ROWS)
def test_every_count_equals_its_slow_twin(rows: list[Any]) -> None:
    found = count(rows)
    kept = {ALL: rows} | {
        ("s", value): [row for row in rows if row[4] == value] for value in PLAN.segments["s"]
    }
    for segment, part in kept.items():
        states = found.segments[segment]
        for place, name in enumerate("xi"):
            state = states[name]
            ends = [(-1000.0, 2000.0), (-math.inf, 8)][place]
            twin = naive.count_numeric([row[place] for row in part], PLAN.columns[name].edges, *ends)
            mean, stddev, distinct = twin.pop("mean"), twin.pop("stddev"), twin.pop("distinct")

            assert twin.pop("bins") == state.bins.tolist()
            assert twin == {field: getattr(state, field) for field in twin}
            assert state.lean is (segment != ALL)
            assert state.distinct is None or state.distinct.count == distinct
            if mean is None:
                assert (state.mean, state.stddev, state.skewness, state.quantile(0.5)) == (None,) * 4
                continue
            assert state.mean == pytest.approx(mean, rel=1e-9, abs=1e-9)
            # The sums are about the reference's median; what far-off values leave of a small spread is 1e-8 of them.
            assert state.stddev == pytest.approx(stddev, rel=1e-6, abs=1e-7 * (1 + abs(mean)))
        twin = naive.count_categories([row[2] for row in part], PLAN.columns["c"].categories)
        frequent, distinct = twin.pop("frequent"), twin.pop("distinct")
        assert twin == {
            "rows": states["c"].rows,
            "missing": states["c"].missing,
            "bins": states["c"].bins.tolist(),
        }
        if segment == ALL:
            assert (list(states["c"].frequent.items), states["c"].distinct.count) == (frequent, distinct)
        assert states["b"].bins.tolist() == [sum(row[3] is k for row in part) for k in (False, True)] + [0]
        assert states["t"].missing == sum(row[5] is None for row in part)
    others = sum(row[4] not in PLAN.segments["s"] for row in rows)
    assert found.segment_rows.get(("s", OTHER), 0) == others


@pytest.mark.parametrize("far", [0.0, 1e9])
def test_skewness_and_kurtosis_are_those_of_the_values(far: float) -> None:
    """Also far from zero: the sums are about a value of the reference."""
    values = [far + x for x in np.exp(np.random.default_rng(5).normal(size=3000))]
    found = profile(pa.table({"x": values}))["x"]

    assert found.skewness == pytest.approx(naive.standardised(values, 3), rel=1e-6 if far else 1e-9)
    assert found.kurtosis == pytest.approx(naive.standardised(values, 4) - 3, rel=1e-6 if far else 1e-9)
    assert profile(pa.table({"x": [far] * 9}))["x"].skewness is None


def test_a_full_state_merged_with_a_lean_one_is_lean() -> None:
    rows = pa.table({"x": [1.0, 2.0, 3.0], "s": ["a", "a", "b"]})
    found = profile(rows, by=["s"])
    merged = merge_states([found["x"], found["x", "s", "a"]])

    assert (merged.lean, merged.count, merged.quantile(0.5), merged.maximum) == (True, 5, None, 3.0)


def test_small_profiles_keep_every_value_for_quantiles() -> None:
    rows = [(float(k), k, "a", True, "north", *[None] * 4) for k in range(101)]
    found = count(rows)["x"]

    assert [found.quantile(q) for q in (0, 0.25, 0.5, 1)] == [0, 25, 50, 100]


def test_different_plans_refuse_to_merge_naming_both() -> None:
    other = profile(pa.table({"x": [1.0, 2.0]}))

    with pytest.raises(PlanMismatch, match=rf"{PLAN.id}.*{other.plan.id}"):
        count([]).merge(other)


def test_profiles_on_different_plans_are_not_equal() -> None:
    one, other = (Profile.empty(freeze(pa.table({name: [1.0]}))).select([]) for name in "ab")

    assert one == Profile.empty(one.plan).select([])
    assert one != other


def test_panes_merge_by_their_start() -> None:
    days = pa.table({"day": ["2013-01-01", "2013-01-02"], "v": [1.0, 2.0]})
    more = pa.table({"day": ["2013-01-02", "2013-01-03"], "v": [4.0, 8.0]})
    reference = profile(days, time="day", every="1d")
    merged = reference.merge(profile(more, time="day", every="1d", baseline=reference))

    assert [pane["v"].mean for _, pane in sorted(merged.panes.items())] == [1.0, 3.0, 8.0]
    assert merged["v"].mean == 3.75


def test_values_near_the_largest_double_do_not_stop_the_profile() -> None:
    rest = (1, "a", True, "north", *[None] * 4)
    found = count([(1.7e308, *rest)] * 3 + [(-1.7e308, *rest)])

    assert (found["x"].skewness, found["x"].kurtosis) == (None, None)
    assert Profile.from_bytes(found.to_bytes()) == found
    assert (found["x"].count, found["x"].maximum, found["x"].stddev) == (4, 1.7e308, math.inf)
