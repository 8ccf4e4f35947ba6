"""The arithmetic of one window: profiles of its panes in, samples out. No ledger, no clock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from wolfpack.exporter.baseline import Baseline
from wolfpack.exporter.column_samples import distribution, faults, schema_changes
from wolfpack.exporter.mean_samples import mean_samples
from wolfpack.exporter.mixture import Mixture
from wolfpack.exporter.panes import Span
from wolfpack.exporter.sample import Sample, sample
from wolfpack.spec import Spec, names
from wolfpack.spec.vocabulary import RatioLevels
from wolfpack.stats import ALL, Drift, Floors, Profile, Thresholds, compare


@dataclass(frozen=True)
class Window:
    """One window of one role and version, ready to be computed.

    Parameters
    ----------
    span : the panes received.
    expected : how many panes the window should have, planned gaps apart.
    end : event time at which it ends, epoch seconds.
    received : when its last rows were committed, epoch seconds.
    trailing : mean rows of the same place of the week before, by segment and value.
    before : earlier windows that share no pane with it, by the name of the baseline they are.
    previous : rows of the pane before the newest, by segment and value.
    """

    spec: Spec
    role: str
    version: str
    span: Span
    expected: int
    end: int
    received: float
    baseline: Baseline | None = None
    trailing: Mapping[tuple[str, str], float] = field(default_factory=dict)
    before: Mapping[str, Profile] = field(default_factory=dict)
    previous: Mapping[tuple[str, str], int] = field(default_factory=dict)

    @cached_property
    def plan(self) -> str:
        """Id of the plan that distributions are read on: that of the newest delivery of the newest pane."""
        return self.span.newest[-1].plan.id

    @cached_property
    def pane(self) -> Mixture:
        return Mixture.of([self.span.newest], self.plan)

    @cached_property
    def whole(self) -> Mixture:
        return Mixture.of(self.span.runs, self.plan)

    @cached_property
    def columns(self) -> list[str]:
        """Columns of the window's role, of the reference too: one that vanished is missing, not forgotten."""
        known = self.baseline.plan.columns if self.baseline else ()
        return [
            one for one in dict.fromkeys([*self.whole.columns, *known]) if self.spec.role_of(one) == self.role
        ]

    def labels(self, segment: tuple[str, str] = ALL) -> dict[str, str]:
        return {
            "project": self.spec.project,
            "model": self.spec.model,
            "version": self.version,
            "role": self.role,
            "segment": segment[0],
            "segment_value": segment[1],
        }


def thresholds(spec: Spec) -> Thresholds:
    """Return the levels from which on a column counts as drifted: the lowest that the spec alerts on."""
    drift = spec.drift

    def lowest(levels: object, default: float) -> float:
        found = [
            v for v in (getattr(levels, "warning", None), getattr(levels, "critical", None)) if v is not None
        ]
        return min(found, default=default)

    return Thresholds(
        psi=lowest(drift.psi, 0.1),
        ks=lowest(drift.ks, 0.1),
        missing=lowest(drift.missing, 0.05),
        novel=lowest(drift.novel, 0.005),
        min_rows=drift.min_rows,
    )


def window_samples(window: Window) -> list[Sample]:
    """Compute every sample of a window of all live versions together (``version=""``)."""
    found = _rows(window) + _columns_of(window, ALL, window.columns) + _schema(window)
    for segment in window.whole.segments:
        if segment == ALL or segment[0] not in window.spec.segments:
            continue
        named = window.spec.segments[segment[0]].columns
        found += _columns_of(window, segment, [column for column in window.columns if column in named])
        if window.role == "prediction":
            found += _means(window, segment, [column for column in window.columns if column not in named])
    return found


def release_samples(window: Window, before: Profile | None) -> list[Sample]:
    """Compute the samples of one of several live versions; `before` is the previous version's window."""
    found = sample(names.WINDOW_ROWS, window.whole.rows(ALL), window.end, **window.labels())
    found += _means(window, ALL, window.columns)
    if before is not None:
        # Both versions saw the same days or the days next to each other: the sampling floor alone is asked.
        found += _scores(
            window, _drift(window, before, window.whole.main, ALL, window.columns, {}), ALL, "version"
        )
    return found


def _rows(window: Window) -> list[Sample]:
    labels, end = window.labels(), window.end
    found = sample(names.WINDOW_PANES, len(window.span.starts), end, **labels)
    found += sample(names.WINDOW_PANES_EXPECTED, window.expected, end, **labels)
    found += sample(names.WINDOW_END, window.end, end, **labels)
    found += sample(names.WINDOW_RECEIVED, window.received, end, **labels)
    for segment in window.whole.segments:
        if segment == ALL or segment[0] in window.spec.segments:
            labels = window.labels(segment)
            found += sample(names.WINDOW_ROWS, window.whole.rows(segment), end, **labels)
            found += sample(names.PANE_ROWS, window.pane.rows(segment), end, **labels)
            found += sample(names.PANE_ROWS_TRAILING, window.trailing.get(segment), end, **labels)
            found += sample(names.PANE_ROWS_PREVIOUS, window.previous.get(segment), end, **labels)
    return found


def _schema(window: Window) -> list[Sample]:
    """Compare the columns of the newest pane with those of the reference, derived ones apart."""
    if window.baseline is None:
        return []
    planned = [name for name, column in window.baseline.plan.columns.items() if not column.source]
    there = [*window.pane.sources, *window.pane.unplanned]
    planned, there = (
        [name for name in known if window.spec.role_of(name) == window.role] for known in (planned, there)
    )
    return schema_changes(planned, there, window.end, window.labels())


def _means(window: Window, segment: tuple[str, str], columns: Iterable[str]) -> list[Sample]:
    found: list[Sample] = []
    for column in columns:
        mean = window.whole.mean(segment, column)
        found += sample(names.COLUMN_MEAN, mean, window.end, column=column, **window.labels(segment))
    return found


def _columns_of(window: Window, segment: tuple[str, str], columns: list[str]) -> list[Sample]:
    """Compute the column and drift families of one segment."""
    if not columns:
        return []
    found = _means(window, segment, columns)
    whole, pane = (mixture.main.segments.get(segment, {}) for mixture in (window.whole, window.pane))
    for column in columns:
        labels = window.labels(segment) | {"column": column}
        found += sample(
            names.COLUMN_MISSING, window.pane.missing_ratio(segment, column), window.end, **labels
        )
        found += sample(names.PANE_MEAN, window.pane.mean(segment, column), window.end, **labels)
        found += distribution(whole[column], window.end, labels) if column in whole else []
        found += faults(pane[column], window.end, labels) if column in pane else []
    if window.baseline is not None:
        found += _against_reference(window, window.baseline, segment, columns)
    for baseline, earlier in window.before.items():
        if baseline in window.spec.drift.baseline:
            found += _scores(
                window, _drift(window, earlier, window.whole.main, segment, columns), segment, baseline
            )
    return found + _mean_changes(window, segment, columns)


def _mean_changes(window: Window, segment: tuple[str, str], columns: list[str]) -> list[Sample]:
    if window.spec.mean is None:
        return []
    reference = {"reference": window.baseline.profile} if window.baseline else {}
    habit = window.baseline.floors(len(window.span.starts), segment) if window.baseline else {}
    found: list[Sample] = []
    for baseline, before in {**reference, **window.before}.items():
        if baseline in window.spec.mean.against:
            labels = window.labels(segment) | {"baseline": baseline}
            found += mean_samples(
                window.spec, before, window.whole.main, segment, columns, habit, window.end, labels
            )
    return found


def _against_reference(
    window: Window, baseline: Baseline, segment: tuple[str, str], columns: list[str]
) -> list[Sample]:
    found: list[Sample] = []
    floors = baseline.floors(1, segment)
    now = _drift(window, baseline.profile, window.pane.main, segment, columns, floors)
    for column in now.columns:
        one, labels = now[column], window.labels(segment) | {"column": column}
        found += sample(names.COLUMN_MISSING_INCREASE, one.missing_increase, window.end, **labels)
        labels["baseline"] = "reference"
        noise = one.missing_increase_noise
        found += sample(names.COLUMN_MISSING_INCREASE_NOISE, noise, window.end, **labels)
    if segment == ALL:
        found += sample(names.MISSING_COLUMNS, _lacking(window, now), window.end, **window.labels())
    floors = baseline.floors(len(window.span.starts), segment)
    over = _drift(window, baseline.profile, window.whole.main, segment, columns, floors)
    for column in over.columns:
        one, labels = over[column], window.labels(segment) | {"column": column}
        found += sample(names.COLUMN_NOVEL, one.novel, window.end, **labels)
        found += sample(names.COLUMN_NOVEL_NOISE, one.novel_noise, window.end, baseline="reference", **labels)
    return found + _scores(window, over, segment, "reference")


def _lacking(window: Window, drift: Drift) -> int | None:
    """Return how many columns lack more values in the newest pane than the spec allows."""
    levels = {name: column.missing for name, column in window.spec.columns.items() if column.missing is not None}
    silent = window.spec.drift.missing == RatioLevels()
    found = ["missing" in drift[one].evidence and not silent for one in drift.columns if one not in levels]
    for column in (one for one in window.columns if one in levels):
        limits = [one for one in (levels[column].warning, levels[column].critical) if one is not None]
        found.append((window.pane.missing_ratio(ALL, column) or 0.0) > min(limits, default=1.0))
    return sum(found) if found else None


def _drift(
    window: Window,
    baseline: Profile,
    current: Profile,
    segment: tuple[str, str],
    columns: list[str],
    habit: Mapping[str, Floors] | None = None,
) -> Drift:
    both = [column for column in columns if column in baseline.plan.columns]
    levels = thresholds(window.spec)
    return compare(
        baseline, current, segment=segment, columns=both, thresholds=levels, habit=habit, distances=False
    )


def _scores(window: Window, drift: Drift, segment: tuple[str, str], baseline: str) -> list[Sample]:
    found: list[Sample] = []
    for column in drift.columns:
        one = drift[column]
        labels = window.labels(segment) | {"column": column, "baseline": baseline}
        for family, value in (
            (names.COLUMN_PSI, one.psi),
            (names.COLUMN_PSI_NOISE, one.psi_noise),
            (names.COLUMN_KS, one.ks),
            (names.COLUMN_KS_NOISE, one.ks_noise),
        ):
            found += sample(family, value, window.end, **labels)
    if segment == ALL and baseline != "version" and window.role == "input":
        found += sample(names.DRIFTED_COLUMNS, drift.ratio, window.end, baseline=baseline, **window.labels())
    return found
