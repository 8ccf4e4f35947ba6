"""What teams and jobs tell: kept once, listed in pages, shown after a restart; and feedback on findings."""

from __future__ import annotations

import pytest
from notices import MODEL, WATCHED, judgement, post, run, scalar, seconds
from tables import day, inputs

from wolfpack.stats import profile

pytestmark = pytest.mark.both_ledgers


def test_feedback_is_counted_by_detector_and_verdict(watched) -> None:
    first = post(watched, "feedback", judgement())
    post(watched, "feedback", judgement(start="2024-04-27", verdict="right"))
    again = post(watched, "feedback", judgement(verdict="right"))
    watched.at("2024-05-01T06:10:00-04:00")
    where = {"metric": "ml_pane_rows", "detector": "seasonal_esd"}

    assert (first, again) == ({"replaced": False}, {"replaced": True})
    assert watched.value("ml_feedback_findings", verdict="right", **where) == 2
    assert watched.value("ml_feedback_findings", verdict="wrong", **where) is None


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"verdict": "maybe"}, "verdict"),
        ({"labels": {"colour": "red"}}, "labels"),
        ({"labels": {"metric": "a\nb"}}, "labels"),
        ({"labels": {"project": "other"}}, "labels.project"),
        ({"end": "2024-04-27"}, "end"),
        ({"start": "yesterday"}, "start"),
    ],
)
def test_bad_feedback_is_refused_with_its_place(watched, change, where) -> None:
    assert post(watched, "feedback", judgement(**change), 422)["where"] == where


def listed(exporter, what: str, **query: str) -> dict:
    answer = exporter.http.get(f"/api/v1/{what}", query_string=MODEL | query)
    assert answer.status_code == 200, answer.text
    return answer.json


def test_lists_come_newest_first_and_pages_stay_right_while_they_grow(watched) -> None:
    for number in range(5):
        run(watched, f"2024-05-01T05:0{number}:00-04:00", job=f"job {number}")
    first = listed(watched, "jobs", limit="2")
    run(watched, "2024-05-01T05:30:00-04:00", job="meanwhile")
    second = listed(watched, "jobs", limit="2", cursor=first["next"])
    third = listed(watched, "jobs", limit="2", cursor=second["next"])

    assert [one["job"] for page in (first, second, third) for one in page["jobs"]] == [
        "job 4", "job 3", "job 2", "job 1", "job 0",
    ]  # fmt: skip
    assert third["next"] is None
    assert [one["job"] for one in listed(watched, "jobs", job="meanwhile")["jobs"]] == ["meanwhile"]


def test_lists_hold_what_was_told(watched) -> None:
    post(watched, "deployments", {"version": "2", "stage": "canary", "time": "2024-04-30", "note": "10 %"})
    post(watched, "feedback", judgement())
    (deployed,) = listed(watched, "deployments")["deployments"]
    (judged,) = listed(watched, "feedback")["feedback"]
    midnight = seconds("2024-04-30T00:00:00-04:00")

    assert (deployed["version"], deployed["stage"], deployed["time"], deployed["note"]) == (
        "2", "canary", midnight, "10 %",
    )  # fmt: skip
    assert judged["labels"] == judgement()["labels"]
    assert (judged["verdict"], judged["start"], judged["end"]) == (
        "wrong",
        midnight - 2 * 86400,
        midnight - 86400,
    )


@pytest.mark.parametrize(
    "query", [{"limit": "0"}, {"limit": "1001"}, {"cursor": "x"}, {"cursor": "9" * 30}, {"limit": "²"}]
)
def test_a_page_that_there_cannot_be_is_refused(watched, query) -> None:
    answer = watched.http.get("/api/v1/jobs", query_string=MODEL | query)

    assert answer.status_code == 422
    assert answer.json["where"] in query


def test_what_was_told_survives_a_restart_and_a_crash_before_it_was_shown(make_exporter) -> None:
    one = make_exporter(WATCHED)
    one.at("2024-05-01T06:00:00-04:00")
    scalar(one, 12)
    run(one, "2024-05-01T05:30:00-04:00")
    one.close()
    again = make_exporter(WATCHED)
    again.at("2024-05-01T06:10:00-04:00")

    assert again.value("ml_scalar_value", scalar="rebookings") == 12
    assert again.value("ml_job_last_run_timestamp_seconds", job_name="nightly") is not None


@pytest.mark.parametrize(
    ("what", "body"),
    [
        ("metrics", {"metrics": [{"name": "rebookings", "value": 1}]}),
        ("jobs", {"job": "nightly", "succeeded": False}),
        ("deployments", {"version": "2", "stage": "canary"}),
        ("feedback", judgement()),
    ],
)
def test_a_key_guards_each_against_retries(watched, what, body) -> None:
    query = {} if what == "feedback" else MODEL
    answers = [
        watched.http.post(f"/api/v1/{what}", json=one, query_string=query, headers={"Idempotency-Key": "k"})
        for one in (body, body, body | {"note": "other"} if what != "metrics" else {"metrics": []})
    ]

    assert [one.status_code for one in answers] == [200, 200, 422]
    assert answers[0].json == answers[1].json


def test_a_spec_without_rows_still_has_its_day(watched) -> None:
    """What is told does not touch what is computed from rows."""
    watched.at("2024-05-02T06:00:00-04:00")
    body = profile(inputs(day(61)), by=["origin"]).to_bytes()
    watched.send("/api/v1/profiles", body, at="2024-05-01")
    scalar(watched, 1)
    watched.at("2024-05-02T06:10:00-04:00")
    scalar(watched, 2)
    watched.at("2024-05-02T06:20:00-04:00")

    assert watched.value("ml_pane_rows", role="input") == 200
    assert watched.value("ml_scalar_value", scalar="rebookings") == 2
