"""What the join costs: `python -m benchmarks.join`; one table in markdown.

A million predictions by key and their labels go through the endpoints of an exporter on SQLite, durable, in deliveries
of a hundred thousand; the pane is joined and counted, and its window's quality computed. CPU seconds of the whole
process, so that the machine's other work does not count; beside it what pandas and scikit-learn take in memory, once.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import click
import numpy as np
import pandas as pd
import pyarrow as pa
from sklearn.metrics import roc_auc_score
from sqlalchemy import text

from benchmarks.machine import describe
from benchmarks.report import markdown
from wolfpack.client.job import to_arrow_bytes
from wolfpack.exporter import create_app, open_service
from wolfpack.exporter.service import Service

SPEC = """\
version: wolfpack/v1
project: bench
model: join
prediction: {column: score}
label: {column: late, key: id}
segments: {origin: {}}
"""
ARROW = "application/vnd.apache.arrow.stream"
HEADER = ("what", "CPU seconds", "rows a minute on one core")


def made(rows: int) -> pa.Table:
    random = np.random.default_rng(0)
    score = random.beta(2, 5, rows)
    keys = random.permutation(rows)
    return pa.table(
        {
            "id": [f"2024-05-01/{key:09d}" for key in keys],
            "score": score,
            "late": (random.random(rows) < score).astype(float),
            "origin": random.choice(["EWR", "JFK", "LGA"], rows),
        }
    )


def size(service: Service) -> int:
    with service.ledger.read() as connection:
        pages = "SELECT (page_count - freelist_count) * page_size FROM pragma_page_count(), pragma_freelist_count(), "
        return int(connection.execute(text(pages + "pragma_page_size()")).scalar_one())


def timed(what: Callable[[], None]) -> float:
    began = time.process_time()
    what()
    return time.process_time() - began


@click.command()
@click.option("--rows", default=1_000_000, show_default=True)
@click.option("--delivery", default=100_000, show_default=True, help="Rows of one request.")
def main(rows: int, delivery: int) -> None:
    """Print what a million joined predictions cost."""
    table = made(rows)
    shuffled = table.take(pa.array(np.random.default_rng(1).permutation(rows)))
    asked = {"project": "bench", "model": "join"}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "m.yml").write_text(SPEC)
        service = open_service([folder / "m.yml"], f"sqlite:///{folder / 'ledger.db'}", replay=True)
        http = create_app(service).test_client()

        def clock(now: str) -> None:
            assert http.post("/-/clock", json={"now": now}).status_code == 200

        def send(path: str, rows_: pa.Table, **params: str) -> None:
            for at in range(0, rows, delivery):
                body = to_arrow_bytes(rows_.slice(at, delivery))
                answer = http.post(path, data=body, query_string=asked | params, content_type=ARROW)
                assert answer.status_code == 200, answer.text

        clock("2024-05-01T12:00:00+00:00")
        before = size(service)
        predicted = timed(lambda: send("/api/v1/predictions", table.drop_columns(["late"]), at="2024-05-01"))
        kept = size(service) - before
        labelled = timed(lambda: send("/api/v1/labels", shuffled.select(["id", "late"])))
        both = size(service) - before
        counted = timed(lambda: clock("2024-05-02T00:01:00+00:00"))
        assert b"ml_model_roc_auc" in http.get("/metrics").data
        service.close()
    alone = timed(lambda: in_memory(table, shuffled))
    whole = predicted + labelled + counted
    found = [
        (what, f"{seconds:.1f}", f"{rows / seconds * 60:,.0f}")
        for what, seconds in (
            ("predictions taken", predicted),
            ("labels taken", labelled),
            ("joined, counted, and the window twice", counted),
            ("all of it", whole),
            ("merge by pandas and ROC AUC by scikit-learn, in memory", alone),
        )
    ]
    print(markdown(HEADER, found))
    print(f"{rows:,} rows of {len(table['id'][0].as_py())} characters a key: {kept / rows:.0f} bytes on disk for an "
          f"open prediction, {both / rows:.0f} with its label.")  # fmt: skip
    print("", *describe({"pandas": version("pandas"), "scikit-learn": version("scikit-learn")}), sep="\n")


def in_memory(table: pa.Table, labels: pa.Table) -> None:
    left = table.select(["id", "score", "origin"]).to_pandas()
    joined = left.merge(labels.select(["id", "late"]).to_pandas(), on="id")
    roc_auc_score(joined["late"], joined["score"])
    for _, its in joined.groupby("origin"):
        roc_auc_score(its["late"], its["score"])
    assert isinstance(joined, pd.DataFrame)


if __name__ == "__main__":
    main()
