"""Times a peer; runs in its environment: `python -m benchmarks.peer_speed NAME REPEATS FILE…`.

Only the work is timed, on frames that are loaded and described to the peer before. The first run is counted
as the others are; the median drops it if it was slower.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

from benchmarks.report import now


def whylogs_work(path: str) -> Callable[[], object]:
    """Return a call that logs the loaded frame."""
    import pandas as pd
    import whylogs

    frame = pd.read_parquet(path)
    return lambda: whylogs.log(frame)


def evidently_work(reference: str, current: str) -> Callable[[], object]:
    """Return a call that computes the drift preset on the two loaded frames."""
    import pandas as pd
    from evidently import DataDefinition, Dataset, Report
    from evidently.presets import DataDriftPreset

    frames = [pd.read_parquet(path) for path in (reference, current)]
    numbers = [name for name in frames[0].columns if frames[0][name].dtype == float]
    words = [name for name in frames[0].columns if name not in numbers]
    form = DataDefinition(numerical_columns=numbers, categorical_columns=words)
    sides = [Dataset.from_pandas(frame, form) for frame in frames]
    return lambda: Report([DataDriftPreset()]).run(sides[1], sides[0]).dict()


def main(name: str, repeats: str, *files: str) -> None:
    works: dict[str, Callable[..., Any]] = {"whylogs": whylogs_work, "evidently": evidently_work}
    work = works[name](*files)
    seconds = []
    for _ in range(int(repeats)):
        start = now()
        work()
        seconds.append(now() - start)
    versions = ", ".join(f"{package} {version(package)}" for package in (name, "numpy", "pandas"))
    print(json.dumps({"seconds": seconds, "versions": versions}))


if __name__ == "__main__":
    main(*sys.argv[1:])
