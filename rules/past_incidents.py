"""Incidents of the past that alerts must still catch: named by a person, or told right by feedback."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import AliasChoices, Field, ValidationError, field_validator

from wolfpack.rules.episodes import Episode
from wolfpack.rules.exposed import Reader
from wolfpack.spec import Fault, Spec, SpecError
from wolfpack.spec.vocabulary import Section


@dataclass(frozen=True)
class PastIncident:
    """Something that went wrong with a model between two times (epoch seconds).

    It is caught by an episode of the model that begins then, with one of the alerts if some are named, and with the
    labels.
    """

    title: str
    project: str
    model: str
    start: float
    end: float
    alerts: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)

    def caught_by(self, found: Iterable[Episode]) -> list[Episode]:
        """Return the episodes that catch it, in the order given."""
        wanted = {"project": self.project, "model": self.model, **self.labels}.items()
        return [
            one
            for one in found
            if self.start <= one.start <= self.end
            and wanted <= one.labels.items()
            and (not self.alerts or one.labels["alertname"] in self.alerts)
        ]


@dataclass(frozen=True)
class Judged:
    """What a person said of a finding or its alert, between two times (epoch seconds)."""

    labels: Mapping[str, str]
    start: float
    end: float
    verdict: Literal["right", "wrong"]

    def of(self, one: Episode) -> bool:
        """Tell whether it is said of an episode: one with these labels that lasts into its time."""
        return one.start <= self.end and self.start <= one.end and self.labels.items() <= one.labels.items()


class Entry(Section):
    """An incident as a file names it."""

    model: str
    start: str = Field(validation_alias=AliasChoices("from"))
    end: str = Field(validation_alias=AliasChoices("to"))
    title: str = ""
    alerts: list[str] = Field(default_factory=list)
    labels: dict[str, str] = Field(default_factory=dict)

    @field_validator("start", "end", mode="before")
    @classmethod
    def _as_text(cls, value: object) -> str:
        return str(value)  # YAML reads a date


def load_incidents(path: Path | str, specs: Iterable[Spec]) -> list[PastIncident]:
    """Read a list of incidents: ``{model: PROJECT/MODEL, from: DATE, to: DATE}``, `title`, `alerts`, `labels`.

    Raises
    ------
    SpecError
        If it is none, with the file and the line of each entry that is wrong.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
        node, data = yaml.compose(text), yaml.safe_load(text)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SpecError([Fault(str(path), 0, f"cannot be read: {error}")]) from None
    if not isinstance(data, list) or node is None:
        raise SpecError([Fault(str(path), 1, "must be a list of incidents, each with `model`, `from` and `to`")])
    found, faults, known = [], [], list(specs)
    for entry, its in zip(data, node.value, strict=True):
        try:
            found.append(incident(Entry.model_validate(entry), known))
        except ValidationError as error:
            said = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
            faults.append(Fault(str(path), its.start_mark.line + 1, said))
        except ValueError as error:
            faults.append(Fault(str(path), its.start_mark.line + 1, str(error)))
    if faults:
        raise SpecError(faults)
    return found


def incident(entry: Entry, specs: Iterable[Spec]) -> PastIncident:
    """Return an incident, its dates in the zone of its model; a date as its end is included.

    Raises
    ------
    ValueError
        If there is no spec of the model, a date is none, or it ends before it begins.
    """
    known = {f"{spec.project}/{spec.model}": spec for spec in specs}
    if entry.model not in known:
        raise ValueError(f"model: {entry.model!r} has no spec here; there are {', '.join(sorted(known))}")
    spec = known[entry.model]
    start = spec.calendar.day(entry.start)
    end = spec.calendar.day(entry.end if len(entry.end) > len("2013-05-01") else f"{entry.end}T23:59:59")
    if end < start:
        raise ValueError(f"to: {entry.end} lies before from: {entry.start}")
    title = entry.title or f"{entry.model} {entry.start} to {entry.end}"
    return PastIncident(
        title, spec.project, spec.model, start.timestamp(), end.timestamp(), tuple(entry.alerts), entry.labels
    )


def read_judged(reader: Reader, specs: Iterable[Spec]) -> list[Judged]:
    """Return what people said of the findings of models.

    Raises
    ------
    ServiceError
        If the exporter refuses, or does not answer.
    """
    found: list[Judged] = []
    for spec in specs:
        asked = {"project": spec.project, "model": spec.model}
        cursor: Any = {}
        while cursor is not None:
            page = reader.get("/api/v1/feedback", asked | cursor)
            found += [Judged(one["labels"], one["start"], one["end"], one["verdict"]) for one in page["feedback"]]
            cursor = {"cursor": page["next"]} if page["next"] is not None else None
    return found
