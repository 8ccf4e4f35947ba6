"""What people said of a series' alarms, and how far its alarm line rises for it.

An alarm that was wrong is an ordinary peak that the line lay under. So the line of its series is raised until the alarm
would not have been one, with a margin, within two bounds: never above what people said was right, and never to more
than twice itself, so that no word can silence a series. The band stays as it was: what is expected did not change.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from wolfpack.detectors.detection import Floats
from wolfpack.spec.names import ANOMALY, MODEL

MARGIN = 1.05
"""The raised line lies so far above an alarm that was wrong, and the alarms that were right so far above the line."""
MOST = 2.0
"""Times itself that a line is raised at the most."""


@dataclass(frozen=True)
class Verdict:
    """A word on the alarms of a series whose windows end from `start` to `end`, epoch seconds."""

    labels: Mapping[str, str]
    start: float
    end: float
    verdict: Literal["right", "wrong"]

    @classmethod
    def from_dict(cls, entry: Mapping[str, Any]) -> Verdict:
        """Read an entry of `GET /api/v1/feedback`."""
        return cls(entry["labels"], float(entry["start"]), float(entry["end"]), entry["verdict"])

    def about(self, labels: Mapping[str, str]) -> bool:
        """Tell whether it is on the series of a finding: what it names of a finding's labels is the same."""
        named = {name: text for name, text in self.labels.items() if name in ANOMALY and name not in MODEL and text}
        return bool(named) and all(labels.get(name) == text for name, text in named.items())


def raised(times: Floats, scores: Floats, said: Iterable[Verdict]) -> float:
    """Return by what the scores of a series are divided: 1 or more, at most 2.

    Parameters
    ----------
    times : array, shape (n,); window ends, epoch seconds.
    scores : array, shape (n,); of the series, before anything is raised; NaN where there is none.
    said : words on this series; of two on the same times the first counts.

    Examples
    --------
    >>> wrong = Verdict({}, 10.0, 10.0, "wrong")
    >>> raised(np.array([0.0, 10.0]), np.array([0.3, -1.4]), [wrong])
    1.47
    """
    peaks: dict[str, list[float]] = {"right": [], "wrong": []}
    for one in {(word.start, word.end): word for word in reversed(list(said))}.values():
        its = np.abs(scores[(times >= one.start) & (times <= one.end)])
        peak = float(np.nanmax(its, initial=0.0))
        if peak > 1:
            peaks[one.verdict].append(peak)
    highest = min([MOST, *(peak / MARGIN for peak in peaks["right"])])
    return max(1.0, min(MARGIN * max(peaks["wrong"], default=0.0), highest))
