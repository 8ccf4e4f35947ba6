"""Waiting until panes are computed, as the step of a workflow does."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import numpy as np
import pytest
from detector_cases import NOW, Clock, Ledger, ledger
from test_sidecar import COLUMN_MEAN, DAY, FIRST, LABELS, MEAN, history, points, spec

from wolfpack.detectors import (
    ExporterSource,
    Memory,
    wait_for_panes,
    watches,
)
from wolfpack.spec import Spec, names


def waited(exporter, *specs: Spec, timeout: float = 30.0, at: str | None = None, after=None):
    """Return what is missing at the end, and how long was waited."""
    clock = Clock()

    def sleep(seconds: float) -> None:
        clock.now += seconds
        if after is not None:
            after(clock.now)

    missing = wait_for_panes(specs, Memory(ExporterSource(exporter), clock), timeout, at, clock, sleep)
    return missing, clock.now - NOW


def test_waiting_ends_when_the_pane_is_computed() -> None:
    exporter = ledger(history(80))
    daily = spec(MEAN)

    def compute(now: float) -> None:
        if now - NOW >= 10:
            exporter.series[COLUMN_MEAN.name] = [(LABELS, points(history(81)))]

    assert waited(exporter, daily, after=compute) == ([], 10.0)
    assert waited(exporter, daily) == ([], 0.0)


def test_waiting_gives_up_and_names_what_is_missing() -> None:
    missing, seconds = waited(ledger(history(80)), spec(MEAN), timeout=5.0)

    assert seconds == 5.0
    assert len(missing) == 1
    assert f"no window that ends at {FIRST + 81 * DAY:.0f} or later" in missing[0]
    assert COLUMN_MEAN.name in missing[0]


def test_a_named_day_is_awaited_even_of_a_watch_without_history() -> None:
    named = datetime.fromtimestamp(FIRST + 79 * DAY, UTC).date().isoformat()

    assert waited(ledger(history(80)), spec(MEAN), at=named) == ([], 0.0)
    assert waited(Ledger(), spec(MEAN)) == ([], 0.0)
    assert len(waited(Ledger(), spec(MEAN), at=named)[0]) == 1
    with pytest.raises(ValueError, match="is no date"):
        waited(Ledger(), spec(MEAN), at="tomorrow")


def test_quality_is_awaited_when_its_labels_are_mature() -> None:
    quality = {k: v for k, v in LABELS.items() if k not in ("role", "column")}
    exporter = Ledger(**{names.ROC_AUC.name: [(quality, points(np.full(79, 0.8)))]})
    label = {
        "prediction": {"column": "score"},
        "label": {"column": "late", "key": "id", "matures_after": "2d"},
    }
    entry = {"metric": names.ROC_AUC.name}

    assert waited(exporter, spec(entry, **label)) == ([], 0.0)
    assert len(waited(exporter, spec(entry, **label | {"label": {"column": "late", "key": "id"}}))[0]) == 1


def test_a_series_that_grows_beyond_what_is_kept_keeps_its_newest_points(monkeypatch) -> None:
    monkeypatch.setattr("wolfpack.detectors.memory.MOST_POINTS", 60)
    exporter = ledger()
    memory = Memory(ExporterSource(exporter), Clock())
    (watched,) = watches(spec(MEAN))
    (track,) = memory.tracks(watched)

    assert len(track.times) == 60
    assert track.newest == FIRST + 80 * DAY
    assert not math.isnan(track.values[-1])
