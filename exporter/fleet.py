"""Every model in one line: whose it is, what is the matter, and how new its data is."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from wolfpack.exporter.conditions import KINDS, Condition, conditions
from wolfpack.exporter.history import Shown
from wolfpack.exporter.registry import Known
from wolfpack.exporter.sample import Key
from wolfpack.exporter.service import Service
from wolfpack.exporter.window import thresholds
from wolfpack.spec import FAMILIES, Family, names


def _group_of(family: Family) -> str:
    labels = set(family.labels)
    if family.cls == "live":
        return "live"
    for label, group in (("detector", "anomalies"), ("scalar", "scalars"), ("job_name", "jobs"), ("baseline", "drift")):
        if label in labels:
            return group
    if family in names.OF_FAIRNESS:
        return "fairness"
    return "quality" if "segment" in labels and "role" not in labels else "data"


GROUPS = ("data", "drift", "quality", "fairness", "anomalies", "live", "scalars", "jobs")
"""Groups of metrics that a model may have."""
_GROUP_OF = {family.name: _group_of(family) for family in FAMILIES.values()}


@dataclass(frozen=True)
class Line:
    """One model.

    Parameters
    ----------
    conditions : how many of each kind, worst kind first.
    groups : the groups of metrics that it has, of `GROUPS`.
    end : event time at which its newest window ends, epoch seconds; None before the first.
    rows : input rows of the newest pane.
    """

    project: str
    model: str
    owner: str
    conditions: tuple[tuple[str, int], ...]
    groups: frozenset[str]
    end: float | None
    rows: float | None

    @property
    def state(self) -> str:
        """The worst kind of what is the matter, or ``ok``; ``waiting`` without any data."""
        if self.conditions:
            return self.conditions[0][0]
        return "waiting" if self.end is None else "ok"


@dataclass(frozen=True)
class _Seen:
    due: float
    end: float | None
    rows: float | None
    found: tuple[Condition, ...]
    groups: frozenset[str]


class Fleet:
    """Lines of all models; one is made anew when what is shown of its model has changed, or a pane became late."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._seen: dict[int, _Seen] = {}
        self._lock = threading.Lock()
        service.shelf.listen(self._forget)

    def lines(self) -> list[Line]:
        """Return every model, those with the worst first."""
        now = self._service.clock.now()
        found = [self._line(known, now) for known in self._service.registry.all()]
        return sorted(found, key=lambda one: (_worst(one), one.project, one.model))

    def _line(self, known: Known, now: float) -> Line:
        seen = self._seen.get(known.id)
        if seen is None or seen.due < now:
            seen = _look(known, self._service.shelf.shown(known.id), now)
            with self._lock:
                self._seen[known.id] = seen
        spec, kinds = known.spec, tuple(Counter(one.kind for one in seen.found).items())
        return Line(spec.project, spec.model, spec.owned_by, kinds, seen.groups, seen.end, seen.rows)

    def _forget(self, model: int, _: Mapping[Key, Shown]) -> None:
        with self._lock:
            self._seen.pop(model, None)


def _worst(line: Line) -> int:
    return KINDS.index(line.state) if line.state in KINDS else len(KINDS)


def _look(known: Known, shown: Mapping[Key, Shown], now: float) -> _Seen:
    due = [one.value for (family, _), one in shown.items() if family == names.WINDOW_DUE.name]
    found = tuple(conditions(shown, thresholds(known.spec), known.spec.quality, now))
    waited = min((value for value in due if value >= now), default=float("inf"))
    groups = frozenset(_GROUP_OF[family] for family, _ in shown)
    end, rows = _newest(shown, names.WINDOW_END.name), _newest(shown, names.PANE_ROWS.name, "input")
    return _Seen(waited, end, rows, found, groups)


def _newest(shown: Mapping[Key, Shown], name: str, role: str = "") -> float | None:
    found = []
    for (family, labels), one in shown.items():
        if family == name:
            named = dict(zip(FAMILIES[name].labels, labels, strict=True))
            if not named["version"] and not named["segment"] and named["role"] in (role or named["role"], ""):
                found.append(one.value)
    return max(found, default=None)
