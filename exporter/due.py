"""When the next pane of a role counts as late."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from wolfpack.spec import Calendar, Spec


def expected_roles(spec: Spec) -> list[str]:
    """Return the roles that a spec makes a team send."""
    return ["input"] + ["prediction"] * (spec.prediction is not None) + ["label"] * (spec.label is not None)


def due(
    calendar: Calendar,
    first: datetime,
    received: Collection[int],
    now: datetime,
    given_up: timedelta,
    extra: timedelta,
) -> datetime:
    """Return when the oldest missing pane is late: its scheduled time plus grace plus `extra`.

    Parameters
    ----------
    first : start of the first pane that was ever expected.
    received : starts (epoch seconds) of the panes that came.
    given_up : panes that ended longer ago than this are no longer waited for.
    extra : what this role takes longer, as labels do to mature.
    """
    for start in calendar.after(first):
        forgotten = calendar.end(start) < now - given_up
        if int(start.timestamp()) not in received and not calendar.skipped(start) and not forgotten:
            return calendar.due(start) + extra
    raise AssertionError("calendar.after never ends")
