"""Named means with their standard errors, mergeable: one value for each list, user or row and quantity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike

from wolfpack.stats.estimates import Estimate
from wolfpack.stats.packing import pack, require, unpack
from wolfpack.stats.spread import MOST_VALUE, Spread

FORMAT = "wolfpack.averages/1"
_SCHEMA = pa.schema(
    [("name", pa.string()), ("rows", pa.int64()), ("mean", pa.float64()), ("squares", pa.float64())]
)


@dataclass(frozen=True, eq=False)
class Averages:
    """Means of quantities that are summed up together.

    Parameters
    ----------
    about : what the values are, with all that must be equal for them to be added, such as ``ranking k=10``.
    names : of the quantities, shape (k,).
    spread : of the values of each.
    missing : rows or lists left out.
    """

    about: str
    names: tuple[str, ...]
    spread: Spread
    missing: int = 0

    @classmethod
    def of(cls, about: str, values: Mapping[str, ArrayLike], missing: int = 0) -> Averages:
        """Return the means of each quantity's values; NaN is a value that is not defined, and left out.

        Raises
        ------
        ValueError
            If a value is infinite or beyond 1e145.
        """
        arrays = [np.asarray(column, np.float64) for column in values.values()]
        for name, array in zip(values, arrays, strict=True):
            if (np.abs(array) > MOST_VALUE).any():
                raise ValueError(f"{about}: {name} has a value that is infinite or beyond {MOST_VALUE:g}")
        there = [array[~np.isnan(array)] for array in arrays]
        places = np.repeat(np.arange(len(there)), [len(array) for array in there])
        flat = np.concatenate(there) if there else np.empty(0)
        return cls(about, tuple(values), Spread.grouped(flat, places, len(there)), missing)

    def merge(self, *others: Averages) -> Averages:
        """Return the means over all values, as if they had been given at once, up to rounding.

        Raises
        ------
        ValueError
            If the averages are about something else.
        """
        for other in others:
            if (self.about, self.names) != (other.about, other.names):
                raise ValueError(
                    f"averages about {self.about!r} ({', '.join(self.names)}) and about {other.about!r} "
                    f"({', '.join(other.names)}) cannot be added; count both alike"
                )
        missing = self.missing + sum(other.missing for other in others)
        return Averages(
            self.about, self.names, self.spread.merge(*(other.spread for other in others)), missing
        )

    def measures(self) -> dict[str, Estimate]:
        """Return the mean of each quantity by name; those without values are left out."""
        found = {name: self.spread.mean(place) for place, name in enumerate(self.names)}
        return {name: estimate for name, estimate in found.items() if estimate is not None}

    def equals(self, other: Averages) -> bool:
        """Tell whether both agree in every count, and in the rest up to rounding."""
        return (self.about, self.names, self.missing) == (
            other.about,
            other.names,
            other.missing,
        ) and self.spread.equals(other.spread)

    def to_bytes(self) -> bytes:
        """Return the sums as an Arrow IPC stream with zstd."""
        columns = [
            pa.array(self.names, pa.string()),
            self.spread.rows,
            self.spread.means,
            self.spread.squares,
        ]
        return pack(FORMAT, _SCHEMA, columns, about=self.about, missing=self.missing)

    @classmethod
    def from_bytes(cls, data: bytes) -> Averages:
        """Read what `to_bytes` wrote.

        Raises
        ------
        ProfileFormatError
            If the bytes are no such sums, or of another version, or contradict themselves.
        """
        table, said = unpack(data, FORMAT, _SCHEMA, "averages", about=str, missing=int)
        names = tuple(table["name"].to_pylist())
        spread = Spread(*(table[name].to_numpy() for name in _SCHEMA.names[1:]))
        require(
            "averages",
            {
                "names are different": len(set(names)) == len(names),
                "sums are those of rows": spread.sound(),
                "missing is at least 0": said["missing"] >= 0,
            },
        )
        return cls(said["about"], names, spread, said["missing"])
