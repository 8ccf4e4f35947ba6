"""What detectors watch, and the policy around their method: one entry of the spec's `detect`."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, WithJsonSchema, model_validator

from wolfpack.spec.names import FAMILIES
from wolfpack.spec.vocabulary import Duration, Label, Positive, Range, Section, check_timezone

LONGEST_SPAN = 3660
"""Days of one entry of `skip`: ten years; a longer one is a wrong year."""
_COUNTRY = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")


def _days(value: object) -> tuple[date, date]:
    """Read a date, or two with a slash between them, both included."""
    if isinstance(value, date):
        return value, value
    given = list(value) if isinstance(value, list | tuple) else str(value).split("/")
    try:
        first, last = (
            one if isinstance(one, date) else date.fromisoformat(str(one)) for one in (given[0], given[-1])
        )
    except ValueError:
        raise ValueError(f"{value!r} is no date; write '2013-12-24', or '2013-12-24/2014-01-02'") from None
    if len(given) > 2 or not 0 <= (last - first).days < LONGEST_SPAN:
        raise ValueError(f"{value!r} is no span of days; write the first and the last one, ten years at most")
    return first, last


def _country(value: str) -> str:
    if not _COUNTRY.fullmatch(value):
        raise ValueError(f"{value!r} is no country; write its ISO 3166 code, as in 'US', 'US-NY' or 'DE-BY'")
    return value


Days = Annotated[
    tuple[date, date],
    BeforeValidator(_days),
    PlainSerializer(lambda days: "/".join(day.isoformat() for day in sorted(set(days))), return_type=str),
    WithJsonSchema({"type": "string", "examples": ["2013-12-24", "2013-12-24/2014-01-02"]}),
]
Country = Annotated[str, AfterValidator(_country)]
Timezone = Annotated[str, AfterValidator(check_timezone)]


class Detect(Section):
    metric: Annotated[str, Field()]
    method: Literal["seasonal_esd", "forecast", "trend", "recent", "flat", "auto", "prophet"] = "auto"
    role: Literal["input", "prediction", "label"] | None = None
    columns: list[Label] | None = None
    names: list[Label] | None = None
    season: Duration | None = None
    direction: Literal["both", "up", "down"] = "both"
    min_change: Positive | None = None
    min_change_ratio: Positive | None = None
    range: Range | None = None
    min_points: Annotated[int, Field(ge=1)] | None = None
    warm_up: Duration | None = None
    timezone: Timezone | None = None
    skip: list[Days] = []
    holidays: list[Country] = []

    @model_validator(mode="after")
    def _known(self) -> Detect:
        if self.metric not in FAMILIES or FAMILIES[self.metric].cls not in ("pane", "window", "event"):
            from difflib import get_close_matches

            near = get_close_matches(self.metric, FAMILIES, 1)
            raise ValueError(
                f"metric {self.metric!r} has no history to watch; it must be a pane, window or event metric "
                f"of the catalogue{f', did you mean {near[0]}?' if near else ''}"
            )
        labels = FAMILIES[self.metric].labels
        if "detector" in labels:
            raise ValueError(
                f"metric {self.metric!r} is a detector's own finding; watch the family it was found in"
            )
        for key, label in (("role", "role"), ("columns", "column")):
            if getattr(self, key) is not None and label not in labels:
                raise ValueError(f"{key}: {self.metric} has no label {label!r}; it has {', '.join(labels)}")
        if self.names is not None and not {"scalar", "job_name"} & set(labels):
            raise ValueError(f"names: {self.metric} is of no scalar and no job; remove it")
        return self

    @property
    def skipped(self) -> frozenset[date]:
        """The days of `skip`."""
        return frozenset(
            first + i * timedelta(days=1) for first, last in self.skip for i in range((last - first).days + 1)
        )
