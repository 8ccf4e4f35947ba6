"""The group of commands. Each command imports its part of the house when it runs, so `--help` is quick."""

from __future__ import annotations

import sys

import click

from wolfpack.cli import (
    backtest,
    compare,
    demo,
    detect,
    feedback,
    generate,
    init,
    job,
    ledger,
    outliers,
    serve,
    specs,
    tell,
    tune,
)
from wolfpack.spec import WolfpackError


class _Group(click.Group):
    """Shows what a user did wrong, or the system refused, as a message, and exits with 2."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except (WolfpackError, ValueError, OSError) as error:
            # ValueError is what every part raises for a caller's mistake; its message says what is allowed.
            click.echo(f"wolfpack: {error}", err=True)
            sys.exit(2)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="wolfpack-monitor", prog_name="wolfpack")
def main() -> None:
    """ML monitoring for shops that already run Prometheus, Grafana and Alertmanager.

    Exit status: 0 fine, 1 something was found, 2 wrong use.
    """


for command in (
    init.init,
    specs.check,
    specs.schema,
    serve.serve,
    detect.detect,
    serve.token,
    generate.rules,
    generate.dashboards,
    job.profile,
    job.send,
    tell.run,
    tell.deploy,
    compare.compare,
    backtest.backtest,
    tune.tune,
    feedback.feedback,
    ledger.ledger,
    outliers.outliers,
    demo.demo,
):
    main.add_command(command)
