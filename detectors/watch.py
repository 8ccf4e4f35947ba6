"""What the spec asks the detectors to watch: one watch for each entry of `detect`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from wolfpack.detectors.policy import Policy, policy
from wolfpack.spec import Spec, family
from wolfpack.spec.names import ANOMALY, WINDOW_END

SERIES_LIMIT = 2_000
"""Series of one model that are watched; what lies beyond is counted and left out."""
WHOLE = {"segment": "", "version": ""}
"""Labels that are pinned: all rows, all live versions together. Segments multiply series and split rows."""

ROLES = ("label", "prediction", "input")
"""Whose window a family without a role is taken to be of, the first that is there."""


@dataclass(frozen=True)
class Watch:
    """One metric of one model, watched by one method.

    Parameters
    ----------
    metric : name of a pane or window family of the catalogue.
    method : name of the method, the label `detector` of what it finds.
    season : seconds, or None to leave it to the method.
    role : the only role watched, or None for all.
    columns : the only columns watched, or None for all.
    every_seconds : length of the model's panes.
    names : the only scalars or jobs watched, or None for all.
    policy : what holds around the method.
    """

    project: str
    model: str
    metric: str
    method: str
    season: float | None = None
    role: str | None = None
    columns: tuple[str, ...] | None = None
    every_seconds: float = 86_400.0
    names: tuple[str, ...] | None = None
    policy: Policy = field(default_factory=Policy)

    def __post_init__(self) -> None:
        labels = family(self.metric).labels
        if "detector" in labels:
            raise ValueError(f"{self.metric} is what detectors find; watch a metric of the data or the model")
        for key, given in (("role", self.role), ("column", self.columns)):
            if given is not None and key not in labels:
                raise ValueError(f"{self.metric} has no {key}, so {given!r} matches nothing; remove it")

    @property
    def match(self) -> str:
        """The selector of the watched series, as `GET /api/v1/series` reads it."""
        wanted = {"project": self.project, "model": self.model}
        if self.role is not None:
            wanted["role"] = self.role
        wanted |= {key: value for key, value in WHOLE.items() if key in family(self.metric).labels}
        if self.columns is not None and len(self.columns) == 1:
            wanted["column"] = self.columns[0]
        return _selector(self.metric, wanted)

    @property
    def of_windows(self) -> Watch | None:
        """The watch of the window ends that the series share; None where each has times of its own, or is one."""
        if self.metric == WINDOW_END.name or family(self.metric).cls == "event":
            return None
        return Watch(self.project, self.model, WINDOW_END.name, "", role=self.role, every_seconds=self.every_seconds)

    def window_match(self, role: str | None) -> str:
        """The selector of the window ends that belong to the watched series; `role` for a family that has none."""
        wanted = {"project": self.project, "model": self.model, "role": self.role or role or ""}
        return _selector(WINDOW_END.name, {key: value for key, value in wanted.items() if value} | WHOLE)

    def wants(self, labels: Mapping[str, str]) -> bool:
        """Tell whether a series that `match` found is watched: its column, scalar or job is one of those named."""
        named = labels.get("scalar", labels.get("job_name"))
        return (self.columns is None or labels.get("column") in self.columns) and (
            self.names is None or named in self.names
        )

    def identity(self, labels: Mapping[str, str]) -> dict[str, str]:
        """Return the labels of what is found on a series: its own that the catalogue has, and ours."""
        own = {key: labels[key] for key in ANOMALY if key in labels}
        return own | {"metric": self.metric, "detector": self.method}


def watch(spec: Spec, index: int) -> Watch:
    """Return the watch of one entry of the spec's `detect`.

    Raises
    ------
    ValueError
        If the entry can never match a series.
    """
    entry = spec.detect[index]
    season = entry.season.total_seconds() if entry.season is not None else None
    columns = tuple(entry.columns) if entry.columns is not None else None
    named = tuple(entry.names) if entry.names is not None else None
    every = spec.every.total_seconds()
    return Watch(
        spec.project, spec.model, entry.metric, entry.method, season, entry.role, columns, every, named,
        policy(spec, index),
    )  # fmt: skip


def watches(spec: Spec) -> list[Watch]:
    """Return the watches of a model, in the order of its spec.

    Raises
    ------
    ValueError
        If an entry can never match a series.
    """
    return [watch(spec, index) for index in range(len(spec.detect))]


def with_windows(watches: Iterable[Watch]) -> set[Watch]:
    """Return watches and those of the window ends of their series."""
    wanted = set(watches)
    return wanted | {one.of_windows for one in wanted if one.of_windows is not None}


def _selector(metric: str, wanted: Mapping[str, str]) -> str:
    matchers = [f'{key}="{_escaped(value)}"' for key, value in wanted.items()]
    return f"{metric}{{{','.join(matchers)}}}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
