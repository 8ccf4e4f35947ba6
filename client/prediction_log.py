"""The prediction log: one JSON object a line for each call of a model; how it is written, and read in blocks.

A line of ours, with every member::

    {"time": "2024-05-01T12:00:00.123456Z", "request_id": "7f3a", "model": "arrival-delay", "version": "3",
     "endpoint": "/predict", "elapsed_seconds": 0.0042, "inputs": {"delay": 12.0, "carrier": "AA"},
     "prediction": 0.31, "outlier": false, "outlier_score": 0.12}

A call with several rows has lists of the same length as `inputs` and `prediction`. A prediction of several
columns is an object, as the inputs are. Logs of another form are read by a map of their fields.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from wolfpack.client.arrow_lines import NotPlain, read_at_once
from wolfpack.client.log_lines import Columns, Refused
from wolfpack.client.log_times import read_times
from wolfpack.client.plain_lines import read_one_by_one
from wolfpack.spec.source_kinds import LogFields, TimeUnit
from wolfpack.spec.vocabulary import NAME

DEFAULT_VERSION = "0"
"""Version of a line that names none, as of a write."""


@dataclass(frozen=True)
class Call:
    """One call of a model, as a line of its log.

    Parameters
    ----------
    time : when it was answered; aware.
    inputs, prediction : of one row, or lists of the same length.
    elapsed_seconds : how long the answer took.
    outlier, outlier_score : what the outlier model said; None without one.
    """

    time: datetime
    request_id: str
    model: str
    version: str
    inputs: Mapping[str, Any] | Sequence[Mapping[str, Any]]
    prediction: Any
    endpoint: str = ""
    elapsed_seconds: float | None = None
    outlier: bool | None = None
    outlier_score: float | None = None

    def line(self) -> bytes:
        """Return the call as a line.

        Raises
        ------
        ValueError
            If a value cannot be written as JSON, or is not finite: JSON has no NaN, so give None.
        """
        row = {**vars(self), "time": self.time.astimezone(UTC).isoformat().replace("+00:00", "Z")}
        try:
            text = json.dumps(row, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"call {self.request_id!r}: {error}; give plain numbers, texts, lists, None"
            ) from error
        return text.encode() + b"\n"


@dataclass(frozen=True, eq=False)
class Calls:
    """Rows of a block of a log; each array has shape (n,).

    Parameters
    ----------
    seconds : epoch seconds, whole ones.
    version, request_id : text; a request id may be null.
    inputs, prediction : a column for each of theirs; none, if no row has any.
    others : lines of other models, and such as are no calls.
    refused : lines that cannot be read: where they begin in the block, in bytes, and why.
    """

    seconds: NDArray[np.int64]
    version: pa.Array
    request_id: pa.Array
    inputs: pa.Table
    prediction: pa.Table
    others: int
    refused: list[Refused]


def read_calls(
    block: bytes,
    model: str,
    *,
    fields: LogFields | None = None,
    prediction: str = "prediction",
    zone: tzinfo = UTC,
    unit: TimeUnit = "s",
) -> Calls:
    """Return the calls of one model in a block of whole lines.

    Parameters
    ----------
    model : lines that name another one are passed over; such as name none are taken.
    fields : where a line has what; None: as in a log of ours.
    prediction : column of a prediction that is no object.
    zone : of times without one.
    unit : of times that are numbers.

    Examples
    --------
    >>> call = Call(datetime(2024, 5, 1, tzinfo=UTC), "7f3a", "m", "3", {"delay": 12.0}, 0.31)
    >>> found = read_calls(call.line() + b"oops\\n", "m")
    >>> found.seconds.tolist(), found.inputs["delay"].to_pylist(), found.refused
    ([1714521600], [12.0], [(193, 'is no JSON: Expecting value')])
    """
    where = fields or LogFields()
    try:
        lines = read_at_once(block, where, prediction)
    except NotPlain:
        lines = read_one_by_one(block, where, prediction)
    ours = lines.there & np.asarray(pc.fill_null(pc.equal(lines.model, model), True), bool)
    seconds, untimed = read_times(lines.time, zone, unit)
    version = pc.fill_null(lines.version, DEFAULT_VERSION)
    unnamed = _unnamed(version)
    kept = ours.copy()
    refused = list(lines.refused)
    for place, reason in {**unnamed, **untimed}.items():
        if ours[place]:
            kept[place] = False
            refused.append((int(lines.start[place]), reason))
    rows = pa.array(np.flatnonzero(kept))
    return Calls(
        seconds[kept],
        version.take(rows),
        lines.request_id.take(rows),
        _table(lines.inputs, rows),
        _table(lines.prediction, rows),
        int(len(ours) - np.count_nonzero(ours)),
        sorted(set(refused)),
    )


def _unnamed(version: pa.Array) -> dict[int, str]:
    """Return the rows whose version is no name, with the reason."""
    wrong = [one for one in pc.unique(version).to_pylist() if not NAME.fullmatch(one)]
    if not wrong:
        return {}
    places = np.flatnonzero(pc.is_in(version, pa.array(wrong, pa.string())))
    return dict.fromkeys(
        places.tolist(), "has a version that is no name: letters, digits, '.', '_', '-', 64 at most"
    )


def _table(columns: Columns, rows: pa.Array) -> pa.Table:
    taken = {name: column.take(rows) for name, column in columns.items()}
    return pa.table(taken)
