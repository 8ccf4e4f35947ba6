"""From the ledger to the samples of one window: which panes it holds, and what it is compared with."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from wolfpack.exporter import history, quality, store, trailing
from wolfpack.exporter.clock import utc
from wolfpack.exporter.expected_quality import (
    LEAST_ROWS,
    Learnt,
    concept_samples,
    error_samples,
    estimate_samples,
)
from wolfpack.exporter.fairness_samples import odds_samples, selection_samples
from wolfpack.exporter.judging import count_pane, counted, judging_of
from wolfpack.exporter.mixture import Mixture
from wolfpack.exporter.outcomes import ESTIMATE
from wolfpack.exporter.outputs import load_catalogue, load_outputs, output_samples
from wolfpack.exporter.panes import Loaded, Panes, Shadow
from wolfpack.exporter.registry import Known, Registry
from wolfpack.exporter.retraining import retrain_samples
from wolfpack.exporter.sample import Sample
from wolfpack.exporter.stages import load_stages
from wolfpack.exporter.store import OUTPUT
from wolfpack.exporter.window import Window, release_samples, window_samples
from wolfpack.stats import Estimate, Profile

Segment = tuple[str, str]


class Assembly:
    """Builds windows; profiles that were decoded once are kept while they are used."""

    def __init__(self, registry: Registry, ids: history.SeriesIds) -> None:
        self._registry, self._ids, self.panes = registry, ids, Panes()
        self._quality = quality.QualityPanes()
        self._references: dict[tuple[int, int, str], Learnt] = {}

    def samples(self, connection: Connection, known: Known, role: str, pane: datetime) -> list[Sample]:
        """Return the samples of the window of a role that ends with the pane."""
        if role == "label":
            return self.label_window(connection, known, pane)
        if role == ESTIMATE:
            return self.estimate_window(connection, known, pane)
        if role == OUTPUT:
            return self.output_window(connection, known, pane)
        return self.role_window(connection, known, role, pane)

    def role_window(self, connection: Connection, known: Known, role: str, pane: datetime) -> list[Sample]:
        """Return the samples of the window of a role that ends with the pane."""
        found = self.window(connection, known, role, pane)
        if found is None:
            return []
        window, loaded = found
        return window_samples(window) + self._releases(connection, known, window, loaded, pane)

    def window(
        self, connection: Connection, known: Known, role: str, pane: datetime
    ) -> tuple[Window, Loaded] | None:
        """Return the window of a role that ends with the pane, and its panes; None without rows."""
        spec, calendar = known.spec, known.spec.calendar
        first = calendar.back(pane, spec.window_panes - 1)
        loaded = self._load(connection, known, role, first, pane)
        if loaded.together is None:
            return None
        window = Window(
            spec,
            role,
            "",
            loaded.together,
            expected=calendar.expected(first, calendar.end(pane)),
            end=_seconds(calendar.end(pane)),
            received=loaded.received,
            baseline=self._registry.baseline(connection, known.id),
            trailing=trailing.rows(connection, self._ids, known, role, pane, loaded.segments()),
            before=self._before(connection, known, role, pane),
            previous=self._previous(connection, known, role, pane),
        )
        return window, loaded

    def versions(self, connection: Connection, known: Known, role: str, pane: datetime) -> dict[str, Mixture]:
        """Return the rows of each version in the window of a role that ends with the pane, shadows too."""
        first = known.spec.calendar.back(pane, known.spec.window_panes - 1)
        loaded = self._load(connection, known, role, first, pane)
        return {name: Mixture.of(span.runs, span.newest[-1].plan.id) for name, span in loaded.versions.items()}

    def judged(self, connection: Connection, known: Known, pane: datetime) -> quality.Counted:
        """Return the counts of quality of the window that ends with the pane."""
        calendar = known.spec.calendar
        return self._counted(connection, known, calendar.back(pane, known.spec.window_panes - 1), calendar.end(pane))

    def label_window(self, connection: Connection, known: Known, pane: datetime) -> list[Sample]:
        """Return the samples of quality over the window that ends with the pane."""
        spec, calendar = known.spec, known.spec.calendar
        first, end = calendar.back(pane, spec.window_panes - 1), calendar.end(pane)
        baseline = self._registry.baseline(connection, known.id)
        found = self._counted(connection, known, first, end)
        cells = found.cells
        measured = quality.measured(cells)
        together = [place for place in measured if not place[0][0]]
        baselines = trailing.quality_baselines(connection, self._ids, known, baseline, pane, together)
        baselines |= self._before_releases(connection, known, found, measured, pane)
        samples = quality.quality_samples(spec, cells, measured, _seconds(end), baselines)
        learnt = self._learnt(connection, known, pane)
        samples += error_samples(spec, cells, learnt, _seconds(end))
        samples += concept_samples(spec, found, learnt, _seconds(end))
        samples += retrain_samples(connection, self._ids, known, measured, pane)
        return samples + odds_samples(spec, found, _seconds(end))

    def _before_releases(
        self, connection: Connection, known: Known, found: quality.Counted,
        measured: dict[quality.Place, dict[str, Estimate]], pane: datetime,
    ) -> dict[tuple[str, quality.Place], Estimate]:  # fmt: skip
        """Return what each version's quality is measured from while two or more have labels."""
        if len(found.versions) < 2:
            return {}
        shadow, order = self._shadow(connection, known), store.version_order(connection, known.id)
        return quality.release_baselines(known.spec, measured, found, order, lambda one: shadow(one, _seconds(pane)))

    def estimate_window(self, connection: Connection, known: Known, pane: datetime) -> list[Sample]:
        """Return the samples of what is told before labels come, over the window that ends with the pane."""
        spec, calendar = known.spec, known.spec.calendar
        first, end = calendar.back(pane, spec.window_panes - 1), calendar.end(pane)
        found = self._counted(connection, known, first, end)
        learnt = self._learnt(connection, known, pane) if spec.estimated else None
        samples = estimate_samples(spec, found.cells, learnt, _seconds(end))
        return samples + selection_samples(spec, found, _seconds(end))

    def output_window(self, connection: Connection, known: Known, pane: datetime) -> list[Sample]:
        """Return the samples of outputs over the window that ends with the pane."""
        calendar, first = known.spec.calendar, known.spec.calendar.back(pane, known.spec.window_panes - 1)
        end, shadow = _seconds(calendar.end(pane)), self._shadow(connection, known)
        cells = load_outputs(connection, known.id, _seconds(first), end, shadow)
        return output_samples(known.spec, cells, load_catalogue(connection, known.id), end)

    def _learnt(self, connection: Connection, known: Known, pane: datetime) -> Learnt | None:
        """Return what is learnt from the reference's quality, else from the labelled windows before this one."""
        spec, baseline = known.spec, self._registry.baseline(connection, known.id)
        column = baseline.plan.columns.get(spec.prediction.column) if baseline and spec.prediction else None
        edges = column.edges if column else ()
        reference = baseline.quality(spec.threshold) if baseline else None
        if baseline is not None and reference is not None:
            key = known.id, baseline.id, spec.hash
            if key not in self._references:
                self._references = {one: its for one, its in self._references.items() if one[0] != known.id}
                self._references[key] = Learnt(reference, edges, baseline.label_habit)
            return self._references[key]
        calendar, panes = spec.calendar, spec.window_panes
        ended = calendar.back(pane, panes)
        first = calendar.back(ended, trailing.WINDOWS * panes - 1)
        found = self._counted(connection, known, first, calendar.end(ended))
        if found.together is None or found.together.whole.labelled < LEAST_ROWS:
            return None
        return Learnt(found.together, edges)

    def count(self, connection: Connection, known: Known, start: int, now: float) -> None:
        """Join the predictions of a pane with the labels that are there, and keep their counts."""
        judging = judging_of(known.spec, self._registry.baseline(connection, known.id))
        count_pane(connection, known, judging, start, now)

    def _counted(
        self, connection: Connection, known: Known, first: datetime, end: datetime
    ) -> quality.Counted:
        judging = judging_of(known.spec, self._registry.baseline(connection, known.id))
        shadow = self._shadow(connection, known)
        return self._quality.load(
            connection, known.id, counted(judging), _seconds(first), _seconds(end), shadow
        )

    def _releases(
        self, connection: Connection, known: Known, window: Window, loaded: Loaded, pane: datetime
    ) -> list[Sample]:
        """Return the samples of each version with rows, while there are two or more; none is compared with a shadow."""
        shadow = self._shadow(connection, known)
        live = loaded.live(store.version_order(connection, known.id))[-known.spec.versions.keep :]
        if len(live) < 2:
            return []
        found: list[Sample] = []
        before: Profile | None = None
        for version in live:
            its = replace(window, version=version, span=loaded.versions[version])
            found += release_samples(its, before)
            before = before if shadow(version, _seconds(pane)) else its.whole.main
        return found

    def _before(self, connection: Connection, known: Known, role: str, pane: datetime) -> dict[str, Profile]:
        """Return the profiles of the earlier windows that the spec compares with, by baseline."""
        found: dict[str, Profile] = {}
        for baseline, earlier in trailing.earlier_windows(known.spec, pane).items():
            loaded = [self._load(connection, known, role, first, last).together for first, last in earlier]
            there = [span for span in loaded if span is not None]
            if len(there) >= (1 if baseline == "previous" else trailing.FEWEST):
                newest = there[0].newest[-1].plan.id
                found[baseline] = Mixture.of([run for span in there for run in span.runs], newest).main
        return found

    def _previous(self, connection: Connection, known: Known, role: str, pane: datetime) -> dict[Segment, int]:
        """Return the rows of the pane before, planned gaps apart, by segment; empty unless the spec asks for them."""
        spec, before = known.spec, known.spec.calendar.back(pane, 1)
        if spec.change.rows is None or spec.change.rows.against != "previous":
            return {}
        while spec.calendar.skipped(before):
            before = spec.calendar.back(before, 1)
        loaded = self._load(connection, known, role, before, before)
        profiles = [profile for run in (loaded.together.runs if loaded.together else ()) for profile in run]
        return {
            segment: sum(profile.segment_rows.get(segment, 0) for profile in profiles)
            for segment in loaded.segments()
        }

    def _load(
        self, connection: Connection, known: Known, role: str, first: datetime, last: datetime
    ) -> Loaded:
        shadow = self._shadow(connection, known)
        return self.panes.load(connection, known.id, role, known.spec.calendar, first, last, shadow)

    def _shadow(self, connection: Connection, known: Known) -> Shadow:
        """Return what tells whether a version was shadow during the whole of a pane."""
        stages, end = load_stages(connection, known.id), known.spec.calendar.end
        if not stages.any_shadow:
            return lambda version, start: False
        return lambda version, start: stages.shadow(version, start, _seconds(end(utc(start))))


def _seconds(at: datetime) -> int:
    return int(at.timestamp())
