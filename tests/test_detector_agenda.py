"""When the sidecar looks at a model again, and when a pane was due."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from detector_cases import NOW
from test_sidecar import MEAN, spec

from wolfpack.detectors import (
    Report,
)
from wolfpack.detectors.agenda import REVISIONS, Agenda, last_due, next_look
from wolfpack.detectors.report import Run
from wolfpack.rules.service_rules import STALE_SECONDS
from wolfpack.spec import Calendar

CALENDAR = Calendar(schedule="0 6 * * *", timezone="America/New_York")


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=CALENDAR.zone).timestamp()


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2024-05-02T05:59", "2024-05-01T00:00"), ("2024-05-02T06:00", "2024-05-02T00:00"),
        ("2024-03-10T12:00", "2024-03-10T00:00"), ("2024-03-11T06:00", "2024-03-11T00:00"),
    ],
)  # fmt: skip
def test_the_last_pane_that_was_due(now: str, expected: str) -> None:
    assert last_due(CALENDAR, at(now)) == at(expected)


def test_planned_gaps_are_not_awaited() -> None:
    holiday = frozenset({datetime(2024, 5, 1).date()})
    skipping = Calendar(schedule="0 6 * * *", timezone="America/New_York", skip=holiday)

    assert last_due(skipping, at("2024-05-02T07:00")) == at("2024-05-01T00:00")
    assert (
        last_due(
            Calendar(skip=frozenset(datetime(2024, 1, 1).date() + timedelta(i) for i in range(500))), NOW
        )
        > 0
    )


@pytest.mark.parametrize(
    ("newest", "faults", "expected"),
    [
        ("2024-05-01T00:00", [], "2024-05-02T07:01"),  # the day is awaited
        (
            "2024-05-02T00:00",
            [],
            "2024-05-02T08:00",
        ),  # it is there: only corrections may come, looked for hourly
        ("2024-05-02T00:00", ["x"], "2024-05-02T07:01"),
    ],
)
def test_a_model_is_looked_at_again_in_time(newest: str, faults: list, expected: str) -> None:
    run = Run("p", "m", newest=at(newest), faults=faults)

    assert next_look(CALENDAR, run, at("2024-05-02T07:00"), 60.0) == at(expected)


def test_a_model_counts_as_stale_after_two_of_the_longest_pauses() -> None:
    assert 2 * REVISIONS[1] == STALE_SECONDS


def test_the_scheduled_time_is_not_slept_through() -> None:
    run = Run("p", "m", newest=at("2024-05-01T00:00"))

    assert next_look(CALENDAR, run, at("2024-05-02T05:40"), 60.0) == at("2024-05-02T06:00")


def test_only_models_whose_time_has_come_are_looked_at_and_the_longest_waiting_first() -> None:
    agenda = Agenda(60.0)
    specs = [spec(MEAN, model=name, schedule="0 6 * * *") for name in ("a", "b", "c")]
    assert [one.model for one in agenda.due(specs, NOW)] == ["a", "b", "c"]

    done = [Run("travel", name, newest=last_due(specs[0].calendar, NOW)) for name in ("a", "b")]
    agenda.note(specs, Report.of([*done, Run("travel", "c", missed=True)]), NOW)
    assert [one.model for one in agenda.due(specs, NOW + 60)] == ["c"]
    agenda.note(specs, Report.of([Run("travel", "a", newest=0.0)]), NOW - 3600)
    assert [one.model for one in agenda.due(specs, NOW + 7200)] == ["c", "a", "b"]
    assert agenda.due([spec()], NOW) == []
