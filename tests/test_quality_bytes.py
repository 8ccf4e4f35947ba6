"""Bytes of states of quality that somebody crafted: what contradicts itself is refused, and says what must hold."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from conftest import THREE_LINES

from wolfpack.spec import ProfileFormatError
from wolfpack.stats import (
    ClassScores,
    Confusion,
    ItemCounts,
    Judging,
    OpenScores,
    OutputCounts,
    OutputHealth,
    QualityCounts,
    Regions,
    RegressionErrors,
    Repeats,
    ScoreCounts,
    rank_lists,
)

NAN = math.nan


def tampered(data: bytes, rewrite: Callable[[pa.Table, dict[str, Any]], tuple[pa.Table, Any]]) -> bytes:
    """Return the bytes with the table and parameters rewritten."""
    with pa.ipc.open_stream(data) as reader:
        table = reader.read_all()
    metadata = dict(table.schema.metadata)
    table, said = rewrite(table, json.loads(metadata[b"parameters"]))
    table = table.replace_schema_metadata(metadata | {b"parameters": json.dumps(said).encode()})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def with_column(name: str, values: list[Any]) -> Callable[..., tuple[pa.Table, Any]]:
    def rewrite(table: pa.Table, said: Any) -> tuple[pa.Table, Any]:
        at = table.schema.get_field_index(name)
        return table.set_column(
            at, table.schema.field(at), pa.array(values, table.schema.field(at).type)
        ), said

    return rewrite


def with_said(**changed: Any) -> Callable[..., tuple[pa.Table, Any]]:
    return lambda table, said: (table, said | changed)


SCORED = ScoreCounts.from_arrays([0.1, 0.9], [0, 1])
THREE = ScoreCounts.from_arrays([0.1, 0.2, 0.9], [0, 1, 1])
CONFUSED = Confusion.from_arrays(["a", "b"], ["a", "a"])
CUT = Regions.from_arrays([0.1, 0.9], [0, 1], [0.5])
RANKED = rank_lists(["u", "u"], [1, 0], [1, 0], 2)
ITEMS = ItemCounts.from_array(["a", "b"])
REPEATED = Repeats.from_array(["a", "a"])
HEALTH = OutputHealth.from_arrays(["a"], events={"shown": 1})
OPEN = OpenScores.from_array([0.1, 0.9])
CLASSES = ClassScores.from_arrays([[0.5, 0.5]], ["a"], ["a", "b"])
ERRORS = RegressionErrors.from_arrays([1.0, 2.0], [1.0, 3.0])


def test_the_test_s_own_writing_is_read() -> None:
    for state in (SCORED, CONFUSED, CUT, RANKED, ITEMS, REPEATED, HEALTH, OPEN, CLASSES, ERRORS):
        again = tampered(state.to_bytes(), lambda table, said: (table, said))
        assert type(state).from_bytes(again).equals(state)


@pytest.mark.parametrize(
    ("state", "rewrite", "message"),
    [
        (SCORED, with_column("score", [0.9, 0.1]), "ascending"),
        (SCORED, with_column("score", [0.1, NAN]), "finite"),
        (SCORED, with_column("highest", [0.1, 0.8]), "cells of the lowest"),
        (SCORED, with_column("positives", [0, -1]), "counts are in the range"),
        (SCORED, with_column("positives", [0, 10**18]), "counts are in the range"),
        (SCORED, with_column("negatives", [0, 0]), "each score has a row"),
        (SCORED, with_said(level=99), "level is in the range"),
        (SCORED, with_said(level=-1), "level is in the range"),
        (THREE, with_said(level=61), "cells are as they are made"),
        (SCORED, with_said(level="0"), "level is of the right type"),
        (SCORED, with_said(level=True), "level is of the right type"),
        (SCORED, with_said(missing=-1), "missing is at least 0"),
        (SCORED, with_said(losses=[2, 0, 0.0]), "six sums"),
        (SCORED, with_said(losses=[2, 0, "a", 0.0, 0.0, 0.0]), "six sums"),
        (SCORED, with_said(losses=[2, 0, -1.0, 0.0, 0.0, 0.0]), "six sums"),
        (SCORED, with_said(losses=[2, 0, NAN, 0.0, 0.0, 0.0]), "six sums"),
        (SCORED, with_said(losses=[3, 0, 0.0, 0.0, 0.0, 0.0]), "of all rows"),
        (SCORED, with_said(more=1), "its parameters are losses, level, missing"),
        (SCORED, lambda table, said: (table, [1]), "its parameters are"),
        (OPEN, with_column("rows", [1, 0]), "each score has a row"),
        (OPEN, with_said(missing=-1), "missing is at least 0"),
        (CONFUSED, with_column("rows", [0, 1]), "counts are in the range"),
        (CONFUSED, with_column("label", ["z", "a"]), "known classes"),
        (CONFUSED, with_column("prediction", ["a", "a"]), "each cell is there once"),
        (CONFUSED, with_said(classes=["b", "a"]), "in order"),
        (CONFUSED, with_said(classes=[1, 2]), "classes are names"),
        (CONFUSED, with_said(missing=-1), "missing is at least 0"),
        (CUT, with_said(edges=[0.5, 0.4]), "ascending"),
        (CUT, with_said(edges=["a"]), "edges are numbers"),
        (CUT, with_said(edges=[0.5, 0.6]), "one region more than edges"),
        (CUT, with_column("label_squares", [-1.0, 0.0]), "sums are those of rows"),
        (CUT, with_column("label_mean", [NAN, 0.0]), "sums are those of rows"),
        (CUT, with_column("rows", [0, 1]), "sums are those of rows"),
        (CUT, with_said(missing=-1), "missing is at least 0"),
        (RANKED, with_column("squares", [-1.0] * 7), "sums are those of rows"),
        (RANKED, with_column("name", ["a"] * 7), "names are different"),
        (RANKED, with_said(missing=-1), "missing is at least 0"),
        (ITEMS, with_column("item", ["b", "a"]), "ascending"),
        (ITEMS, with_column("rows", [1, 0]), "counts are in the range"),
        (ITEMS, with_said(missing=-1), "missing is at least 0"),
        (REPEATED, with_column("rows", [0]), "counts are at least 1"),
        (REPEATED, with_column("hash", [2**63]), "hashes of 48 bits"),
        (REPEATED, with_said(rows=3), "rows are those of the counts"),
        (REPEATED, with_said(missing=-1), "missing is at least 0"),
        (HEALTH, with_said(switches=1), "switches are among the pairs"),
        (HEALTH, with_said(events={"shown": -1}), "events are counts"),
        (HEALTH, lambda table, said: (table.slice(0, 1), said), "two parts"),
        (CLASSES, with_said(classes=["a", "a"]), "a part for each class"),
        (CLASSES, lambda table, said: (table.slice(0, 3), said), "a part for each class"),
        (CLASSES, with_column("part", [x.to_bytes() for x in (CLASSES.losses, CUT, SCORED, SCORED)]), "same rows"),
        (ERRORS, lambda table, said: (table.slice(0, 1), said), "two parts"),
    ],
)  # fmt: skip
def test_bytes_that_contradict_themselves_are_refused(state: Any, rewrite: Any, message: str) -> None:
    with pytest.raises(ProfileFormatError, match=message):
        type(state).from_bytes(tampered(state.to_bytes(), rewrite))


@pytest.mark.parametrize(
    ("means", "sums", "message"),
    [
        ([0.0], None, "25 sums and two means"),
        ([0.0, "a"], None, "25 sums and two means"),
        (None, {0: NAN}, "rows are a number"),
        (None, {0: 3.0}, "same rows"),
        (None, {0: -1.0}, "rows are in the range"),
        (None, {10: -1.0}, "even powers"),
        (None, {10: math.inf}, "moments are finite"),
    ],
)
def test_moments_that_contradict_themselves_are_refused(means: Any, sums: Any, message: str) -> None:
    with pa.ipc.open_stream(ERRORS.to_bytes()) as reader:
        moments, absolute = reader.read_all()["part"].to_pylist()

    def rewrite(table: pa.Table, said: Any) -> tuple[pa.Table, Any]:
        values = table["sum"].to_pylist()
        for at, value in (sums or {}).items():
            values[at] = value
        return with_column("sum", values)(table, said if means is None else said | {"means": means})

    parts = [tampered(moments, rewrite), absolute]
    with pytest.raises(ProfileFormatError, match=message):
        RegressionErrors.from_bytes(tampered(ERRORS.to_bytes(), with_column("part", parts)))


# --- counts of a job, by segment


COUNTED = {
    "binary": QualityCounts.of(Judging(), [0.1, 0.9, 0.4], [0, 1, None], segments={"origin": ["JFK", "LGA", "JFK"]}),
    "multiclass": QualityCounts.of(Judging("multiclass"), ["a", "b"], ["a", None]),
    "regression": QualityCounts.of(Judging("regression"), [1.0, 2.0, 3.0], [1.5, 2.0, None]),
    "ranking": QualityCounts.of(Judging("ranking"), [1, 2], [1, 0], lists=[1, 1]),
}
LONG, LINE = "x" * 129, 'JFK"} 1\nml_model_roc_auc{project="bank"'
Rewrite = Callable[[pa.Table, dict[str, Any]], tuple[pa.Table, Any]]


def inside(data: bytes, path: list[int], rewrite: Rewrite) -> bytes:
    """Return the bytes with the state at a path of parts rewritten."""
    if not path:
        return tampered(data, rewrite)
    with pa.ipc.open_stream(data) as reader:
        parts = reader.read_all()["part"].to_pylist()
    parts[path[0]] = inside(parts[path[0]], path[1:], rewrite)
    return tampered(data, with_column("part", parts))


@pytest.mark.parametrize(
    ("task", "path", "rewrite"),
    [
        ("binary", [0, 0], with_column("positives", [0, 10**18])),
        ("binary", [0, 0], with_column("positives", [0, -1])),
        ("binary", [0, 0], with_column("score", [0.1, math.inf])),
        ("binary", [0, 0], with_said(losses=[2, 0, math.inf, 0.0, 0.0, 0.0])),
        ("binary", [0, 1], with_column("rows", [1, 10**18])),
        ("binary", [0, 1], with_column("rows", [1, 2])),
        ("binary", [0, 2], with_column("rows", [10**18])),
        ("binary", [0, 2], with_column("rows", [-1])),
        ("multiclass", [0, 0], with_column("rows", [10**18])),
        ("multiclass", [0, 1], with_column("rows", [-1])),
        ("multiclass", [0, 1], with_said(missing=10**18)),
        ("regression", [0], with_said(open=10**18)),
        ("regression", [0], with_said(open=-1)),
        ("regression", [0, 0, 0], with_column("sum", [math.inf] * 25)),
        ("ranking", [0], with_said(rows=10**18)),
        ("ranking", [0, 0], with_column("rows", [10**18] * 7)),
        ("binary", [], with_said(task="nothing")),
        ("binary", [], with_said(segments=[["", ""], ["origin", "JFK"], ["origin", "JFK"]])),
        ("binary", [], with_said(segments=[["", ""], ["origin", LONG], ["origin", "LGA"]])),
        ("binary", [], with_said(segments=[["", ""], ["origin", LINE], ["origin", "LGA"]])),
        ("binary", [], with_said(segments=[["", ""], ["", "JFK"], ["origin", "LGA"]])),
        ("binary", [], with_said(segments=[["", ""], ["origin", 1], ["origin", "LGA"]])),
        ("binary", [], with_said(segments=[["origin", "EWR"], ["origin", "JFK"], ["origin", "LGA"]])),
        ("binary", [], with_said(segments=[["", ""]])),
    ],
)  # fmt: skip
def test_counts_that_no_job_can_have_are_refused(task: str, path: list[int], rewrite: Rewrite) -> None:
    body = COUNTED[task].to_bytes()
    assert QualityCounts.from_bytes(inside(body, path, lambda table, said: (table, said))).to_bytes() == body

    with pytest.raises(ProfileFormatError):
        QualityCounts.from_bytes(inside(body, path, rewrite))


@pytest.mark.parametrize(
    ("path", "rewrite"),
    [
        ([0, 0], with_said(pairs=10**18)),
        ([0, 0], with_said(events={"shown": 10**18})),
        ([0, 1], with_column("rows", [10**18, 1])),
        ([0, 2], with_column("mean", [math.inf, 1.0])),
        ([0, 2], with_said(about="others")),
        ([], with_said(segments=[["", LINE]])),
    ],
)
def test_outputs_that_no_job_can_have_are_refused(path: list[int], rewrite: Rewrite) -> None:
    vectors = np.eye(2)
    body = OutputCounts.of(["a", "b"], lists=[1, 1], vectors=vectors, events={"shown": 2}).to_bytes()
    with pytest.raises(ProfileFormatError):
        OutputCounts.from_bytes(inside(body, path, rewrite))


def test_bytes_that_claim_gigabytes_are_refused_unread(make_exporter) -> None:
    """And nothing of what was refused is kept."""
    one = make_exporter(THREE_LINES + "prediction: {column: score}\nlabel: {column: late, key: id}\n")
    one.at("2024-05-01T06:00:00Z")
    zeros = pa.table({"part": pa.array([bytes(10**8)] * 8, pa.binary())})
    metadata = {b"format": b"wolfpack.quality/1", b"parameters": b'{"task": "binary", "segments": [["", ""]]}'}
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with pa.ipc.new_stream(sink, zeros.schema.with_metadata(metadata), options=options) as writer:
        for batch in zeros.to_batches():
            writer.write_batch(batch)
    body = bytes(sink.getvalue())
    answers = [
        one.send("/api/v1/quality", sent, at="2024-05-01")
        for sent in (body, inside(COUNTED["binary"].to_bytes(), [0, 0], with_column("positives", [0, 10**18])))
    ]
    one.at("2024-05-02T06:00:00Z")

    assert len(body) < 10**6
    assert [(answer.status_code, answer.json["title"]) for answer in answers] == [(400, "Unreadable counts")] * 2
    assert one.value("ml_model_label_coverage_ratio") is None
