"""Three times and two histories: what was shown, what is true by now, and what a restart keeps."""

from __future__ import annotations

import pytest
from sending import INPUT, REFERENCE, points, send_day
from tables import day

pytestmark = pytest.mark.both_ledgers


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


def test_series_pages_hold_every_point_once(registered, monkeypatch) -> None:
    registered.at("2024-05-01T07:00:00-04:00")
    monkeypatch.setattr("wolfpack.exporter.reads.POINTS", 7)
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
