"""How often values repeat: the exact counts of a sample of the distinct ones, chosen by their hashes, mergeable."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wolfpack.stats.distinct import BITS, hash_words
from wolfpack.stats.estimates import Estimate
from wolfpack.stats.packing import MOST_ROWS, pack, require, unpack
from wolfpack.stats.pairs import codes

FORMAT = "wolfpack.repeats/1"
KEPT = 4096
"""Distinct values whose counts are kept: with fewer the share of repeats is exact, else its standard error is 0.016."""
_SCHEMA = pa.schema([("hash", pa.uint64()), ("rows", pa.int64())])

Counts = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Repeats:
    """The values with the smallest hashes and how often each occurred; the same for any split and order.

    A value that is among the smallest of all rows is so in every part that has it, hence no count is lost.

    Parameters
    ----------
    hashes : 48-bit hashes of values, ascending, each once, shape (k,), k <= 4,096.
    counts : rows of each, > 0.
    rows : of all values.
    missing : rows without a value.

    References
    ----------
    P. Gibbons, Distinct sampling for highly-accurate answers to distinct values queries and event reports, VLDB
    2001.
    """

    hashes: NDArray[np.uint64]
    counts: Counts
    rows: int = 0
    missing: int = 0

    @classmethod
    def from_array(cls, values: Any) -> Repeats:
        """Return the counts of a column of words, numbers or booleans.

        Examples
        --------
        >>> Repeats.from_array(["a", "b", "a", "a", None]).repeated().value
        0.5
        """
        places, names = codes(values)
        rows = np.bincount(places[places >= 0], minlength=len(names))
        return _smallest(
            hash_words(pa.array(names, pa.string())), rows, int(rows.sum()), int((places < 0).sum())
        )

    @classmethod
    def empty(cls) -> Repeats:
        """Return the counts of no rows: the identity of merge."""
        return cls(np.empty(0, np.uint64), np.empty(0, np.int64))

    def merge(self, *others: Repeats) -> Repeats:
        """Return the counts of all rows, as if they had been given at once."""
        parts = (self, *others)
        return _smallest(
            np.concatenate([part.hashes for part in parts]),
            np.concatenate([part.counts for part in parts]),
            sum(part.rows for part in parts),
            sum(part.missing for part in parts),
        )

    @property
    def exact(self) -> bool:
        """Whether every value is kept."""
        return len(self.hashes) < KEPT

    def repeated(self) -> Estimate | None:
        """Return the share of rows whose value occurred before: 1 - distinct / rows; None without rows.

        Above 4,096 distinct values they are estimated from the largest hash kept, as `Distinct.count` is.
        """
        if not self.rows:
            return None
        if self.exact:
            return Estimate(1 - len(self.hashes) / self.rows, 0.0)
        share = min((KEPT - 1) * (1 << BITS) / (int(self.hashes[-1]) + 1) / self.rows, 1.0)
        return Estimate(1 - share, share / math.sqrt(KEPT - 2))

    @property
    def constant(self) -> bool:
        """Whether there are several rows and all have one value."""
        return self.rows > 1 and len(self.hashes) == 1

    def equals(self, other: Repeats) -> bool:
        """Tell whether both agree in every count."""
        return (self.rows, self.missing) == (other.rows, other.missing) and bool(
            np.array_equal(self.hashes, other.hashes) and np.array_equal(self.counts, other.counts)
        )

    def to_bytes(self) -> bytes:
        """Return the counts as an Arrow IPC stream with zstd."""
        return pack(FORMAT, _SCHEMA, [self.hashes, self.counts], rows=self.rows, missing=self.missing)

    @classmethod
    def from_bytes(cls, data: bytes) -> Repeats:
        """Read what `to_bytes` wrote.

        Raises
        ------
        ProfileFormatError
            If the bytes are no such counts, or of another version, or contradict themselves.
        """
        table, said = unpack(data, FORMAT, _SCHEMA, "repeats", rows=int, missing=int)
        found = cls(table["hash"].to_numpy(), table["rows"].to_numpy(), said["rows"], said["missing"])
        total = int(found.counts.sum())
        require(
            "repeats",
            {
                f"hashes of {BITS} bits are ascending": bool(
                    (np.diff(found.hashes.astype(np.int64)) > 0).all()
                )
                and int(found.hashes.max(initial=0)) < 1 << BITS,
                "counts are at least 1": bool((found.counts > 0).all()),
                f"there are at most {KEPT}": len(found.hashes) <= KEPT,
                "rows are those of the counts": (total == found.rows if found.exact else total <= found.rows)
                and found.rows <= MOST_ROWS,
                "missing is at least 0": found.missing >= 0,
            },
        )
        return found


def _smallest(hashes: NDArray[np.uint64], counts: Counts, rows: int, missing: int) -> Repeats:
    distinct, place = np.unique(hashes, return_inverse=True)
    totals = np.zeros(len(distinct), np.int64)
    np.add.at(totals, place, counts)
    return Repeats(distinct[:KEPT].copy(), totals[:KEPT].copy(), rows, missing)
