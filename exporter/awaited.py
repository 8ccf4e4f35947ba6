"""Which pane of a role is waited for: the oldest that has not come, found without looking twice at those that have."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from wolfpack.exporter import outcomes, store
from wolfpack.exporter.clock import utc
from wolfpack.exporter.due import oldest_missing
from wolfpack.exporter.expected import expect_later
from wolfpack.exporter.registry import Known
from wolfpack.exporter.schema import parts
from wolfpack.exporter.stages import load_stages
from wolfpack.exporter.store import OUTPUT
from wolfpack.spec import Spec
from wolfpack.spec.keeping import Keeping


class Awaited:
    """The oldest missing pane of each model and role; what lies before it is not read again."""

    def __init__(self) -> None:
        self._from: dict[tuple[int, str, str], int] = {}

    def due(
        self, connection: Connection, known: Known, role: str, now: datetime, keeping: Keeping
    ) -> datetime:
        """Return when the oldest missing pane of a role counts as late."""
        spec, calendar = known.spec, known.spec.calendar
        extra = matures(spec) if role == "label" else timedelta(0)
        given_up = now - changes_for(spec, role, keeping)
        place = known.id, role, spec.hash
        since = max(known.since.get(f"role {role}", known.created), self._from.get(place, 0))
        first = max(calendar.start(utc(since)), calendar.start(given_up - spec.every))
        missing = oldest_missing(calendar, first, received(connection, known, role, first), given_up)
        self._from[place] = int(missing.timestamp())
        return calendar.due(missing) + extra

    def remember(self, connection: Connection, known: Known) -> None:
        """Note in the ledger how far a model was looked at: panes that retention deletes were not missing."""
        reached = {
            f"role {role}": float(start)
            for (model, role, its), start in self._from.items()
            if (model, its) == (known.id, known.spec.hash)
        }
        expect_later(connection, known.id, reached)


def matures(spec: Spec) -> timedelta:
    """Return how long labels take to mature."""
    return spec.label.matures if spec.label else timedelta(0)


def changes_for(spec: Spec, role: str, keeping: Keeping) -> timedelta:
    """Return how long after a pane's end something that comes for it changes its windows."""
    return spec.revise + matures(spec) if role in ("label", outcomes.ESTIMATE) else keeping.revised(spec)


def received(connection: Connection, known: Known, role: str, first: datetime) -> set[int]:
    """Return the starts of the panes from `first` on into which something of the role came, other than of a shadow."""
    since = int(first.timestamp())
    found = _with_parts(connection, known, role, since) if role in ("input", "prediction") else set()
    if role != "input":
        kind = role if role in ("label", OUTPUT) else "prediction"
        found |= outcomes.marked_panes(connection, known.id, kind, since)
    return found


def _with_parts(connection: Connection, known: Known, role: str, since: int) -> set[int]:
    stages = load_stages(connection, known.id)
    if not stages.any_shadow:
        return store.received_panes(connection, known.id, role, since)
    c, end = parts.c, known.spec.calendar.end
    query = select(c.version, c.start).where(c.model_id == known.id, c.role == role, c.start >= since)
    return {
        row.start
        for row in connection.execute(query.distinct())
        if not stages.shadow(row.version, row.start, end(utc(row.start)).timestamp())
    }
