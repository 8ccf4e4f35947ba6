"""What is counted of predictions and labels, one state for each task: binary scores, classes, numbers, lists.

A state is of some rows: `predictions` of them, of which `labelled` have a label. States whose `counted` is equal
merge; what `counted` names is how rows were counted.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from wolfpack.stats.averages import Averages
from wolfpack.stats.calibration import expected_calibration_error
from wolfpack.stats.class_rates import binary_rates, rate_classes
from wolfpack.stats.class_scores import ClassScores
from wolfpack.stats.confusion import NEGATIVE, POSITIVE, Confusion
from wolfpack.stats.estimates import Estimate
from wolfpack.stats.item_counts import ItemCounts
from wolfpack.stats.open_scores import OpenScores
from wolfpack.stats.packing import MOST_ROWS, pack_parts, require, unpack_parts
from wolfpack.stats.regions import Regions, regions_of
from wolfpack.stats.regression import RegressionErrors
from wolfpack.stats.score_counts import ScoreCounts
from wolfpack.stats.score_grid import Gathered

Measures = dict[str, Estimate]


class Judged(Protocol):
    """What every state has."""

    @property
    def counted(self) -> str: ...
    @property
    def predictions(self) -> int: ...
    @property
    def labelled(self) -> int: ...
    def merge(self, *others: Self) -> Self: ...
    def measures(self) -> Measures:
        """Return the measures of the labelled rows by name, with standard errors; the undefined are left out."""
    def by_class(self) -> dict[str, Measures]:
        """Return measures by class; empty where there are no classes to tell apart."""
    def to_bytes(self) -> bytes: ...


@dataclass(frozen=True, eq=False)
class JudgedScores:
    """Scores with labels 0 and 1, decided at a threshold, and scores whose labels have not come."""

    scores: ScoreCounts
    decided: Confusion
    open: OpenScores
    FORM = "wolfpack.judged_scores/1"

    @property
    def counted(self) -> str:
        return f"a score, decided at {self.decided.threshold!r}"

    @property
    def predictions(self) -> int:
        return self.labelled + self.open.rows + self.open.missing

    @property
    def labelled(self) -> int:
        return self.scores.rows

    def selected(self, positive: str) -> tuple[int, int]:
        """Return how many of all rows are predicted positive, and how many have a prediction."""
        chosen = self.open.counts[self.open.scores >= (self.decided.threshold or 0.0)]
        tp, fp, _, _ = self.decided.cells_of(positive)
        return tp + fp + int(chosen.sum()), self.labelled + self.open.rows

    @property
    def all_scores(self) -> OpenScores:
        """Scores of all rows, whether they have a label or not."""
        return self.labelled_scores.merge(self.open)

    @property
    def labelled_scores(self) -> OpenScores:
        """Scores of the labelled rows without their labels."""
        its = self.scores
        counts = (its.positives_at + its.negatives_at)[None, :]
        return OpenScores(Gathered(its.scores, its.highest, counts, its.level))

    def merge(self, *others: JudgedScores) -> JudgedScores:
        return JudgedScores(
            self.scores.merge(*(other.scores for other in others)),
            self.decided.merge(*(other.decided for other in others)),
            self.open.merge(*(other.open for other in others)),
        )

    def measures(self) -> Measures:
        found = self.scores.measures() | binary_rates(*self.decided.cells_of(POSITIVE))
        error = None if self.scores.losses.outside else expected_calibration_error(regions_of(self.scores))
        return found | ({"expected_calibration_error": error} if error else {})

    def by_class(self) -> dict[str, Measures]:
        return {}

    def to_bytes(self) -> bytes:
        return pack_parts(self.FORM, [one.to_bytes() for one in (self.scores, self.decided, self.open)])

    @classmethod
    def from_bytes(cls, data: bytes) -> JudgedScores:
        parts, _ = unpack_parts(data, cls.FORM, "judged scores")
        require("judged scores", {"there are three parts": len(parts) == 3})
        scores, decided = ScoreCounts.from_bytes(parts[0]), Confusion.from_bytes(parts[1])
        sound = decided.threshold is not None and decided.rows == scores.rows
        require("judged scores", {"both parts are of the same rows": sound})
        return cls(scores, decided, OpenScores.from_bytes(parts[2]))


@dataclass(frozen=True, eq=False)
class JudgedClasses:
    """Predicted classes with true ones, chances of them if the model gives any, and classes that wait for labels."""

    confusion: Confusion
    chances: ClassScores | None
    open: ItemCounts
    FORM = "wolfpack.judged_classes/1"

    @property
    def decided(self) -> Confusion:
        return self.confusion

    def selected(self, positive: str) -> tuple[int, int]:
        """Return how many of all rows are predicted as a class, and how many have a prediction."""
        tp, fp, _, _ = self.confusion.cells_of(positive)
        its = pc.index(self.open.items, positive).as_py()
        return tp + fp + (int(self.open.counts[its]) if its >= 0 else 0), self.labelled + self.open.rows

    @property
    def counted(self) -> str:
        return "classes" + (f" with chances of {', '.join(self.chances.classes)}" if self.chances else "")

    @property
    def predictions(self) -> int:
        return self.labelled + self.open.rows + self.open.missing

    @property
    def labelled(self) -> int:
        return self.confusion.rows

    def merge(self, *others: JudgedClasses) -> JudgedClasses:
        chances = None
        if self.chances is not None:
            chances = self.chances.merge(*(other.chances for other in others if other.chances is not None))
        return JudgedClasses(
            self.confusion.merge(*(other.confusion for other in others)),
            chances,
            self.open.merge(*(other.open for other in others)),
        )

    def measures(self) -> Measures:
        found = rate_classes(self.confusion).measures()
        if self.chances is not None:
            found |= self.chances.measures()
        return {name.removesuffix("_macro"): estimate for name, estimate in found.items()}

    def by_class(self) -> dict[str, Measures]:
        found = rate_classes(self.confusion).by_class
        for name, measures in (self.chances.by_class() if self.chances else {}).items():
            areas = {area: measures[area] for area in ("roc_auc", "pr_auc") if area in measures}
            found[name] = found.get(name, {}) | areas
        return found

    def to_bytes(self) -> bytes:
        parts = [self.confusion.to_bytes(), self.open.to_bytes()]
        return pack_parts(self.FORM, parts + ([self.chances.to_bytes()] if self.chances else []))

    @classmethod
    def from_bytes(cls, data: bytes) -> JudgedClasses:
        parts, _ = unpack_parts(data, cls.FORM, "judged classes")
        require("judged classes", {"there are two parts or three": len(parts) in (2, 3)})
        chances = ClassScores.from_bytes(parts[2]) if len(parts) == 3 else None
        return cls(Confusion.from_bytes(parts[0]), chances, ItemCounts.from_bytes(parts[1]))


@dataclass(frozen=True, eq=False)
class JudgedNumbers:
    """Predicted numbers with true ones, by region of the prediction if there are edges, and how many wait."""

    errors: RegressionErrors
    regions: Regions
    open: int = 0
    FORM = "wolfpack.judged_numbers/1"

    @property
    def counted(self) -> str:
        edges = self.regions.edges
        said = f" in {len(edges) + 1} regions, {hashlib.sha256(edges.tobytes()).hexdigest()[:8]}"
        return "numbers" + (said if len(edges) else "")

    @property
    def predictions(self) -> int:
        return self.labelled + self.open

    @property
    def labelled(self) -> int:
        return self.errors.rows

    def merge(self, *others: JudgedNumbers) -> JudgedNumbers:
        return JudgedNumbers(
            self.errors.merge(*(other.errors for other in others)),
            self.regions.merge(*(other.regions for other in others)),
            self.open + sum(other.open for other in others),
        )

    def measures(self) -> Measures:
        return self.errors.measures()

    def by_class(self) -> dict[str, Measures]:
        return {}

    def to_bytes(self) -> bytes:
        return pack_parts(self.FORM, [self.errors.to_bytes(), self.regions.to_bytes()], open=self.open)

    @classmethod
    def from_bytes(cls, data: bytes) -> JudgedNumbers:
        parts, said = unpack_parts(data, cls.FORM, "judged numbers", open=int)
        require("judged numbers", {"there are two parts": len(parts) == 2, "open is a count": _count(said["open"])})
        errors, regions = RegressionErrors.from_bytes(parts[0]), Regions.from_bytes(parts[1])
        require("judged numbers", {"both parts are of the same rows": errors.rows == regions.rows})
        return cls(errors, regions, said["open"])


@dataclass(frozen=True, eq=False)
class JudgedLists:
    """Ranked lists of which every row has its label, how many rows these have, and how many wait."""

    lists: Averages
    rows: int = 0
    open: int = 0
    FORM = "wolfpack.judged_lists/1"

    @property
    def counted(self) -> str:
        return self.lists.about

    @property
    def predictions(self) -> int:
        return self.rows + self.open

    @property
    def labelled(self) -> int:
        return self.rows

    def merge(self, *others: JudgedLists) -> JudgedLists:
        return JudgedLists(
            self.lists.merge(*(other.lists for other in others)),
            self.rows + sum(other.rows for other in others),
            self.open + sum(other.open for other in others),
        )

    def measures(self) -> Measures:
        return self.lists.measures()

    def by_class(self) -> dict[str, Measures]:
        return {}

    def to_bytes(self) -> bytes:
        return pack_parts(self.FORM, [self.lists.to_bytes()], rows=self.rows, open=self.open)

    @classmethod
    def from_bytes(cls, data: bytes) -> JudgedLists:
        parts, said = unpack_parts(data, cls.FORM, "judged lists", rows=int, open=int)
        counts = all(_count(said[name]) for name in ("rows", "open"))
        require("judged lists", {"there is one part": len(parts) == 1, "rows and open are counts": counts})
        return cls(Averages.from_bytes(parts[0]), said["rows"], said["open"])


def _count(value: int) -> bool:
    return 0 <= value <= MOST_ROWS


def complete(lists: NDArray[np.int64], labels: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which rows are of lists whose every row has a label."""
    _, place = np.unique(lists, return_inverse=True)
    lacking = np.bincount(place, np.isnan(labels))
    return np.asarray(lacking[place] == 0)


def judged_scores(scores: ScoreCounts, threshold: float) -> JudgedScores:
    """Return scores with labels as counts that are decided at a threshold; to the middle of a cell if rounded."""
    above = (scores.scores + scores.highest) / 2 >= threshold
    yes, no = scores.positives_at, scores.negatives_at
    cells = [[no[~above].sum(), no[above].sum()], [yes[~above].sum(), yes[above].sum()]]
    decided = Confusion((NEGATIVE, POSITIVE), np.array(cells, np.int64), float(threshold))
    return JudgedScores(scores, decided, OpenScores.empty())
