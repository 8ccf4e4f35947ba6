"""A series with its band and its alarms, drawn; needs the extra `plots`."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from wolfpack.detectors.detection import Detection

VALUE, BAND, ALARM = "#1f4e79", "#9dc3e6", "#c00000"
MISSING = "pictures need the extra: pip install 'wolfpack-monitor[plots]'"


def draw(
    path: Path, title: str, times: ArrayLike, values: ArrayLike, found: Detection, since: float = -np.inf
) -> None:
    """Write a PNG: above values, what was expected, band and alarms, below the score between its alarm lines.

    Parameters
    ----------
    times, values : arrays, shape (n,); seconds since the epoch.
    found : of the same points.
    since : time from which it is drawn.

    Raises
    ------
    ValueError
        If the extra is not installed.
    """
    figure, (above, below) = _axes()
    shown = np.asarray(times) >= since
    at = np.asarray(times)[shown].astype("datetime64[s]")
    value = np.asarray(values)[shown]
    score, expected, lower, upper = (
        getattr(found, name)[shown] for name in ("score", "expected", "lower", "upper")
    )
    alarm = np.abs(score) > 1
    above.fill_between(at, lower, upper, color=BAND, alpha=0.6, linewidth=0, label="band")
    above.plot(at, expected, color="#2e75b6", linewidth=0.8, linestyle="--", label="expected")
    above.plot(at, value, color=VALUE, linewidth=1.0, label="value")
    above.plot(at[alarm], value[alarm], "o", color=ALARM, markersize=5, label="alarm")
    above.set_title(title, fontsize=10, loc="left")
    above.legend(loc="upper left", fontsize=7, ncol=4, frameon=False)
    _fit(above, value, expected)
    below.plot(at, score, color="#444444", linewidth=0.9)
    for line in (-1, 1):
        below.axhline(line, color=ALARM, linewidth=0.7, linestyle=":")
    below.set_ylabel("score", fontsize=8)
    below.set_ylim(-4, 4)
    _days(below)
    figure.savefig(path, dpi=80, metadata={"Software": None})
    _pyplot().close(figure)


def _fit(axis: Any, value: np.ndarray, expected: np.ndarray) -> None:
    """Keep values in sight where an early band is wide."""
    known = np.concatenate([value[np.isfinite(value)], expected[np.isfinite(expected)]])
    if len(known):
        room = 0.25 * (float(np.ptp(known)) or 1.0)
        axis.set_ylim(known.min() - room, known.max() + 1.6 * room)


def _days(axis: Any) -> None:
    """Let ticks be days or months, and say the year once."""
    dates: Any = import_module("matplotlib.dates")
    locator = dates.AutoDateLocator(maxticks=8)
    axis.xaxis.set_major_locator(locator)
    axis.xaxis.set_major_formatter(dates.ConciseDateFormatter(locator))


def _axes() -> Any:
    pyplot = _pyplot()
    return pyplot.subplots(
        2, 1, sharex=True, figsize=(9, 3.6), layout="constrained", gridspec_kw={"height_ratios": [3, 1]}
    )


def _pyplot() -> Any:
    try:
        import matplotlib
    except ImportError as error:
        raise ValueError(MISSING) from error
    matplotlib.use("Agg")  # no screen is asked for
    from matplotlib import pyplot

    return pyplot
