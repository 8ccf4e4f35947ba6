"""How often rules are evaluated and how long things wait; data, so that tests can run at seconds."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import timedelta
from functools import lru_cache

from wolfpack.spec import format_duration

_MAY_BE_ZERO = ("for_", "group_wait", "live_for", "live_group_wait", "keep_panes")


@dataclass(frozen=True)
class Timing:
    """Times of the generated files, in whole seconds.

    Parameters
    ----------
    evaluation : interval of the rule groups, of a scrape job's 60 s.
    for_ : how long a condition must hold; never a multiple of `every`, or a next pane that comes 40 minutes
        late fires the alert. Persistence is counted in windows instead.
    lookback : how far an expression looks for the last sample, so that failed scrapes do not resolve alerts.
    keep_panes : drift and quality keep firing for this many panes after the condition ended.
    group_wait, group_interval, repeat_interval : Alertmanager's, with its own defaults.
    live_group_wait : group_wait of alerts with check="live".
    live_evaluation, live_for, live_lookback : the first three for these alerts, of a scrape job's 15 s.
    """

    evaluation: int = 60
    for_: int = 120
    lookback: int = 900
    keep_panes: float = 1.5
    group_wait: int = 30
    group_interval: int = 300
    repeat_interval: int = 14400
    live_group_wait: int = 10
    live_evaluation: int = 15
    live_for: int = 30
    live_lookback: int = 120

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            least = 0 if field.name in _MAY_BE_ZERO else 1
            if value < least or (field.name != "keep_panes" and value != int(value)):
                raise ValueError(
                    f"Timing.{field.name}: {value!r} is not allowed; whole seconds, at least {least}"
                )

    def live(self) -> Timing:
        """Return the times of alerts on live models, under the names of the others."""
        return replace(self, evaluation=self.live_evaluation, for_=self.live_for, lookback=self.live_lookback)


@lru_cache(maxsize=1 << 10)
def duration(seconds: float) -> str:
    """Write whole seconds as Prometheus reads them.

    Examples
    --------
    >>> duration(129600)
    '1d12h'
    """
    return format_duration(timedelta(seconds=round(seconds)))
