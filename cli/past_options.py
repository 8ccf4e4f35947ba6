"""The arguments and options of commands that look back: whose past, from where, and judged by what."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from wolfpack.rules.backtest import Engine

_F = Callable[..., Any]


def past_options(command: _F) -> _F:
    """Add them: specs, url, token, start, end, step, severity, engine, form."""
    for option in (
        click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True),
        click.option("--engine", type=click.Choice(["auto", "prometheus", "python"]), default="auto",
                     show_default=True,
                     help="auto: a real Prometheus where it is on the PATH, else the alert table in Python."),
        click.option("--severity", type=click.Choice(["info", "warning", "critical"]), default="warning",
                     show_default=True, help="Leave out alerts under this severity."),
        click.option("--step", help="Time between evaluations, as 10m. Default: a 24th of `every`, an hour at most."),
        click.option("--to", "end", help="Last date or time. Default: now."),
        click.option("--from", "start", help="First date or time. Default: when something was first shown."),
        click.option("--token", envvar="WOLFPACK_TOKEN", help="Bearer token of the exporter, with read scope."),
        click.option("--url", default="http://127.0.0.1:9906", show_default=True, envvar="WOLFPACK_URL"),
        click.argument("specs", metavar="SPEC...", nargs=-1, required=True, type=click.Path(path_type=Path)),
    ):  # fmt: skip
        command = option(command)
    return command


def chosen(engine: str) -> tuple[Engine, str]:
    """Return the engine of the option, and what to call it."""
    from wolfpack.rules import tsdb

    lacking = tsdb.absent()
    if engine == "python" or (engine == "auto" and lacking):
        why = f" ({' and '.join(lacking)} not on the PATH)" if engine == "auto" else ""
        return "python", f"the alert table in Python{why}"
    return "prometheus", f"a real Prometheus {tsdb.version()}"
