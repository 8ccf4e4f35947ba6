"""What must fire in the scenarios of a model, by the table's own function.

The scenarios are laid end to end, further apart than rules look back, and judged at once: most of the time went into
calls of numpy on a few values each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from wolfpack.rules import judge
from wolfpack.rules.alert import Alert, Identity
from wolfpack.rules.holding import firing
from wolfpack.rules.prometheus_rules import hold, keep
from wolfpack.rules.scenarios import Course, Scenario, SeriesKey
from wolfpack.rules.stepped import ModelHistory, held
from wolfpack.rules.timing import Timing
from wolfpack.spec import Spec


@dataclass(frozen=True)
class Fired:
    """One alert that fires: the place of its row in the table, its labels, its value, and when, in the history."""

    row: int
    identity: Identity
    value: float
    at: int


def foretold(
    spec: Spec, alerts: tuple[Alert, ...], made: Sequence[Scenario], timing: Timing
) -> tuple[list[dict[int, list[Fired]]], ModelHistory]:
    """Return by scenario, and by the evaluations to look at, what must fire; and the history that it was seen in."""
    back = timing.lookback // timing.evaluation
    lengths = [one.length for one in made]
    ends = list(accumulate(length + back + 1 for length in lengths))
    places = [slice(end - back - 1 - length, end - back - 1) for end, length in zip(ends, lengths, strict=True)]
    history = _history(made, places, ends[-1], back)
    times = np.full(ends[-1], np.nan)
    for place, length in zip(places, lengths, strict=True):
        times[place] = np.arange(length) * timing.evaluation
    found: list[dict[int, list[Fired]]] = [{step: [] for step in one.checks} for one in made]
    for row, alert in enumerate(alerts):
        waits = hold(alert, timing), keep(alert, spec, timing)
        for identity, values in judge.active(alert, history, times).items():
            active = (~np.isnan(values)).tobytes()
            for place, told in zip(places, found, strict=True):
                fires = _firing(active[place], timing.evaluation, *waits)
                for step in (step for step in told if fires[step]):
                    at = place.start + step
                    told[step].append(Fired(row, identity, float(values[at]), at))
    return found, history


@lru_cache(maxsize=1 << 10)
def _firing(active: bytes, evaluation: int, hold: int, keep: int) -> list[bool]:
    """Return at which evaluations of a scenario an alert fires; most of them are active at the same ones."""
    times = np.arange(len(active), dtype=float) * evaluation
    fires: list[bool] = firing(np.frombuffer(active, dtype=bool), times, hold, keep).tolist()
    return fires


def _history(made: Sequence[Scenario], places: Sequence[slice], length: int, back: int) -> ModelHistory:
    """Return every series, of all targets together: whichever has a sample, they say the same."""
    rows: dict[SeriesKey, int] = {}
    for one in made:
        for key in one.values:
            rows.setdefault(key, len(rows))
    laid = np.full((len(rows), length), np.nan)
    for place, one in zip(places, made, strict=True):
        there = np.any([_there(course) for course in one.courses], axis=0)
        values = np.fromiter(one.values.values(), float, len(one.values))
        laid[[rows[key] for key in one.values], place] = np.where(there, values[:, np.newaxis], np.nan)
    history: ModelHistory = {}
    for (family, labels), found in zip(rows, held(laid, back), strict=True):
        history.setdefault(family, []).append((dict(labels), found))
    return history


def _there(course: Course) -> NDArray[np.bool_]:
    return np.repeat([there for there, _ in course.runs], [count for _, count in course.runs])
