"""What labels were where the model predicted what: by region of the prediction, mergeable.

The one state behind calibration (`calibration.py`), error by region and concept drift (`concept.py`), of chances and
of numbers alike.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike, NDArray

from wolfpack.stats.packing import pack, require, unpack
from wolfpack.stats.pairs import known_rows
from wolfpack.stats.score_counts import ScoreCounts
from wolfpack.stats.spread import Spread

Floats = NDArray[np.float64]

FORMAT = "wolfpack.regions/1"
TENTHS = tuple(i / 10 for i in range(1, 10))
"""Edges of ten regions of a chance, as wide as each other."""
_SCHEMA = pa.schema(
    [
        ("rows", pa.int64()),
        ("label_mean", pa.float64()),
        ("label_squares", pa.float64()),
        ("error_mean", pa.float64()),
        ("error_squares", pa.float64()),
    ]
)


@dataclass(frozen=True, eq=False)
class Regions:
    """Labels and errors by region of the prediction.

    Parameters
    ----------
    edges : finite, ascending, shape (k - 1,); region i holds edges[i - 1] <= prediction < edges[i], as the bins
        of a plan do.
    labels, errors : spread of the labels, and of prediction - label, in each of the k regions.
    missing : rows left out for want of a prediction or a label.
    """

    edges: Floats
    labels: Spread
    errors: Spread
    missing: int = 0

    @classmethod
    def from_arrays(cls, predictions: ArrayLike, labels: ArrayLike, edges: ArrayLike = TENTHS) -> Regions:
        """Return the spread by region; a row without a prediction or without a label is left out and counted.

        Parameters
        ----------
        predictions, labels : shape (n,), finite numbers; labels of a chance are 0 and 1.
        edges : the bins of the plan, or ten regions of a chance.

        Raises
        ------
        ValueError
            If the shapes differ, a number is infinite, or edges are not finite and ascending.

        Examples
        --------
        >>> Regions.from_arrays([0.1, 0.2, 0.9], [0, 1, 1], [0.5]).labels.means.tolist()
        [0.5, 1.0]
        """
        bounds = _check_edges(edges)
        (x, y), missing = known_rows(predictions=predictions, labels=labels)
        places, k = np.searchsorted(bounds, x, "right"), len(bounds) + 1
        return cls(bounds, Spread.grouped(y, places, k), Spread.grouped(x - y, places, k), missing)

    @classmethod
    def empty(cls, edges: ArrayLike = TENTHS) -> Regions:
        """Return the regions without rows: the identity of merge on these edges."""
        return cls.from_arrays([], [], edges)

    def merge(self, *others: Regions) -> Regions:
        """Return the spread of all rows, as if they had been given at once, up to rounding.

        Raises
        ------
        ValueError
            If edges differ.
        """
        for other in others:
            if not np.array_equal(self.edges, other.edges):
                raise ValueError(
                    f"regions with the edges {_shown(self.edges)} and {_shown(other.edges)} cannot be added; "
                    "count both on the bins of one plan"
                )
        return Regions(
            self.edges,
            self.labels.merge(*(other.labels for other in others)),
            self.errors.merge(*(other.errors for other in others)),
            self.missing + sum(other.missing for other in others),
        )

    @property
    def rows(self) -> int:
        return int(self.labels.rows.sum())

    def equals(self, other: Regions) -> bool:
        """Tell whether both agree in edges and counts, and in the rest up to rounding."""
        return (
            np.array_equal(self.edges, other.edges)
            and self.missing == other.missing
            and self.labels.equals(other.labels)
            and self.errors.equals(other.errors)
        )

    def to_bytes(self) -> bytes:
        """Return the sums as an Arrow IPC stream with zstd."""
        label, error = self.labels, self.errors
        columns = [label.rows, label.means, label.squares, error.means, error.squares]
        return pack(FORMAT, _SCHEMA, columns, edges=self.edges.tolist(), missing=self.missing)

    @classmethod
    def from_bytes(cls, data: bytes) -> Regions:
        """Read what `to_bytes` wrote.

        Raises
        ------
        ProfileFormatError
            If the bytes are no such sums, or of another version, or contradict themselves.
        """
        table, said = unpack(data, FORMAT, _SCHEMA, "regions", edges=list, missing=int)
        rows, *rest = (table[name].to_numpy() for name in _SCHEMA.names)
        require("regions", {"edges are numbers": all(type(edge) in (int, float) for edge in said["edges"])})
        edges = np.array(said["edges"], np.float64)
        labels, errors = Spread(rows, rest[0], rest[1]), Spread(rows, rest[2], rest[3])
        require(
            "regions",
            {
                "edges are finite and ascending": bool(
                    np.isfinite(edges).all() and (np.diff(edges) > 0).all()
                ),
                "there is one region more than edges": len(rows) == len(edges) + 1,
                "sums are those of rows": labels.sound() and errors.sound(),
                "missing is at least 0": said["missing"] >= 0,
            },
        )
        return cls(edges, labels, errors, said["missing"])


def _check_edges(edges: ArrayLike) -> Floats:
    bounds = np.asarray(edges, np.float64)
    if bounds.ndim != 1 or not np.isfinite(bounds).all() or not (np.diff(bounds) > 0).all():
        raise ValueError(f"edges: {_shown(bounds)} are not finite and ascending; give those of a plan's bins")
    return bounds


def _shown(edges: Floats) -> str:
    text = ", ".join(f"{edge:g}" for edge in edges.ravel()[:5].tolist())
    return f"[{text}{', …' if edges.size > 5 else ''}]"


def regions_of(scores: ScoreCounts, edges: ArrayLike = TENTHS) -> Regions:
    """Return the regions of the pairs of `scores`: exact where scores are not rounded, else to their cells' middles.

    Raises
    ------
    ValueError
        If edges are not finite and ascending.
    """
    bounds = _check_edges(edges)
    x = (scores.scores + scores.highest) / 2
    yes, no = scores.positives_at, scores.negatives_at
    places, k = np.searchsorted(bounds, x, "right"), len(bounds) + 1
    rows = np.bincount(places, yes + no, k).astype(np.int64)
    safe = np.maximum(rows, 1)
    share = np.bincount(places, yes, k) / safe
    error = np.bincount(places, (x - 1) * yes + x * no, k) / safe
    apart = np.bincount(places, yes * np.square(x - 1 - error[places]) + no * np.square(x - error[places]), k)
    labels = Spread(rows, share, np.asarray(rows * share * (1 - share)))
    return Regions(bounds, labels, Spread(rows, error, np.asarray(apart)), scores.missing)
