"""The quality of a reference with its panes: how far labels moved at one prediction from pane to pane by habit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from wolfpack.spec.calendar import Calendar
from wolfpack.spec.duration import parse_duration
from wolfpack.stats.concept import label_habit
from wolfpack.stats.cuts import cut_panes
from wolfpack.stats.judged import Judged, JudgedClasses, JudgedNumbers, JudgedScores
from wolfpack.stats.label_panes import Panes, pack_panes, unpack_panes
from wolfpack.stats.packing import pack_parts, require, unpack_parts
from wolfpack.stats.profiles import ALL, Segment
from wolfpack.stats.quality_counts import Judging, QualityCounts, as_array
from wolfpack.stats.regions import TENTHS, Regions, regions_of
from wolfpack.stats.segment_parts import merge_cells

FORMAT = "wolfpack.reference_quality/1"


@dataclass(frozen=True, eq=False)
class ReferenceQuality:
    """What was counted of a reference's own predictions and labels, and its labels by region pane by pane.

    Parameters
    ----------
    counts : of all rows.
    panes : the labelled rows of the same by region of the prediction: by pane start in epoch seconds, and segment.
        Empty for a ranking, which has no regions.
    """

    counts: QualityCounts
    panes: Panes

    @classmethod
    def of(
        cls, judging: Judging, predictions: Any, labels: Any, *, times: Any, every: timedelta | str,
        timezone: str = "UTC", segments: Mapping[str, Any] | None = None, chances: Any = None, lists: Any = None,
    ) -> ReferenceQuality:  # fmt: skip
        """Return the counts of rows, and of those of each pane; the others as in `QualityCounts.of`.

        Parameters
        ----------
        judging : on the bins of the reference, as ``client.judging(reference)`` returns it.
        times : shape (n,), when each row was predicted: dates, times, or text in ISO 8601; naive ones are in the zone.
        every, timezone : the panes, as the spec has them.

        Raises
        ------
        TableError
            If a row has no time.
        ValueError
            If shapes differ, or a value is none that the task can have.

        Examples
        --------
        >>> days = ["2013-05-01", "2013-05-01", "2013-05-02"]
        >>> found = ReferenceQuality.of(Judging(), [0.9, 0.2, 0.4], [1, 0, 1], times=days, every="1d")
        >>> [one["", ""].rows for one in found.panes.values()]
        [2, 1]
        """
        named = {f"segment {name}": one for name, one in (segments or {}).items()}
        given = {"chances": chances, "lists": lists} | named
        columns = {name: None if one is None else as_array(one) for name, one in given.items()}
        x, y = as_array(predictions), as_array(labels)
        counts = QualityCounts.of(judging, x, y, **_arguments(columns))
        calendar = Calendar(parse_duration(every) if isinstance(every, str) else every, timezone)
        starts, pane = cut_panes("times", _times(times), calendar)
        if len(pane) != len(x):
            raise ValueError(f"times: has {len(pane)} rows, and predictions {len(x)}; give the time of each row")
        panes = {}
        for place, start in enumerate(starts):
            its = pane == place
            inside = {name: None if one is None else one[its] for name, one in columns.items()}
            panes[start] = _by_region(QualityCounts.of(judging, x[its], y[its], **_arguments(inside)), judging.edges)
        return cls(counts, {start: its for start, its in panes.items() if its})

    def merge(self, *others: ReferenceQuality) -> ReferenceQuality:
        """Return the counts of all rows, as if they had been given at once, up to rounding.

        Raises
        ------
        ValueError
            If rows were counted in another way.
        """
        parts = (self, *others)
        counts = self.counts.merge(*(other.counts for other in others))
        starts = sorted({start for part in parts for start in part.panes})
        panes = {start: [part.panes[start] for part in parts if start in part.panes] for start in starts}
        return ReferenceQuality(counts, {start: merge_cells(its) for start, its in panes.items()})

    @property
    def edges(self) -> tuple[float, ...] | None:
        """The edges of the regions of the panes; None without panes."""
        return next((tuple(its[ALL].edges.tolist()) for its in self.panes.values()), None)

    def habit(self, window: int, segment: Segment = ALL) -> float:
        """Return the floor of the label's change for windows of so many panes, see `label_habit`."""
        return label_habit([its[segment] for _, its in sorted(self.panes.items()) if segment in its], window)

    def habits(self, window: int) -> dict[Segment, float]:
        """Return `habit` of each segment that was counted."""
        return {segment: self.habit(window, segment) for segment in self.counts.cells}

    def to_bytes(self) -> bytes:
        """Return the counts and panes as an Arrow IPC stream with zstd."""
        return pack_parts(FORMAT, [self.counts.to_bytes(), pack_panes(self.panes)])

    @classmethod
    def from_bytes(cls, data: bytes) -> ReferenceQuality:
        """Read what `to_bytes` wrote.

        Raises
        ------
        ProfileFormatError
            If the bytes are no such counts, or of another version, or contradict themselves.
        """
        parts, _ = unpack_parts(data, FORMAT, "reference quality")
        require("reference quality", {"there are two parts": len(parts) == 2})
        found = cls(QualityCounts.from_bytes(parts[0]), unpack_panes(parts[1]))
        whole = judged_regions(found.counts.whole, found.edges or ())
        rows = sum(its[ALL].rows for its in found.panes.values())
        require(
            "reference quality",
            {
                "its panes are of the rows that were counted": not found.panes or (whole and whole.rows == rows),
                "its panes have the segments that were counted": all(
                    its.keys() <= found.counts.cells.keys() for its in found.panes.values()
                ),
            },
        )
        return found


def judged_regions(state: Judged, edges: Iterable[float] = ()) -> Regions | None:
    """Return labels by region of the prediction; None where the task has no regions.

    Parameters
    ----------
    edges : of a binary score's regions, ascending; none: ten tenths. Of other tasks they are in the state.
    """
    if isinstance(state, JudgedScores):
        return regions_of(state.scores, tuple(edges) or TENTHS)
    if isinstance(state, JudgedNumbers):
        return state.regions if len(state.regions.edges) else None
    return state.chances.sureness if isinstance(state, JudgedClasses) and state.chances else None


def _arguments(columns: Mapping[str, Any]) -> dict[str, Any]:
    """Return columns as `QualityCounts.of` takes them."""
    segments = {name.removeprefix("segment "): one for name, one in columns.items() if name.startswith("segment ")}
    return {"chances": columns["chances"], "lists": columns["lists"], "segments": segments}


def _times(times: Any) -> pa.ChunkedArray:
    found = times if isinstance(times, pa.Array | pa.ChunkedArray) else pa.array(np.asarray(times))
    return found if isinstance(found, pa.ChunkedArray) else pa.chunked_array([found])


def _by_region(counts: QualityCounts, edges: Iterable[float]) -> dict[Segment, Regions]:
    """Return the labelled rows of each segment by region; empty without any."""
    found = {segment: judged_regions(state, edges) for segment, state in counts.cells.items()}
    return {segment: its for segment, its in found.items() if its is not None and (its.rows or segment == ALL)}
