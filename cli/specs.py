"""`wolfpack check` and `wolfpack schema`: is a spec right, and what may it say."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from wolfpack.spec import Budget, Fault, Keeping, Loaded, Spec, SpecError, load_all, parse_keeping


@click.command()
@click.argument("paths", metavar="SPEC...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--show", is_flag=True, help="Print the merged spec with the source of each value.")
@click.option(
    "--budget", "budgets", multiple=True, metavar="[PROJECT=]NUMBER", help="As for `wolfpack serve`."
)
@click.option("--keep", "kept", multiple=True, metavar="KIND=DURATION", help="As for `wolfpack serve`.")
def check(paths: tuple[Path, ...], show: bool, budgets: tuple[str, ...], kept: tuple[str, ...]) -> None:
    """Validate specs: a line per fault with file and line, exit 1 if there is one."""
    budget, keeping = Budget.parse(budgets), parse_keeping(kept)
    try:
        loaded = load_all(paths)
        _check_rules(loaded, keeping)
        _check_budget(loaded, budget)
    except SpecError as error:
        for fault in error.faults:
            click.echo(str(fault))
        sys.exit(1)
    for one in loaded:
        for warning in _methods(one):
            click.echo(warning, err=True)
        if show:
            _show(one)
        else:
            click.echo(f"{one.path}: {one.spec.project}/{one.spec.model} is fine")


@click.command()
def schema() -> None:
    """Print the spec's JSON schema, for editors."""
    click.echo(json.dumps(Spec.model_json_schema(), indent=2))


def _check_rules(loaded: list[Loaded], keeping: Keeping) -> None:
    """Refuse what `wolfpack rules` refuses: asked for, and never to be told."""
    from wolfpack.rules import refusals

    faults = [fault for one in loaded for fault in refusals(one, keeping)]
    if faults:
        raise SpecError(faults)


def _check_budget(loaded: list[Loaded], budget: Budget) -> None:
    """Refuse a project whose models have more series than its budget even without what may be dropped."""
    from wolfpack.rules import least_series

    least: dict[str, list[tuple[int, Loaded]]] = {}
    for one in loaded:
        least.setdefault(one.spec.project, []).append((least_series(one.spec), one))
    faults = []
    for project, models in sorted(least.items()):
        count, limit = sum(number for number, _ in models), budget.of(project)
        if count > limit:
            number, largest = max(models, key=lambda model: model[0])
            line = largest.sources.get(("columns",), ("", 1))[1]
            faults.append(
                Fault(
                    str(largest.path),
                    line,
                    f"columns: project {project!r} has at least {count} series that say whether data came or "
                    f"that rules and detectors read, {number} of them from this model, and its budget is {limit}; "
                    f"name fewer columns, or give `check` and `serve` --budget {project}={count} or more",
                )
            )
    if faults:
        raise SpecError(faults)


def _methods(loaded: Loaded) -> list[str]:
    """Return a line for each detection method that this release does not have."""
    from wolfpack.detectors import METHODS

    return [
        "{}:{}: detect[{}].method: {!r} comes with a later release; there is {}".format(
            *loaded.sources.get(("detect", index), (str(loaded.path), 1)),
            index,
            one.method,
            ", ".join(METHODS),
        )
        for index, one in enumerate(loaded.spec.detect)
        if one.method not in METHODS
    ]


def _show(loaded: Loaded) -> None:
    click.echo(f"# {loaded.spec.project}/{loaded.spec.model}, spec hash {loaded.spec.hash}")
    for place, value in _leaves((), loaded.spec.model_dump(mode="json")):
        known = place
        while known and known not in loaded.sources:
            known = known[:-1]
        source = "{}:{}".format(*loaded.sources[known]) if known else "default"
        dotted = ".".join(str(part) for part in place)
        click.echo(f"{dotted}: {json.dumps(value, ensure_ascii=False)}  # {source}")


def _leaves(place: tuple[str | int, ...], value: Any) -> list[tuple[tuple[str | int, ...], Any]]:
    if isinstance(value, dict) and value:
        return [leaf for key, inner in value.items() for leaf in _leaves((*place, key), inner)]
    if isinstance(value, list) and value:
        return [leaf for index, inner in enumerate(value) for leaf in _leaves((*place, index), inner)]
    return [(place, value)]
