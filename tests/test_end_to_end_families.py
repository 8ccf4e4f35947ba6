"""Each family of alerts from what a job sends to the owner's webhook and to resolved; every server is real.

One stack, three mornings in one: first nothing of yesterday is there; then a table comes in which everything is wrong,
and the job tells of its failure; then all is sent again as it should be. Rules look every second. What would inhibit or
contradict these, and what is live, is in test_end_to_end_others.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from time import monotonic

import numpy as np
import pyarrow as pa
import pytest
import requests

from wolfpack.cli import flights_live, servers
from wolfpack.cli.flights_replay import set_clock
from wolfpack.cli.webhook import Received, Webhook
from wolfpack.client import Client
from wolfpack.spec import load_all
from wolfpack.stats import profile

SPEC = """\
version: wolfpack/v1
project: travel
model: arrival-delay
owner: flights
timezone: UTC
grace: 1s
skip: [{skip}]
columns:
  fare: {{range: [0, 500]}}
  booked: {{type: datetime, older_than: 1d}}
prediction: {{column: score, task: binary}}
label: {{column: late, key: id, matures_after: 1d}}
quality: {{roc_auc: {{warning: "< 0.95"}}}}
mean: {{within: 0.2}}
scalars: {{rebookings: {{warning: "> 40"}}, margin: {{stale_after: 1d}}}}
jobs: {{train: {{longest: 1h}}}}
detect: [{{metric: ml_pane_rows}}]
"""
MODEL = "arrival-delay"
ROWS = 400
PATIENCE = 60.0
AT_ONCE = {
    "ModelColumnMissing", "ModelColumnVanished", "ModelColumnAppeared", "ModelColumnOtherKind", "ModelColumnOutOfRange",
    "ModelDataStale", "ModelRowsDropped", "ModelColumnNovel", "ModelColumnDrift", "ModelColumnMeanOff",
    "ModelPredictionDrift", "ModelReleaseShift", "ModelQualityLow", "ModelAnomaly", "ModelScalarOutOfBounds",
    "ModelScalarStale", "ModelJobFailed", "ModelJobSlow",
}  # fmt: skip
"""Told of the bad table and of what else is told with it."""


def table(at: date, rows: int = ROWS, seed: int = 0) -> pa.Table:
    """Return the rows of a day: every column on which something can be wrong has a name that says what."""
    random = np.random.default_rng([seed, at.toordinal()])
    noon = np.datetime64(at) + np.timedelta64(12, "h")
    score = random.uniform(0, 1, rows)
    return pa.table({
        "time": np.repeat(noon.astype("datetime64[s]"), rows),
        "id": [f"{at}-{row}" for row in range(rows)],
        "wind": random.normal(10, 2, rows),
        "fare": random.uniform(50, 450, rows),
        "distance": random.normal(100, 10, rows),
        "carrier": random.choice(["AA", "UA", "DL"], rows),
        "gate": random.choice(["1", "2", "3"], rows),
        "seats": random.normal(100, 5, rows),
        "booked": np.repeat((noon - np.timedelta64(6, "h")).astype("datetime64[s]"), rows),
        **{f"calm_{place}": random.normal(0, 1, rows) for place in range(9)},
        "score": score,
        "late": (score > 0.5).astype(float),
    })  # fmt: skip


def bad(good: pa.Table) -> pa.Table:
    """Return a day in which each kind of fault has a column of its own, with a quarter of the rows."""
    rows = good.slice(0, ROWS // 4)
    count = rows.num_rows
    half = np.arange(count) % 2 == 0
    columns = {name: rows[name].to_numpy(zero_copy_only=False) for name in rows.column_names}
    columns["wind"] = pa.array(columns["wind"], mask=half)
    columns["fare"] = np.where(half, 5000.0, columns["fare"])
    columns["distance"] = columns["distance"] * 1.6
    columns["carrier"] = np.where(half, "ZZ", columns["carrier"])
    columns["seats"] = pa.array(["many" if one else "100" for one in half])
    columns["booked"] = columns["booked"] - np.timedelta64(5, "D")
    del columns["gate"]
    columns["extra"] = np.ones(count)
    return pa.table(columns)


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, Webhook, date]]:
    # A column that is there again has no series any more, and its last one is seen for as long as rules look back.
    monkeypatch.setattr(flights_live, "QUICK", replace(flights_live.QUICK, evaluation=1, for_=2, lookback=10))
    specs = tmp_path / "specs"
    specs.mkdir()
    today = datetime.now(UTC).date()
    later = ", ".join((today + timedelta(days=n)).isoformat() for n in range(3))
    (specs / "m.yml").write_text(SPEC.format(skip=later))
    loaded = load_all([specs])
    with servers.exporter(tmp_path, specs, "--replay") as url, flights_live.stack(tmp_path, url, loaded) as hook:
        yield url, hook, today


@pytest.mark.needs("prometheus", "promtool", "alertmanager")
def test_every_kind_of_alert_reaches_its_owner_and_is_resolved(stack: tuple[str, Webhook, date]) -> None:
    url, hook, today = stack
    yesterday = today - timedelta(days=1)
    old, new = (Client(url, project="travel", model="arrival-delay", version=version) for version in ("1", "2"))
    at = datetime.combine(yesterday, time(12), UTC)
    set_clock(url, at)
    old.send_reference(reference(today))
    for back in (29, 22, 15, 8, 2):
        deliver(old, table(today - timedelta(days=back)), today - timedelta(days=back))
    set_clock(url, at := datetime.now(UTC) + timedelta(minutes=10))  # yesterday's pane is closed, and waited for
    fired = told_of(hook, of(MODEL, {"ModelDataLate"}))
    deliver(new, bad(table(yesterday)), yesterday, shifted=True)
    tell(url, new, well=False)
    set_clock(url, at := at + timedelta(minutes=1))  # what was sent is computed
    fired |= told_of(hook, of(MODEL, AT_ONCE))
    deliver(new, table(yesterday), yesterday)
    tell(url, new, well=True)
    set_clock(url, at + timedelta(minutes=1))
    resolved = told_over(hook, fired)

    assert of(MODEL, AT_ONCE | {"ModelDataLate"}) - set(fired) == set()
    assert set(fired) - resolved == set()
    assert {one.path for one in hook.received} == {"/flights"}


def reference(today: date) -> object:
    days = [table(today - timedelta(days=back)) for back in range(60, 30, -1)]
    kept = pa.concat_tables(days).drop_columns(["id", "late"])
    return profile(kept, time="time", every="1d")


def deliver(client: Client, rows: pa.Table, at: date, shifted: bool = False) -> None:
    """Send a day as its job does: input, predictions and labels; `shifted`: scores that say nothing."""
    day = at.isoformat()
    inputs = rows.drop_columns(["id", "score", "late", "time"])
    client.send_profile(client.profile(inputs), at=day)
    scores = np.random.default_rng(7).uniform(0.7, 1, rows.num_rows) if shifted else rows["score"].to_numpy()
    client.send_predictions(pa.table({"id": rows["id"], "score": scores}), at=day, profile=True)
    client.send_labels(rows.select(["id", "late"]))


def tell(url: str, client: Client, well: bool) -> None:
    """Tell of the run, the team's numbers and the detector's finding."""
    now = datetime.now(UTC)
    client.send_run("nightly", succeeded=well, run="today", start=now - timedelta(minutes=5))
    client.send_run("train", succeeded=True, run="today", start=now - timedelta(minutes=5 if well else 90))
    client.send_metrics({"rebookings": 4 if well else 400})
    client.send_metrics({"margin": 1}, time=now if well else now - timedelta(days=3))
    model = {"project": "travel", "model": "arrival-delay"}
    finding = {"labels": model | {"role": "input", "metric": "ml_pane_rows", "detector": "auto"}, "ready": 1,
               "window_end": now.timestamp() // 86400 * 86400, "score": 0.0 if well else 4.0}  # fmt: skip
    body = {"anomalies": [finding]}
    requests.post(f"{url}/api/v1/anomalies", params=model, json=body, timeout=9).raise_for_status()


def of(model: str, names: Iterable[str]) -> set[tuple[str, str]]:
    """Return the alerts of these names as `told_of` wants them."""
    return {(model, name) for name in names}


def told_of(hook: Webhook, alerts: set[tuple[str, str]]) -> dict[tuple[str, str], Received]:
    """Return the first notification that fires of each alert, by model and name, that came in time."""

    def wanted(model: str, name: str) -> Callable[[Received], bool]:
        return lambda one: (one.labels.get("model"), one.labels["alertname"], one.status) == (model, name, "firing")

    return _waited(hook, {key: wanted(*key) for key in sorted(alerts)})


def told_over(hook: Webhook, fired: dict[tuple[str, str], Received]) -> set[tuple[str, str]]:
    """Return those of which the same alert, by all its labels, was resolved in time after it had fired."""

    def wanted(its: Received) -> Callable[[Received], bool]:
        return lambda one: one.status == "resolved" and one.labels == its.labels and one.at > its.at

    return set(_waited(hook, {key: wanted(its) for key, its in fired.items()}))


def _waited(
    hook: Webhook, wanted: dict[tuple[str, str], Callable[[Received], bool]]
) -> dict[tuple[str, str], Received]:
    until = monotonic() + PATIENCE
    found = {key: hook.wait(holds, max(0.0, until - monotonic())) for key, holds in wanted.items()}
    return {key: one for key, one in found.items() if one is not None}
