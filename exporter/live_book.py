"""What the live models' calls came to lately, in memory: buckets of seconds, counters since the start, workers.

The ledger is the record; a restart reads the last hour of it again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from sqlalchemy import Connection

from wolfpack.exporter import live_store
from wolfpack.exporter.live_store import WorkerSeen
from wolfpack.exporter.registry import Known
from wolfpack.stats import Profile
from wolfpack.stats.call_counts import CallCounts, LiveCounts, add_counts
from wolfpack.stats.live_slice import LiveSlice
from wolfpack.stats.means import Spread, add_spreads

BUCKET = 5
"""Seconds of a bucket: what a window's begin is rounded to."""
USUAL = 3600.0
"""Seconds before a window that tell what traffic is usual."""
LOST_AFTER = 60.0
"""Seconds without a word after which a worker that did not close counts as lost; it speaks every 15."""
MOST_ENDPOINTS = 100
OTHERS = "__other__"


@dataclass(frozen=True)
class Bucket:
    """Calls of one version in some seconds: their counts, and the spread of each column's numbers."""

    counts: LiveCounts = field(default_factory=LiveCounts)
    spreads: dict[str, Spread] = field(default_factory=dict)

    def __add__(self, other: Bucket) -> Bucket:
        names = dict.fromkeys([*self.spreads, *other.spreads])
        spreads = {
            name: add_spreads([one.spreads[name] for one in (self, other) if name in one.spreads])
            for name in names
        }
        return Bucket(add_counts([self.counts, other.counts]), spreads)


@dataclass
class Ledgered:
    """What is known of one model."""

    buckets: dict[tuple[int, str], Bucket] = field(default_factory=dict)
    totals: dict[tuple[str, str], CallCounts] = field(default_factory=dict)
    workers: dict[str, WorkerSeen] = field(default_factory=dict)


class LiveBook:
    """All live models; writers and readers any time."""

    def __init__(self) -> None:
        self._models: dict[int, Ledgered] = {}
        self._lock = threading.Lock()
        self.started = 0.0
        """When this exporter began to listen: workers could not be heard before."""

    def restore(self, connection: Connection, known: Known, now: float) -> None:
        """Read the last hour of a model from the ledger; counters begin at 0."""
        self.started = self.started or now
        live = known.spec.live
        if live is None:
            return
        with self._lock:
            its = self._models.setdefault(known.id, Ledgered())
            its.workers = {one.worker: one for one in live_store.workers(connection, known.id, now - USUAL)}
        first = now - USUAL - live.window.total_seconds()
        for part in live_store.stored(connection, known.id, int(first), int(now) + 1):
            found = LiveSlice.from_bytes(live_store.live_data(connection, part.id))
            at = min(part.start + live.every.total_seconds() - 1, part.received)
            self._add(known.id, part.version, at, found, counted=False)

    def take(self, model: int, version: str, at: float, found: LiveSlice) -> None:
        """Add a part whose last call ended at `at` (epoch seconds)."""
        self._add(model, version, at, found, counted=True)

    def hear(self, model: int, worker: WorkerSeen) -> None:
        """Note when a worker was heard."""
        with self._lock:
            self._models.setdefault(model, Ledgered()).workers[worker.worker] = worker

    def forget(self, model: int, now: float, window: float) -> None:
        """Drop what no window can use any more."""
        oldest = int((now - USUAL - window) // BUCKET) - 1
        with self._lock:
            its = self._models.get(model, Ledgered())
            for key in [key for key in its.buckets if key[0] < oldest]:
                del its.buckets[key]
            for name in [name for name, one in its.workers.items() if one.seen < now - USUAL - LOST_AFTER]:
                del its.workers[name]

    def window(self, model: int, first: float, end: float) -> dict[str, Bucket]:
        """Return what came in first < time <= end, by version; to a bucket's length."""
        found: dict[str, Bucket] = {}
        for (place, version), one in self._buckets(model):
            if first < (place + 1) * BUCKET <= end + BUCKET:
                found[version] = found[version] + one if version in found else one
        return found

    def requests(
        self, model: int, first: float, end: float, counts: Callable[[str], bool]
    ) -> tuple[dict[str, int], float]:
        """Return requests by endpoint in first < time <= end of the versions that count, and in how many seconds.

        These are from the first bucket with calls on: a service that began ten minutes ago has no hour.
        """
        found: dict[str, int] = {}
        begun = end
        for (place, version), one in self._buckets(model):
            if first < (place + 1) * BUCKET <= end and counts(version):
                begun = min(begun, place * BUCKET)
                for endpoint, calls in one.counts.calls.items():
                    found[endpoint] = found.get(endpoint, 0) + calls.requests
        return found, end - begun

    def totals(self, model: int) -> dict[tuple[str, str], CallCounts]:
        """Return the counts of calls since the start, by version and endpoint."""
        with self._lock:
            return dict(self._models.get(model, Ledgered()).totals)

    def workers(self, model: int) -> list[WorkerSeen]:
        with self._lock:
            return list(self._models.get(model, Ledgered()).workers.values())

    def lost(self, model: int, now: float) -> list[WorkerSeen]:
        """Return the workers that fell silent without a closing part in the last hour."""
        return [
            one
            for one in self.workers(model)
            if not one.closed and now - max(one.seen, self.started) > LOST_AFTER and now - one.seen <= USUAL
        ]

    def _buckets(self, model: int) -> Iterable[tuple[tuple[int, str], Bucket]]:
        with self._lock:
            return list(self._models.get(model, Ledgered()).buckets.items())

    def _add(self, model: int, version: str, at: float, found: LiveSlice, counted: bool) -> None:
        key = int(at // BUCKET), version
        bucket = Bucket(found.counts, spreads(found.profile) if found.profile is not None else {})
        with self._lock:
            its = self._models.setdefault(model, Ledgered())
            its.buckets[key] = its.buckets[key] + bucket if key in its.buckets else bucket
            if counted:
                for endpoint, calls in found.counts.calls.items():
                    place = version, endpoint
                    if place not in its.totals and len(its.totals) >= MOST_ENDPOINTS:
                        place = version, OTHERS
                    its.totals[place] = its.totals.get(place, CallCounts()) + calls


def spreads(profile: Profile) -> dict[str, Spread]:
    """Return count, mean and deviation of each column of numbers."""
    found = {}
    for name in profile.columns:
        state = profile[name]
        if state.plan.kind in ("numeric", "boolean") and state.count and state.mean is not None:
            found[name] = Spread(state.count, state.mean, state.stddev or 0.0)
    return found
