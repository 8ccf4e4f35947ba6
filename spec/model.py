"""The spec of one model: what the YAML may say, and what holds when it says nothing."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from wolfpack.spec.calendar import Calendar
from wolfpack.spec.duration import format_duration
from wolfpack.spec.measures import MEASURES, Measure, Metric
from wolfpack.spec.outcome import (
    Bounds,
    Concept,
    Estimates,
    EventRatio,
    Groups,
    LabelColumn,
    Prediction,
    Quality,
    Retrain,
    listed_groups,
    output_faults,
    quality_faults,
)
from wolfpack.spec.output_names import OutputMetric
from wolfpack.spec.plan import Kind
from wolfpack.spec.source_kinds import Source
from wolfpack.spec.vocabulary import (
    BoundText,
    Duration,
    Label,
    Levels,
    Name,
    Positive,
    Range,
    RatioLevels,
    Section,
    check_cron,
    check_timezone,
)
from wolfpack.spec.watching import Detect

_EPOCH = datetime(2024, 1, 1, tzinfo=UTC)


class Column(Section):
    type: (
        Literal["numeric", "categorical", "boolean", "datetime", "text", "image", "list", "embedding"] | None
    ) = None
    range: Range | None = None
    missing: RatioLevels | None = None
    out_of_range: RatioLevels | None = None
    older_than: Duration | None = None

    @model_validator(mode="after")
    def _of_times(self) -> Column:
        if self.older_than is not None and self.type not in (None, "datetime"):
            raise ValueError(f"older_than: a column of type {self.type} holds no times; only `datetime` has an age")
        return self


class Segment(Section):
    columns: list[Label] = []
    values: list[Label] | None = None


class Drift(Section):
    baseline: list[Literal["reference", "previous", "trailing", "version"]] = ["reference"]
    psi: Levels = Levels(warning=0.1)
    ks: RatioLevels = RatioLevels(warning=0.1)
    novel: RatioLevels = RatioLevels(warning=0.005, critical=0.2)
    missing: RatioLevels = RatioLevels(warning=0.05, critical=0.2)
    out_of_range: RatioLevels = RatioLevels(warning=0.01, critical=0.2)
    other_kind: RatioLevels = RatioLevels(warning=0.01, critical=0.2)
    columns: RatioLevels = RatioLevels(warning=0.5)
    missing_columns: Annotated[int, Field(ge=2)] | None = 3
    min_rows: Annotated[int, Field(ge=1)] = 10


class Mean(Section):
    within: Positive
    against: list[Literal["reference", "previous", "trailing"]] = ["reference"]
    columns: list[Label] | None = None


class ChangeRule(Section):
    against: Literal["trailing", "previous"] = "trailing"
    ratio: Annotated[float, Field(gt=0, lt=1)] = 0.5
    min_rows: Annotated[int, Field(ge=1)] = 50


class Change(Section):
    rows: ChangeRule | None = ChangeRule()


class Traffic(Section):
    ratio: Annotated[float, Field(gt=0, lt=1)] = 0.5
    min_rows: Annotated[int, Field(ge=1)] = 100


class Live(Section):
    every: Duration = timedelta(minutes=1)
    window: Duration = timedelta(minutes=2)
    outliers: RatioLevels = RatioLevels(warning=0.2)
    errors: RatioLevels = RatioLevels(warning=0.05)
    empty: RatioLevels = RatioLevels(warning=0.05)
    latency: Levels | None = None
    mean: Positive | None = 0.05
    traffic: Traffic | None = Traffic()
    min_rows: Annotated[int, Field(ge=1)] = 30

    @model_validator(mode="after")
    def _divides(self) -> Live:
        if timedelta(hours=1) % self.every:
            raise ValueError(
                f"every: {format_duration(self.every)} does not divide an hour, into which live panes are merged; "
                "write 1m, 5m or the like"
            )
        if not self.every <= self.window <= timedelta(hours=1) or self.window % self.every:
            raise ValueError(
                f"window: {format_duration(self.window)} is not a whole number of live panes of "
                f"{format_duration(self.every)}, an hour at most; make it a multiple of `live.every`"
            )
        return self


class Job(Section):
    """A job of the model: when it runs, how late it may succeed, and how long it may take."""

    schedule: Annotated[str, AfterValidator(check_cron)] | None = None
    grace: Duration | None = None
    longest: Duration | None = None


class Scalar(Section):
    """Bounds of a number that the team itself sends, and how old its newest value may get."""

    warning: BoundText | None = None
    critical: BoundText | None = None
    stale_after: Duration | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Scalar:
        first, last = self.warning, self.critical
        if first and last and first.op == last.op:
            sign = 1 if last.op == ">" else -1
            if sign * last.value < sign * first.value:
                raise ValueError(
                    f"critical {last.op} {last.value:g} holds before warning {first.op} {first.value:g}; "
                    "it must lie beyond"
                )
        return self


class Versions(Section):
    keep: Annotated[int, Field(ge=1, le=20)] = 3


class Alerts(Section):
    annotations: dict[str, str] = {}


class Spec(Section):
    """Everything Wolfpack knows of one model. Durations are timedelta, dates local."""

    version: Literal["wolfpack/v1"]
    project: Name
    model: Name
    owner: Name | None = None
    runbook: str | None = None
    every: Duration = timedelta(days=1)
    window: Duration = timedelta(days=7)
    schedule: Annotated[str, AfterValidator(check_cron)] | None = None
    grace: Duration = timedelta(hours=6)
    revise: Duration = timedelta(days=30)
    skip: list[date] = []
    timezone: Annotated[str, AfterValidator(check_timezone)] = "UTC"
    columns: dict[Label, Column] = {}
    prediction: Prediction | None = None
    label: LabelColumn | None = None
    segments: dict[Label, Segment] = {}
    fairness: Annotated[dict[Label, Groups], BeforeValidator(listed_groups)] = {}
    drift: Drift = Drift()
    quality: dict[Metric, Quality] = {}
    estimate: Estimates = Estimates()
    concept: Concept = Concept()
    outputs: dict[OutputMetric, Bounds] = {}
    events: dict[Label, EventRatio] = {}
    retrain: Retrain | None = None
    mean: Mean | None = None
    change: Change = Change()
    live: Live | None = None
    jobs: dict[Label, Job] = {}
    scalars: dict[Label, Scalar] = {}
    detect: list[Detect] = []
    versions: Versions = Versions()
    alerts: Alerts = Alerts()
    sources: dict[Name, Source] = {}

    @model_validator(mode="before")
    @classmethod
    def _empty_sections(cls, data: Any) -> Any:
        """Read `origin:` without a value as an empty section, as YAML writers mean it."""
        for name in ("segments", "jobs", "scalars"):
            if isinstance(data, dict) and isinstance(data.get(name), dict):
                data = data | {name: {k: {} if v is None else v for k, v in data[name].items()}}
        return data

    @model_validator(mode="after")
    def _agrees(self) -> Spec:
        try:
            self.calendar.start(_EPOCH)
        except ValueError as error:
            raise ValueError(str(error)) from None
        if self.window % self.every:
            raise ValueError(
                f"window: {format_duration(self.window)} is not a whole number of panes of "
                f"{format_duration(self.every)}; make it a multiple of `every`"
            )
        if self.live is not None and self.every % self.live.every:
            raise ValueError(
                f"live.every: {format_duration(self.live.every)} does not divide a pane of "
                f"{format_duration(self.every)}; live panes are merged to such"
            )
        for name in self.fairness:
            if name not in self.segments:
                raise ValueError(f"fairness: {name!r} is no segment; name it under `segments` too")
        for name, column in self.columns.items():
            if column.out_of_range is not None and name not in self.ranges:
                raise ValueError(
                    f"columns.{name}.out_of_range: nothing is outside a range that is not given; add a `range`"
                )
        if self.quality and (self.prediction is None or self.label is None):
            raise ValueError("quality: needs `prediction` and `label`, or nothing can be measured")
        if self.retrain is not None and (self.prediction is None or self.label is None):
            raise ValueError("retrain: needs `prediction` and `label`: it is judged when labels come")
        for fault in (*quality_faults(self.prediction, self.quality), *output_faults(self.outputs)):
            raise ValueError(fault)
        if self.fairness and (self.prediction is None or not self.decides):
            raise ValueError("fairness: needs a `prediction` of the task binary, or multiclass with `positive`")
        return self

    @property
    def threshold(self) -> float:
        """Score from which on a binary prediction is positive."""
        return self.prediction.threshold if self.prediction else 0.5

    @property
    def estimated(self) -> list[Measure]:
        """Measures that are expected before labels come: those of `quality` that can be, else the usual ones."""
        if self.prediction is None or self.label is None or self.prediction.task != "binary":
            return []
        named = [MEASURES[name] for name in self.quality if MEASURES[name].estimate is not None]
        return named or [MEASURES["roc_auc"], MEASURES["brier"]]

    @property
    def label_change(self) -> Levels:
        """Levels of the change of labels at the same prediction; none by themselves of numbers, which have any unit."""
        its = self.prediction
        if self.concept.change is not None or its is None or self.label is None:
            return self.concept.change or Levels()
        return Levels(warning=0.05) if its.task in ("binary", "multiclass") else Levels()

    @property
    def decides(self) -> bool:
        """Whether predictions are for or against somebody, so that groups can be compared."""
        its = self.prediction
        return its is not None and (its.task == "binary" or (its.task == "multiclass" and its.positive is not None))

    @property
    def owned_by(self) -> str:
        """Owner of the alerts: the spec's, else the project."""
        return self.owner or self.project

    @cached_property
    def calendar(self) -> Calendar:
        return Calendar(self.every, self.timezone, self.schedule, self.grace, frozenset(self.skip))

    @cached_property
    def live_calendar(self) -> Calendar:
        """Where live panes are cut."""
        return Calendar((self.live or Live()).every, self.timezone)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def window_panes(self) -> int:
        return self.window // self.every

    @cached_property
    def hash(self) -> str:
        """Hash of everything the spec says and implies, but for where rows come from: 12 hexadecimal digits."""
        return hashlib.sha256(self.model_dump_json(exclude={"sources"}).encode()).hexdigest()[:12]

    @property
    def kinds(self) -> dict[str, Kind]:
        """Kinds that the spec gives columns; a reference must have them."""
        return {name: column.type for name, column in self.columns.items() if column.type is not None}

    @property
    def earlier(self) -> frozenset[str]:
        """Baselines that are earlier windows: those of `drift` and of `mean`."""
        asked = {*self.drift.baseline, *(self.mean.against if self.mean else ())}
        return frozenset(asked & {"previous", "trailing"})

    @property
    def ranges(self) -> dict[str, tuple[float | None, float | None]]:
        """Ranges that values should be in, by column."""
        found = {name: column.range for name, column in self.columns.items() if column.range is not None}
        if self.prediction is not None and self.prediction.range is not None:
            found[self.prediction.column] = self.prediction.range
        return found

    @property
    def kept_segments(self) -> dict[str, list[str] | None]:
        """Segment columns, with the values to keep apart where the spec names them."""
        return {name: segment.values for name, segment in self.segments.items()}

    def role_of(self, column: str) -> Literal["input", "prediction", "label", "key"]:
        """Return what a column of this name is to the model."""
        if self.prediction is not None and column in self.prediction.columns:
            return "prediction"
        if self.prediction is not None and column == self.prediction.lists:
            return "key"
        if self.label is not None and column == self.label.column:
            return "label"
        return "key" if self.label is not None and column == self.label.key else "input"
