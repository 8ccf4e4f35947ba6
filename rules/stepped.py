"""What /metrics showed, on a grid of evaluations.

A series is a step function: points (shown at, value), each in force until the next; None is withdrawn.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from wolfpack.rules.judge import History, Values

Series = tuple[Mapping[str, str], Sequence[tuple[float, float | None]]]
"""Labels with ``__name__``, and points in any order of time (epoch seconds)."""
ModelHistory = dict[str, list[tuple[Mapping[str, str], Values]]]


def on_grid(
    series: Iterable[Series], times: Values, families: frozenset[str]
) -> dict[tuple[str, str], ModelHistory]:
    """Return by (project, model) what a scrape at each of the times would have seen.

    Parameters
    ----------
    times : array, shape (n,), increasing, epoch seconds.
    families : names of the families to keep.
    """
    found: dict[tuple[str, str], ModelHistory] = {}
    for labels, points in series:
        name = labels["__name__"]
        if name in families and points:
            kept = {key: value for key, value in labels.items() if value and key != "__name__"}
            model = found.setdefault((kept.get("project", ""), kept.get("model", "")), {})
            model.setdefault(name, []).append((kept, step(points, times)))
    return found


def step(points: Sequence[tuple[float, float | None]], times: Values) -> Values:
    """Return the step function at each time; NaN before the first point and where it is withdrawn.

    Examples
    --------
    >>> step([(10, 1.0), (20, None)], np.array([5.0, 10.0, 19.0, 20.0]))
    array([nan,  1.,  1., nan])
    """
    ordered = sorted(points, key=lambda point: point[0])
    at = np.array([shown for shown, _ in ordered], dtype=float)
    values = np.array([np.nan] + [np.nan if value is None else value for _, value in ordered], dtype=float)
    return values[np.searchsorted(at, times, side="right")]


def looked_back(history: History, steps: int) -> ModelHistory:
    """Return a history in which a sample is seen for `steps` more times, as `last_over_time` sees it."""
    return {
        name: [(labels, held(values, steps)) for labels, values in series] for name, series in history.items()
    }


def held(values: Values, steps: int) -> Values:
    """Return values, shape (…, n), in which a sample is seen for `steps` more times of the last axis.

    Examples
    --------
    >>> held(np.array([1.0, np.nan, np.nan, 2.0]), 1)
    array([ 1.,  1., nan,  2.])
    """
    lacking = np.isnan(values)
    if not steps or not lacking.any():
        return values
    place = np.arange(values.shape[-1])
    last = np.maximum.accumulate(np.where(lacking, -1, place), axis=-1)
    found = np.take_along_axis(values, np.maximum(last, 0), axis=-1)
    return np.where((last >= 0) & (place - last <= steps), found, np.nan)
