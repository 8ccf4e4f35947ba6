"""`wolfpack profile` and `wolfpack send`: what a job does, from the shell."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from wolfpack.spec import Plan, WolfpackError, format_duration, load


@click.command()
@click.argument("tables", metavar="TABLE...", nargs=-1, required=True)
@click.option("-o", "--out", required=True, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--by", multiple=True, help="Column whose values are kept apart.")
@click.option("--time", "time_column", help="Column of event time; panes are kept apart.")
@click.option("--every", help="Length of a pane, as 1d; by default the spec's.")
@click.option(
    "--timezone", help="Zone of naive times, and where days begin; by default the spec's, else UTC."
)
@click.option(
    "--plan",
    "plan_file",
    type=click.Path(exists=True, path_type=Path),
    help="A plan, or a profile on it; or a spec, for the kinds, ranges, segments and panes of a first reference.",
)
def profile(
    tables: tuple[str, ...],
    out: Path,
    by: tuple[str, ...],
    time_column: str | None,
    every: str | None,
    timezone: str | None,
    plan_file: Path | None,
) -> None:
    """Turn tables (Parquet, CSV, NDJSON, Arrow) into one profile.

    TABLE is a file, a folder or a glob in quotes; all must have the same columns.
    """
    from wolfpack import client

    asked: dict[str, Any] = {"by": by}
    if plan_file is not None and plan_file.suffix in (".yml", ".yaml"):
        spec = load(plan_file).spec
        asked = {"by": dict.fromkeys(by) | spec.kept_segments, "kinds": spec.kinds, "ranges": spec.ranges}
        every = every or (format_duration(spec.every) if time_column else None)
        timezone = timezone or spec.timezone
    elif plan_file is not None:
        asked = {"plan": _plan(plan_file)}
    found = client.profile(tables, time=time_column, every=every, timezone=timezone or "UTC", **asked)
    out.write_bytes(found.to_bytes())
    click.echo(f"{found.rows} rows, {len(found.columns)} columns, plan {found.plan.id}: {out}")


@click.command()
@click.argument(
    "kind",
    type=click.Choice(["profile", "rows", "predictions", "labels", "metrics", "reference", "spool"]),
)
@click.argument("file", type=click.Path(exists=True, path_type=Path))
@click.option("--url", default="http://127.0.0.1:9906", show_default=True, envvar="WOLFPACK_URL")
@click.option("--token", envvar="WOLFPACK_TOKEN")
@click.option("--project", required=True)
@click.option("--model", required=True)
@click.option("--version", default="0", show_default=True, help="Which build of the model made the rows.")
@click.option("--at", help="Date or time of the pane, as 2013-05-01.")
@click.option(
    "--role", type=click.Choice(["input", "prediction", "label"]), default="input", show_default=True
)
@click.option("--part", default="", help="Name of this delivery; the same name again replaces it.")
@click.option("--job", "job_name", default="", help="Name of the job that sends.")
@click.option(
    "--retry-for",
    default=60.0,
    show_default=True,
    help="Seconds to try again while the exporter is away or busy.",
)
@click.option(
    "--spool",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="WOLFPACK_SPOOL",
    help="Folder that keeps what could not be sent; the next send, or `send spool FOLDER`, sends it first.",
)
def send(
    kind: str,
    file: Path,
    url: str,
    token: str | None,
    project: str,
    model: str,
    version: str,
    at: str | None,
    role: str,
    part: str,
    job_name: str,
    retry_for: float,
    spool: Path | None,
) -> None:
    """Send FILE to the exporter, or what waits in the folder FILE; for Airflow, Argo, Azkaban and cron."""
    import pyarrow as pa

    from wolfpack.client import Client, open_files
    from wolfpack.stats import Profile

    if kind == "spool":
        spool = file
    elif file.is_dir():
        raise WolfpackError(f"send {kind}: {file} is a folder; name a file")
    client = Client(
        url, project=project, model=model, token=token, version=version, retry_for=retry_for, spool=spool
    )
    if kind == "spool":
        answer = asdict(client.flush())
    elif kind == "reference":
        answer = client.send_reference(Profile.from_bytes(file.read_bytes()))
    elif kind == "labels":
        answer = client.send_labels(open_files(file))
    elif kind == "metrics":
        answer = client.send_metrics(pa.table(open_files(file)).to_pylist(), time=at)
    elif at is None:
        raise WolfpackError(f"send {kind}: say with --at which pane it belongs to, as --at 2013-05-01")
    elif kind == "profile":
        found = Profile.from_bytes(file.read_bytes())
        answer = client.send_profile(found, at=at, role=role, part=part, job=job_name)
    elif kind == "rows":
        answer = client.send_rows(open_files(file), at=at, role=role, part=part, job=job_name)
    else:
        answer = client.send_predictions(open_files(file), at=at, part=part, profile=True)
    json.dump(answer, sys.stdout)
    click.echo()


def _plan(path: Path) -> Plan:
    from wolfpack.stats import Profile

    if path.suffix == ".json":
        data = json.loads(path.read_text(encoding="utf-8"))
        try:
            return Plan.from_dict(data.get("plan", data))
        except ValueError as error:
            raise WolfpackError(f"{path}: {error}") from error
    return Profile.from_bytes(path.read_bytes()).plan
