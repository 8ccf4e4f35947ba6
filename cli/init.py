"""`wolfpack init`: a first spec from a table, to be read and corrected."""

from __future__ import annotations

import re
from pathlib import Path

import click

from wolfpack.spec import WolfpackError
from wolfpack.spec.vocabulary import NAME


@click.command()
@click.argument("table")
@click.option("-o", "--out", required=True, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--project", help="Whose model it is; default: the folder of the spec.")
@click.option("--model", help="Name of the model; default: the name of the spec.")
@click.option("--force", is_flag=True, help="Overwrite the spec if it is there.")
def init(table: str, out: Path, project: str | None, model: str | None, force: bool) -> None:
    """Write a commented first spec of the model whose inputs and outputs are in TABLE.

    TABLE is a file, a folder or a glob in quotes (Parquet, CSV, NDJSON, Arrow).
    """
    from wolfpack.cli import first_spec, looks
    from wolfpack.client import open_files

    if out.exists() and not force:
        raise WolfpackError(f"{out}: is there already; write to another file, or overwrite it with --force")
    project = _allowed("--project", project) or _name(out.resolve().parent.name, "project")
    model = _allowed("--model", model) or _name(out.stem, "model")
    seen = looks.look(open_files(table))
    text = first_spec.write(seen, project=project, model=model, table=table, out=str(out))
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(text, encoding="utf-8")
    click.echo(f"{out}: {project}/{model}, {len(seen)} columns; correct it, then: wolfpack check {out}")


def _allowed(option: str, name: str | None) -> str | None:
    if name is None or NAME.fullmatch(name):
        return name
    raise WolfpackError(
        f"{option}: {name!r} is not a name; letters, digits, '.', '_' and '-' are allowed, 64 at most, and the first "
        "is a letter or a digit"
    )


def _name(text: str, fallback: str) -> str:
    """Return a file's name as the name of a model: what is not allowed becomes a dash."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("-._")[:64] or fallback
