"""Small made tables with known answers, for tests of the service."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from wolfpack.stats import Profile, profile

DAY = np.timedelta64(1, "D")
FIRST = np.datetime64("2024-03-01")
ORIGINS = ("EWR", "JFK")


def day(number: int, rows: int = 200, seed: int = 0, **changes: object) -> pa.Table:
    """Return one day of rows: two inputs, a segment, a key, a score and its label; `changes` replace columns."""
    random = np.random.default_rng([seed, number])
    delay = random.normal(10, 5, rows)
    score = 1 / (1 + np.exp(-(delay - 12) / 3))
    columns: dict[str, object] = {
        "id": [f"{number}-{i}" for i in range(rows)],
        "time": FIRST + number * DAY + np.timedelta64(12, "h") + np.zeros(rows, "timedelta64[s]"),
        "delay": delay,
        "carrier": random.choice(["AA", "UA", "DL"], rows),
        "origin": random.choice(ORIGINS, rows),
        "score": score,
        "late": (random.random(rows) < score).astype(float),
    }
    return pa.table(columns | changes)


def inputs(table: pa.Table) -> pa.Table:
    return table.select([name for name in ("delay", "carrier", "origin") if name in table.column_names])


def reference(days: int = 60) -> Profile:
    """Return the profile of the days before day 61 (1 May 2024), day by day, with inputs and scores."""
    table = pa.concat_tables([day(number) for number in range(days)])
    kept = table.select(["time", "delay", "carrier", "origin", "score"])
    return profile(kept, by=["origin"], time="time", every="1d", timezone="America/New_York")
