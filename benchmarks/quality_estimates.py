"""How far the quality that is expected without labels is from NannyML's, and from what labels then say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.quality_cases import THRESHOLD, Episode, Scored, measure_quality
from wolfpack.stats import Estimate, OpenScores, ScoreCounts, estimate_quality, learn_calibrator

NEAR = 0.01
"""How far from NannyML's an estimate may be."""
HEADER = (
    "data",
    "rows of a chunk",
    "from NannyML at most",
    "where",
    "standard error there",
    "from labels on average",
    "NannyML",
    "asked",
    "reached",
)


def write_episodes(given: Sequence[Episode], folder: Path) -> list[Path]:
    """Write each for `peer_quality` to read."""
    files = [folder / f"episode-{place}.npz" for place in range(len(given))]
    for file, episode in zip(files, given, strict=True):
        np.savez(
            file,
            reference=episode.reference.scores,
            reference_labels=episode.reference.labels,
            analysis=episode.analysis.scores,
            analysis_labels=episode.analysis.labels,
            chunks=episode.chunks,
        )
    return files


def estimate_chunks(episode: Episode) -> list[dict[str, Estimate]]:
    """Return the quality to expect of each chunk."""
    calibrator = learn_calibrator(ScoreCounts.from_arrays(episode.reference.scores, episode.reference.labels))
    assert calibrator is not None
    scores = [OpenScores.from_array(chunk.scores) for chunk in _chunks(episode)]
    return [estimate_quality(one, calibrator, THRESHOLD) for one in scores]


def compare_episode(episode: Episode, said: dict[str, list[float]] | None) -> tuple[str, ...]:
    """Return the row of a data set; `said` are NannyML's estimates of its chunks by measure, None if it did not run."""
    found, realised = estimate_chunks(episode), [measure_quality(chunk) for chunk in _chunks(episode)]
    size = f"{len(next(_chunks(episode)).scores):,}"
    names = set.intersection(*map(set, found), *map(set, realised)) - {"brier", "log_loss"}
    mine, truth = (
        {name: np.array([one[name].value for one in side]) for name in names} for side in (found, realised)
    )
    missed = _mean_apart(mine, truth)
    if said is None:
        return (episode.name, size, "-", "-", "-", missed, "-", f"{NEAR:g}", "-")
    other = {name: np.array(said["average_precision" if name == "pr_auc" else name]) for name in names}
    apart = {name: np.abs(mine[name] - other[name]) for name in names}
    worst = max(apart, key=lambda name: float(apart[name].max()))
    chunk, most = int(apart[worst].argmax()), float(apart[worst].max())
    deviation = f"{found[chunk][worst].stderr:.3f}"
    reached = "yes" if most <= NEAR else "no"
    there = (f"{most:.5f}", worst, deviation)
    return (episode.name, size, *there, missed, _mean_apart(other, truth), f"{NEAR:g}", reached)


def _chunks(episode: Episode) -> Iterator[Scored]:
    scores, labels = episode.analysis.scores, episode.analysis.labels
    size = -(-len(scores) // episode.chunks)
    for start in range(0, len(scores), size):
        yield Scored(episode.name, scores[start : start + size], labels[start : start + size])


def _mean_apart(one: dict[str, Any], two: dict[str, Any]) -> str:
    return f"{np.mean([np.abs(one[name] - two[name]).mean() for name in one]):.4f}"
