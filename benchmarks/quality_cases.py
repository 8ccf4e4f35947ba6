"""Scores with labels for the benchmark of quality: shapes that are awkward to count, and data sets to estimate on."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wolfpack import flights
from wolfpack.flights import models
from wolfpack.stats import Confusion, Estimate, ScoreCounts, binary_rates

THRESHOLD = 0.5

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]


@dataclass(frozen=True)
class Scored:
    """Scores with labels 0 and 1, both of shape (n,)."""

    name: str
    scores: Floats
    labels: Labels


def measure_quality(case: Scored) -> dict[str, Estimate]:
    """Return all measures of scores with labels, through the states."""
    decided = Confusion.at_threshold(case.scores, case.labels, THRESHOLD).cells_of("1")
    return ScoreCounts.from_arrays(case.scores, case.labels).measures() | binary_rates(*decided)


def shapes(rows: int, share: float) -> Iterator[Scored]:
    """Yield scores of one quality in several shapes, of whose rows so large a share is positive."""
    draw = np.random.default_rng(7)
    labels = (draw.random(rows) < share).astype(np.int64)
    odds = draw.normal(labels * 2 - 1, 1) + math.log(share / (1 - share))
    chances = 1 / (1 + np.exp(-odds))
    low, high = np.quantile(chances, [0.3, 0.95])
    for name, scores in {
        "chances": chances,
        "too sure": 1 / (1 + np.exp(-4 * odds - 5)),
        "margins": odds,
        "in a narrow range": 0.5 + 1e-4 * chances,
        "over many magnitudes": np.exp(4 * odds),
        "clipped at both ends": np.clip(chances, low, high),
        "50,000 distinct scores": np.round(chances * 49_999) / 49_999,
        "100 distinct scores": np.round(chances, 2),
        "constant": np.full(rows, 0.3),
    }.items():
        yield Scored(name, scores, labels)


@dataclass(frozen=True)
class Episode:
    """A reference with labels, and rows after it whose labels come later; estimated in so many equal chunks."""

    name: str
    reference: Scored
    analysis: Scored
    chunks: int


def episodes(rows: int) -> Iterator[Episode]:
    """Yield data sets for estimates: two models on twice so many real flights, three made of so many rows a side."""
    frame = flights.load().dropna(subset=[flights.LABEL])
    month = frame[flights.TIME].dt.month
    known, later = frame[month.isin([8, 9])].head(2 * rows), frame[month >= 10].head(2 * rows)
    for version in models.VERSIONS:
        model = models.train(version, frame)
        sides = [
            Scored("flights", models.score(model, side), side[flights.LABEL].to_numpy(np.int64))
            for side in (known, later)
        ]
        yield Episode(f"flights, model {version}", sides[0], sides[1], 10)
    yield Episode("chances, easier rows", _made(1, rows), _made(2, rows, centre=-0.5, width=2.0), 10)
    yield Episode("too sure a score", _made(3, rows, sharp=2.5), _made(4, rows, sharp=2.5, centre=0.5), 10)
    yield Episode("one positive in forty", _made(5, rows, centre=-5.0), _made(6, rows, centre=-4.5), 10)


def _made(seed: int, rows: int, centre: float = 0.0, width: float = 1.5, sharp: float = 1.0) -> Scored:
    draw = np.random.default_rng(seed)
    odds = draw.normal(centre, width, rows)
    labels = (draw.random(rows) < 1 / (1 + np.exp(-odds))).astype(np.int64)
    return Scored("made", 1 / (1 + np.exp(-sharp * odds)), labels)
