"""Times whylogs on single rows; runs in its environment: `python -m benchmarks.live_peer FILE ROWS`.

Prints the median seconds of `DatasetProfile.track` of a row, and of `why.log` of one, its quickest and its usual way.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from statistics import median
from typing import Any


def each(work: Callable[[Any], object], rows: list[Any]) -> float:
    """Return the median seconds of a call."""
    seconds = []
    for row in rows:
        began = time.perf_counter()
        work(row)
        seconds.append(time.perf_counter() - began)
    return median(seconds)


def main(path: str, count: str) -> None:
    import pandas as pd
    import whylogs
    from whylogs.core import DatasetProfile

    rows = pd.read_parquet(path).head(int(count)).to_dict("records")
    profile = DatasetProfile()
    tracked = each(lambda row: profile.track(row=row), rows)
    logged = each(lambda row: whylogs.log(row=row), rows[: len(rows) // 10])
    versions = ", ".join(f"{package} {version(package)}" for package in ("whylogs", "numpy", "pandas"))
    print(json.dumps({"track": tracked, "log": logged, "versions": versions}))


if __name__ == "__main__":
    main(*sys.argv[1:])
