"""What JSON bodies may say; anything else is refused with its place."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar

import flask
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from wolfpack.exporter.feedback import OF_ALERTS
from wolfpack.exporter.problems import Problem
from wolfpack.exporter.stages import Stage
from wolfpack.spec import names
from wolfpack.spec.model import NAME, check_label

MOST_SCALARS = 10_000
"""Values in one request."""
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


def _finding(value: dict[str, str]) -> dict[str, str]:
    for name, text in value.items():
        if name not in _FINDING:
            raise ValueError(
                f"{name!r} is no label of a finding or its alert; those are {', '.join(_FINDING)}"
            )
        check_label(text)
    return value


Label = Annotated[str, Field(max_length=128), AfterValidator(_label)]
Version = Annotated[str, Field(max_length=64), AfterValidator(_version)]
Time = Annotated[str, Field(max_length=64, description="RFC 3339, or a date or time in the spec's timezone")]
Note = Annotated[str, Field(max_length=1000), AfterValidator(_note)]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Count = Annotated[int, Field(strict=True, ge=0, lt=2**53)]
Truth = Annotated[bool, Field(strict=True)]


class Body(BaseModel):
    """A JSON object of a request; keys it does not know are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ScalarValue(Body):
    """One value of one scalar."""

    name: Label
    value: Number
    time: Time | None = None
    step: Count | None = None
    segment: Annotated[str, Field(max_length=128), AfterValidator(check_label)] = ""
    segment_value: Annotated[str, Field(max_length=128), AfterValidator(check_label)] = ""


class ScalarValues(Body):
    """Values of a team's own scalars."""

    metrics: Annotated[list[ScalarValue], Field(min_length=1, max_length=MOST_SCALARS)]


class Deployment(Body):
    """A version enters a stage."""

    version: Version
    stage: Stage
    time: Time | None = None
    note: Note = ""


class JobRun(Body):
    """A run of a job that has ended."""

    job: Label
    run: Label | None = None
    start: Time | None = None
    end: Time | None = None
    duration: Annotated[Number, Field(ge=0, lt=2**40)] | None = None
    succeeded: Truth
    rows: Count | None = None
    note: Note = ""


class Judgement(Body):
    """Whether the findings of a series between two times were right."""

    project: str
    model: str
    labels: Annotated[dict[str, str], AfterValidator(_finding)]
    start: Time
    end: Time
    verdict: Literal["right", "wrong"]
    note: Note = ""


B = TypeVar("B", bound=Body)


def read_body(kind: type[B]) -> B:
    """Return the request's JSON body, or raise a Problem (400, 422) that names the first fault's place."""
    try:
        return kind.model_validate_json(flask.request.get_data())
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
