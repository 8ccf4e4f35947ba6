"""What the demo found: each incident with the alert that found it, and everything else that fired."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from wolfpack.cli.flights_live import Delivered
from wolfpack.cli.flights_replay import Flights
from wolfpack.cli.text_table import text_table
from wolfpack.flights import Incident
from wolfpack.rules import Episode
from wolfpack.spec import Spec


@dataclass(frozen=True)
class Finding:
    """One incident and the first episode that found it in time, if any; `delivered` when the webhook got it."""

    incident: Incident
    episode: Episode | None
    late_by: timedelta | None
    delivered: Delivered | None = None

    @property
    def found(self) -> bool:
        if self.delivered is not None:
            return True
        return self.episode is not None and self.late_by is not None and self.late_by <= timedelta(0)


def counted_from(incident: Incident, its: Flights, spec: Spec) -> datetime:
    """Return from when an incident's time limit counts: when its first pane closes, or is due if it comes late."""
    pane = its.pane(spec, incident.first)
    return (
        spec.calendar.due(pane)
        if incident.expected.labels.get("check") == "late"
        else spec.calendar.end(pane)
    )


def find(incident: Incident, episodes: Sequence[Episode], its: Flights, spec: Spec) -> Finding:
    """Return the first episode that found the incident, not before its first day."""
    earliest = its.pane(spec, incident.first).timestamp()
    limit = counted_from(incident, its, spec) + incident.expected.within
    for episode in episodes:
        in_time = _during(episode, incident, its, spec) or episode.start <= limit.timestamp()
        if in_time and episode.start >= earliest and _matches(episode, incident):
            return Finding(incident, episode, timedelta(seconds=episode.start - limit.timestamp()))
    return Finding(incident, None, None)


def others(
    episodes: Sequence[Episode], findings: Sequence[Finding], its: Flights, spec: Spec
) -> list[Episode]:
    """Return the episodes that are no incident's own alert, with its labels, in its time."""
    return [
        episode
        for episode in episodes
        if not any(
            _matches(episode, one.incident) and _during(episode, one.incident, its, spec) for one in findings
        )
    ]


def aftermath(episodes: Sequence[Episode], findings: Sequence[Finding], its: Flights, spec: Spec) -> int:
    """Return how many of the episodes began while a window held an incident's days: what it may have set off."""
    return sum(any(_during(episode, one.incident, its, spec) for one in findings) for episode in episodes)


def _during(episode: Episode, incident: Incident, its: Flights, spec: Spec) -> bool:
    last = spec.calendar.end(its.pane(spec, incident.last)) + spec.window
    return its.pane(spec, incident.first).timestamp() <= episode.start <= last.timestamp()


def incident_table(findings: Sequence[Finding], its: Flights, spec: Spec) -> str:
    """Return one line per incident: dates of 2013, the alert, days until it, backtested or delivered."""
    rows = [("incident", "2013", "found by", "after", "how")]
    for one in findings:
        dates = f"{one.incident.first:%d %b}" + (
            f" - {one.incident.last:%d %b}" if one.incident.last != one.incident.first else ""
        )
        rows.append((one.incident.title, dates, *_how(one, its, spec)))
    return text_table(rows)


def episode_table(episodes: Sequence[Episode], its: Flights, spec: Spec) -> str:
    """Return how often each alert fired by month of 2013."""
    months = sorted({_month(episode, its, spec) for episode in episodes})
    counts = Counter((_name(episode), _month(episode, its, spec)) for episode in episodes)
    names = sorted({_name(episode) for episode in episodes})
    rows = [("alert", *(datetime(2013, month, 1).strftime("%b") for month in months), "all")]
    for name in names:
        each = [counts[name, month] for month in months]
        rows.append((name, *(str(count or "") for count in each), str(sum(each))))
    return text_table(rows)


def _matches(episode: Episode, incident: Incident) -> bool:
    labels = episode.labels
    return (
        labels["alertname"] in incident.expected.alerts and incident.expected.labels.items() <= labels.items()
    )


def _how(one: Finding, its: Flights, spec: Spec) -> tuple[str, str, str]:
    if one.delivered is not None:
        resolved = one.delivered.resolved_after
        end = (
            f", resolved {resolved:.0f} s after the correction" if resolved is not None else ", not resolved"
        )
        return (
            one.delivered.alert.labels["alertname"],
            f"{one.delivered.fired_after:.0f} s",
            "delivered" + end,
        )
    if one.episode is None:
        return "NOT FOUND", "", ""
    after = timedelta(seconds=one.episode.start - counted_from(one.incident, its, spec).timestamp())
    return (
        one.episode.labels["alertname"],
        f"{after / timedelta(days=1):.1f} d",
        "backtested" if one.found else "TOO LATE",
    )


def _name(episode: Episode) -> str:
    return f"{episode.labels['alertname']} ({episode.labels['severity']})"


def _month(episode: Episode, its: Flights, spec: Spec) -> int:
    return (datetime.fromtimestamp(episode.start, spec.zone) - its.shift).month
