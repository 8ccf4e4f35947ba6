"""Panes of parts: what counts when, what replaces what, what is seen of the newest one."""

from __future__ import annotations

import pyarrow as pa
import pytest
from sending import ARROW, DELAY, INPUT, send_day
from tables import day, inputs

from wolfpack.client.job import to_arrow_bytes

pytestmark = pytest.mark.both_ledgers


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
