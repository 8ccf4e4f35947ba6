"""Quality of some rows by segment, mergeable: what a pane keeps of its predictions once they are joined with labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from wolfpack.spec.errors import ProfileFormatError
from wolfpack.spec.plan import Plan
from wolfpack.stats.class_scores import ClassScores
from wolfpack.stats.confusion import Confusion
from wolfpack.stats.item_counts import ItemCounts
from wolfpack.stats.judged import Judged, JudgedClasses, JudgedLists, JudgedNumbers, JudgedScores, complete
from wolfpack.stats.open_scores import OpenScores
from wolfpack.stats.packing import pack_parts, require, unpack_parts
from wolfpack.stats.pairs import check_shapes, codes
from wolfpack.stats.ranking import rank_lists
from wolfpack.stats.regions import Regions
from wolfpack.stats.regression import RegressionErrors
from wolfpack.stats.score_counts import ScoreCounts
from wolfpack.stats.segment_parts import merge_cells, read_segments, said_segments

FORMAT = "wolfpack.quality/1"
ALL = ("", "")
"""The segment of all rows."""
Segment = tuple[str, str]
Task = Literal["binary", "multiclass", "regression", "ranking"]
STATES: dict[str, type[JudgedScores | JudgedClasses | JudgedNumbers | JudgedLists]] = {
    "binary": JudgedScores,
    "multiclass": JudgedClasses,
    "regression": JudgedNumbers,
    "ranking": JudgedLists,
}
ON_BINS = ("binary", "regression")
"""Tasks whose regions of the prediction are the bins of the plan."""


def region_edges(task: str, plan: Plan, column: str) -> tuple[float, ...]:
    """Return the edges of the regions of a prediction: the plan's of its column, none for tasks without."""
    found = plan.columns.get(column)
    return found.edges if found is not None and task in ON_BINS else ()


Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Judging:
    """How rows of a model are judged.

    Parameters
    ----------
    threshold : binary: score from which on a prediction is positive.
    classes : multiclass: names of the columns of chances; none: the model says the class only.
    edges : binary, regression: of the regions of the prediction that concept drift looks at, ascending; none: ten
        tenths of a score, and of a number no regions.
    k : ranking: places that count.
    """

    task: Task = "binary"
    threshold: float = 0.5
    classes: tuple[str, ...] = ()
    edges: tuple[float, ...] = ()
    k: int = 10

    def judge(self, predictions: Any, labels: Any, *, chances: Any = None, lists: Any = None) -> Judged:
        """Return the counts of rows; a row without a label is counted as one that waits.

        Parameters
        ----------
        predictions : shape (n,): scores, numbers, or of the task multiclass classes by name.
        labels : shape (n,): 0 and 1, numbers, classes or relevance; NaN or None where not known yet.
        chances : multiclass with `classes`: shape (n, len(classes)).
        lists : ranking: which list each row belongs to; a list counts once every row of it has a label.

        Raises
        ------
        ValueError
            If shapes differ, or a value is none that the task can have.
        """
        if self.task == "multiclass":
            return self._classes(predictions, labels, chances)
        x, y = np.asarray(predictions, np.float64), np.asarray(labels, np.float64)
        check_shapes(["predictions", "labels"], [x.shape, y.shape])
        known = ~np.isnan(x) & ~np.isnan(y)
        if self.task == "binary":
            return JudgedScores(
                ScoreCounts.from_arrays(x[known], y[known]),
                Confusion.at_threshold(x[known], y[known], self.threshold),
                OpenScores.from_array(x[~known]),
            )
        if self.task == "regression":
            errors = RegressionErrors.from_arrays(x[known], y[known])
            return JudgedNumbers(errors, Regions.from_arrays(x[known], y[known], self.edges), int((~known).sum()))
        who, _ = codes(lists)
        check_shapes(["predictions", "lists"], [x.shape, who.shape])
        known = complete(who, np.where(known, y, np.nan)) & (who >= 0)
        found = rank_lists(who[known], x[known], y[known], self.k)
        return JudgedLists(found, int(known.sum()), int((~known).sum()))

    def _classes(self, predictions: Any, labels: Any, chances: Any) -> JudgedClasses:
        (place, said), (true, named) = codes(predictions), codes(labels)
        check_shapes(["predictions", "labels"], [place.shape, true.shape])
        words, truth = np.array([*said, None], object)[place], np.array([*named, None], object)[true]
        known = (place >= 0) & (true >= 0)
        given = None
        if self.classes:
            x = np.asarray(chances, np.float64)
            if x.shape != (len(place), len(self.classes)):
                raise ValueError(
                    f"chances have the shape {x.shape}; give {len(place)} rows of {len(self.classes)} classes"
                )
            given = ClassScores.from_arrays(x[known], truth[known], self.classes)
        confusion = Confusion.from_arrays(words[known], truth[known])
        return JudgedClasses(confusion, given, ItemCounts.from_array(words[~known]))

    def empty(self) -> Judged:
        """Return the counts of no rows: the identity of merge."""
        none = np.empty(0)
        return self.judge(none, none, chances=np.empty((0, len(self.classes))), lists=np.empty(0, np.int64))


@dataclass(frozen=True, eq=False)
class QualityCounts:
    """The states of all rows and of each value of each segment column.

    Parameters
    ----------
    task : of the model.
    cells : by segment column and value; ``("", "")`` is all rows and is always there.
    """

    task: Task
    cells: Mapping[Segment, Judged]

    @classmethod
    def of(
        cls, judging: Judging, predictions: Any, labels: Any, *,
        segments: Mapping[str, Any] | None = None, chances: Any = None, lists: Any = None,
    ) -> QualityCounts:  # fmt: skip
        """Return the counts of rows, by each column of `segments`; the others as in `Judging.judge`.

        Examples
        --------
        >>> origin = ["JFK", "LGA", "JFK"]
        >>> found = QualityCounts.of(Judging(), [0.9, 0.2, 0.4], [1, 0, None], segments={"origin": origin})
        >>> found.whole.labelled, found.cells["origin", "JFK"].predictions
        (2, 2)
        """
        given: list[Any] = [as_array(one) for one in (predictions, labels, chances, lists)]
        rows = len(given[0])
        cells = {ALL: judging.judge(given[0], given[1], chances=given[2], lists=given[3])}
        for name, values in (segments or {}).items():
            place, said = codes(values)
            check_shapes(["predictions", name], [(rows,), place.shape])
            for at, value in enumerate(said):
                x, y, its, who = (None if one is None else one[place == at] for one in given)
                cells[name, value] = judging.judge(x, y, chances=its, lists=who)
        return cls(judging.task, cells)

    @property
    def whole(self) -> Judged:
        """The state of all rows."""
        return self.cells[ALL]

    @property
    def counted(self) -> str:
        """How rows were counted; counts merge if it is equal."""
        return f"{self.task}: {self.whole.counted}"

    def merge(self, *others: QualityCounts) -> QualityCounts:
        """Return the counts of all rows, as if they had been given at once.

        Raises
        ------
        ValueError
            If rows were counted in another way.
        """
        parts = (self, *others)
        for other in others:
            if other.counted != self.counted:
                raise ValueError(
                    f"counts of {self.counted} and of {other.counted} cannot be added; count both alike"
                )
        return QualityCounts(self.task, merge_cells([part.cells for part in parts]))

    def to_bytes(self) -> bytes:
        """Return the counts as an Arrow IPC stream with zstd."""
        parts = [one.to_bytes() for one in self.cells.values()]
        return pack_parts(FORMAT, parts, task=self.task, segments=said_segments(self.cells))

    @classmethod
    def from_bytes(cls, data: bytes) -> QualityCounts:
        """Read what `to_bytes` wrote.

        Raises
        ------
        ProfileFormatError
            If the bytes are no such counts, or of another version, or contradict themselves.
        """
        parts, said = unpack_parts(data, FORMAT, "quality counts", task=str, segments=list)
        task = said["task"]
        require("quality counts", {f"task is one of {', '.join(STATES)}": task in STATES})
        segments = read_segments("quality counts", said["segments"], len(parts))
        cells = {one: STATES[task].from_bytes(part) for one, part in zip(segments, parts, strict=True)}
        if len({one.counted for one in cells.values()}) > 1:
            raise ProfileFormatError("quality counts: its segments were counted in different ways; count all alike")
        return cls(task, cells)


def as_array(values: Any) -> Any:
    """Return a column as an array: of Arrow, pandas and Polars, of NumPy, or of a list; None as None."""
    if values is None or isinstance(values, np.ndarray):
        return values
    if hasattr(values, "to_numpy"):  # of Arrow, pandas and Polars
        return np.array(values.to_pylist() if hasattr(values, "to_pylist") else values.to_numpy())
    found = list(values)
    return np.array(found, object) if any(isinstance(one, str) for one in found) else np.array(found, np.float64)
