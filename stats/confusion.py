"""Counts of predicted classes against true ones, mergeable: all that accuracy, precision and recall need."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike, NDArray

from wolfpack.stats.packing import MOST_ROWS, pack, require, unpack
from wolfpack.stats.pairs import check_binary, check_shapes, codes, known_rows

Counts = NDArray[np.int64]

FORMAT = "wolfpack.confusion/1"
MOST_CLASSES = 1000
"""More make a table of millions of cells, most of them empty."""
POSITIVE, NEGATIVE = "1", "0"
"""Names of the classes of a binary label."""
_SCHEMA = pa.schema([("label", pa.string()), ("prediction", pa.string()), ("rows", pa.int64())])


@dataclass(frozen=True, eq=False)
class Confusion:
    """Rows by true and by predicted class.

    Parameters
    ----------
    classes : names in ascending order, each with at least one row or named at the start.
    counts : shape (k, k), rows by label and columns by prediction.
    threshold : score from which on a row is predicted positive; None if the model said the class.
    missing : rows left out for want of a prediction or a label.
    """

    classes: tuple[str, ...]
    counts: Counts
    threshold: float | None = None
    missing: int = 0

    @classmethod
    def from_arrays(cls, predictions: Any, labels: Any) -> Confusion:
        """Return the counts of classes; a row without a prediction or without a label is left out and counted.

        Parameters
        ----------
        predictions, labels : shape (n,), words, numbers or booleans; 1, 1.0, True and "1" are one class.

        Raises
        ------
        ValueError
            If the shapes differ, or there are more than 1,000 classes.

        Examples
        --------
        >>> Confusion.from_arrays(["a", "b", "b"], ["a", "a", "b"]).counts.tolist()
        [[1, 1], [0, 1]]
        """
        (predicted, said), (true, named) = codes(predictions), codes(labels)
        check_shapes(["predictions", "labels"], [predicted.shape, true.shape])
        known = (predicted >= 0) & (true >= 0)
        classes = tuple(
            sorted(
                {said[i] for i in np.unique(predicted[known])} | {named[i] for i in np.unique(true[known])}
            )
        )
        _check_number(classes)
        at = {name: place for place, name in enumerate(classes)}
        rows, columns = (
            np.array([at.get(name, -1) for name in names] or [0])[places[known]]
            for names, places in ((named, true), (said, predicted))
        )
        k = len(classes)
        counts = np.bincount(rows * k + columns, minlength=k * k).reshape(k, k)
        return cls(classes, counts, None, int((~known).sum()))

    @classmethod
    def at_threshold(cls, scores: ArrayLike, labels: ArrayLike, threshold: float) -> Confusion:
        """Return the counts of a binary score that says yes from a threshold on; classes "0" and "1".

        Raises
        ------
        ValueError
            If the shapes differ, a score is infinite, or a label is neither 0 nor 1.
        """
        (x, y), missing = known_rows(scores=scores, labels=labels)
        check_binary(y)
        cells = 2 * y.astype(np.int64) + (x >= threshold)
        counts = np.bincount(cells, minlength=4).reshape(2, 2)
        return cls((NEGATIVE, POSITIVE), counts, float(threshold), missing)

    @classmethod
    def empty(cls, threshold: float | None = None) -> Confusion:
        """Return the counts of no rows: the identity of merge with counts of this threshold."""
        return cls((), np.zeros((0, 0), np.int64), threshold)

    def merge(self, *others: Confusion) -> Confusion:
        """Return the counts of all rows, as if they had been given at once; classes are those of any part.

        Raises
        ------
        ValueError
            If thresholds differ, or there are more than 1,000 classes.
        """
        parts = (self, *others)
        thresholds = {part.threshold for part in parts}
        if len(thresholds) > 1:
            raise ValueError(
                f"confusions at the thresholds {' and '.join(sorted(map(str, thresholds)))} cannot be added; "
                "count both at one"
            )
        classes = tuple(sorted(set().union(*(part.classes for part in parts))))
        _check_number(classes)
        counts = np.zeros((len(classes), len(classes)), np.int64)
        for part in parts:
            at = np.searchsorted(classes, part.classes) if part.classes else np.empty(0, np.int64)
            counts[np.ix_(at, at)] += part.counts
        return Confusion(classes, counts, self.threshold, sum(part.missing for part in parts))

    @property
    def rows(self) -> int:
        return int(self.counts.sum())

    def cells_of(self, name: str) -> tuple[int, int, int, int]:
        """Return true positives, false positives, false negatives and true negatives of a class against the rest.

        A class that never occurred has rows of the last kind only.
        """
        if name not in self.classes:
            return 0, 0, 0, self.rows
        at = self.classes.index(name)
        true = int(self.counts[at, at])
        false, missed = int(self.counts[:, at].sum()) - true, int(self.counts[at].sum()) - true
        return true, false, missed, self.rows - true - false - missed

    def equals(self, other: Confusion) -> bool:
        """Tell whether both agree in every count."""
        return (self.classes, self.threshold, self.missing) == (
            other.classes,
            other.threshold,
            other.missing,
        ) and np.array_equal(self.counts, other.counts)

    def to_bytes(self) -> bytes:
        """Return the cells that have rows as an Arrow IPC stream with zstd."""
        rows, columns = np.nonzero(self.counts)
        names = np.array(self.classes, object)
        cells = [
            pa.array(names[rows], pa.string()),
            pa.array(names[columns], pa.string()),
            self.counts[rows, columns],
        ]
        return pack(
            FORMAT, _SCHEMA, cells, classes=list(self.classes), threshold=self.threshold, missing=self.missing
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> Confusion:
        """Read what `to_bytes` wrote.

        Raises
        ------
        ProfileFormatError
            If the bytes are no such counts, or of another version, or contradict themselves.
        """
        table, said = unpack(
            data, FORMAT, _SCHEMA, "confusion", classes=list, threshold=(int, float, type(None)), missing=int
        )
        classes, rows = said["classes"], table["rows"].to_numpy()
        cells = list(zip(table["label"].to_pylist(), table["prediction"].to_pylist(), strict=True))
        require("confusion", {"classes are names": all(isinstance(name, str) for name in classes)})
        faults = {
            f"there are at most {MOST_CLASSES} classes, in order": classes == sorted(set(classes))
            and len(classes) <= MOST_CLASSES,
            "each cell is there once, with known classes": len(set(cells)) == len(cells)
            and {name for cell in cells for name in cell} <= set(classes),
            f"counts are in the range 1<=x<={MOST_ROWS}": bool(((rows > 0) & (rows <= MOST_ROWS)).all()),
            "missing is at least 0": said["missing"] >= 0,
        }
        require("confusion", faults)
        counts = np.zeros((len(classes), len(classes)), np.int64)
        at = {name: place for place, name in enumerate(classes)}
        for (label, prediction), count in zip(cells, rows, strict=True):
            counts[at[label], at[prediction]] = count
        threshold = said["threshold"]
        return cls(tuple(classes), counts, None if threshold is None else float(threshold), said["missing"])


def _check_number(classes: tuple[str, ...]) -> None:
    if len(classes) > MOST_CLASSES:
        raise ValueError(
            f"{len(classes)} classes are more than {MOST_CLASSES}; are the labels classes? Join the rare ones first"
        )
