"""`wolfpack rules` and `wolfpack dashboards`: specs in, files for Prometheus, Alertmanager and Grafana out."""

from __future__ import annotations

from pathlib import Path

import click

from wolfpack.spec import load_all, parse_keeping

_SPECS = click.argument("specs", metavar="SPEC...", nargs=-1, required=True, type=click.Path(path_type=Path))
_OUT = click.option(
    "-o", "--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder to write."
)


@click.command()
@_SPECS
@_OUT
@click.option(
    "--receivers",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="YAML: owner to a list of Alertmanager receiver configurations.",
)
@click.option(
    "--alertmanager",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The Alertmanager configuration that you have: the one written is it, with Wolfpack's beside.",
)
@click.option("--keep", "kept", multiple=True, metavar="KIND=DURATION", help="As for `wolfpack serve`.")
@click.option("--format", "form", type=click.Choice(["files", "operator"]), default="files", show_default=True,
              help="`operator`: also each rule file as a PrometheusRule of the Prometheus Operator.")  # fmt: skip
@click.option("--label", "labels", multiple=True, metavar="KEY=VALUE",
              help="Of every PrometheusRule: what your Prometheus selects its rules by.")  # fmt: skip
def rules(
    specs: tuple[Path, ...], out: Path, receivers: Path | None, alertmanager: Path | None, kept: tuple[str, ...],
    form: str, labels: tuple[str, ...],
) -> None:  # fmt: skip
    """Write alert rules, their promtool tests, the Alertmanager configuration and runbook pages."""
    from wolfpack import rules as pack

    given = pack.parse_labels(labels)
    if given and form != "operator":
        raise click.UsageError("--label: only resources have labels; write --format operator too")
    files = pack.generate(
        load_all(specs),
        pack.load_receivers(receivers) if receivers else None,
        existing=pack.load_existing(alertmanager) if alertmanager else None,
        keeping=parse_keeping(kept),
    )
    pack.write(files | (pack.operator_files(files, given) if form == "operator" else {}), out)
    click.echo(f"{len(files)} files in {out}")


@click.command()
@_SPECS
@_OUT
@click.option("--evidence", metavar="URL", default="", help="The exporter as browsers reach it: links to its pages.")
@click.option("--runbooks", metavar="URL", default="", help="Where the generated runbooks are: links from alerts.")
def dashboards(specs: tuple[Path, ...], out: Path, evidence: str, runbooks: str) -> None:
    """Write Grafana dashboards as JSON, to be provisioned by file."""
    from wolfpack import dashboards as boards

    files = boards.generate(load_all(specs), boards.Outside(evidence, runbooks))
    boards.write(files, out)
    click.echo(f"{len(files)} files in {out}")
