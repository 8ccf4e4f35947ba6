"""Fairness between groups from their confusions: Fairlearn's differences and ratios, with what chance alone gives."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

from scipy.special import ndtri

from wolfpack.stats.confusion import POSITIVE, Confusion
from wolfpack.stats.estimates import Estimate, rate
from wolfpack.stats.floors import FALSE_ALARMS

RATES = ("selection_rate", "true_positive_rate", "false_positive_rate")


@dataclass(frozen=True)
class Fairness:
    """How groups compare.

    Parameters
    ----------
    groups : by group its selection_rate, true_positive_rate and false_positive_rate as far as defined.
    measures : by name, see `compare_groups`.
    noise : by the name of each difference, what it reaches between groups that are alike.
    smallest : the group with the fewest rows, and these; read everything beside it.
    """

    groups: dict[str, dict[str, Estimate]]
    measures: dict[str, Estimate]
    noise: dict[str, float]
    smallest: tuple[str, int] | None


def compare_groups(
    confusions: Mapping[str, Confusion], positive: str = POSITIVE, zero_undefined: bool = False
) -> Fairness:
    """Return how groups compare, from the confusion of each; groups without rows are left out.

    ``demographic_parity`` is about the share of rows predicted positive, ``equal_opportunity`` about the true
    positive rate, ``equalized_odds`` about true and false positive rate: of each a ``_difference`` between the
    largest and the smallest group, and a ``_ratio`` of the smallest to the largest; of equalized odds the worse of
    both rates. A rate that a group does not have (no positives, no negatives) is left out of the comparison; with
    fewer than two groups that have it there is nothing to compare.

    Parameters
    ----------
    confusions : by group.
    positive : the class whose prediction is the selection.
    zero_undefined : count a rate that a group does not have as 0, as Fairlearn does; then a group without any
        positive label makes the difference of true positive rates the largest rate there is.

    References
    ----------
    S. Bird et al., Fairlearn: a toolkit for assessing and improving fairness in AI, 2020; M. Hardt, E. Price, N.
    Srebro, Equality of opportunity in supervised learning, NeurIPS 2016.
    """
    cells = {name: one.cells_of(positive) for name, one in confusions.items() if one.rows}
    groups = {name: _rates(*counts, zero_undefined) for name, counts in cells.items()}
    ranges = {name: _Range.of([group[name] for group in groups.values() if name in group]) for name in RATES}
    selected, true, false = (ranges[name] for name in RATES)
    measures: dict[str, Estimate] = {}
    noise: dict[str, float] = {}
    for name, found in (("demographic_parity", selected), ("equal_opportunity", true)):
        if found:
            measures |= {f"{name}_difference": found.difference, f"{name}_ratio": found.ratio}
            noise[f"{name}_difference"] = found.noise
    if true and false:
        measures["equalized_odds_difference"] = max(true.difference, false.difference, key=_value)
        measures["equalized_odds_ratio"] = min(true.ratio, false.ratio, key=_value)
        noise["equalized_odds_difference"] = max(true.noise, false.noise)
    rows = {name: sum(counts) for name, counts in cells.items()}
    smallest = min(rows.items(), key=lambda item: (item[1], item[0])) if rows else None
    return Fairness(groups, measures, noise, smallest)


def compare_selection(counts: Mapping[str, tuple[int, int]]) -> Fairness:
    """Return how groups compare by what was predicted of them alone, which needs no labels.

    Parameters
    ----------
    counts : by group the rows predicted positive, and all rows; groups without rows are left out.

    Examples
    --------
    >>> found = compare_selection({"a": (30, 100), "b": (40, 100)})
    >>> round(found.measures["demographic_parity_difference"].value, 3), found.smallest
    (0.1, ('a', 100))
    """
    rates = {name: one for name, its in counts.items() if (one := rate(*its)) is not None}
    found = _Range.of(list(rates.values()))
    smallest = min(((name, counts[name][1]) for name in rates), key=lambda one: (one[1], one[0]), default=None)
    groups = {name: {"selection_rate": one} for name, one in rates.items()}
    if found is None:
        return Fairness(groups, {}, {}, smallest)
    measures = {"demographic_parity_difference": found.difference, "demographic_parity_ratio": found.ratio}
    return Fairness(groups, measures, {"demographic_parity_difference": found.noise}, smallest)


def _rates(tp: int, fp: int, fn: int, tn: int, zero_undefined: bool) -> dict[str, Estimate]:
    found = dict(
        zip(RATES, (rate(tp + fp, tp + fp + fn + tn), rate(tp, tp + fn), rate(fp, fp + tn)), strict=True)
    )
    if zero_undefined:
        found = {name: estimate or Estimate(0.0) for name, estimate in found.items()}
    return {name: estimate for name, estimate in found.items() if estimate is not None}


@dataclass(frozen=True)
class _Range:
    """The largest and the smallest rate of several groups."""

    difference: Estimate
    ratio: Estimate
    noise: float

    @classmethod
    def of(cls, rates: list[Estimate]) -> _Range | None:
        """Return the range; None under two groups.

        The noise is that of the pair with the largest errors, at a chance shared out over all pairs (Bonferroni).
        """
        if len(rates) < 2:
            return None
        low, high = min(rates, key=_value), max(rates, key=_value)
        pairs = [math.hypot(one.stderr or 0.0, two.stderr or 0.0) for one, two in combinations(rates, 2)]
        quantile = -float(ndtri(FALSE_ALARMS / 2 / len(pairs)))
        errors = low.stderr, high.stderr
        known = None not in errors
        deviation = math.hypot(*(error or 0.0 for error in errors)) if known else None
        difference = Estimate(high.value - low.value, deviation)
        if not high.value > 0:  # nobody is selected in any group: no group is behind
            return cls(difference, Estimate(1.0), quantile * max(pairs))
        part = low.value / high.value
        spread = math.hypot(low.stderr or 0.0, part * (high.stderr or 0.0)) / high.value if known else None
        return cls(difference, Estimate(part, spread), quantile * max(pairs))


def _value(estimate: Estimate) -> float:
    return estimate.value
