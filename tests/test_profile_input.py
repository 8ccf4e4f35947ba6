"""Tables from anywhere: kinds, plans, segments, panes, and errors that name the column."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from wolfpack.spec import OTHER, TableError
from wolfpack.stats import ALL, freeze, profile
from wolfpack.stats.arrow import STEP

ROWS = {"x": [1.0, None, 3.0], "s": ["a", None, "a"], "n": [1, 2, 2], "b": [True, False, True]}


@pytest.mark.parametrize(
    "table",
    [
        pd.DataFrame(ROWS),
        pl.DataFrame(ROWS),
        pl.DataFrame(ROWS).with_columns(pl.col("s").cast(pl.Categorical)),
        pd.DataFrame(ROWS).assign(s=lambda frame: frame["s"].astype("category")),
        pa.table(ROWS),
        pa.table(ROWS).to_batches()[0],
        pa.table(ROWS).to_reader(),
        pd.DataFrame(ROWS, index=[7, 8, 9]),
        pd.DataFrame(ROWS, index=pd.Index(["p", "q", "r"], name="key")),
    ],
    ids=[
        "pandas",
        "polars",
        "polars categorical",
        "pandas category",
        "arrow",
        "batch",
        "reader",
        "index",
        "named index",
    ],
)
def test_any_table_gives_the_same_profile(table: Any) -> None:
    found = profile(table)

    assert found == profile(pa.table(ROWS))
    assert [found[name].kind for name in found.columns] == ["numeric", "categorical", "numeric", "boolean"]
    assert (found["x"].missing, found["x"].mean, found["s"].bins.tolist()) == (1, 2.0, [2, 0])
    assert (found["b"].bins.tolist(), found.rows) == ([1, 2, 0], 3)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (pa.array([1, 2], pa.uint8()), "numeric"),
        (pa.array([2**53 + 1, -(2**62)], pa.int64()), "numeric"),
        (pa.array([Decimal("1.25"), None], pa.decimal128(5, 2)), "numeric"),
        (pa.array([1.5, None], pa.float16()), "numeric"),
        (pa.array(["a", None], pa.large_string()), "categorical"),
        (pa.array(["a", "b"], pa.string_view()), "categorical"),
        (pa.array([3, None]).dictionary_encode(), "categorical"),
        (pa.array([dt.datetime(2013, 1, 1), None]), "datetime"),
        (pa.array([dt.date(2013, 1, 1), None]), "datetime"),
        (pa.array([dt.time(1, 2), None]), "numeric"),
        (pa.array([dt.timedelta(1), None]), "numeric"),
        (pa.array([[1], None]), "list"),
        (pa.array([b"\xff", None]), "other"),
        (pa.array([None, None]), "other"),
    ],
    ids=lambda value: str(getattr(value, "type", value)),
)
def test_each_type_has_a_kind_and_is_counted(values: pa.Array, kind: str) -> None:
    found = profile(pa.table({"c": values}))["c"]

    assert (found.kind, found.rows, found.missing) == (kind, 2, values.null_count)
    assert int(found.bins.sum()) == 2 - values.null_count


def test_nan_is_missing_and_infinity_is_not() -> None:
    found = profile(pa.table({"x": [1.0, float("nan"), None, float("inf"), float("-inf"), 0.0]}))["x"]

    assert (found.missing, found.nonfinite, found.count, found.zeros) == (2, 2, 2, 1)
    assert (found.missing_ratio, found.minimum, found.maximum) == (2 / 6, 0.0, 1.0)


def test_kinds_override_types() -> None:
    table = pa.table({"code": [10, 20, 10], "text": ["1", "2.5", None]})
    found = profile(table, kinds={"code": "categorical", "text": "numeric"})

    assert found.plan.columns["code"].categories == ("10", "20")
    assert found["text"].mean == 1.75


@pytest.mark.parametrize(
    "sent", [[1.0, 0.0, None], [True, False, None], pd.array([True, False, None], "boolean")]
)
def test_booleans_with_gaps_stay_booleans(sent: Any) -> None:
    """Pandas makes floats of them."""
    reference = profile(pa.table({"b": [True, False]}))

    assert profile(pa.table({"b": sent}), baseline=reference)["b"].bins.tolist() == [1, 1, 0]


def test_a_number_in_a_boolean_column_that_is_none_is_another_value() -> None:
    reference = profile(pa.table({"b": [True, False]}))

    assert profile(pa.table({"b": [0, 1, 7, -1]}), baseline=reference)["b"].bins.tolist() == [1, 1, 2]


def test_columns_that_the_plan_lacks_are_named_and_absent_ones_left_out() -> None:
    reference = profile(pa.table({"a": [1], "b": [2]}))
    found = profile(pa.table({"b": [2], "new": [3]}), baseline=reference)

    assert (found.columns, found.unplanned) == (("b",), ("new",))
    assert found.plan is reference.plan


def test_segments_keep_the_plan_s_values_and_count_the_rest_together() -> None:
    reference = profile(pa.table({"v": [1, 2, 3], "s": ["a", "b", "b"]}), by=["s"])
    found = profile(pa.table({"v": [5, 7, 9], "s": ["b", "new", None]}), baseline=reference)

    assert found.segment_rows == {ALL: 3, ("s", "a"): 0, ("s", "b"): 1, ("s", OTHER): 2}
    assert (found["v", "s", "b"].mean, found["v", "s", OTHER].mean, found["v", "s", "a"].rows) == (
        5.0,
        8.0,
        0,
    )
    assert reference.segment_rows == {ALL: 3, ("s", "a"): 1, ("s", "b"): 2}


def test_a_reference_keeps_its_20_most_frequent_segment_values() -> None:
    values = [f"s{k:02d}" for k in range(30) for _ in range(k + 1)]
    plan = freeze(pa.table({"s": values}), by=["s"])

    assert plan.segments["s"] == tuple(f"s{k}" for k in range(10, 30))


def test_the_segment_values_can_be_named() -> None:
    found = profile(pa.table({"s": ["a", "b", "c"]}), by={"s": ["c", "z"]})

    assert found.segment_rows == {ALL: 3, ("s", "c"): 1, ("s", "z"): 0, ("s", OTHER): 2}


def test_more_rows_than_one_step_give_the_same_counts() -> None:
    draw = np.random.default_rng(1)
    table = pa.table({"x": draw.normal(size=STEP + 7), "s": draw.choice(["a", "b"], STEP + 7)})
    found = profile(table, by=["s"])
    halves = [profile(table.slice(a, n), plan=found.plan) for a, n in ((0, 50_000), (50_000, STEP))]
    merged = halves[0].merge(halves[1])

    assert merged.segment_rows == found.segment_rows
    assert merged["x", "s", "a"].bins.tolist() == found["x", "s", "a"].bins.tolist()
    assert merged["x"].mean == pytest.approx(float(np.mean(table["x"].to_numpy())), abs=1e-12)
    assert merged["x"].stddev == pytest.approx(float(np.std(table["x"].to_numpy())), rel=1e-12)


@pytest.mark.parametrize(
    "times",
    [
        pa.array([dt.datetime(2013, 3, 9, 23, 59), dt.datetime(2013, 3, 10, 12), dt.datetime(2013, 3, 11)]),
        pa.array(["2013-03-09T23:59", "2013-03-10T12:00", "2013-03-11"]),
        pa.array([dt.date(2013, 3, 9), dt.date(2013, 3, 10), dt.date(2013, 3, 11)]),
        pa.array(
            [dt.datetime(2013, 3, 10, 4, 59), dt.datetime(2013, 3, 10, 5), dt.datetime(2013, 3, 11, 4)],
            pa.timestamp("us", "UTC"),
        ),
    ],
    ids=["naive", "text", "dates", "aware"],
)
def test_panes_begin_at_local_midnight_also_when_clocks_change(times: pa.Array) -> None:
    """New York has 23 hours on 10 March 2013."""
    found = profile(pa.table({"t": times, "v": [1, 2, 4]}), time="t", every="1d", timezone="America/New_York")
    starts = [dt.datetime(2013, 3, 9, 5), dt.datetime(2013, 3, 10, 5), dt.datetime(2013, 3, 11, 4)]

    assert list(found.panes) == [int(start.replace(tzinfo=dt.UTC).timestamp()) for start in starts]
    assert [pane["v"].mean for pane in found.panes.values()] == [1, 2, 4]
    assert (found.columns, found.rows) == (("v",), 3)


def test_panes_sum_to_the_whole_whatever_the_order_of_rows() -> None:
    draw = np.random.default_rng(2)
    days = pd.Timestamp("2013-01-01") + pd.to_timedelta(draw.integers(0, 30 * 24, 2000), unit="h")
    frame = pd.DataFrame({"t": days, "v": draw.normal(size=2000)})
    found = profile(frame, time="t", every=dt.timedelta(days=7))

    assert len(found.panes) == 5
    for start, pane in found.panes.items():
        first = pd.Timestamp(start, unit="s")
        inside = frame[(days >= first) & (days < first + pd.Timedelta(days=7))]["v"]
        assert (pane.rows, pane["v"].maximum) == (len(inside), inside.max())
    assert sum(pane.rows for pane in found.panes.values()) == 2000
    assert (sum(pane["v"].bins for pane in found.panes.values()) == found["v"].bins).all()


def test_the_hour_that_a_clock_repeats_goes_to_its_first_pane() -> None:
    """In New York 01:00 to 02:00 comes twice on 3 November 2013; naive times cannot tell which."""
    times = [dt.datetime(2013, 11, 3, hour, 30) for hour in (0, 1, 2)]
    found = profile(pa.table({"t": times, "v": [1, 2, 4]}), time="t", every="1h", timezone="America/New_York")

    hours = [dt.datetime.fromtimestamp(start, dt.UTC).hour for start in found.panes]
    assert (hours, [pane["v"].mean for pane in found.panes.values()]) == ([4, 5, 7], [1, 2, 4])


def test_a_table_without_rows_is_a_profile_of_no_rows() -> None:
    found = profile(pa.table({"x": pa.array([], pa.float64()), "s": pa.array([], pa.string())}), by=["s"])

    assert (found.rows, found["x"].mean, found["x"].missing_ratio) == (0, None, None)


@pytest.mark.parametrize(
    ("table", "arguments", "message"),
    [
        ([1, 2], {}, "list is no table.*Arrow C stream"),
        (pa.table([[1], [2]], ["a", "a"]), {}, "column 'a' is there 2 times; rename"),
        (pa.table({"a" * 129: [1]}), {}, "at most 128 characters"),
        (pa.table({"a\n": [1]}), {}, "without control characters"),
        (pd.DataFrame({"mixed": [1, "a"]}), {}, "mixed.*cast"),
        (pa.table({"x": ["1", "one"]}), {"kinds": {"x": "numeric"}}, "column 'x' is string.*numeric.*'one'"),
        (pa.table({"x": [[1]]}), {"kinds": {"x": "categorical"}}, "column 'x' is list.*text"),
        (pa.table({"x": [1]}), {"by": ["y"]}, "segment column 'y' is not in the table; it has x"),
        (pa.table({"x": range(1001)}), {"by": ["x"]}, "'x' has 1001 values, more than 1000"),
        (pa.table({"x": ["a\tb"]}), {"by": ["x"]}, "segment column 'x'.*control characters"),
        (pa.table({"x": [1]}), {"time": "t", "every": "1d"}, "time column 't' is not in the table; it has x"),
        (
            pa.table({"t": ["soon"], "x": [1]}),
            {"time": "t", "every": "1d"},
            "time column 't' is string, not times",
        ),
        (
            pa.table({"t": pa.array([None, dt.date(2013, 1, 1)]), "x": [1, 2]}),
            {"time": "t", "every": "1d"},
            "'t' has 1 rows without a time",
        ),
        (
            pa.table({"t": [dt.datetime(1, 1, 1), dt.datetime(2013, 1, 1)], "x": [1, 2]}),
            {"time": "t", "every": "1h"},
            "'t' spans 1-01-01 to 2013-01-01, more than 100000 panes",
        ),
    ],
)
def test_a_table_that_cannot_be_read_is_refused_with_its_column(
    table: Any, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(TableError, match=f"(?s){message}"):
        profile(table, **arguments)


def test_bytes_that_are_no_text_are_refused() -> None:
    raw = pa.array([b"\xff\xfe"], pa.binary())
    broken = pa.Array.from_buffers(pa.string(), 1, raw.buffers())

    with pytest.raises(TableError, match="column 's' is string"):
        profile(pa.table({"s": broken}))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"time": "t"}, "give both"),
        ({"every": "1d"}, "give both"),
        ({"kinds": {"x": "number"}}, "'number' is no kind; known are numeric"),
        ({"plan": freeze(pa.table({"x": [1]})), "by": ["x"]}, "belong to the plan"),
        (
            {"plan": freeze(pa.table({"x": [1]})), "baseline": profile(pa.table({"x": [1]}))},
            "give one of them",
        ),
    ],
)
def test_arguments_that_contradict_each_other_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        profile(pa.table({"x": [1]}), **arguments)


def test_an_unknown_column_is_a_helpful_key_error() -> None:
    found = profile(pa.table({"dep_delay": [1.0], "s": ["a"]}), by=["s"])

    with pytest.raises(KeyError, match="did you mean 'dep_delay'"):
        found["dep_dely"]
    with pytest.raises(KeyError, match=r"no segment \('s', 'b'\)"):
        found["dep_delay", "s", "b"]


def test_select_keeps_the_plan_and_drops_columns_everywhere() -> None:
    table = pa.table({"a": [1, 2], "b": [1, 2], "t": ["2013-01-01", "2013-01-02"], "s": ["x", "y"]})
    found = profile(table, by=["s"], time="t", every="1d").select(["b"])

    assert found.columns == ("b",)
    assert {tuple(states) for pane in found.panes.values() for states in pane.segments.values()} == {("b",)}
