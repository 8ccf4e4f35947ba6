"""When an active alert fires: `for` and `keep_firing_for`, as Prometheus applies them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def firing(
    active: NDArray[np.bool_], times: NDArray[np.float64], hold: float, keep: float
) -> NDArray[np.bool_]:
    """Return at which evaluations one alert fires.

    Parameters
    ----------
    active : array, shape (n,): whether the expression gave the alert at each evaluation.
    times : array, shape (n,), increasing: the evaluations, seconds.
    hold, keep : `for` and `keep_firing_for`, seconds.

    Returns
    -------
    array, shape (n,)
        True where the alert is firing; pending is not.

    Examples
    --------
    >>> firing(np.array([1, 1, 1, 0, 0, 0], bool), np.arange(6.0), hold=2, keep=2).astype(int)
    array([0, 0, 1, 1, 1, 0])

    References
    ----------
    Prometheus 2.42, rules/alerting.go, AlertingRule.Eval.
    """
    if active.all():  # as in most made histories
        return times - times[:1] >= hold
    fires = [False] * len(times)
    since: float | None = None  # start of the current activity; None: inactive
    ended: float | None = None  # when a firing alert's condition ended
    fired = False
    first = int(np.argmax(active)) if active.any() else len(times)
    for index, (holds, now) in enumerate(zip(active[first:].tolist(), times[first:].tolist(), strict=True), first):
        if holds:
            since, ended = now if since is None else since, None
            fired = fired or now - since >= hold
        elif fired and keep > 0:
            ended = now if ended is None else ended
            fired = now - ended < keep
            since = since if fired else None
        else:
            since, fired = None, False
        fires[index] = fired
    return np.array(fires, dtype=bool)
