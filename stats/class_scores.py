"""Quality of chances given to several classes, mergeable: areas of each class against the rest, and losses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wolfpack.stats.averages import Averages
from wolfpack.stats.calibration import expected_calibration_error
from wolfpack.stats.estimates import Estimate
from wolfpack.stats.packing import pack_parts, require, unpack_parts
from wolfpack.stats.pairs import codes
from wolfpack.stats.regions import Regions
from wolfpack.stats.score_counts import ScoreCounts
from wolfpack.stats.score_losses import CLIP

FORMAT = "wolfpack.class_scores/1"
_ABOUT = "losses of classes"
_LOSSES = ("log_loss", "brier")


@dataclass(frozen=True, eq=False)
class ClassScores:
    """Counts of chances by class with whether the label was that class.

    Parameters
    ----------
    classes : in the order of the chances, each once.
    against_rest : for each class its chance, with label 1 where the row is of that class.
    losses : of all classes together, by row.
    sureness : largest chance of a row, with label 1 where that class was right.
    """

    classes: tuple[str, ...]
    against_rest: tuple[ScoreCounts, ...]
    losses: Averages
    sureness: Regions

    @classmethod
    def from_arrays(cls, chances: ArrayLike, labels: Any, classes: Sequence[Any]) -> ClassScores:
        """Return the counts; a row without a label or without a chance is left out and counted.

        Parameters
        ----------
        chances : shape (n, k), in the range 0<=x<=1.
        labels : shape (n,), words, numbers or booleans; a label that is none of the classes had no chance at all.
        classes : names of the k columns, as the labels say them.

        Raises
        ------
        ValueError
            If shapes differ, a chance is out of range, or a class is named twice.

        Examples
        --------
        >>> found = ClassScores.from_arrays([[0.8, 0.2], [0.4, 0.6]], ["a", "b"], ["a", "b"])
        >>> round(found.measures()["brier"].value, 3)
        0.2
        """
        place, names = codes(list(classes))
        kinds = tuple(names[at] if at >= 0 else "" for at in place)
        if len(set(kinds)) < len(kinds) or not kinds:
            raise ValueError(f"classes: {list(kinds)} are not one name for each column of chances, each once")
        x = np.asarray(chances, np.float64)
        who, said = codes(labels)
        if x.shape != (len(who), len(kinds)):
            raise ValueError(
                f"chances have the shape {x.shape}; give {len(who)} rows of {len(kinds)} classes"
            )
        known = ~np.isnan(x).any(1) & (who >= 0)
        if ((x[known] < 0) | (x[known] > 1)).any():
            raise ValueError("chances: one is not in the range 0<=x<=1; give what predict_proba returns")
        column = {name: at for at, name in enumerate(kinds)}
        true = np.array([column.get(name, -1) for name in said] or [-1])[who[known]]
        return cls._count(kinds, x[known], true, int((~known).sum()))

    @classmethod
    def _count(
        cls, classes: tuple[str, ...], x: NDArray[np.float64], true: NDArray[np.int64], missing: int
    ) -> ClassScores:
        hits = true[:, None] == np.arange(len(classes))
        given = np.where(hits, x, 0.0).sum(1)
        values = {
            "log_loss": -np.log(np.clip(given, CLIP, 1 - CLIP)),
            "brier": np.square(x - hits).sum(1) + (true < 0),
        }
        return cls(
            classes,
            tuple(ScoreCounts.from_arrays(x[:, at], hits[:, at]) for at in range(len(classes))),
            Averages.of(_ABOUT, values, missing),
            Regions.from_arrays(x.max(1), x.argmax(1) == true),
        )

    @classmethod
    def empty(cls, classes: Sequence[Any]) -> ClassScores:
        """Return the counts of no rows: the identity of merge for these classes."""
        return cls.from_arrays(np.empty((0, len(classes))), [], classes)

    def merge(self, *others: ClassScores) -> ClassScores:
        """Return the counts of all rows, as if they had been given at once, losses up to rounding.

        Raises
        ------
        ValueError
            If the classes differ.
        """
        for other in others:
            if self.classes != other.classes:
                raise ValueError(
                    f"chances of the classes {', '.join(self.classes)} and {', '.join(other.classes)} cannot be "
                    "added; give all in one order"
                )
        return ClassScores(
            self.classes,
            tuple(
                mine.merge(*(other.against_rest[at] for other in others))
                for at, mine in enumerate(self.against_rest)
            ),
            self.losses.merge(*(other.losses for other in others)),
            self.sureness.merge(*(other.sureness for other in others)),
        )

    @property
    def rows(self) -> int:
        return self.against_rest[0].rows

    @property
    def missing(self) -> int:
        """Rows left out for want of a label or a chance."""
        return self.losses.missing

    def measures(self) -> dict[str, Estimate]:
        """Return by name what these counts tell; nothing without rows.

        ``log_loss`` and ``brier`` (summed over classes); ``expected_calibration_error`` of the surest class;
        ``roc_auc_macro`` and ``pr_auc_macro``, means over the classes that have one, whose standard error is that
        of areas that go together entirely, the largest it can be.
        """
        found = self.losses.measures()
        error = expected_calibration_error(self.sureness)
        if error is not None:
            found["expected_calibration_error"] = error
        for name in ("roc_auc", "pr_auc"):
            values = [measures[name] for measures in self.by_class().values() if name in measures]
            if values:
                errors = [one.stderr for one in values if one.stderr is not None]
                deviation = sum(errors) / len(errors) if len(errors) == len(values) else None
                found[f"{name}_macro"] = Estimate(sum(one.value for one in values) / len(values), deviation)
        return found

    def by_class(self) -> dict[str, dict[str, Estimate]]:
        """Return what each class's counts against the rest tell, see `ScoreCounts.measures`."""
        return {name: counts.measures() for name, counts in zip(self.classes, self.against_rest, strict=True)}

    def equals(self, other: ClassScores) -> bool:
        """Tell whether both agree in every count, and in losses up to rounding."""
        return (
            self.classes == other.classes
            and all(one.equals(two) for one, two in zip(self.against_rest, other.against_rest, strict=True))
            and self.losses.equals(other.losses)
            and self.sureness.equals(other.sureness)
        )

    def to_bytes(self) -> bytes:
        """Return the counts as an Arrow IPC stream with zstd."""
        parts = [self.losses.to_bytes(), self.sureness.to_bytes()]
        parts += [one.to_bytes() for one in self.against_rest]
        return pack_parts(FORMAT, parts, classes=list(self.classes))

    @classmethod
    def from_bytes(cls, data: bytes) -> ClassScores:
        """Read what `to_bytes` wrote.

        Raises
        ------
        ProfileFormatError
            If the bytes are no such counts, or of another version, or contradict themselves.
        """
        parts, said = unpack_parts(data, FORMAT, "class scores", classes=list)
        classes = tuple(said["classes"])
        sound = all(isinstance(name, str) for name in classes) and len(set(classes)) == len(classes) > 0
        parted = sound and len(parts) == len(classes) + 2
        require("class scores", {"there is a part for each class and two more": parted})
        losses, sureness = Averages.from_bytes(parts[0]), Regions.from_bytes(parts[1])
        against = tuple(map(ScoreCounts.from_bytes, parts[2:]))
        rows = {sureness.rows, *(one.rows for one in against), *losses.spread.rows.tolist()}
        fitting = (losses.about, losses.names) == (_ABOUT, _LOSSES)
        require("class scores", {"all parts are of the same rows": fitting and len(rows) == 1})
        return cls(classes, against, losses, sureness)
