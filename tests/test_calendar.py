"""Panes and due times, over clock changes, against arithmetic on local dates."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wolfpack.exporter.due import due
from wolfpack.spec import Calendar

NEW_YORK = ZoneInfo("America/New_York")
DAILY = Calendar(timezone="America/New_York", schedule="0 6 * * *")
HOUR = timedelta(hours=1)
TIMES = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))
CALENDARS = st.builds(
    Calendar,
    every=st.sampled_from([timedelta(minutes=1), HOUR, 6 * HOUR, timedelta(days=1), timedelta(days=7)]),
    timezone=st.sampled_from(["UTC", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"]),
)


@given(CALENDARS, TIMES)
@settings(derandomize=True, deadline=None)
def test_every_moment_is_in_exactly_one_pane(calendar: Calendar, at: datetime) -> None:
    """Panes follow each other without gap or overlap."""
    start = calendar.start(at)
    end = calendar.end(start)

    assert start <= at < end
    assert calendar.start(start) == start
    assert calendar.start(end) == end
    assert calendar.start(end - timedelta(microseconds=1)) == start
    assert calendar.back(end) == start


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2013, 3, 10), 23), (date(2013, 11, 3), 25), (date(2013, 5, 1), 24)]
)
def test_a_day_of_a_clock_change_has_its_own_length(day: date, hours: int) -> None:
    start = DAILY.day(day.isoformat())

    assert start.astimezone(NEW_YORK).hour == 0
    assert DAILY.end(DAILY.start(start)) - DAILY.start(start) == hours * HOUR


def test_weeks_begin_on_monday() -> None:
    weekly = Calendar(every=timedelta(days=7))

    assert weekly.start(datetime(2024, 5, 1, 13, tzinfo=UTC)) == datetime(2024, 4, 29, tzinfo=UTC)


def test_due_is_the_first_run_after_the_end_plus_grace() -> None:
    start = DAILY.start(DAILY.day("2013-05-01"))

    assert DAILY.scheduled(start) == datetime(2013, 5, 2, 6, tzinfo=NEW_YORK)
    assert DAILY.due(start) == datetime(2013, 5, 2, 12, tzinfo=NEW_YORK)


def test_a_schedule_at_midnight_runs_at_the_end_itself() -> None:
    calendar = Calendar(schedule="0 0 * * *")
    start = calendar.start(datetime(2024, 5, 1, 12, tzinfo=UTC))

    assert calendar.scheduled(start) == datetime(2024, 5, 2, tzinfo=UTC)


def test_without_a_schedule_a_pane_is_expected_at_its_end() -> None:
    calendar = Calendar()
    start = datetime(2024, 5, 1, tzinfo=UTC)

    assert calendar.scheduled(start) == datetime(2024, 5, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("received", "skip", "expected"),
    [
        ([], [], 1),
        ([1, 2], [], 3),
        ([2, 3], [], 1),
        ([1], [2], 3),
        ([1], [2, 3, 4], 5),
    ],
)
def test_the_oldest_missing_pane_is_due(received, skip, expected) -> None:
    """Days of May 2024, from the first on; planned gaps are not waited for."""
    calendar = Calendar(skip=frozenset(date(2024, 5, day) for day in skip))
    starts = {int(datetime(2024, 5, day, tzinfo=UTC).timestamp()) for day in received}
    now = datetime(2024, 5, 4, tzinfo=UTC)
    found = due(calendar, datetime(2024, 5, 1, tzinfo=UTC), starts, now, timedelta(days=30), timedelta(0))

    assert found == datetime(2024, 5, expected + 1, 6, tzinfo=UTC)


@given(
    CALENDARS,
    TIMES,
    st.sets(st.integers(0, 400)),
    st.integers(0, 300),
    st.sets(st.integers(0, 3)),
)
@settings(derandomize=True, deadline=None, max_examples=200)
def test_looking_at_days_as_a_whole_finds_what_pane_by_pane_does(
    calendar, at, there, given_up, skipped
) -> None:
    """Over clock changes, for panes of a minute to a week; the panes that came are any."""
    first = calendar.start(at)
    day = first.astimezone(calendar.zone).date()
    calendar = replace(calendar, skip=frozenset(day + timedelta(days=n) for n in skipped))
    panes = list(islice(calendar.after(first), 401))
    came = {int(panes[place].timestamp()) for place in there}
    now, late = panes[given_up], timedelta(days=1)
    expected = next(
        pane
        for pane in calendar.after(first)
        if int(pane.timestamp()) not in came
        and not calendar.skipped(pane)
        and calendar.end(pane) >= now - late
    )

    assert due(calendar, first, came, now, late, timedelta(0)) == calendar.due(expected)


@pytest.mark.parametrize(
    ("schedule", "day", "expected"),
    [
        (
            "30 2 * * *",
            date(2013, 3, 9),
            "2013-03-10T03:00:00-04:00",
        ),  # 02:30 does not exist: at once after the gap
        ("30 1 * * *", date(2013, 11, 2), "2013-11-03T01:30:00-04:00"),  # 01:30 is there twice: the first
        ("0 6 * * 1-5", date(2013, 5, 3), "2013-05-06T06:00:00-04:00"),  # a Friday's, on Monday
        ("0 6 1 * *", date(2013, 5, 3), "2013-06-01T06:00:00-04:00"),
    ],
)
def test_a_schedule_is_local_time_over_clock_changes(schedule, day, expected) -> None:
    calendar = Calendar(timezone="America/New_York", schedule=schedule)

    assert calendar.scheduled(calendar.start(calendar.day(day.isoformat()))) == datetime.fromisoformat(
        expected
    )


def test_a_pane_that_never_came_is_given_up_after_revise() -> None:
    now = datetime(2024, 6, 15, tzinfo=UTC)
    found = due(Calendar(), datetime(2024, 5, 1, tzinfo=UTC), set(), now, timedelta(days=30), timedelta(0))

    assert now - timedelta(days=30) < found < now - timedelta(days=28)


@pytest.mark.parametrize("every", [timedelta(hours=7), timedelta(hours=36), timedelta(minutes=7)])
def test_panes_that_do_not_divide_a_day_are_refused(every: timedelta) -> None:
    with pytest.raises(ValueError, match="neither whole days nor a part that divides one day"):
        Calendar(every=every)


@pytest.mark.parametrize("skip", [frozenset(), frozenset({date(2024, 3, 10)})])
@given(calendar=CALENDARS, at=TIMES, panes=st.integers(0, 300))
@settings(derandomize=True, deadline=None)
def test_panes_are_counted_as_they_are_visited(calendar: Calendar, at: datetime, panes: int, skip) -> None:
    """Going back, and how many are expected, against one pane at a time."""
    calendar = replace(calendar, skip=skip)
    last = calendar.start(at)
    first = last
    for _ in range(panes):
        first = calendar.start(first - timedelta(seconds=1))

    assert calendar.back(last, panes) == first
    there = [pane for pane in calendar.between(first, calendar.end(last)) if not calendar.skipped(pane)]
    assert calendar.expected(first, calendar.end(last)) == len(there)
