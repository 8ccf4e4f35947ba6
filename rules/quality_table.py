"""Rows of the alert table about quality and about the labels that it rests on."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from wolfpack.rules.alert import Alert, Clause, Condition, Matcher, Op, Relative, Severity
from wolfpack.rules.fairness_table import groups_apart, selection_ratio_low
from wolfpack.rules.output_table import event_ratio_off, output_off, retrain_due
from wolfpack.rules.row import LEVELS, Level, is_, is_not, row, select
from wolfpack.spec import Family, Spec, names
from wolfpack.spec.measures import MEASURES
from wolfpack.spec.outcome import Quality


def quality_low(spec: Spec) -> Iterator[Alert]:
    """A measure beyond a bound of its own, of all classes together and of those that the spec names."""
    for metric, quality in spec.quality.items():
        family = MEASURES[metric].value
        for level in LEVELS:
            bound = getattr(quality, level)
            if bound is not None:
                value = select(spec, family, *_classes(family, quality))
                low: tuple[Clause, ...] = (Condition(value, bound.op, bound.value),)
                if metric == "expected_calibration_error" and bound.op == ">":
                    low += (Condition(value, ">", Relative(select(spec, names.CALIBRATION_NOISE))),)
                labels = (("metric", family.name),)
                yield from row(
                    spec, "ModelQualityLow", "quality", level, [low], family.labels, labels=labels
                )


def quality_dropped(spec: Spec) -> Iterator[Alert]:
    """A measure worse than its baseline by more than the spec allows, and by more than chance gives."""
    yield from _worse(spec, "ModelQualityDropped", "quality")


def release_worse(spec: Spec) -> Iterator[Alert]:
    """The same of each version by itself: its baseline is the version before it, over the same window."""
    yield from _worse(spec, "ModelReleaseWorse", "release", is_not("version", ""))


def _worse(spec: Spec, name: str, check: str, *where: Matcher) -> Iterator[Alert]:
    for metric, quality in spec.quality.items():
        its = MEASURES[metric]
        if quality.drop is None or its.worse is None or its.baseline is None or its.noise_limit is None:
            continue
        op: Op = its.worse
        value, baseline, limit = (
            select(spec, one, *where, *_classes(one, quality)) for one in (its.value, its.baseline, its.noise_limit)
        )
        offset = -quality.drop if op == "<" else quality.drop
        worse: tuple[Clause, ...] = (
            Condition(value, op, Relative(baseline, offset=offset)), Condition(value, op, Relative(limit)),
        )  # fmt: skip
        yield from row(
            spec, name, check, "warning", [worse], its.value.labels,
            labels=(("metric", its.value.name),),
        )  # fmt: skip


def expected_low(spec: Spec) -> Iterator[Alert]:
    """What is expected before labels come, beyond a bound; one severity lower, for it may be wrong."""
    severities: tuple[tuple[Severity, Level], ...] = (("warning", "critical"), ("info", "warning"))
    for measure in spec.estimated:
        bounds = spec.quality.get(measure.name)
        for severity, level in severities:
            bound = getattr(bounds, level, None)
            if bound is None or measure.estimate is None:
                continue
            where = _classes(measure.estimate, Quality())
            low = Condition(select(spec, measure.estimate, *where), bound.op, bound.value)
            yield from row(
                spec, "ModelQualityExpectedLow", "quality", severity, [(low,)], measure.estimate.labels,
                labels=(("metric", measure.value.name),),
            )  # fmt: skip


def estimate_off(spec: Spec) -> Iterator[Alert]:
    """What was expected beside what came true, in either direction, beyond what labels' luck gives."""
    for measure in spec.estimated:
        off, noise = measure.estimate_error, measure.estimate_error_noise
        if off is None or noise is None:
            continue
        error, reach = (select(spec, one, *_classes(one, Quality())) for one in (off, noise))
        for level in LEVELS:
            threshold = getattr(spec.estimate.error, level)
            if threshold is not None:
                any_of: list[tuple[Clause, ...]] = [
                    (Condition(error, ">", threshold), Condition(error, ">", Relative(reach))),
                    (Condition(error, "<", -threshold), Condition(error, "<", Relative(reach, factor=-1.0))),
                ]
                yield from row(
                    spec, "ModelEstimateOff", "quality", level, any_of, off.labels,
                    labels=(("metric", measure.value.name),),
                )  # fmt: skip


def concept_drift(spec: Spec) -> Iterator[Alert]:
    """Labels that moved at the same prediction, beyond threshold and noise."""
    change, noise = select(spec, names.LABEL_CHANGE), select(spec, names.LABEL_CHANGE_NOISE)
    for level in LEVELS:
        threshold = getattr(spec.label_change, level)
        if threshold is not None:
            moved: tuple[Clause, ...] = (
                Condition(change, ">", threshold), Condition(change, ">", Relative(noise)),
            )  # fmt: skip
            yield from row(spec, "ModelConceptDrift", "drift", level, [moved], names.LABEL_CHANGE.labels)


def coverage_low(spec: Spec) -> Iterator[Alert]:
    """Labels that should all have come, and did not."""
    bounds = spec.label.coverage if spec.label else None
    for level in LEVELS:
        bound = getattr(bounds, level, None)
        if bound is not None:
            low = Condition(select(spec, names.MATURE_COVERAGE), bound.op, bound.value)
            yield from row(
                spec, "ModelLabelCoverageLow", "quality", level, [(low,)], names.MATURE_COVERAGE.labels
            )


def labels_unmatched(spec: Spec) -> Iterator[Alert]:
    """Labels whose keys no prediction has: the two sides probably write keys differently."""
    levels = spec.label.unmatched if spec.label and spec.prediction else None
    for level in LEVELS:
        threshold = getattr(levels, level, None)
        if threshold is not None:
            many = Condition(select(spec, names.UNMATCHED_RATIO), ">", threshold)
            yield from row(
                spec, "ModelLabelsUnmatched", "quality", level, [(many,)], names.UNMATCHED_RATIO.labels
            )


def _classes(family: Family, quality: Quality) -> tuple[Matcher, ...]:
    return (is_("class", "", *quality.classes),) if "class" in family.labels else ()


QUALITY_ROWS: tuple[Callable[[Spec], Iterator[Alert]], ...] = (
    quality_low, quality_dropped, release_worse, expected_low, estimate_off, concept_drift, coverage_low,
    labels_unmatched, groups_apart, selection_ratio_low, output_off, event_ratio_off,
    retrain_due,
)  # fmt: skip
"""The rows about quality, in their order."""
