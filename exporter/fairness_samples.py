"""How far the groups of a segment are apart over a window: counts in, samples out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from wolfpack.exporter.quality import Counted
from wolfpack.exporter.sample import Sample, sample
from wolfpack.spec import Family, Spec
from wolfpack.spec.fairness_names import GAPS, RATES, SMALLEST, SMALLEST_LABELLED
from wolfpack.stats import Fairness, QualityCounts, compare_groups, compare_selection
from wolfpack.stats.confusion import POSITIVE
from wolfpack.stats.judged import JudgedClasses, JudgedScores

Groups = Mapping[str, JudgedScores | JudgedClasses]


def selection_samples(spec: Spec, counted: Counted, end: int) -> list[Sample]:
    """Return how groups compare by what was predicted of them, whether labels have come or not."""
    found: list[Sample] = []
    for where, groups, positive in _compared(spec, counted):
        fairness = compare_selection({name: one.selected(positive) for name, one in groups.items()})
        found += _samples(fairness, where, end, ("demographic_parity",), ("selection_rate",), SMALLEST)
    return found


def odds_samples(spec: Spec, counted: Counted, end: int) -> list[Sample]:
    """Return how groups compare by how often predictions are right about them, over the labelled rows."""
    found: list[Sample] = []
    for where, groups, positive in _compared(spec, counted):
        fairness = compare_groups({name: one.decided for name, one in groups.items()}, positive)
        gaps, rates = ("equal_opportunity", "equalized_odds"), ("true_positive_rate", "false_positive_rate")
        found += _samples(fairness, where, end, gaps, rates, SMALLEST_LABELLED)
    return found


def _compared(spec: Spec, counted: Counted) -> Iterator[tuple[dict[str, str], Groups, str]]:
    """Yield labels and groups of each segment that the spec compares, of all versions and of each of several."""
    its = spec.prediction
    if its is None:
        return
    whole = {"": counted.together} if counted.together is not None else {}
    of: dict[str, QualityCounts] = whole | (dict(counted.versions) if len(counted.versions) > 1 else {})
    for version, counts in of.items():
        for segment in spec.fairness:
            groups = {
                value: one
                for (name, value), one in counts.cells.items()
                if name == segment and isinstance(one, JudgedScores | JudgedClasses)
            }
            where = {"project": spec.project, "model": spec.model, "version": version, "segment": segment}
            yield where, groups, its.positive or POSITIVE


def _samples(
    fairness: Fairness, where: dict[str, str], end: int, gaps: tuple[str, ...], rates: tuple[str, ...],
    smallest: Family,
) -> list[Sample]:  # fmt: skip
    found: list[Sample] = []
    for name in gaps:
        difference, ratio, noise = GAPS[name]
        measures = fairness.measures
        if f"{name}_difference" in measures:
            found += sample(difference, measures[f"{name}_difference"].value, end, **where)
            found += sample(ratio, measures[f"{name}_ratio"].value, end, **where)
            found += sample(noise, fairness.noise[f"{name}_difference"], end, **where)
    for group, its in fairness.groups.items():
        for name in rates:
            if name in its:
                found += sample(RATES[name], its[name].value, end, segment_value=group, **where)
    if fairness.smallest is not None:
        found += sample(smallest, fairness.smallest[1], end, **where)
    return found
