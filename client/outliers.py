"""The seam for an outlier model: rows in, scores and flags out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Scored:
    """What an outlier model says of n rows.

    Parameters
    ----------
    scores : shape (n,); larger is stranger. NaN: the row could not be scored, and its flag is not counted.
    flags : shape (n,), bool; whether the row is an outlier.
    """

    scores: NDArray[np.float64]
    flags: NDArray[np.bool_]


class OutlierScorer(Protocol):
    """An outlier model. It is called in the monitor's own thread, with many rows at once, never in a call."""

    def score(self, rows: pa.Table) -> Scored:
        """Return scores and flags of the rows, a column for each input; some may lack inputs."""
        ...
