"""What Alertmanager was told to keep silent."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from wolfpack.rules.episodes import Episode
from wolfpack.rules.exposed import Reader


@dataclass(frozen=True)
class Silence:
    """Matchers (name, value, whether a regular expression, whether equal), and from when until when they held."""

    matchers: tuple[tuple[str, str, bool, bool], ...]
    start: float
    end: float

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Silence:
        """Read one of ``GET /api/v2/silences``; before 0.22 a matcher does not say whether it is equal."""
        matchers = tuple(
            (str(one["name"]), str(one["value"]), bool(one["isRegex"]), bool(one.get("isEqual", True)))
            for one in data["matchers"]
        )
        times = (datetime.fromisoformat(data[name]).timestamp() for name in ("startsAt", "endsAt"))
        return cls(matchers, *times)

    def holds(self, one: Episode) -> bool:
        """Tell whether nothing of an episode was sent: it matched, and was silent from its begin to its end."""
        labels = one.labels
        if not self.start <= one.start or not one.end <= self.end:
            return False
        return all(_equal(labels.get(name, ""), value, regex) == equal for name, value, regex, equal in self.matchers)


def read_silences(reader: Reader) -> list[Silence]:
    """Return the silences that an Alertmanager still knows: those in force, and for five days those that ended."""
    return [Silence.read(one) for one in reader.get("/api/v2/silences")]


def silenced(one: Episode, silences: Iterable[Silence]) -> bool:
    return any(silence.holds(one) for silence in silences)


def _equal(given: str, value: str, regex: bool) -> bool:
    return re.fullmatch(value, given) is not None if regex else given == value
