"""What is counted of outputs as such, by segment: one state that merges, of health, recommended items and lists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from wolfpack.stats.averages import Averages
from wolfpack.stats.estimates import Estimate
from wolfpack.stats.item_counts import ItemCounts
from wolfpack.stats.output_health import OutputHealth
from wolfpack.stats.packing import pack_parts, require, unpack_parts
from wolfpack.stats.pairs import check_shapes, codes
from wolfpack.stats.profiles import ALL, Segment
from wolfpack.stats.ranking import LISTS, list_diversity
from wolfpack.stats.segment_parts import merge_cells, read_segments, said_segments

FORMAT = "wolfpack.output_counts/1"
_CELL = "wolfpack.outputs/1"
NO_LISTS = Averages.of(LISTS, {"diversity": [], "length": []})


@dataclass(frozen=True, eq=False)
class Outputs:
    """The counts of some outputs; items and lists are empty where outputs are no recommendations."""

    health: OutputHealth
    items: ItemCounts
    lists: Averages

    @classmethod
    def empty(cls) -> Outputs:
        """Return the counts of no outputs: the identity of merge."""
        return cls(OutputHealth.empty(), ItemCounts.empty(), NO_LISTS)

    def merge(self, *others: Outputs) -> Outputs:
        """Return the counts of all outputs, as if they had been given at once."""
        return Outputs(
            self.health.merge(*(other.health for other in others)),
            self.items.merge(*(other.items for other in others)),
            self.lists.merge(*(other.lists for other in others)),
        )

    def measures(self, training: ItemCounts | None = None, users: int = 0) -> dict[str, Estimate]:
        """Return by name what these counts tell; what compares with training needs its items and users."""
        found = self.health.measures() | self.items.spread_measures() | self.lists.measures()
        return found | (self.items.popularity_measures(training, users) if training is not None else {})

    def to_bytes(self) -> bytes:
        return pack_parts(_CELL, [self.health.to_bytes(), self.items.to_bytes(), self.lists.to_bytes()])

    @classmethod
    def from_bytes(cls, data: bytes) -> Outputs:
        parts, _ = unpack_parts(data, _CELL, "outputs")
        require("outputs", {"there are three parts": len(parts) == 3})
        lists = Averages.from_bytes(parts[2])
        require("outputs", {"lists are of lists": (lists.about, lists.names) == (NO_LISTS.about, NO_LISTS.names)})
        return cls(OutputHealth.from_bytes(parts[0]), ItemCounts.from_bytes(parts[1]), lists)


@dataclass(frozen=True, eq=False)
class OutputCounts:
    """The counts of all outputs and of each value of each segment column; ``("", "")`` is always there."""

    cells: Mapping[Segment, Outputs]

    @classmethod
    def of(
        cls, outputs: Any, *, requests: Any = None, subjects: Any = None, times: ArrayLike | None = None,
        lists: Any = None, vectors: ArrayLike | None = None, events: Mapping[str, int] | None = None,
        segments: Mapping[str, Any] | None = None,
    ) -> OutputCounts:  # fmt: skip
        """Return the counts of outputs.

        Parameters
        ----------
        outputs : shape (n,); of recommendations one row for each recommended item.
        requests, subjects, times, events : as in `OutputHealth.from_arrays`. Events are of all rows together.
        lists : which list each row is of: outputs are recommendations then, and their items are counted.
        vectors : embedding of each row's item, shape (n, d), for the diversity of lists.
        segments : by name a column of values, shape (n,).

        Examples
        --------
        >>> found = OutputCounts.of(["a", "b", "a", "c"], lists=[1, 1, 2, 2], events={"shown": 4, "clicked": 1})
        >>> found.whole.items.rows, found.whole.health.event_ratio("clicked", "shown").value
        (4, 0.25)
        """
        given = {"outputs": outputs, "requests": requests, "subjects": subjects, "times": times, "lists": lists}
        columns = {name: np.asarray(_words(its), object) for name, its in given.items() if its is not None}
        x = None if vectors is None else np.asarray(vectors, np.float64)
        cells = {ALL: _count(columns, x, np.ones(len(columns["outputs"]), bool), events)}
        for name, values in (segments or {}).items():
            place, said = codes(values)
            check_shapes(["outputs", name], [columns["outputs"].shape, place.shape])
            cells |= {(name, value): _count(columns, x, place == at) for at, value in enumerate(said)}
        return cls(cells)

    @property
    def whole(self) -> Outputs:
        """The counts of all outputs."""
        return self.cells[ALL]

    def merge(self, *others: OutputCounts) -> OutputCounts:
        """Return the counts of all outputs, as if they had been given at once."""
        parts = (self, *others)
        return OutputCounts(merge_cells([part.cells for part in parts]))

    def to_bytes(self) -> bytes:
        """Return the counts as an Arrow IPC stream with zstd."""
        return pack_parts(FORMAT, [one.to_bytes() for one in self.cells.values()], segments=said_segments(self.cells))

    @classmethod
    def from_bytes(cls, data: bytes) -> OutputCounts:
        """Read what `to_bytes` wrote.

        Raises
        ------
        ProfileFormatError
            If the bytes are no such counts, or of another version, or contradict themselves.
        """
        parts, said = unpack_parts(data, FORMAT, "output counts", segments=list)
        segments = read_segments("output counts", said["segments"], len(parts))
        return cls({one: Outputs.from_bytes(part) for one, part in zip(segments, parts, strict=True)})


def _words(values: Any) -> Any:
    """Return the values of a column of any table as a list."""
    for name in ("to_pylist", "to_list", "tolist"):
        if hasattr(values, name):
            return getattr(values, name)()
    return list(values)


def _count(
    columns: Mapping[str, Any], vectors: Any, here: Any, events: Mapping[str, int] | None = None
) -> Outputs:
    its = {name: values[here] for name, values in columns.items()}
    lists, outputs = its.pop("lists", None), its.pop("outputs")
    if "times" in its:
        its["times"] = its["times"].astype(np.float64)
    health = OutputHealth.from_arrays(outputs, events=events, **its)
    if lists is None:
        return Outputs(health, ItemCounts.empty(), NO_LISTS)
    diversity = NO_LISTS if vectors is None else list_diversity(lists, vectors[here])
    said = np.array([None if one == "" else one for one in outputs.tolist()], object)
    return Outputs(health, ItemCounts.from_array(said), diversity)
