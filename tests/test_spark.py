"""PySpark DataFrames: what the executors count is what is counted here, and rows stay with them."""

from __future__ import annotations

import datetime as dt
import io
import os
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image
from pyarrow import parquet

from wolfpack import client, stats
from wolfpack.client import spark, spark_reference
from wolfpack.spec import OTHER, Plan, TableError
from wolfpack.spec.plan import Kind
from wolfpack.stats import ALL, Profile, bare_plan

pytest.importorskip("pyspark", reason="pyspark is not installed; pip install 'wolfpack-monitor[spark]'")
pytestmark = [
    pytest.mark.needs("java"),
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning"),
    pytest.mark.filterwarnings("ignore:distutils Version classes:DeprecationWarning"),  # PySpark 3.5
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # sockets that PySpark leaves to the collector
]
ROWS = 20_000
EXACT = (
    "rows",
    "missing",
    "nonfinite",
    "changed",
    "zeros",
    "negatives",
    "out_of_range",
    "minimum",
    "maximum",
)


@pytest.fixture(scope="module")
def session() -> Iterator[Any]:
    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = sys.executable
    settings = {
        "spark.ui.enabled": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.sql.shuffle.partitions": "3",
        "spark.sql.session.timeZone": "UTC",
    }
    builder = SparkSession.builder.master("local[2]")
    for key, value in settings.items():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    yield session
    session.stop()


def every_kind() -> pa.Table:
    """Return a table with every type that Parquet gives Spark, with gaps and hard values."""
    random = np.random.default_rng(11)
    gaps = random.random(ROWS) < 0.03
    when = np.datetime64("2024-03-01", "us") + np.arange(ROWS) * np.timedelta64(13, "s")
    price = [
        None if gap else Decimal(int(cents)).scaleb(-2)
        for gap, cents in zip(gaps, random.integers(0, 10**6, ROWS), strict=True)
    ]
    wild = random.lognormal(0, 2, ROWS)
    wild[:3] = [np.inf, -np.inf, np.nan]
    return pa.table(
        {
            "delay": pa.array(random.normal(10, 5, ROWS), mask=gaps),
            "wild": wild,
            "seats": pa.array(random.integers(-5, 30, ROWS), mask=gaps),
            "huge": pa.array(2**53 + random.integers(0, 9, ROWS), pa.int64()),
            "price": pa.array(price, pa.decimal128(10, 2)),
            "carrier": pa.array(random.choice(["AA", "UA", "DL", "ü"], ROWS), mask=gaps),
            "tail": [f"N{number}" for number in random.zipf(1.3, ROWS) % 5000],
            "origin": random.choice(["EWR", "JFK", "LGA"], ROWS, p=[0.6, 0.3, 0.1]),
            "late": pa.array(random.random(ROWS) < 0.2, mask=gaps),
            "at": pa.array(when, pa.timestamp("us", tz="UTC")),
            "wall": pa.array(when, pa.timestamp("us")),
            "day": pa.array(when.astype("datetime64[D]")),
            "tags": pa.array([["a", "b"], [], None, ["a"]] * (ROWS // 4)),
            "vector": pa.array(random.normal(size=(ROWS, 8)).tolist(), pa.list_(pa.float64())),
            "note": pa.array([f"{'late ' * (n % 7)}and that is all {n}" for n in range(ROWS)], mask=gaps),
            "raw": pa.array([b"\xff", None] * (ROWS // 2)),
            "photo": pa.array([_png(shade) for shade in (0, 90, 255)] * (ROWS // 3) + [None] * (ROWS % 3)),
            "void": pa.array([None] * ROWS, pa.float64()),
        }
    )


def _png(shade: int) -> bytes:
    """Return a grey image as its bytes."""
    file = io.BytesIO()
    Image.new("L", (4 + shade % 7, 3), shade).save(file, "png")
    return file.getvalue()


@pytest.fixture(scope="module")
def table() -> pa.Table:
    return every_kind()


@pytest.fixture(scope="module")
def frame(session, table, tmp_path_factory) -> Any:
    """Return the table as a DataFrame of 6 partitions, one of them empty."""
    folder = tmp_path_factory.mktemp("spark")
    for part in range(5):
        parquet.write_table(table.slice(part * ROWS // 5, ROWS // 5), folder / f"{part}.parquet")
    parquet.write_table(table.slice(0, 0), folder / "5.parquet")
    return session.read.parquet(str(folder)).repartition(6, "origin").cache()  # some of 6 hold no row


@pytest.fixture(scope="module")
def reference(table) -> Profile:
    return stats.profile(table, by={"origin": ["EWR", "JFK"]}, kinds={"photo": "image"})


def assert_same_counts(found: Profile, expected: Profile) -> None:
    """Counts, extremes and bins are equal; moments up to 1e-12, quantiles within the sketches' error."""
    assert found.segment_rows == expected.segment_rows
    assert found.plan.id == expected.plan.id
    for segment, states in expected.segments.items():
        assert found.segments[segment].keys() == states.keys()
        for name, state in states.items():
            other = found.segments[segment][name]
            where = f"{name} in {segment}"
            assert [getattr(other, one) for one in EXACT] == [getattr(state, one) for one in EXACT], where
            assert other.bins.tolist() == state.bins.tolist(), where
            assert other.singletons == state.singletons, where
            assert other.distinct is None or np.array_equal(other.distinct.hashes, state.distinct.hashes), (
                where
            )
            assert (other.distinct is None) == (state.distinct is None), where
            assert other.sums == pytest.approx(state.sums, rel=1e-12, abs=1e-9), where
            size = np.sqrt(state.squares / max(state.count, 1))
            for power, (ours, theirs) in enumerate(zip(other.powers, state.powers, strict=True), 1):
                assert ours == pytest.approx(theirs, rel=1e-12, abs=1e-12 * state.count * size**power), where


def test_spark_counts_as_the_local_path_does(frame, table, reference) -> None:
    found = client.profile(frame, baseline=reference)

    assert_same_counts(found, reference)
    assert found.segment_rows["origin", OTHER] > 0
    assert set(table.column_names) < set(found.columns)
    assert {found[name].kind for name in found.columns} == {*get_args(Kind)}


def test_quantiles_are_within_the_stated_error(frame, table, reference) -> None:
    found = client.profile(frame, plan=reference.plan)
    for name in ("delay", "wild", "seats", "price"):
        values = np.sort(table[name].drop_null().cast(pa.float64()).to_numpy())
        values = values[np.isfinite(values)]
        for q in (0.01, 0.25, 0.5, 0.75, 0.99):
            low, high = (
                np.searchsorted(values, found[name].quantile(q), side="left"),
                np.searchsorted(values, found[name].quantile(q), side="right"),
            )
            assert low / len(values) - found[name].sketch.rank_error <= q, (name, q)
            assert q <= high / len(values) + found[name].sketch.rank_error, (name, q)


def test_partitions_that_are_merged_on_executors_count_the_same(frame, reference, monkeypatch) -> None:
    monkeypatch.setattr(spark, "MANY", 3)
    monkeypatch.setattr(spark, "MERGERS", 2)

    assert_same_counts(spark.count_frame(frame, reference.plan), reference)


def test_panes_are_those_of_the_local_path(frame, table, reference) -> None:
    options: dict[str, Any] = {"time": "at", "every": "1d", "timezone": "America/New_York"}
    plan = Plan({"delay": reference.plan.columns["delay"]}, {"origin": ("EWR",)})
    found = client.profile(frame, plan=plan, **options)
    expected = stats.profile(table, plan=plan, **options)

    assert len(expected.panes) == 4
    assert found.panes.keys() == expected.panes.keys()
    for start, pane in expected.panes.items():
        assert_same_counts(found.panes[start], pane)


def test_a_frame_without_rows_has_the_empty_profile(frame, reference) -> None:
    found = client.profile(frame.limit(0), baseline=reference)

    assert (found.rows, found.columns) == (0, reference.columns)
    assert client.profile(frame.limit(0)).rows == 0


def test_a_reference_from_spark_has_the_values_and_segments_of_the_local_one(frame, table) -> None:
    found, local = client.profile(frame, by=["origin"]), stats.profile(table, by=["origin"])

    assert found.plan.segments == local.plan.segments == {"origin": ("EWR", "JFK", "LGA")}
    assert found.segment_rows == local.segment_rows
    for name, column in local.plan.columns.items():
        ours = found.plan.columns[name]
        assert (ours.kind, ours.complete, ours.categories) == (
            column.kind,
            column.complete,
            column.categories,
        ), name
        if column.source != "vector":  # which is measured from the center of the first rows
            same = [[getattr(profile[name], one) for one in EXACT] for profile in (found, local)]
            assert same[0] == same[1], name
    assert len(found.plan.columns["tail"].categories) <= 1000
    assert not found.plan.columns["tail"].complete


def test_a_reference_from_spark_has_bins_of_equal_share_and_no_row_of_it_is_novel(frame, table) -> None:
    found = client.profile(frame.select("delay", "wild", "seats"))
    for name, state in ((name, found[name]) for name in found.columns):
        assert state.plan.edges[0] <= state.minimum, name
        assert state.bins[0] == state.bins[-1] == 0, name
        assert all(np.array(state.plan.seen)[state.bins > 0]), name
    share = found["delay"].bins / found["delay"].count

    assert len(found["delay"].plan.edges) > 100
    assert share.max() < 1 / 128 + 2 * 4 / 4096
    drift = stats.compare(found, stats.profile(table.select(found.columns), baseline=found))
    assert not any(drift[name].drifted for name in drift.columns)


def test_few_numbers_have_the_plan_of_the_local_path(session) -> None:
    """4 values and one of three rows: a tally counts them exactly, however the rows are dealt out."""
    values = [float(number % 4) for number in range(40_000)] + [2.5] * 3
    frame = session.createDataFrame([(value,) for value in values], "x double").repartition(4)
    ours, local = client.profile(frame)["x"], stats.profile(pa.table({"x": values}))["x"]

    assert (ours.plan.edges, ours.plan.seen) == (local.plan.edges, local.plan.seen)
    assert ours.bins.tolist() == local.bins.tolist()


def test_drafts_that_are_merged_on_executors_make_the_same_plan(frame, monkeypatch) -> None:
    columns = ["seats", "carrier", "tail", "origin", "late", "day", "tags"]
    found = client.profile(frame.select(*columns), by=["origin"])
    monkeypatch.setattr(spark_reference, "MANY", 3)

    assert client.profile(frame.select(*columns), by=["origin"]).plan.id == found.plan.id


def test_a_segment_of_too_many_values_is_refused(session) -> None:
    frame = session.range(3000).selectExpr("cast(id as string) as key", "1.0 as x")

    with pytest.raises(TableError, match="segment column 'key' has 3000 values, more than 1000"):
        client.profile(frame, by=["key"])


def test_rows_do_not_come_to_the_driver(frame, reference, monkeypatch) -> None:
    """All that is collected are profiles: at most one a partition."""
    got: list[Any] = []
    real = spark.collect
    monkeypatch.setattr(spark, "collect", lambda parts: got.append(real(parts)) or got[-1])
    client.profile(frame, baseline=reference)

    assert [[len(row) for row in rows] for rows in got] == [[1] * len(got[0])]
    assert 1 <= len(got[0]) <= 6
    assert sum(Profile.from_bytes(bytes(data)).rows for (data,) in got[0]) == ROWS


def test_what_an_executor_refuses_is_told_here(session) -> None:
    frame = session.createDataFrame([("2024-03-01", 1.0), (None, 2.0)], "day string, x double")
    plan = bare_plan(pa.schema({"x": pa.float64()}))

    with pytest.raises(TableError, match="time column 'day' has 1 rows without a time; fill or drop them"):
        client.profile(frame, plan=plan, time="day", every="1d")


def test_wrong_arguments_are_told_before_a_job_runs(frame) -> None:
    with pytest.raises(TableError, match="segment column 'none' is not in the table"):
        client.profile(frame, by=["none"])
    with pytest.raises(ValueError, match="give both to keep panes"):
        client.profile(frame, time="at")


def test_executors_without_this_package_are_told_of(session, frame, reference, tmp_path: Path) -> None:
    bare = tmp_path / "python"
    bare.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S "$@"\n')
    bare.chmod(0o755)
    context, before = session.sparkContext, session.sparkContext.pythonExec
    context.pythonExec = str(bare)
    try:
        with pytest.raises(TableError, match="set PYSPARK_PYTHON to that Python before the session is made"):
            client.profile(frame, baseline=reference)
    finally:
        context.pythonExec = before


def test_a_client_profiles_a_frame(frame, table, reference) -> None:
    class Reference:
        def get(self, path: str, params: dict[str, str] | None = None) -> Any:
            return {"plan": reference.plan.to_dict()}

    door = client.Client("http://nowhere", project="p", model="m", transport=Reference())  # type: ignore[arg-type]

    assert_same_counts(door.profile(frame), reference)


def test_days_of_python_are_dates(session) -> None:
    """Rows made on the driver have the types that Python gives them."""
    frame = session.createDataFrame([(dt.date(2024, 3, 1), True), (None, None)], "day date, late boolean")
    found = client.profile(frame)

    assert [(found[name].kind, found[name].missing) for name in found.columns] == [
        ("datetime", 1),
        ("boolean", 1),
    ]
    assert found.segment_rows == {ALL: 2}
