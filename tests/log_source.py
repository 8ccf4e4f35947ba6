"""A log source with its exporter, and lines for its log."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from conftest import FULL
from sqlalchemy import func, select

from wolfpack.client.prediction_log import Call
from wolfpack.exporter import schema
from wolfpack.stats import Profile

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
"""The exporter's clock stands two hours before it."""
SPEC = FULL + "sources:\n  calls: {kind: log, path: PATH}\n"
SOURCE = {"source": "calls"}
REFERENCE = "/api/v1/projects/travel/models/arrival-delay/reference"


def line(number: int, at: datetime = NOON - timedelta(hours=3), **changes: object) -> bytes:
    its = {
        "time": at,
        "request_id": f"r{number}",
        "model": "arrival-delay",
        "version": "1",
        "inputs": {"delay": float(number), "carrier": "AA", "origin": "JFK"},
        "prediction": 0.5,
    }
    return Call(**(its | changes)).line()


def lines(*numbers: int) -> bytes:
    return b"".join(line(number) for number in numbers)


class Log:
    """An exporter with one log source, and its folder."""

    def __init__(self, make_exporter, folder: Path, spec: str = SPEC) -> None:
        self.file = folder / "calls.ndjson"
        self.exporter = make_exporter(spec.replace("PATH", str(self.file)))
        self.exporter.at("2024-05-01T06:00:00-04:00")

    @property
    def sources(self):
        return self.exporter.service.sources

    def add(self, data: bytes) -> None:
        with self.file.open("ab") as out:
            out.write(data)

    def read(self) -> None:
        """Let every source have a round."""
        for its in self.sources._running.values():
            its.next = 0.0
        while self.sources.run() == 0:
            pass

    def taken(self, role: str = "input") -> list[float]:
        """Return the sum of the rows, and of delay, over all parts that count."""
        return [sum(found.rows for found in self.profiles(role)), self.total(role)]

    def profiles(self, role: str = "input") -> list[Profile]:
        parts = schema.parts.c
        newest = (
            select(func.max(parts.id))
            .where(parts.role == role)
            .group_by(parts.version, parts.start, parts.part)
        )
        with self.exporter.service.ledger.read() as connection:
            rows = connection.execute(select(parts.data).where(parts.id.in_(newest))).scalars().all()
        return [Profile.from_bytes(data) for data in rows]

    def total(self, role: str) -> float:
        column = "delay" if role == "input" else "score"
        return sum(
            one[column].count * one[column].mean
            for one in self.profiles(role)
            if one[column].mean is not None
        )

    def own(self, name: str) -> float:
        return self.exporter.value(name, project="travel", model="arrival-delay", **SOURCE)
