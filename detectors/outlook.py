"""What a piece of a series is and leads to: a level or a line, by what its points support."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wolfpack.detectors.detection import Floats


@dataclass(frozen=True)
class Outlook:
    """A piece.

    Parameters
    ----------
    begin, end : of its level or line, at its first and last point.
    slope : a point; 0 for a level.
    spread : standard deviation around it.
    off : how far the last value lies from it.
    points : how many it has.
    """

    begin: float
    end: float
    slope: float
    spread: float
    off: float
    points: int


def outlook(values: Floats) -> Outlook:
    """Return the level, or the line where it explains more than its parameter costs, of one value or more.

    Parameters
    ----------
    values : array, shape (n,), n >= 1, finite.

    Examples
    --------
    >>> outlook(np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.1])).slope.__round__(1)
    1.0
    """
    n, mean = len(values), float(np.mean(values))
    t = np.arange(n) - (n - 1) / 2
    level = values - mean
    slope = float(t @ level / (t @ t)) if n > 2 else 0.0
    line = level - slope * t
    flat, leaning = float(level @ level), float(line @ line)
    if flat <= 0 or (leaning > 0 and n * np.log(flat / leaning) < np.log(max(n, 2))):
        slope, line = 0.0, level
    half = slope * (n - 1) / 2
    spread = float(np.sqrt(line @ line / max(n - 1 - (slope != 0), 1)))
    return Outlook(mean - half, mean + half, slope, spread, float(line[-1]), n)
