"""What the spec says of outcomes: the prediction, its label, and what is judged of the two."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Any

from pydantic import Field, model_validator

from wolfpack.spec.measures import MEASURES, Metric, Task, measures_of
from wolfpack.spec.output_names import OUTPUT_MEASURES, OutputMetric
from wolfpack.spec.vocabulary import BoundText, Duration, Label, Levels, Positive, Range, RatioLevels, Section


class Prediction(Section):
    column: Label
    task: Task = "binary"
    threshold: float = 0.5
    range: Range | None = None
    chances: dict[Label, Label] = {}
    positive: Label | None = None
    lists: Label | None = None
    k: Annotated[int, Field(ge=1, le=10_000)] = 10

    @model_validator(mode="after")
    def _fits(self) -> Prediction:
        for key, tasks in (
            ("threshold", ("binary",)), ("chances", ("multiclass",)), ("positive", ("multiclass",)),
            ("lists", ("ranking",)), ("k", ("ranking",)),
        ):  # fmt: skip
            if key in self.model_fields_set and self.task not in tasks:
                raise ValueError(f"{key}: is of the task {' or '.join(tasks)}, and the task is {self.task}; remove it")
        if len(set(self.chances.values())) < len(self.chances):
            raise ValueError("chances: two classes have one column; name the column of each class")
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the model puts out."""
        return tuple(dict.fromkeys([self.column, *self.chances.values()]))


class Bounds(Section):
    warning: BoundText | None = None
    critical: BoundText | None = None


class Quality(Section):
    warning: BoundText | None = None
    critical: BoundText | None = None
    drop: Positive | None = None
    classes: list[Label] = []


class EventRatio(Section):
    """One count that a job names over another, and its bounds."""

    count: Label
    of: Label
    warning: BoundText | None = None
    critical: BoundText | None = None


class Retrain(Section):
    """When training anew is due: any of the reasons, with labels to train with, and not too often."""

    quality: dict[Metric, BoundText] = {}
    drift: Annotated[float, Field(gt=0, lt=1)] | None = None
    labels: Annotated[int, Field(ge=0)] = 0
    every: Duration = timedelta(days=7)


class LabelColumn(Section):
    column: Label
    key: Label
    matures_after: Duration | None = None
    coverage: Bounds | None = None
    unmatched: RatioLevels = RatioLevels(warning=0.5)

    @property
    def matures(self) -> timedelta:
        """How long labels take to come after the end of their pane."""
        return self.matures_after or timedelta(0)


class Groups(Section):
    """How far the groups of one segment may be apart."""

    demographic_parity: RatioLevels = RatioLevels(warning=0.1)
    equalized_odds: RatioLevels = RatioLevels(warning=0.1)
    equal_opportunity: RatioLevels = RatioLevels()
    ratio: BoundText | None = None
    min_rows: Annotated[int, Field(ge=1)] = 30


class Estimates(Section):
    """How far the quality that was expected may be off once labels come."""

    error: Levels = Levels(warning=0.05)


class Concept(Section):
    """How far labels may move at the same prediction."""

    change: Levels | None = None


def listed_groups(given: Any) -> Any:
    """Read the segments of `fairness` as a list of names or as a mapping to what they allow."""
    if isinstance(given, list):
        return {name: {} for name in given}
    return {name: {} if its is None else its for name, its in given.items()} if isinstance(given, dict) else given


def output_faults(outputs: dict[OutputMetric, Bounds]) -> Iterator[str]:
    """Yield bounds of outputs that no value can meet."""
    for name, its in outputs.items():
        high = OUTPUT_MEASURES[name].high
        for level in (its.warning, its.critical):
            if level is not None and not 0 < level.value < high:
                yield (
                    f"outputs.{name}: {level.op} {level.value:g} is never or always true; its values are in the range "
                    f"0<=x<={high:g}"
                )


def quality_faults(prediction: Prediction | None, quality: dict[Metric, Quality]) -> Iterator[str]:
    """Yield what a spec asks of quality that its task does not have, or that no value can meet."""
    task: Task = prediction.task if prediction else "binary"
    known = [one.name for one in measures_of(task)]
    for name, its in quality.items():
        measure = MEASURES[name]
        if name not in known:
            yield f"quality.{name}: is no measure of the task {task}; it has {', '.join(known)}"
            continue
        for level in (its.warning, its.critical):
            if level is not None and not measure.low < level.value < measure.high:
                yield (
                    f"quality.{name}: {level.op} {level.value:g} is never or always true; "
                    f"its values are in the range {measure.low:g}<=x<={measure.high:g}"
                )
        if its.drop is not None and measure.worse is None:
            yield f"quality.{name}.drop: neither side of it is better; give bounds instead"
        if its.classes and "class" not in measure.value.labels:
            yield f"quality.{name}.classes: it is of all classes together; remove `classes`"
