"""Quality over a window of predictions whose labels came: counts in, samples out."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection, select

from wolfpack.exporter.panes import Shadow
from wolfpack.exporter.sample import Sample, sample
from wolfpack.exporter.schema import labels, predictions
from wolfpack.spec import Spec, names
from wolfpack.stats import ScoreCounts

ALL = ("", "")
Cell = tuple[str, tuple[str, str]]
"""Version ("": all) and segment with its value."""


@dataclass(frozen=True)
class Joined:
    """Predictions with their labels; arrays of one length."""

    versions: list[str]
    starts: list[int]
    scores: np.ndarray
    labels: np.ndarray
    segments: list[str]


def joined(connection: Connection, model: int, first: int, end: int) -> Joined:
    """Read the predictions of panes first <= start < end whose label came."""
    p, known = predictions.c, labels.c
    rows = connection.execute(
        select(p.version, p.score, known.label, p.segments, p.start)
        .join(labels, (known.model_id == p.model_id) & (known.key == p.key))
        .where(p.model_id == model, p.start >= first, p.start < end, p.score.is_not(None))
    ).all()
    return Joined(
        [row[0] for row in rows],
        [row[4] for row in rows],
        np.array([row[1] for row in rows], dtype=float),
        np.array([row[2] for row in rows], dtype=float),
        [row[3] for row in rows],
    )


def counts(rows: Joined, shadow: Shadow) -> dict[Cell, ScoreCounts]:
    """Count scores and labels for all rows that are no shadow's, each version and each segment value."""
    versions = np.array(rows.versions, dtype=object)
    segments = np.array(rows.segments, dtype=object)
    places = list(zip(rows.versions, rows.starts, strict=True))
    shadows = {place for place in set(places) if shadow(*place)}
    whole = np.array([place not in shadows for place in places], dtype=bool)
    masks: dict[Cell, np.ndarray] = {("", ALL): whole}
    live = sorted(set(rows.versions))
    if len(live) > 1:
        masks |= {(version, ALL): versions == version for version in live}
    for text in sorted(set(rows.segments)):
        for name, value in json.loads(text).items():
            cell = ("", (name, value))
            masks[cell] = masks.get(cell, np.zeros_like(whole)) | (whole & (segments == text))
    return {
        cell: ScoreCounts.from_arrays(rows.scores[mask], rows.labels[mask]) for cell, mask in masks.items()
    }


def quality_samples(
    spec: Spec, cells: dict[Cell, ScoreCounts], end: int, baselines: dict[tuple[str, Cell], float]
) -> list[Sample]:
    """Compute the quality families; `baselines` holds, by metric name and cell, what a drop is measured from."""
    found: list[Sample] = []
    for (version, (segment, value)), state in cells.items():
        cell = (version, (segment, value))
        where = {
            "project": spec.project,
            "model": spec.model,
            "version": version,
            "segment": segment,
            "segment_value": value,
        }
        for family, number in (
            (names.ROC_AUC, state.roc_auc()),
            (names.ROC_AUC_STDERR, state.roc_auc_stderr()),
            (names.ROC_AUC_BASELINE, baselines.get((names.ROC_AUC.name, cell))),
            (names.BRIER, state.brier()),
            (names.BRIER_BASELINE, baselines.get((names.BRIER.name, cell))),
        ):
            found += sample(family, number, end, **where)
    return found


def reference_baselines(scores: ScoreCounts, cells: Iterable[Cell]) -> dict[tuple[str, Cell], float]:
    """Return the reference's quality as the baseline of all rows, whatever the version."""
    found: dict[tuple[str, Cell], float] = {}
    for metric, value in ((names.ROC_AUC.name, scores.roc_auc()), (names.BRIER.name, scores.brier())):
        if value is not None:
            found |= {(metric, cell): value for cell in cells if cell[1] == ALL}
    return found
