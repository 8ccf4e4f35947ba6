"""The families of alerts that would inhibit or contradict those of test_end_to_end_families.py, and the live ones.

From what a job and the workers of a live service send to the owner's webhook and to resolved; every server is real.
On the same servers are the models of stories.py, each with a fault of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import requests
from stories import STORIES
from test_end_to_end_families import of, table, told_of, told_over

from wolfpack.cli import flights_live, servers
from wolfpack.cli.flights_replay import set_clock
from wolfpack.cli.webhook import Webhook
from wolfpack.client import Client, HttpTransport
from wolfpack.client.courier import Courier
from wolfpack.client.memory_spool import MemorySpool
from wolfpack.spec import load_all
from wolfpack.stats import profile
from wolfpack.stats.call_counts import CallCounts, LiveCounts, RowCounts
from wolfpack.stats.live_slice import LiveSlice

BATCH = """\
version: wolfpack/v1
project: travel
model: delay
owner: flights
timezone: UTC
grace: 1s
skip: [{skip}]
prediction: {{column: score, task: binary}}
label: {{column: late, key: id, matures_after: 1d}}
quality: {{roc_auc: {{drop: 0.05}}}}
segments: {{carrier: {{}}}}
fairness: {{carrier: {{demographic_parity: {{warning: 0.3}}, ratio: "< 0.6"}}}}
jobs: {{score: {{schedule: "0 * * * *", grace: 1m}}}}
"""
LIVE = """\
version: wolfpack/v1
project: travel
model: service
owner: flights
timezone: UTC
live: {latency: {warning: 0.5}}
"""
OF_TABLES = {
    "ModelColumnsDrifted", "ModelRowsDoubled", "ModelQualityDropped", "ModelReleaseWorse", "ModelGroupsApart",
    "ModelSelectionRatioLow", "ModelJobLate", "ModelRulesOutdated",
}  # fmt: skip
OF_CALLS = {
    "ModelLiveOutliers", "ModelLiveEmpty", "ModelLiveErrors", "ModelLiveSlow", "ModelLiveMeanOff",
    "ModelLiveCallsDropped", "ModelLiveTrafficGone", "ModelLiveTrafficDoubled", "ModelLiveWorkersLost",
    "ModelLivePartsMissing",
}  # fmt: skip
EXPECTED = of("delay", OF_TABLES) | of("service", OF_CALLS)
EXPECTED |= {alert for story in STORIES for alert in of(story.model, story.alerts)}
ABOUT = ("travel", "service", "1")


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, Webhook, Path]]:
    quick = replace(
        flights_live.QUICK, evaluation=1, for_=2, lookback=10, live_evaluation=1, live_for=2, live_lookback=10
    )
    monkeypatch.setattr(flights_live, "QUICK", quick)
    specs = tmp_path / "specs"
    specs.mkdir()
    today = datetime.now(UTC).date()
    skip = ", ".join((today + timedelta(days=n)).isoformat() for n in range(3))
    (specs / "batch.yml").write_text(BATCH.format(skip=skip))
    (specs / "live.yml").write_text(LIVE)
    for story in STORIES:
        (specs / f"{story.model}.yml").write_text(story.text(skip))
    with (
        servers.exporter(tmp_path, specs, "--replay") as url,
        flights_live.stack(tmp_path, url, load_all([specs])) as hook,
    ):
        yield url, hook, specs / "batch.yml"


@pytest.mark.needs("prometheus", "promtool", "alertmanager")
def test_what_would_contradict_the_others_and_what_is_live_reaches_its_owner_and_is_resolved(
    stack: tuple[str, Webhook, Path],
) -> None:
    url, hook, spec = stack
    today = datetime.now(UTC).date()
    yesterday = today - timedelta(days=1)
    old, new = (Client(url, project="travel", model="delay", version=version) for version in ("1", "2"))
    set_clock(url, datetime.combine(yesterday, time(12), UTC))
    days = [table(today - timedelta(days=back)) for back in range(60, 30, -1)]
    kept = pa.concat_tables(days).drop_columns(["id", "late"])
    old.send_reference(profile(kept, by=["carrier"], time="time", every="1d"))
    for story in STORIES:
        if story.before is not None:
            story.before(story.client(url))
    for back in (29, 22, 15, 8, 2):
        day = today - timedelta(days=back)
        deliver(old, day, table(day), table(day))
    set_clock(url, at := datetime.now(UTC) + timedelta(minutes=10))
    service, told = Service(url, at), table(yesterday, rows=1000)

    deliver(new, yesterday, shifted(told), told, unfair=True)
    send_stories(url, yesterday, well=False)
    # The spec skips today: a job is late for times of yesterday alone.
    new.send_run("score", succeeded=True, run="old", end=datetime.combine(yesterday, time(13), UTC))
    text = spec.read_text()
    respecify(url, spec, text + "versions: {keep: 4}\n")
    set_clock(url, at := at + timedelta(minutes=2))
    service.ill(at)
    set_clock(url, at := at + timedelta(seconds=2))
    fired = told_of(hook, EXPECTED)

    deliver(new, yesterday, table(yesterday), told)
    send_stories(url, yesterday, well=True)
    new.send_run("score", succeeded=True, run="new", end=at)
    respecify(url, spec, text)
    service.mend(at)
    set_clock(url, at := at + timedelta(minutes=4))
    for back in (60, 0):
        service.well(at - timedelta(seconds=back))
    set_clock(url, at + timedelta(seconds=2))
    resolved = told_over(hook, fired)

    assert EXPECTED - set(fired) == set()
    assert set(fired) - resolved == set()
    assert {one.path for one in hook.received} == {"/flights"}


def shifted(rows: pa.Table) -> pa.Table:
    """Return a day whose every input is distributed differently."""
    columns = {name: rows[name].to_numpy(zero_copy_only=False) for name in rows.column_names}
    for name in ("wind", "fare", "distance", "seats", *(f"calm_{place}" for place in range(9))):
        columns[name] = columns[name] * 1.5 + 5
    return pa.table(columns)


def deliver(client: Client, day: date, inputs: pa.Table, told: pa.Table, *, unfair: bool = False) -> None:
    """Send a day; `unfair`: scores that are for one carrier and against the others, whatever comes true."""
    client.send_profile(client.profile(inputs.drop_columns(["id", "score", "late", "time"])), at=day.isoformat())
    carriers = told["carrier"].to_numpy(zero_copy_only=False)
    scores = np.where(carriers == "AA", 0.9, 0.1) if unfair else told["score"].to_numpy()
    given = pa.table({"id": told["id"], "carrier": carriers, "score": scores})
    client.send_predictions(given, at=day.isoformat(), profile=True)
    client.send_labels(told.select(["id", "late"]))


def send_stories(url: str, day: date, *, well: bool) -> None:
    for story in STORIES:
        story.send(story.client(url), day, well)


def respecify(url: str, spec: Path, text: str) -> None:
    """Change a spec under the running exporter; its rules stay."""
    spec.write_text(text)
    requests.post(f"{url}/-/reload", timeout=30).raise_for_status()


class Service:
    """Two workers of a live service, as their monitors send; it begins with a quarter of an hour of calm traffic."""

    def __init__(self, url: str, at: datetime) -> None:
        client = Client(url, project=ABOUT[0], model=ABOUT[1], version=ABOUT[2])
        self.plan = profile(calls(2000))
        client.send_reference(self.plan)
        self.first, self.second = (
            Courier(HttpTransport(url), *ABOUT, MemorySpool(), flush=1.0) for _ in range(2)
        )
        for back in range(900, 100, -60):
            self.well(at - timedelta(seconds=back))

    def well(self, at: datetime) -> None:
        """Send a minute of calls as they usually are."""
        counts = {name: CallCounts.of(np.full(90, 0.01)) for name in ("/score", "/more", "/less")}
        self.first.send(at.timestamp(), self._slice(counts, RowCounts(90, 0, 90, 0, 0.0)))
        self.second.beat()

    def ill(self, at: datetime) -> None:
        """Send calls that are wrong in every way; a part of the first worker is missing, the second is silent."""
        counts = {"/score": CallCounts.of(np.full(120, 3.0), errors=60), "/more": CallCounts.of(np.full(600, 0.01))}
        self.first.sequence += 1
        self.first.send(at.timestamp(), self._slice(counts, RowCounts(60, 30, 60, 40, 0.0), shift=4.0, dropped=7))

    def mend(self, at: datetime) -> None:
        """Send the part that was missing, and have the second worker end as it should."""
        self.first.sequence -= 2
        self.first.send((at - timedelta(seconds=1)).timestamp(), self._slice({}, RowCounts()))
        self.first.sequence += 1
        self.second.beat(closing=True)

    def _slice(self, calls_: dict[str, CallCounts], rows: RowCounts, shift: float = 0.0, dropped: int = 0) -> LiveSlice:
        found = profile(calls(rows.rows, shift), plan=self.plan.plan) if rows.rows else None
        return LiveSlice(LiveCounts(calls_, {("/score", "", ""): rows} if rows.rows else {}, dropped), found)


def calls(count: int, shift: float = 0.0) -> pa.Table:
    """Return the inputs of calls."""
    return pa.table({"petal": np.random.default_rng(3).normal(5 + shift, 1, count)})
