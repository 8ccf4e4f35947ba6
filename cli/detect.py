"""`wolfpack detect`: the sidecar, as a service or as one step of a workflow."""

from __future__ import annotations

import ipaddress
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wolfpack.cli.logs import log_format_option, start_logging
from wolfpack.spec import Spec, WolfpackError, load_all, parse_duration

if TYPE_CHECKING:
    from wolfpack import detectors
    from wolfpack.client import HttpTransport

KINDS = ("exporter", "prometheus", "victoriametrics")


@click.command()
@click.option("--spec", "specs", required=True, multiple=True, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--source", required=True, metavar="KIND=URL", help=f"Where the history is; KIND is {', '.join(KINDS)}."
)
@click.option("--exporter", metavar="URL", help="Where findings go, if the source is not the exporter.")
@click.option(
    "--token", envvar="WOLFPACK_TOKEN", help="Bearer token of the exporter, with read and write scope."
)
@click.option(
    "--token-file",
    envvar="WOLFPACK_TOKEN_FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file that holds the token.",
)
@click.option(
    "--source-token", envvar="WOLFPACK_SOURCE_TOKEN", help="Bearer token of Prometheus, if it wants one."
)
@click.option("--reach", default="15d", show_default=True, help="How far back Prometheus is read.")
@click.option(
    "--listen",
    default="127.0.0.1:9907",
    show_default=True,
    help="HOST:PORT of its own page; port 0: a free one.",
)
@click.option("--interval", default=60.0, show_default=True, help="Seconds between cycles.")
@click.option("--deadline", default=300.0, show_default=True, help="Seconds that a cycle may take.")
@click.option(
    "--state",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A file that spares reading everything anew after a restart.",
)
@click.option("--once", is_flag=True, help="Run one cycle and end; exit 1 on an alarm, 2 on an error.")
@click.option(
    "--wait", is_flag=True, help="With --once: first wait until the newest pane that is due is computed."
)
@click.option("--at", help="With --wait: wait for the pane of this date instead.")
@click.option("--timeout", default=600.0, show_default=True, help="Seconds that --wait waits.")
@log_format_option
def detect(
    specs: tuple[Path, ...], source: str, exporter: str | None, token: str | None, token_file: Path | None,
    source_token: str | None, reach: str, listen: str, interval: float, deadline: float, state: Path | None, once: bool,
    wait: bool, at: str | None, timeout: float, log_format: str,
) -> None:  # fmt: skip
    """Run the sidecar: score the history of the series that the specs' `detect:` names."""
    if (wait or at) and not once:
        raise WolfpackError("--wait and --at belong to --once; a sidecar that runs on looks again by itself")
    if state is not None and (once or not state.absolute().parent.is_dir()):
        raise WolfpackError(f"--state {state}: a file in a folder that is there, for a sidecar that runs on")
    start_logging(log_format)
    if token_file is not None:
        token = token_file.read_text(encoding="utf-8").strip()
    its, transport = _source(source, exporter, token, source_token, reach)
    if once:
        sys.exit(
            _once(
                [one.spec for one in load_all(specs)], its, transport, deadline, timeout if wait else None, at
            )
        )
    kept = _state(state, source, reach) if state is not None else None
    _run(specs, its, transport, listen, token, interval, deadline, kept)


def _state(path: Path, source: str, reach: str) -> detectors.StateFile:
    """Return the state on disk, signed with what it depends on."""
    from wolfpack import detectors
    from wolfpack.exporter.collectors import release

    return detectors.StateFile(path, f"{release()} {source} {reach}")


def _source(
    source: str, exporter: str | None, token: str | None, source_token: str | None, reach: str
) -> tuple[detectors.Source, HttpTransport]:
    """Return where history is read, and the way to the exporter."""
    from wolfpack import detectors
    from wolfpack.client import HttpTransport

    kind, equals, url = source.partition("=")
    if kind not in KINDS or not equals or not url:
        raise WolfpackError(f"--source {source!r}: write {' or '.join(f'{kind}=URL' for kind in KINDS)}")
    if kind == "exporter":
        transport = HttpTransport(url, token, retry_for=0)  # the next cycle tries again
        return detectors.ExporterSource(transport), transport
    if exporter is None:
        raise WolfpackError(
            f"--source {kind}=…: name the exporter that takes the findings with --exporter URL"
        )
    # VictoriaMetrics answers from a cache whose newest part may be old.
    extra = {"nocache": "1"} if kind == "victoriametrics" else {}
    api = detectors.PrometheusApi(url, source_token, extra)
    return detectors.PrometheusSource(api, parse_duration(reach).total_seconds()), HttpTransport(
        exporter, token, retry_for=0
    )


def _once(
    specs: list[Spec], source: detectors.Source, transport: HttpTransport, deadline: float,
    timeout: float | None, at: str | None,
) -> int:  # fmt: skip
    """Run one cycle, after waiting if that is asked; return the exit status."""
    from wolfpack import detectors

    memory = detectors.Memory(source)
    missing = detectors.wait_for_panes(specs, memory, timeout, at) if timeout is not None else []
    sink = detectors.ExporterSink(transport)
    report = detectors.cycle(specs, memory, sink, detectors.Deadline.after(deadline))
    for line in missing:
        click.echo(f"missing: {line}", err=True)
    for error in report.errors:
        click.echo(f"error: {error}", err=True)
    for model in report.missed:
        click.echo(f"error: {model}: the deadline of {deadline:g} s came before it was done", err=True)
    for alarm in report.alarms:
        click.echo(f"alarm: score {alarm.score:.2f} {alarm.labels}")
    click.echo(
        f"{report.scored} series scored, {sum(report.skipped.values())} skipped {report.skipped or ''}"
    )
    return 2 if report.errors or report.missed or missing else 1 if report.alarms else 0


def _run(
    paths: tuple[Path, ...], source: detectors.Source, transport: HttpTransport, listen: str, token: str | None,
    interval: float, deadline: float, state: detectors.StateFile | None,
) -> None:  # fmt: skip
    """Run cycles until stopped, with the sidecar's own page beside them."""
    from wolfpack import detectors
    from wolfpack.detectors.server import serving
    from wolfpack.exporter import parse_listen

    host, port = parse_listen(listen)
    if token is None and not _loopback(host):
        raise WolfpackError(
            f"--listen {host}: an address beyond loopback needs --token-file, which writes to it send"
        )
    stop = threading.Event()
    _on_signals(stop)
    service = detectors.Service(
        lambda: [one.spec for one in load_all(paths)], source, detectors.ExporterSink(transport),
        interval=interval, deadline=deadline, state=state,
    )  # fmt: skip
    with serving(service, host, port, token) as bound:
        click.echo(f"listening on http://{host}:{bound}")
        sys.stdout.flush()
        detectors.run(service.cycle, interval, stop.wait)
    service.keep()


def _loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _on_signals(stop: threading.Event) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
