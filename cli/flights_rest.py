"""What else fired in the demo, episode by episode: when, of what, how long, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from wolfpack import flights
from wolfpack.cli.flights_replay import Flights
from wolfpack.cli.text_table import text_table
from wolfpack.rules import Episode, told
from wolfpack.rules.episode_counts import at_least
from wolfpack.spec import Spec

CHOSEN_UNTIL = date(2013, 6, 30)
"""Defaults were chosen on the days up to this one; what came later is reported apart."""
UNKNOWN = "not known"
_NAMED = ("column", "segment_value", "metric", "version", "role")


@dataclass(frozen=True)
class Rest:
    """What fired besides the incidents' own alerts.

    Parameters
    ----------
    loud : episodes of severity warning or above that somebody was told of.
    quiet : how many of severity info there were.
    held_back : how many nobody was told of, since another alert told the same.
    """

    loud: Sequence[Episode]
    quiet: int
    held_back: int

    @classmethod
    def of(cls, rest: Sequence[Episode], everything: Sequence[Episode], spec: Spec) -> Rest:
        sent = set(told(everything, spec.every.total_seconds() / 24))
        loud = [one for one in at_least(rest, "warning") if one in sent]
        quiet = sum(one in sent for one in rest) - len(loud)
        return cls(loud, quiet, len(rest) - len(loud) - quiet)


def rest_text(rest: Rest, its: Flights, spec: Spec) -> str:
    """Return a sentence with the counts, and a line for each loud episode."""
    causes = [cause(one, its, spec) for one in rest.loud]
    early = sum(day_of(one, its, spec) <= CHOSEN_UNTIL for one in rest.loud)
    said = (
        f"{len(rest.loud)} other alerts of severity warning or above were told: {early} in April to June, on which the "
        f"defaults were chosen,\nand {len(rest.loud) - early} in July to December. {causes.count(UNKNOWN)} have no "
        f"public cause that we know. Besides, {rest.quiet} of severity info,\nand {rest.held_back} held back because "
        "another alert told the same."
    )
    rows = [("2013", "alert", "of", "days", "cause")]
    for one, why in zip(rest.loud, causes, strict=True):
        days = f"{(one.end - one.start) / 86400:.0f}"
        rows.append((f"{day_of(one, its, spec):%d %b}", one.labels["alertname"], subject(one), days, why))
    return said + ("\n\n" + text_table(rows, numbers=[3]) if rest.loud else "")


def cause(episode: Episode, its: Flights, spec: Spec) -> str:
    """Return why an episode began, as far as `causes.yml` knows it."""
    day = day_of(episode, its, spec)
    return next((one.cause for one in flights.read_causes() if one.of(episode.labels, day)), UNKNOWN)


def day_of(episode: Episode, its: Flights, spec: Spec) -> date:
    """Return the day of 2013 whose table was the newest when an episode began."""
    pane = spec.calendar.start(datetime.fromtimestamp(episode.start, spec.zone))
    return (pane.astimezone(spec.zone) - its.shift - timedelta(hours=12)).date()


def subject(episode: Episode) -> str:
    """Return what an episode is about, in a word or two."""
    named = [episode.labels[name] for name in _NAMED if episode.labels.get(name)]
    return " ".join(named[:2])
