"""A benchmark's table in markdown, with times that say how they vary."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

CLOCK = "WOLFPACK_BENCH_CLOCK"
"""Environment variable, for children too: `cpu` measures processor time, which on one core of an idle machine is
the wall's and on a busy one leaves out what others took."""

HEADER = ("what", "ours", "peer", "ratio", "at least", "aim", "reached")
Row = tuple[str, str, str, str, str, str, str]


def now() -> float:
    """Return seconds on the chosen clock."""
    return time.process_time() if os.environ.get(CLOCK) == "cpu" else time.perf_counter()


@dataclass(frozen=True)
class Times:
    """Seconds of several runs of one thing, at least one."""

    seconds: tuple[float, ...]

    @property
    def middle(self) -> float:
        return median(self.seconds)

    def __str__(self) -> str:
        scale, unit = (1, "s") if self.middle >= 1 else (1000, "ms")
        return f"{self.middle * scale:.3g} {unit} (min {min(self.seconds) * scale:.3g})"


def measure(run: Callable[[], object], repeats: int) -> Times:
    """Return how long each of so many runs took, after one that is not counted."""
    run()
    seconds = []
    for _ in range(repeats):
        start = now()
        run()
        seconds.append(now() - start)
    return Times(tuple(seconds))


def reached(value: float, least: float, aim: float, more_is_better: bool = False) -> str:
    """Return which of the two limits a value keeps."""
    if more_is_better:
        value, least, aim = -value, -least, -aim
    return "aim" if value <= aim else "least" if value <= least else "no"


def faster_row(what: str, ours: Times, peer: Times | None, least: float, aim: float) -> Row:
    asked = f"{least:g} times faster", f"{aim:g}"
    if peer is None:
        return (what, str(ours), "-", "-", *asked, "-")
    ratio = peer.middle / ours.middle
    return (what, str(ours), str(peer), f"{ratio:.0f}", *asked, reached(ratio, least, aim, True))


def limit_row(what: str, ours: Times, least: float, aim: float | None) -> Row:
    """Return a row with limits in seconds."""
    texts = [
        "-" if one is None else f"{one:g} s" if one >= 1 else f"{one * 1000:g} ms" for one in (least, aim)
    ]
    verdict = reached(ours.middle, least, -1.0 if aim is None else aim)
    return (what, str(ours), "-", "-", texts[0], texts[1], verdict)


def markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a markdown table with columns of even width."""
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    lines = [[cell.ljust(width) for cell, width in zip(row, widths, strict=True)] for row in (header, *rows)]
    lines.insert(1, ["-" * width for width in widths])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
