"""A reference's plan from a PySpark DataFrame: a look at its first rows, then a draft of each partition, merged."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

import pyarrow as pa
from pyarrow import ipc

from wolfpack.client.spark import MERGERS, collect, open_partition, partitions, schema_of
from wolfpack.spec import Plan
from wolfpack.stats import Profile, merge_all
from wolfpack.stats.arrow import steps
from wolfpack.stats.counting import count_tables
from wolfpack.stats.drafts import SIZES, Draft
from wolfpack.stats.freezing import Wish
from wolfpack.stats.kinds import LOOKED_AT
from wolfpack.stats.profiles import ALL
from wolfpack.stats.tally import MOST_NUMBERS, Tally, empty_tally

PIECES = "what string, column string, error bigint, data binary"
"""A draft as Spark writes schemas: one row for its profile, one for each tally, without data if it overflowed."""
MANY = 16
"""Partitions from which executors merge drafts first: their sketches are eight times those of a profile."""


def freeze_frame(frame: Any, wish: Wish, time: str | None) -> Plan:
    """Return the plan that `wolfpack.stats.freeze` makes of a source that can be read again.

    Two jobs: kinds and pivots are those of the first 10,000 rows; bins come from sketches, categories and
    segments from counts of all rows. Rows stay on the executors.
    """
    rest = frame if time is None else frame.drop(time)
    none = schema_of(rest).empty_table()
    start = PartDraft(wish)
    start.read([none], map, True)
    first = start.first_plan
    looks = rest.limit(LOOKED_AT).coalesce(1).mapInArrow(partial(_look, wish=wish), "plan string")
    for (text,) in collect(looks):
        first = Plan.from_dict(json.loads(text))
    pieces = rest.mapInArrow(partial(_draft_partition, wish=wish, plan=first), PIECES)
    if partitions(frame) > MANY:
        pieces = pieces.repartition(MERGERS).mapInArrow(partial(_merge_partition, wish=wish), PIECES)
    whole = PartDraft(wish)
    whole.count([none], first)
    for row in collect(pieces):
        whole.take(*row)
    return whole.plan()


class PartDraft(Draft):
    """A draft of some of the rows on first plans that all parts share, so that drafts merge."""

    @property
    def first_plan(self) -> Plan:
        return self._whole.plan

    def count(self, tables: Iterable[pa.Table], plan: Plan) -> None:
        """Take in the rows of one part; one table at least, without rows if there are none."""
        asked = [name for name, values in self.wish.segments.items() if values is None]
        self.profile = count_tables(
            (self._tally_segments(table, asked) for table in tables), plan, map, SIZES, self._see
        )

    def pieces(self) -> pa.RecordBatch:
        """Return the draft as rows of `PIECES`."""
        rows: list[tuple[str, str, int, bytes | None]] = []
        if self.profile is not None:
            rows.append(("profile", "", 0, self.profile.to_bytes()))
        rows += [
            ("tally", name, tally.error if tally else 0, _packed(tally.table) if tally else None)
            for (name, _), tally in self.tallies.items()
        ]
        rows += [
            ("segment", name, tally.error, _packed(tally.table)) for name, tally in self.segments.items()
        ]
        types = (pa.string(), pa.string(), pa.int64(), pa.binary())
        values = zip(*rows, strict=True) if rows else ((), (), (), ())
        columns = [pa.array(column, type_) for column, type_ in zip(values, types, strict=True)]
        return pa.record_batch(columns, names=["what", "column", "error", "data"])

    def take(self, what: str, column: str, error: int, data: bytes | None) -> None:
        """Add a piece of another part's draft on the same first plan."""
        if what == "profile":
            one = Profile.from_bytes(bytes(data or b""))
            self.profile = one if self.profile is None else merge_all([self.profile, one])
        elif data is None:
            self.tallies[column, ALL] = None
        else:
            table = ipc.open_stream(io.BytesIO(data)).read_all()
            known: Any = self.segments if what == "segment" else self.tallies
            key = column if what == "segment" else (column, ALL)
            known[key] = _added(known.get(key, empty_tally(table.schema.field("value").type)), table, error)


def _added(known: Tally | None, table: pa.Table, error: int) -> Tally | None:
    """Return the tally of both; None if either overflowed, or both do together."""
    if known is None:
        return None
    counts = Tally(table).counts
    both = known.add(table["value"].combine_chunks(), counts)
    if pa.types.is_floating(both.table.schema.field("value").type) and both.table.num_rows > MOST_NUMBERS:
        return None
    return Tally(both.table, both.error + error)


def _packed(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with ipc.new_stream(sink, table.schema, options=ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def _look(batches: Iterable[pa.RecordBatch], wish: Wish) -> Iterator[pa.RecordBatch]:
    """Yield, on an executor, the first plan that the first rows call for."""
    rows = list(batches)
    if rows:
        draft = PartDraft(wish)
        draft.read([pa.Table.from_batches(rows)], map, True)
        yield pa.record_batch([pa.array([json.dumps(draft.first_plan.to_dict())])], names=["plan"])


def _draft_partition(batches: Iterable[pa.RecordBatch], wish: Wish, plan: Plan) -> Iterator[pa.RecordBatch]:
    """Yield, on an executor, the pieces of a draft of one partition; nothing for one without rows."""
    rows = open_partition(batches)
    if rows is not None:
        draft = PartDraft(wish)
        draft.count(steps(rows), plan)
        yield draft.pieces()


def _merge_partition(batches: Iterable[pa.RecordBatch], wish: Wish) -> Iterator[pa.RecordBatch]:
    """Yield, on an executor, the pieces of one draft of all that are in a partition."""
    draft = PartDraft(wish)
    for batch in batches:
        for row in batch.to_pylist():
            draft.take(**row)
    yield draft.pieces()
