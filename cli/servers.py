"""Real servers for the demo and the tests: each on a free loopback port, in a folder, stopped at the end."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import requests

from wolfpack.spec import WolfpackError

START_SECONDS = 60.0
STOP_SECONDS = 20.0
ALERTMANAGERS = ("prometheus-alertmanager", "alertmanager")
"""Names of the program: Debian's, upstream's."""


def free_port() -> int:
    """Return a loopback port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def alertmanager_program() -> str | None:
    """Return the name under which Alertmanager is on the PATH."""
    return next((name for name in ALERTMANAGERS if shutil.which(name)), None)


@contextmanager
def running(command: Sequence[str], url: str, ready: str, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program until the block ends; the block begins when `url` + `ready` answers 200.

    Raises
    ------
    WolfpackError
        If it ends or does not answer in time; the message has the end of its log.
    """
    with log.open("ab") as out, subprocess.Popen(list(command), stdout=out, stderr=out) as process:
        try:
            _wait(process, url + ready, log)
            yield process
        finally:
            process.terminate()
            try:
                process.wait(timeout=STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    with requests.Session() as session:
        session.trust_env = False  # a proxy of the environment is not for the loopback
        while True:
            try:
                if session.get(url, timeout=5).ok:
                    return
            except requests.RequestException:
                pass
            if process.poll() is not None or time.monotonic() > until:
                raise WolfpackError(
                    f"{url} does not answer; its log ends: {log.read_text(errors='replace')[-800:]}"
                )
            time.sleep(0.05)


@contextmanager
def exporter(folder: Path, specs: Path, *options: str) -> Iterator[str]:
    """Run `wolfpack serve` with a SQLite ledger in the folder; yield its address."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [
        sys.executable, "-m", "wolfpack.cli", "serve", "--spec", str(specs),
        "--ledger", f"sqlite:///{folder / 'ledger.db'}", "--listen", f"127.0.0.1:{port}", *options,
    ]  # fmt: skip
    with running(command, url, "/-/healthy", folder / "exporter.log"):
        yield url


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
