"""`wolfpack tune`: thresholds for a number of alerts a month, as a diff of the specs."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wolfpack.cli.past_options import chosen, past_options
from wolfpack.spec import Spec, WolfpackError, load_all, parse_duration

if TYPE_CHECKING:
    from wolfpack.rules.alert_budget import AlertBudget
    from wolfpack.rules.past_incidents import PastIncident


@click.command()
@past_options
@click.option("--alerts-per-month", "budgets", multiple=True, required=True, metavar="[OWNER=]NUMBER",
              help="How many episodes an owner wants; for all owners, or one.")
@click.option("--incidents", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="YAML: incidents of the past that must still be caught.")
@click.option("--incident", "named", nargs=3, multiple=True, metavar="PROJECT/MODEL FROM TO",
              help="One of them, by model and dates.")
@click.option("--alertmanager", metavar="URL", help="Whose silences are read.")
@click.option("-o", "--out", type=click.Path(dir_okay=False, path_type=Path),
              help="File for the diff; without it, it is printed last.")
def tune(
    specs: tuple[Path, ...], url: str, token: str | None, start: str | None, end: str | None, step: str | None,
    severity: str, engine: str, form: str, budgets: tuple[str, ...], incidents: Path | None,
    named: tuple[tuple[str, str, str], ...], alertmanager: str | None, out: Path | None,
) -> None:  # fmt: skip
    """Find thresholds that keep to a number of alerts a month and still catch past incidents; exit 1 if they differ.

    What is found is a diff of the specs, for `git apply` or `patch -p1`. No spec is changed.
    """
    from wolfpack import dashboards
    from wolfpack.cli import tune_report
    from wolfpack.client import HttpTransport
    from wolfpack.rules.alert_budget import AlertBudget
    from wolfpack.rules.past import read_pasts
    from wolfpack.rules.past_incidents import read_judged
    from wolfpack.rules.silences import read_silences
    from wolfpack.rules.tuner import Tuner, unread

    loaded = load_all(specs)
    its = [one.spec for one in loaded]
    budget, wanted = AlertBudget.parse(budgets), _wanted(incidents, named, its)
    _refuse_unbudgeted(its, budget)
    transport = HttpTransport(url, token)
    pasts = read_pasts(transport, its, start, end, parse_duration(step) if step else None)
    tuner = Tuner(pasts, wanted, read_judged(transport, its), severity)
    found = [tuner.tuned(owner, budget.of(owner) or 0.0) for owner in sorted({spec.owned_by for spec in its})]
    silences = read_silences(HttpTransport(alertmanager)) if alertmanager else None
    nothing_reads = unread(transport, its, "\n".join(dashboards.generate(loaded).values()))
    transport.close()
    by, called = chosen(engine)
    report = tune_report.TuneReport(tuner, found, budget, silences, nothing_reads, by, severity)
    diff = tune_report.diff(loaded, found, Path.cwd())
    if out is not None:
        out.write_text(diff, encoding="utf-8", newline="")
    if form == "json":
        click.echo(json.dumps(report.data() | {"diff": diff}, indent=2))
    else:
        click.echo("\n\n".join([*(past.described(called) for past in pasts), *report.parts()]))
        click.echo(f"\n{diff}" if diff and out is None else "", nl=False)
    sys.exit(1 if diff else 0)


def _wanted(
    file: Path | None, named: tuple[tuple[str, str, str], ...], specs: list[Spec]
) -> list[PastIncident]:
    from wolfpack.rules.past_incidents import Entry, incident, load_incidents

    found = load_incidents(file, specs) if file is not None else []
    for model, start, end in named:
        try:
            found.append(incident(Entry.model_validate({"model": model, "from": start, "to": end}), specs))
        except ValueError as error:
            raise WolfpackError(f"--incident {model} {start} {end}: {error}") from error
    return found


def _refuse_unbudgeted(specs: list[Spec], budget: AlertBudget) -> None:
    owners = {spec.owned_by for spec in specs}
    without = sorted(owner for owner in owners if budget.of(owner) is None)
    if without:
        raise WolfpackError(f"--alerts-per-month: no number for {', '.join(without)}; write NUMBER for every owner")
    unknown = sorted(budget.owners.keys() - owners)
    if unknown:
        raise WolfpackError(
            f"--alerts-per-month: {', '.join(unknown)} owns none of these models; there are {', '.join(sorted(owners))}"
        )
