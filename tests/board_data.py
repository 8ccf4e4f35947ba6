"""Models that fill every board: one of each kind, told to a real exporter as their jobs and services would."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import requests
from tables import day, inputs

from wolfpack.client import Client
from wolfpack.client.live_terms import LiveTerms
from wolfpack.client.monitor import Monitor
from wolfpack.client.outliers import Scored
from wolfpack.client.slicing import Slicer
from wolfpack.stats import ItemCounts, OutputCounts, ScoreCounts, profile

SPECS = {
    "arrival-delay": """\
columns: {delay: {range: [0, 30]}, seen: {type: datetime}}
prediction: {column: score}
label: {column: late, key: id}
segments: {origin: {columns: [delay]}}
fairness: [origin]
mean: {within: 0.1}
change: {rows: {against: previous}}
quality: {roc_auc: {warning: "< 0.75", drop: 0.05}, brier: {critical: "> 0.25", drop: 0.1}}
jobs: {nightly: {schedule: "0 5 * * *"}}
scalars: {rebookings: {warning: "> 40", stale_after: 1d}}
detect: [{metric: ml_column_mean, role: input, columns: [delay], season: 7d}]
""",
    "offers": """\
prediction: {column: score, task: ranking, lists: user, k: 5}
label: {column: clicked, key: id}
segments: {origin: {}}
events: {click_through: {count: clicked, of: shown}}
retrain: {quality: {ndcg: "< 0.2"}}
""",
    "kinds": """\
prediction: {column: kind, task: multiclass}
label: {column: truth, key: id}
""",
    "answers": """\
prediction: {column: score}
segments: {origin: {}}
live: {latency: {warning: 0.5}}
""",
}
"""What each model's spec says besides its name."""
DAYS = 8


def write_specs(folder: Path) -> None:
    folder.mkdir()
    for model, text in SPECS.items():
        head = f"version: wolfpack/v1\nproject: travel\nmodel: {model}\nowner: flights\n"
        (folder / f"{model}.yml").write_text(head + text)


def fill(url: str) -> None:
    """Send a reference and eight days: two versions, labels, a column gone and a new one, at last an empty one."""
    today = datetime.now(UTC).date()
    client = Client(url, project="travel", model="arrival-delay", version="1")
    days = [day(number, time=_noon(today - timedelta(days=70 - number))) for number in range(60)]
    table = pa.concat_tables(days)
    kept = table.select(["time", "delay", "carrier", "origin", "score"])
    kept = kept.append_column("seen", table["time"]).append_column("gone", table["delay"])
    scores = ScoreCounts.from_arrays(table["score"].to_numpy(), table["late"].to_numpy())
    client.send_reference(profile(kept, by=["origin"], time="time", every="1d"), scores)
    for number in range(DAYS):
        at = (today - timedelta(days=DAYS - number)).isoformat()
        rows = day(100 + number, time=_noon(today - timedelta(days=DAYS - number)))
        client.version = "2" if number >= DAYS - 2 else "1"
        empty = {"carrier": pa.nulls(rows.num_rows, pa.string())} if number == DAYS - 1 else {}
        sent = inputs(day(100 + number, **empty))
        sent = sent.append_column("seen", rows["time"]).append_column("new", rows["delay"])
        client.send_profile(client.profile(sent), at=at)
        client.send_predictions(rows.select(["id", "score", "origin"]), at=at, profile=True)
        client.send_labels(rows.select(["id", "late"]))


def tell(url: str) -> None:
    """Tell of scalars of two versions, one of them too old, of a run, a deployment, and of a finding."""
    yesterday = datetime.now(UTC) - timedelta(days=2)
    for version in ("1", "2"):
        client = Client(url, project="travel", model="arrival-delay", version=version)
        client.send_metrics({"rebookings": 10}, time=yesterday, step=1)
    with client.run("nightly") as report:
        report.rows = 10
    client.send_deployment("canary")
    labels = {"role": "input", "column": "delay", "metric": "ml_column_mean", "detector": "seasonal_esd"}
    client.send_feedback(labels, "right", start=yesterday, end=yesterday)


def rank_and_classify(url: str) -> None:
    """Send a day of two models whose predictions are lists, and classes."""
    random = np.random.default_rng(1)
    yesterday = (datetime.now(UTC).date() - timedelta(days=1)).isoformat()
    rows = day(200)
    users = [f"u{number % 40}" for number in range(rows.num_rows)]
    lists = rows.select(["id", "score", "origin"]).append_column("user", pa.array(users))
    clicked = (random.random(rows.num_rows) < rows["score"].to_numpy()).astype(float)
    offers = Client(url, project="travel", model="offers")
    offers.send_predictions(lists, at=yesterday, profile=True)
    offers.send_labels(pa.table({"id": rows["id"], "clicked": clicked}))
    items = random.choice(list("abcdefgh"), rows.num_rows)
    seen = {"requests": users, "subjects": users, "times": np.arange(rows.num_rows)}
    vectors, events = random.normal(size=(rows.num_rows, 3)), {"shown": rows.num_rows, "clicked": int(clicked.sum())}
    offers.send_catalogue(ItemCounts.from_array(list("aabcdxyz")), 10)
    offers.send_outputs(OutputCounts.of(items, lists=users, vectors=vectors, events=events, **seen), at=yesterday)
    kinds = Client(url, project="travel", model="kinds")
    kinds.send_predictions(pa.table({"id": rows["id"], "kind": rows["carrier"]}), at=yesterday, profile=True)
    kinds.send_labels(pa.table({"id": rows["id"], "truth": random.permutation(rows["carrier"].to_pylist())}))


class Far:
    """An outlier model that flags half of all rows, so that an alert on a live model fires."""

    def score(self, rows: pa.Table) -> Scored:
        far = np.abs(rows["delay"].to_numpy() - 10)
        return Scored(far, far > 3)


def serve(url: str) -> None:
    """Send a reference, calls of twenty minutes ago, and calls of a service that answers now."""
    table = pa.concat_tables([day(number) for number in range(20)])
    client = Client(url, project="travel", model="answers")
    client.send_reference(profile(table.select(["delay", "carrier", "origin", "score"]), by=["origin"]))
    _earlier(url, 20 * 60)
    monitor = Monitor(url, project="travel", model="answers", outliers=Far(), flush=0.2)

    @monitor.watch
    def predict(row):
        return row["score"]

    for row in day(300).select(["delay", "carrier", "origin", "score"]).to_pylist():
        predict(row)
    monitor.close()


def _earlier(url: str, seconds: float) -> None:
    """Send a part of calls that ended that long ago, of a worker that is gone."""
    at = datetime.now(UTC) - timedelta(seconds=seconds)
    terms = requests.get(f"{url}/api/v1/projects/travel/models/answers/live", timeout=10).json()
    call = (at.timestamp(), 0.01, "predict", False, {"delay": 10.0, "origin": "EWR"}, 0.5, "", False, None)
    (taken,) = Slicer(pause=lambda: None).take([call] * 50, LiveTerms.from_dict(terms))
    where = {"project": "travel", "model": "answers", "version": "0", "worker": "before", "sequence": "1"}
    asked = where | {"at": at.isoformat(), "closing": "1"}
    found = requests.post(f"{url}/api/v1/live", params=asked, data=taken.slice.to_bytes(), timeout=10)
    assert found.status_code == 200, found.text


def _noon(at: date) -> np.ndarray:
    return np.repeat((np.datetime64(at) + np.timedelta64(12, "h")).astype("datetime64[s]"), 200)
