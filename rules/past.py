"""The past of models: what an exporter showed of them, at the times at which their rules would have looked."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from wolfpack.rules.backtest import Engine, backtest
from wolfpack.rules.episodes import Episode
from wolfpack.rules.exposed import Reader, exposed
from wolfpack.rules.judge import Values
from wolfpack.rules.stepped import Series
from wolfpack.spec import Spec, WolfpackError, format_duration

SHORTEST_STEP, LONGEST_STEP = timedelta(minutes=1), timedelta(hours=1)
MOST_SAMPLES = 100_000_000
"""Series times evaluations: 800 MB of numbers."""


@dataclass(frozen=True)
class Past:
    """The history of some models on one grid of evaluations.

    Parameters
    ----------
    series : what was shown, from the first time on.
    times : array, shape (n,), n >= 2, uniform, epoch seconds.
    """

    specs: tuple[Spec, ...]
    series: Sequence[Series]
    times: Values

    @property
    def seconds(self) -> float:
        """How long it is."""
        return float(self.times[-1] - self.times[0])

    @property
    def step(self) -> timedelta:
        """Time between evaluations."""
        return timedelta(seconds=float(self.times[1] - self.times[0]))

    def judged(self, engine: Engine) -> list[Episode]:
        """Return the episodes of the models' alerts.

        That rules and exporter have different specs is left out: what is judged need not be what runs.
        """
        found = backtest(self.specs, self.series, self.times, engine)
        return [one for one in found if one.labels["check"] != "system"]

    def described(self, engine: str) -> str:
        """Return a sentence on what is judged, and by what."""
        named = ", ".join(f"{spec.project}/{spec.model}" for spec in self.specs[:3])
        more = f" and {len(self.specs) - 3} more" if len(self.specs) > 3 else ""
        return (
            f"{named}{more}: {_day(self.times[0])} to {_day(self.times[-1])} UTC, {len(self.series)} series at "
            f"{len(self.times)} times {format_duration(self.step)} apart, judged by {engine}"
        )


def usual_step(spec: Spec) -> timedelta:
    """Return a 24th of a pane, an hour at most and a minute at least."""
    return min(max(spec.every / 24, SHORTEST_STEP), LONGEST_STEP)


def read_pasts(
    reader: Reader, specs: Iterable[Spec], start: str | None, end: str | None, step: timedelta | None
) -> list[Past]:
    """Return the past of the models, one for all that share a step.

    Parameters
    ----------
    start, end : dates or times, a naive one in a spec's zone; None: when something was first shown, and now.
    step : between evaluations, which are at its multiples; None: `usual_step`.

    Raises
    ------
    WolfpackError
        If nothing was shown of a model, nothing lies between start and end, or it is too much.
    """
    by_step: dict[timedelta, list[Spec]] = {}
    for spec in specs:
        by_step.setdefault(step or usual_step(spec), []).append(spec)
    return [_past(reader, its, start, end, width.total_seconds()) for width, its in sorted(by_step.items())]


def _past(reader: Reader, specs: list[Spec], start: str | None, end: str | None, step: float) -> Past:
    last = time.time() if end is None else max(spec.calendar.day(end).timestamp() for spec in specs)
    series = exposed(reader, specs, last)
    _refuse_unknown(specs, series)
    if start is None:
        first = min(at for _, points in series for at, _ in points)
    else:
        first = min(spec.calendar.day(start).timestamp() for spec in specs)
    times = np.arange(np.ceil(first / step) * step, last + 1e-3, step)
    if len(times) < 2:
        raise WolfpackError(
            f"from {_day(first)} to {_day(last)} there are not two evaluations; choose an earlier start or a later end"
        )
    if len(times) * len(series) > MOST_SAMPLES:
        raise WolfpackError(
            f"{len(series)} series at {len(times)} times are more than {MOST_SAMPLES} samples; choose a longer step, "
            "a later start, or fewer specs"
        )
    return Past(tuple(specs), series, times)


def _refuse_unknown(specs: Iterable[Spec], series: Sequence[Series]) -> None:
    shown = {(labels.get("project"), labels.get("model")) for labels, points in series if points}
    unknown = [f"{spec.project}/{spec.model}" for spec in specs if (spec.project, spec.model) not in shown]
    if unknown:
        raise WolfpackError(f"{', '.join(unknown)}: nothing was shown by then; is this the exporter of these specs?")


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M")
