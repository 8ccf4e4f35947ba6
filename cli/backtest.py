"""`wolfpack backtest`: what the rules of specs would have told, over what an exporter showed."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from wolfpack.cli.detector_backtest import detector_backtest
from wolfpack.cli.past_options import chosen, past_options
from wolfpack.cli.text_table import text_table
from wolfpack.spec import format_duration, load_all, parse_duration

if TYPE_CHECKING:
    from wolfpack.rules import Episode
    from wolfpack.rules.episode_counts import EpisodeCount
    from wolfpack.rules.past import Past


@click.command()
@past_options
@click.option("--each", is_flag=True, help="Also print each episode.")
@click.option("--detector", is_flag=True, help="Instead: what the detectors of the specs would have told.")
@click.option(
    "--pictures", type=click.Path(file_okay=False, path_type=Path),
    help="With --detector: a folder for pictures of the series that have an episode.",
)  # fmt: skip
def backtest(
    specs: tuple[Path, ...], url: str, token: str | None, start: str | None, end: str | None, step: str | None,
    severity: str, engine: str, form: str, each: bool, detector: bool, pictures: Path | None,
) -> None:  # fmt: skip
    """Say what the rules of the specs would have told, over what /metrics showed; exit 1 if anything.

    The specs need not be those that the exporter runs.
    """
    from wolfpack.client import HttpTransport
    from wolfpack.rules.episode_counts import at_least
    from wolfpack.rules.past import read_pasts

    loaded = load_all(specs)
    transport = HttpTransport(url, token)
    if detector:
        sys.exit(detector_backtest([one.spec for one in loaded], transport, start, end, form, pictures))
    by, called = chosen(engine)
    pasts = read_pasts(
        transport, [one.spec for one in loaded], start, end, parse_duration(step) if step else None
    )
    transport.close()
    found = [(past, at_least(past.judged(by), severity)) for past in pasts]
    if form == "json":
        click.echo(json.dumps([_as_data(past, its, by) for past, its in found], indent=2))
    else:
        click.echo("\n\n".join(_as_text(past, its, called, each) for past, its in found))
    sys.exit(1 if any(its for _, its in found) else 0)


def _as_data(past: Past, found: Sequence[Episode], engine: str) -> dict[str, Any]:
    from wolfpack.rules.episode_counts import counted

    return {
        "models": [{"project": spec.project, "model": spec.model} for spec in past.specs],
        "engine": engine,
        "from": float(past.times[0]),
        "to": float(past.times[-1]),
        "step_seconds": past.step.total_seconds(),
        "evaluations": len(past.times),
        "series": len(past.series),
        "alerts": [asdict(one) for one in counted(found, past.seconds)],
        "episodes": [{"start": one.start, "end": one.end, "labels": one.labels} for one in found],
    }


def _as_text(past: Past, found: Sequence[Episode], engine: str, each: bool) -> str:
    from wolfpack.rules.episode_counts import counted

    parts = [past.described(engine)]
    if found:
        parts.append(count_table(counted(found, past.seconds)))
    if found and each:
        rows = [("began (UTC)", "lasted", "labels"), *map(row_of, found)]
        parts.append(text_table(rows, numbers=[1]))
    return "\n\n".join(parts if found else [*parts, "No alert would have fired."])


def count_table(counts: Sequence[EpisodeCount]) -> str:
    """Return a line for each alert, and for each owner of all of it."""
    rows = [("owner", "alert", "severity", "episodes", "a month", "median", "longest")]
    for owner in sorted({one.owner for one in counts}):
        its = [one for one in counts if one.owner == owner]
        rows += [
            (owner, one.alert, one.severity, str(one.episodes), f"{one.a_month:.1f}", lasting(one.median),
             lasting(one.longest)) for one in its
        ]  # fmt: skip
        every, a_month = sum(one.episodes for one in its), sum(one.a_month for one in its)
        rows.append((owner, "all", "", str(every), f"{a_month:.1f}", "", ""))
    return text_table(rows, numbers=[3, 4, 5, 6])


def lasting(seconds: float) -> str:
    """Return a length of time to the minute."""
    return format_duration(timedelta(minutes=round(seconds / 60)))


def row_of(one: Episode) -> tuple[str, str, str]:
    """Return when an episode began, how long it lasted, and its labels."""
    began = datetime.fromtimestamp(one.start, UTC).strftime("%Y-%m-%d %H:%M")
    first = ("alertname", "severity", "project", "model")
    labels = {name: one.labels[name] for name in first} | one.labels
    hidden = ("alertname", "owner", "check")
    rest = ", ".join(f'{name}="{value}"' for name, value in labels.items() if name not in hidden)
    return began, lasting(one.end - one.start), f"{labels['alertname']}{{{rest}}}"
