"""The service's contracts: parts and panes, three times, two histories, what is shown."""

from __future__ import annotations

import pyarrow as pa
import pytest
from tables import day, inputs, reference

from wolfpack.client.job import to_arrow_bytes
from wolfpack.spec import names
from wolfpack.stats import profile

REFERENCE = "/api/v1/projects/travel/models/arrival-delay/reference"
ARROW = "application/vnd.apache.arrow.stream"
INPUT = {"role": "input"}
DELAY = {"role": "input", "column": "delay"}


@pytest.fixture(scope="session")
def baseline():
    return reference()


@pytest.fixture
def registered(exporter, baseline):
    """The exporter with a reference of March and April 2024; its clock stands at 1 May, 06:00."""
    assert exporter.http.put(REFERENCE, data=baseline.to_bytes()).status_code == 200
    return exporter


def send_day(exporter, baseline, date: str, table: pa.Table, **params: str):
    body = profile(inputs(table), baseline=baseline).to_bytes()
    answer = exporter.send("/api/v1/profiles", body, at=date, role="input", **params)
    assert answer.status_code == 200, answer.text
    return answer.json


def points(exporter, match: str, kind: str) -> list[tuple[float, float | None, float]]:
    answer = exporter.http.get("/api/v1/series", query_string={"match": match, "as": kind})
    assert answer.status_code == 200, answer.text
    return [tuple(point) for series in answer.json["series"] for point in series["points"]]


def test_a_pane_is_shown_only_when_it_is_closed(registered, baseline) -> None:
    """A part of today is kept and counts once the day is over."""
    send_day(registered, baseline, "2024-05-01", day(61))
    registered.at("2024-05-01T20:00:00-04:00")
    before = registered.value("ml_pane_rows", **INPUT)
    registered.at("2024-05-02T06:00:00-04:00")

    assert before is None
    assert registered.value("ml_pane_rows", **INPUT) == 200


def test_the_same_part_replaces_and_different_parts_add(registered, baseline) -> None:
    first = send_day(registered, baseline, "2024-05-01", day(61, rows=100))
    again = send_day(registered, baseline, "2024-05-01", day(61, rows=150))
    other = send_day(registered, baseline, "2024-05-01", day(61, rows=30), part="late-file")
    registered.at("2024-05-02T06:00:00-04:00")

    assert (first["replaced"], again["replaced"], other["replaced"]) == (False, True, False)
    assert registered.value("ml_pane_rows", **INPUT) == 180


def test_wrong_corrected_and_wrong_again_under_the_old_key(registered, baseline) -> None:
    """A retry of the first request must not undo the correction."""
    wrong, right = day(61, rows=10), day(61, rows=200)
    first = send_day(registered, baseline, "2024-05-01", wrong, key="k1")
    send_day(registered, baseline, "2024-05-01", right, key="k2")
    retry = send_day(registered, baseline, "2024-05-01", wrong, key="k1")
    registered.at("2024-05-02T06:00:00-04:00")

    assert retry == first
    assert registered.value("ml_pane_rows", **INPUT) == 200


def test_an_empty_column_reads_one_in_its_own_pane(registered, baseline) -> None:
    registered.at("2024-05-04T06:00:00-04:00")
    for number in range(61, 64):
        send_day(registered, baseline, f"2024-05-0{number - 60}", day(number))
    registered.at("2024-05-05T06:00:00-04:00")
    send_day(registered, baseline, "2024-05-04", day(64, delay=pa.nulls(200, pa.float64())))
    registered.at("2024-05-05T06:10:00-04:00")

    assert registered.value("ml_column_missing_ratio", **DELAY) == 1
    increase = registered.value("ml_column_missing_increase_ratio", **DELAY)
    noise = registered.value("ml_column_missing_increase_noise", baseline="reference", **DELAY)
    assert increase == 1
    assert increase > noise
    assert registered.value("ml_window_rows", **INPUT) == 800


def test_a_planned_column_that_the_table_lacks_is_missing(registered, baseline) -> None:
    registered.at("2024-05-02T06:00:00-04:00")
    send_day(registered, baseline, "2024-05-01", day(61).drop_columns(["carrier"]))
    registered.at("2024-05-02T06:10:00-04:00")

    assert registered.value("ml_column_missing_ratio", role="input", column="carrier") == 1
    assert registered.value("ml_column_missing_ratio", **DELAY) == 0


def test_rows_of_a_segment_that_is_gone_read_zero(registered, baseline) -> None:
    registered.at("2024-05-02T06:00:00-04:00")
    send_day(registered, baseline, "2024-05-01", day(61, origin=["EWR"] * 200))
    registered.at("2024-05-02T06:10:00-04:00")

    kennedy = {"role": "input", "segment": "origin", "segment_value": "JFK"}
    assert registered.value("ml_pane_rows", **kennedy) == 0
    assert registered.value("ml_pane_rows_trailing", **kennedy) > 80


def test_due_is_schedule_plus_grace_of_the_oldest_missing_pane(registered, baseline) -> None:
    """The pane of 1 May is due on 2 May at 06:00 and late six hours later, New York time."""
    first = registered.value("ml_window_due_timestamp_seconds", **INPUT)
    registered.at("2024-05-03T06:00:00-04:00")
    send_day(registered, baseline, "2024-05-02", day(62))
    registered.at("2024-05-03T06:10:00-04:00")
    still = registered.value("ml_window_due_timestamp_seconds", **INPUT)
    send_day(registered, baseline, "2024-05-01", day(61))
    registered.at("2024-05-03T06:20:00-04:00")

    assert first == still == 1714665600  # 2024-05-02 12:00 in New York
    assert registered.value("ml_window_due_timestamp_seconds", **INPUT) == first + 2 * 86400


def test_a_late_part_revises_event_history_and_shows_the_newest_window(registered, baseline) -> None:
    """What was shown stays in the exposed history; the event history holds the newest revision."""
    match = 'ml_window_rows{role="input",segment="",version=""}'
    registered.at("2024-05-03T06:00:00-04:00")
    send_day(registered, baseline, "2024-05-02", day(62))
    registered.at("2024-05-03T06:10:00-04:00")
    shown_before = points(registered, match, "exposed")
    send_day(registered, baseline, "2024-05-01", day(61, rows=77))
    registered.at("2024-05-03T07:00:00-04:00")
    event = {end: value for end, value, _ in points(registered, match, "event")}
    exposed = points(registered, match, "exposed")

    assert [value for _, value, _ in shown_before] == [200]
    assert [value for _, value, _ in exposed] == [200, 277]
    assert event[1714622400] == 77  # 1 May, its own window, never shown
    assert event[1714708800] == 277


def test_event_history_begins_with_the_reference(registered) -> None:
    registered.at("2024-05-01T07:00:00-04:00")
    rows = points(registered, 'ml_pane_rows{role="input",segment="",version=""}', "event")

    assert len(rows) == 60
    assert {value for _, value, _ in rows} == {200}


def test_a_restart_shows_the_same_page(make_exporter, baseline) -> None:
    one = make_exporter()
    one.at("2024-05-01T06:00:00-04:00")
    one.http.put(REFERENCE, data=baseline.to_bytes())
    one.at("2024-05-02T06:00:00-04:00")
    send_day(one, baseline, "2024-05-01", day(61))
    one.at("2024-05-02T06:10:00-04:00")
    before = [line for line in one.http.get("/metrics").text.splitlines() if line.startswith("ml_")]
    one.close()
    again = make_exporter()
    again.at("2024-05-02T06:10:00-04:00")
    after = [line for line in again.http.get("/metrics").text.splitlines() if line.startswith("ml_")]

    assert len(before) > 30
    assert after == before


def test_pending_panes_survive_a_crash(make_exporter, baseline) -> None:
    """A part that was acknowledged is computed after a restart, though its windows never were."""
    one = make_exporter()
    one.at("2024-05-01T06:00:00-04:00")
    one.http.put(REFERENCE, data=baseline.to_bytes())
    send_day(one, baseline, "2024-05-01", day(61))
    one.close()
    again = make_exporter()
    again.at("2024-05-02T06:00:00-04:00")

    assert again.value("ml_pane_rows", **INPUT) == 200


def test_drift_is_shown_with_its_noise(registered, baseline) -> None:
    registered.at("2024-05-02T06:00:00-04:00")
    shifted = day(61)
    table = shifted.set_column(2, "delay", pa.array(shifted["delay"].to_numpy() + 5))
    send_day(registered, baseline, "2024-05-01", table)
    registered.at("2024-05-02T06:10:00-04:00")
    against = {"role": "input", "baseline": "reference"}
    psi, noise = (
        registered.value(name, column="delay", **against) for name in ("ml_column_psi", "ml_column_psi_noise")
    )
    calm, floor = (
        registered.value(name, column="carrier", **against)
        for name in ("ml_column_psi", "ml_column_psi_noise")
    )

    assert psi > 0.5 > noise
    assert calm < floor
    assert registered.value("ml_model_drifted_columns_ratio", **against) == pytest.approx(1 / 3)


def send_predictions(exporter, baseline, date: str, table: pa.Table, version: str = "1"):
    answer = exporter.send(
        "/api/v1/predictions",
        to_arrow_bytes(table.select(["id", "score", "origin"])),
        ARROW,
        at=date,
        version=version,
        profile="1",
    )
    assert answer.status_code == 200, answer.text


def send_labels(exporter, table: pa.Table):
    answer = exporter.send("/api/v1/labels", to_arrow_bytes(table.select(["id", "late"])), ARROW)
    assert answer.status_code == 200, answer.text
    return answer.json


def test_labels_join_in_any_order_and_a_correction_replaces(registered, baseline) -> None:
    """ROC AUC equals scikit-learn's on the same rows; flipped labels turn it round."""
    from sklearn.metrics import roc_auc_score

    table = day(61)
    registered.at("2024-05-03T06:00:00-04:00")
    send_labels(registered, table)  # labels first
    send_predictions(registered, baseline, "2024-05-01", table)
    registered.at("2024-05-03T06:10:00-04:00")
    found = registered.value("ml_model_roc_auc")
    flipped = table.set_column(
        table.column_names.index("late"), "late", pa.array(1 - table["late"].to_numpy())
    )
    send_labels(registered, flipped)
    registered.at("2024-05-03T06:20:00-04:00")
    expected = roc_auc_score(table["late"].to_numpy(), table["score"].to_numpy())

    assert found == pytest.approx(expected, abs=1e-12)
    assert registered.value("ml_model_roc_auc") == pytest.approx(1 - expected, abs=1e-12)
    assert registered.value("ml_model_roc_auc", segment="origin", segment_value="JFK") is not None


def test_without_a_reference_days_merge_and_an_empty_column_is_seen(make_exporter) -> None:
    """The three-line spec: rows and missing from the first day on, no drift."""
    from conftest import THREE_LINES

    one = make_exporter(THREE_LINES)
    one.at("2024-05-04T01:00:00+00:00")
    for number in range(1, 4):
        rows = day(60 + number, **({"delay": pa.nulls(200, pa.float64())} if number == 3 else {}))
        answer = one.send("/api/v1/batches", to_arrow_bytes(inputs(rows)), ARROW, at=f"2024-05-0{number}")
        assert answer.status_code == 200, answer.text
    one.at("2024-05-04T01:10:00+00:00")

    assert one.value("ml_window_rows", **INPUT) == 600
    assert one.value("ml_window_panes", **INPUT) == 3
    assert one.value("ml_column_missing_ratio", **DELAY) == 1
    assert one.value("ml_column_mean", **DELAY) == pytest.approx(10, abs=1)
    assert "ml_column_psi" not in one.http.get("/metrics").text


def test_labels_before_the_day_is_over_wait_for_it(registered, baseline) -> None:
    """Labels may come while their pane is open; quality is there once it closes."""
    send_predictions(registered, baseline, "2024-05-01", day(61))
    send_labels(registered, day(61))
    registered.at("2024-05-01T20:00:00-04:00")
    before = registered.value("ml_model_roc_auc")
    registered.at("2024-05-02T06:00:00-04:00")

    assert before is None
    assert registered.value("ml_model_roc_auc") is not None


def test_predictions_that_no_window_can_change_are_forgotten(registered, baseline) -> None:
    from sqlalchemy import func, select

    from wolfpack.exporter.schema import labels, predictions

    def kept() -> list[int]:
        with registered.service.ledger.read() as connection:
            return [
                connection.execute(select(func.count()).select_from(t)).scalar_one()
                for t in (predictions, labels)
            ]

    send_predictions(registered, baseline, "2024-05-01", day(61))
    send_labels(registered, day(61))
    registered.at("2024-05-02T06:00:00-04:00")
    before = kept()
    registered.at("2024-06-10T06:00:00-04:00")
    send_predictions(registered, baseline, "2024-06-08", day(99))
    send_labels(registered, day(99))
    registered.at("2024-06-10T06:10:00-04:00")

    assert before == [200, 200]
    assert kept() == [200, 200]
    assert registered.value("ml_model_roc_auc") is not None


def test_baselines_of_earlier_windows_share_no_pane(make_exporter, baseline) -> None:
    """A level that moved between two weeks is seen by `previous`; `trailing` holds the four weeks before."""
    from conftest import FULL

    one = make_exporter(FULL + "window: 2d\ndrift: {baseline: [reference, previous, trailing]}\n")
    one.at("2024-05-01T06:00:00-04:00")
    one.http.put(REFERENCE, data=baseline.to_bytes())
    one.at("2024-05-13T06:00:00-04:00")
    for number in range(12):
        table = day(61 + number)
        moved = table.set_column(2, "delay", pa.array(table["delay"].to_numpy() + (5 if number >= 10 else 0)))
        send_day(one, baseline, f"2024-05-{number + 1:02}", moved)
    one.at("2024-05-13T06:10:00-04:00")

    for name in ("reference", "previous", "trailing"):
        where = {"role": "input", "column": "delay", "baseline": name}
        assert one.value("ml_column_ks", **where) > one.value("ml_column_ks_noise", **where), name
    calm = {"role": "input", "column": "carrier"}
    assert one.value("ml_column_psi", baseline="previous", **calm) < one.value(
        "ml_column_psi_noise", baseline="previous", **calm
    )


def test_two_live_versions_are_compared(registered, baseline) -> None:
    registered.at("2024-05-03T06:00:00-04:00")
    send_predictions(registered, baseline, "2024-05-01", day(61), version="1")
    table = day(62)
    other = table.set_column(
        table.column_names.index("score"), "score", pa.array(table["score"].to_numpy() ** 0.3)
    )
    send_predictions(registered, baseline, "2024-05-02", other, version="2")
    registered.at("2024-05-03T06:10:00-04:00")
    release = {"role": "prediction", "version": "2", "column": "score", "baseline": "version"}

    assert registered.value("ml_window_rows", role="prediction") == 400
    assert registered.value("ml_window_rows", role="prediction", version="1") == 200
    assert registered.value("ml_column_ks", **release) > registered.value("ml_column_ks_noise", **release)
    assert registered.value("ml_column_ks", **{**release, "version": "1"}) is None


def test_a_version_is_not_shown_alone(registered, baseline) -> None:
    registered.at("2024-05-02T06:00:00-04:00")
    send_predictions(registered, baseline, "2024-05-01", day(61), version="7")
    registered.at("2024-05-02T06:10:00-04:00")

    assert registered.value("ml_window_rows", role="prediction") == 200
    assert 'version="7"' not in registered.http.get("/metrics").text


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


def test_series_pages_hold_every_point_once(registered, monkeypatch) -> None:
    registered.at("2024-05-01T07:00:00-04:00")
    monkeypatch.setattr("wolfpack.exporter.reads.PAGE", 7)
    match = 'ml_pane_rows{role="input",version=""}'
    query = {"match": match, "as": "event", "cursor": "0"}
    found: dict[str, list[float]] = {}
    while query["cursor"] is not None:
        answer = registered.http.get("/api/v1/series", query_string=query).json
        for series in answer["series"]:
            found.setdefault(str(series["labels"]), []).extend(point[0] for point in series["points"])
        query["cursor"] = answer["next"]

    assert len(found) == 3
    assert all(len(ends) == 60 and ends == sorted(set(ends)) for ends in found.values())


def test_every_family_of_the_catalogue_can_be_exposed(make_exporter, baseline) -> None:
    """What no exporter shows, no rule may read."""
    from conftest import FULL

    one = make_exporter(FULL + "drift: {baseline: [reference, previous]}\n")
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
    one.at("2024-05-09T06:10:00-04:00")
    shown = {
        line.split("{")[0].split(" ")[0]
        for line in one.http.get("/metrics").text.splitlines()
        if line[0] != "#"
    }
    late = {names.ROC_AUC_BASELINE.name, names.BRIER_BASELINE.name}
    elsewhere = names.SIDECAR | {  # tests/test_detector_server.py and tests/test_column_samples.py have those
        *(names.COLUMN_AGE.name, names.COLUMN_OUT_OF_RANGE.name),
        *(names.COLUMN_VANISHED.name, names.COLUMN_APPEARED.name),
    }

    assert set(names.FAMILIES) - elsewhere - shown - late == set()
