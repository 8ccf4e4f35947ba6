"""What is waited for: since when, over changed specs and restarts, and without looking twice at what came."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from conftest import FULL, THREE_LINES
from sending import INPUT
from sqlalchemy import insert
from tables import day, inputs

from wolfpack.exporter import awaited
from wolfpack.exporter.schema import parts
from wolfpack.stats import profile

DUE = "ml_window_due_timestamp_seconds"
MINUTE = THREE_LINES + "every: 1m\nwindow: 2m\ngrace: 1m\n"
BODY = profile(inputs(day(61, rows=3))).to_bytes()


def seconds(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


def rewrite(tmp_path, exporter, text: str, name: str = "exporter") -> None:
    (tmp_path / name / "specs" / "model.yml").write_text(text)
    assert exporter.http.post("/-/reload").status_code == 200


@pytest.mark.parametrize("zone", ["Pacific/Auckland", "Pacific/Honolulu", "UTC"])
def test_another_timezone_does_not_make_the_past_look_missing(make_exporter, tmp_path, zone) -> None:
    """Panes of the old days do not lie on the new ones; they came all the same."""
    one = make_exporter(FULL)
    one.at("2024-05-01T06:00:00-04:00")
    for number in range(1, 8):
        one.at(f"2024-05-0{number + 1}T06:00:00-04:00")
        answer = one.send("/api/v1/profiles", BODY, at=f"2024-05-0{number}")
        assert answer.status_code == 200, answer.text
    one.at("2024-05-08T06:10:00-04:00")
    before = one.value(DUE, **INPUT)
    rewrite(tmp_path, one, FULL.replace("America/New_York", zone))
    one.at("2024-05-08T06:20:00-04:00")
    now = seconds("2024-05-08T06:20:00-04:00")

    assert before == seconds("2024-05-09T12:00:00-04:00")
    assert now < one.value(DUE, **INPUT) < now + 3 * 86400


def test_a_pane_that_is_missing_stays_so_when_the_spec_changes_otherwise(make_exporter, tmp_path) -> None:
    one = make_exporter(FULL)
    one.at("2024-05-01T06:00:00-04:00")
    one.at("2024-05-08T06:00:00-04:00")
    before = one.value(DUE, **INPUT)
    rewrite(tmp_path, one, FULL + "revise: 20d\n")
    one.at("2024-05-08T06:10:00-04:00")

    assert one.value(DUE, **INPUT) == before == seconds("2024-05-02T12:00:00-04:00")


def test_a_role_that_the_spec_names_later_is_waited_for_from_then_on(make_exporter, tmp_path) -> None:
    one = make_exporter(THREE_LINES)
    one.at("2024-05-01T06:00:00+00:00")
    one.at("2024-05-20T06:00:00+00:00")
    rewrite(tmp_path, one, THREE_LINES + "prediction: {column: score}\n")
    one.at("2024-05-20T06:10:00+00:00")

    assert one.value(DUE, role="prediction") == seconds("2024-05-21T06:00:00+00:00")
    assert one.value(DUE, **INPUT) == seconds("2024-05-02T06:00:00+00:00")


def stored(exporter, first: datetime, count: int) -> None:
    """Enter panes of a minute as a live model's, without computing them."""
    with exporter.service.ledger.write() as connection:
        rows = [
            {"model_id": 1, "version": "0", "role": "input", "start": int(first.timestamp()) + 60 * n, "part": "",
             "job": "", "received": 0.0, "plan_id": "p", "rows": 1, "data": b""}
            for n in range(count)
        ]  # fmt: skip
        connection.execute(insert(parts), rows)


def test_panes_that_came_are_read_once_not_at_every_look(make_exporter, monkeypatch) -> None:
    one = make_exporter(MINUTE)
    first = datetime(2024, 5, 1, tzinfo=UTC)
    one.at(first.isoformat())
    stored(one, first, 1440)
    looked: list[int] = []
    read = awaited.received

    def counted(*arguments):
        found = read(*arguments)
        looked.append(len(found))
        return found

    monkeypatch.setattr(awaited, "received", counted)
    one.at((first + timedelta(days=1)).isoformat())
    one.at((first + timedelta(days=1, seconds=30)).isoformat())

    assert one.value(DUE, **INPUT) == int(first.timestamp()) + 86400 + 120
    assert looked[0] == 1440
    assert looked[-1] == 0


def test_panes_that_were_deleted_after_they_came_are_not_missing_after_a_restart(make_exporter) -> None:
    """Live panes are kept for days only; how far they were complete is kept for ever."""
    one = make_exporter(MINUTE)
    first = datetime(2024, 5, 1, tzinfo=UTC)
    one.at(first.isoformat())
    stored(one, first, 1440)
    one.at((first + timedelta(days=1)).isoformat())
    with one.service.ledger.write() as connection:
        connection.execute(parts.delete())
    one.close()
    again = make_exporter(MINUTE)
    again.at((first + timedelta(days=1, seconds=30)).isoformat())

    assert again.value(DUE, **INPUT) == int(first.timestamp()) + 86400 + 120
