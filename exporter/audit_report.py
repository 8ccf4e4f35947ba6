"""What one look at a ledger found: how much was looked at, and the faults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import Connection, select

from wolfpack.exporter.schema import models

MOST = 20
"""Faults of one look that are told in full."""


@dataclass
class Look:
    """One look: what it is at, how many of them were seen, and a line for each fault."""

    what: str
    seen: int = 0
    faults: list[str] = field(default_factory=list)
    skipped: dict[str, int] = field(default_factory=dict)
    """By reason, how many could not be judged."""

    def skip(self, reason: str) -> None:
        self.skipped[reason] = self.skipped.get(reason, 0) + 1

    def lines(self) -> list[str]:
        """Return a line for each fault, the first `MOST` of them and how many more there are."""
        more = len(self.faults) - MOST
        return self.faults[:MOST] + ([f"{self.what}: and {more} more faults like these"] if more > 0 else [])


def model_names(connection: Connection) -> Mapping[int, str]:
    """Return the models' names by their ids."""
    return {row.id: f"{row.project}/{row.model}" for row in connection.execute(select(models))}


def at(seconds: float) -> str:
    """Return epoch seconds as a text for a fault."""
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
