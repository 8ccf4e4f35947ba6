"""`wolfpack rules` and `wolfpack dashboards`: specs in, files for Prometheus, Alertmanager and Grafana out."""

from __future__ import annotations

from pathlib import Path

import click
import yaml

from wolfpack.spec import WolfpackError, load_all

_SPECS = click.argument("specs", metavar="SPEC...", nargs=-1, required=True, type=click.Path(path_type=Path))
_OUT = click.option("-o", "--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder to write.")


@click.command()
@_SPECS
@_OUT
@click.option(
    "--receivers", type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="YAML: owner to a list of Alertmanager receiver configurations.",
)
def rules(specs: tuple[Path, ...], out: Path, receivers: Path | None) -> None:
    """Write alert rules, their promtool tests, the Alertmanager configuration and runbook pages."""
    from wolfpack import rules as pack

    files = pack.generate(load_all(specs), read_receivers(receivers) if receivers else None)
    pack.write(files, out)
    click.echo(f"{len(files)} files in {out}")


@click.command()
@_SPECS
@_OUT
def dashboards(specs: tuple[Path, ...], out: Path) -> None:
    """Write Grafana dashboards as JSON, to be provisioned by file."""
    from wolfpack import dashboards as boards

    files = boards.generate(load_all(specs))
    boards.write(files, out)
    click.echo(f"{len(files)} files in {out}")


def read_receivers(path: Path) -> dict[str, list[dict[str, object]]]:
    """Read a receivers file.

    Raises
    ------
    WolfpackError
        If it is no mapping of owners to lists.
    """
    data = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    if not isinstance(data, dict) or not all(isinstance(value, list) for value in data.values()):
        raise WolfpackError(f"{path}: must map each owner to a list of receiver configurations, as webhook_configs")
    return data
