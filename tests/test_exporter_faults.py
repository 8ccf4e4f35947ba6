"""What a review of the service found: each was wrong once."""

from __future__ import annotations

import time

import numpy as np
import pyarrow as pa
import pytest
from conftest import FULL
from tables import day, inputs, reference

from wolfpack.client.job import to_arrow_bytes
from wolfpack.stats import profile

pytestmark = pytest.mark.both_ledgers

PATH = "/api/v1/projects/travel/models/arrival-delay/reference"
ARROW = "application/vnd.apache.arrow.stream"
INPUT = {"role": "input"}
MODEL = {"project": "travel", "model": "arrival-delay"}


@pytest.fixture(scope="module")
def baseline():
    return reference(20)


@pytest.fixture(scope="module")
def body() -> bytes:
    return profile(inputs(day(61)), by=["origin"]).to_bytes()


def send(exporter, data: bytes, at: str, **params: str) -> dict:
    answer = exporter.send("/api/v1/profiles", data, at=at, **params)
    assert answer.status_code == 200, answer.text
    return answer.json


def predict(exporter, at: str, table: pa.Table) -> None:
    rows = to_arrow_bytes(table.select(["id", "score", "origin"]))
    answer = exporter.send("/api/v1/predictions", rows, ARROW, at=at)
    assert answer.status_code == 200, answer.text


def label(exporter, table: pa.Table) -> None:
    assert (
        exporter.send("/api/v1/labels", to_arrow_bytes(table.select(["id", "late"])), ARROW).status_code
        == 200
    )


def test_a_part_that_comes_while_its_pane_is_computed_is_computed_too(exporter, monkeypatch, body) -> None:
    """What was acknowledged meanwhile is not taken for done."""
    exporter.at("2024-05-02T06:00:00-04:00")
    send(exporter, profile(inputs(day(61, rows=10)), by=["origin"]).to_bytes(), "2024-05-01")
    assembly = exporter.service.engine._assembly
    compute = assembly.role_window

    def slow(*arguments):
        found = compute(*arguments)
        monkeypatch.setattr(assembly, "role_window", compute)
        assert send(exporter, body, "2024-05-01")["replaced"]
        return found

    monkeypatch.setattr(assembly, "role_window", slow)
    exporter.at("2024-05-02T06:10:00-04:00")
    exporter.at("2024-05-02T06:20:00-04:00")

    assert exporter.value("ml_pane_rows", **INPUT) == 200


def test_rows_on_another_plan_count_like_any_others(exporter, baseline, body) -> None:
    """No window leaves out a delivery for its plan, not even within one pane."""
    exporter.http.put(PATH, data=baseline.to_bytes())
    exporter.at("2024-05-03T06:00:00-04:00")
    small = day(62, rows=77)
    send(exporter, body, "2024-05-01")
    send(exporter, body, "2024-05-02", part="a")
    send(exporter, profile(inputs(small), baseline=baseline).to_bytes(), "2024-05-02", part="b")
    exporter.at("2024-05-03T06:10:00-04:00")
    both = np.concatenate([day(61)["delay"].to_numpy(), small["delay"].to_numpy()])

    assert exporter.value("ml_pane_rows", **INPUT) == 277
    assert exporter.value("ml_window_rows", **INPUT) == 477
    assert exporter.value("ml_window_panes", **INPUT) == 2
    assert exporter.value("ml_pane_mean", column="delay", **INPUT) == pytest.approx(both.mean())


def test_a_correction_withdraws_what_it_no_longer_has(exporter, baseline) -> None:
    """The event history of a wrong table's drift ends with the correction."""
    exporter.http.put(PATH, data=baseline.to_bytes())
    exporter.at("2024-05-02T06:00:00-04:00")
    match = {"match": 'ml_column_psi{role="input",column="delay",baseline="reference"}', "as": "event"}
    counts = []
    for rows in (200, 5):  # five rows are too few to compare
        send(exporter, profile(inputs(day(61, rows=rows)), baseline=baseline).to_bytes(), "2024-05-01")
        exporter.at("2024-05-02T06:10:00-04:00")
        counts.append(len(exporter.http.get("/api/v1/series", query_string=match).json["series"]))

    assert counts == [1, 0]


def test_a_model_that_goes_and_comes_back_is_withdrawn_and_shown_again(make_exporter, body, tmp_path) -> None:
    one = make_exporter(name="reload")
    one.at("2024-05-02T06:00:00-04:00")
    send(one, body, "2024-05-01")
    one.at("2024-05-02T06:10:00-04:00")
    spec = tmp_path / "reload" / "specs" / "model.yml"
    text = spec.read_text()
    spec.write_text(text.replace("arrival-delay", "another"))
    one.at("2024-05-02T06:20:00-04:00")
    one.http.post("/-/reload")
    gone = one.value("ml_pane_rows", **INPUT)
    one.at("2024-05-02T06:30:00-04:00")
    spec.write_text(text)
    one.http.post("/-/reload")
    one.at("2024-05-02T06:40:00-04:00")
    match = {"match": 'ml_pane_rows{role="input",segment=""}', "as": "exposed"}
    points = one.http.get("/api/v1/series", query_string=match).json["series"][0]["points"]

    assert gone is None
    assert [value for _, value, _ in points] == [200, None, 200]


def test_a_failed_computation_is_tried_again(exporter, monkeypatch, body) -> None:
    monkeypatch.setattr("wolfpack.exporter.engine.RETRY", 0.0)
    assembly = exporter.service.engine._assembly
    compute = assembly.role_window

    def fail(*_):
        monkeypatch.setattr(assembly, "role_window", compute)
        raise OSError("for once")

    monkeypatch.setattr(assembly, "role_window", fail)
    exporter.at("2024-05-02T06:00:00-04:00")
    send(exporter, body, "2024-05-01")
    exporter.at("2024-05-02T06:10:00-04:00")
    exporter.at("2024-05-02T06:20:00-04:00")

    assert exporter.value("ml_pane_rows", **INPUT) == 200
    assert 'wolfpack_compute_failures_total{project="travel"} 1.0' in exporter.http.get("/metrics").text


def test_quality_stays_while_todays_labels_come(exporter) -> None:
    for number, date in ((61, "2024-05-01"), (62, "2024-05-02")):
        exporter.at(f"{date}T06:00:00-04:00")
        predict(exporter, date, day(number))
        label(exporter, day(number))
    exporter.at("2024-05-02T08:00:00-04:00")

    assert exporter.value("ml_model_roc_auc") is not None


def test_labels_that_take_longer_than_revise_still_give_quality(make_exporter) -> None:
    one = make_exporter(FULL.replace("matures_after: 1d", "matures_after: 45d"))
    one.at("2024-05-02T06:00:00-04:00")
    predict(one, "2024-05-01", day(61))
    one.at("2024-06-16T06:00:00-04:00")
    label(one, day(61))
    one.at("2024-06-16T07:00:00-04:00")

    assert one.value("ml_model_roc_auc") is not None


def test_predictions_by_key_alone_are_predictions_received(exporter) -> None:
    """A job that sends no prediction profile is not late for it."""
    before = exporter.value("ml_window_due_timestamp_seconds", role="prediction")
    exporter.at("2024-05-02T06:00:00-04:00")
    predict(exporter, "2024-05-01", day(61))
    exporter.at("2024-05-02T06:10:00-04:00")

    assert exporter.value("ml_window_due_timestamp_seconds", role="prediction") == before + 86400


def test_a_backfill_has_its_trailing_means(exporter, body) -> None:
    """Days that come together are compared with each other, the newest too."""
    exporter.at("2024-05-30T06:00:00-04:00")
    for number in range(1, 30):
        send(exporter, body, f"2024-05-{number:02}")
    exporter.at("2024-05-30T06:10:00-04:00")

    assert exporter.value("ml_pane_rows_trailing", **INPUT) == 200


def test_a_whole_number_is_one_key_however_it_is_typed(exporter) -> None:
    """pandas makes floats of whole numbers where a column had gaps."""
    exporter.at("2024-05-02T06:00:00-04:00")
    scores, late = [0.1, 0.9, 0.2, 0.8], [0.0, 1.0, 0.0, 1.0]
    keys = pa.table({"id": [1, 2, 3, 4], "score": scores, "origin": ["JFK"] * 4})
    floats = pa.table({"id": [1.0, 2.0, 3.0, 4.0], "late": late})
    predict(exporter, "2024-05-01", keys)
    label(exporter, floats)
    exporter.at("2024-05-02T06:10:00-04:00")

    assert exporter.value("ml_model_roc_auc") == 1


def test_a_key_that_comes_with_another_request_is_refused(exporter, body) -> None:
    """A run's id used for two days must not swallow the second one."""
    first = exporter.send("/api/v1/profiles", body, at="2024-05-01", key="run1")
    other = exporter.send("/api/v1/profiles", body, at="2024-04-30", key="run1")
    retry = exporter.send("/api/v1/profiles", body, at="2024-05-01", key="run1")

    assert (first.status_code, other.status_code, retry.status_code) == (200, 422, 200)
    assert "names one request and its retries" in other.json["detail"]


def test_a_pattern_that_would_take_for_ever_takes_no_time(exporter) -> None:
    """Patterns are matched by RE2, in linear time."""
    began = time.monotonic()
    answer = exporter.http.get("/api/v1/series", query_string={"match": 'ml_model_info{model=~"((.?)+)+x"}'})

    assert answer.status_code == 200
    assert time.monotonic() - began < 2


def test_a_reference_on_other_panes_is_refused(exporter) -> None:
    """Days of UTC are not days of New York."""
    table = pa.concat_tables([day(number) for number in range(3)]).select(
        ["time", "delay", "carrier", "origin"]
    )
    wrong = profile(table, by=["origin"], time="time", every="1d")
    answer = exporter.http.put(PATH, data=wrong.to_bytes())

    assert answer.status_code == 422
    assert "profile it with every= and timezone= of the spec" in answer.json["detail"]


@pytest.mark.parametrize("at", ["1024-05-01", "2023-01-01"])
def test_a_pane_from_too_long_ago_is_refused(exporter, body, at) -> None:
    answer = exporter.send("/api/v1/profiles", body, at=at)

    assert answer.status_code == 422
    assert "over 400d ago" in answer.json["detail"]


def test_an_infinite_score_is_refused_by_its_row(exporter) -> None:
    table = pa.table({"id": ["a", "b"], "score": [0.5, float("inf")], "origin": ["JFK", "JFK"]})
    answer = exporter.send("/api/v1/predictions", to_arrow_bytes(table), ARROW, at="2024-05-01")

    assert answer.status_code == 422
    assert "'score' holds an infinity, or a number beyond 1e+35, in row 1" in answer.json["detail"]


@pytest.mark.parametrize("cursor", ["inf", "nan", "x"])
def test_a_cursor_that_is_no_number_is_refused(exporter, cursor) -> None:
    query = {"match": "ml_pane_rows", "cursor": cursor}

    assert exporter.http.get("/api/v1/series", query_string=query).status_code == 422


@pytest.mark.parametrize(
    "change",
    [
        {"window_end": 10**30},
        {"window_end": float("inf")},
        {"labels": {"metric": "not_a_metric"}},
        {"labels": {"version": "a\nb"}},
        {"labels": {"column": "x" * 129}},
        {"labels": {"column": "\ud800"}},
    ],
    ids=["far", "never", "metric", "line", "long", "surrogate"],
)
def test_a_finding_that_cannot_be_shown_is_refused_and_harms_no_other(exporter, change) -> None:
    labels = MODEL | {"metric": "ml_pane_rows", "detector": "d"}
    good = {"labels": labels, "window_end": 1714536000, "score": 3.0, "ready": 1}
    bad = good | change | {"labels": labels | change.get("labels", {})}
    refused = exporter.http.post("/api/v1/anomalies", json={"anomalies": [bad]}, query_string=MODEL)
    taken = exporter.http.post("/api/v1/anomalies", json={"anomalies": [good]}, query_string=MODEL)

    assert (refused.status_code, taken.status_code) in ((422, 200), (400, 200)), refused.text
    assert exporter.value("ml_anomaly_score", metric="ml_pane_rows", detector="d") == 3


def test_ids_of_series_of_an_undone_write_are_forgotten(exporter, monkeypatch) -> None:
    """Or the ledger gives them to other series, and one's history is written into another's."""

    def post(metric: str, score: float) -> int:
        entry = {
            "labels": MODEL | {"metric": metric, "detector": "d"},
            "window_end": 1714536000,
            "score": score,
            "ready": 1,
        }
        return exporter.http.post(
            "/api/v1/anomalies", json={"anomalies": [entry]}, query_string=MODEL
        ).status_code

    with monkeypatch.context() as patched:

        def fail(*_):
            raise OSError("disk full")

        patched.setattr("wolfpack.exporter.history.upsert", fail)
        assert post("ml_column_mean", 1) == 500
    assert post("ml_pane_rows", 3) == 200
    assert post("ml_column_mean", 9) == 200
    found = {}
    for metric in ("ml_pane_rows", "ml_column_mean"):
        query = {"match": f'ml_anomaly_score{{metric="{metric}"}}', "as": "exposed"}
        series = exporter.http.get("/api/v1/series", query_string=query).json["series"]
        found[metric] = [point[1] for one in series for point in one["points"]]

    assert found == {"ml_pane_rows": [3], "ml_column_mean": [9]}
