"""Two versions of a model beside each other: from their counts and profiles to lines with a verdict."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from wolfpack.exporter.fairness_samples import fairness_of
from wolfpack.exporter.mixture import Mixture
from wolfpack.exporter.release_answers import ColumnLine, FairnessLine, Level, MeasureLine, Reason, interval
from wolfpack.exporter.window import thresholds
from wolfpack.spec import Spec
from wolfpack.spec.vocabulary import Levels
from wolfpack.stats import (
    ALL,
    ColumnDrift,
    ColumnState,
    Estimate,
    MeasureChange,
    QualityCounts,
    compare,
    compare_quality,
    differences,
)
from wolfpack.stats.estimates import known
from wolfpack.stats.profiles import Segment


@dataclass(frozen=True)
class Sides:
    """What is known of two versions, the old one first; None where one has nothing.

    Parameters
    ----------
    predictions, inputs : profiles of the newest window.
    waiting : counts of the newest window, whether labels have come or not.
    labelled : counts of the newest labelled window.
    """

    spec: Spec
    names: tuple[str, str]
    predictions: tuple[Mixture, Mixture] | None
    inputs: tuple[Mixture, Mixture] | None
    waiting: tuple[QualityCounts, QualityCounts] | None
    labelled: tuple[QualityCounts, QualityCounts] | None


def quality_lines(sides: Sides) -> tuple[list[MeasureLine], list[Reason]]:
    """Return the measures of both versions; what `quality` of the spec names counts, else what the task has."""
    if sides.labelled is None:
        return [], []
    lines: list[MeasureLine] = []
    reasons: list[Reason] = []
    for one in compare_quality(*sides.labelled, list(sides.spec.quality) or None):
        line: MeasureLine = {
            "segment": one.segment[0], "segment_value": one.segment[1], "class_name": one.class_,
            "measure": one.measure, "old": one.old.value, "new": one.new.value,
            "difference": interval(one.difference), "noise": one.noise, "worse": one.worse(),
        }  # fmt: skip
        lines.append(line)
        if one.worse():
            reasons.append(_worse(sides.spec, one))
    return lines, reasons


def _worse(spec: Spec, one: MeasureChange) -> Reason:
    """Return why a measure stops a release: beyond what the spec lets it drop by it is critical."""
    its = spec.quality.get(one.measure)  # type: ignore[call-overload]  # only names of measures are compared
    level: Level = "critical" if one.worse(its.drop or 0.0 if its else 0.0) else "warning"
    low, high = one.difference.interval() or (0.0, 0.0)
    text = (
        f"{one.measure}{_of(one.segment)} is worse: {one.new.value:.4g} instead of {one.old.value:.4g}, difference "
        f"{one.difference.value:+.3g} (95 %: {low:+.3g} to {high:+.3g})"
    )
    return {"level": level, "check": "quality", "text": text}


def column_lines(sides: Sides, role: str) -> tuple[list[ColumnLine], list[Reason]]:
    """Return how the columns of a role differ between both versions; what is predicted counts, inputs explain."""
    pair = sides.predictions if role == "prediction" else sides.inputs
    if pair is None:
        return [], []
    spec, (old, new) = sides.spec, (one.main for one in pair)
    columns = [name for name in new.plan.columns if spec.role_of(name) == role and name in old.plan.columns]
    lines: list[ColumnLine] = []
    reasons: list[Reason] = []
    for segment in _segments(spec, list(new.segments), role):
        if segment not in old.segments:
            continue
        drift = compare(
            old, new, segment=segment, columns=columns, thresholds=thresholds(spec), habit={}, distances=False
        )
        for name in drift.columns:
            before, now = (profile.segments[segment].get(name) for profile in (old, new))
            lines.append(_column_line(segment, drift[name], _mean_difference(before, now)))
            level = _level(spec, drift[name])
            if role == "prediction" and level is not None and segment == ALL:
                reasons.append({"level": level, "check": "drift", "text": drift[name].sentence})
    return lines, reasons


def _segments(spec: Spec, there: list[Segment], role: str) -> list[Segment]:
    return [one for one in there if one == ALL or (role == "prediction" and one[0] in spec.segments)]


def _column_line(segment: Segment, one: ColumnDrift, apart: Estimate | None) -> ColumnLine:
    return {
        "segment": segment[0], "segment_value": segment[1], "column": one.column, "drifted": one.drifted,
        "psi": one.psi, "psi_noise": one.psi_noise, "ks": one.ks, "ks_noise": one.ks_noise,
        "mean_difference": interval(apart) if apart is not None else None, "sentence": one.sentence,
    }  # fmt: skip


def _mean_difference(*states: ColumnState | None) -> Estimate | None:
    """Return the mean of the new version less that of the old one."""
    means = [
        {} if one is None or one.mean is None or (its := known(one.mean, _variance(one))) is None else {"": its}
        for one in states
    ]
    return differences(means[1], means[0]).get("")


def _variance(state: ColumnState) -> float | None:
    return None if state.stddev is None or not state.count else state.stddev**2 / state.count


def _level(spec: Spec, one: ColumnDrift) -> Level | None:
    """Return the level of the spec's `drift` that a column passes, with its noise."""
    scores = ((one.psi, one.psi_noise, spec.drift.psi), (one.ks, one.ks_noise, spec.drift.ks))
    found = {level for score, noise, levels in scores for level in _passed(score, noise, levels)}
    return "critical" if "critical" in found else "warning" if found else None


def _passed(score: float | None, noise: float | None, levels: Levels) -> Iterator[Level]:
    named: tuple[tuple[Level, float | None], ...] = (("warning", levels.warning), ("critical", levels.critical))
    for level, bound in named:
        if score is not None and bound is not None and score > max(bound, noise or 0.0):
            yield level


def fairness_lines(sides: Sides) -> tuple[list[FairnessLine], list[Reason]]:
    """Return how far groups are apart by each version; what passes the spec's levels, noise and the old one counts."""
    lines: list[FairnessLine] = []
    reasons: list[Reason] = []
    for segment in sides.spec.fairness:
        for pair, labelled in ((sides.waiting, False), (sides.labelled, True)):
            if pair is None:
                continue
            old, new = (fairness_of(sides.spec, one, segment, labelled=labelled) for one in pair)
            for name, apart in differences(new.measures, old.measures).items():
                if name not in new.noise or labelled == name.startswith("demographic_parity"):
                    continue
                line: FairnessLine = {
                    "segment": segment, "measure": name, "old": old.measures[name].value,
                    "new": new.measures[name].value, "difference": interval(apart), "noise": new.noise[name],
                }  # fmt: skip
                lines.append(line)
                reasons += _unfair(sides.spec, line, new.smallest[1] if new.smallest else 0)
    return lines, reasons


def _unfair(spec: Spec, line: FairnessLine, smallest: int) -> list[Reason]:
    groups, now, before = spec.fairness[line["segment"]], line["new"], line["old"]
    levels = getattr(groups, line["measure"].removesuffix("_difference"))
    passed = list(_passed(now, line["noise"], levels))
    if not passed or smallest < groups.min_rows or now <= before:
        return []
    text = f"{line['measure']} over {line['segment']!r} is {now:.3g} instead of {before:.3g}"
    return [{"level": passed[-1], "check": "fairness", "text": f"{text}; chance gives {line['noise']:.3g}"}]


def _of(segment: Segment) -> str:
    return "" if segment == ALL else f" of {segment[0]}={segment[1]}"
