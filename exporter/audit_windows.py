"""Looks at what was computed: nothing that came was left uncomputed, and computing it again gives the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from math import isclose

from sqlalchemy import Connection, func, select

from wolfpack.exporter import history, store
from wolfpack.exporter.assembly import Assembly
from wolfpack.exporter.audit_report import Look, at, model_names
from wolfpack.exporter.awaited import changes_for, received
from wolfpack.exporter.clock import utc
from wolfpack.exporter.engine import REFERENCE
from wolfpack.exporter.ladder import DAY
from wolfpack.exporter.outcomes import ESTIMATE
from wolfpack.exporter.registry import Known, Registry
from wolfpack.exporter.sample import Key, sample, scope_of, stored_key
from wolfpack.exporter.schema import exposures, marks, parts, predictions, references, samples, series
from wolfpack.exporter.standing import NOTICES
from wolfpack.spec import FAMILIES, names
from wolfpack.spec.keeping import Keeping
from wolfpack.spec.measures import MEASURES

ROLES = ("input", "prediction", "label", ESTIMATE)
EXACT = 1e-9
"""Relative difference of two computations of one window, which add the same numbers."""
_OTHER_WINDOWS = {
    names.PANE_ROWS_TRAILING.name,
    names.PANE_ROWS_PREVIOUS.name,
    *(one.name for its in MEASURES.values() for one in its.families[2:]),
    *(one.name for one in names.OF_CONCEPT),
}
"""Families that rest on windows which may have been revised since, when theirs were not computed again."""
_EARLIER = {"previous", "trailing"}


def look_at_pending(connection: Connection) -> Look:
    """What waits to be computed is there."""
    look, its = Look("panes that wait"), model_names(connection)
    for one in store.all_pending(connection):
        look.seen += 1
        where = f"a pane that waits, {its.get(one.model)} {one.role} {one.start}"
        if one.role not in (*ROLES, REFERENCE, NOTICES):
            look.faults.append(f"{where}: the role is unknown")
        elif one.role != NOTICES and not _is_there(connection, one):
            look.faults.append(f"{where}: nothing was received for it")
    return look


class Windows:
    """The windows of models that have a spec, as they can be computed from a ledger that is only read."""

    def __init__(self, registry: Registry, keeping: Keeping) -> None:
        self._registry, self._keeping, self._ids = registry, keeping, history.SeriesIds()
        self._assembly = Assembly(registry, self._ids)

    def look_at_computed(self, connection: Connection) -> Look:
        """Every closed pane with rows was computed after its last part came, or waits to be."""
        look = Look("panes that were computed")
        for known, role in self._roles(ROLES[:2]):
            last = self._computed(connection, known, role)
            for start, came in self._settled(connection, known, role).items():
                look.seen += 1
                end = int(known.spec.calendar.end(utc(start)).timestamp())
                if last.get(end, 0) < came:
                    since = f"last at {at(last[end])}" if end in last else "never"
                    look.faults.append(
                        f"{_name(known)}: the {role} window that ends at {at(end)} was computed {since}, and a "
                        f"part of it came at {at(came)}; send that part again"
                    )
        return look

    def look_again(self, connection: Connection, most: int) -> Look:
        """Compute the newest windows of each model again, and compare them with their newest revision."""
        look = Look("windows computed again")
        for known, role in self._roles(ROLES):
            since = self._in_force(connection, known)
            for pane in islice(self._newest(connection, known, role), most):
                self._compare(connection, look, known, role, pane, since)
        return look

    def _roles(self, roles: Sequence[str]) -> Iterator[tuple[Known, str]]:
        yield from ((known, role) for known in self._registry.all() for role in roles)

    def _compare(
        self, connection: Connection, look: Look, known: Known, role: str, pane: datetime, since: float | None
    ) -> None:
        end = int(known.spec.calendar.end(pane).timestamp())
        stored, computed = _stored(connection, known, role, end)
        if role == ESTIMATE and not computed:  # nothing is expected of this model, nor compared
            return None
        if since is None or not computed or computed < since:
            return look.skip("of another spec or plan, or of none")
        if _is_thinned(connection, known, role, pane):
            return look.skip("of which only hours are left")
        found = self._assembly.samples(connection, known, role, pane)
        look.seen += 1
        now = {one.key: one.value for one in found}
        both = {family for family, _ in stored} & {family for family, _ in now}  # a later release has others
        look.faults += [
            f"{_name(known)}: the {role} window that ends at {at(end)}: {key[0]} {'/'.join(filter(None, key[1][2:]))} "
            f"is {stored.get(key)}, and {now.get(key)} when it is computed again"
            for key in sorted(stored.keys() | now.keys())
            if key[0] in both and _rests_on_itself(key) and not _is_same(stored.get(key), now.get(key))
        ]
        return None

    def _settled(self, connection: Connection, known: Known, role: str) -> Mapping[int, float]:
        """Return the closed panes that may change their windows and do not wait, and when their last part came."""
        calendar, now = known.spec.calendar, utc(history.latest(connection))
        late = changes_for(known.spec, role, self._keeping)
        first = calendar.start(now - late)
        there, waiting = received(connection, known, role, first), _waiting(connection, known, role)
        p = parts.c
        came = select(p.start, func.max(p.received)).where(p.model_id == known.id, p.role == role)
        newest = connection.execute(came.where(p.start >= int(first.timestamp())).group_by(p.start)).all()
        return {
            start: float(came)
            for start, came in newest
            if start in there
            and (end := calendar.end(utc(start))) <= now
            and utc(came) - end <= late
            and not _waits(known, utc(start), waiting)
        }

    def _newest(self, connection: Connection, known: Known, role: str) -> Iterator[datetime]:
        """Yield the closed panes with rows whose windows do not wait, newest first."""
        calendar, now = known.spec.calendar, utc(history.latest(connection))
        waiting = _waiting(connection, known, role)
        oldest = calendar.start(now - changes_for(known.spec, role, self._keeping))
        for start in sorted(received(connection, known, role, oldest), reverse=True):
            if calendar.end(utc(start)) <= now and not _waits(known, utc(start), waiting):
                yield utc(start)

    def _computed(self, connection: Connection, known: Known, role: str) -> Mapping[int, float]:
        """Return when each window of a role was last computed, by its end."""
        labels = {"project": known.spec.project, "model": known.spec.model, "role": role}
        key = sample(names.WINDOW_ROWS, 0, 0, **labels)[0].key
        s, number = samples.c, self._ids.find(connection, known.id, [key]).get(key)
        query = select(s.window_end, func.max(s.computed)).where(s.series_id == number).group_by(s.window_end)
        return {} if number is None else {end: float(last) for end, last in connection.execute(query).all()}

    def _in_force(self, connection: Connection, known: Known) -> float | None:
        """Return since when the model's spec and plan have been the ones of now; None if they never were."""
        baseline = self._registry.baseline(connection, known.id)
        wanted = known.spec.hash, baseline.plan_for(known.spec).id if baseline else ""
        places = [names.MODEL_INFO.labels.index(name) for name in ("spec_hash", "plan_id")]
        e = exposures.c
        query = (
            select(series.c.labels, e.shown, e.value)
            .join(series, series.c.id == e.series_id)
            .where(series.c.model_id == known.id, series.c.family == names.MODEL_INFO.name)
            .order_by(e.shown)
        )
        since = None
        for row in connection.execute(query):
            labels = stored_key(names.MODEL_INFO.name, row.labels)[1]
            if tuple(labels[place] for place in places) == wanted:
                since = None if row.value is None else row.shown
        return since


def _is_there(connection: Connection, one: store.Waiting) -> bool:
    p, m, r = parts.c, marks.c, references.c
    if one.role == REFERENCE:
        queries = [select(r.id).where(r.model_id == one.model, r.id == one.start)]
    elif one.role == ESTIMATE:
        kept = (predictions.c.model_id == one.model, predictions.c.start == one.start)
        queries = [
            select(predictions.c.start).where(*kept),
            select(m.start).where(m.model_id == one.model, m.kind == "prediction", m.start == one.start),
        ]
    else:
        queries = [
            select(p.id).where(p.model_id == one.model, p.role == one.role, p.start == one.start),
            select(m.start).where(m.model_id == one.model, m.kind == one.role, m.start == one.start),
        ]
    return any(connection.execute(query.limit(1)).first() is not None for query in queries)


def _waiting(connection: Connection, known: Known, role: str) -> set[int]:
    """Return the starts of the panes of a role that wait."""
    its = (one for one in store.all_pending(connection) if one.model == known.id)
    return {one.start for one in its if one.role == role}


def _waits(known: Known, pane: datetime, waiting: set[int]) -> bool:
    """Tell whether a pane of the window that ends with this one waits, so that it will be computed again."""
    if not waiting:
        return False
    first = known.spec.calendar.back(pane, known.spec.window_panes - 1).timestamp()
    return any(first <= start <= pane.timestamp() for start in waiting)


def _is_thinned(connection: Connection, known: Known, role: str, pane: datetime) -> bool:
    """Tell whether a window holds panes of which only hours are left, so that its far end may be shorter now."""
    calendar = known.spec.calendar
    first = calendar.back(pane, known.spec.window_panes - 1)
    begin, end = int((first - DAY).timestamp()), int(calendar.end(pane).timestamp())
    there = store.blocks(connection, known.id, role, begin, end)
    return any(block.alone and block.end > first.timestamp() for block in there)


def _stored(connection: Connection, known: Known, role: str, end: int) -> tuple[dict[Key, float], float]:
    """Return the newest revision of the window of a role that ends then, and when it was computed."""
    s = samples.c
    query = (
        select(series.c.family, series.c.labels, s.value, s.computed)
        .join(samples, s.series_id == series.c.id)
        .where(series.c.model_id == known.id, s.window_end == end)
        .order_by(s.computed)
    )
    found: dict[Key, float | None] = {}
    computed = 0.0
    for row in connection.execute(query):
        key = stored_key(row.family, row.labels)
        if row.family in FAMILIES and scope_of(key) == role:
            found[key], computed = row.value, row.computed
    return {key: value for key, value in found.items() if value is not None}, computed


def _rests_on_itself(key: Key) -> bool:
    labels = dict(zip(FAMILIES[key[0]].labels, key[1], strict=True))
    return key[0] not in _OTHER_WINDOWS and labels.get("baseline") not in _EARLIER


def _is_same(one: float | None, other: float | None) -> bool:
    return one == other if one is None or other is None else isclose(one, other, rel_tol=EXACT, abs_tol=EXACT)


def _name(known: Known) -> str:
    return f"{known.spec.project}/{known.spec.model}"
