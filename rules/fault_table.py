"""The rows of the alert table on what is wrong in a table itself: its columns, their kinds, ranges and times."""

from __future__ import annotations

from collections.abc import Iterator

from wolfpack.rules.alert import Alert, Clause, Condition
from wolfpack.rules.row import LEVELS, is_, others, own, row, select
from wolfpack.spec import Spec, names


def vanished(spec: Spec) -> Iterator[Alert]:
    """A model was trained with the column, so it lacks something."""
    gone = Condition(select(spec, names.COLUMN_VANISHED), ">=", 1.0)
    yield from row(spec, "ModelColumnVanished", "schema", "warning", [(gone,)], names.COLUMN_VANISHED.labels)


def appeared(spec: Spec) -> Iterator[Alert]:
    """A model does not look at the column, so this harms nothing by itself."""
    new = Condition(select(spec, names.COLUMN_APPEARED), ">=", 1.0)
    yield from row(spec, "ModelColumnAppeared", "schema", "info", [(new,)], names.COLUMN_APPEARED.labels)


def other_kind(spec: Spec) -> Iterator[Alert]:
    for level in LEVELS:
        threshold = getattr(spec.drift.other_kind, level)
        if threshold is not None:
            strange = Condition(select(spec, names.COLUMN_OTHER_KIND), ">", threshold)
            yield from row(
                spec, "ModelColumnOtherKind", "schema", level, [(strange,)], names.COLUMN_OTHER_KIND.labels
            )


def out_of_range(spec: Spec) -> Iterator[Alert]:
    """The levels of a column, else the spec's for all; without a range in the spec there is nothing to judge."""
    levels = {name: column.out_of_range for name, column in spec.columns.items()}
    common = set(spec.ranges) - {name for name, given in levels.items() if given is not None}
    for level in LEVELS:
        threshold = getattr(spec.drift.out_of_range, level)
        any_of: list[tuple[Clause, ...]] = []
        if threshold is not None and common:
            outside = select(spec, names.COLUMN_OUT_OF_RANGE, *others(levels))
            any_of.append((Condition(outside, ">", threshold),))
        any_of += own(spec, names.COLUMN_OUT_OF_RANGE, levels, level)
        yield from row(
            spec, "ModelColumnOutOfRange", "range", level, any_of, names.COLUMN_OUT_OF_RANGE.labels
        )


def stale(spec: Spec) -> Iterator[Alert]:
    """Only columns of times that the spec names: a date of birth is old, and was so in the reference."""
    ages: dict[float, list[str]] = {}
    for name, column in sorted(spec.columns.items()):
        if column.older_than is not None:
            ages.setdefault(column.older_than.total_seconds(), []).append(name)
    any_of: list[tuple[Clause, ...]] = [
        (Condition(select(spec, names.COLUMN_AGE, is_("column", *named)), ">", age),)
        for age, named in sorted(ages.items())
    ]
    yield from row(spec, "ModelDataStale", "range", "warning", any_of, names.COLUMN_AGE.labels)
