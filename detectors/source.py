"""What a source of history answers: series by event time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from wolfpack.detectors.deadline import Deadline
from wolfpack.detectors.detection import Floats
from wolfpack.detectors.watch import Watch

NEVER = Deadline()


@dataclass(frozen=True)
class History:
    """One series as its source gave it.

    Parameters
    ----------
    labels : its labels, without the name.
    points : [window_end, value or null, seen] each, oldest first; `seen` is when the source first had this value, on
        its own clock. Not looked into until `arrays`, so that one bad series cannot spoil the page it came on.
    """

    labels: dict[str, str]
    points: Sequence[Sequence[float | None]]

    def arrays(self) -> tuple[Floats, Floats]:
        """Return window ends in epoch seconds and values, NaN where there is none; both of shape (n,).

        Raises
        ------
        ValueError
            If a point is not a pair of numbers; the message names it.
        """
        at, value = np.empty(len(self.points)), np.empty(len(self.points))
        for i, point in enumerate(self.points):
            try:
                at[i], value[i] = float(point[0]), np.nan if point[1] is None else float(point[1])  # type: ignore[arg-type]  # a null time is the TypeError below
            except (TypeError, ValueError, IndexError, KeyError):
                raise ValueError(f"points[{i}]: {point!r} is no [window_end, value, seen]") from None
        return at, value

    @property
    def seen(self) -> float:
        """When the newest value was first there, on the source's clock; 0 if no point says so."""
        return max((float(p[2] or 0) for p in self.points if len(p) > 2), default=0.0)


class Source(Protocol):
    """Anything that knows the history of what a watch names."""

    def series(self, watch: Watch, changed: float | None = None, deadline: Deadline = NEVER) -> list[History]:
        """Return the series that are watched, whole.

        Parameters
        ----------
        changed : only points whose value was first seen then or later, on the source's clock; one that was taken back
            has the value null. None: all points.
        deadline : when to give up.

        Raises
        ------
        ServiceError
            If the source refuses, is not there, answers something else, or says that its answer is not whole.
        DeadlinePassed
            If there is no time left.
        """
        ...
