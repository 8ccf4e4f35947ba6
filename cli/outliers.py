"""`wolfpack outliers`: train an outlier model for a live service, and try it on a table."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

if TYPE_CHECKING:
    import pyarrow as pa

    from wolfpack.client.outlier_training import Method

_TABLE = click.argument("table", type=click.Path(exists=True, path_type=Path))


@click.group()
def outliers() -> None:
    """Outlier models of live services: which single inputs are unlike what the model was trained on."""


@outliers.command()
@_TABLE
@click.option("-o", "--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="File to write.")
@click.option(
    "--method", type=click.Choice(["distance", "forest", "svm"]), default="distance", show_default=True,
    help="distance: the farthest input, JSON. forest, svm: of scikit-learn, as ONNX (extra `onnx`).",
)  # fmt: skip
@click.option("--rate", type=float, default=0.01, show_default=True, help="Share of usual rows that may be flagged.")
@click.option("--columns", help="Only these, separated by commas. Default: all; leave label and key out.")
@click.option("--seed", type=int, default=0, show_default=True)
def train(table: Path, out: Path, method: str, rate: float, columns: str | None, seed: int) -> None:
    """Learn what usual inputs look like from TABLE (Parquet, CSV, NDJSON, Arrow), and write an outlier model."""
    from wolfpack.client import outlier_training

    try:
        content = outlier_training.train(_read(table, columns), cast("Method", method), rate, seed)
    except ImportError as error:
        raise click.UsageError(f"--method {method}: {error}; pip install 'wolfpack-monitor[onnx]'") from error
    fresh = out.with_name(f".{out.name}.new")
    fresh.write_bytes(content)
    fresh.replace(out)  # a service that loads it meanwhile has the old one or the new one
    click.echo(f"{out}: {method}, {len(content):,} bytes")


@outliers.command()
@click.argument("model", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_TABLE
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
@click.option("--most", type=float, help="Exit 1 if more than this share of the rows is flagged.")
def score(model: Path, table: Path, form: str, most: float | None) -> None:
    """Say how many rows of TABLE the outlier model MODEL flags."""
    import numpy as np

    from wolfpack.client.outlier_models import load

    scored = load(model).score(_read(table, None))
    known = int(np.isfinite(scored.scores).sum())
    share = float(scored.flags.sum() / known) if known else 0.0
    told = {"rows": len(scored.scores), "scored": known, "outliers": int(scored.flags.sum()), "share": share}
    if form == "json":
        click.echo(json.dumps(told))
    else:
        click.echo(f"{told['outliers']:,} of {known:,} rows are outliers ({share:.2%}); {told['rows']:,} rows in all")
    sys.exit(1 if most is not None and share > most else 0)


def _read(path: Path, columns: str | None) -> pa.Table:
    import pyarrow as pa

    from wolfpack.client import open_files

    table = pa.table(open_files(path))
    if columns is None:
        return table
    wanted = [name.strip() for name in columns.split(",")]
    unknown = [name for name in wanted if name not in table.column_names]
    if unknown:
        raise ValueError(f"--columns: {path} has no column {unknown[0]!r}; it has {', '.join(table.column_names)}")
    return table.select(wanted)
