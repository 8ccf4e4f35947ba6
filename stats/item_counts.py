"""How recommendations spread over items, without labels: coverage, Gini, entropy, novelty and popularity."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from wolfpack.stats.estimates import Estimate, rate
from wolfpack.stats.packing import MOST_ROWS, pack, require, unpack
from wolfpack.stats.pairs import codes

FORMAT = "wolfpack.item_counts/1"
MOST_ITEMS = 5_000_000
_SCHEMA = pa.schema([("item", pa.string()), ("rows", pa.int64())])

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ItemCounts:
    """How often each item was recommended, or in training data how many users had it.

    Parameters
    ----------
    items : ascending, each once, shape (k,).
    counts : shape (k,), > 0.
    missing : rows without an item.
    """

    items: pa.StringArray
    counts: Counts
    missing: int = 0

    @classmethod
    def from_array(cls, items: Any) -> ItemCounts:
        """Return the counts of a column of items, one row for each recommendation.

        Raises
        ------
        ValueError
            If there are more than 5,000,000 different items.

        Examples
        --------
        >>> ItemCounts.from_array(["b", "a", "b", None]).counts.tolist()
        [1, 2]
        """
        places, names = codes(items)
        counts = np.bincount(places[places >= 0], minlength=len(names))
        return _ordered(pa.array(names, pa.string()), counts, int((places < 0).sum()))

    @classmethod
    def empty(cls) -> ItemCounts:
        """Return the counts of no rows: the identity of merge."""
        return cls(pa.array([], pa.string()), np.empty(0, np.int64))

    def merge(self, *others: ItemCounts) -> ItemCounts:
        """Return the counts of all rows, as if they had been given at once."""
        parts = (self, *others)
        together = pa.table(
            {
                "item": pa.concat_arrays([part.items for part in parts]),
                "rows": np.concatenate([part.counts for part in parts]),
            }
        )
        found = together.group_by("item").aggregate([("rows", "sum")]).combine_chunks()
        items = found["item"].combine_chunks() if found.num_rows else pa.array([], pa.string())
        return _ordered(items, found["rows_sum"].to_numpy(), sum(part.missing for part in parts))

    @property
    def rows(self) -> int:
        return int(self.counts.sum())

    def spread_measures(self) -> dict[str, Estimate]:
        """Return how recommendations spread over the items recommended; nothing without rows.

        ``gini``, 0 if all equally often and 1 if one alone; ``entropy`` in bits. Standard errors take
        recommendations as independent.

        References
        ----------
        C. Gini, Variabilità e mutabilità, 1912, over (n - 1) so that 1 can be reached; C. Shannon, A mathematical
        theory of communication, 1948; error of the entropy: M. Roulston, Estimating the errors on measured entropy
        and mutual information, Physica D 125, 1999.
        """
        n, rows = len(self.items), self.rows
        if not rows:
            return {}
        shares = np.sort(self.counts) / rows
        surprise = -np.log2(shares)
        found = {"entropy": _mean(surprise, shares, rows)}
        if n > 1:
            found["gini"] = _mean((2 * np.arange(1, n + 1) - n - 1) / (n - 1), shares, rows)
        return found

    def popularity_measures(self, training: ItemCounts, users: int) -> dict[str, Estimate]:
        """Return how recommendations compare with training data; nothing without rows.

        ``catalogue_coverage``, the share of the items of training that were recommended, a fact about the window
        and without an error; ``unseen_ratio``, the share of recommendations of items that nobody had; over all
        others ``popularity``, the mean share of users who had the item, and ``novelty``, the mean of -log2 of it.
        Standard errors take recommendations as independent.

        Parameters
        ----------
        training : users who had each item.
        users : in training, at least as many as had any item.

        Raises
        ------
        ValueError
            If users are fewer than had one item.

        References
        ----------
        T. Zhou et al., Solving the apparent diversity-accuracy dilemma of recommender systems, PNAS 107, 2010,
        for novelty; H. Abdollahpouri et al., Managing popularity bias in recommender systems with personalized
        re-ranking, FLAIRS 2019, for the average popularity.
        """
        most = int(training.counts.max(initial=0))
        if users < most:
            raise ValueError(f"users: {users!r} are fewer than the {most} who had one item")
        if not self.rows:
            return {}
        at = pc.index_in(self.items, training.items).fill_null(-1).to_numpy(zero_copy_only=False)
        had, counts = training.counts[at[at >= 0]] / max(users, 1), self.counts[at >= 0]
        seen = int(counts.sum())
        found = {"unseen_ratio": rate(self.rows - seen, self.rows)}
        if len(training.items):
            found["catalogue_coverage"] = Estimate(len(had) / len(training.items))
        if seen:
            found["popularity"] = _mean(had, counts / seen, seen)
            found["novelty"] = _mean(-np.log2(had), counts / seen, seen)
        return {name: estimate for name, estimate in found.items() if estimate is not None}

    def equals(self, other: ItemCounts) -> bool:
        """Tell whether both agree in every count."""
        return (
            self.missing == other.missing
            and self.items.equals(other.items)
            and np.array_equal(self.counts, other.counts)
        )

    def to_bytes(self) -> bytes:
        """Return the counts as an Arrow IPC stream with zstd."""
        return pack(FORMAT, _SCHEMA, [self.items, self.counts], missing=self.missing)

    @classmethod
    def from_bytes(cls, data: bytes) -> ItemCounts:
        """Read what `to_bytes` wrote.

        Raises
        ------
        ProfileFormatError
            If the bytes are no such counts, or of another version, or contradict themselves.
        """
        table, said = unpack(data, FORMAT, _SCHEMA, "item counts", missing=int)
        items = table["item"].combine_chunks() if table.num_rows else pa.array([], pa.string())
        found = cls(items, table["rows"].to_numpy(), said["missing"])
        counts = found.counts
        require(
            "item counts",
            {
                "items are ascending, each once": bool(
                    pc.all(pc.less(items[:-1], items[1:])).as_py() is not False
                ),
                f"counts are in the range 1<=x<={MOST_ROWS}": bool(
                    ((counts > 0) & (counts <= MOST_ROWS)).all()
                ),
                f"there are at most {MOST_ITEMS} items": len(items) <= MOST_ITEMS,
                "missing is at least 0": found.missing >= 0,
            },
        )
        return found


def _ordered(items: pa.StringArray, counts: Counts, missing: int) -> ItemCounts:
    if len(items) > MOST_ITEMS:
        raise ValueError(
            f"{len(items)} different items are more than {MOST_ITEMS}; are they items of a catalogue?"
        )
    items, counts = items.filter(pa.array(counts > 0)), counts[counts > 0]
    order = pc.sort_indices(items)
    return ItemCounts(items.take(order), counts[order.to_numpy()], missing)


def _mean(values: Floats, shares: Floats, rows: int) -> Estimate:
    """Return the mean of values that make up these shares of the rows."""
    mean = float(values @ shares)
    return Estimate(mean, math.sqrt(float(np.square(values - mean) @ shares) / rows))
