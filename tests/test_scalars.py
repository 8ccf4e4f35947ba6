"""Numbers of a team's own: by event time, by version and segment, bounded, and withdrawn when they fall silent."""

from __future__ import annotations

import pytest
from notices import MODEL, firing, history, post, scalar, seconds

pytestmark = pytest.mark.both_ledgers


def test_the_newest_value_by_event_time_is_shown_whatever_the_order(watched) -> None:
    scalar(watched, 12, "2024-04-30T20:00:00-04:00", step=7)
    scalar(watched, 99, "2024-04-29")
    watched.at("2024-05-01T06:10:00-04:00")
    where = {"scalar": "rebookings"}

    assert watched.value("ml_scalar_value", **where) == 12
    assert watched.value("ml_scalar_step", **where) == 7
    assert watched.value("ml_scalar_timestamp_seconds", **where) == seconds("2024-04-30T20:00:00-04:00")
    assert history(watched, 'ml_scalar_value{version=""}') == [
        [[seconds("2024-04-29T00:00:00-04:00"), 99], [seconds("2024-04-30T20:00:00-04:00"), 12]]
    ]


def test_a_value_of_the_same_time_corrects(watched) -> None:
    scalar(watched, 99, "2024-04-30")
    watched.at("2024-05-01T06:10:00-04:00")
    scalar(watched, 12, "2024-04-30")
    watched.at("2024-05-01T06:20:00-04:00")

    assert watched.value("ml_scalar_value", scalar="rebookings") == 12
    assert history(watched, 'ml_scalar_value{version=""}') == [[[seconds("2024-04-30T00:00:00-04:00"), 12]]]
    assert [value for _, value in history(watched, 'ml_scalar_value{version=""}', "exposed")[0]] == [99, 12]


def test_the_last_of_two_values_of_one_second_counts(watched) -> None:
    entries = [{"name": "rebookings", "value": value, "time": "2024-04-30"} for value in (1, 2)]
    post(watched, "metrics", {"metrics": entries})
    watched.at("2024-05-01T06:10:00-04:00")

    assert watched.value("ml_scalar_value", scalar="rebookings") == 2


def test_versions_are_shown_apart_only_while_several_send(watched) -> None:
    scalar(watched, 1, "2024-04-30T01:00", version="1")
    watched.at("2024-05-01T06:10:00-04:00")
    alone = watched.value("ml_scalar_value", scalar="rebookings", version="1")
    scalar(watched, 2, "2024-04-30T02:00", version="2")
    watched.at("2024-05-01T06:20:00-04:00")
    values = {v: watched.value("ml_scalar_value", scalar="rebookings", **v_(v)) for v in ("", "1", "2")}

    assert alone is None
    assert values == {"": 2, "1": 1, "2": 2}


def v_(version: str) -> dict[str, str]:
    return {"version": version} if version else {}


def test_a_value_of_a_segment_has_a_series_of_its_own(watched) -> None:
    scalar(watched, 1)
    scalar(watched, 5, segment="origin", segment_value="JFK")
    watched.at("2024-05-01T06:10:00-04:00")

    assert watched.value("ml_scalar_value", scalar="rebookings") == 1
    assert watched.value("ml_scalar_value", scalar="rebookings", segment="origin", segment_value="JFK") == 5


def test_bounds_and_age_of_scalars_alert(watched) -> None:
    quiet = firing(watched)
    scalar(watched, 41)
    watched.at("2024-05-01T06:10:00-04:00")
    high = firing(watched)
    scalar(watched, 81)
    watched.at("2024-05-01T06:20:00-04:00")
    higher = firing(watched)
    scalar(watched, 40)
    watched.at("2024-05-03T06:10:00-04:00")
    fine = firing(watched)
    watched.at("2024-05-03T06:20:01-04:00")

    assert quiet == set()
    assert {alert for alert in fine if alert[0].startswith("ModelScalar")} == set()
    assert high == {("ModelScalarOutOfBounds", "warning", "rebookings")}
    assert higher == high | {("ModelScalarOutOfBounds", "critical", "rebookings")}
    assert ("ModelScalarStale", "warning", "rebookings") in firing(watched)


def test_a_scalar_that_falls_silent_is_withdrawn_unless_the_spec_names_it(watched) -> None:
    for name in ("rebookings", "other"):
        post(watched, "metrics", {"metrics": [{"name": name, "value": 1}]})
    watched.at("2024-05-31T06:00:00-04:00")
    before = watched.value("ml_scalar_value", scalar="other")
    watched.at("2024-05-31T06:00:01-04:00")

    assert before == 1
    assert watched.value("ml_scalar_value", scalar="other") is None
    assert watched.value("ml_scalar_value", scalar="rebookings") == 1
    assert history(watched, 'ml_scalar_value{scalar="other",version=""}', "exposed")[0][-1][1] is None


def test_names_that_hold_ids_are_refused_before_they_flood_the_page(watched, monkeypatch) -> None:
    monkeypatch.setattr("wolfpack.exporter.scalars.MOST_SERIES", 4)
    entries = [{"name": f"run-{number}", "value": 1} for number in range(3)]
    refused = post(watched, "metrics", {"metrics": entries}, 422)
    taken = post(watched, "metrics", {"metrics": entries[:2]})

    assert refused["type"] == "wolfpack:too-many-scalars"
    assert taken == {"metrics": 2}


@pytest.mark.parametrize(
    ("entry", "where"),
    [
        ({"value": 1}, "metrics[0].name"),
        ({"name": "", "value": 1}, "metrics[0].name"),
        ({"name": "a\nml_evil 1", "value": 1}, "metrics[0].name"),
        ({"name": "a" * 129, "value": 1}, "metrics[0].name"),
        ({"name": "a", "value": "1"}, "metrics[0].value"),
        ({"name": "a", "value": True}, "metrics[0].value"),
        ({"name": "a", "value": None}, "metrics[0].value"),
        ({"name": "a", "value": 1, "time": "soon"}, "metrics[0].time"),
        ({"name": "a", "value": 1, "time": "2024-05-02"}, "metrics[0].time"),
        ({"name": "a", "value": 1, "step": 1.5}, "metrics[0].step"),
        ({"name": "a", "value": 1, "segment": "origin"}, "metrics[0].segment"),
        ({"name": "a", "value": 1, "segment": "x", "segment_value": "y"}, "metrics[0].segment"),
        ({"name": "a", "value": 1, "valeu": 1}, "metrics[0].valeu"),
    ],
)
def test_a_bad_scalar_is_refused_with_its_place_and_changes_nothing(watched, entry, where) -> None:
    good = {"name": "rebookings", "value": 1}
    entries = [entry, good] if where.startswith("metrics[0]") else [good]
    problem = post(watched, "metrics", {"metrics": entries}, 422)
    watched.at("2024-05-01T06:10:00-04:00")

    assert problem["where"] == where
    assert watched.value("ml_scalar_value", scalar="rebookings") is None


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[1]", b'{"metrics": [{"name": "a", "value": NaN}]}', b"\xff" * 9]
)
def test_a_body_that_is_no_json_object_is_refused(watched, body) -> None:
    answer = watched.http.post("/api/v1/metrics", data=body, query_string=MODEL)

    assert answer.status_code in (400, 422)
    assert answer.json["where"] != ""
