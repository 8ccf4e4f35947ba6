"""How often and how long alerts disturbed someone: episodes by owner, alert and severity."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

from wolfpack.rules.episodes import Episode

MONTH = 365.25 / 12 * 86400
"""Seconds of a mean month."""
SEVERITIES = ("info", "warning", "critical")
"""From the least."""


@dataclass(frozen=True, order=True)
class EpisodeCount:
    """The episodes of one alert at one severity, of all models of an owner; lengths in seconds.

    `median` and `longest` are from the first evaluation at which an alert fires to the last one.
    """

    owner: str
    alert: str
    severity: str
    episodes: int
    a_month: float
    median: float
    longest: float


def counted(found: Iterable[Episode], seconds: float) -> list[EpisodeCount]:
    """Return the counts in order of owner, alert and severity, the worst first.

    Parameters
    ----------
    seconds : how long the alerts were looked at, > 0.
    """
    lengths: dict[tuple[str, str, int], list[float]] = {}
    for one in found:
        labels = one.labels
        worst_first = -SEVERITIES.index(labels["severity"])
        key = (labels.get("owner", ""), labels["alertname"], worst_first)
        lengths.setdefault(key, []).append(one.end - one.start)
    months = seconds / MONTH
    return [
        EpisodeCount(owner, alert, SEVERITIES[-place], len(its), len(its) / months, median(its), max(its))
        for (owner, alert, place), its in sorted(lengths.items())
    ]


def at_least(found: Iterable[Episode], severity: str) -> list[Episode]:
    """Return the episodes of a severity and those above."""
    least = SEVERITIES.index(severity)
    return [one for one in found if SEVERITIES.index(one.labels["severity"]) >= least]
