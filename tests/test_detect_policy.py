"""The policy around a method: what it sees, what it is asked about, and what can be an alarm."""

from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from test_sidecar import COLUMN_MEAN, DAY, FIRST, LABELS, Exporter, history, points, spec

from wolfpack.detectors import Watch, detect, watches
from wolfpack.detectors.judging import UNSCORED, judged
from wolfpack.detectors.policy import Policy
from wolfpack.detectors.wall_time import first_of_each, wall_seconds
from wolfpack.spec import Calendar

ENDS = FIRST + DAY * np.arange(1, 101)
VALUES = np.array(history(100))
VALUES[[60, 70, 80]] += [40.0, -40.0, 6.0]
PLAIN = detect(ENDS, VALUES, "seasonal_esd")
ARRAYS = ("score", "expected", "lower", "upper", "ready")


def watch(**policy) -> Watch:
    return Watch("travel", "delay", COLUMN_MEAN.name, "seasonal_esd", policy=Policy(**policy))


def under(values=VALUES, calendar=None, **policy):
    return judged(ENDS, np.asarray(values), watch(**policy), calendar or Calendar())


def same(one, other, names=ARRAYS) -> bool:
    return all(np.array_equal(getattr(one, name), getattr(other, name), equal_nan=True) for name in names)


def test_without_a_policy_the_methods_answer_is_given() -> None:
    found = under()

    assert same(found.detection, PLAIN)
    assert {found.reason(i) for i in range(100)} == {None, "warming up"}
    assert np.count_nonzero(np.abs(PLAIN.score) > 1) >= 3


@pytest.mark.parametrize(("direction", "sign"), [("up", 1), ("down", -1)])
def test_only_the_side_that_is_asked_for_alarms(direction: str, sign: int) -> None:
    score = under(direction=direction).detection.score
    wanted = sign * PLAIN.score > 1

    assert wanted.any()
    assert score[wanted].tolist() == PLAIN.score[wanted].tolist()
    assert np.nanmin(sign * score) == -1.0
    small = np.abs(PLAIN.score) <= 1
    assert score[small].tolist() == PLAIN.score[small].tolist()


@pytest.mark.parametrize("key", ["min_change", "min_change_ratio"])
def test_a_small_change_is_no_alarm_however_rare_it_is(key: str) -> None:
    distance = np.abs(VALUES - PLAIN.expected)
    size = distance / np.abs(PLAIN.expected) if key == "min_change_ratio" else distance
    least = float(size[80])
    at_least, more = under(**{key: least}).detection.score, under(**{key: least * (1 + 1e-9)}).detection.score

    assert PLAIN.score[80] > 1
    assert at_least[80] == PLAIN.score[80]
    assert more[80] == 1.0
    assert [more[60], more[70]] == [PLAIN.score[60], PLAIN.score[70]]


def test_values_out_of_range_are_neither_scored_nor_learnt() -> None:
    values = VALUES.copy()
    values[70] = -1.0
    found = under(values, low=20.0, high=130.0)
    without = np.where((values < 20) | (values > 130), np.nan, values)

    assert [found.reason(i) for i in (60, 70, 80)] == ["out of range", "out of range", None]
    assert np.isnan(found.detection.score[60])
    assert same(found.detection, detect(ENDS, without, "seasonal_esd"), ("score", "ready"))


def test_the_band_is_cut_to_the_range() -> None:
    found = under(low=55.0, high=108.0).detection
    known = found.ready

    assert np.nanmin(PLAIN.lower) < 55 < 108 < np.nanmax(PLAIN.upper)
    assert (np.nanmin(found.lower), np.nanmax(found.upper)) == (55.0, 108.0)
    assert (found.lower[known] <= found.expected[known]).all()
    assert (found.expected[known] <= found.upper[known]).all()


def test_ends_of_the_range_are_in_it() -> None:
    top = float(VALUES.max())

    assert under(high=top).reason(int(VALUES.argmax())) is None
    assert under(high=np.nextafter(top, 0)).reason(int(VALUES.argmax())) == "out of range"


def test_nothing_is_judged_before_enough_points_are_known() -> None:
    late, holes = under(min_points=75).detection, VALUES.copy()
    holes[10:15] = np.nan

    assert int(PLAIN.ready.argmax()) == 42
    assert int(late.ready.argmax()) == 75
    assert int(under(holes, min_points=75).detection.ready.argmax()) == 80
    assert late.score[75:].tolist() == PLAIN.score[75:].tolist()
    assert under(min_points=5).detection.ready.tolist() == PLAIN.ready.tolist()


def test_nothing_is_judged_before_the_warm_up_is_over() -> None:
    leading = np.where(np.arange(100) < 5, np.nan, VALUES)

    assert int(under(warm_up=60 * DAY).detection.ready.argmax()) == 60
    assert int(under(leading, warm_up=60 * DAY).detection.ready.argmax()) == 65
    assert under(warm_up=60 * DAY).reason(59) == "warming up"


def test_skipped_days_and_holidays_are_neither_scored_nor_learnt() -> None:
    """Day 60 of the series is 2026-03-06. In 2026 Memorial Day is 25 May, beyond it; Presidents' Day 16 February."""
    presidents = (date(2026, 2, 16) - date(2026, 1, 5)).days
    without = VALUES.copy()
    without[[60, 61, presidents]] = np.nan
    skip = frozenset({date(2026, 3, 6), date(2026, 3, 7)})
    found = under(skip=skip, holidays=("US",))

    assert [found.reason(i) for i in (60, 61, presidents)] == ["skipped day", "skipped day", "holiday"]
    in_january = [i for i in range(100) if found.reason(i) == "holiday"]
    assert in_january == [(date(2026, 1, 19) - date(2026, 1, 5)).days, presidents]
    without[in_january[0]] = np.nan
    assert same(found.detection, detect(ENDS, without, "seasonal_esd"), ("score", "ready"))


def test_a_subdivision_has_holidays_of_its_own() -> None:
    """Epiphany is one in Bavaria, not in all of Germany."""
    epiphany = (date(2026, 1, 6) - date(2026, 1, 5)).days

    assert under(holidays=("DE-BY",)).reason(epiphany) == "holiday"
    assert under(holidays=("DE",)).reason(epiphany) == "warming up"


def test_an_unknown_country_is_an_error_of_its_series_alone() -> None:
    exporter = Exporter(**{COLUMN_MEAN.name: [(LABELS, points(history()))]})
    report = exporter.cycle(
        spec({"metric": COLUMN_MEAN.name, "holidays": ["XX"]}, {"metric": "ml_pane_rows"})
    )

    assert len(report.errors) == 1
    assert "holidays: 'XX' is not known" in report.errors[0]


def test_days_are_those_of_the_zone() -> None:
    """A day in Auckland begins and ends before noon of UTC: neither end has the date of its first hours there."""
    calendar = Calendar(timezone="Pacific/Auckland")
    start = calendar.start(datetime(2026, 1, 5, 12, tzinfo=UTC))
    ends = []
    for _ in range(70):
        start = calendar.end(start)
        ends.append(start.timestamp())
    its = watch(zone="Pacific/Auckland", skip=frozenset({date(2026, 2, 1)}))
    found = judged(np.array(ends), VALUES[:70], its, calendar)
    (only,) = (i for i in range(70) if found.reason(i) == "skipped day")
    last_moment = datetime.fromtimestamp(ends[only] - 1, ZoneInfo("Pacific/Auckland"))

    assert last_moment.date() == date(2026, 2, 1)


def hourly(zone: str, first: str, days: int):
    """Return ends of whole hours and a cycle that follows the clock on the wall, with some noise."""
    begin = datetime.fromisoformat(first).replace(tzinfo=ZoneInfo(zone)).timestamp()
    ends = begin + 3600.0 * np.arange(1, 24 * days + 1)
    hours = np.array([datetime.fromtimestamp(end - 1, ZoneInfo(zone)).hour for end in ends])
    noise = np.random.default_rng(5).normal(size=len(ends))
    return ends, 100 + 50 * np.sin(2 * np.pi * hours / 24) + noise


@pytest.mark.parametrize("first", ["2026-02-20", "2026-10-10"])
def test_a_daily_cycle_follows_the_clock_on_the_wall(first: str) -> None:
    """New York's clocks change on 8 March and 1 November 2026; seasons in UTC would alarm."""
    ends, values = hourly("America/New_York", first, 40)
    calendar = Calendar(timedelta(hours=1), "America/New_York")
    local = judged(ends, values, watch(zone="America/New_York"), calendar)
    utc = judged(ends, values, watch(), calendar)

    assert np.count_nonzero(np.abs(utc.detection.score) > 1) > 10
    assert np.count_nonzero(np.abs(local.detection.score) > 1) <= 2
    assert np.count_nonzero(~np.isnan(local.detection.score)) > 24 * 30


def test_an_hour_that_the_clock_repeats_is_not_judged_and_told() -> None:
    ends, values = hourly("America/New_York", "2026-10-25", 10)
    its = Calendar(timedelta(hours=1), "America/New_York")
    found = judged(ends, values, watch(zone="America/New_York"), its)
    repeated = [i for i in range(len(ends)) if found.reason(i) == "repeated hour"]

    assert [datetime.fromtimestamp(ends[i], UTC).isoformat() for i in repeated] == [
        "2026-11-01T06:00:00+00:00"
    ]


ZONES = [
    "UTC",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
    "Pacific/Apia",
    "Africa/Casablanca",
]


@given(
    st.sampled_from(ZONES),
    st.integers(-1_000_000_000, 4_000_000_000),
    st.sampled_from([60, 900, 3600, 21_600, 86_400]),
)
def test_wall_time_is_what_the_standard_library_says(zone: str, first: int, step: int) -> None:
    times = np.arange(200.0) * step + first
    expected = [
        at + datetime.fromtimestamp(at, ZoneInfo(zone)).utcoffset().total_seconds() for at in times.tolist()
    ]

    assert wall_seconds(times, zone).tolist() == expected


def test_wall_time_of_no_points_and_of_no_date() -> None:
    assert wall_seconds(np.empty(0), "Europe/Paris").shape == (0,)
    assert first_of_each(np.empty(0)).shape == (0,)
    with pytest.raises(ValueError, match=r"times\[1\]: 1e\+300 is no date"):
        wall_seconds(np.array([0.0, 1e300]), "UTC")


POLICIES = st.builds(
    Policy,
    zone=st.sampled_from(ZONES),
    direction=st.sampled_from(["both", "up", "down"]),
    min_change=st.sampled_from([0.0, 5.0]),
    min_change_ratio=st.sampled_from([0.0, 0.3]),
    low=st.sampled_from([-np.inf, 57.0]),
    high=st.sampled_from([np.inf, 107.0]),
    min_points=st.sampled_from([0, 50]),
    warm_up=st.sampled_from([0.0, 55 * DAY]),
    skip=st.sampled_from([frozenset(), frozenset({date(2026, 3, 6)})]),
    holidays=st.sampled_from([(), ("US",)]),
)


@given(POLICIES, st.integers(1, 100), st.integers(0, 99))
def test_what_is_said_of_a_point_depends_on_no_later_one(its: Policy, end: int, hole: int) -> None:
    """So a restart changes no score, under any policy."""
    values = VALUES.copy()
    values[hole] = np.nan
    one = dataclasses.replace(watch(), policy=its)
    whole, part = (judged(ENDS[:n], values[:n], one, Calendar()) for n in (100, end))

    assert part.why.tolist() == whole.why[:end].tolist()
    for name in ARRAYS:
        assert np.array_equal(
            getattr(part.detection, name), getattr(whole.detection, name)[:end], equal_nan=True
        )
    assert ((part.why >= 0) == np.isnan(part.detection.score)).all()


def test_every_key_of_the_policy_reaches_the_watch() -> None:
    entry = {
        "metric": COLUMN_MEAN.name, "direction": "down", "min_change": 2, "min_change_ratio": 0.1,
        "range": [0, None], "min_points": 30, "warm_up": "2d", "timezone": "Asia/Tokyo",
        "skip": ["2026-03-01", "2026-12-24/2026-12-26"], "holidays": ["US-NY"],
    }  # fmt: skip
    (found,) = watches(spec(entry))
    days = frozenset({date(2026, 3, 1), *(date(2026, 12, day) for day in (24, 25, 26))})

    assert found.policy == Policy("Asia/Tokyo", "down", 2.0, 0.1, 0.0, np.inf, 30, 2 * DAY, days, ("US-NY",))
    assert {one.name for one in dataclasses.fields(Policy)} - {"zone", "low", "high"} <= set(entry)


def test_the_specs_zone_is_the_default() -> None:
    (found,) = watches(spec({"metric": COLUMN_MEAN.name}, timezone="Europe/Paris"))

    assert found.policy == Policy("Europe/Paris")


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("direction", "sideways", "'both', 'up' or 'down'"),
        ("min_change", 0, "greater than 0"),
        ("range", [2, 1], "holds nothing"),
        ("min_points", 0, "greater than or equal to 1"),
        ("warm_up", 3, "is not a duration"),
        ("timezone", "Mars/Olympus", "is no time zone"),
        ("skip", ["soon"], "is no date"),
        ("skip", ["2026-03-02/2026-03-01"], "no span of days"),
        ("skip", ["2026-03-02/2062-03-01"], "no span of days"),
        ("skip", ["2026-03-02/2026-03-03/2026-03-04"], "no span of days"),
        ("holidays", ["Germany"], "is no country"),
    ],
)
def test_a_wrong_policy_is_refused_with_what_is_allowed(key: str, value: object, says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        spec({"metric": COLUMN_MEAN.name, key: value})


def test_spans_of_days_survive_the_specs_json() -> None:
    first = spec({"metric": COLUMN_MEAN.name, "skip": ["2026-03-01", "2026-12-24/2026-12-26"]})
    again = type(first).model_validate_json(first.model_dump_json())

    assert again == first
    assert again.hash == first.hash


def test_a_cycle_counts_what_the_policy_left_out_and_sends_it_without_a_score() -> None:
    exporter = Exporter(**{COLUMN_MEAN.name: [(LABELS, points([*history(), 1e6]))]})
    report = exporter.cycle(spec({"metric": COLUMN_MEAN.name, "range": [0, 1000]}))

    assert (report.scored, report.skipped) == (0, {"out of range": 1})
    assert [row["score"] for row in exporter.rows] == [None]
    assert "out of range" in UNSCORED
