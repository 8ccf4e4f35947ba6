"""What a model's team runs every day, step by step: the same file under Airflow, Argo and cron.

    python daily.py inputs 2024-05-01

A step that is run again replaces what it sent before, so a scheduler may retry and catch up as it likes.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as parquet

from wolfpack.client import Client

COLUMNS = ["delay", "carrier", "origin"]


def tables() -> Path:
    """Return the folder of a day's tables: `DAY.parquet` with the scores, `DAY-labels.parquet` once they are known."""
    return Path(os.environ.get("TABLES", "/data/arrival-delay"))


def client() -> Client:
    """Return the way to the exporter, by the environment."""
    return Client(
        os.environ.get("WOLFPACK_URL", "http://127.0.0.1:9906"),
        project="travel",
        model="arrival-delay",
        version=os.environ.get("MODEL_VERSION", "1"),
        token=os.environ.get("WOLFPACK_TOKEN"),
    )


def inputs(day: str) -> None:
    """Send the profile of the columns that the model was given on a day."""
    its = client()
    with its.run("inputs", run=day):
        found = its.profile(parquet.read_table(tables() / f"{day}.parquet", columns=COLUMNS))
        its.send_profile(found, role="input", at=day, job="inputs")


def predictions(day: str) -> None:
    """Send a day's scores by key, to be joined with labels, and their profile."""
    its = client()
    with its.run("predictions", run=day):
        table = parquet.read_table(tables() / f"{day}.parquet", columns=["flight_id", "origin", "score"])
        its.send_predictions(table, at=day, profile=True)


def labels(day: str) -> None:
    """Send the labels that became known for a day."""
    its = client()
    with its.run("labels", run=day):
        its.send_labels(parquet.read_table(tables() / f"{day}-labels.parquet"))


STEPS: dict[str, Callable[[str], None]] = {"inputs": inputs, "predictions": predictions, "labels": labels}

if __name__ == "__main__":
    STEPS[sys.argv[1]](sys.argv[2])
