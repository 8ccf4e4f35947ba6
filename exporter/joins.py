"""Endpoints of quality: predictions and labels by key, counts of a job that has both, and those of the reference."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import flask
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from sqlalchemy import Connection

from wolfpack.exporter import outcomes, store
from wolfpack.exporter.answers import Counts, HowJudged, Labelled, Predicted, Scored
from wolfpack.exporter.baseline import read_counts
from wolfpack.exporter.declaration import Group, Parameter, Raw
from wolfpack.exporter.encoded import body
from wolfpack.exporter.joining import keep_predictions, read_labels, read_predictions
from wolfpack.exporter.judging import SENT, add_counts, judging_of
from wolfpack.exporter.judging import counted as counted_as
from wolfpack.exporter.keys import key_hashes
from wolfpack.exporter.parameters import AT, KEY, ONE, WRITE
from wolfpack.exporter.problems import Problem
from wolfpack.exporter.registry import Known
from wolfpack.exporter.requests import (
    Target,
    argument,
    asked,
    authorize,
    once,
    optional,
    pane,
    service,
    target,
)
from wolfpack.exporter.tables import READERS, column, read_table
from wolfpack.exporter.writes import add_profile, pane_text, plan_of, profile_rows, readable
from wolfpack.spec import Spec, TableError
from wolfpack.stats import QualityCounts, ReferenceQuality
from wolfpack.stats.quality_counts import ON_BINS
from wolfpack.stats.regions import TENTHS

group = Group("joins")
ROWS = Raw("rows: Arrow, Parquet, NDJSON or CSV", tuple(READERS))
TIME = Parameter("time", "name of the column with each row's time, instead of `at`", needed=False)
PROFILED = Parameter(
    "profile", "`1`: also profile the columns besides the key, as role `prediction`", "0", allowed=("0", "1")
)
AT_ALL = replace(AT, meaning="the pane of all rows, as above", needed=False)


@group.declare(
    "POST",
    "/api/v1/predictions",
    scope="write",
    parameters=(*WRITE, KEY, AT_ALL, TIME, PROFILED),
    body=ROWS,
    answer=Predicted,
    keyed=True,
)
def post_predictions() -> flask.Response:
    """Keep predictions by key until their labels come; with profile=1 profile them too."""
    its = target()
    spec = its.known.spec
    if spec.prediction is None or spec.label is None:
        raise Problem(422, "No join declared", "the spec needs `prediction` and `label` with its key", "spec")
    table = read_table(body(), flask.request.content_type)
    key = optional(KEY) or spec.label.key
    keys, starts = _keys(table, key), _starts(its, table)
    try:
        rows = read_predictions(spec, plan_of(its), table, keys, starts)
    except TableError as error:
        raise _refused(error) from error
    profiles = {}
    if argument(PROFILED) == "1":
        kept = table.drop_columns([name for name in (key, spec.prediction.lists) if name in table.column_names])
        for start in np.unique(starts).tolist():
            profiles[start] = profile_rows(its, kept.filter(pa.array(starts == start)))

    def write(connection: Connection) -> Predicted:
        keep_predictions(connection, its.known, its.version, rows)
        replaced = False
        for start, found in profiles.items():
            at = datetime.fromtimestamp(start, spec.zone)
            replaced |= add_profile(connection, its, "prediction", at, found, found.to_bytes())["replaced"]
        panes = [pane_text(its.known, start) for start in np.unique(starts).tolist()]
        return {"rows": len(rows), "panes": panes, "replaced": replaced}

    return once(its.known, write)


@group.declare(
    "POST", "/api/v1/labels", scope="write", parameters=(*ONE, KEY), body=ROWS, answer=Labelled, keyed=True
)
def post_labels() -> flask.Response:
    """Keep labels by key; a later label of a key replaces the earlier one."""
    known = asked()
    spec = known.spec
    if spec.label is None:
        raise Problem(422, "No join declared", "the spec needs `label` with its column and key", "spec")
    table = read_table(body(), flask.request.content_type)
    keys = _keys(table, optional(KEY) or spec.label.key)
    try:
        rows = read_labels(spec, table, keys)
    except TableError as error:
        raise _refused(error) from error

    def write(connection: Connection) -> Labelled:
        panes = outcomes.add_labels(connection, known.id, rows, service().clock.now())
        return {"rows": len(rows), "panes": [pane_text(known, start) for start in sorted(panes)]}

    return once(known, write)


@group.declare(
    "POST",
    "/api/v1/quality",
    scope="write",
    parameters=(*WRITE, AT),
    body=Raw("what `QualityCounts.to_bytes` returns"),
    answer=Counts,
    keyed=True,
)
def post_quality() -> flask.Response:
    """Add quality that a job counted, which has predictions and labels: no row and no key is sent."""
    its = target()
    start = int(pane(its.known, argument(AT)).timestamp())
    counts = readable(QualityCounts.from_bytes, body(), "counts")
    _check_counted(its.known, counts)
    _check_segments(its.known.spec, counts)

    def write(connection: Connection) -> Counts:
        now = service().clock.now()
        replaced = add_counts(connection, its.known, start, its.version, SENT, its.part, counts, now)
        outcomes.mark_counted(connection, its.known.id, start)
        whole = counts.whole
        return {
            "predictions": whole.predictions,
            "labelled": whole.labelled,
            "pane": pane_text(its.known, start),
            "replaced": replaced,
        }

    return once(its.known, write)


@group.declare(
    "GET", "/api/v1/projects/<project>/models/<model>/judging", scope="read", answer=HowJudged
)
def get_judging(project: str, model: str) -> flask.Response:
    """Return how a job has to count quality for it to be added: task, threshold, classes, edges and k."""
    authorize("read", project)
    known = service().registry.get(project, model)
    with service().ledger.read() as connection:
        judging = judging_of(known.spec, service().registry.baseline(connection, known.id))
    answer: HowJudged = {
        "task": judging.task,
        "threshold": judging.threshold,
        "classes": list(judging.classes),
        "edges": list(judging.edges),
        "k": judging.k,
        "column": known.spec.prediction.column if known.spec.prediction else "",
    }
    return flask.jsonify(answer)


@group.declare(
    "PUT",
    "/api/v1/projects/<project>/models/<model>/reference/scores",
    scope="write",
    body=Raw("what `to_bytes` of `ReferenceQuality`, `QualityCounts` or, of a binary score, `ScoreCounts` returns"),
    answer=Scored,
    keyed=True,
)
def put_reference_scores(project: str, model: str) -> flask.Response:
    """Add quality on the training data to the newest reference: a drop is measured from it, estimates learn from it."""
    authorize("write", project)
    known = service().registry.get(project, model)
    sent = body()
    scores = readable(read_counts, sent, "scores")
    panes = scores.panes if isinstance(scores, ReferenceQuality) else {}
    counts = scores.counts if isinstance(scores, ReferenceQuality) else scores
    if isinstance(counts, QualityCounts):
        _check_counted(known, counts)
    if isinstance(scores, ReferenceQuality):
        _check_regions(known, scores)

    def write(connection: Connection) -> Scored:
        reference = store.reference(connection, known.id)
        if reference is None:
            raise Problem(409, "No reference", "register the reference profile first", "reference")
        store.set_reference_scores(connection, reference.id, sent)
        for role, kind in (("label", "label"), (outcomes.ESTIMATE, "prediction")):
            there = outcomes.marked_panes(connection, known.id, kind, 0)
            store.mark_pending(connection, known.id, role, {max(there)} if there else set())
        rows = counts.whole.labelled if isinstance(counts, QualityCounts) else counts.rows
        return {"rows": rows, "panes": len(panes)}

    return once(known, write, lambda: service().registry.forget_baseline(known.id))


def _check_counted(known: Known, counts: QualityCounts) -> None:
    """Refuse counts that were made in another way than the spec's: they could never be added."""
    with service().ledger.read() as connection:
        wanted = counted_as(judging_of(known.spec, service().registry.baseline(connection, known.id)))
    if counts.counted != wanted:
        raise Problem(
            422,
            "Counted otherwise",
            f"these are counts of {counts.counted}, and {known.spec.project}/{known.spec.model} has {wanted}; count "
            "with what GET …/judging says, as `Client.judging()` does",
            "body",
        )


def _check_regions(known: Known, quality: ReferenceQuality) -> None:
    """Refuse panes on other regions than those that windows are counted in: no floor could be read from them."""
    with service().ledger.read() as connection:
        judging = judging_of(known.spec, service().registry.baseline(connection, known.id))
    wanted = judging.edges or TENTHS
    if quality.edges is not None and judging.task in ON_BINS and quality.edges != wanted:
        raise Problem(
            422,
            "Other regions",
            f"its panes are in {len(quality.edges) + 1} regions of the prediction, and the newest reference of "
            f"{known.spec.project}/{known.spec.model} has {len(wanted) + 1} others; count with "
            "`Client.judging(reference)`",
            "body",
        )


def _check_segments(spec: Spec, counts: QualityCounts) -> None:
    for name, _ in counts.cells:
        if name and name not in spec.segments:
            raise Problem(
                422,
                "Other segments",
                f"{name!r} is no segment of {spec.project}/{spec.model}; its spec has "
                f"{', '.join(spec.segments) or 'none'}",
                "body",
            )


def _keys(table: pa.Table, name: str) -> NDArray[np.int64]:
    values = column(table, name, "the key")
    if values.null_count:
        raise Problem(
            422, "Missing keys", f"{values.null_count} rows have no key; every row needs one", "body"
        )
    return key_hashes(values)


def _starts(its: Target, table: pa.Table) -> NDArray[np.int64]:
    """Return each row's pane: of the column that `time` names, else of `at`."""
    name = optional(TIME)
    if name is None:
        return np.full(table.num_rows, int(pane(its.known, argument(AT)).timestamp()))
    encoded = column(table, name, "the time").combine_chunks().dictionary_encode()
    panes = [int(pane(its.known, str(one)).timestamp()) for one in encoded.dictionary.to_pylist()]
    if encoded.null_count:
        raise Problem(422, "Bad time", f"{encoded.null_count} rows have no time in column {name!r}", "time")
    return np.asarray(np.array(panes, np.int64)[np.asarray(encoded.indices)])


def _refused(error: TableError) -> Problem:
    return Problem(422, "Rows cannot be joined", str(error), "body")
