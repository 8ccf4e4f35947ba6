"""What stands told of a model: its scalars, runs, deployments and feedback, as the page shows them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection

from wolfpack.exporter import history, store
from wolfpack.exporter.feedback import feedback_samples
from wolfpack.exporter.history import Shown
from wolfpack.exporter.registry import Known
from wolfpack.exporter.runs import run_samples
from wolfpack.exporter.sample import Key, Sample
from wolfpack.exporter.scalars import Scalar, add_scalars, scalar_history, scalar_samples
from wolfpack.exporter.stages import deployment_samples, load_stages
from wolfpack.spec import FAMILIES, Spec

NOTICES = "notices"
"""Role under which something told waits in the ledger's pending table."""


def told_samples(connection: Connection, known: Known) -> list[Sample]:
    """Return everything that is shown of what was told."""
    return (
        scalar_samples(connection, known)
        + run_samples(connection, known)
        + deployment_samples(connection, known)
        + feedback_samples(connection, known)
    )


def tell_scalars(
    connection: Connection,
    ids: history.SeriesIds,
    known: Known,
    version: str,
    found: Iterable[Scalar],
    now: float,
) -> None:
    """Store those values that the event history does not have yet, and have them shown.

    Raises
    ------
    ValueError
        If the model would get too many series of scalars.
    """
    made = scalar_history(known.spec, version, found, load_stages(connection, known.id))
    ends = {one.window_end for one in made if one.window_end is not None}
    there = history.event_values(connection, ids, known.id, {one.key for one in made}, ends)
    fresh = [
        one for one in made if one.window_end is None or there.get((one.key, one.window_end)) != one.value
    ]
    if fresh:
        add_scalars(connection, ids, known.id, fresh, now)
        store.mark_pending(connection, known.id, NOTICES, {0})


def still_shown(spec: Spec, told: Mapping[Key, Shown], now: float) -> dict[Key, Shown]:
    """Return what was told without the scalars and jobs that have been silent for too long.

    Those that the spec names stay; others go after `revise`, at least two windows, without news.
    """
    oldest = now - max(spec.revise, 2 * spec.window).total_seconds()
    subjects = {key: _subject(key) for key in told}
    named = {("scalar", name) for name in spec.scalars} | {("job_name", name) for name in spec.jobs}
    newest: dict[tuple[str, str], int] = {}
    for key, subject in subjects.items():
        if subject is not None:
            newest[subject] = max(newest.get(subject, 0), told[key].window_end or 0)
    silent = {subject for subject, end in newest.items() if end < oldest} - named
    return {key: one for key, one in told.items() if subjects[key] not in silent}


def _subject(key: Key) -> tuple[str, str] | None:
    """Return the label that says which scalar or job a series is of, and its value."""
    labels = dict(zip(FAMILIES[key[0]].labels, key[1], strict=True))
    return next(((name, labels[name]) for name in ("scalar", "job_name") if labels.get(name)), None)
