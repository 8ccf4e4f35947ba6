"""One cycle of the sidecar: read the history, judge the newest window of each series, send what was found.

It keeps nothing between cycles: a finding is a function of the history alone, named by its labels and window
end, so a restart changes no score and the same finding sent again replaces itself.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from wolfpack.detectors.contract import detect, method_named
from wolfpack.detectors.detection import Floats
from wolfpack.detectors.sink import Finding, Sink
from wolfpack.detectors.source import History, Source
from wolfpack.detectors.watch import SERIES_LIMIT, Watch, watch
from wolfpack.spec import Calendar, Spec, WolfpackError

WARMING, NO_POINTS, NO_VALUE = "warming up", "no points", "no value"
PLANNED, LIMITED, TWICE = "planned gap", f"over {SERIES_LIMIT} series of a model", "watched twice"


@dataclass(frozen=True)
class Report:
    """What one cycle did.

    Parameters
    ----------
    scored : series whose newest window was scored.
    alarms : the findings among them beyond the alarm line, in the order of the specs.
    skipped : series not scored, by reason.
    errors : what failed, one message each; everything else was done all the same.
    """

    scored: int = 0
    alarms: tuple[Finding, ...] = ()
    skipped: dict[str, int] = field(default_factory=dict)
    errors: tuple[str, ...] = ()


def run_once(specs: Iterable[Spec], source: Source, sink: Sink) -> Report:
    """Judge the newest window of every watched series and send the findings, model by model.

    A finding is sent for each series that has a point. One that cannot be scored (before warm-up, without a
    value, in a planned gap) is sent without a score, so that the alarm of an earlier window does not stay.

    Parameters
    ----------
    specs : the models; those without `detect` are passed over.
    source : where the history is read.
    sink : where findings go.

    Returns
    -------
    Report
        Errors of one series, one watch or one model are in it and stop nothing else.
    """
    skipped: Counter[str] = Counter()
    errors: list[str] = []
    judged: list[Finding] = []
    for spec in specs:
        findings = list(_judged(spec, source, skipped, errors))
        judged += findings
        if findings:
            try:
                sink.post(spec.project, spec.model, findings)
            except Exception as error:  # the other models are not at fault
                errors.append(f"{spec.project}/{spec.model}: findings were not sent: {error}")
    scored = [finding for finding in judged if not math.isnan(finding.score)]
    alarms = tuple(finding for finding in scored if abs(finding.score) > 1)
    return Report(len(scored), alarms, dict(sorted(skipped.items())), tuple(errors))


def judge(history: History, watched: Watch, calendar: Calendar) -> tuple[Finding, str | None]:
    """Return the finding on the newest window of a series of one point or more, and why it has no score.

    Values of planned gaps are taken as missing: neither scored nor learnt.

    Raises
    ------
    ValueError
        If the points are malformed or out of order, or the season does not fit them.
    """
    times, values = history.arrays()
    planned = _planned(times, calendar)
    found = detect(times, np.where(planned, np.nan, values), watched.method, watched.season)
    numbers = [float(array[-1]) for array in (found.score, found.expected, found.lower, found.upper)]
    finding = Finding(watched.identity(history.labels), float(times[-1]), bool(found.ready[-1]), *numbers)
    if not math.isnan(finding.score):
        return finding, None
    return finding, PLANNED if planned[-1] else NO_VALUE if math.isnan(values[-1]) else WARMING


def _judged(spec: Spec, source: Source, skipped: Counter[str], errors: list[str]) -> Iterator[Finding]:
    """Yield the findings of one model; note what was skipped and what failed."""
    known: set[tuple[tuple[str, str], ...]] = set()
    for watched, history in _watched(spec, source, errors):
        labels = watched.identity(history.labels)
        identity = tuple(sorted((key, value) for key, value in labels.items() if value))
        reason = _left_out(identity in known, len(known), history)
        if reason is None:
            known.add(identity)
            try:
                finding, reason = judge(history, watched, spec.calendar)
                yield finding
            except Exception as error:  # one bad series never stops the others
                errors.append(f"{watched.metric}{history.labels}: {error}")
        if reason is not None:
            skipped[reason] += 1


def _left_out(known: bool, count: int, history: History) -> str | None:
    """Return why a series is not even looked at, None if it is."""
    if known:
        return TWICE
    if count >= SERIES_LIMIT:
        return LIMITED
    return None if history.points else NO_POINTS


def _watched(spec: Spec, source: Source, errors: list[str]) -> Iterator[tuple[Watch, History]]:
    """Yield the series of each watch of a model; note the watches that cannot be read."""
    for index in range(len(spec.detect)):
        try:
            watched = watch(spec, index)
            method_named(watched.method)
            histories = source.series(watched.match)
        except (ValueError, WolfpackError) as error:
            errors.append(f"{spec.project}/{spec.model}: detect[{index}]: {error}")
            continue
        yield from ((watched, history) for history in histories if watched.wants(history.labels))


def _planned(ends: Floats, calendar: Calendar) -> NDArray[np.bool_]:
    """Return whether the pane that ends with each window is a planned gap."""
    if not calendar.skip:
        return np.zeros(len(ends), dtype=bool)
    last = [datetime.fromtimestamp(end, UTC) - timedelta(seconds=1) for end in ends]
    return np.array([calendar.skipped(calendar.start(at)) for at in last], dtype=bool)
