"""Rows of the alert table about outputs as such, which need no labels, and about training anew."""

from __future__ import annotations

from collections.abc import Iterator

from wolfpack.rules.alert import Alert, Condition
from wolfpack.rules.row import LEVELS, is_, row, select
from wolfpack.spec import Spec, names
from wolfpack.spec.output_names import EVENT_RATIO, OUTPUT_MEASURES


def output_off(spec: Spec) -> Iterator[Alert]:
    """A measure of outputs beyond a bound of the spec."""
    for name, bounds in spec.outputs.items():
        family = OUTPUT_MEASURES[name].value
        for level in LEVELS:
            bound = getattr(bounds, level)
            if bound is not None:
                off = Condition(select(spec, family), bound.op, bound.value)
                labels = (("metric", family.name),)
                yield from row(spec, "ModelOutputOff", "quality", level, [(off,)], family.labels, labels=labels)


def event_ratio_off(spec: Spec) -> Iterator[Alert]:
    """One count that the team names over another, beyond a bound of the spec."""
    for name, event in spec.events.items():
        for level in LEVELS:
            bound = getattr(event, level)
            if bound is not None:
                off = Condition(select(spec, EVENT_RATIO, is_("event", name)), bound.op, bound.value)
                yield from row(spec, "ModelEventRatioOff", "quality", level, [(off,)], EVENT_RATIO.labels)


def retrain_due(spec: Spec) -> Iterator[Alert]:
    """Training anew is due by the policy of the spec; what it tells can start a pipeline."""
    if spec.retrain is not None:
        due = Condition(select(spec, names.RETRAIN), ">", 0.5)
        yield from row(spec, "ModelRetrainDue", "quality", "info", [(due,)], names.RETRAIN.labels)
