"""The long-running sidecar: one cycle after the other, at a steady rhythm, whatever a cycle does."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from wolfpack.detectors.report import Report

log = logging.getLogger(__name__)


def run(
    cycle: Callable[[], Report],
    every_seconds: float,
    wait: Callable[[float], bool],
    clock: Callable[[], float] = time.monotonic,
) -> int:
    """Run cycles until told to stop, and return how many were begun.

    Cycles begin `every_seconds` apart; one that takes longer is followed at once, and the ones it missed are
    not made up for, since each judges the newest window anyway.

    Parameters
    ----------
    cycle : one cycle; an error in it is logged and the next goes on.
    every_seconds : seconds between the beginnings of two cycles, > 0.
    wait : waits as many seconds and returns True as soon as the loop is to stop, as `threading.Event().wait`.
    clock : seconds that only grow.

    Raises
    ------
    ValueError
        If `every_seconds` is not positive.
    """
    if not every_seconds > 0:
        raise ValueError(f"every_seconds: {every_seconds!r} is not in the range x>0")
    begun = 0
    while True:
        start = clock()
        begun += 1
        _logged(cycle)
        if wait(max(0.0, start + every_seconds - clock())):
            return begun


def _logged(cycle: Callable[[], Report]) -> None:
    try:
        report = cycle()
    except Exception:  # the loop is what must go on
        log.exception("cycle failed; the next one goes on")
        return
    if not report.runs and report == Report():
        return  # no model's time had come
    skipped = ", ".join(f"{count} {reason}" for reason, count in report.skipped.items())
    log.info("%d series scored, %d alarms, skipped: %s", report.scored, len(report.alarms), skipped or "none")
    for error in report.errors:
        log.warning("%s", error)
    if report.missed:
        log.warning("the deadline came before these were done: %s", ", ".join(report.missed))
