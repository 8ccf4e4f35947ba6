"""What a window is compared with over time: the same place of earlier weeks, and trailing quality."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from sqlalchemy import Connection

from wolfpack.exporter import history, quality
from wolfpack.exporter.baseline import Baseline
from wolfpack.exporter.ladder import panes_of_an_hour
from wolfpack.exporter.panes import Span
from wolfpack.exporter.registry import Known
from wolfpack.exporter.sample import Key, Sample, sample
from wolfpack.exporter.window import Window, window_samples
from wolfpack.spec import Calendar, Family, Spec, names
from wolfpack.spec.keeping import is_short
from wolfpack.stats import Estimate

WEEK = timedelta(weeks=1)
WEEKS = 4
"""Times the same place of the week is looked up: rows are averaged over them, windows are added up."""
FEWEST = 2
"""Fewest of them that make a mean."""
WINDOWS = 4
"""Windows over which trailing quality is averaged; none shares a pane with the window it is for."""


def rows(
    connection: Connection,
    ids: history.SeriesIds,
    known: Known,
    role: str,
    pane: datetime,
    segments: Iterable[tuple[str, str]],
) -> dict[tuple[str, str], float]:
    """Return, by segment, the mean rows at this place of the week in the last weeks, planned gaps apart."""
    spec = known.spec
    keys = {segment: _rows_key(known, role, segment) for segment in segments}
    ends = [
        int(spec.calendar.end(start).timestamp())
        for start in (_weeks_before(spec, pane, weeks) for weeks in range(1, WEEKS + 1))
        if not spec.calendar.skipped(start)
    ]
    values = history.event_values(connection, ids, known.id, keys.values(), ends)
    found = {
        segment: [values[key, end] for end in ends if (key, end) in values] for segment, key in keys.items()
    }
    return {segment: sum(those) / len(those) for segment, those in found.items() if len(those) >= FEWEST}


def quality_baselines(
    connection: Connection,
    ids: history.SeriesIds,
    known: Known,
    baseline: Baseline | None,
    pane: datetime,
    places: Iterable[quality.Place],
) -> dict[tuple[str, quality.Place], Estimate]:
    """Return what a drop is measured from: the reference's quality, else the mean of trailing windows."""
    wanted = [(measure, place) for measure in quality.dropping(known.spec) for place in places]
    if not wanted:
        return {}
    calendar, spec = known.spec.calendar, known.spec
    backs = [calendar.back(pane, step * spec.window_panes) for step in range(1, WINDOWS + 1)]
    ends = [int(calendar.end(back).timestamp()) for back in backs]
    keys = {
        (family.name, place): _key(family, quality.labels_of(spec, measure, place))
        for measure, place in wanted
        for family in (measure.value, measure.stderr)
    }
    values = history.event_values(connection, ids, known.id, keys.values(), ends)
    found: dict[tuple[str, quality.Place], Estimate] = {}
    for measure, place in wanted:
        value, stderr = (keys[family.name, place] for family in (measure.value, measure.stderr))
        those = [values[value, end] for end in ends if (value, end) in values]
        if len(those) >= FEWEST:
            errors = [values.get((stderr, end), 0.0) for end in ends if (value, end) in values]
            spread = math.sqrt(sum(one * one for one in errors)) / len(those)
            found[measure.name, place] = Estimate(sum(those) / len(those), spread)
    reference = baseline.quality(spec.prediction.threshold) if baseline and spec.prediction else None
    if reference is not None:
        found |= quality.reference_baselines(spec, reference, [place for _, place in wanted])
    return found


def earlier_windows(spec: Spec, pane: datetime) -> dict[str, list[tuple[datetime, datetime]]]:
    """Return first and last pane of the windows that one is compared with, newest first, by baseline.

    Only baselines that the spec asks for. `previous` is the last window that shares no pane with the one that
    ends with `pane`. `trailing` are windows at its place of the week: Sundays are compared with Sundays. One
    longer than a week steps by as many weeks as it touches, so that none shares a pane with another. Panes
    shorter than an hour are kept for days only; theirs are widened to the hours that are kept for weeks.
    """
    calendar, back, found = spec.calendar, spec.window_panes - 1, {}
    if "previous" in spec.earlier:
        last = calendar.back(pane, spec.window_panes)
        found["previous"] = [(calendar.back(last, back), last)]
    if "trailing" in spec.earlier:
        step = -(-spec.window // WEEK)
        lasts = [_weeks_before(spec, pane, step * time) for time in range(1, WEEKS + 1)]
        windows = [(calendar.back(last, back), last) for last in lasts]
        windows = [(first, last) for first, last in windows if calendar.expected(first, calendar.end(last))]
        found["trailing"] = [_whole_hours(spec, *window) for window in windows] if is_short(spec) else windows
    return found


def reference_windows(
    known: Known, baseline: Baseline, role: str, there: Collection[int]
) -> list[tuple[str, int, list[Sample]]]:
    """Return scope, end and samples of the windows of a reference's own panes, but for those received."""
    calendar, spec = known.spec.calendar, known.spec
    panes = {start: (profile,) for start, profile in sorted(baseline.whole.panes.items())}
    found: list[tuple[str, int, list[Sample]]] = []
    for start in panes:
        if start in there:
            continue
        pane = datetime.fromtimestamp(start, calendar.zone)
        end = int(calendar.end(pane).timestamp())
        first = int(calendar.back(pane, spec.window_panes - 1).timestamp())
        inside = {one: profiles for one, profiles in panes.items() if first <= one <= start}
        window = Window(spec, role, "", Span.of(inside), len(inside), end, received=float(end))
        found.append((role, end, window_samples(window)))
    return found


def _weeks_before(spec: Spec, pane: datetime, weeks: int) -> datetime:
    """Return the start of the pane at the same local time so many weeks before."""
    local = pane.astimezone(spec.zone).replace(tzinfo=None) - timedelta(weeks=weeks)
    return spec.calendar.start(local.replace(tzinfo=spec.zone))


def _whole_hours(spec: Spec, first: datetime, last: datetime) -> tuple[datetime, datetime]:
    """Return first and last pane of the hours, as the ledger merges them, that a window touches."""
    hours = Calendar(panes_of_an_hour(spec.every) * spec.every, spec.timezone)
    return hours.start(first), spec.calendar.back(hours.end(hours.start(last)))


def _rows_key(known: Known, role: str, segment: tuple[str, str]) -> Key:
    model = {"project": known.spec.project, "model": known.spec.model, "role": role}
    return _key(names.PANE_ROWS, {**model, "segment": segment[0], "segment_value": segment[1]})


def _key(family: Family, labels: dict[str, str]) -> Key:
    return sample(family, 0, 0, **labels)[0].key
