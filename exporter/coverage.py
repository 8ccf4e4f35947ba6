"""How many labels came: by the age of panes, of those that should all be there, and those that fit no prediction."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select

from wolfpack.exporter import outcomes
from wolfpack.exporter.clock import utc
from wolfpack.exporter.judging import JOINED
from wolfpack.exporter.registry import Known
from wolfpack.exporter.sample import Sample, sample
from wolfpack.exporter.schema import judged
from wolfpack.spec import Spec, format_duration, names

AGES = 8
"""Ages that are shown at most."""


def ages(spec: Spec) -> list[timedelta]:
    """Return the ages of panes whose coverage is shown: none, one pane, two, four …"""
    longest = spec.revise + (spec.label.matures if spec.label else timedelta(0))
    found = [timedelta(0)]
    step = spec.every
    while len(found) < AGES and step <= longest:
        found.append(step)
        step *= 2
    return found


def coverage_samples(connection: Connection, known: Known, now: datetime) -> list[Sample]:
    """Return what is known of a model's labels as they stand; nothing before it has predictions by key."""
    spec = known.spec
    if spec.label is None or spec.prediction is None:
        return []
    model = {"project": spec.project, "model": spec.model}
    panes = list(_panes(connection, known))
    found: list[Sample] = []
    for age in ages(spec):
        coverage = _newest(panes, now - age)
        found += sample(names.COVERAGE_BY_AGE, coverage, None, age=format_duration(age), **model)
    ripe = now - spec.label.matures
    found += sample(names.MATURE_COVERAGE, _newest(panes, ripe), None, **model)
    waiting = sum(rows for end, rows, _ in panes if end > now - waits(spec))
    labelled = sum(rows for _, _, rows in panes)
    never = sum(rows - known_ for end, rows, known_ in panes if now - waits(spec) < end <= ripe)
    lost = outcomes.unmatched(connection, known.id)
    if panes or lost:
        found += sample(names.OPEN_PREDICTIONS, waiting, None, **model)
        found += sample(names.UNLABELLED, never, None, **model)
        found += sample(names.UNMATCHED_LABELS, lost, None, **model)
        if lost + labelled:
            found += sample(names.UNMATCHED_RATIO, lost / (lost + labelled), None, **model)
    return found


def waits(spec: Spec) -> timedelta:
    """Return how long after the end of their pane predictions are kept for their labels."""
    return spec.revise + spec.window + (spec.label.matures if spec.label else timedelta(0))


def _panes(connection: Connection, known: Known) -> Iterator[tuple[datetime, int, int]]:
    """Yield the end, the predictions and the labelled ones of each pane that was joined here, newest first."""
    c, calendar = judged.c, known.spec.calendar
    query = (
        select(c.start, func.sum(c.predictions), func.sum(c.labelled))
        .where(c.model_id == known.id, c.origin == JOINED)
        .group_by(c.start)
        .order_by(c.start.desc())
    )
    for start, rows, labelled in connection.execute(query):
        yield calendar.end(utc(start)), int(rows), int(labelled)


def _newest(panes: list[tuple[datetime, int, int]], ended: datetime) -> float | None:
    """Return the coverage of the newest pane that had ended by a time."""
    return next((labelled / rows for end, rows, labelled in panes if end <= ended and rows), None)
