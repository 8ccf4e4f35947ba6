"""The words of specs: names, durations, levels and bounds, and what they must hold."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from functools import cache
from typing import Annotated, Literal
from zoneinfo import available_timezones

from cronsim import CronSim, CronSimError
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    model_validator,
)

from wolfpack.spec.duration import format_duration, parse_duration

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
MAX_LABEL = 128
"""Longest column name or segment value, in characters; longer ones are refused, never cut."""


def _duration(value: object) -> timedelta:
    if isinstance(value, timedelta):
        return value
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is not a duration; write a number and a unit, as in '6h'")
    return parse_duration(value)


def _name(value: str) -> str:
    if not NAME.fullmatch(value):
        raise ValueError(
            f"{value!r} is not a name; letters, digits, '.', '_' and '-' are allowed, 64 at most, "
            "and the first is a letter or a digit"
        )
    return value


def check_label(value: str) -> str:
    """Return a column name or segment value that can be a label value, else raise ValueError."""
    if len(value) > MAX_LABEL or any(
        ord(char) < 32 or 127 <= ord(char) < 160 or 0xD800 <= ord(char) < 0xE000 for char in value
    ):
        raise ValueError(
            f"{value[:40]!r} cannot be a label value: at most {MAX_LABEL} characters without control characters"
        )
    return value


@cache
def _timezones() -> frozenset[str]:
    """Return the names of all zones: to find them, the system's files of every zone are opened."""
    return frozenset(available_timezones())


def check_timezone(value: str) -> str:
    if value not in _timezones():
        raise ValueError(f"{value!r} is no time zone of the IANA list, as in 'Europe/Paris' or 'UTC'")
    return value


def check_cron(value: str) -> str:
    try:
        CronSim(value, datetime(2024, 1, 1))
    except CronSimError as error:
        raise ValueError(
            f"{value!r} is no schedule ({error}); write five cron fields, as in '0 6 * * *'"
        ) from None
    return value


def _range(value: tuple[float | None, float | None]) -> tuple[float | None, float | None]:
    low, high = value
    if low is not None and high is not None and low >= high:
        raise ValueError(f"[{low}, {high}] holds nothing; the first number must be smaller than the second")
    return value


class Bound(BaseModel):
    """A side of a number, written ``"< 0.75"`` or ``"> 0.25"``."""

    model_config = ConfigDict(frozen=True)
    op: Literal["<", ">"]
    value: float

    @classmethod
    def parse(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        match = re.fullmatch(r"\s*([<>])\s*(-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)\s*", value)
        if not match:
            raise ValueError(f"{value!r} is no bound; write '< NUMBER' or '> NUMBER', as in '< 0.75'")
        return {"op": match[1], "value": float(match[2])}


Duration = Annotated[timedelta, BeforeValidator(_duration), PlainSerializer(format_duration, return_type=str)]
Name = Annotated[str, AfterValidator(_name)]
Label = Annotated[str, Field(min_length=1), AfterValidator(check_label)]
Range = Annotated[tuple[float | None, float | None], AfterValidator(_range)]
Ratio = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
BoundText = Annotated[
    Bound, BeforeValidator(Bound.parse), PlainSerializer(lambda b: f"{b.op} {b.value:g}", return_type=str)
]


class Section(BaseModel):
    """A mapping of the spec; keys it does not know are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Levels(Section):
    """Thresholds by severity; a level left out does not alert."""

    warning: Positive | None = None
    critical: Positive | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Levels:
        if self.warning is not None and self.critical is not None and self.critical < self.warning:
            raise ValueError(
                f"critical {self.critical:g} is under warning {self.warning:g}; it must be above"
            )
        return self


class RatioLevels(Levels):
    """Levels of a ratio, which never exceeds 1."""

    @model_validator(mode="after")
    def _reachable(self) -> RatioLevels:
        for name, value in (("warning", self.warning), ("critical", self.critical)):
            if value is not None and value >= 1:
                raise ValueError(f"{name} {value:g} cannot be exceeded; it is a ratio in the range 0<=x<=1")
        return self
