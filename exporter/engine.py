"""Computes windows off the request: what is pending in the ledger becomes samples and what is shown."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from wolfpack.exporter import history, outcomes, quality, store, trailing
from wolfpack.exporter.baseline import Baseline
from wolfpack.exporter.clock import Clock, utc
from wolfpack.exporter.due import due, expected_roles
from wolfpack.exporter.ledger import Ledger
from wolfpack.exporter.panes import Panes
from wolfpack.exporter.registry import Known, Registry
from wolfpack.exporter.sample import Sample, sample
from wolfpack.exporter.shelf import Shelf, scope_of
from wolfpack.exporter.window import Window, release_samples, window_samples
from wolfpack.spec import names
from wolfpack.stats import Profile, merge_all

log = logging.getLogger("wolfpack.exporter")
REFERENCE = "reference"
"""Role under which a new reference waits in the ledger's pending table; its start is the reference's id."""


class Engine:
    """One computation at a time; `run` does all that can be done now, `work` does it in a thread."""

    def __init__(self, ledger: Ledger, registry: Registry, shelf: Shelf, clock: Clock) -> None:
        self._ledger, self._registry, self._shelf, self._clock = ledger, registry, shelf, clock
        self._ids = history.SeriesIds()
        self._panes = Panes(ledger)
        self._failed: set[tuple[int, str, int]] = set()
        self._lock = threading.RLock()
        self._wake = threading.Event()
        self._stop = threading.Event()
        self.computed: Counter[str] = Counter()
        self.failures: Counter[str] = Counter()
        self.waiting = 0

    def restore(self) -> None:
        """Show what was shown last; a model without a spec is shown no more."""
        with self._ledger.read() as connection:
            for model, shown in history.shown_last(connection).items():
                self._shelf.put(model, shown)
        self._shelf.drop(known.id for known in self._registry.all())

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
            try:
                self.run()
            except Exception:
                log.exception("the engine's cycle failed; it goes on")
            self._wake.wait(timeout=5.0)
            self._wake.clear()

    def wake(self, model: int | None = None) -> None:
        """Say that something is pending; what failed before is tried again for this model."""
        self._failed = {item for item in self._failed if item[0] != model}
        self._wake.set()

    def run(self) -> None:
        """Compute everything that is pending and closed, newest first, and refresh due times."""
        with self._lock:
            with self._ledger.read() as connection:
                waiting = store.all_pending(connection)
            self.waiting = len(waiting)
            for model, role, start in waiting:
                known = self._registry.by_id(model)
                if known is None or (model, role, start) in self._failed or self._stop.is_set():
                    continue
                self._attempt(known, role, start)
                self.waiting -= 1
            for known in self._registry.all():
                self._refresh(known)

    def anomalies(self, known: Known, found: list[Sample]) -> None:
        """Show a detector's findings: each series posted replaces its last finding, old ones are retired."""
        posted = {one.labels for one in found}
        newest = max((one.window_end or 0 for one in found), default=0)
        oldest = newest - 2 * known.spec.window.total_seconds()
        with self._lock:
            before = self._shelf.get(known.id)
            after = {
                key: shown
                for key, shown in before.items()
                if scope_of(key) != "anomaly" or (key[1] not in posted and (shown.window_end or 0) >= oldest)
            }
            after |= {one.key: history.Shown(one.value, one.window_end) for one in found}
            with self._ledger.write() as connection:
                history.show(connection, self._ids, known.id, before, after, self._clock.now())
            self._shelf.put(known.id, after)

    def _attempt(self, known: Known, role: str, start: int) -> None:
        try:
            if role == REFERENCE:
                self._warm_up(known, start)
            elif role == "label":
                self._label(known, start)
            else:
                self._role(known, role, start)
        except Exception:
            log.exception(
                "%s/%s: %s pane %s could not be computed", known.spec.project, known.spec.model, role, start
            )
            self._failed.add((known.id, role, start))
            self._ids.forget()
            self.failures[known.spec.project] += 1

    def _affected(self, known: Known, start: int, received: list[int]) -> list[datetime]:
        """Return the panes whose windows hold the pane at `start`, closed and within revise, newest first."""
        calendar, now = known.spec.calendar, utc(self._clock.now())
        found = []
        for _, pane in zip(range(known.spec.window_panes), calendar.after(utc(start)), strict=False):
            closed = calendar.end(pane) <= now and now - calendar.end(pane) <= known.spec.revise
            if closed and int(pane.timestamp()) in received:
                found.append(pane)
        return found[::-1]

    def _closed(self, known: Known, start: int) -> bool:
        return known.spec.calendar.end(utc(start)) <= utc(self._clock.now())

    def _role(self, known: Known, role: str, start: int) -> None:
        if not self._closed(known, start):
            return
        with self._ledger.read() as connection:
            received = sorted(store.received_panes(connection, known.id, role, start))
            closed = [pane for pane in received if self._closed(known, pane)]
            baseline = self._registry.baseline(connection, known.id)
            windows = {
                int(pane.timestamp()): self._window_samples(connection, known, role, pane, baseline)
                for pane in self._affected(known, start, closed)
            }
        self._commit(known, role, start, windows, max(closed))

    def _window_samples(
        self, connection: Connection, known: Known, role: str, pane: datetime, baseline: Baseline | None
    ) -> list[Sample]:
        spec, calendar = known.spec, known.spec.calendar
        first = calendar.back(pane, spec.window_panes - 1)
        loaded = self._panes.load(connection, known.id, role, int(first.timestamp()), int(pane.timestamp()))
        window = Window(
            spec,
            role,
            "",
            loaded.together(),
            expected=sum(not calendar.skipped(one) for one in calendar.between(first, calendar.end(pane))),
            end=int(calendar.end(pane).timestamp()),
            received=loaded.received,
            baseline=baseline,
            trailing=trailing.rows(connection, self._ids, known, role, pane, loaded.segments()),
            before=self._before(connection, known, role, pane),
        )
        found = window_samples(window)
        live = loaded.versions(store.version_order(connection, known.id))[-spec.versions.keep :]
        for version, before_it in zip(live[1:], live, strict=False) if len(live) > 1 else ():
            earlier = merge_all(list(loaded.of(before_it).values()))
            found += release_samples(_of_version(window, version, loaded.of(version)), earlier)
        if len(live) > 1:
            found += release_samples(_of_version(window, live[0], loaded.of(live[0])), None)
        return found

    def _before(self, connection: Connection, known: Known, role: str, pane: datetime) -> dict[str, Profile]:
        """Return the profiles of the earlier windows that the spec compares with, by baseline."""
        spec, calendar = known.spec, known.spec.calendar
        found: dict[str, Profile] = {}
        for baseline, windows in (("previous", 1), ("trailing", trailing.WINDOWS)):
            if baseline in spec.drift.baseline:
                ended = calendar.back(pane, spec.window_panes)
                begun = calendar.back(ended, windows * spec.window_panes - 1)
                loaded = self._panes.load(
                    connection, known.id, role, int(begun.timestamp()), int(ended.timestamp())
                )
                if loaded.profiles:
                    found[baseline] = merge_all(list(loaded.together().values()))
        return found

    def _label(self, known: Known, start: int) -> None:
        if not self._closed(known, start):
            return
        spec, calendar = known.spec, known.spec.calendar
        with self._ledger.read() as connection:
            received = sorted(outcomes.labelled_panes(connection, known.id, start))
            windows = {}
            for pane in self._affected(known, start, received):
                first = int(calendar.back(pane, spec.window_panes - 1).timestamp())
                end = int(calendar.end(pane).timestamp())
                cells = quality.counts(quality.joined(connection, known.id, first, end))
                baselines = trailing.quality_baselines(
                    connection, self._ids, known, self._registry.baseline(connection, known.id), pane, cells
                )
                windows[int(pane.timestamp())] = quality.quality_samples(spec, cells, end, baselines)
        self._commit(known, "label", start, windows, max(received, default=start))

    def _warm_up(self, known: Known, reference: int) -> None:
        """Begin the event history with the panes of a reference; later windows are left as they are."""
        with self._ledger.read() as connection:
            baseline = self._registry.baseline(connection, known.id)
            windows: list[Sample] = []
            if baseline is not None and baseline.id == reference:
                for role in ("input", "prediction"):
                    received = store.received_panes(connection, known.id, role, 0)
                    windows += trailing.reference_windows(known, baseline, role, min(received, default=None))
        with self._ledger.write() as connection:
            history.record(connection, self._ids, known.id, windows, self._clock.now())
            store.clear_pending(connection, known.id, REFERENCE, reference)

    def _commit(
        self, known: Known, role: str, start: int, windows: dict[int, list[Sample]], newest: int
    ) -> None:
        """Store the windows as revisions, show the newest one, and take the pane off the waiting list."""
        now = self._clock.now()
        before = self._shelf.get(known.id)
        after = before if newest not in windows else self._shelf.replaced(known.id, role, windows[newest])
        with self._ledger.write() as connection:
            for found in windows.values():
                history.record(connection, self._ids, known.id, found, now)
            history.show(connection, self._ids, known.id, before, after, now)
            store.clear_pending(connection, known.id, role, start)
            if role == "label":
                kept = (
                    known.spec.revise + known.spec.window
                )  # older predictions are in no window that can change
                outcomes.expire(connection, known.id, now - kept.total_seconds())
        self._shelf.put(known.id, after)
        self.computed[known.spec.project] += len(windows)

    def _refresh(self, known: Known) -> None:
        """Bring the model's own series up to date: what it is, and when its panes are due."""
        spec, now = known.spec, self._clock.now()
        model = {"project": spec.project, "model": spec.model}
        with self._ledger.read() as connection:
            baseline = self._registry.baseline(connection, known.id)
            info = {
                "owner": spec.owned_by,
                "task": spec.prediction.task if spec.prediction else "",
                "spec_hash": spec.hash,
                "plan_id": baseline.profile.plan.id if baseline else "",
            }
            found = sample(names.MODEL_INFO, 1, None, **model, **info)
            for role in expected_roles(spec):
                at = self._due(connection, known, role, utc(now))
                found += sample(names.WINDOW_DUE, at.timestamp(), None, role=role, **model)
        before = self._shelf.get(known.id)
        after = self._shelf.replaced(known.id, "model", found)
        if before != after:
            with self._ledger.write() as connection:
                history.show(connection, self._ids, known.id, before, after, now)
            self._shelf.put(known.id, after)

    def _due(self, connection: Connection, known: Known, role: str, now: datetime) -> datetime:
        spec, calendar = known.spec, known.spec.calendar
        first = calendar.start(utc(known.created))
        matures = (spec.label.matures_after if spec.label and role == "label" else None) or timedelta(0)
        since = max(first, calendar.start(now - spec.revise - spec.every))
        if role == "label":
            received = outcomes.labelled_panes(connection, known.id, int(since.timestamp()))
        else:
            received = store.received_panes(connection, known.id, role, int(since.timestamp()))
        return due(calendar, since, received, now, spec.revise, matures)


def _of_version(window: Window, version: str, panes: dict[int, Profile]) -> Window:
    return replace(window, version=version, panes=panes)
