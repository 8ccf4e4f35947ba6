"""`wolfpack ledger`: prove a ledger, take from it what other stores keep, and have it forget a model."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

_LEDGER = click.option("--ledger", "url", required=True, help="As for `wolfpack serve`.")


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
        looks = exporter.audit(store, specs, windows, exporter.parse_keeping(kept), _progress)
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
