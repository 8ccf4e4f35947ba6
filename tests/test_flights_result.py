"""What the demo says: which episode found an incident, what nothing else is to find, and why others fired."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest

pytest.importorskip("pandas", reason="the demo's extra is not installed: pip install '.[demo]'")

from wolfpack import flights
from wolfpack.cli import flights_rest, flights_result
from wolfpack.cli.flights_replay import Flights, ahead_of
from wolfpack.rules import Episode
from wolfpack.spec import load

SPEC = load(flights.SPEC_FILE).spec
PLANNED = {one.id: one for one in flights.read_incidents()}
ITS = Flights(None, {}, tuple(PLANNED.values()), timedelta(weeks=600))  # type: ignore[arg-type]
BASE = {"project": "travel", "model": "arrival-delay", "owner": "flights", "severity": "warning", "role": "input"}
SEEN = BASE | {"alertname": "ModelAnomaly", "check": "anomaly", "metric": "ml_pane_rows", "detector": "auto"}


def episode(day: date, labels: dict[str, str], days: float = 0.9) -> Episode:
    """Return an episode that began when the table of the day was there."""
    start = SPEC.calendar.scheduled(ITS.pane(SPEC, day)).timestamp() + 3600
    return Episode(start, start + 86400 * days, tuple(sorted(labels.items())))


def test_what_only_a_detector_is_to_find_is_not_found_if_a_rule_sees_it() -> None:
    thin = PLANNED["thin-week"]
    rule = BASE | {"alertname": "ModelRowsDropped", "check": "rows"}
    mine, its = episode(thin.first, SEEN), episode(thin.last, rule)
    before = episode(thin.first - timedelta(days=2), rule, days=30)

    assert flights_result.find(thin, [mine], ITS, SPEC).found
    assert flights_result.find(thin, [before, mine], ITS, SPEC).found  # it began by itself
    found = flights_result.find(thin, [mine, its], ITS, SPEC)
    assert not found.found
    assert "ALSO BY ModelRowsDropped" in flights_result.incident_table([found], ITS, SPEC)


def test_what_comes_too_late_is_not_found() -> None:
    thin = PLANNED["thin-week"]
    late = flights_result.find(thin, [episode(thin.first + timedelta(days=4), SEEN)], ITS, SPEC)

    assert not late.found
    assert "TOO LATE" in flights_result.incident_table([late], ITS, SPEC)
    assert "NOT FOUND" in flights_result.incident_table([flights_result.find(thin, [], ITS, SPEC)], ITS, SPEC)


def test_a_public_cause_is_named_on_its_days_only_and_the_halves_are_counted_apart() -> None:
    days = [date(2013, 6, 30), date(2013, 11, 29), date(2013, 11, 27)]
    loud = [episode(day, SEEN) for day in days]
    info = episode(date(2013, 7, 2), SEEN | {"severity": "info", "role": "prediction"})
    rest = flights_rest.Rest.of([*loud, info], [*loud, info], SPEC)
    text = flights_rest.rest_text(rest, ITS, SPEC)

    assert [flights_rest.day_of(one, ITS, SPEC) for one in loud] == days
    assert [flights_rest.cause(one, ITS, SPEC) for one in loud] == [
        "not known", "Thanksgiving and the days after", "not known",
    ]  # fmt: skip
    assert text.startswith("3 other alerts of severity warning or above were told: 1 in April to June")
    assert "2 have no public cause" in text
    assert "1 of severity info" in text


def test_what_is_made_ahead_comes_in_order() -> None:
    made: list[int] = []

    def make(one: int) -> int:
        made.append(one)
        return one * one

    with ThreadPoolExecutor(1) as pool:
        assert list(ahead_of(pool, make, range(4))) == [0, 1, 4, 9]
        assert list(ahead_of(pool, make, [])) == []
    assert made == [0, 1, 2, 3]
