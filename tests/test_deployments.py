"""Stages of versions: a shadow is compared with the live version and is not among all of them."""

from __future__ import annotations

import pyarrow as pa
import pytest
from notices import post, scalar, seconds
from sending import ARROW, REFERENCE
from tables import day, reference

from wolfpack.client.job import to_arrow_bytes

pytestmark = pytest.mark.both_ledgers


def predict(exporter, date: str, table: pa.Table, version: str) -> None:
    rows = to_arrow_bytes(table.select(["id", "score", "origin"]))
    answer = exporter.send("/api/v1/predictions", rows, ARROW, at=date, version=version, profile="1")
    assert answer.status_code == 200, answer.text


def test_a_shadow_is_not_among_all_versions_and_is_compared_with_the_live_one(exporter) -> None:
    exporter.http.put(REFERENCE, data=reference(20).to_bytes())
    exporter.at("2024-05-01T07:00:00-04:00")
    post(exporter, "deployments", {"version": "2", "stage": "shadow"})
    exporter.at("2024-05-03T06:00:00-04:00")
    live, other = day(61), day(62)
    moved = other.set_column(
        other.column_names.index("score"), "score", pa.array(other["score"].to_numpy() ** 0.3)
    )
    predict(exporter, "2024-05-01", live, "1")
    predict(exporter, "2024-05-02", other, "1")
    predict(exporter, "2024-05-02", moved, "2")
    exporter.at("2024-05-03T06:10:00-04:00")
    shift = {"role": "prediction", "version": "2", "column": "score", "baseline": "version"}

    assert exporter.value("ml_window_rows", role="prediction") == 400
    assert exporter.value("ml_window_rows", role="prediction", version="2") == 200
    assert exporter.value("ml_column_ks", **shift) > exporter.value("ml_column_ks_noise", **shift)
    assert exporter.value("ml_deployment_timestamp_seconds", version="2", stage="shadow") == seconds(
        "2024-05-01T07:00:00-04:00"
    )


def test_a_shadow_that_goes_live_counts_from_the_pane_in_which_it_does(exporter) -> None:
    post(exporter, "deployments", {"version": "2", "stage": "shadow", "time": "2024-04-29"})
    exporter.at("2024-05-04T06:00:00-04:00")
    for number in (1, 2, 3):
        predict(exporter, f"2024-05-0{number}", day(60 + number), "1")
        predict(exporter, f"2024-05-0{number}", day(60 + number, rows=50), "2")
    exporter.at("2024-05-04T06:10:00-04:00")
    before = exporter.value("ml_window_rows", role="prediction")
    post(exporter, "deployments", {"version": "2", "stage": "live", "time": "2024-05-02T15:00:00-04:00"})
    exporter.at("2024-05-04T06:20:00-04:00")

    assert before == 600
    assert exporter.value("ml_window_rows", role="prediction") == 700
    assert exporter.value("ml_deployment_timestamp_seconds", version="2", stage="shadow") is None


def test_a_version_that_is_taken_out_of_live_keeps_its_past(exporter) -> None:
    exporter.at("2024-05-04T06:00:00-04:00")
    for number in (1, 2, 3):
        predict(exporter, f"2024-05-0{number}", day(60 + number), "1")
        predict(exporter, f"2024-05-0{number}", day(60 + number, rows=50), "2")
    post(exporter, "deployments", {"version": "1", "stage": "shadow", "time": "2024-05-03"})
    exporter.at("2024-05-04T06:10:00-04:00")

    assert exporter.value("ml_window_rows", role="prediction") == 2 * 200 + 3 * 50


def test_what_a_shadow_sends_is_not_what_is_waited_for(exporter) -> None:
    post(exporter, "deployments", {"version": "2", "stage": "shadow"})
    before = exporter.value("ml_window_due_timestamp_seconds", role="prediction")
    exporter.at("2024-05-02T06:00:00-04:00")
    predict(exporter, "2024-05-01", day(61), "2")
    exporter.at("2024-05-02T06:10:00-04:00")
    of_shadow = exporter.value("ml_window_due_timestamp_seconds", role="prediction")
    predict(exporter, "2024-05-01", day(61), "1")
    exporter.at("2024-05-02T06:20:00-04:00")

    assert of_shadow == before
    assert exporter.value("ml_window_due_timestamp_seconds", role="prediction") == before + 86400
    assert exporter.value("ml_window_rows", role="prediction") == 200


def test_quality_of_all_versions_is_without_the_shadow(exporter) -> None:
    from sklearn.metrics import roc_auc_score

    post(exporter, "deployments", {"version": "2", "stage": "shadow"})
    exporter.at("2024-05-02T06:00:00-04:00")
    table = day(61)
    worse = table.set_column(
        table.column_names.index("score"), "score", pa.array(1 - table["score"].to_numpy())
    )
    predict(exporter, "2024-05-01", table, "1")
    predict(exporter, "2024-05-01", worse, "2")
    exporter.send("/api/v1/labels", to_arrow_bytes(table.select(["id", "late"])), ARROW)
    exporter.at("2024-05-02T06:10:00-04:00")
    auc = roc_auc_score(table["late"].to_numpy(), table["score"].to_numpy())

    assert exporter.value("ml_model_roc_auc") == pytest.approx(auc, abs=1e-12)
    assert exporter.value("ml_model_roc_auc", version="2") == pytest.approx(1 - auc, abs=1e-12)


def test_a_scalar_of_a_shadow_is_its_own(watched) -> None:
    post(watched, "deployments", {"version": "2", "stage": "shadow", "time": "2024-04-01"})
    scalar(watched, 1, "2024-04-30", version="1")
    scalar(watched, 99, "2024-05-01", version="2")
    watched.at("2024-05-01T06:10:00-04:00")

    assert watched.value("ml_scalar_value", scalar="rebookings") == 1
    assert watched.value("ml_scalar_value", scalar="rebookings", version="2") == 99


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"version": "2", "stage": "production"}, "stage"),
        ({"version": "a b", "stage": "live"}, "version"),
        ({"version": "2", "stage": "live", "time": "2024-06-01"}, "time"),
        ({"version": "2"}, "stage"),
    ],
)
def test_a_bad_deployment_is_refused_with_its_place(watched, body, where) -> None:
    assert post(watched, "deployments", body, 422)["where"] == where
