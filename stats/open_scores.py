"""Scores whose labels have not come: how many predictions have each, mergeable."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike, NDArray

from wolfpack.stats.packing import pack, require, unpack
from wolfpack.stats.pairs import known_rows
from wolfpack.stats.score_grid import Gathered

FORMAT = "wolfpack.open_scores/1"
_SCHEMA = pa.schema([("score", pa.float64()), ("highest", pa.float64()), ("rows", pa.int64())])


@dataclass(frozen=True, eq=False)
class OpenScores:
    """Counts of predictions by score, exact up to 50,000 distinct scores, above rounded as `ScoreCounts` are.

    Parameters
    ----------
    gathered : scores and one kind of counts.
    missing : rows without a score.
    """

    gathered: Gathered
    missing: int = 0

    @classmethod
    def from_array(cls, scores: ArrayLike) -> OpenScores:
        """Return the counts of a column of scores, shape (n,); NaN or None where there is none.

        Raises
        ------
        ValueError
            If a score is infinite.
        """
        (x,), missing = known_rows(scores=scores)
        return cls(Gathered.count(x), missing)

    @classmethod
    def empty(cls) -> OpenScores:
        """Return the counts of no rows: the identity of merge."""
        return cls.from_array([])

    def merge(self, *others: OpenScores) -> OpenScores:
        """Return the counts of all rows, as if they had been given at once."""
        parts = (self, *others)
        return OpenScores(
            Gathered.merge([part.gathered for part in parts]), sum(part.missing for part in parts)
        )

    @property
    def scores(self) -> NDArray[np.float64]:
        """Distinct scores, or the middles of what is counted together, ascending."""
        return np.asarray((self.gathered.lowest + self.gathered.highest) / 2)

    @property
    def counts(self) -> NDArray[np.int64]:
        return np.asarray(self.gathered.counts[0])

    @property
    def rows(self) -> int:
        return int(self.counts.sum())

    def equals(self, other: OpenScores) -> bool:
        """Tell whether both agree in every count."""
        return self.missing == other.missing and self.gathered.equals(other.gathered)

    def to_bytes(self) -> bytes:
        """Return the counts as an Arrow IPC stream with zstd."""
        found = self.gathered
        return pack(
            FORMAT,
            _SCHEMA,
            [found.lowest, found.highest, *found.counts],
            level=found.level,
            missing=self.missing,
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> OpenScores:
        """Read what `to_bytes` wrote.

        Raises
        ------
        ProfileFormatError
            If the bytes are no such counts, or of another version, or contradict themselves.
        """
        table, said = unpack(data, FORMAT, _SCHEMA, "open scores", level=int, missing=int)
        lowest, highest, counts = (table[name].to_numpy() for name in _SCHEMA.names)
        gathered = Gathered(lowest, highest, counts[None, :], said["level"])
        require("open scores", gathered.rules() | {"missing is at least 0": said["missing"] >= 0})
        return cls(gathered, said["missing"])
