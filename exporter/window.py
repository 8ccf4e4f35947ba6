"""The arithmetic of one window: profiles of its panes in, samples out. No ledger, no clock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from wolfpack.exporter.baseline import Baseline
from wolfpack.exporter.sample import Sample, sample
from wolfpack.spec import Spec, names
from wolfpack.stats import Drift, Floors, Profile, Thresholds, compare, merge_all

ALL = ("", "")
"""The segment that is all rows."""


@dataclass(frozen=True)
class Window:
    """One window of one role and version, ready to be computed.

    Parameters
    ----------
    panes : profile of each pane received, by the pane's start; the newest is the last.
    expected : how many panes the window should have, planned gaps apart.
    end : event time at which it ends, epoch seconds.
    received : when its last rows were committed, epoch seconds.
    trailing : mean rows of the same place of the week before, by segment and value.
    before : profiles of earlier windows that share no pane with it, by the name of the baseline they are.
    """

    spec: Spec
    role: str
    version: str
    panes: Mapping[int, Profile]
    expected: int
    end: int
    received: float
    baseline: Baseline | None = None
    trailing: Mapping[tuple[str, str], float] = field(default_factory=dict)
    before: Mapping[str, Profile] = field(default_factory=dict)

    @property
    def labels(self) -> dict[str, str]:
        return {
            "project": self.spec.project,
            "model": self.spec.model,
            "version": self.version,
            "role": self.role,
        }

    def segment_labels(self, segment: tuple[str, str]) -> dict[str, str]:
        return self.labels | {"segment": segment[0], "segment_value": segment[1]}


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
    pane = window.panes[max(window.panes)]
    whole = merge_all(list(window.panes.values()))
    found = _rows(window, pane, whole)
    columns = _columns(window, pane)
    found += _columns_of(window, pane, whole, ALL, columns)
    for segment in whole.segment_rows:
        if segment == ALL or segment[0] not in window.spec.segments:
            continue
        named = window.spec.segments[segment[0]].columns
        found += _columns_of(window, pane, whole, segment, [c for c in columns if c in named])
        if window.role == "prediction":
            rest = [c for c in columns if c not in named]
            found += _means(window, whole, segment, rest)
    return found


def release_samples(window: Window, before: Profile | None) -> list[Sample]:
    """Compute the samples of one of several live versions; `before` is the previous version's window."""
    whole = merge_all(list(window.panes.values()))
    labels = window.segment_labels(ALL)
    found = sample(names.WINDOW_ROWS, whole.rows, window.end, **labels)
    columns = _columns(window, whole)
    found += _means(window, whole, ALL, columns)
    if before is not None:
        # Both versions saw the same days or the days next to each other: the sampling floor alone is asked.
        drift = compare(before, whole, columns=columns, thresholds=thresholds(window.spec), habit={})
        found += _scores(window, drift, ALL, "version")
    return found


def _columns(window: Window, profile: Profile) -> list[str]:
    return [column for column in profile.plan.columns if window.spec.role_of(column) == window.role]


def _rows(window: Window, pane: Profile, whole: Profile) -> list[Sample]:
    labels, end = window.segment_labels(ALL), window.end
    found = sample(names.WINDOW_PANES, len(window.panes), end, **labels)
    found += sample(names.WINDOW_PANES_EXPECTED, window.expected, end, **labels)
    found += sample(names.WINDOW_END, window.end, end, **labels)
    found += sample(names.WINDOW_RECEIVED, window.received, end, **labels)
    for segment, rows in whole.segment_rows.items():
        if segment == ALL or segment[0] in window.spec.segments:
            labels = window.segment_labels(segment)
            found += sample(names.WINDOW_ROWS, rows, end, **labels)
            found += sample(names.PANE_ROWS, pane.segment_rows.get(segment, 0), end, **labels)
            found += sample(names.PANE_ROWS_TRAILING, window.trailing.get(segment), end, **labels)
    return found


def _means(window: Window, whole: Profile, segment: tuple[str, str], columns: Iterable[str]) -> list[Sample]:
    found: list[Sample] = []
    for column, state in whole.segments.get(segment, {}).items():
        if column in columns:
            labels = window.segment_labels(segment) | {"column": column}
            found += sample(names.COLUMN_MEAN, state.mean, window.end, **labels)
    return found


def _columns_of(
    window: Window, pane: Profile, whole: Profile, segment: tuple[str, str], columns: list[str]
) -> list[Sample]:
    """Compute the column and drift families of one segment."""
    if not columns:
        return []
    found = _means(window, whole, segment, columns)
    now = pane.segments.get(segment, {})
    for column in columns:
        labels = window.segment_labels(segment) | {"column": column}
        state = now.get(column)
        rows = pane.segment_rows.get(segment, 0)
        # A planned column that the table does not have at all is missing in every row.
        missing = (1.0 if rows else None) if state is None else state.missing_ratio
        found += sample(names.COLUMN_MISSING, missing, window.end, **labels)
        if state is not None:
            found += sample(names.PANE_MEAN, state.mean, window.end, **labels)
    if window.baseline is not None:
        found += _against_reference(window, window.baseline, pane, whole, segment, columns)
    for baseline, earlier in window.before.items():
        drift = compare(earlier, whole, segment=segment, columns=columns, thresholds=thresholds(window.spec))
        found += _scores(window, drift, segment, baseline)
    return found


def _against_reference(
    window: Window,
    baseline: Baseline,
    pane: Profile,
    whole: Profile,
    segment: tuple[str, str],
    columns: list[str],
) -> list[Sample]:
    def drift(profile: Profile, panes: int) -> Drift:
        floors: dict[str, Floors] = baseline.floors(panes, segment)
        return compare(
            baseline.profile,
            profile,
            segment=segment,
            columns=columns,
            thresholds=thresholds(window.spec),
            habit=floors,
        )

    found: list[Sample] = []
    now = drift(pane, 1)
    for column in now.columns:
        one = now[column]
        labels = window.segment_labels(segment) | {"column": column}
        found += sample(names.COLUMN_MISSING_INCREASE, one.missing_increase, window.end, **labels)
        noise = sample(
            names.COLUMN_MISSING_INCREASE_NOISE,
            one.missing_increase_noise,
            window.end,
            baseline="reference",
            **labels,
        )
        found += noise
    over = drift(whole, len(window.panes))
    for column in over.columns:
        labels = window.segment_labels(segment) | {"column": column}
        found += sample(names.COLUMN_NOVEL, over[column].novel, window.end, **labels)
        found += sample(
            names.COLUMN_NOVEL_NOISE, over[column].novel_noise, window.end, baseline="reference", **labels
        )
    return found + _scores(window, over, segment, "reference")


def _scores(window: Window, drift: Drift, segment: tuple[str, str], baseline: str) -> list[Sample]:
    found: list[Sample] = []
    for column in drift.columns:
        one = drift[column]
        labels = window.segment_labels(segment) | {"column": column, "baseline": baseline}
        for family, value in (
            (names.COLUMN_PSI, one.psi),
            (names.COLUMN_PSI_NOISE, one.psi_noise),
            (names.COLUMN_KS, one.ks),
            (names.COLUMN_KS_NOISE, one.ks_noise),
        ):
            found += sample(family, value, window.end, **labels)
    if segment == ALL and baseline != "version" and window.role == "input":
        labels = window.segment_labels(segment) | {"baseline": baseline}
        found += sample(names.DRIFTED_COLUMNS, drift.ratio, window.end, **labels)
    return found
