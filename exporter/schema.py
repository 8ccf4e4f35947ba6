"""The ledger's tables. Times are epoch seconds; a pane is named by its start."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

VERSION = 3
"""Version of these tables; each step up to it is in migrations.py. A new table needs no step of its own."""

CHANGED = "changed"
"""Name of the moment at which a sample or an exposure was last stored."""

metadata = MetaData()
_Id = BigInteger().with_variant(Integer, "sqlite")


def _model() -> Column[int]:
    return Column("model_id", ForeignKey("models.id"), nullable=False)


def _own() -> Column[int]:
    """Return the first part of a key: rows of a table are named within a model."""
    return Column("model_id", ForeignKey("models.id"), primary_key=True)


ledger_version = Table("ledger_version", metadata, Column("version", Integer, primary_key=True))

models = Table(
    "models",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("project", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("created", Float, nullable=False),
    UniqueConstraint("project", "model"),
)

# A part is appended; the newest row of (model, version, role, start, part) is the one that counts.
parts = Table(
    "parts",
    metadata,
    Column("id", _Id, primary_key=True),
    _model(),
    Column("version", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("start", BigInteger, nullable=False),
    Column("part", Text, nullable=False),
    Column("job", Text, nullable=False),
    Column("received", Float, nullable=False),
    Column("plan_id", Text, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Index("parts_by_pane", "model_id", "role", "start", "id"),
    sqlite_autoincrement=True,  # an id names a part for as long as a profile of it may be in memory
)

# Runs of short panes merged: read instead of their parts, and kept in their place when those are too old.
blocks = Table(
    "blocks",
    metadata,
    Column("id", _Id, primary_key=True),
    _model(),
    Column("role", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("plan_id", Text, nullable=False),
    Column("start", BigInteger, nullable=False),
    Column("end", BigInteger, nullable=False),
    # Starts of the panes with rows on this plan, a JSON list.
    Column("panes", Text, nullable=False),
    Column("received", Float, nullable=False),
    # When the parts that it was made of were deleted; null while they are there.
    Column("merged", Float),
    Column("data", LargeBinary, nullable=False),
    UniqueConstraint("model_id", "role", "start", "version", "plan_id"),
    sqlite_autoincrement=True,  # an id names a block for as long as a profile of it may be in memory
)

# The model's versions: start of the first pane of predictions, and in which order they came.
versions = Table(
    "versions",
    metadata,
    _own(),
    Column("version", Text, primary_key=True),
    Column("first", BigInteger, nullable=False),
    Column("entered", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# Panes whose windows are still to be computed; written with the part, removed with the samples.
pending = Table(
    "pending",
    metadata,
    _model(),
    Column("role", Text, nullable=False),
    Column("start", BigInteger, nullable=False),
    # Grows with every delivery, so that one that comes while the pane is computed is not taken for done.
    Column("generation", Integer, nullable=False),
    UniqueConstraint("model_id", "role", "start"),
)

references = Table(
    "reference_profiles",
    metadata,
    Column("id", _Id, primary_key=True),
    _model(),
    Column("registered", Float, nullable=False),
    Column("plan_id", Text, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Column("scores", LargeBinary),
)

# Predictions that wait for their labels, a key by its hash. Ordered by pane, for panes are read as a whole.
predictions = Table(
    "waiting_predictions",
    metadata,
    _own(),
    Column("start", BigInteger, primary_key=True),
    Column("version", Text, primary_key=True),
    Column("key", BigInteger, primary_key=True),
    # A score or a number; of classes the number of the word.
    Column("value", Float),
    # Number of the word that holds the values of the segment columns.
    Column("segments", Integer, nullable=False),
    Column("list", BigInteger),
    Column("chances", LargeBinary),
    Index("waiting_predictions_by_key", "model_id", "key"),
    sqlite_with_rowid=False,
)

labels = Table(
    "kept_labels",
    metadata,
    _own(),
    Column("key", BigInteger, primary_key=True),
    Column("label", Float, nullable=False),
    Column("received", Float, nullable=False),
    # Whether a prediction of this key has come.
    Column("matched", Boolean, nullable=False),
    sqlite_with_rowid=False,
)
Index(
    "labels_unmatched",
    labels.c.model_id,
    sqlite_where=labels.c.matched.is_(False),
    postgresql_where=labels.c.matched.is_(False),
)

# Names of classes and values of segments (JSON), by numbers within a model.
words = Table(
    "words",
    metadata,
    _own(),
    Column("id", Integer, primary_key=True),
    Column("word", Text, nullable=False),
    UniqueConstraint("model_id", "word", name="words_once"),
    sqlite_with_rowid=False,
)

# What was counted of a pane's predictions and labels: here ("joined"), or by a job that has both ("sent", by part).
judged = Table(
    "judged_panes",
    metadata,
    _own(),
    Column("start", BigInteger, primary_key=True),
    Column("version", Text, primary_key=True),
    Column("origin", Text, primary_key=True),
    Column("part", Text, primary_key=True),
    Column("received", Float, nullable=False),
    Column("predictions", BigInteger, nullable=False),
    Column("labelled", BigInteger, nullable=False),
    # How rows were counted; only what was counted alike is added.
    Column("counted", Text, nullable=False),
    Column("data", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

# What jobs counted of outputs in a pane.
output_counts = Table(
    "output_panes",
    metadata,
    _own(),
    Column("start", BigInteger, primary_key=True),
    Column("version", Text, primary_key=True),
    Column("part", Text, primary_key=True),
    Column("received", Float, nullable=False),
    Column("data", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

# Items of training: users who had each, and all users.
catalogues = Table(
    "catalogues",
    metadata,
    _own(),
    Column("users", BigInteger, nullable=False),
    Column("received", Float, nullable=False),
    Column("data", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

# Panes into which predictions came by key ("prediction"), those with a joined label ("label"), and those with counts of
# outputs ("output").
marks = Table(
    "marks",
    metadata,
    _own(),
    Column("kind", Text, primary_key=True),
    Column("start", BigInteger, primary_key=True),
    sqlite_with_rowid=False,
)

series = Table(
    "series",
    metadata,
    Column("id", _Id, primary_key=True),
    _model(),
    Column("family", Text, nullable=False),
    Column("labels", Text, nullable=False),
    UniqueConstraint("model_id", "family", "labels"),
)

# By event time: every revision of every window; value null: the revision has no such sample.
samples = Table(
    "samples",
    metadata,
    Column("series_id", ForeignKey("series.id"), primary_key=True),
    Column("window_end", BigInteger, primary_key=True),
    Column("computed", Float, primary_key=True),
    Column("value", Float),
    Index("samples_by_end", "window_end", "series_id"),
    Index("samples_by_computed", "computed", "series_id"),
    sqlite_with_rowid=False,
)

# What the metrics page showed from `shown` on; value null: withdrawn.
exposures = Table(
    "exposures",
    metadata,
    Column("series_id", ForeignKey("series.id"), primary_key=True),
    Column("shown", Float, primary_key=True),
    Column("window_end", BigInteger),
    Column("value", Float),
    sqlite_with_rowid=False,
)

# Runs of jobs, as the jobs told them; a run told again replaces.
runs = Table(
    "runs",
    metadata,
    Column("id", _Id, primary_key=True),
    _model(),
    Column("job", Text, nullable=False),
    Column("run", Text, nullable=False),
    Column("began", Float),
    Column("ended", Float, nullable=False),
    Column("succeeded", Boolean, nullable=False),
    Column("rows", BigInteger),
    Column("note", Text, nullable=False),
    Column("received", Float, nullable=False),
    UniqueConstraint("model_id", "job", "run"),
    Index("runs_by_end", "model_id", "job", "ended"),
)

# A version is in a stage from `began` on, until its next row.
deployments = Table(
    "deployments",
    metadata,
    Column("id", _Id, primary_key=True),
    _model(),
    Column("version", Text, nullable=False),
    Column("stage", Text, nullable=False),
    Column("began", Float, nullable=False),
    Column("note", Text, nullable=False),
    Column("received", Float, nullable=False),
    UniqueConstraint("model_id", "version", "began"),
)

# What people say of findings between two times; judged again, the last word counts.
feedback = Table(
    "feedback",
    metadata,
    Column("id", _Id, primary_key=True),
    _model(),
    Column("labels", Text, nullable=False),
    Column("began", Float, nullable=False),
    Column("ended", Float, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("received", Float, nullable=False),
    UniqueConstraint("model_id", "labels", "began", "ended"),
)

# Since when panes of a role ("role input") and runs of a job ("job train") are waited for, on which panes.
expected = Table(
    "expected",
    metadata,
    _own(),
    Column("what", Text, primary_key=True),
    Column("panes", Text, nullable=False),
    Column("since", Float, nullable=False),
    sqlite_with_rowid=False,
)

# How far each source was read: of a log by file, of a folder by path. Written with what was read.
source_positions = Table(
    "source_positions",
    metadata,
    _own(),
    Column("source", Text, primary_key=True),
    Column("item", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("seen", Float, nullable=False),
    sqlite_with_rowid=False,
)

# Live parts: each as it came, then one a live pane, version and plan; kept as short panes are.
live_parts = Table(
    "live_parts",
    metadata,
    Column("id", _Id, primary_key=True),
    _model(),
    Column("version", Text, nullable=False),
    Column("start", BigInteger, nullable=False),
    # Of its profile; empty without one.
    Column("plan_id", Text, nullable=False),
    Column("received", Float, nullable=False),
    # Whether an hour's part of the model's own pane has it.
    Column("rolled", Boolean, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Index("live_parts_by_pane", "model_id", "start"),
    sqlite_autoincrement=True,
)

# Processes of live services: the highest number of their parts, and those below it that did not come (a JSON list).
live_workers = Table(
    "live_workers",
    metadata,
    _own(),
    Column("worker", Text, primary_key=True),
    Column("version", Text, nullable=False),
    Column("seen", Float, nullable=False),
    Column("closed", Boolean, nullable=False),
    Column("highest", BigInteger, nullable=False),
    Column("missing", Text, nullable=False),
    sqlite_with_rowid=False,
)

# Times of the ledger itself: when something was last computed or shown.
moments = Table(
    "moments",
    metadata,
    Column("name", Text, primary_key=True),
    Column("at", Float, nullable=False),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("key", Text, primary_key=True),
    Column("created", Float, nullable=False),
    Column("request", Text, nullable=False),
    Column("response", Text, nullable=False),
    Index("idempotency_by_age", "created"),
)

# Profiles are compressed already: PostgreSQL would try again with each.
UNCOMPRESSED = [
    f"ALTER TABLE {column.table.name} ALTER COLUMN {column.name} SET STORAGE EXTERNAL"
    for table in metadata.sorted_tables
    for column in table.columns
    if isinstance(column.type, LargeBinary)
]


def key_of(table: Table) -> list[Column[Any]]:
    """Return the columns that tell the rows of a table apart: its primary key, else its unique one."""
    unique = (its for its in table.constraints if isinstance(its, UniqueConstraint))
    return list(table.primary_key) or [column for its in unique for column in its.columns]
