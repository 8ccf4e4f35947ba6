"""What `wolfpack ledger backfill` makes of a history: samples at the times that a store shall have them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Literal

import numpy as np

from wolfpack.rules.openmetrics import END, header, series_lines, stamps
from wolfpack.rules.stepped import step as stepped
from wolfpack.spec import WolfpackError, parse_duration

Points = Sequence[tuple[float, float | None]]
Series = tuple[Mapping[str, str], Points]
_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")


@dataclass(frozen=True)
class Span:
    """Times in epoch seconds; `step` is 0 where points stand at the times of their own."""

    start: float
    end: float
    step: float = 0.0


def span(history: Literal["event", "exposed"], start: str | None, end: str | None, step: str) -> Span:
    """Read the options.

    Raises
    ------
    WolfpackError
        If one is wrong, or what was shown is asked for without a start.
    """
    last = datetime.now(UTC).timestamp() if end is None else _seconds("--end", end)
    if history == "event":
        return Span(0.0 if start is None else _seconds("--start", start), last)
    if start is None:
        raise WolfpackError(
            "--as exposed samples what was shown every --step: say from when on, with --start 2024-05-01"
        )
    try:
        every = parse_duration(step).total_seconds()
    except ValueError as error:
        raise WolfpackError(f"--step: {error}") from error
    return Span(_seconds("--start", start), last, every)


def extra_labels(texts: Iterable[str]) -> dict[str, str]:
    """Read ``NAME=VALUE``."""
    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not _NAME.fullmatch(name) or name.startswith("__"):
            raise WolfpackError(f"--label {text!r}: write NAME=VALUE, as in --label history=event")
        found[name] = value
    return found


def series(found: Iterable[Series], its: Span, labels: Mapping[str, str]) -> Iterator[Series]:
    """Yield series with the labels given, as they are or sampled as scrapes would have; None: it ended."""
    grid = np.arange(its.start, its.end + its.step / 2, its.step) if its.step else np.empty(0)
    for own, points in found:
        at = _scraped(points, grid) if its.step else points
        if at:
            yield {**labels, **own}, at


def write(out: Path, found: Iterable[Series]) -> int:
    """Write series as OpenMetrics, families one after another, and return the number of samples."""
    count = 0
    with out.open("w", encoding="utf-8") as file:
        for family, its in groupby(found, key=lambda one: one[0]["__name__"]):
            file.write(header(family))
            for labels, points in its:
                kept = [(at, value) for at, value in points if value is not None]
                values = np.array([value for _, value in kept], dtype=float)
                named = {name: value for name, value in labels.items() if name != "__name__"}
                file.writelines(series_lines(family, named, values, stamps(at for at, _ in kept)))
                count += len(kept)
        file.write(END)
    return count


def _scraped(
    points: Points, grid: np.ndarray[tuple[int], np.dtype[np.float64]]
) -> list[tuple[float, float | None]]:
    """Return what scrapes at the times of a grid would have seen, and None at the first that saw it no more."""
    values = stepped(points, grid)
    seen = ~np.isnan(values)
    ended = ~seen & np.concatenate(([False], seen[:-1])) if len(seen) else seen
    return [
        (float(grid[place]), None if ended[place] else float(values[place]))
        for place in np.flatnonzero(seen | ended)
    ]


def _seconds(option: str, text: str) -> float:
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise WolfpackError(
            f"{option} {text!r}: {error}; write a date or time as 2024-05-01T06:00:00Z"
        ) from error
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
