"""Concept drift: whether the label changed where the prediction did not, with what sampling alone gives."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtri

from wolfpack.stats.estimates import Estimate
from wolfpack.stats.floors import FALSE_ALARMS
from wolfpack.stats.habit import FACTOR, LEAST_WINDOWS
from wolfpack.stats.regions import Regions
from wolfpack.stats.spread import Spread

STEPS = 24
"""Steps in which a long window moves by its own length: enough to find the largest, few enough to look at all."""
LEAST_ROWS = 20
"""Rows that a region must have on both sides; neighbours are joined until they do."""

Floats = NDArray[np.float64]


class Moved(NamedTuple):
    """The mean square of the changes, and its mean and half its variance without drift; those of windows add."""

    square: float
    mean: float
    spread: float

    @property
    def change(self) -> float:
        return math.sqrt(max(self.square - self.mean, 0.0))

    def noise(self, chance: float) -> float:
        """Return what `change` exceeds without drift with this chance: of a scaled chi-squared distribution."""
        if self.spread <= 0:
            return 0.0
        scale, freedom = self.spread / self.mean, self.mean * self.mean / self.spread
        return math.sqrt(max(scale * float(chdtri(freedom, chance)) - self.mean, 0.0))


@dataclass(frozen=True)
class LabelChange:
    """How far labels moved at the same prediction.

    Parameters
    ----------
    change : root of the mean, over rows now, of the squared change of the label's mean in their region, less
        what sampling gives; 0 on average without drift. In units of the label: of 0 and 1 a ratio.
    noise : what `change` reaches without drift.
    shift : the mean change with its sign: labels now less the reference's at the same predictions.
    regions : for each joined region its first and last place among the regions, and its change.
    moved : what `change` is made of.
    """

    change: float
    noise: float
    shift: Estimate
    regions: tuple[tuple[int, int, Estimate], ...]
    moved: Moved

    @property
    def drifted(self) -> bool:
        """Whether the change is certain; whether it matters is for a threshold to say."""
        return self.change > self.noise


def label_change(
    reference: Regions, now: Regions, chance: float = FALSE_ALARMS, habit: float = 0.0
) -> LabelChange | None:
    """Return how far labels moved at the same prediction; None where a side has under 20 rows.

    With d the change of a region's mean label, v its variance without drift and w its share of the rows now,
    sum w d**2 less its mean sum w v is scored. Its distribution without drift is taken as the scaled
    chi-squared one of the same mean and variance. Where predictions are in the unit of the label (its errors vary
    less than it does in the reference) d is taken from label - prediction, so that predictions which moved within
    a wide region are no change of the label.

    Parameters
    ----------
    reference, now : on the same edges.
    chance : of a score above the noise without drift, for independent rows.
    habit : floor from the reference's own windows, see `label_habit`.

    Raises
    ------
    ValueError
        If edges differ.

    References
    ----------
    F. Satterthwaite, An approximate distribution of estimates of variance components, Biometrics Bulletin 2,
    1946, for the distribution. The score is that of a shift of the label given the prediction as in J.
    Moreno-Torres et al., A unifying view on dataset shift in classification, Pattern Recognition 45, 2012.
    """
    reference.merge(now)  # refuses other edges
    places = _joined(reference.labels.rows, now.labels.rows)
    if places is None:
        return None
    errors = _total(reference.errors) < _total(reference.labels)
    before, after = (_regroup(side.errors if errors else side.labels, places) for side in (reference, now))
    d = before.means - after.means if errors else after.means - before.means
    variances = _null_variances(before, after)
    weights = after.rows / after.rows.sum()
    parts = weights * variances
    moved = Moved(float(weights @ np.square(d)), float(parts.sum()), float(np.square(parts).sum()))
    own = [spread.squares / np.maximum(spread.rows - 1, 1) / spread.rows for spread in (before, after)]
    spread = np.sqrt(own[0] + own[1])
    ends = [int(np.flatnonzero(places == place)[i]) for place in range(len(d)) for i in (0, -1)]
    found = zip(ends[::2], ends[1::2], map(Estimate, d.tolist(), spread.tolist()), strict=True)
    shift = Estimate(float(weights @ d), math.sqrt(float(np.square(weights * spread).sum())))
    return LabelChange(moved.change, max(moved.noise(chance), habit), shift, tuple(found), moved)


def label_habit(panes: Sequence[Regions], window: int, chance: float = FALSE_ALARMS) -> float:
    """Return twice the largest change of the reference's own windows against its rest; 0 under 10 windows.

    It is 0 as well if sampling explains how far disjoint windows are from the rest, all taken together: the largest of
    many thin windows is large by chance, and no habit.
    Windows of more than 48 panes begin at every 24th part of their length, or a bit less, not at every pane.

    Parameters
    ----------
    panes : of the reference, in time, on the same edges.
    window : panes in a window, >= 1.
    """
    if window < 1:
        raise ValueError(
            f"window: {window!r} is not in the range x>=1; it is the number of panes in a window"
        )
    if len(panes) // window < LEAST_WINDOWS:
        return 0.0
    step = max(window // STEPS, 1)
    parts = [panes[at].merge(*panes[at + 1 : at + step]) for at in range(0, len(panes) - step + 1, step)]
    size, none = window // step, Regions.empty(panes[0].edges)
    before, after = (list(accumulate([none, *its], Regions.merge)) for its in (parts, parts[::-1]))
    windows = len(parts) - size + 1
    inside = [parts[first].merge(*parts[first + 1 : first + size]) for first in range(windows)]
    outside = [before[first].merge(after[windows - 1 - first]) for first in range(windows)]
    found = [label_change(rest, its) for rest, its in zip(outside, inside, strict=True)]
    apart = [one.moved for one in found[::size] if one is not None]
    together = Moved(*(sum(its) for its in zip(*apart, strict=True))) if apart else Moved(0.0, 0.0, 0.0)
    if together.change <= together.noise(chance):
        return 0.0
    return FACTOR * max(one.change for one in found if one is not None)


def _total(spread: Spread) -> float:
    """Return the sum of squares about the mean of all regions."""
    return float(_regroup(spread, np.zeros(len(spread.rows), np.int64)).squares[0])


def _joined(before: NDArray[np.int64], after: NDArray[np.int64]) -> NDArray[np.int64] | None:
    """Return to which joined region each belongs, so that each has enough rows on both sides."""
    places = np.zeros(len(before), np.int64)
    group, rows = 0, np.zeros(2, np.int64)
    for place, pair in enumerate(zip(before, after, strict=True)):
        if (rows >= LEAST_ROWS).all():
            group, rows = group + 1, np.zeros(2, np.int64)
        places[place] = group
        rows = rows + pair
    if (rows >= LEAST_ROWS).all():
        return places
    if not group:
        return None
    return np.minimum(places, group - 1)


def _regroup(spread: Spread, places: NDArray[np.int64]) -> Spread:
    """Return the spread of joined quantities: squares about their own means, and of these about the joint one."""
    k = int(places[-1]) + 1
    rows = np.bincount(places, spread.rows, k).astype(np.int64)
    safe = np.maximum(rows, 1)
    first = np.bincount(places, spread.rows * spread.means, k) / safe
    means = first + np.bincount(places, spread.rows * (spread.means - first[places]), k) / safe  # less rounding
    apart = spread.rows * np.square(spread.means - means[places])
    return Spread(rows, means, np.asarray(np.bincount(places, spread.squares + apart, k)))


def _null_variances(before: Spread, after: Spread) -> Floats:
    """Return the variance of each region's change if both sides are draws of one population.

    Of the rows now not less than their own, since predictions that moved within a region can vary more.
    """
    together = before.merge(after)
    pooled = together.squares / (together.rows - 1)
    own = np.maximum(pooled, after.squares / (after.rows - 1))
    return np.asarray(pooled / before.rows + own / after.rows)
