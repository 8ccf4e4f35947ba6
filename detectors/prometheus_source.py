"""Prometheus or VictoriaMetrics as the source of history, for long-term stores.

What was scraped says when a value was shown, not which window it is of. So the family is read together with
`ml_window_end_timestamp_seconds`: each new value of that is one point, placed at that time, with the last value that
was shown for it. A window that was corrected later has its newest value.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import numpy as np

from wolfpack.client import ServiceError
from wolfpack.detectors.deadline import Deadline
from wolfpack.detectors.detection import Floats
from wolfpack.detectors.prometheus_api import PrometheusApi
from wolfpack.detectors.source import NEVER, History
from wolfpack.detectors.watch import ROLES, SERIES_LIMIT, Watch
from wolfpack.spec import family, names

DAY = 86_400.0
POINTS = 10_000
"""Points of a series in one request; Prometheus answers 11,000 at most."""
VALUES = 2_000_000
"""Values in one request, about 60 MB as JSON; with many series a request covers a shorter time."""
STEP_SHARE, STEPS = 8, (15.0, 3600.0)
"""Looks at each window, and the shortest and longest time between two, in seconds."""
OVERLAP = 3600.0
"""Seconds before what was seen last that are read again."""
Key = tuple[str, ...]


class PrometheusSource:
    """History by window end, from what a server scraped.

    Parameters
    ----------
    api : the server's interface.
    reach : how far back it is read, in seconds; Prometheus keeps 15 days unless told otherwise.
    clock : epoch seconds.
    """

    def __init__(
        self, api: PrometheusApi, reach: float = 15 * DAY, clock: Callable[[], float] = time.time
    ) -> None:
        self._api, self._reach, self._clock = api, reach, clock

    def series(self, watch: Watch, changed: float | None = None, deadline: Deadline = NEVER) -> list[History]:
        """Return the series watched, a point for each window; see `Source.series`."""
        step = min(max(watch.every_seconds / STEP_SHARE, STEPS[0]), STEPS[1])
        end = math.floor(self._clock() / step) * step
        reach = self._reach if changed is None else min(self._reach, end - changed + OVERLAP)
        panes = max(1, math.ceil(reach / step))
        grid = end + step * np.arange(-panes, 1.0)
        labels = family(watch.metric).labels
        count = self._count(watch.match, labels, grid, deadline)
        if not count:
            return []
        values = self._read(watch.match, labels, grid, count, deadline)
        shared = tuple(label for label in names.WINDOW if label in labels)
        ends = self._ends(watch, shared, grid, count, deadline)
        found = []
        for key, its in values.items():
            own = {label: value for label, value in zip(labels, key, strict=True) if value}
            window = ends.get(tuple(own.get(label, "") for label in shared))
            if window is not None:
                found.append(History(own, _points(grid, its, window)))
        return found

    def _ends(
        self, watch: Watch, labels: Key, grid: Floats, count: int, deadline: Deadline
    ) -> dict[Key, Floats]:
        """Return the window ends that were shown, by the labels that windows and the watched family share."""
        found: dict[Key, Floats] = {}
        for role in (None,) if "role" in labels else ROLES:
            found = self._read(watch.window_match(role), labels, grid, count, deadline) | found
        return found

    def _count(self, match: str, labels: Key, grid: Floats, deadline: Deadline) -> int:
        """Return how many series there are; a query of a million must not be read to find that out."""
        reach = f"{math.ceil(grid[-1] - grid[0])}s"
        expr = f"count({_greatest(f'last_over_time({match}[{reach}])', labels)})"
        answer = self._api.instant(expr, float(grid[-1]), deadline)
        count = int(answer[0][2][0]) if answer else 0
        if count > SERIES_LIMIT:
            raise ServiceError(
                f"{match} finds {count:,} series, more than the {SERIES_LIMIT:,} that are watched of a model; "
                "name role or columns in the spec's detect entry"
            )
        return count

    def _read(
        self, match: str, labels: Key, grid: Floats, count: int, deadline: Deadline
    ) -> dict[Key, Floats]:
        """Return values on the grid by the values of the labels, NaN where there was none."""
        found: dict[Key, Floats] = {}
        size = max(2, min(POINTS, VALUES // count))
        expr, step = _greatest(match, labels), float(grid[1] - grid[0])
        for first in range(0, len(grid), size):
            part = grid[first : first + size]
            for own, at, value in self._api.range(expr, float(part[0]), float(part[-1]), step, deadline):
                key = tuple(own.get(label, "") for label in labels)
                row = found.setdefault(key, np.full(len(grid), np.nan))
                row[first + np.rint((at - part[0]) / step).astype(int)] = value
        return found


def _greatest(expr: str, labels: Key) -> str:
    """Return the expression without the labels that scraping adds: a pod's name must not begin a new series."""
    return f"max by ({', '.join(labels)}) ({expr})"


def _points(grid: Floats, values: Floats, ends: Floats) -> list[list[float | None]]:
    """Return [window_end, value, seen] for each window: its last value, null where that was taken back."""
    shown = np.flatnonzero(~np.isnan(ends))
    newest, place = np.unique(ends[shown][::-1], return_index=True)
    last = shown[::-1][place]
    first_known = np.flatnonzero(~np.isnan(values))[:1]
    return [
        [float(end), None if math.isnan(values[at]) else float(values[at]), float(grid[at])]
        for end, at in zip(newest, last, strict=True)
        if len(first_known) and at >= first_known[0]
    ]
