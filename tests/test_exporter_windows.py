"""Windows: drift with its noise, what they are compared with, and versions side by side."""

from __future__ import annotations

import pyarrow as pa
import pytest
from sending import REFERENCE, send_day, send_predictions
from tables import day

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


def test_baselines_of_earlier_windows_share_no_pane(make_exporter, baseline) -> None:
    """A level that moved between two weeks is seen by `previous`; `trailing` holds the four weeks before."""
    from conftest import FULL

    one = make_exporter(FULL + "window: 2d\ndrift: {baseline: [reference, previous, trailing]}\n")
    one.at("2024-05-01T06:00:00-04:00")
    one.http.put(REFERENCE, data=baseline.to_bytes())
    one.at("2024-05-13T06:00:00-04:00")
    for number in range(12):
        table = day(61 + number)
        moved = table.set_column(2, "delay", pa.array(table["delay"].to_numpy() + (5 if number >= 10 else 0)))
        send_day(one, baseline, f"2024-05-{number + 1:02}", moved)
    one.at("2024-05-13T06:10:00-04:00")

    for name in ("reference", "previous", "trailing"):
        where = {"role": "input", "column": "delay", "baseline": name}
        assert one.value("ml_column_ks", **where) > one.value("ml_column_ks_noise", **where), name
    calm = {"role": "input", "column": "carrier"}
    assert one.value("ml_column_psi", baseline="previous", **calm) < one.value(
        "ml_column_psi_noise", baseline="previous", **calm
    )


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
