"""Labels by region of the prediction, pane by pane and segment by segment, as bytes: one table, a row a region."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from wolfpack.spec.errors import ProfileFormatError
from wolfpack.stats.packing import pack, require, unpack
from wolfpack.stats.profiles import ALL, Segment
from wolfpack.stats.regions import Regions
from wolfpack.stats.segment_parts import read_segments, said_segments
from wolfpack.stats.spread import Spread

FORMAT = "wolfpack.label_panes/1"
Panes = Mapping[int, Mapping[Segment, Regions]]
"""By pane start in epoch seconds and segment; all on the same edges, all rows in every pane."""
_SUMS = ("rows", "label_mean", "label_squares", "error_mean", "error_squares")
_SCHEMA = pa.schema(
    [("start", pa.int64()), ("segment", pa.int64()), ("rows", pa.int64())]
    + [(name, pa.float64()) for name in _SUMS[1:]]
)
_WHAT = "panes of labels"


def pack_panes(panes: Panes) -> bytes:
    """Return panes as an Arrow IPC stream with zstd; the count of rows without a label is left out."""
    segments = list(dict.fromkeys([ALL, *(segment for its in panes.values() for segment in its)]))
    place = {segment: at for at, segment in enumerate(segments)}
    found = [(start, place[one], its) for start, cells in sorted(panes.items()) for one, its in cells.items()]
    edges = found[0][2].edges.tolist() if found else []
    k = len(edges) + 1
    keys = np.array([(start, at) for start, at, _ in found], np.int64).reshape(-1, 2).repeat(k, 0)
    sums = [
        np.concatenate([np.empty(0, kind), *(getattr(getattr(its, side), name) for _, _, its in found)])
        for side, name, kind in (
            ("labels", "rows", np.int64), ("labels", "means", np.float64), ("labels", "squares", np.float64),
            ("errors", "means", np.float64), ("errors", "squares", np.float64),
        )
    ]  # fmt: skip
    return pack(FORMAT, _SCHEMA, [*keys.T, *sums], edges=edges, segments=said_segments(place))


def unpack_panes(data: bytes) -> Panes:
    """Read what `pack_panes` wrote.

    Raises
    ------
    ProfileFormatError
        If the bytes are no such panes, or of another version, or contradict themselves.
    """
    table, said = unpack(data, FORMAT, _SCHEMA, _WHAT, edges=list, segments=list)
    require(_WHAT, {"edges are numbers": all(type(edge) in (int, float) for edge in said["edges"])})
    edges, k = np.array(said["edges"], np.float64), len(said["edges"]) + 1
    segments = read_segments(_WHAT, said["segments"], len(said["segments"]))
    start, place, rows, *rest = (table[name].to_numpy() for name in _SCHEMA.names)
    labels, errors = Spread(rows, rest[0], rest[1]), Spread(rows, rest[2], rest[3])
    rules = {
        "edges are finite and ascending": np.isfinite(edges).all() and (np.diff(edges) > 0).all(),
        "each pane and segment has a row for each region": len(rows) % k == 0
        and all((one.reshape(-1, k) == one.reshape(-1, k)[:, :1]).all() for one in (start, place)),
        "segments are those named": ((place >= 0) & (place < len(segments))).all(),
        "sums are those of rows": labels.sound() and errors.sound(),
    }
    require(_WHAT, rules)
    found: dict[int, dict[Segment, Regions]] = {}
    for at in range(0, len(rows), k):
        its = slice(at, at + k)
        label, error = (Spread(one.rows[its], one.means[its], one.squares[its]) for one in (labels, errors))
        cells = found.setdefault(int(start[at]), {})
        if segments[place[at]] in cells:
            raise ProfileFormatError(f"{_WHAT}: it must hold that each is there once; send what to_bytes returns")
        cells[segments[place[at]]] = Regions(edges, label, error)
    require(_WHAT, {"all rows are in every pane": all(ALL in cells for cells in found.values())})
    return found
