"""What would have fired: the rules of specs over what /metrics showed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

import numpy as np

from wolfpack.rules.alert import Alert, Identity
from wolfpack.rules.episodes import Episode, episodes
from wolfpack.rules.exposed import families
from wolfpack.rules.holding import firing
from wolfpack.rules.judge import History, Values, active
from wolfpack.rules.prometheus_rules import hold, keep
from wolfpack.rules.promql import expression
from wolfpack.rules.stepped import ModelHistory, Series, looked_back, on_grid
from wolfpack.rules.table import alerts_for
from wolfpack.rules.timing import Timing
from wolfpack.rules.tsdb import backtester
from wolfpack.spec import Spec

Engine = Literal["prometheus", "python"]
_Histories = dict[tuple[str, str], ModelHistory]
_Judged = Iterator[tuple[Spec, Alert, dict[Identity, Values]]]


def backtest(
    specs: Iterable[Spec],
    series: Iterable[Series],
    grid: Sequence[float] | Values,
    engine: Engine = "prometheus",
    timing: Timing | None = None,
) -> list[Episode]:
    """Return the episodes of the models' alerts, in order of start.

    Parameters
    ----------
    specs : models; the service's own rules are not judged.
    series : what /metrics showed: labels with ``__name__``, and points (shown at, value), None for withdrawn.
    grid : times of evaluation, epoch seconds, uniform. Between them nothing is seen.
    engine : a real Prometheus on the generated expressions, or the table's own function.

    Raises
    ------
    ValueError
        If the grid is empty or not uniform, or a spec cannot be made rules of.
    WolfpackError
        If the engine's programs are absent.
    """
    times, timing = uniform(grid), timing or Timing()
    table = [(spec, tuple(one for one in alerts_for(spec) if not one.live)) for spec in specs]
    histories = on_grid(series, times, families(alert for _, alerts in table for alert in alerts))
    judge = {"prometheus": _by_prometheus, "python": _by_python}.get(engine)
    if judge is None:
        raise ValueError(f"engine {engine!r} is unknown; known are 'prometheus' and 'python'")
    found: list[Episode] = []
    for spec, alert, values in judge(table, histories, times, timing):
        found += _episodes(spec, alert, values, times, timing)
    return sorted(found)


def judged(alert: Alert, spec: Spec, history: History, times: Values, timing: Timing) -> list[Episode]:
    """Return the episodes of one alert of a model, by the table's own function.

    Parameters
    ----------
    history : what the alert's selectors see, with the lookback already applied.
    times : array, shape (n,), uniform, epoch seconds.
    """
    return _episodes(spec, alert, active(alert, history, times), times, timing)


def _episodes(
    spec: Spec, alert: Alert, values: dict[Identity, Values], times: Values, timing: Timing
) -> list[Episode]:
    fires = {
        identity: firing(~np.isnan(one), times, hold(alert, timing), keep(alert, spec, timing))
        for identity, one in values.items()
    }
    return episodes(fires, times, spec.every)


def uniform(grid: Sequence[float] | Values) -> Values:
    """Return the grid as an array.

    Raises
    ------
    ValueError
        If it is empty or its steps differ by more than a millisecond.
    """
    times = np.asarray(grid, dtype=float)
    if not len(times):
        raise ValueError("grid: is empty; give at least one time of evaluation")
    steps = np.diff(times)
    if len(steps) and (steps.min() <= 0 or np.ptp(steps) > 1e-3):
        raise ValueError(
            f"grid: steps between {steps.min():g} and {steps.max():g} s; they must be equal and positive"
        )
    return times


def _by_python(
    table: list[tuple[Spec, tuple[Alert, ...]]], histories: _Histories, times: Values, timing: Timing
) -> _Judged:
    steps = int(timing.lookback // (times[1] - times[0])) if len(times) > 1 else 0
    for spec, alerts in table:
        history: History = looked_back(histories.get((spec.project, spec.model), {}), steps)
        for alert in alerts:
            yield spec, alert, active(alert, history, times)


def _by_prometheus(
    table: list[tuple[Spec, tuple[Alert, ...]]], histories: _Histories, times: Values, timing: Timing
) -> _Judged:
    with backtester(histories.values(), times) as server:
        for spec, alerts in table:
            for alert in alerts:
                found = server.query(expression(alert, timing.lookback), times)
                yield spec, alert, {alert.identity(labels): values for labels, values in found}
