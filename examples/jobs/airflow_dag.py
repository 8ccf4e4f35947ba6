"""The daily steps as an Airflow 3 DAG: put it with `daily.py` into the DAGs folder.

Where Airflow's own packages and Wolfpack's cannot be installed together, write `@task.external_python(python=…)`.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import daily
from airflow.sdk import dag, task


@dag(
    schedule="0 6 * * *",
    start_date=datetime(2024, 5, 1),
    catchup=True,
    default_args={"owner": "flights", "retries": 3, "retry_delay": timedelta(minutes=5)},
)
def arrival_delay() -> None:
    """Tell Wolfpack of yesterday's inputs and predictions, and of the labels that are known."""

    @task
    def inputs(ds: str = "") -> None:
        daily.inputs(ds)

    @task
    def predictions(ds: str = "") -> None:
        daily.predictions(ds)

    @task
    def labels(ds: str = "") -> None:
        daily.labels(ds)

    [inputs(), predictions()] >> labels()


arrival_delay()
