"""What endpoints answer; the OpenAPI description is made of these. Times without a zone are epoch seconds."""

from __future__ import annotations

from typing import Any

# pydantic reads these, and before Python 3.12 it needs this one
from typing_extensions import TypedDict


class Added(TypedDict):
    """A profile was added to a pane."""

    rows: int
    pane: str
    replaced: bool


class LiveTerms(TypedDict):
    """Where a live model's panes are cut, and the plan that its rows are counted on; none without a reference."""

    every_seconds: float
    window_seconds: float
    timezone: str
    prediction: str
    plan: dict[str, Any] | None


class LiveTaken(TypedDict):
    """A worker was heard; whether its part was new and is counted."""

    taken: bool


class Predicted(TypedDict):
    """Predictions were kept."""

    rows: int
    panes: list[str]
    replaced: bool


class Labelled(TypedDict):
    """Labels were kept; the panes are those of their predictions."""

    rows: int
    panes: list[str]


class Counts(TypedDict):
    """Counts of quality were added to a pane."""

    predictions: int
    labelled: int
    pane: str
    replaced: bool


class OutputsTaken(TypedDict):
    """Counts of outputs were added to a pane."""

    rows: int
    pane: str
    replaced: bool


class Catalogued(TypedDict):
    """The items of training are known."""

    items: int


class HowJudged(TypedDict):
    """How quality is counted."""

    task: str
    threshold: float
    classes: list[str]
    edges: list[float]
    k: int
    column: str


class Found(TypedDict):
    """Findings are shown."""

    series: int


class Counted(TypedDict):
    """Scalars were kept."""

    metrics: int


class Entered(TypedDict):
    """A version entered a stage."""

    version: str
    stage: str
    time: str
    replaced: bool


class Ran(TypedDict):
    """A run was kept."""

    job: str
    run: str
    replaced: bool


class Judged(TypedDict):
    """A verdict was kept."""

    replaced: bool


class Registered(TypedDict):
    """A reference was registered."""

    rows: int
    plan: str
    panes: int


class Scored(TypedDict):
    """Scores of the reference were added."""

    rows: int
    panes: int


class ModelPlan(TypedDict):
    """What jobs profile with."""

    id: str
    plan: dict[str, Any]
    every: str
    timezone: str
    schedule: str | None


class Projects(TypedDict):
    """A page of projects, by name."""

    projects: list[str]
    next: str | None


class Model(TypedDict):
    """A model that a spec describes."""

    project: str
    model: str
    owner: str
    spec_hash: str


class Models(TypedDict):
    """A page of models, by project and name."""

    models: list[Model]
    next: str | None


class Pane(TypedDict):
    """A pane into which something was delivered."""

    role: str
    start: int
    deliveries: int
    received: float


class Windows(TypedDict):
    """A page of panes, newest first."""

    windows: list[Pane]
    next: str | None


class Run(TypedDict):
    """A run of a job, as it was told."""

    job: str
    run: str
    start: float | None
    end: float
    duration: float | None
    succeeded: bool
    rows: int | None
    note: str
    received: float


class Runs(TypedDict):
    """A page of runs, newest first."""

    jobs: list[Run]
    next: str | None


class Stage(TypedDict):
    """A stage that a version entered."""

    version: str
    stage: str
    time: float
    note: str
    received: float


class Deployments(TypedDict):
    """A page of stages, newest first."""

    deployments: list[Stage]
    next: str | None


class Verdict(TypedDict):
    """What was said of findings."""

    labels: dict[str, str]
    start: float
    end: float
    verdict: str
    note: str
    received: float


class Verdicts(TypedDict):
    """A page of verdicts, newest first."""

    feedback: list[Verdict]
    next: str | None


class Series(TypedDict):
    """Some points of a series: end of the window, value, and when it was computed or shown."""

    labels: dict[str, str]
    points: list[tuple[float | None, float | None, float]]


class SeriesPage(TypedDict):
    """A page of points, by series and time."""

    series: list[Series]
    next: str | None


class Loaded(TypedDict):
    """Specs are in force."""

    models: int


class Now(TypedDict):
    """What a replay's clock says."""

    now: str


class Refusal(TypedDict):
    """Why a request was refused (RFC 9457)."""

    type: str
    title: str
    detail: str
    where: str
