"""Programs of the stack, run for a while: on a free loopback port, until a block ends."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import requests

from wolfpack.spec import WolfpackError

START_SECONDS = 60.0
STOP_SECONDS = 20.0


def free_port() -> int:
    """Return a loopback port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


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
        while not _answers(session, url):
            if process.poll() is not None or time.monotonic() > until:
                raise WolfpackError(f"{url} does not answer; its log ends: {log.read_text(errors='replace')[-800:]}")
            time.sleep(0.05)


def _answers(session: requests.Session, url: str) -> bool:
    try:
        return session.get(url, timeout=5).ok
    except requests.RequestException:
        return False
