"""`wolfpack backtest --detector`: what the detectors of specs would have told, over the history."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wolfpack.cli.text_table import text_table
from wolfpack.spec import Spec, WolfpackError

if TYPE_CHECKING:
    from wolfpack.client import HttpTransport
    from wolfpack.detectors.past import PastEpisode, PastSeries


def detector_backtest(
    specs: Sequence[Spec], transport: HttpTransport, start: str | None, end: str | None, form: str,
    pictures: Path | None,
) -> int:  # fmt: skip
    """Print the episodes of the specs' detectors, and draw the series that have one.

    Parameters
    ----------
    start, end : dates or times, a naive one in a spec's zone; None: the whole history.

    Returns
    -------
    int
        Exit status: 1 if there is an episode.

    Raises
    ------
    WolfpackError
        If the exporter cannot answer, a series cannot be judged, or pictures cannot be drawn.
    """
    from wolfpack import detectors
    from wolfpack.detectors.past import look_back

    memory = detectors.Memory(detectors.ExporterSource(transport))
    found: list[PastEpisode] = []
    series = points = 0
    try:
        for spec, one in ((its, past) for its in specs for past in look_back(its, memory)):
            alarms = list(one.episodes(_at(spec, start, -inf), _at(spec, end, inf)))
            found += alarms
            series, points = series + 1, points + int(one.found.detection.ready.sum())
            if alarms and pictures is not None:
                _draw(one, pictures)
    except ValueError as error:
        raise WolfpackError(str(error)) from error
    found.sort(key=lambda one: (one.began, sorted(one.labels.items())))
    said = f"{series} series, {points:,} points judged, {len(found)} episodes"
    click.echo(
        json.dumps([asdict(one) for one in found], indent=2) if form == "json" else _as_text(found, said)
    )
    return int(bool(found))


def _at(spec: Spec, day: str | None, otherwise: float) -> float:
    return otherwise if day is None else spec.calendar.day(day).timestamp()


def _as_text(found: Sequence[PastEpisode], said: str) -> str:
    if not found:
        return said
    rows = [("began (UTC)", "alarms", "score", "value", "expected", "series", "why"), *map(_row, found)]
    return f"{said}\n\n{text_table(rows, numbers=[1, 2, 3, 4])}"


def _row(one: PastEpisode) -> tuple[str, ...]:
    began = datetime.fromtimestamp(one.began, UTC).strftime("%Y-%m-%d %H:%M")
    numbers = (str(one.alarms), f"{one.score:.1f}", f"{one.value:.4g}", f"{one.expected:.4g}")
    return began, *numbers, _name(one.labels), one.words.partition(" was expected: ")[2] or one.words


def _name(labels: dict[str, str]) -> str:
    hidden = ("metric", "detector")
    rest = ", ".join(f'{name}="{value}"' for name, value in labels.items() if value and name not in hidden)
    return f"{labels['metric']}{{{rest}}} by {labels['detector']}"


def _draw(one: PastSeries, folder: Path) -> None:
    from wolfpack.detectors.picture import draw

    folder.mkdir(parents=True, exist_ok=True)
    name = re.sub(r"[^A-Za-z0-9._]+", "-", _name(one.labels)).strip("-")[:180]
    draw(folder / f"{name}.png", _name(one.labels), one.times, one.values, one.found.detection)
