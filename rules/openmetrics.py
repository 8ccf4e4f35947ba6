"""Samples with their times as OpenMetrics text, as `promtool tsdb create-blocks-from openmetrics` reads it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import IO, Any

import numpy as np

from wolfpack.rules.judge import History, Values
from wolfpack.rules.promql import quoted

END = "# EOF\n"


def write_openmetrics(file: IO[str], histories: Iterable[History], times: Values) -> int:
    """Write samples at common times, family by family; return how many series were written."""
    families: dict[str, list[tuple[Mapping[str, str], Values]]] = {}
    for history in histories:
        for name, series in history.items():
            families.setdefault(name, []).extend(series)
    texts = stamps(times.tolist())
    for name, lines in sorted(families.items()):
        file.write(header(name))
        for labels, values in lines:
            file.writelines(series_lines(name, labels, values, texts))
    file.write(END)
    return sum(int(not np.isnan(values).all()) for lines in families.values() for _, values in lines)


def header(name: str) -> str:
    """Return what stands before the samples of a family, which are all gauges."""
    return f"# TYPE {name} gauge\n"


def series_lines(
    name: str, labels: Mapping[str, Any], values: Values, stamps: Sequence[str]
) -> Iterator[str]:
    """Yield the samples of one series, a text for each run of equal values; NaN is no sample.

    Parameters
    ----------
    values, stamps : of the same length; in order of time.
    """
    series = f"{name}{{" + ",".join(f"{label}={quoted(value)}" for label, value in labels.items()) + "}"
    changes = np.flatnonzero(values[1:] != values[:-1]) + 1
    ends = [*changes.tolist(), len(values)]
    for first, end in zip([0, *ends[:-1]], ends, strict=True):
        value = float(values[first])
        if value == value:
            start = f"{series} {value!r} "
            yield start + f"\n{start}".join(stamps[first:end]) + "\n"


def stamps(times: Iterable[float]) -> list[str]:
    """Return times (epoch seconds) as they stand behind a value."""
    return [str(int(at)) if at == int(at) else f"{at:.3f}" for at in times]
