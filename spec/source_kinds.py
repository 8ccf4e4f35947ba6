"""Where rows come from by themselves: the kinds of source that a spec may name under `sources`."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, WrapValidator, model_validator

from wolfpack.spec.vocabulary import Label, Name, Section, check_label

LAGGING = 1800.0
"""Seconds behind which a source is told: three of the longest rounds in which one is read."""
DIRECTIVES = {
    "Y": r"[0-9]{4}",
    "m": r"[0-9]{2}",
    "d": r"[0-9]{2}",
    "H": r"[0-9]{2}",
    "M": r"[0-9]{2}",
    "S": r"[0-9]{2}",
}
"""What of strftime may stand in the path of a folder source, and what it matches."""
PLACES = ("project", "model")
"""Names in braces that any path may hold, so that one default serves many models."""
_DIRECTIVE = re.compile(r"%(.)?")
_BRACE = re.compile(r"\{([^{}]*)\}")


def _absolute(value: str) -> str:
    if not PurePath(value).is_absolute():
        raise ValueError(
            f"{value!r} is not absolute; the exporter reads it, from whatever folder it was started in"
        )
    return value


def _uri(value: str) -> str:
    if "://" not in value:
        raise ValueError(f"{value!r} is no tracking URI; write http://HOST:PORT, or sqlite:////PATH with four slashes")
    if value.startswith("sqlite:///") and not value.startswith("sqlite:////"):
        raise ValueError(f"{value!r} is not absolute; a path on this machine has four slashes, as in sqlite:////PATH")
    return value


def _members(value: str) -> str:
    if not all(value.split(".")):
        raise ValueError(f"{value!r} has an empty part; write members joined by dots, as in 'request.time'")
    return value


def _members_of(value: object, _handler: object) -> str | dict[str, str]:
    """Read one member, or the member of each column; pydantic would tell the faults of a union twice."""
    if isinstance(value, str):
        return _members(value)
    if not isinstance(value, dict) or not all(isinstance(one, str) for one in [*value, *value.values()]):
        raise ValueError(
            f"{value!r} is neither a member, as in 'request.inputs', nor a mapping of columns to members"
        )
    return {check_label(column): _members(member) for column, member in value.items()}


def _only(path: str, braces: tuple[str, ...]) -> None:
    for name in _BRACE.findall(path):
        if name not in braces:
            allowed = ", ".join(f"{{{one}}}" for one in braces)
            raise ValueError(f"path: {{{name}}} stands for nothing; allowed are {allowed}")


TimeUnit = Literal["s", "ms", "us", "ns"]
"""Of times that are numbers since 1970."""
PathText = Annotated[str, AfterValidator(_absolute)]
Member = Annotated[str, AfterValidator(_members)]
"""A member of a JSON object, or of one within it, as in ``request.time``."""
Members = Annotated[str | dict[str, str], WrapValidator(_members_of)]
"""A member whose own members are columns, or the member of each column."""


class LogFields(Section):
    """Where a line of a log has what is needed; the defaults are those of `wolfpack.client`'s prediction log."""

    time: Member = "time"
    request_id: Member = "request_id"
    model: Member = "model"
    version: Member = "version"
    inputs: Members = "inputs"
    prediction: Members = "prediction"


class LogSource(Section):
    """Files of one JSON object a line, followed as they grow."""

    kind: Literal["log"]
    path: PathText
    time_unit: TimeUnit = "s"
    fields: LogFields = LogFields()

    @model_validator(mode="after")
    def _agrees(self) -> LogSource:
        _only(self.path, PLACES)
        return self


class FolderSource(Section):
    """Tables that appear as files; which pane they belong to stands in their path, or in a column."""

    kind: Literal["folder"]
    path: PathText
    time: Label | None = None
    version: Name = "0"
    roles: Annotated[list[Literal["input", "prediction", "label"]], Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def _agrees(self) -> FolderSource:
        _only(self.path, (*PLACES, "version"))
        found = _DIRECTIVE.findall(self.path.replace("%%", ""))
        for one in found:
            if one not in DIRECTIVES:
                allowed = ", ".join(f"%{name}" for name in DIRECTIVES)
                raise ValueError(
                    f"path: %{one} is not understood; allowed are {allowed}, and %% for a percent sign"
                )
        if found and not {"Y", "m", "d"} <= set(found):
            raise ValueError(f"path: {self.path!r} names no whole date; write %Y, %m and %d")
        if self.roles == ["label"]:
            return self  # labels are joined by key, whatever their time
        if bool(found) == (self.time is not None):
            raise ValueError(
                "time: say where the pane of a file stands, once: either name the `time` column of its rows, or "
                "write its date into `path`, as in '/data/day=%Y-%m-%d/*.parquet'"
            )
        return self


class MlflowSource(Section):
    """Metrics of the runs of an MLflow experiment."""

    kind: Literal["mlflow"]
    tracking: Annotated[str, AfterValidator(_uri)]
    experiment: Annotated[str, Field(min_length=1)]
    metrics: Annotated[list[Label], Field(min_length=1)] | None = None
    version: Name = "0"
    version_tag: Label | None = None

    @model_validator(mode="after")
    def _agrees(self) -> MlflowSource:
        _only(self.experiment, PLACES)
        return self


Source = Annotated[LogSource | FolderSource | MlflowSource, Field(discriminator="kind")]


def filled(path: str, **names: str) -> str:
    """Return a path with the names in braces that are given replaced."""
    return _BRACE.sub(lambda found: names.get(found[1], found[0]), path)
