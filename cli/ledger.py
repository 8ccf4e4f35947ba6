"""`wolfpack ledger`: prove a ledger, take from it what other stores keep, and have it forget a model."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from wolfpack.spec import WolfpackError, parse_keeping

_LEDGER = click.option("--ledger", "url", required=True, help="As for `wolfpack serve`.")
_AS = click.option("--as", "history", type=click.Choice(["event", "exposed"]), default="event", show_default=True,
                   help="Which history: by event time, the newest revision; or what was shown when.")  # fmt: skip


@click.group()
def ledger() -> None:
    """Prove a ledger, take from it what other stores keep, and have it forget a model."""


@ledger.command()
@_LEDGER
@click.option("--spec", "specs", multiple=True, type=click.Path(exists=True, path_type=Path),
              help="As for `wolfpack serve`: the windows of these models are computed again.")  # fmt: skip
@click.option("--windows", type=click.IntRange(min=1), default=3, show_default=True,
              help="How many of the newest windows of each model and role are computed again.")  # fmt: skip
@click.option("--keep", "kept", multiple=True, metavar="KIND=DURATION", help="As for `wolfpack serve`.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def verify(url: str, specs: tuple[Path, ...], windows: int, kept: tuple[str, ...], form: str) -> None:
    """Look at everything in a ledger: a line for each fault, exit 1 if there is one. An exporter may run on."""
    from wolfpack import exporter

    store = exporter.Ledger(url, own=False)
    try:
        looks = exporter.audit(store, specs, windows, parse_keeping(kept), _progress)
        found = [_told(look, form) for look in looks]
    finally:
        store.close()
    if form == "json":
        fields = ("what", "seen", "faults", "skipped")
        click.echo(json.dumps([{name: getattr(look, name) for name in fields} for look in found], indent=2))
    sys.exit(any(look.faults for look in found))


@ledger.command()
@_LEDGER
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.argument("project")
@click.argument("model")
def delete(url: str, yes: bool, project: str, model: str) -> None:
    """Forget a model wholly: its panes, its history, and that it was there. No exporter may run on the ledger."""
    from wolfpack import exporter

    store = exporter.Ledger(url)  # refused while an exporter holds it
    try:
        number = exporter.model_number(store, project, model)
        if not yes:
            click.confirm(
                f"Forget all of {project}/{model} in {store.name}? There is no way back but a backup.",
                abort=True,
            )
        gone = exporter.forget(store, number)
    finally:
        store.close()
    for table, rows in sorted(gone.items()):
        click.echo(f"{table}: {rows} rows deleted")


@ledger.command()
@_LEDGER
@_AS
@click.option("-o", "--out", required=True, metavar="FOLDER|URI",
              help="Where to write: a folder, or as s3://BUCKET/PREFIX.")  # fmt: skip
@click.option("--format", "form", type=click.Choice(["parquet", "bulk"]), default="parquet", show_default=True,
              help="Parquet by project, model and day; or lines for Elasticsearch's bulk API.")  # fmt: skip
@click.option(
    "--index", default="wolfpack", show_default=True, help="What names of Elasticsearch's indexes begin with."
)
def export(url: str, history: Any, out: str, form: Any, index: str) -> None:
    """Write what is new in a ledger since the last export to the same place. An exporter may run on."""
    from wolfpack import exporter

    store = exporter.Ledger(url, own=False)
    try:
        written = exporter.export(store, exporter.ExportFolder(out), history, form, index)
    finally:
        store.close()
    click.echo(f"{written['metrics']} rows of metrics, {written['anomalies']} of anomalies: {out}")


@ledger.command()
@_LEDGER
@_AS
@click.option("-o", "--out", type=click.Path(dir_okay=False, path_type=Path),
              help="OpenMetrics to write, for `promtool tsdb create-blocks-from openmetrics`.")  # fmt: skip
@click.option(
    "--to", metavar="URL", help="Where remote write is taken, as in http://victoria:8428/api/v1/write."
)
@click.option("--token", envvar="WOLFPACK_REMOTE_TOKEN", help="Bearer token of --to, if it wants one.")
@click.option(
    "--retry-for", default=60.0, show_default=True, help="With --to: seconds to try again while it is away."
)
@click.option(
    "--start",
    metavar="TIME",
    help="First time, as 2024-05-01; in UTC if it names no zone. With exposed: needed.",
)
@click.option("--end", metavar="TIME", help="Last time; by default now.")
@click.option(
    "--step", default="1m", show_default=True, help="With exposed: how often what was shown is sampled."
)
@click.option(
    "--label", "labels", multiple=True, metavar="NAME=VALUE", help="A label that every series gets besides."
)
def backfill(
    url: str, history: Any, out: Path | None, to: str | None, token: str | None, retry_for: float, start: str | None,
    end: str | None, step: str, labels: tuple[str, ...],
) -> None:  # fmt: skip
    """Give a ledger's history to Prometheus or to what takes remote write, with the times that it is of."""
    from wolfpack import exporter
    from wolfpack.cli import backfilling

    span = backfilling.span(history, start, end, step)
    given = backfilling.extra_labels(labels)
    if (out is None) == (to is None):
        raise WolfpackError("say where to: either -o FILE or --to URL")
    store = exporter.Ledger(url, own=False)
    try:
        series = backfilling.series(exporter.past(store, history, span.start, span.end), span, given)
        if to is not None:
            count = exporter.send_samples(to, series, token, retry_for)
        elif out is not None:
            count = backfilling.write(out, series)
    finally:
        store.close()
    click.echo(f"{count} samples: {out or to}")


def _told(look: Any, form: str) -> Any:
    if form == "text":
        for line in look.lines():
            click.echo(line)
        skipped = "".join(f", {number} left out: {reason}" for reason, number in look.skipped.items())
        click.echo(f"{look.what}: {look.seen} looked at, {len(look.faults)} faults{skipped}", err=True)
    return look


def _progress(rows: Iterator[Any], count: int) -> Iterator[Any]:
    """Show how far a look is, on a terminal."""
    with click.progressbar(rows, length=count, file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:
        yield from bar
