"""What a window is compared with over time: the same place of earlier weeks, and trailing quality."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from sqlalchemy import Connection

from wolfpack.exporter import history, quality
from wolfpack.exporter.baseline import Baseline
from wolfpack.exporter.panes import Span
from wolfpack.exporter.registry import Known
from wolfpack.exporter.sample import Key, Sample, sample
from wolfpack.exporter.window import Window, window_samples
from wolfpack.spec import Family, names
from wolfpack.stats import ScoreCounts

WEEKS = 4
"""Weeks over which the same place of the week is averaged (DESIGN §4, `change: rows`)."""
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
        for start in (_weeks_before(known, pane, weeks) for weeks in range(1, WEEKS + 1))
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
    cells: dict[quality.Cell, ScoreCounts],
) -> dict[tuple[str, quality.Cell], float]:
    """Return what a drop is measured from: the reference's quality, else the mean of trailing windows."""
    calendar, spec = known.spec.calendar, known.spec
    ends = []
    for step in range(1, WINDOWS + 1):
        ends.append(int(calendar.end(calendar.back(pane, step * spec.window_panes)).timestamp()))
    found: dict[tuple[str, quality.Cell], float] = {}
    keys = {
        (family.name, cell): _quality_key(known, family, cell)
        for family in (names.ROC_AUC, names.BRIER)
        for cell in cells
    }
    values = history.event_values(connection, ids, known.id, keys.values(), ends)
    for place, key in keys.items():
        those = [values[key, end] for end in ends if (key, end) in values]
        if len(those) >= FEWEST:
            found[place] = sum(those) / len(those)
    if baseline is not None and baseline.scores is not None:
        found |= quality.reference_baselines(baseline.scores, cells)
    return found


def reference_windows(
    known: Known, baseline: Baseline, role: str, there: Collection[int]
) -> list[tuple[str, int, list[Sample]]]:
    """Return scope, end and samples of the windows of a reference's own panes, but for those received."""
    calendar, spec = known.spec.calendar, known.spec
    panes = {start: (profile,) for start, profile in sorted(baseline.profile.panes.items())}
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


def _weeks_before(known: Known, pane: datetime, weeks: int) -> datetime:
    """Return the start of the pane at the same local time so many weeks before."""
    zone = known.spec.zone
    local = pane.astimezone(zone).replace(tzinfo=None) - timedelta(weeks=weeks)
    return known.spec.calendar.start(local.replace(tzinfo=zone))


def _rows_key(known: Known, role: str, segment: tuple[str, str]) -> Key:
    spec = known.spec
    return sample(
        names.PANE_ROWS,
        0,
        0,
        project=spec.project,
        model=spec.model,
        role=role,
        segment=segment[0],
        segment_value=segment[1],
    )[0].key


def _quality_key(known: Known, family: Family, cell: quality.Cell) -> Key:
    spec, (version, (segment, value)) = known.spec, cell
    return sample(
        family,
        0,
        0,
        project=spec.project,
        model=spec.model,
        version=version,
        segment=segment,
        segment_value=value,
    )[0].key
