"""Real servers for the demo and the tests: each on a free loopback port, in a folder, stopped at the end."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import Popen

from wolfpack.rules.process import free_port, running
from wolfpack.spec import WolfpackError

ALERTMANAGERS = ("prometheus-alertmanager", "alertmanager")
"""Names of the program: Debian's, upstream's."""


def alertmanager_program() -> str | None:
    """Return the name under which Alertmanager is on the PATH."""
    return next((name for name in ALERTMANAGERS if shutil.which(name)), None)


@contextmanager
def exporter(folder: Path, specs: Path, *options: str) -> Iterator[str]:
    """Run `wolfpack serve`, with a SQLite ledger in the folder unless the options name another; yield its address."""
    with exporter_process(folder, specs, *options) as (url, _):
        yield url


@contextmanager
def exporter_process(folder: Path, specs: Path, *options: str) -> Iterator[tuple[str, Popen[bytes]]]:
    """Run `wolfpack serve` as `exporter` does; yield its address and its process."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [
        sys.executable, "-m", "wolfpack.cli", "serve", "--spec", str(specs),
        "--listen", f"127.0.0.1:{port}", *options,
    ]  # fmt: skip
    if "--ledger" not in options:
        command += ["--ledger", f"sqlite:///{folder / 'ledger.db'}"]
    with running(command, url, "/-/healthy", folder / "exporter.log") as process:
        yield url, process


@contextmanager
def prometheus(folder: Path, config: Path) -> Iterator[str]:
    """Run Prometheus on a configuration file; yield its address."""
    url = f"http://127.0.0.1:{free_port()}"
    command = [
        "prometheus", f"--config.file={config}", f"--storage.tsdb.path={folder / 'prometheus'}",
        f"--web.listen-address={url.removeprefix('http://')}", "--log.level=warn",
        # What fires in the first seconds, before Alertmanager is known, is not sent again for a minute otherwise.
        "--rules.alert.resend-delay=5s",
    ]  # fmt: skip
    with running(command, url, "/-/ready", folder / "prometheus.log"):
        yield url


@contextmanager
def alertmanager(folder: Path, config: Path) -> Iterator[str]:
    """Run Alertmanager, alone, on a configuration file; yield its address."""
    program = alertmanager_program()
    if program is None:
        raise WolfpackError(
            f"none of {', '.join(ALERTMANAGERS)} is on the PATH; install prometheus-alertmanager"
        )
    url = f"http://127.0.0.1:{free_port()}"
    command = [
        program, f"--config.file={config}", f"--storage.path={folder / 'alertmanager'}",
        f"--web.listen-address={url.removeprefix('http://')}", "--cluster.listen-address=", "--log.level=warn",
    ]  # fmt: skip
    with running(command, url, "/-/ready", folder / "alertmanager.log"):
        yield url
