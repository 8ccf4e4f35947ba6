"""What JSON bodies may say; anything else is refused with its place."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from wolfpack.exporter.encoded import MAX_JSON, body
from wolfpack.exporter.feedback import OF_ALERTS
from wolfpack.exporter.parameters import LINE
from wolfpack.exporter.problems import Problem
from wolfpack.exporter.stages import Stage
from wolfpack.spec import family, names
from wolfpack.spec.vocabulary import NAME, check_label

MOST_SCALARS = 10_000
"""Values in one request."""
MOST_FINDINGS = 10_000
"""Findings in one request."""
LAST = 2**40
"""First time that is refused, epoch seconds."""
_FINDING = (*names.ANOMALY, *OF_ALERTS)


def _label(value: str) -> str:
    if not value:
        raise ValueError("is empty; a name has 1 to 128 characters")
    return check_label(value)


def _version(value: str) -> str:
    if not NAME.fullmatch(value):
        raise ValueError(f"{value!r}: letters, digits, '.', '_', '-' are allowed, 64 at most")
    return value


def _note(value: str) -> str:
    for line in value.split("\n"):
        for start in range(0, len(line), 128):
            check_label(line[start : start + 128].replace("\t", " "))
    return value


def _watched(value: dict[str, str]) -> dict[str, str]:
    for name, text in value.items():
        if name not in (*names.ANOMALY, "__name__"):
            raise ValueError(f"{name!r} is no label of a finding; those are {', '.join(names.ANOMALY)}")
        check_label(text)
    family(value.get("metric", ""))
    return value


def _finding(value: dict[str, str]) -> dict[str, str]:
    for name, text in value.items():
        if name not in _FINDING:
            raise ValueError(
                f"{name!r} is no label of a finding or its alert; those are {', '.join(_FINDING)}"
            )
        check_label(text)
    return value


Label = Annotated[
    str, Field(max_length=128, json_schema_extra={"minLength": 1, "pattern": LINE}), AfterValidator(_label)
]
Version = Annotated[
    str, Field(max_length=64, json_schema_extra={"pattern": f"^{NAME.pattern}$"}), AfterValidator(_version)
]
Time = Annotated[str, Field(max_length=64)]
Note = Annotated[str, Field(max_length=1000), AfterValidator(_note)]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Count = Annotated[int, Field(strict=True, ge=0, lt=2**53)]
Seconds = Annotated[Number, Field(ge=0, lt=LAST)]
Shown = Annotated[
    str, Field(max_length=128, json_schema_extra={"pattern": LINE}), AfterValidator(check_label)
]
Truth = Annotated[bool, Field(strict=True)]


class Body(BaseModel):
    """A JSON object of a request; keys it does not know are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ScalarValue(Body):
    """One value of one scalar."""

    name: Annotated[
        Label,
        Field(
            description="label `scalar` of the series; no id, time or value in it: a model has 1,000 series of "
            "scalars at most"
        ),
    ]
    value: Annotated[Number, Field(description="a finite number")]
    time: Annotated[
        Time | None,
        Field(
            description="event time; default now, and not after now. One value a second is kept; of the same second, "
            "the last one sent"
        ),
    ] = None
    step: Annotated[Count | None, Field(description="a whole number, such as an epoch of training")] = None
    segment: Annotated[Shown, Field(description="a segment of the spec")] = ""
    segment_value: Annotated[Shown, Field(description="its value")] = ""


class ScalarValues(Body):
    """Values of a team's own scalars."""

    metrics: Annotated[
        list[ScalarValue],
        Field(
            min_length=1,
            max_length=MOST_SCALARS,
            description="up to 10,000 values; the keys of an entry follow",
        ),
    ]


class Deployment(Body):
    """A version enters a stage."""

    version: Annotated[Version, Field(description="which build of the model")]
    stage: Annotated[Stage, Field(description="`shadow`, `canary` or `live`")]
    time: Annotated[Time | None, Field(description="when it entered; default now, and not after now")] = None
    note: Annotated[Note, Field(description="up to 1,000 characters; kept, not shown")] = ""


class JobRun(Body):
    """A run of a job that has ended."""

    job: Annotated[Label, Field(description="label `job_name` of the series")]
    succeeded: Annotated[Truth, Field(description="whether it did what it should")]
    run: Annotated[
        Label | None, Field(description="name of the run, default its start; the same again replaces")
    ] = None
    start: Annotated[
        Time | None, Field(description="when it began; without it and `duration`, none is shown")
    ] = None
    end: Annotated[Time | None, Field(description="when it ended; default now, and not after now")] = None
    duration: Annotated[Seconds | None, Field(description="how many seconds it took")] = None
    rows: Annotated[Count | None, Field(description="how many it handled")] = None
    note: Annotated[Note, Field(description="up to 1,000 characters, such as an error; kept, not shown")] = ""


class Judgement(Body):
    """Whether the findings of a series between two times were right."""

    project: Annotated[str, Field(description="project of the model")]
    model: Annotated[str, Field(description="a model that a spec describes")]
    labels: Annotated[
        dict[str, str], AfterValidator(_finding), Field(description="those of the finding, or of its alert")
    ]
    start: Annotated[Time, Field(description="when what was found began")]
    end: Annotated[Time, Field(description="when it ended")]
    verdict: Annotated[Literal["right", "wrong"], Field(description="`right` or `wrong`")]
    note: Annotated[Note, Field(description="up to 1,000 characters; kept, not shown")] = ""


class Finding(Body):
    """What a detector found in one series at one window; a value that is null is not shown."""

    labels: Annotated[
        dict[str, str],
        AfterValidator(_watched),
        Field(description="those of the series, `metric` and `detector`"),
    ]
    window_end: Annotated[float, Field(ge=0, lt=LAST, description="epoch seconds")]
    ready: Annotated[
        float | None, Field(ge=0, le=1, description="1 when there was history enough to judge")
    ] = None
    score: Annotated[Number | None, Field(description="beyond 1 or -1 is an alarm")] = None
    expected: Annotated[Number | None, Field(description="the value that the history lets expect")] = None
    lower: Annotated[Number | None, Field(description="lower end of the band of such values")] = None
    upper: Annotated[Number | None, Field(description="its upper end")] = None


class Findings(Body):
    """A detector's findings."""

    anomalies: Annotated[
        list[Finding],
        Field(max_length=MOST_FINDINGS, description="one for each series; the keys of an entry follow"),
    ]


class ClockTime(Body):
    """A time to set a replay's clock to."""

    now: Annotated[AwareDatetime, Field(description="RFC 3339, with its zone")]


B = TypeVar("B", bound=Body)


def read_body(kind: type[B]) -> B:
    """Return the request's JSON body, or raise a Problem (400, 422) that names the first fault's place."""
    try:
        return kind.model_validate_json(body(MAX_JSON))
    except ValidationError as error:
        raise _problem(error.errors(include_url=False)[0]) from None


def _problem(fault: Any) -> Problem:
    if fault["type"] == "json_invalid":
        return Problem(400, "Unreadable JSON", fault["msg"], "body")
    where = "".join(f"[{one}]" if isinstance(one, int) else f".{one}" for one in fault["loc"]).lstrip(".")
    given = repr(fault["input"])
    given = given if len(given) <= 80 else f"{given[:77]}..."
    message = fault["msg"].removeprefix("Value error, ")
    return Problem(422, "Bad body", f"{where or 'body'}: {message}; given {given}", where or "body")
