"""Deleting what is kept no longer, a little at a time, so that no write waits long behind it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import isinf

from sqlalchemy import ColumnElement, Table, delete, func, select, tuple_

from wolfpack.exporter.coverage import waits
from wolfpack.exporter.judging import JOINED
from wolfpack.exporter.ledger import Ledger
from wolfpack.exporter.registry import Known
from wolfpack.exporter.schema import (
    blocks,
    exposures,
    idempotency,
    judged,
    key_of,
    labels,
    marks,
    models,
    output_counts,
    parts,
    predictions,
    references,
    runs,
    samples,
)
from wolfpack.spec.keeping import Keeping, is_short

ROWS = 5000
"""Rows deleted in one transaction."""
BODIES = 50
"""Rows with a profile deleted in one transaction; each may have megabytes."""
MOST_KEYS = 1_000_000
"""Idempotency keys kept at most; a hundred requests a second reach it in three hours."""
MOST_OPEN = 100_000_000
"""Predictions of a model that are kept for their labels at most, newest panes first; some 10 GB."""
SERIES = 1000
"""Series whose exposures are looked at in one transaction."""


def sweep(ledger: Ledger, keeping: Keeping, known: Sequence[Known], now: float) -> Counter[str]:
    """Delete what is older than `keeping` says; return the rows deleted by table."""
    r, r2 = references.c, references.alias().c
    later = select(r2.id).where(r2.model_id == r.model_id, r2.id > r.id, r2.registered < now - keeping.panes)
    gone = Counter(
        {
            parts.name: delete_rows(ledger, parts, _is_replaced(now - keeping.replaced), BODIES),
            references.name: delete_rows(ledger, references, later.exists(), BODIES),
            runs.name: delete_rows(ledger, runs, _is_past(now - keeping.panes)),
            samples.name: delete_rows(ledger, samples, samples.c.window_end < _before(now - keeping.samples)),
            exposures.name: _forget_shown(ledger, now - keeping.shown),
        }
    )
    for one in known:
        gone += _model(ledger, keeping, one, now)
    return gone


def sweep_keys(ledger: Ledger, keeping: Keeping, now: float) -> int:
    """Forget idempotency keys by age, and the oldest beyond `MOST_KEYS`; return how many."""
    c = idempotency.c
    with ledger.read() as connection:
        most = select(c.created).order_by(c.created.desc()).offset(MOST_KEYS).limit(1)
        beyond = connection.execute(most).scalar()
    return delete_rows(ledger, idempotency, c.created < _before(now - keeping.keys)) + (
        delete_rows(ledger, idempotency, c.created <= beyond) if beyond is not None else 0
    )


def _model(ledger: Ledger, keeping: Keeping, known: Known, now: float) -> Counter[str]:
    spec, model = known.spec, known.id
    kept = keeping.kept(spec).total_seconds()
    whole = spec.every.total_seconds()
    waited = waits(spec).total_seconds()
    m, p, b, j, o = marks.c, parts.c, blocks.c, judged.c, output_counts.c
    open_, known_ = predictions.c, labels.c
    given_up = max(now - waited, _oldest_kept(ledger, model))
    gone = Counter(
        {
            blocks.name: delete_rows(ledger, blocks, (b.model_id == model) & (b.end < now - kept), BODIES),
            marks.name: delete_rows(ledger, marks, (m.model_id == model) & (m.start < now - max(kept, waited))),
            judged.name: delete_rows(
                ledger, judged, (j.model_id == model) & (j.start < now - max(kept, waited)), BODIES
            ),
            output_counts.name: delete_rows(
                ledger, output_counts, (o.model_id == model) & (o.start < now - kept - whole), BODIES
            ),
            predictions.name: delete_rows(
                ledger, predictions, (open_.model_id == model) & (open_.start < given_up)
            ),
            labels.name: delete_rows(
                ledger, labels, (known_.model_id == model) & (known_.received < now - waited)
            ),
        }
    )
    if not is_short(spec):  # short ones go with the hour that they are merged to
        old = (p.model_id == model) & (p.start < now - kept - whole)
        gone[parts.name] = delete_rows(ledger, parts, old, BODIES)
    return gone


def _oldest_kept(ledger: Ledger, model: int) -> float:
    """Return the start of the oldest pane whose predictions are kept, so that there are not more than `MOST_OPEN`."""
    c, total = judged.c, 0
    with ledger.read() as connection:
        joined = (c.model_id == model, c.origin == JOINED)
        panes = (
            select(c.start, func.sum(c.predictions)).where(*joined).group_by(c.start).order_by(c.start.desc())
        )
        for start, rows in connection.execute(panes):
            if total + rows > MOST_OPEN:
                return float(start + 1)
            total += rows
    return 0.0


def _is_replaced(before: float) -> ColumnElement[bool]:
    p, later = parts.c, parts.alias().c
    same = [later[name] == p[name] for name in ("model_id", "role", "start", "version", "part")]
    return select(later.id).where(*same, later.id > p.id, later.received < before).exists()


def _is_past(before: float) -> ColumnElement[bool]:
    """Tell runs that ended before a time from the last of their job that succeeded by then."""
    r, later = runs.c, runs.alias().c
    same = (later.model_id == r.model_id, later.job == r.job, later.ended > r.ended, later.ended < before)
    return select(later.id).where(*same, later.succeeded).exists()


def _forget_shown(ledger: Ledger, before: float) -> int:
    """Delete what was shown before a time, but for what was still shown then."""
    e, then = exposures.c, exposures.alias().c
    in_force = (
        select(func.max(then.shown))
        .where(then.series_id == e.series_id, then.shown <= before)
        .scalar_subquery()
    )
    with ledger.read() as connection:
        if (connection.execute(select(func.min(models.c.created))).scalar() or before) >= before:
            return 0
        last = connection.execute(select(func.max(e.series_id))).scalar() or 0
    gone = 0
    for first in range(0, last + 1, SERIES):
        with ledger.write() as connection:
            some = delete(exposures).where(e.series_id >= first, e.series_id < first + SERIES)
            gone += connection.execute(some.where(e.shown < in_force)).rowcount
    return gone


def delete_rows(ledger: Ledger, table: Table, where: ColumnElement[bool], most: int = ROWS) -> int:
    """Delete the rows of a condition, so many in a transaction; return how many there were."""
    columns = key_of(table)
    key = tuple_(*columns) if len(columns) > 1 else columns[0]
    some = select(*columns).where(where).limit(most)
    gone, count = 0, most
    with ledger.read() as connection:
        if connection.execute(some.limit(1)).first() is None:
            return 0
    while count == most:
        with ledger.write() as connection:
            count = connection.execute(delete(table).where(key.in_(some))).rowcount
        gone += count
    return gone


def _before(at: float) -> float:
    return 0.0 if isinf(at) else at
