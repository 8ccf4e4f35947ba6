"""Rows of the alert table about groups that a model treats differently."""

from __future__ import annotations

from collections.abc import Iterator

from wolfpack.rules.alert import Alert, Clause, Condition, Relative
from wolfpack.rules.row import LEVELS, is_, row, select
from wolfpack.spec import Family, Spec
from wolfpack.spec.fairness_names import GAPS, SMALLEST, SMALLEST_LABELLED


def groups_apart(spec: Spec) -> Iterator[Alert]:
    """Groups further apart than the spec allows and than chance gives, if the smallest has enough rows."""
    for name, (difference, _, noise) in GAPS.items():
        for level in LEVELS:
            allowed: dict[tuple[float, int], list[str]] = {}
            for segment, its in spec.fairness.items():
                threshold = getattr(getattr(its, name), level)
                if threshold is not None:
                    allowed.setdefault((threshold, its.min_rows), []).append(segment)
            any_of: list[tuple[Clause, ...]] = []
            for (threshold, rows), segments in allowed.items():
                where = is_("segment", *segments)
                gap = select(spec, difference, where)
                any_of.append(
                    (
                        Condition(gap, ">", threshold),
                        Condition(gap, ">", Relative(select(spec, noise, where))),
                        Condition(select(spec, _smallest(name), where), ">=", float(rows)),
                    )
                )
            labels = (("metric", difference.name),)
            yield from row(
                spec, "ModelGroupsApart", "fairness", level, any_of, difference.labels, labels=labels
            )


def selection_ratio_low(spec: Spec) -> Iterator[Alert]:
    """The smallest selection rate over the largest beyond a bound, such as four fifths."""
    ratio = GAPS["demographic_parity"][1]
    any_of: list[tuple[Clause, ...]] = []
    for segment, its in spec.fairness.items():
        if its.ratio is not None:
            where = is_("segment", segment)
            low = Condition(select(spec, ratio, where), its.ratio.op, its.ratio.value)
            any_of.append((low, Condition(select(spec, SMALLEST, where), ">=", float(its.min_rows))))
    yield from row(spec, "ModelSelectionRatioLow", "fairness", "warning", any_of, ratio.labels)


def _smallest(name: str) -> Family:
    return SMALLEST if name == "demographic_parity" else SMALLEST_LABELLED
