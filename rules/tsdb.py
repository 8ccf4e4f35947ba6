"""A real Prometheus over a made history: blocks by promtool, expressions by its HTTP interface."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import requests

from wolfpack.rules.judge import History, Values
from wolfpack.rules.openmetrics import write_openmetrics
from wolfpack.rules.process import free_port, running
from wolfpack.spec import WolfpackError

PROGRAMS = ("prometheus", "promtool")
POINTS = 10_000
"""Points asked for at once; Prometheus answers 11,000 at most."""


class Backtester:
    """A running Prometheus that can be asked for an expression at the points of a grid."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._session = requests.Session()
        self._session.trust_env = False  # a proxy of the environment is not for the loopback

    def query(self, expr: str, times: Values) -> list[tuple[dict[str, str], Values]]:
        """Return labels and values of each series of the result; NaN where it has none.

        Parameters
        ----------
        times : array, shape (n,), uniform, epoch seconds; the expression is evaluated exactly there.
        """
        found: dict[frozenset[tuple[str, str]], Values] = {}
        width = times[1] - times[0] if len(times) > 1 else 1.0
        for first in range(0, len(times), POINTS):
            part = times[first : first + POINTS]
            for series in self._range(expr, part, width):
                key = frozenset(series["metric"].items())
                values = found.setdefault(key, np.full(len(times), np.nan))
                at = np.array([point[0] for point in series["values"]])
                place = first + np.rint((at - part[0]) / width).astype(int)
                values[place] = [float(point[1]) for point in series["values"]]
        return [(dict(key), values) for key, values in found.items()]

    def close(self) -> None:
        self._session.close()

    def _range(self, expr: str, times: Values, width: float) -> list[dict[str, Any]]:
        form = {
            "query": expr,
            "start": repr(float(times[0])),
            "end": repr(float(times[-1])),
            "step": repr(float(width)),
        }
        answer = self._session.post(f"{self.url}/api/v1/query_range", data=form, timeout=300)
        if not answer.ok:
            raise WolfpackError(f"Prometheus refused {expr!r}: {answer.status_code} {answer.text[:300]}")
        result: list[dict[str, Any]] = answer.json()["data"]["result"]
        return result


def absent() -> list[str]:
    """Return the programs that are not on the PATH."""
    return [program for program in PROGRAMS if not shutil.which(program)]


def version() -> str:
    """Return the version of the Prometheus on the PATH."""
    said = subprocess.run(["prometheus", "--version"], capture_output=True, text=True, check=False)
    found = re.search(r"version (\S+)", said.stdout + said.stderr)
    return found[1] if found else "of unknown version"


@contextmanager
def backtester(histories: Iterable[History], times: Values) -> Iterator[Backtester]:
    """Run a Prometheus in a temporary folder, with these samples and nothing to scrape, and stop it.

    Raises
    ------
    WolfpackError
        If a program is absent or does not do its part.
    """
    lacking = absent()
    if lacking:
        raise WolfpackError(
            f"engine 'prometheus' needs {' and '.join(lacking)} on the PATH; install the package prometheus, "
            "or use engine 'python'"
        )
    with TemporaryDirectory(prefix="wolfpack-backtest-") as folder:
        text = Path(folder, "samples.om")
        with text.open("w", encoding="utf-8") as file:
            written = write_openmetrics(file, histories, times)
        with prometheus_over(Path(folder), text if written else None) as server:
            yield server


@contextmanager
def prometheus_over(folder: Path, text: Path | None) -> Iterator[Backtester]:
    """Run a Prometheus over the samples of an OpenMetrics file, which is deleted, in a folder that is there.

    Raises
    ------
    WolfpackError
        If a program is absent or does not do its part.
    """
    data = folder / "data"
    data.mkdir()
    if text is not None:
        # Blocks of the usual two hours would take minutes to write and to read.
        _run(["promtool", "tsdb", "create-blocks-from", "openmetrics", "--max-block-duration=2400h",
              "--quiet", str(text), str(data)])  # fmt: skip
        text.unlink()
    with _running(folder, data) as server:
        yield server


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise WolfpackError(
            f"{command[0]} failed with {done.returncode}: {(done.stderr or done.stdout)[-500:]}"
        )


@contextmanager
def _running(folder: Path, data: Path) -> Iterator[Backtester]:
    config = folder / "prometheus.yml"
    config.write_text("global: {}\n", encoding="utf-8")
    address = f"127.0.0.1:{free_port()}"
    # Retention counts from the newest block, so it must cover whatever was written.
    command = ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={data}",
               "--storage.tsdb.retention.time=100y", f"--web.listen-address={address}", "--log.level=warn"]  # fmt: skip
    with running(command, f"http://{address}", "/-/ready", folder / "prometheus.log"):
        server = Backtester(f"http://{address}")
        try:
            yield server
        finally:
            server.close()
