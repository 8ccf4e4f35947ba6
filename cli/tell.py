"""`wolfpack run` and `wolfpack deploy`: what a scheduler and a release tell of a model."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import click

_F = Callable[..., Any]


def _model(command: _F) -> _F:
    """Add the options that say which exporter and which model."""
    for option in (
        click.option("--model", required=True),
        click.option("--project", required=True),
        click.option("--token", envvar="WOLFPACK_TOKEN"),
        click.option("--url", default="http://127.0.0.1:9906", show_default=True, envvar="WOLFPACK_URL"),
    ):
        command = option(command)
    return command


@click.command(context_settings={"ignore_unknown_options": True})
@_model
@click.option("--run", "run_id", help="Name of this run; the same again replaces. Default: when it started.")
@click.argument("job")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def run(
    url: str,
    token: str | None,
    project: str,
    model: str,
    run_id: str | None,
    job: str,
    command: tuple[str, ...],
) -> None:
    """Run COMMAND, tell the exporter how long it took and whether it succeeded, and exit as it did.

    For cron and other schedulers: wolfpack run --project P --model M nightly -- python train.py
    """
    from wolfpack.client import Client

    client = Client(url, project=project, model=model, token=token)
    try:
        with client.run(job, run=run_id):
            code = _status(command)
            if code:
                raise subprocess.CalledProcessError(code, command[0])
    except subprocess.CalledProcessError as error:
        sys.exit(error.returncode)


def _status(command: tuple[str, ...]) -> int:
    """Return the exit status of a command as a shell would; signals to stop are handed on to it."""
    process = subprocess.Popen(command)  # what the caller asked to run
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda its, _: process.send_signal(its))
    code = process.wait()
    return code if code >= 0 else 128 - code


@click.command()
@_model
@click.option("--stage", required=True, type=click.Choice(["shadow", "canary", "live"]))
@click.option("--time", "at", help="When it entered the stage. Default: now.")
@click.option("--note", default="", help="Kept with it.")
@click.argument("version")
def deploy(
    url: str, token: str | None, project: str, model: str, stage: Any, at: str | None, note: str, version: str
) -> None:
    """Say that VERSION enters a stage; what is shadow is not among all live versions."""
    from wolfpack.client import Client

    client = Client(url, project=project, model=model, token=token, version=version)
    json.dump(client.send_deployment(stage, time=at, note=note), sys.stdout)
    click.echo()
