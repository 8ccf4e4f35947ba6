"""What the page shows of a column besides drift: its distribution, values out of range, columns come and gone."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from conftest import FULL

from wolfpack.stats import Profile, profile

RANGES = "columns: {delay: {type: numeric, range: [0, 60]}, carrier: {type: categorical}}\n"
REFERENCE = "/api/v1/projects/travel/models/arrival-delay/reference"
INPUT = {"role": "input", "column": "delay"}
NOON = np.datetime64("2024-05-01T16:00", "s")  # in New York


def table(rows: int = 400, **changes: object) -> pa.Table:
    random = np.random.default_rng(3)
    columns = {
        "delay": random.uniform(0, 60, rows),
        "carrier": random.choice(["AA", "UA", "DL"], rows),
        "origin": random.choice(["EWR", "JFK"], rows),
        "seen": pa.array(np.full(rows, NOON), pa.timestamp("s", tz="UTC")),
    }
    return pa.table({name: column for name, column in (columns | changes).items() if column is not None})


@pytest.fixture
def exporter(make_exporter):
    one = make_exporter(FULL + RANGES)
    one.at("2024-05-01T06:00:00-04:00")
    answer = one.http.put(REFERENCE, data=profile(table(), by=["origin"]).to_bytes())
    assert answer.status_code == 200, answer.text
    return one


def send(one, rows: pa.Table) -> Profile:
    """Send the rows of 1 May on the plan that jobs fetch, and return the profile."""
    from wolfpack.spec import Plan

    answer = one.http.get("/api/v1/projects/travel/models/arrival-delay/plan").json
    found = profile(rows, plan=Plan.from_dict(answer["plan"]))
    sent = one.send("/api/v1/profiles", found.to_bytes(), at="2024-05-01")
    assert sent.status_code == 200, sent.text
    one.at("2024-05-02T06:00:00-04:00")
    return found


def test_the_distribution_of_a_column_is_shown(exporter) -> None:
    rows = table()
    send(exporter, rows)
    delay = np.asarray(rows["delay"])

    shown = {
        what: exporter.value(f"ml_column_{what}", **INPUT)
        for what in ("mean", "stddev", "min", "max", "p05", "p25", "p50", "p75", "p95", "distinct")
    }
    exact = [*np.quantile(delay, [0.05, 0.25, 0.5, 0.75, 0.95])]

    assert [shown[one] for one in ("mean", "stddev", "min", "max", "distinct")] == pytest.approx(
        [delay.mean(), delay.std(), delay.min(), delay.max(), 400]
    )
    assert [shown[one] for one in ("p05", "p25", "p50", "p75", "p95")] == pytest.approx(exact, abs=0.5)
    assert exporter.value("ml_column_distinct", role="input", column="carrier") == 3


def test_values_outside_the_spec_s_range_are_counted(exporter) -> None:
    delay = np.asarray(table()["delay"]).copy()
    delay[:20] = -1
    send(exporter, table(delay=delay))

    assert exporter.value("ml_column_out_of_range_ratio", **INPUT) == 0.05
    assert exporter.value("ml_column_out_of_range_ratio", role="input", column="carrier") is None


def test_rows_that_the_exporter_profiles_are_held_to_the_range_too(exporter) -> None:
    from wolfpack.client.job import to_arrow_bytes

    kind = "application/vnd.apache.arrow.stream"
    late = to_arrow_bytes(table(delay=np.full(400, 99.0)))
    exporter.send("/api/v1/batches", late, kind, at="2024-05-01")
    exporter.at("2024-05-02T06:00:00-04:00")

    assert exporter.value("ml_column_out_of_range_ratio", **INPUT) == 1


def test_values_of_another_kind_are_counted(exporter) -> None:
    words = [str(n) for n in range(300)] + ["n/a"] * 100
    send(exporter, table(delay=words))

    assert exporter.value("ml_column_other_kind_ratio", **INPUT) == 0.25


def test_times_say_how_far_they_lie_behind(exporter) -> None:
    send(exporter, table())

    assert exporter.value("ml_column_age_seconds", role="input", column="seen") == 12 * 3600
    assert exporter.value("ml_column_mean", role="input", column="delay") is not None


def test_columns_that_come_and_go_are_shown_as_long_as_they_differ(exporter) -> None:
    send(exporter, table(carrier=None, speed=np.ones(400)))

    assert exporter.value("ml_column_vanished", role="input", column="carrier") == 1
    assert exporter.value("ml_column_appeared", role="input", column="speed") == 1
    assert exporter.value("ml_column_vanished", **INPUT) is None

    send(exporter, table())

    assert exporter.value("ml_column_vanished", role="input", column="carrier") is None
    assert exporter.value("ml_column_appeared", role="input", column="speed") is None


def test_a_plan_with_ranges_is_compared_exactly_with_its_reference(exporter) -> None:
    """The ranges change the plan's id, and no bin."""
    from wolfpack.stats import compare

    reference = profile(table(), by=["origin"])
    found = send(exporter, table())

    assert found.plan.id != reference.plan.id
    assert compare(reference, found)["delay"].exact


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("columns: {delay: {type: categorical}}\n", "column 'delay' is numeric in the reference and categorical"),
        ("segments: {origin: {values: [LGA]}}\n", "segment 'origin' keeps EWR, JFK in the reference and LGA"),
    ],
)
def test_a_reference_that_contradicts_the_spec_is_refused(make_exporter, spec: str, says: str) -> None:
    text = FULL.replace("segments: {origin: {}}\n", "") + spec
    one = make_exporter(text)
    one.at("2024-05-01T06:00:00-04:00")
    answer = one.http.put(REFERENCE, data=profile(table(), by=["origin"]).to_bytes())

    assert answer.status_code == 422
    assert says in answer.json["detail"]
