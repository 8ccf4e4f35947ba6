"""What the metrics page shows: findings as they are replaced, and every family of the catalogue."""

from __future__ import annotations

from conftest import families_of
from notices import WATCHED, judgement, post, run, scalar
from sending import REFERENCE, send_day, send_labels, send_predictions
from tables import day

from wolfpack.spec import names


def test_findings_are_shown_and_replaced(registered) -> None:
    labels = {"project": "travel", "model": "arrival-delay", "role": "input", "metric": "ml_pane_rows"}
    where = {"role": "input", "metric": "ml_pane_rows", "detector": "seasonal_esd"}

    def post(score: float | None, end: int) -> None:
        entry = {
            "labels": {**labels, "detector": "seasonal_esd"},
            "window_end": end,
            "score": score,
            "ready": 1,
        }
        answer = registered.http.post(
            "/api/v1/anomalies",
            json={"anomalies": [entry]},
            query_string={"project": "travel", "model": "arrival-delay"},
        )
        assert answer.status_code == 200, answer.text

    post(-1.5, 1714536000)
    first = registered.value("ml_anomaly_score", **where)
    post(None, 1714622400)

    assert first == -1.5
    assert registered.value("ml_anomaly_score", **where) is None
    assert registered.value("ml_anomaly_ready", **where) == 1


def test_every_family_of_the_catalogue_can_be_exposed(make_exporter, baseline) -> None:
    """What no exporter shows, no rule may read."""
    one = make_exporter(WATCHED + "drift: {baseline: [reference, previous]}\n")
    one.at("2024-05-01T06:00:00-04:00")
    one.http.put(REFERENCE, data=baseline.to_bytes())
    one.at("2024-05-09T06:00:00-04:00")
    for number in range(61, 69):
        date = f"2024-05-0{number - 60}"
        send_day(one, baseline, date, day(number))
        send_predictions(one, baseline, date, day(number), version="1" if number < 68 else "2")
        send_labels(one, day(number))
    labels = {
        "project": "travel",
        "model": "arrival-delay",
        "metric": "ml_pane_rows",
        "detector": "seasonal_esd",
    }
    entry = {
        "labels": labels,
        "window_end": 1715140800,
        "score": 0,
        "expected": 1,
        "lower": 0,
        "upper": 2,
        "ready": 1,
    }
    one.http.post(
        "/api/v1/anomalies",
        json={"anomalies": [entry]},
        query_string={"project": "travel", "model": "arrival-delay"},
    )
    scalar(one, 1, step=1)
    run(one, "2024-05-09T05:30:00-04:00", duration=60, rows=1)
    post(one, "deployments", {"version": "2", "stage": "live"})
    post(one, "feedback", judgement())
    one.at("2024-05-09T06:10:00-04:00")
    shown = families_of(one.http.get("/metrics").text)
    # Of other tasks, with other specs: tests/test_joins.py and tests/test_expected_quality.py.
    groups = (*names.OF_QUALITY, *names.OF_FAIRNESS, *names.OF_CONCEPT, *names.OF_OUTPUT, *names.OF_RETRAIN)
    late = {one.name for one in groups}

    elsewhere = names.SIDECAR | {  # test_detector_server, test_column_samples and test_mean_change have those
        *(names.COLUMN_AGE.name, names.COLUMN_OUT_OF_RANGE.name),
        *(names.COLUMN_VANISHED.name, names.COLUMN_APPEARED.name, names.PANE_ROWS_PREVIOUS.name),
        *(names.COLUMN_MEAN_CHANGE.name, names.COLUMN_MEAN_CHANGE_NOISE.name),
        *(one.name for one in names.FAMILIES.values() if one.labels == names.SOURCE),  # tests/test_source_log.py
        *(one.name for one in names.FAMILIES.values() if one.cls == "live"),  # tests/test_live_exporter.py
    }

    assert set(names.FAMILIES) - elsewhere - shown - late == set()
