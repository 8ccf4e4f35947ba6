"""What the demo found: each incident with the alert that found it, and everything else that fired."""

from __future__ import annotations

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
    """One incident and the first episode that found it in time, if any; `delivered` when the webhook got it.

    `others` are episodes that should not have begun: of an incident that nothing else is to find.
    """

    incident: Incident
    episode: Episode | None
    late_by: timedelta | None
    delivered: Delivered | None = None
    others: tuple[Episode, ...] = ()

    @property
    def found(self) -> bool:
        if self.delivered is not None:
            return True
        in_time = self.episode is not None and self.late_by is not None and self.late_by <= timedelta(0)
        return in_time and not self.others


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
        in_time = during(episode, incident, its, spec) or episode.start <= limit.timestamp()
        if in_time and episode.start >= earliest and _matches(episode, incident):
            late_by = timedelta(seconds=episode.start - limit.timestamp())
            return Finding(incident, episode, late_by, others=_intruders(incident, episodes, its, spec))
    return Finding(incident, None, None)


def _intruders(
    incident: Incident, episodes: Sequence[Episode], its: Flights, spec: Spec
) -> tuple[Episode, ...]:
    """Return the alerts of rules that found an incident which nothing but a detector is to find."""
    only = incident.expected.only
    if only is None:
        return ()
    return tuple(
        one
        for one in episodes
        if only.items() <= one.labels.items() and not _matches(one, incident) and during(one, incident, its, spec)
    )


def others(
    episodes: Sequence[Episode], findings: Sequence[Finding], its: Flights, spec: Spec
) -> list[Episode]:
    """Return the episodes that are no incident's own alert, with its labels, in its time."""
    return [
        episode
        for episode in episodes
        if not any(
            _matches(episode, one.incident) and during(episode, one.incident, its, spec) for one in findings
        )
    ]


def during(episode: Episode, incident: Incident, its: Flights, spec: Spec) -> bool:
    """Tell whether an episode began while a window held days of an incident."""
    last = spec.calendar.end(its.pane(spec, incident.last)) + spec.window
    return its.pane(spec, incident.first).timestamp() <= episode.start <= last.timestamp()


def incident_table(findings: Sequence[Finding], its: Flights, spec: Spec) -> str:
    """Return one line per incident: dates of 2013, the alert that found it, how soon, who was told and how."""
    rows = [("", "planted", "2013", "found by", "after", "told", "how")]
    for one in findings:
        dates = f"{one.incident.first:%d %b}" + (
            f" - {one.incident.last:%d %b}" if one.incident.last != one.incident.first else ""
        )
        rows.append(("✓" if one.found else "✗", one.incident.title, dates, *_how(one, its, spec)))
    return text_table(rows, numbers=[4])


def _matches(episode: Episode, incident: Incident) -> bool:
    labels = episode.labels
    return (
        labels["alertname"] in incident.expected.alerts and incident.expected.labels.items() <= labels.items()
    )


def _how(one: Finding, its: Flights, spec: Spec) -> tuple[str, str, str, str]:
    if one.delivered is not None:
        resolved = one.delivered.resolved_after
        end = f"resolved {resolved:.0f} s after the correction" if resolved is not None else "not resolved"
        labels = one.delivered.alert.labels
        return labels["alertname"], f"{one.delivered.fired_after:.0f} s", labels["owner"], f"delivered, {end}"
    if one.episode is None:
        return "NOT FOUND", "", "", ""
    labels = one.episode.labels
    after = timedelta(seconds=one.episode.start - counted_from(one.incident, its, spec).timestamp())
    how = "backtested" if one.found else "TOO LATE" if not one.others else f"ALSO BY {_alerts(one.others)}"
    return labels["alertname"], _lasting(after), labels["owner"], how


def _alerts(episodes: Sequence[Episode]) -> str:
    return ", ".join(sorted({one.labels["alertname"] for one in episodes}))


def _lasting(after: timedelta) -> str:
    return f"{after / timedelta(hours=1):.0f} h" if after < timedelta(days=1) else f"{after / timedelta(days=1):.1f} d"
