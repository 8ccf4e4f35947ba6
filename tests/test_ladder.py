"""Runs of panes: they cover a window once, in few pieces, wherever it begins and whatever day it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import log

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wolfpack.exporter.ladder import STEP, below, hours, panes_of_an_hour, rungs, runs
from wolfpack.spec import Calendar

MINUTES = st.sampled_from([0.5, 1, 5, 7.2, 15, 45, 60, 90, 360, 1440, 2880])
ZONES = st.sampled_from(["UTC", "America/New_York", "Australia/Lord_Howe"])  # the last moves by half an hour
MOMENTS = st.datetimes(datetime(2024, 3, 1), datetime(2024, 12, 31), timezones=st.just(UTC))


def starts(calendar: Calendar, first: datetime, end: datetime) -> list[int]:
    return [int(pane.timestamp()) for pane in calendar.between(first, end)]


@given(minutes=MINUTES, zone=ZONES, at=MOMENTS, panes=st.integers(1, 400))
@settings(derandomize=True, deadline=None)
def test_runs_cover_every_pane_once_in_order(minutes, zone, at, panes) -> None:
    calendar = Calendar(timedelta(minutes=minutes), zone)
    last = calendar.start(at)
    first, end = calendar.back(last, panes - 1), calendar.end(last)
    found = runs(calendar, first, end)

    assert (found[0].start, found[-1].end) == (first.timestamp(), end.timestamp())
    assert all(one.end == after.start for one, after in pairwise(found))
    assert {run.start for run in found} <= set(starts(calendar, first, end))


@given(minutes=MINUTES, zone=ZONES, at=MOMENTS)
@settings(derandomize=True, deadline=None)
def test_a_run_is_made_of_those_below_it_down_to_panes(minutes, zone, at) -> None:
    calendar = Calendar(timedelta(minutes=minutes), zone)
    first = calendar.start(at)
    end = calendar.start(at + timedelta(days=3))

    def panes(run) -> list[int]:
        inner = below(run, calendar.every)
        return [run.start] if not inner else [start for one in inner for start in panes(one)]

    found = [start for run in runs(calendar, first, end) for start in panes(run)]

    assert found == starts(calendar, first, end)


@given(at=MOMENTS, zone=ZONES)
@settings(derandomize=True, deadline=None)
def test_a_week_of_minutes_is_a_few_dozen_runs(at, zone) -> None:
    """At most the steps up and down the ladder, and a run a day between."""
    calendar = Calendar(timedelta(minutes=1), zone)
    first = calendar.start(at)
    steps = sum(b // a for a, b in pairwise(rungs(calendar.every)))

    assert len(runs(calendar, first, calendar.start(first + timedelta(days=7)))) <= 2 * steps + 8
    assert steps <= STEP * log(1440, 2)


@given(at=MOMENTS, zone=ZONES, minutes=st.sampled_from([0.5, 1, 5, 7.2, 45]))
@settings(derandomize=True, deadline=None)
def test_the_next_window_shares_what_was_merged(at, zone, minutes) -> None:
    """Most of the runs below two neighbouring windows are the same: they depend on the clock alone."""
    calendar = Calendar(timedelta(minutes=minutes), zone)
    first = calendar.start(at)
    end = calendar.start(first + timedelta(days=2))

    def all_runs(begin: datetime, stop: datetime) -> set[tuple[int, int]]:
        found, waiting = set(), runs(calendar, begin, stop)
        while waiting:
            run = waiting.pop()
            found.add((run.start, run.end))
            waiting += below(run, calendar.every)
        return found

    before, after = all_runs(first, end), all_runs(calendar.end(first), calendar.end(end))

    assert len(after - before) <= 3 * len(rungs(calendar.every))


@pytest.mark.parametrize(
    ("minutes", "length"), [(0.5, 60), (1, 60), (5, 60), (7.2, 72), (15, 60), (45, 90), (60, 60)]
)
def test_hours_are_the_shortest_runs_of_an_hour(minutes, length) -> None:
    calendar = Calendar(timedelta(minutes=minutes))
    first = datetime(2024, 5, 1, tzinfo=UTC)
    found = hours(calendar, first, first + timedelta(days=1))

    assert panes_of_an_hour(calendar.every) * minutes == length
    assert {run.end - run.start for run in found} == {length * 60}
    assert sum(run.end - run.start for run in found) == 86400


@given(at=MOMENTS, zone=ZONES, minutes=st.sampled_from([1, 7.2, 45]))
@settings(derandomize=True, deadline=None)
def test_every_hour_within_a_window_is_a_run_of_it(at, zone, minutes) -> None:
    """Or a block that was stored could not stand for its panes."""
    calendar = Calendar(timedelta(minutes=minutes), zone)
    first = calendar.start(at)
    end = calendar.start(at + timedelta(hours=50))
    found, waiting = set(), runs(calendar, first, end)
    while waiting:
        run = waiting.pop()
        found.add(run)
        waiting += below(run, calendar.every)

    assert set(hours(calendar, first, end)) <= found
