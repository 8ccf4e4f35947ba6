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
    for where, counts, segment in _compared(spec, counted):
        fairness = fairness_of(spec, counts, segment, labelled=False)
        found += _samples(fairness, where, end, ("demographic_parity",), ("selection_rate",), SMALLEST)
    return found


def odds_samples(spec: Spec, counted: Counted, end: int) -> list[Sample]:
    """Return how groups compare by how often predictions are right about them, over the labelled rows."""
    found: list[Sample] = []
    for where, counts, segment in _compared(spec, counted):
        fairness = fairness_of(spec, counts, segment, labelled=True)
        gaps, rates = ("equal_opportunity", "equalized_odds"), ("true_positive_rate", "false_positive_rate")
        found += _samples(fairness, where, end, gaps, rates, SMALLEST_LABELLED)
    return found


def fairness_of(spec: Spec, counts: QualityCounts, segment: str, *, labelled: bool) -> Fairness:
    """Return how the groups of a segment compare: the labelled rows by their labels, or all by what was predicted."""
    positive, groups = _positive(spec), _groups(counts, segment)
    if labelled:
        return compare_groups({name: one.decided for name, one in groups.items()}, positive)
    return compare_selection({name: one.selected(positive) for name, one in groups.items()})


def _positive(spec: Spec) -> str:
    return (spec.prediction.positive if spec.prediction else None) or POSITIVE


def _groups(counts: QualityCounts, segment: str) -> Groups:
    return {
        value: one
        for (name, value), one in counts.cells.items()
        if name == segment and isinstance(one, JudgedScores | JudgedClasses)
    }


def _compared(spec: Spec, counted: Counted) -> Iterator[tuple[dict[str, str], QualityCounts, str]]:
    """Yield labels and counts of each segment that the spec compares, of all versions and of each of several."""
    if spec.prediction is None:
        return
    whole = {"": counted.together} if counted.together is not None else {}
    of: dict[str, QualityCounts] = whole | (dict(counted.versions) if len(counted.versions) > 1 else {})
    for version, counts in of.items():
        for segment in spec.fairness:
            where = {"project": spec.project, "model": spec.model, "version": version, "segment": segment}
            yield where, counts, segment


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
