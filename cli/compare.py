"""`wolfpack compare`: drift between two profiles or tables, as a table, as JSON, and as a gate."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from wolfpack.stats import Drift, Profile

_CRITICAL = (0.25, 0.2, 0.2, 0.05)
"""PSI, KS, missing and novel levels of the critical gate; the warning gate uses those of `Thresholds`."""


@click.command()
@click.argument("baseline", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("current", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
@click.option(
    "--fail-on", type=click.Choice(["warning", "critical"]), help="Exit 1 if a column drifted at this level."
)
def compare(baseline: Path, current: Path, form: str, fail_on: str | None) -> None:
    """Compare CURRENT with BASELINE; each a profile or a table (Parquet, CSV, NDJSON, Arrow)."""
    from wolfpack import stats

    reference = _profile(baseline, None)
    now = _profile(current, reference)
    drift = stats.compare(reference, now)
    if form == "json":
        click.echo(json.dumps(drift.to_dict(), indent=2))
    else:
        click.echo(drift.table())
    if fail_on == "critical":
        drift = stats.compare(reference, now, thresholds=stats.Thresholds(*_CRITICAL))
    if fail_on:
        reasons = _reasons(drift)
        for reason in reasons:
            click.echo(reason, err=True)
        sys.exit(1 if reasons else 0)


def _reasons(drift: Drift) -> list[str]:
    """Return why a gate must not open: what drifted, what is gone, and that nothing could be compared."""
    found = [drift[column].sentence for column in drift.columns if drift[column].drifted]
    found += [f"`{column}` is not in the current table" for column in drift.absent]
    if drift.ratio is None:
        found.append("nothing could be compared: the tables share no column, or have too few rows")
    return found


def _profile(path: Path, baseline: Profile | None) -> Profile:
    from wolfpack import client, stats

    if path.suffix.lower() in client.ENDINGS:
        return client.profile(path, baseline=baseline)
    return stats.Profile.from_bytes(path.read_bytes())
