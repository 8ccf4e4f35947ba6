"""Runs of jobs: what is shown of them, and when they failed, are late or took too long."""

from __future__ import annotations

import pytest
from conftest import FULL
from notices import WATCHED, firing, history, post, run, seconds

pytestmark = pytest.mark.both_ledgers


def test_runs_are_shown_by_job(watched) -> None:
    run(watched, "2024-05-01T05:30:00-04:00", start="2024-05-01T05:00:00-04:00", rows=1000)
    run(watched, "2024-05-01T05:50:00-04:00", False, duration=60)
    watched.at("2024-05-01T06:10:00-04:00")
    found = {
        name: watched.value(f"ml_job_{name}", job_name="nightly")
        for name in (
            "last_run_timestamp_seconds",
            "last_success_timestamp_seconds",
            "duration_seconds",
            "rows",
        )
    }

    assert found == {
        "last_run_timestamp_seconds": seconds("2024-05-01T05:50:00-04:00"),
        "last_success_timestamp_seconds": seconds("2024-05-01T05:30:00-04:00"),
        "duration_seconds": 60,
        "rows": None,
    }
    assert history(watched, "ml_job_duration_seconds") == [
        [[seconds("2024-05-01T05:30:00-04:00"), 1800], [seconds("2024-05-01T05:50:00-04:00"), 60]]
    ]


def test_a_run_told_again_replaces(watched) -> None:
    first = run(watched, "2024-05-01T05:30:00-04:00", False, run="2024-05-01", duration=5)
    again = run(watched, "2024-05-01T05:40:00-04:00", run="2024-05-01", duration=7)
    watched.at("2024-05-01T06:10:00-04:00")

    assert (first["replaced"], again["replaced"]) == (False, True)
    assert firing(watched) == set()
    assert history(watched, "ml_job_duration_seconds") == [[[seconds("2024-05-01T05:40:00-04:00"), 7]]]


def test_a_failed_run_alerts_until_one_succeeds(watched) -> None:
    run(watched, "2024-05-01T05:10:00-04:00", False, job="unscheduled")
    watched.at("2024-05-01T06:10:00-04:00")
    never = firing(watched)
    run(watched, "2024-05-01T06:05:00-04:00", job="unscheduled")
    watched.at("2024-05-01T06:20:00-04:00")
    healed = firing(watched)
    run(watched, "2024-05-01T06:15:00-04:00", False, job="unscheduled")
    watched.at("2024-05-01T06:30:00-04:00")

    assert never == firing(watched) == {("ModelJobFailed", "warning", "unscheduled")}
    assert healed == set()


def test_a_run_that_took_too_long_alerts(watched) -> None:
    run(watched, "2024-05-01T05:50:00-04:00", duration=3600)
    watched.at("2024-05-01T06:10:00-04:00")
    just = firing(watched)
    run(watched, "2024-05-01T06:05:00-04:00", duration=3601)
    watched.at("2024-05-01T06:20:00-04:00")

    assert just == set()
    assert firing(watched) == {("ModelJobSlow", "warning", "nightly")}


@pytest.mark.parametrize(
    ("began", "due"),
    [
        (None, "2024-05-02T07:00:00-04:00"),  # known since 1 May, 06:00
        ("2024-05-01T05:00:00-04:00", "2024-05-02T07:00:00-04:00"),
        ("2024-05-02T05:00:00-04:00", "2024-05-03T07:00:00-04:00"),
        ("2024-05-02T04:59:30-04:00", "2024-05-03T07:00:00-04:00"),  # the scheduler's clock is ahead
        ("2024-05-02T04:00:00-04:00", "2024-05-02T07:00:00-04:00"),  # by hand, before its time
    ],
)
def test_a_scheduled_job_is_late_after_its_grace(watched, began, due) -> None:
    watched.at("2024-05-02T05:30:00-04:00")
    if began:
        run(watched, "2024-05-02T05:20:00-04:00", start=began)
    watched.at("2024-05-02T05:40:00-04:00")

    assert watched.value("ml_job_due_timestamp_seconds", job_name="nightly") == seconds(due)


def test_a_job_that_failed_in_time_is_late_all_the_same(watched) -> None:
    run(watched, "2024-05-01T05:10:00-04:00", start="2024-05-01T05:00:00-04:00")
    watched.at("2024-05-02T05:10:00-04:00")
    run(watched, "2024-05-02T05:10:00-04:00", False)
    watched.at("2024-05-02T07:00:00-04:00")
    before = firing(watched)
    watched.at("2024-05-02T07:00:01-04:00")

    assert before == {("ModelJobFailed", "warning", "nightly")}
    assert firing(watched) == before | {
        ("ModelJobLate", "warning", "nightly"),
    }


def test_a_job_is_not_waited_for_on_a_skipped_day(make_exporter) -> None:
    one = make_exporter(WATCHED + "skip: [2024-05-02, 2024-05-03]\n")
    one.at("2024-05-01T06:00:00-04:00")

    assert one.value("ml_job_due_timestamp_seconds", job_name="nightly") == seconds(
        "2024-05-04T07:00:00-04:00"
    )


def test_a_job_that_the_spec_names_later_is_waited_for_from_then_on(make_exporter, tmp_path) -> None:
    """Not since the model is known: its first run lies before it, and nobody promised it."""
    one = make_exporter(FULL, name="later")
    one.at("2024-05-01T06:00:00-04:00")
    one.at("2024-05-20T06:00:00-04:00")
    (tmp_path / "later" / "specs" / "model.yml").write_text(WATCHED)
    one.http.post("/-/reload")
    one.at("2024-05-20T06:10:00-04:00")

    assert one.value("ml_job_due_timestamp_seconds", job_name="nightly") == seconds(
        "2024-05-21T07:00:00-04:00"
    )
    assert firing(one) == set()


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"job": ""}, "job"),
        ({"succeeded": "yes"}, "succeeded"),
        ({"succeeded": 1}, "succeeded"),
        ({"duration": -1}, "duration"),
        ({"rows": -1}, "rows"),
        ({"start": "2024-05-01T05:40:00-04:00"}, "start, end, duration"),
        ({"end": "2024-05-01T06:02:00-04:00"}, "end"),
        ({"start": "2024-05-01T05:00:00-04:00", "duration": 60}, "duration"),
        ({"note": "a\u0000b"}, "note"),
    ],
)
def test_a_bad_run_is_refused_with_its_place(watched, change, where) -> None:
    body = {"job": "nightly", "end": "2024-05-01T05:30:00-04:00", "succeeded": True} | change

    assert post(watched, "jobs", body, 422)["where"] == where
