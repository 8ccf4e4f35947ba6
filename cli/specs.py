"""`wolfpack check` and `wolfpack schema`: is a spec right, and what may it say."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from wolfpack.spec import Loaded, Spec, SpecError, load_all


@click.command()
@click.argument("paths", metavar="SPEC...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--show", is_flag=True, help="Print the merged spec with the source of each value.")
def check(paths: tuple[Path, ...], show: bool) -> None:
    """Validate specs: a line per fault with file and line, exit 1 if there is one."""
    try:
        loaded = load_all(paths)
    except SpecError as error:
        for fault in error.faults:
            click.echo(str(fault))
        sys.exit(1)
    for one in loaded:
        for warning in [*one.warnings, *_methods(one)]:
            click.echo(warning, err=True)
        if show:
            _show(one)
        else:
            click.echo(f"{one.path}: {one.spec.project}/{one.spec.model} is fine")


@click.command()
def schema() -> None:
    """Print the spec's JSON schema, for editors."""
    click.echo(json.dumps(Spec.model_json_schema(), indent=2))


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
