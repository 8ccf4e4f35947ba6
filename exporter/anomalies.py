"""What detectors found: the series they watch, and episodes in which a score was beyond the alarm line."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from wolfpack.exporter.history import Shown
from wolfpack.exporter.sample import Key
from wolfpack.exporter.schema import feedback
from wolfpack.spec import FAMILIES, names

ALARM_LINE = 1.0
_FOUND = (names.ANOMALY_SCORE, names.ANOMALY_EXPECTED, names.ANOMALY_LOWER, names.ANOMALY_UPPER, names.ANOMALY_READY)
Labels = dict[str, str]
"""Those labels of a finding that are not empty, without project and model."""


@dataclass(frozen=True)
class Watched:
    """One series that a detector watches, and what it says of its newest window; what it does not say is None."""

    labels: Labels
    values: dict[str, float]
    end: int | None

    @property
    def score(self) -> float:
        return self.values.get(names.ANOMALY_SCORE.name, 0.0)

    @property
    def expected(self) -> float | None:
        return self.values.get(names.ANOMALY_EXPECTED.name)

    @property
    def band(self) -> tuple[float, float] | None:
        """Lower and upper end of what is expected."""
        ends = [self.values.get(one.name) for one in (names.ANOMALY_LOWER, names.ANOMALY_UPPER)]
        return None if None in ends else (ends[0], ends[1])  # type: ignore[return-value]  # neither is None

    @property
    def state(self) -> str:
        """``anomaly`` beyond the alarm line, ``warming`` without enough history, else ``ok``."""
        if not self.values.get(names.ANOMALY_READY.name):
            return "warming"
        return "anomaly" if abs(self.score) > ALARM_LINE else "ok"

    @property
    def where(self) -> str:
        """What the series is of, besides its metric: such as ``input dep_delay``."""
        return " ".join(text for name, text in self.labels.items() if name not in ("metric", "detector"))


@dataclass(frozen=True)
class Episode:
    """Windows one after another whose score was beyond the alarm line, on one side.

    Parameters
    ----------
    began, ended : ends of its first and last window, epoch seconds.
    windows : how many.
    worst : the score farthest from 0.
    verdict, note : what people said of it; empty if nobody did.
    """

    began: int
    ended: int
    windows: int
    worst: float
    verdict: str = ""
    note: str = ""


def watched(shown: Mapping[Key, Shown]) -> list[Watched]:
    """Return the series that detectors watch, those with the strongest evidence first."""
    values: dict[tuple[str, ...], dict[str, float]] = {}
    ends: dict[tuple[str, ...], int | None] = {}
    for family in _FOUND:
        for (name, labels), one in shown.items():
            if name == family.name:
                values.setdefault(labels, {})[name] = one.value
                ends[labels] = one.window_end
    found = [Watched(told(labels), its, ends[labels]) for labels, its in values.items()]
    return sorted(found, key=lambda one: (-abs(one.score), *one.labels.values()))


def told(labels: Sequence[str]) -> Labels:
    """Return the labels of a finding that say something, by name."""
    named = dict(zip(names.ANOMALY, labels, strict=True))
    return {name: text for name, text in named.items() if text and name not in names.MODEL}


def watched_key(model: Labels, labels: Mapping[str, str]) -> Key:
    """Return the series that a finding is about: of its metric, with those of its labels that the metric has.

    Raises
    ------
    KeyError
        If the metric is not in the catalogue.
    """
    family = FAMILIES[labels["metric"]]
    return family.name, tuple((model | dict(labels)).get(name, "") for name in family.labels)


def episodes(scores: Iterable[tuple[int, float | None]]) -> list[Episode]:
    """Return the episodes of a series, newest first.

    Parameters
    ----------
    scores : end and score of each window, by time; a window without a score ends an episode.

    Examples
    --------
    >>> [(one.began, one.ended, one.worst) for one in episodes([(1, 0.2), (2, 1.5), (3, 2.0), (4, 0.1), (5, -3.0)])]
    [(5, 5, -3.0), (2, 3, 2.0)]
    """
    found: list[Episode] = []
    side = 0
    for end, score in scores:
        now = 0 if score is None or abs(score) <= ALARM_LINE else 1 if score > 0 else -1
        if score is not None and now and now == side:
            last = found[-1]
            found[-1] = Episode(last.began, end, last.windows + 1, max(last.worst, score, key=abs))
        elif score is not None and now:
            found.append(Episode(end, end, 1, score))
        side = now
    return found[::-1]


def judged(connection: Connection, model: int, labels: Labels, found: Iterable[Episode]) -> list[Episode]:
    """Return episodes with what people said of the series at times that overlap them; the newest word counts."""
    said = [
        row
        for row in connection.execute(
            select(feedback).where(feedback.c.model_id == model).order_by(feedback.c.received)
        )
        if _about(json.loads(row.labels), labels)
    ]
    after = []
    for one in found:
        words = [row for row in said if row.began <= one.ended and row.ended >= one.began]
        verdict, note = (words[-1].verdict, words[-1].note) if words else ("", "")
        after.append(Episode(one.began, one.ended, one.windows, one.worst, verdict, note))
    return after


def _about(given: Mapping[str, str], labels: Labels) -> bool:
    """Tell whether feedback with these labels is about the series: what it names of a finding's labels is the same."""
    named = {name: text for name, text in given.items() if name in names.ANOMALY and name not in names.MODEL and text}
    return bool(named) and all(labels.get(name) == text for name, text in named.items())
