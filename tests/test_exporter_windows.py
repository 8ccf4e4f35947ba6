"""Windows: drift with its noise, what they are compared with, and versions side by side."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from conftest import FULL
from sending import REFERENCE, points, send_day, send_predictions
from tables import day

from wolfpack.exporter.trailing import earlier_windows
from wolfpack.spec import load

pytestmark = pytest.mark.both_ledgers


def test_drift_is_shown_with_its_noise(registered, baseline) -> None:
    registered.at("2024-05-02T06:00:00-04:00")
    shifted = day(61)
    table = shifted.set_column(2, "delay", pa.array(shifted["delay"].to_numpy() + 5))
    send_day(registered, baseline, "2024-05-01", table)
    registered.at("2024-05-02T06:10:00-04:00")
    against = {"role": "input", "baseline": "reference"}
    psi, noise = (
        registered.value(name, column="delay", **against) for name in ("ml_column_psi", "ml_column_psi_noise")
    )
    calm, floor = (
        registered.value(name, column="carrier", **against)
        for name in ("ml_column_psi", "ml_column_psi_noise")
    )

    assert psi > 0.5 > noise
    assert calm < floor
    assert registered.value("ml_model_drifted_columns_ratio", **against) == pytest.approx(1 / 3)


def test_columns_that_lack_values_at_once_are_counted(make_exporter, baseline) -> None:
    """The one with a threshold of its own by that, the others by their increase over the reference."""
    one = make_exporter(FULL + "columns: {carrier: {missing: {warning: 0.6}}}\n")
    one.at("2024-05-01T06:00:00-04:00")
    one.http.put(REFERENCE, data=baseline.to_bytes())
    counts = []
    for number, (share, columns) in enumerate([(0.5, ["delay", "carrier"]), (0.9, ["delay", "carrier"]), (0, [])]):
        table = day(61 + number)
        for name in columns:
            gone = pa.array(range(len(table))).to_numpy() < share * len(table)
            values = pa.array(table[name].to_pylist(), mask=gone, type=table[name].type)
            table = table.set_column(table.column_names.index(name), name, values)
        one.at(f"2024-05-{number + 2:02}T06:00:00-04:00")
        send_day(one, baseline, f"2024-05-{number + 1:02}", table)
        one.at(f"2024-05-{number + 2:02}T06:10:00-04:00")
        counts.append(one.value("ml_model_missing_columns", role="input"))

    assert counts == [1, 2, 0]


def moved_day(number: int, by: float) -> pa.Table:
    table = day(61 + number)
    return table.set_column(2, "delay", pa.array(table["delay"].to_numpy() + by))


def test_baselines_of_earlier_windows_share_no_pane(make_exporter, baseline) -> None:
    """A level that moved on a Saturday is seen against the days before and against the weekends before."""
    one = make_exporter(FULL + "window: 2d\ndrift: {baseline: [reference, previous, trailing]}\n")
    one.at("2024-05-01T06:00:00-04:00")
    one.http.put(REFERENCE, data=baseline.to_bytes())
    one.at("2024-05-20T06:00:00-04:00")
    for number in range(19):
        send_day(one, baseline, f"2024-05-{number + 1:02}", moved_day(number, 5 if number >= 17 else 0))
    one.at("2024-05-20T06:10:00-04:00")

    for name in ("reference", "previous", "trailing"):
        where = {"role": "input", "column": "delay", "baseline": name}
        assert one.value("ml_column_ks", **where) > one.value("ml_column_ks_noise", **where), name
        calm = {"role": "input", "baseline": name, "column": "carrier"}
        assert one.value("ml_column_psi", **calm) < one.value("ml_column_psi_noise", **calm), name


def test_trailing_compares_sundays_with_sundays(make_exporter, baseline) -> None:
    """Sundays lie elsewhere than other days: each alarms against the day before, none against Sundays."""
    one = make_exporter(FULL + "window: 1d\ndrift: {baseline: [previous, trailing]}\n")
    one.at("2024-05-01T06:00:00-04:00")
    one.http.put(REFERENCE, data=baseline.to_bytes())
    one.at("2024-05-27T06:00:00-04:00")
    for number in range(26):
        send_day(one, baseline, f"2024-05-{number + 1:02}", moved_day(number, 5 if number % 7 == 4 else 0))
    one.at("2024-05-27T06:10:00-04:00")
    alarms = {}
    for name in ("previous", "trailing"):
        score, noise = (
            {int(end): value for end, value, _ in points(one, f'{family}{{column="delay",baseline="{name}"}}', "event")}
            for family in ("ml_column_ks", "ml_column_ks_noise")
        )
        days = {end: datetime.fromtimestamp(end - 1, ZoneInfo("America/New_York")).day for end in score}
        alarms[name] = [day for end, day in sorted(days.items()) if score[end] > noise[end]]
        known = sorted(days.values())

    assert alarms == {"previous": [5, 6, 12, 13, 19, 20, 26], "trailing": []}
    assert known == list(range(15, 27))  # from the third week on there are two weeks to compare with


def dates(windows: list[tuple[datetime, datetime]], zone: str) -> list[tuple[str, str]]:
    return [
        tuple(pane.astimezone(ZoneInfo(zone)).isoformat()[:16] for pane in window) for window in windows
    ]  # type: ignore[misc]


@pytest.mark.parametrize(
    ("text", "pane", "expected"),
    [
        (  # a month ago the clocks were others: local days count
            "window: 2d",
            "2024-11-12T00:00",
            [("2024-11-04T00:00", "2024-11-05T00:00"), ("2024-10-28T00:00", "2024-10-29T00:00")],
        ),
        (  # nine days touch two weeks
            "window: 9d",
            "2024-11-12T00:00",
            [("2024-10-21T00:00", "2024-10-29T00:00"), ("2024-10-07T00:00", "2024-10-15T00:00")],
        ),
        (
            "every: 6h\nwindow: 12h",
            "2024-11-12T18:00",
            [("2024-11-05T12:00", "2024-11-05T18:00"), ("2024-10-29T12:00", "2024-10-29T18:00")],
        ),
        (  # minutes are kept for two days, hours for thirty
            "every: 1m\nwindow: 10m",
            "2024-11-12T18:04",
            [("2024-11-05T17:00", "2024-11-05T18:59"), ("2024-10-29T17:00", "2024-10-29T18:59")],
        ),
        (  # a planned gap is no Tuesday
            "window: 1d\nskip: [2024-11-05]",
            "2024-11-12T00:00",
            [("2024-10-29T00:00", "2024-10-29T00:00"), ("2024-10-22T00:00", "2024-10-22T00:00")],
        ),
    ],
    ids=["two days", "nine days", "six hours", "minutes", "skipped"],
)
def test_trailing_windows_lie_at_the_same_place_of_the_week(tmp_path, text, pane, expected) -> None:
    path = tmp_path / "model.yml"
    path.write_text(FULL + f"drift: {{baseline: [trailing]}}\n{text}\n")
    spec = load(path).spec
    start = datetime.fromisoformat(pane).replace(tzinfo=spec.zone)
    windows = earlier_windows(spec, start)["trailing"]

    assert dates(windows, spec.timezone)[:2] == expected
    assert len(windows) == (3 if "skip" in text else 4)


def test_two_live_versions_are_compared(registered, baseline) -> None:
    registered.at("2024-05-03T06:00:00-04:00")
    send_predictions(registered, baseline, "2024-05-01", day(61), version="1")
    table = day(62)
    other = table.set_column(
        table.column_names.index("score"), "score", pa.array(table["score"].to_numpy() ** 0.3)
    )
    send_predictions(registered, baseline, "2024-05-02", other, version="2")
    registered.at("2024-05-03T06:10:00-04:00")
    release = {"role": "prediction", "version": "2", "column": "score", "baseline": "version"}

    assert registered.value("ml_window_rows", role="prediction") == 400
    assert registered.value("ml_window_rows", role="prediction", version="1") == 200
    assert registered.value("ml_column_ks", **release) > registered.value("ml_column_ks_noise", **release)
    assert registered.value("ml_column_ks", **{**release, "version": "1"}) is None


def test_a_version_is_not_shown_alone(registered, baseline) -> None:
    registered.at("2024-05-02T06:00:00-04:00")
    send_predictions(registered, baseline, "2024-05-01", day(61), version="7")
    registered.at("2024-05-02T06:10:00-04:00")

    assert registered.value("ml_window_rows", role="prediction") == 200
    assert 'version="7"' not in registered.http.get("/metrics").text
