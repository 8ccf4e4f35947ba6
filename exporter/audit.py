"""Proof that a ledger is sound: everything in it is looked at, in one moment, and a line said for every fault."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from wolfpack.exporter import audit_bodies, audit_histories, audit_tables, audit_windows
from wolfpack.exporter.audit_bodies import Wrap
from wolfpack.exporter.audit_report import Look
from wolfpack.exporter.ledger import Ledger
from wolfpack.exporter.registry import Registry
from wolfpack.spec.keeping import Keeping

_BODIES = (audit_bodies.look_at_parts, audit_bodies.look_at_blocks, audit_bodies.look_at_references)
_HISTORIES = (
    audit_histories.look_at_series,
    audit_histories.look_at_samples,
    audit_histories.look_at_exposures,
    audit_windows.look_at_pending,
)
WINDOWS = 3
"""Newest windows of each model and role that are computed again, unless another number is asked for."""


def audit(ledger: Ledger, *asked: Any, **named: Any) -> Iterator[Look]:
    """Yield what `looks` finds in a ledger, all of one moment, while an exporter may go on writing to it."""
    with ledger.read() as connection:
        yield from looks(connection, *asked, **named)


def looks(
    connection: Connection,
    specs: Sequence[Path] = (),
    windows: int = WINDOWS,
    keeping: Keeping | None = None,
    wrap: Wrap = lambda rows, _: rows,
) -> Iterator[Look]:
    """Yield what each look at a ledger found.

    Parameters
    ----------
    specs : of the models whose windows are computed again; without them what was computed is only compared with
        itself.
    windows : how many of the newest windows of each model and role.
    keeping : as the exporter keeps.
    wrap : is given rows and how many there are, and yields them.
    """
    tables = audit_tables.look_at_tables(connection)
    yield tables
    if tables.faults:
        return
    yield audit_tables.look_at_disk(connection)
    yield audit_tables.look_at_owners(connection)
    bodies = [look(connection, wrap) for look in _BODIES]
    yield from bodies
    for history in _HISTORIES:
        yield history(connection)
    if specs:
        whole = not any(look.faults for look in bodies)
        yield from _windows(connection, specs, windows if whole else 0, keeping or Keeping())


def _windows(connection: Connection, specs: Sequence[Path], most: int, keeping: Keeping) -> Iterator[Look]:
    registry = Registry(specs, lambda: nullcontext(connection))
    registry.look(connection)
    windows = audit_windows.Windows(registry, keeping)
    yield windows.look_at_computed(connection)
    if most:
        yield windows.look_again(connection, most)
    else:
        yield Look("windows computed again", skipped={"for what they are made of cannot be read": 1})
