"""The wide door to profiles: whatever `stats.profile` takes, and paths, globs, folders and Spark DataFrames."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pyarrow as pa

from wolfpack import stats
from wolfpack.client import spark, spark_reference
from wolfpack.client.files import open_files
from wolfpack.spec.plan import Kind, Plan
from wolfpack.stats import Profile
from wolfpack.stats.arrow import open_table
from wolfpack.stats.freezing import By, Range, Wish


def profile(
    source: Any,
    *,
    by: By = (),
    time: str | None = None,
    every: timedelta | str | None = None,
    timezone: str = "UTC",
    baseline: Profile | None = None,
    plan: Plan | None = None,
    kinds: Mapping[str, Kind] | None = None,
    ranges: Mapping[str, Range] | None = None,
    threads: int = 1,
) -> Profile:
    """Return the profile of rows, wherever they are.

    Parameters
    ----------
    source : a path, glob or folder of Parquet, CSV, NDJSON or Arrow files, or a list of these, read in
        bounded memory; a PySpark DataFrame, whose rows stay on its executors; or whatever
        `wolfpack.stats.profile` takes.
    by, time, every, timezone, baseline, plan, kinds, ranges : as in `wolfpack.stats.profile`.
    threads : columns counted at the same time, of rows that are here.

    Raises
    ------
    TableError
        If the rows cannot be read; the message names the file or the column.
    ValueError
        If arguments contradict each other.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> _ = (folder / "monday.csv").write_text("delay\\n1\\n2\\n"), (folder / "tuesday.csv").write_text("delay\\n6\\n")
    >>> profile(folder / "*.csv")["delay"].mean
    3.0
    """
    given: dict[str, Any] = {"by": by, "baseline": baseline, "plan": plan, "kinds": kinds, "ranges": ranges}
    panes: dict[str, Any] = {"time": time, "every": every, "timezone": timezone}
    if spark.is_frame(source):
        return _profile_frame(source, given, panes)
    return stats.profile(open_files(source) if is_path(source) else source, **given, **panes, threads=threads)


def _profile_frame(frame: Any, given: dict[str, Any], panes: dict[str, Any]) -> Profile:
    none = stats.profile(
        spark.schema_of(frame).empty_table(), **given, **panes
    )  # tells wrong arguments first
    if given["plan"] is not None or given["baseline"] is not None:
        return spark.count_frame(frame, none.plan, **panes)
    wish = Wish(given["by"], given["kinds"] or {}, given["ranges"] or {})
    return spark.count_frame(frame, spark_reference.freeze_frame(frame, wish, panes["time"]), **panes)


def open_input(source: Any) -> tuple[Any, pa.Schema]:
    """Return the same rows in a form that `profile` takes, and their schema."""
    if is_path(source):
        source = open_files(source)
    elif spark.is_frame(source):
        return source, spark.schema_of(source)
    opened = open_table(source)
    return opened, opened.schema


def is_path(source: Any) -> bool:
    """Tell whether something is a path, or a list of paths."""
    if isinstance(source, (list, tuple)):
        return bool(source) and all(isinstance(one, (str, os.PathLike)) for one in source)
    return isinstance(source, (str, os.PathLike))
