"""What the ledger needs now and then: hours merged, and what is kept no longer deleted."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from wolfpack.exporter.hours import drop_minutes, merge_hours
from wolfpack.exporter.ledger import Ledger
from wolfpack.exporter.panes import Panes
from wolfpack.exporter.registry import Known
from wolfpack.exporter.sweep import sweep, sweep_keys
from wolfpack.spec.keeping import DAY, Keeping, is_short

log = logging.getLogger("wolfpack.exporter")
QUARTER = 900.0
"""Seconds between looks at what is to be merged and which keys are to be forgotten; the rest is done daily."""


class Housekeeping:
    """Keeps the ledger as `keeping` says; called in the engine's thread, it remembers when it did what.

    A failure is logged and tried again at the next time; it keeps no window from being computed.
    """

    def __init__(self, ledger: Ledger, keeping: Keeping, panes: Panes) -> None:
        self._ledger, self._keeping, self._panes = ledger, keeping, panes
        self._quarter = self._day = -1

    def run(self, known: Sequence[Known], now: float) -> None:
        """Do what is due at `now`."""
        try:
            if int(now // QUARTER) != self._quarter:
                self._quarter = int(now // QUARTER)
                self._each_quarter([one for one in known if is_short(one.spec)], now)
            if int(now // DAY) != self._day:
                self._day = int(now // DAY)
                self._daily(known, now)
        except Exception:
            log.exception("the ledger's housekeeping failed; it goes on in %d s", QUARTER)

    def _each_quarter(self, short: Sequence[Known], now: float) -> None:
        for one in short:
            if merge_hours(self._ledger, self._panes, one, now):
                self._quarter = -1  # there may be more of them, at the next cycle
            self._forget(drop_minutes(self._ledger, self._keeping, one, now))
        sweep_keys(self._ledger, self._keeping, now)

    def _daily(self, known: Sequence[Known], now: float) -> None:
        gone = sweep(self._ledger, self._keeping, known, now)
        self._forget(gone.total())
        if gone.total():
            log.info("deleted from the ledger: %s", ", ".join(f"{n} {name}" for name, n in gone.items() if n))

    def _forget(self, deleted: int) -> None:
        if deleted:
            self._panes.forget()  # the ids of deleted rows may come again
