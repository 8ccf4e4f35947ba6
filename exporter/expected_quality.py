"""What quality is expected before labels come, how far that was off, and whether labels moved at one prediction."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from scipy.special import ndtri

from wolfpack.exporter.quality import Cell, Counted, labels_of
from wolfpack.exporter.sample import Sample, sample
from wolfpack.spec import Spec, names
from wolfpack.stats import (
    Calibrator,
    Estimate,
    Judged,
    QualityCounts,
    Regions,
    calibration_noise,
    error_by_region,
    estimate_error,
    estimate_quality,
    judged_regions,
    label_change,
    learn_calibrator,
)
from wolfpack.stats.floors import FALSE_ALARMS
from wolfpack.stats.judged import JudgedScores
from wolfpack.stats.quality_counts import ALL, Segment
from wolfpack.stats.regions import regions_of

LEAST_ROWS = 200
"""Labelled rows from which on something is learnt from a window that is no reference."""
REACH = -float(ndtri(FALSE_ALARMS / 2))
"""Standard errors that an estimate is off by with the chance of a false alarm, in either direction."""


def _no_habit(panes: int, segment: Segment) -> float:
    return 0.0


class Learnt:
    """What was learnt from predictions with labels: the reference's, else those of the windows before.

    Parameters
    ----------
    edges : of the regions of a binary score; none: ten tenths.
    habit : floor of the label's change over windows of so many panes of a segment, 0 where it is not known.
    """

    def __init__(
        self, counts: QualityCounts, edges: tuple[float, ...], habit: Callable[[int, Segment], float] = _no_habit
    ) -> None:
        self.counts, self.habit, self._edges = counts, habit, edges
        state = counts.whole
        self.calibrator: Calibrator | None = None
        if isinstance(state, JudgedScores) and state.labelled >= LEAST_ROWS:
            self.calibrator = learn_calibrator(state.scores)

    def regions(self, state: Judged | None) -> Regions | None:
        """Return labels by region of the prediction; None where the task has no regions."""
        return None if state is None else judged_regions(state, self._edges)


def estimate_samples(spec: Spec, cells: Mapping[Cell, Judged], learnt: Learnt | None, end: int) -> list[Sample]:
    """Return what quality is expected to be of all predictions of a window, whether they have a label or not."""
    found: list[Sample] = []
    for cell, state in cells.items():
        if learnt is None or learnt.calibrator is None or not isinstance(state, JudgedScores):
            continue
        expected = estimate_quality(state.all_scores, learnt.calibrator, spec.threshold)
        for measure in spec.estimated:
            its = expected.get(measure.name)
            if its is not None and measure.estimate is not None and measure.estimate_stderr is not None:
                where = labels_of(spec, measure, (cell, ""))
                found += sample(measure.estimate, its.value, end, **where)
                found += sample(measure.estimate_stderr, its.stderr, end, **where)
    return found


def error_samples(spec: Spec, cells: Mapping[Cell, Judged], learnt: Learnt | None, end: int) -> list[Sample]:
    """Return how far what was expected of the labelled rows of a window is from what came true."""
    found: list[Sample] = []
    for cell, state in cells.items():
        if learnt is None or learnt.calibrator is None or not isinstance(state, JudgedScores) or not state.labelled:
            continue
        expected = estimate_quality(state.labelled_scores, learnt.calibrator, spec.threshold)
        errors = estimate_error(expected, state.measures())
        for measure in spec.estimated:
            its = errors.get(measure.name)
            if its is not None and measure.estimate_error is not None and measure.estimate_error_noise is not None:
                where = labels_of(spec, measure, (cell, ""))
                found += sample(measure.estimate_error, its.value, end, **where)
                noise = None if its.stderr is None else REACH * its.stderr
                found += sample(measure.estimate_error_noise, noise, end, **where)
    return found


def concept_samples(spec: Spec, window: Counted, learnt: Learnt | None, end: int) -> list[Sample]:
    """Return how far labels moved at the same prediction, and the error in each region of it.

    A segment is compared with itself, where what was learnt knows it: one that always was another is no drift.
    """
    found: list[Sample] = []
    if learnt is None:
        return found
    for (version, (segment, value)), state in window.cells.items():
        before, now = learnt.regions(learnt.counts.cells.get((segment, value))), learnt.regions(state)
        where = {
            "project": spec.project, "model": spec.model, "version": version, "segment": segment,
            "segment_value": value,
        }  # fmt: skip
        if now is None or not now.rows:
            continue
        change = None
        if before is not None and before.edges.tolist() == now.edges.tolist():
            change = label_change(before, now, habit=learnt.habit(window.panes[version], (segment, value)))
        if change is not None:
            found += sample(names.LABEL_CHANGE, change.change, end, **where)
            found += sample(names.LABEL_CHANGE_NOISE, change.noise, end, **where)
            found += sample(names.LABEL_SHIFT, change.shift.value, end, **where)
        if isinstance(state, JudgedScores) and not state.scores.losses.outside:
            found += sample(names.CALIBRATION_NOISE, calibration_noise(regions_of(state.scores)), end, **where)
        if (segment, value) == ALL:
            found += _by_region(now, where, end)
    return found


def _by_region(regions: Regions, where: dict[str, str], end: int) -> list[Sample]:
    found: list[Sample] = []
    names_ = [f"{place + 1:02d}" for place in range(len(regions.edges) + 1)]
    errors: list[Estimate | None] = error_by_region(regions)
    for name, error in zip(names_, errors, strict=True):
        if error is not None:
            found += sample(names.REGION_ERROR, error.value, end, region=name, **where)
            found += sample(names.REGION_ERROR_STDERR, error.stderr, end, region=name, **where)
    return found
