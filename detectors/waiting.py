"""Waiting until the newest pane has been computed: the exporter does that after it has answered the job."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from datetime import timedelta

from wolfpack.detectors.agenda import last_due
from wolfpack.detectors.memory import Memory
from wolfpack.detectors.watch import Watch, watch
from wolfpack.spec import Spec, family, names

POLL_SECONDS = 2.0


def wait_for_panes(
    specs: Iterable[Spec],
    memory: Memory,
    timeout: float,
    at: str | None = None,
    clock: Callable[[], float] = time.time,
    sleep: Callable[[float], None] = time.sleep,
) -> list[str]:
    """Wait until every watch has its newest pane; return what is still missing at the end, one line each.

    Awaited is the newest pane whose scheduled time has passed, or the one that contains `at`; of quality families,
    the newest whose labels are mature. A watch that has no history at all is awaited only if `at` is given.

    Parameters
    ----------
    timeout : seconds, from now on.
    at : a date or time in the spec's zone.

    Raises
    ------
    ServiceError
        If the source cannot answer.
    ValueError
        If `at` is neither, or an entry of a spec can never match.
    """
    until = clock() + timeout
    awaited = [(one, need) for spec in specs for one, need in _awaited(spec, at, clock())]
    while True:
        awaited = [(one, need) for one, need in awaited if _misses(memory, one, need, at is not None)]
        left = until - clock()
        if not awaited or left <= 0:
            return [f"{one.match}: no window that ends at {need:.0f} or later" for one, need in awaited]
        sleep(min(POLL_SECONDS, left))


def _awaited(spec: Spec, at: str | None, now: float) -> list[tuple[Watch, float]]:
    found = []
    for index in range(len(spec.detect)):
        one = watch(spec, index)
        if family(one.metric) not in (*names.OF_QUALITY, names.LABEL_COVERAGE):
            calendar = spec.calendar
            named = calendar.end(calendar.start(calendar.day(at))).timestamp() if at is not None else 0.0
            found.append((one, named or last_due(calendar, now)))
        elif at is None:
            mature = (spec.label.matures_after if spec.label else None) or timedelta()
            found.append((one, last_due(spec.calendar, now - mature.total_seconds())))
    return found


def _misses(memory: Memory, one: Watch, need: float, also_new: bool) -> bool:
    newest = max((track.newest for track in memory.tracks(one) if one.wants(track.labels)), default=0.0)
    return newest < need and (also_new or newest > 0)
