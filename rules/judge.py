"""The alert table evaluated on arrays: what `promql.py` prints, computed here.

For want of a Prometheus (the demo without one, the tuning of thresholds); a test holds the two equal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import ge, gt, le, lt

import numpy as np
from numpy.typing import NDArray

from wolfpack.rules.alert import Absent, Alert, Condition, Identity, Relative, Selector

Values = NDArray[np.float64]
History = Mapping[str, Sequence[tuple[Mapping[str, str], Values]]]
"""By family name, each series' labels and its values, shape (n,), at n common times; NaN is no sample."""

_Key = tuple[tuple[str, str], ...]
_COMPARE = {"<": lt, "<=": le, ">": gt, ">=": ge}


def active(alert: Alert, history: History, times: Values) -> dict[Identity, Values]:
    """Return the alert's values where its expression holds.

    Parameters
    ----------
    history : values as the expression's selectors see them, that is, with the lookback already applied.
    times : array, shape (n,), epoch seconds.

    Returns
    -------
    dict
        By final labels an array of shape (n,): the value where the alert is active, NaN elsewhere. Alerts
        that are active nowhere are left out.
    """
    found: dict[_Key, Values] = {}
    for clauses in alert.any_of:
        for key, values in _conjunction(alert, clauses, history, times).items():
            before = found.get(key)
            found[key] = values if before is None else np.where(np.isnan(before), values, before)
    return {alert.identity(dict(key)): values for key, values in found.items() if not np.isnan(values).all()}


def evaluate(
    alert: Alert, instant: Mapping[str, Sequence[tuple[Mapping[str, str], float]]], now: float
) -> dict[Identity, float]:
    """Return the alerts that are active at one instant, with their values.

    Parameters
    ----------
    instant : by family name, labels and value of each series.
    now : epoch seconds.
    """
    history = {
        name: [(labels, np.array([value], dtype=float)) for labels, value in series]
        for name, series in instant.items()
    }
    found = active(alert, history, np.array([now], dtype=float))
    return {identity: float(values[0]) for identity, values in found.items()}


def vector(selector: Selector, by: tuple[str, ...], history: History) -> dict[_Key, Values]:
    """Return the largest value for each combination of the labels `by`."""
    found: dict[_Key, Values] = {}
    for labels, values in history.get(selector.family.name, ()):
        if selector.holds(labels):
            key = tuple([(name, labels[name]) for name in by if labels.get(name)])
            found[key] = np.fmax(found[key], values) if key in found else values
    return found


def _conjunction(
    alert: Alert, clauses: Sequence[Condition | Absent], history: History, times: Values
) -> dict[_Key, Values]:
    first = vector(clauses[0].selector, alert.by, history)
    found = dict(first)
    for clause in clauses:
        left = first if clause.selector == clauses[0].selector else vector(clause.selector, alert.by, history)
        right = _right(clause, alert.by, history)
        for key in list(found):
            found[key] = np.where(_holds(clause, left.get(key), right.get(key), times), found[key], np.nan)
    return found


def _right(clause: Condition | Absent, by: tuple[str, ...], history: History) -> dict[_Key, Values]:
    if isinstance(clause, Condition) and isinstance(clause.operand, Relative):
        operand = clause.operand
        values = vector(operand.selector, by, history)
        return {key: one * operand.factor + operand.offset for key, one in values.items()}
    return {}


def _holds(
    clause: Condition | Absent, left: Values | None, right: Values | None, times: Values
) -> NDArray[np.bool_] | bool:
    """Tell at which times a clause holds for one combination of labels; a comparison with NaN never does."""
    if isinstance(clause, Absent):
        return True if left is None else np.isnan(left)
    if left is None:
        return False
    if isinstance(clause.operand, Relative):
        limit: Values | float | None = right
    else:
        limit = times if clause.operand == "now" else clause.operand
    return False if limit is None else np.asarray(_COMPARE[clause.op](left, limit))
