"""Two versions beside each other: the difference of every measure with its noise, and whether the new one is worse."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from scipy.special import ndtri

from wolfpack.spec.measures import MEASURES, measures_of
from wolfpack.stats.estimates import Estimate, difference
from wolfpack.stats.floors import FALSE_ALARMS
from wolfpack.stats.profiles import Segment
from wolfpack.stats.quality_counts import QualityCounts

FEWEST = 30
"""Labelled rows of a version under which a cell is not compared: normal errors do not hold for a handful."""


@dataclass(frozen=True)
class MeasureChange:
    """One measure of two versions in one segment.

    Parameters
    ----------
    segment, class_ : where; ``("", "")`` and "" are all rows and all classes together.
    measure : its name.
    old, new : what the versions have.
    judged : whether it counts in the verdict.
    noise : how much worse the new version looks by chance if it is as good: with all that are judged together a
        chance of 1 in 100; None if it is not judged, or its error is not known.
    """

    segment: Segment
    class_: str
    measure: str
    old: Estimate
    new: Estimate
    judged: bool = False
    noise: float | None = None

    @property
    def difference(self) -> Estimate:
        """New less old. Of the same rows its error is too large, never too small."""
        return difference(self.new, self.old)

    @property
    def worse_by(self) -> float | None:
        """By how much the new version is worse, below 0 if it is better; None where neither side is better."""
        side = MEASURES[self.measure].worse  # type: ignore[index]  # only names of measures are compared
        apart = self.difference.value
        return None if side is None else apart if side == ">" else -apart

    def worse(self, allowed: float = 0.0) -> bool:
        """Tell whether the new version is worse by more than is allowed, and by more than chance gives."""
        return self.judged and None not in (self.noise, self.worse_by) and self._beyond(allowed)

    def _beyond(self, allowed: float) -> bool:
        return (self.worse_by or 0.0) > max(allowed, self.noise or 0.0)


def compare_quality(
    old: QualityCounts, new: QualityCounts, judged: Collection[str] | None = None
) -> list[MeasureChange]:
    """Return the change of every measure that both versions have, of all rows and of each segment and class.

    Parameters
    ----------
    old, new : counted alike.
    judged : names of the measures that count in the verdict, over all classes together; None: all of the task that
        have a better side.

    Raises
    ------
    ValueError
        If they were counted in different ways.

    Examples
    --------
    >>> from wolfpack.stats import Judging
    >>> truth = [0, 1] * 200
    >>> old, new = (QualityCounts.of(Judging(), scores, truth) for scores in ([0.1, 0.9] * 200, [0.9, 0.1] * 200))
    >>> [one.measure for one in compare_quality(old, new, ["accuracy"]) if one.worse()]
    ['accuracy']
    """
    if old.counted != new.counted:
        raise ValueError(f"counts of {old.counted} and of {new.counted} cannot be compared; count both alike")
    wanted = {one.name for one in measures_of(old.task)} if judged is None else set(judged)
    found = list(_changes(old, new))
    counts = [
        one for one in found if one.measure in wanted and not one.class_ and MEASURES[one.measure].worse  # type: ignore[index]
    ]
    reach = -float(ndtri(FALSE_ALARMS / max(len(counts), 1)))
    return [_judge(one, reach) if any(one is its for its in counts) else one for one in found]


def _judge(one: MeasureChange, reach: float) -> MeasureChange:
    error = one.difference.stderr
    noise = None if error is None else reach * error
    return MeasureChange(one.segment, one.class_, one.measure, one.old, one.new, True, noise)


def _changes(old: QualityCounts, new: QualityCounts) -> Iterator[MeasureChange]:
    for segment, before in old.cells.items():
        now = new.cells.get(segment)
        if now is None or min(before.labelled, now.labelled) < FEWEST:
            continue
        sides = [{"": one.measures()} | one.by_class() for one in (before, now)]
        for class_, measures in sides[0].items():
            its = sides[1].get(class_, {})
            for name, value in measures.items():
                if name in its and name in MEASURES:
                    yield MeasureChange(segment, class_, name, value, its[name])
