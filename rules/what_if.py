"""What would have fired under other thresholds; an alert that stays as it was is judged once."""

from __future__ import annotations

import numpy as np

from wolfpack.rules.alert import Alert
from wolfpack.rules.backtest import judged
from wolfpack.rules.episodes import Episode
from wolfpack.rules.exposed import families
from wolfpack.rules.past import Past
from wolfpack.rules.stepped import ModelHistory, looked_back, on_grid
from wolfpack.rules.table import alerts_for
from wolfpack.rules.timing import Timing
from wolfpack.spec import Spec


class WhatIf:
    """The past of models, to be judged by specs of theirs with other thresholds.

    Parameters
    ----------
    past : what was shown; what its specs do not read is not there for others either.
    """

    def __init__(self, past: Past, timing: Timing | None = None) -> None:
        self._timing, self._times = timing or Timing(), past.times
        read = families(one for spec in past.specs for one in alerts_for(spec) if not one.live)
        steps = int(self._timing.lookback // past.step.total_seconds())
        self._histories: dict[tuple[str, str], ModelHistory] = {
            model: looked_back(history, steps) for model, history in on_grid(past.series, past.times, read).items()
        }
        self._kept: dict[Alert, list[Episode]] = {}

    def episodes(self, spec: Spec) -> list[Episode]:
        """Return the episodes of a spec's alerts, but for those on Wolfpack itself, in order of start."""
        alerts = [alert for alert in alerts_for(spec) if alert.check != "system" and not alert.live]
        return sorted(one for alert in alerts for one in self._of(alert, spec))

    def _of(self, alert: Alert, spec: Spec) -> list[Episode]:
        if alert not in self._kept:
            history = self._histories.get((spec.project, spec.model), {})
            self._kept[alert] = judged(alert, spec, history, np.asarray(self._times), self._timing)
        return self._kept[alert]
