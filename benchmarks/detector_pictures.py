"""A picture of each detection method, for its docs: `python -m benchmarks.detector_pictures docs/pictures`.

Each shows a made series with what the method is for, and nothing that it is not. The seed was not chosen.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click
import numpy as np

from wolfpack.detectors import detect
from wolfpack.detectors.picture import draw

START, DAY, HOUR = 1_388_966_400.0, 86_400.0, 3600.0
"""2014-01-06, a Monday."""
WEEK = np.array([0, 2, 3, 2, 1, -8, -10.0])
Made = tuple[np.ndarray, np.ndarray]


def _days(n: int) -> Made:
    """Return days with a week, a slow rise and noise."""
    day = np.arange(n)
    return START + DAY * day, 100 + 2 * WEEK[day % 7] + 0.05 * day + np.random.default_rng(7).normal(size=n)


def _hours(days: int) -> Made:
    """Return hours with a daily cycle and noise."""
    times = START + HOUR * np.arange(24 * days)
    noise = np.random.default_rng(7).normal(size=len(times))
    return times, 50 + 10 * np.sin(2 * np.pi * times / DAY) + noise


def auto() -> Made:
    """Return five weeks of hours; on the last but one day the cycle is missing, though no value is new."""
    times, values = _hours(35)
    values[33 * 24 : 34 * 24] = 50 + np.random.default_rng(8).normal(size=24)
    return times, values


def forecast() -> Made:
    """Return 20 weeks of days; one Tuesday has the volume of a Sunday."""
    times, values = _days(140)
    values[127] -= 24
    return times, values


def recent() -> Made:
    """Return a series without a season that jumps once and stays."""
    times, values = START + DAY * np.arange(140), 20 + np.random.default_rng(7).normal(size=140)
    values[110:] += 8
    return times, values


def flat() -> Made:
    """Return ten days of hours in which a gauge stops moving."""
    times, values = _hours(10)
    values[200:] = values[199]
    return times, values


def trend() -> Made:
    """Return 40 weeks of days whose level shifts, and whose slope turns later."""
    times, values = _days(280)
    values[120:] += 12
    values[210:] -= 0.6 * np.arange(70)
    return times, values


def seasonal_esd() -> Made:
    """Return 20 weeks of days; one Saturday has the volume of a Friday."""
    times, values = _days(140)
    values[124] = 108
    return times, values


SHOWN: dict[str, tuple[Callable[[], Made], float]] = {
    "auto": (auto, 25), "forecast": (forecast, 60), "recent": (recent, 0), "flat": (flat, 2), "trend": (trend, 0),
    "seasonal_esd": (seasonal_esd, 40), "prophet": (forecast, 60),
}  # fmt: skip
"""Of each method the series and the first day that is drawn."""


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--method", type=click.Choice(list(SHOWN)), help="This one alone.")
def main(folder: Path, method: str | None) -> None:
    """Write a PNG for each method into a folder, and say where the alarms are."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in SHOWN if method is None else [method]:
        make, since = SHOWN[name]
        times, values = make()
        found = detect(times, values, name)
        draw(folder / f"{name}.png", f"{name}: {make.__doc__}".replace(": Return ", ": "), times, values, found,
             START + since * DAY)  # fmt: skip
        alarms = np.flatnonzero(np.abs(found.score) > 1).tolist()
        print(f"{name}: alarms at points {alarms}; {found.reasons[-1].words if found.reasons else ''}")


if __name__ == "__main__":
    main()
