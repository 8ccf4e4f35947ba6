"""The machine: keeping to one core of it, and saying which it is, without which no time means anything."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

OURS = ("numpy", "scipy", "pyarrow")


def keep_one_core() -> int:
    """Pin this process and its children to the last core it may use; Arrow and BLAS start no threads.

    Call it before numpy and pyarrow are imported: they count the cores then.
    """
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"
    core = max(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {core})
    return core


@contextmanager
def all_cores() -> Iterator[None]:
    """Let children that are started meanwhile run on every core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, range(os.cpu_count() or 1))
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def describe(peers: Mapping[str, str]) -> list[str]:
    """Return lines for below a table: processor, system, versions; `peers` maps a name to its versions."""
    ours = ", ".join(f"{name} {version(name)}" for name in OURS)
    load = os.getloadavg()[0]
    return [
        f"{_processor()}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}; "
        f"load {load:.1f} at the end",
        f"Python {platform.python_version()}, {ours}",
        *(f"{name}: {text}" for name, text in peers.items()),
    ]


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or "unknown processor"
