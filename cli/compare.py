"""`wolfpack compare`: two profiles or tables, or two versions in the exporter; as text, as JSON, and as a gate."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

if TYPE_CHECKING:
    from wolfpack.client import Files
    from wolfpack.stats import Drift, Profile, Separation

_CRITICAL = (0.25, 0.2, 0.2, 0.05)
"""PSI, KS, missing and novel levels of the critical gate; the warning gate uses those of `Thresholds`."""


@click.command()
@click.argument("baseline", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False)
@click.argument("current", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False)
@click.option(
    "--format", "form", type=click.Choice(["table", "markdown", "json"]), default="table", show_default=True,
    help="Of versions `table` is Markdown too.",
)  # fmt: skip
@click.option(
    "--fail-on", type=click.Choice(["warning", "critical"]),
    help="Exit 1 if a column drifted, or a version is worse, at this level.",
)  # fmt: skip
@click.option(
    "--classifier", is_flag=True, help="Also try to tell the rows of two tables apart; needs scikit-learn."
)
@click.option(
    "--compat",
    type=click.Choice(["evidently", "nannyml"]),
    help="Also show the scores of two tables as it defines them.",
)
@click.option("--versions", nargs=2, metavar="OLD NEW", help="Compare two versions of a model in the exporter instead.")
@click.option("--project", help="Of the versions.")
@click.option("--model", help="Of the versions.")
@click.option("--at", help="Last pane of the window, as 2013-05-01. Default: the newest with predictions.")
@click.option("--labelled", type=click.IntRange(min=0), default=0, show_default=True,
              help="With --fail-on: labelled predictions that each version must have.")  # fmt: skip
@click.option("--url", default="http://127.0.0.1:9906", show_default=True, envvar="WOLFPACK_URL")
@click.option("--token", envvar="WOLFPACK_TOKEN")
def compare(
    baseline: Path | None, current: Path | None, form: str, fail_on: str | None, classifier: bool,
    compat: Literal["evidently", "nannyml"] | None, versions: tuple[str, str] | None, project: str | None,
    model: str | None, at: str | None, labelled: int, url: str, token: str | None,
) -> None:  # fmt: skip
    """Compare CURRENT with BASELINE, each a profile or a table (Parquet, CSV, NDJSON, Arrow), or two versions."""
    if versions is not None:
        if baseline is not None or classifier or compat:
            raise click.UsageError("--versions: is of the exporter; name no files and no option of files")
        asked = {"project": project, "model": model, "old": versions[0], "new": versions[1], "at": at}
        sys.exit(_versions(asked, form, fail_on, labelled, url, token))
    if baseline is None or current is None:
        raise click.UsageError("name BASELINE and CURRENT, or two versions with --versions OLD NEW")
    if form == "markdown":
        raise click.UsageError("--format markdown: is of --versions; files have table and json")
    _files(baseline, current, form, fail_on, classifier, compat)


def _versions(
    asked: dict[str, str | None], form: str, fail_on: str | None, labelled: int, url: str, token: str | None
) -> int:
    """Print how two versions compare; return the exit status: 1 if the gate must not open."""
    from wolfpack.cli.release_report import report
    from wolfpack.client import HttpTransport

    for name in ("project", "model"):
        if asked[name] is None:
            raise click.UsageError(f"--versions: say with --{name} which model's")
    transport = HttpTransport(url, token)
    found = transport.get("/api/v1/comparison", {name: text for name, text in asked.items() if text is not None})
    transport.close()
    levels = ("critical",) if fail_on == "critical" else ("warning", "critical")
    stops = [f"{one['level']}: {one['text']}" for one in found["reasons"] if one["level"] in levels]
    for side in ("old", "new"):
        if found["labelled"][side] < labelled:
            stops.append(
                f"critical: version {found[side]} has {found['labelled'][side]:,} predictions with a label, and "
                f"--labelled wants {labelled:,}"
            )
    click.echo(json.dumps(found, indent=2) if form == "json" else report(found, stops))
    for one in stops if fail_on and form == "json" else ():
        click.echo(one, err=True)
    return 1 if stops and fail_on else 0


def _files(
    baseline: Path, current: Path, form: str, fail_on: str | None, classifier: bool,
    compat: Literal["evidently", "nannyml"] | None,
) -> None:  # fmt: skip
    from wolfpack import stats

    apart = _separate(baseline, current) if classifier else None
    peer = stats.peer_scores(*_tables(baseline, current, "--compat"), compat) if compat else {}
    reference = _profile(baseline, None)
    now = _profile(current, reference)
    drift = stats.compare(reference, now)
    if form == "json":
        told: dict[str, Any] = {} if apart is None else {"separation": apart.to_dict()}
        told |= {compat: peer} if compat else {}
        click.echo(json.dumps(drift.to_dict() | told, indent=2))
    else:
        blocks = [
            drift.table(),
            *([_apart_in_words(apart)] if apart else []),
            *([_peer_table(peer)] if peer else []),
        ]
        click.echo("\n\n".join(blocks))
    if fail_on == "critical":
        drift = stats.compare(reference, now, thresholds=stats.Thresholds(*_CRITICAL))
    if fail_on:
        reasons = _reasons(drift)
        if apart is not None and apart.drifted:
            reasons.append(_apart_in_words(apart))
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


def _separate(baseline: Path, current: Path) -> Separation:
    from wolfpack import stats

    try:
        return stats.separate(*_tables(baseline, current, "--classifier"))
    except ImportError as error:
        raise click.UsageError(f"--classifier: {error}") from error


def _tables(baseline: Path, current: Path, option: str) -> tuple[Files, Files]:
    """Return both tables, or say that the option needs rows."""
    from wolfpack import client

    for path in (baseline, current):
        if path.suffix.lower() not in client.ENDINGS:
            raise click.UsageError(
                f"{option}: {path} is no table, and a profile holds no rows; name two tables "
                f"({', '.join(client.ENDINGS)})"
            )
    return client.open_files(baseline), client.open_files(current)


def _peer_table(peer: dict[str, dict[str, float]]) -> str:
    """Return a line per column with the scores under their names."""
    width = max(map(len, ("column", *peer)))
    scores = {
        name: ", ".join(f"{key} {value:#.4g}" for key, value in found.items()) for name, found in peer.items()
    }
    return "\n".join(
        [f"{'column':{width}}  scores", *(f"{name:{width}}  {text}" for name, text in scores.items())]
    )


def _apart_in_words(apart: Separation) -> str:
    expected = f"{apart.low:.3f} to {apart.high:.3f} without drift"
    if not apart.drifted:
        return f"rows cannot be told apart: ROC AUC of a classifier {apart.roc_auc:.3f}, {expected}"
    told = ", ".join(f"`{name}` {drop:.3f}" for name, drop in list(apart.importances.items())[:5] if drop > 0)
    return f"rows can be told apart: ROC AUC of a classifier {apart.roc_auc:.3f}, {expected}; given away by {told}"


def _profile(path: Path, baseline: Profile | None) -> Profile:
    from wolfpack import client, stats

    if path.suffix.lower() in client.ENDINGS:
        return client.profile(path, baseline=baseline)
    return stats.Profile.from_bytes(path.read_bytes())
