"""`wolfpack serve` and `wolfpack token`: the exporter, and who may write to it."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import click
import yaml

from wolfpack.cli.logs import log_format_option, start_logging
from wolfpack.spec import DEFAULT_BUDGET, Budget, parse_keeping


@click.command()
@click.option("--spec", "specs", required=True, multiple=True, type=click.Path(exists=True, path_type=Path))
@click.option("--ledger", required=True, help="sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME")
@click.option(
    "--listen", default="127.0.0.1:9906", show_default=True, help="HOST:PORT; port 0 takes a free one."
)
@click.option(
    "--tokens", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="See `wolfpack token new`."
)
@click.option(
    "--keep",
    "kept",
    multiple=True,
    metavar="KIND=DURATION",
    help="How long the ledger keeps what, as in panes=90d or samples=forever; docs/ledger.md names the kinds.",
)
@click.option(
    "--replay", is_flag=True, help="POST /-/clock sets the time; loopback only, for replays of the past."
)
@click.option(
    "--budget",
    "budgets",
    multiple=True,
    metavar="[PROJECT=]NUMBER",
    help=f"Series that each project, or this one, may show; {DEFAULT_BUDGET} if none is given.",
)
@log_format_option
def serve(
    specs: tuple[Path, ...],
    ledger: str,
    listen: str,
    tokens: Path | None,
    kept: tuple[str, ...],
    replay: bool,
    budgets: tuple[str, ...],
    log_format: str,
) -> None:
    """Run the exporter."""
    import pyarrow as pa

    from wolfpack import exporter, rules

    pa.set_memory_pool(pa.system_memory_pool())  # Arrow's own keeps what a day's windows took, and uses it no more
    start_logging(log_format)
    logging.getLogger("waitress.queue").setLevel(
        logging.ERROR
    )  # it warns of every request that waits its turn
    host, port = exporter.parse_listen(listen)
    exporter.check_address(host, tokens is not None, replay)
    held = exporter.TokenFile(tokens) if tokens else None
    keeping = parse_keeping(kept)
    service = exporter.open_service(
        list(specs), ledger, held, replay, budget=Budget.parse(budgets), reads=rules.reads, keeping=keeping
    )

    def announce(its: int) -> None:
        click.echo(f"listening on http://{host}:{its}")
        sys.stdout.flush()

    exporter.serve(service, host, port, announce)


@click.group()
def token() -> None:
    """Make tokens for --tokens files."""


@token.command("new")
@click.argument("name")
@click.option("--project", "projects", multiple=True, help="Projects it may use; none named: all.")
@click.option(
    "--scope", "scopes", multiple=True, type=click.Choice(["read", "write"]), default=("read", "write")
)
def new(name: str, projects: tuple[str, ...], scopes: tuple[str, ...]) -> None:
    """Print a fresh token on stderr, once, and its entry for the tokens file on stdout."""
    from wolfpack.exporter import new_token

    secret, entry = new_token(name, list(projects) or None, list(scopes))
    click.echo(f"token (shown once): {secret}", err=True)
    click.echo(yaml.safe_dump([entry], sort_keys=False), nl=False)
