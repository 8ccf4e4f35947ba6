"""Computes windows off the request: what is pending in the ledger becomes samples and what is shown."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import groupby

from wolfpack.exporter import history, outcomes, store, trailing, upkeep
from wolfpack.exporter.assembly import Assembly
from wolfpack.exporter.awaited import Awaited, changes_for, received
from wolfpack.exporter.clock import Clock, utc
from wolfpack.exporter.coverage import coverage_samples
from wolfpack.exporter.housekeeping import Housekeeping
from wolfpack.exporter.ledger import Ledger
from wolfpack.exporter.live_book import LiveBook
from wolfpack.exporter.live_upkeep import SETTLE, LiveUpkeep
from wolfpack.exporter.registry import Known, Registry
from wolfpack.exporter.sample import TOLD, Sample
from wolfpack.exporter.shelf import Scopes, Shelf, scope
from wolfpack.exporter.standing import NOTICES, still_shown, told_samples
from wolfpack.exporter.store import Waiting
from wolfpack.spec.keeping import Keeping

log = logging.getLogger("wolfpack.exporter")
REFERENCE = "reference"
"""Role under which a new reference waits in the ledger's pending table; its start is the reference's id."""
JOINS = ("label", outcomes.ESTIMATE)
"""Roles whose panes are counted from predictions and labels by key before their windows are computed."""
CYCLE = 5.0
"""Seconds between cycles when nothing wakes the engine: how late a pane that closes is noticed."""
COVERAGE = 60.0
"""Seconds of the service's clock after which the coverage of labels is looked at though none was joined."""
RETRY = 60.0
"""Seconds after which a computation that failed is tried again."""
REST, LONGEST_REST = 3.0, 10.0
"""While parts of one pane keep coming, its window is computed again and again: after a cycle the engine leaves the
machine to the requests for three times as long as the cycle took, and for ten seconds at most."""
DAY = 86400
Revision = tuple[str, int, list[Sample]]
"""Samples of one window: its scope, its end (epoch seconds), and what was computed."""


class Engine:
    """One computation at a time; `run` does all that can be done now, `work` does it in a thread."""

    def __init__(
        self, ledger: Ledger, registry: Registry, shelf: Shelf, clock: Clock, keeping: Keeping
    ) -> None:
        self._ledger, self._registry, self._shelf, self._clock = ledger, registry, shelf, clock
        self.ids = history.SeriesIds()
        self._ledger.on_rollback(self.ids.forget)
        self._assembly = Assembly(registry, self.ids)
        self._awaited = Awaited()
        self._keeping = keeping
        self._housekeeping = Housekeeping(ledger, keeping, self._assembly.panes)
        self.live = LiveBook()
        self._live = LiveUpkeep(ledger, keeping, self.live)
        self._retry: dict[Waiting, float] = {}
        self._expired: dict[int, int] = {}
        self._coverage: dict[int, tuple[float, list[Sample]]] = {}
        self._lock = threading.RLock()
        self._wake = threading.Event()
        self._stop = threading.Event()
        self.computed: Counter[str] = Counter()
        self.recomputed: Counter[str] = Counter()
        self.failures: Counter[str] = Counter()
        self.waiting = 0
        self.newest: dict[tuple[int, str], int] = {}
        """By model and role, the start of the newest pane that something was received for."""
        self.ledger_size = 0

    def restore(self) -> None:
        """Show what was shown last; a model without a spec is withdrawn."""
        with self._lock:
            with self._ledger.read() as connection:
                shown = history.shown_last(connection, self.ids)
                self.newest = store.newest_of_all(connection)
                self.ledger_size = store.size(connection)
                for known in self._registry.all():
                    self.live.restore(connection, known, self._clock.now())
            for model, its in shown.items():
                self._shelf.restore(model, its)
            self.retire(set(shown) - {known.id for known in self._registry.all()})
            for models in self._shelf.full():
                self._change(models[0], {}, [])  # the budget may be smaller now
                self.revive(models)  # what it kept off the page is not on record

    def retire(self, models: Iterable[int]) -> None:
        """Show models no more, and record that they are withdrawn."""
        with self._lock:
            for model in models:
                self._change(model, {name: {} for name in self._shelf.scopes(model)}, [])

    def revive(self, models: Iterable[int]) -> None:
        """Have the newest windows of models computed again that are shown again after a while."""
        with self._ledger.write() as connection:
            for model in models:
                for role, start in store.newest_panes(connection, model).items():
                    store.mark_pending(connection, model, role, {start})
                for role, kind in (("label", "label"), (outcomes.ESTIMATE, "prediction")):
                    there = outcomes.marked_panes(connection, model, kind, 0)
                    store.mark_pending(connection, model, role, {max(there)} if there else set())
                store.mark_pending(connection, model, NOTICES, {0})

    def start(self) -> None:
        """Keep working in a thread."""
        threading.Thread(target=self.work, name="engine", daemon=True).start()

    def stop(self) -> None:
        self._stop.set()
        self._wake.set()
        with self._lock:  # let the computation that runs end
            pass

    def work(self) -> None:
        while not self._stop.is_set():
            begun = time.monotonic()
            try:
                self.run()
            except Exception:
                log.exception("the engine's cycle failed; it goes on")
            self._stop.wait(timeout=min(REST * (time.monotonic() - begun), LONGEST_REST))
            self._wake.wait(timeout=CYCLE)
            self._wake.clear()

    def wake(self) -> None:
        """Say that something is pending."""
        self._wake.set()

    def run(self) -> None:
        """Compute everything that is pending and closed, newest first, and refresh due times."""
        with self._lock:
            self._live.run(self._registry.all(), self._clock.now())
        with self._ledger.read() as connection:
            pending = store.all_pending(connection)
            self.ledger_size = store.size(connection)
        for one in pending:
            if one.role != REFERENCE:
                its = one.model, "prediction" if one.role == outcomes.ESTIMATE else one.role
                self.newest[its] = max(one.start, self.newest.get(its, one.start))
        waiting = [one for one in pending if self._retry.get(one, 0) <= time.monotonic()]
        # References first: what the others are compared with.
        ordered = sorted(waiting, key=lambda one: (one.role != REFERENCE, one.model, one.role, -one.start))
        self.waiting = len(ordered)
        for (model, role), group in groupby(ordered, key=lambda one: (one.model, one.role)):
            known = self._registry.by_id(model)
            if known is not None and not self._stop.is_set():
                with self._lock:
                    self._attempt(known, role, list(group))
        self.waiting = 0
        self._registry.let_go()
        for known in self._registry.all():
            with self._lock:
                self._refresh(known)
        if self._clock.steady():
            with self._lock:
                self._housekeeping.run(self._registry.all(), self._clock.now())

    def anomalies(self, known: Known, found: list[Sample]) -> None:
        """Show a detector's findings: each series posted replaces its last finding, old ones are retired."""
        posted = {one.labels for one in found}
        newest = max((one.window_end or 0 for one in found), default=0)
        oldest = newest - 2 * known.spec.window.total_seconds()
        with self._lock:
            after = {
                key: shown
                for key, shown in self._shelf.scope(known.id, "anomaly").items()
                if key[1] not in posted and (shown.window_end or 0) >= oldest
            }
            self._change(known.id, {"anomaly": after | scope(found)}, [])

    def _attempt(self, known: Known, role: str, waiting: list[Waiting]) -> None:
        try:
            if role == REFERENCE:
                self._warm_up(known, waiting)
            elif role == NOTICES:
                self._show_told(known, waiting)
            else:
                self._role(known, role, waiting)
        except Exception:
            name = f"{known.spec.project}/{known.spec.model}"
            log.exception("%s: %s could not be computed; it is tried again in %d s", name, role, RETRY)
            self._retry |= dict.fromkeys(waiting, time.monotonic() + RETRY)
            self.failures[known.spec.project] += 1

    def _role(self, known: Known, role: str, waiting: list[Waiting]) -> None:
        """Compute each window over the panes that wait, once, newest first; then show the newest one."""
        closed = [one for one in waiting if self._closed(known, one.start)]
        if not closed:
            return
        with self._ledger.read() as connection:
            oldest = utc(min(one.start for one in closed))
            there = {one for one in received(connection, known, role, oldest) if self._closed(known, one)}
        if role in JOINS:
            self._count(known, [one.start for one in closed])
        windows = self._affected(known, role, [one.start for one in closed], there)
        if windows and int(windows[0].timestamp()) == max(there):
            # The newest window is shown at once, and computed again when the others, on which its trailing means
            # may rest, are done.
            others = windows[1:]
            self._compute(known, role, windows[0], show=True)
            windows = [*others, windows[0]] if others else []
        for pane in windows:
            self._compute(known, role, pane, show=int(pane.timestamp()) == max(there))
        with self._ledger.write() as connection:
            for one in closed:
                store.clear_pending(connection, one)

    def _count(self, known: Known, starts: list[int]) -> None:
        """Join the predictions of panes with their labels, a pane in a transaction."""
        self._coverage.pop(known.id, None)
        for start in starts:
            with self._ledger.write() as connection:
                self._assembly.count(connection, known, start, self._clock.now())

    def _affected(self, known: Known, role: str, starts: list[int], there: set[int]) -> list[datetime]:
        """Return the panes whose windows hold any of the panes that wait and may still change, newest first."""
        calendar, now = known.spec.calendar, utc(self._clock.now())
        late = changes_for(known.spec, role, self._keeping)
        found: set[datetime] = set()
        for start in starts:
            for _, pane in zip(range(known.spec.window_panes), calendar.after(utc(start)), strict=False):
                if int(pane.timestamp()) in there and now - calendar.end(pane) <= late:
                    found.add(pane)
        return sorted(found, reverse=True)

    def _compute(self, known: Known, role: str, pane: datetime, show: bool) -> None:
        """Store the samples of the window that ends with a pane as a revision, and show them."""
        with self._ledger.read() as connection:
            found = self._assembly.samples(connection, known, role, pane)
        end = int(known.spec.calendar.end(pane).timestamp())
        again = self._change(known.id, {role: scope(found)} if show else {}, [(role, end, found)])
        self.computed[known.spec.project] += 1
        self.recomputed[known.spec.project] += again

    def _change(self, model: int, scopes: Scopes, windows: list[Revision]) -> int:
        """Store windows and what the page shows from now on, in one transaction; then show it.

        Returns how many of the windows had been computed before.

        Another model of the project may be shown more or less of, where its budget is used up.
        """
        draft, again = self._shelf.draft(model, scopes), 0
        if draft.changes or windows:
            with self._ledger.write() as connection:
                now = history.moment(connection, self._clock.now())
                for name, end, found in windows:
                    again += history.record(connection, self.ids, model, name, end, found, now)
                for one, change in draft.changes.items():
                    history.show(connection, self.ids, one, change.before, change.after, now)
        self._shelf.make(draft)
        return again

    def _refresh(self, known: Known) -> None:
        """Bring the model's own series up to date, and note once a day how far it was looked at."""
        now = self._clock.now()
        with self._ledger.read() as connection:
            told = still_shown(known.spec, self._shelf.scope(known.id, TOLD), now)
            found = upkeep.model_samples(
                connection, self._registry, known, self._awaited, told, utc(now), self._keeping
            )
            if now - self._coverage.get(known.id, (0.0, []))[0] >= COVERAGE:
                self._coverage[known.id] = now, coverage_samples(connection, known, utc(now))
            found += self._coverage[known.id][1]
        self._change(known.id, {"model": scope(found), TOLD: told}, [])
        if self._expired.get(known.id) != now // DAY and self._clock.steady():
            self._expired[known.id] = int(now // DAY)
            with self._ledger.write() as connection:
                self._awaited.remember(connection, known)

    def _closed(self, known: Known, start: int) -> bool:
        settle = SETTLE if known.spec.live is not None else timedelta(0)
        return known.spec.calendar.end(utc(start)) + settle <= utc(self._clock.now())

    def _show_told(self, known: Known, waiting: list[Waiting]) -> None:
        """Show what was told of a model since the last time."""
        with self._ledger.read() as connection:
            found = told_samples(connection, known)
        self._change(known.id, {TOLD: scope(found)}, [])
        with self._ledger.write() as connection:
            for one in waiting:
                store.clear_pending(connection, one)

    def _warm_up(self, known: Known, waiting: list[Waiting]) -> None:
        """Begin the event history with the panes of a reference; panes that were received are left as they are."""
        windows: list[Revision] = []
        with self._ledger.read() as connection:
            baseline = self._registry.baseline(connection, known.id)
            if baseline is not None:
                for role in ("input", "prediction"):
                    there = store.received_panes(
                        connection, known.id, role, min(baseline.whole.panes, default=0)
                    )
                    windows += trailing.reference_windows(known, baseline, role, there)
        self._change(known.id, {}, windows)
        with self._ledger.write() as connection:
            for one in waiting:
                store.clear_pending(connection, one)
