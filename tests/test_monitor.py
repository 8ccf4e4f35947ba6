"""The monitor in one process: what it counts of calls, however they are made, and that it never harms the service."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import time

import numpy as np
import pyarrow as pa
import pytest
from live_transport import Kept

from wolfpack.client.monitor import Monitor
from wolfpack.client.outliers import Scored
from wolfpack.stats import ALL, profile


@pytest.fixture
def kept():
    return Kept()


@pytest.fixture
def monitor(kept):
    one = Monitor(None, project="flowers", model="iris", transport=kept, flush=60)
    yield one
    one.close()


def test_a_watched_function_is_counted_with_its_rows(kept, monitor) -> None:
    @monitor.watch
    def predict(inputs):
        return inputs["a"] * 2

    assert [predict({"a": float(n), "b": "x"}) for n in range(10)] == [2.0 * n for n in range(10)]
    monitor.flush()

    whole = kept.whole
    assert whole.counts.calls["predict"].requests == 10
    assert whole.counts.rows["predict", "", ""].rows == 10
    assert (whole.profile["a"].mean, whole.profile["score"].mean) == (4.5, 9.0)


def test_async_functions_methods_and_context_managers_are_counted_alike(kept, monitor) -> None:
    class Service:
        @monitor.watch(endpoint="/method")
        def predict(self, inputs, scale=1):
            return inputs["a"] * scale

        @monitor.watch(endpoint="/later")
        async def later(self, inputs):
            await asyncio.sleep(0)
            return inputs["a"]

    async def ask() -> None:
        await Service().later({"a": 1.0})
        async with monitor.call("/block") as call:
            call.inputs, call.prediction = {"a": 3.0}, 3.0

    Service().predict(inputs={"a": 2.0}, scale=2)
    asyncio.run(ask())
    with monitor.call("/block") as call:
        call.inputs, call.prediction = [{"a": 5.0}, {"a": 7.0}], [1.0, 2.0]
    monitor.flush()

    whole = kept.whole
    assert {name: one.requests for name, one in whole.counts.calls.items()} == {
        "/method": 1,
        "/later": 1,
        "/block": 2,
    }
    assert whole.counts.rows["/block", "", ""].rows == 3
    assert whole.profile["a"].mean == 18 / 5


def test_what_a_function_does_to_its_inputs_changes_nothing(kept, monitor) -> None:
    @monitor.watch
    def predict(inputs):
        return inputs.pop("a")

    predict({"a": 4.0})
    monitor.flush()

    assert kept.whole.profile["a"].mean == 4.0


def test_watched_functions_within_one_another_are_one_call(kept, monitor) -> None:
    @monitor.watch(endpoint="inner")
    def score(inputs):
        return inputs["a"]

    @monitor.watch(endpoint="outer")
    def label(inputs):
        return score(inputs) + 1

    label({"a": 1.0})
    monitor.flush()

    assert {name: one.requests for name, one in kept.whole.counts.calls.items()} == {"outer": 1}
    assert kept.whole.profile["score"].mean == 2.0


def test_rows_of_tasks_that_run_together_are_all_added_to_their_request(kept, monitor) -> None:
    @monitor.watch
    async def predict(inputs):
        await asyncio.sleep(0.001)
        return inputs["a"]

    async def request() -> None:
        async with monitor.call("/batch"):
            await asyncio.gather(*(predict({"a": float(n)}) for n in range(5)))

    asyncio.run(request())
    monitor.flush()

    assert kept.whole.counts.calls["/batch"].requests == 1
    assert kept.whole.counts.rows["/batch", "", ""].rows == 5


def test_an_error_is_counted_and_goes_on_and_a_clients_mistake_is_none(kept, monitor) -> None:
    class Refused(Exception):
        status_code = 422

    @monitor.watch
    def predict(inputs):
        raise Refused if inputs["a"] < 0 else RuntimeError("broken")

    for value, error in ((1.0, RuntimeError), (-1.0, Refused)):
        with pytest.raises(error):
            predict({"a": value})
    monitor.flush()

    assert kept.whole.counts.calls["predict"].errors == 1
    assert kept.whole.counts.calls["predict"].requests == 2
    assert not kept.whole.counts.rows


@pytest.mark.parametrize(
    "inputs",
    [
        [{"a": 1.0, "b": 2.0}, {"a": 3.0, "b": 4.0}],
        np.array([[1.0, 2.0], [3.0, 4.0]]),
        [(1.0, 2.0), (3.0, 4.0)],
        pa.table({"a": [1.0, 3.0], "b": [2.0, 4.0]}),
    ],
    ids=["mappings", "array", "tuples", "table"],
)
def test_rows_come_in_many_forms(kept, inputs) -> None:
    monitor = Monitor(None, project="p", model="m", transport=kept, columns=["a", "b"])
    monitor.watch(lambda inputs: np.array([0.0, 1.0]))(inputs)
    monitor.close()

    assert [kept.whole.profile[name].mean for name in ("a", "b", "score")] == [2.0, 3.0, 0.5]


@pytest.mark.parametrize("output", [None, float("nan"), "", [], np.float64("nan"), {"score": None}])
def test_an_output_without_anything_in_it_is_empty(kept, monitor, output) -> None:
    monitor.watch(lambda inputs: output)({"a": 1.0})
    monitor.watch(lambda inputs: 0.0)({"a": 1.0})
    monitor.flush()

    counts = [one for (_, segment, _), one in kept.whole.counts.rows.items() if not segment]
    assert sum(one.empty for one in counts) == 1


def test_rows_are_counted_on_the_models_plan_and_by_its_segments(kept, monitor) -> None:
    random = np.random.default_rng(3)
    numbers = {"a": random.normal(size=500), "score": random.random(500)}
    train = pa.table(numbers | {"shop": random.choice(["x", "y"], 500)})
    kept.plan = profile(train, by=["shop"]).plan
    predict = monitor.watch(lambda inputs: None if inputs["shop"] == "y" else 1.0)
    rows = train.drop_columns(["score"]).to_pylist()
    for row in rows:
        predict(row)
    monitor.flush()

    expected = profile(train.drop_columns(["score"]), plan=kept.plan)
    found = kept.whole.profile
    assert found.plan.id == kept.plan.id
    assert found["a"].bins.tolist() == expected["a"].bins.tolist()
    assert found["a", "shop", "y"].bins.tolist() == expected["a", "shop", "y"].bins.tolist()
    assert kept.whole.counts.rows["<lambda>", "shop", "y"].empty == expected.segment_rows["shop", "y"]
    assert found.segment_rows[ALL] == 500


def test_an_outlier_model_sees_all_rows_in_the_background(kept) -> None:
    threads = set()

    class Model:
        def score(self, rows: pa.Table) -> Scored:
            threads.add(threading.current_thread().name)
            far = np.abs(rows["a"].to_numpy())
            return Scored(far, far > 2)

    monitor = Monitor(None, project="p", model="m", transport=kept, outliers=Model(), flush=0.2)
    predict = monitor.watch(lambda inputs: 1.0)
    for n in range(10):
        predict({"a": float(n)})
    _until(lambda: kept.parts)
    monitor.close()

    found = kept.whole.counts.rows["<lambda>", "", ""]
    assert (found.scored, found.outliers, found.scores) == (10, 7, 45.0)
    assert threads == {"wolfpack-monitor"}


def test_an_outlier_model_that_fails_costs_the_scores_alone(kept, caplog) -> None:
    class Model:
        def score(self, rows: pa.Table) -> Scored:
            raise RuntimeError("no such column")

    monitor = Monitor(None, project="p", model="m", transport=kept, outliers=Model())
    monitor.watch(lambda inputs: 1.0)({"a": 1.0})
    monitor.close()

    found = kept.whole.counts.rows["<lambda>", "", ""]
    assert (found.rows, found.scored) == (1, 0)


def test_calls_beyond_the_buffer_are_dropped_and_counted(kept) -> None:
    monitor = Monitor(None, project="p", model="m", transport=kept, flush=60, buffer=50)
    for n in range(80):
        monitor.record({"a": float(n)}, 1.0)
    monitor.close()

    assert kept.whole.counts.dropped == 30
    assert kept.whole.counts.rows["predict", "", ""].rows == 50


def test_no_input_harms_the_service(kept, monitor, caplog) -> None:
    caplog.set_level(logging.CRITICAL, "wolfpack.client")
    predict = monitor.watch(lambda inputs: inputs)
    for inputs in (
        object(),
        [1, "a"],
        {"a": object()},
        {1: 2},
        [{}],
        "text",
        b"\xff",
        [[1], [2, 3]],
        {"a": [1, "b"]},
    ):
        assert predict(inputs) is inputs
    predict({"a": 1.0})
    monitor.flush()

    assert kept.whole.counts.calls["<lambda>"].requests == 10


def test_parts_are_cut_where_panes_end_in_the_models_zone(kept, monkeypatch) -> None:
    kept.every, kept.timezone = 3600.0, "Asia/Kolkata"  # 5 h 30 min before UTC: hours begin at :30
    monitor = Monitor(None, project="p", model="m", transport=kept, flush=60)
    for at in (1_700_001_000, 1_700_001_800, 1_700_002_600):  # 22:30:00, 22:43:20, 22:56:40 UTC
        monkeypatch.setattr(time, "time", lambda at=at: at - 400.0)
        monitor.record({"a": 1.0}, 1.0)
    monitor.close()

    assert [params["at"] for params, _ in kept.parts] == ["2023-11-14T22:23:20+00:00", "2023-11-14T22:50:00+00:00"]
    assert [one.profile.rows for _, one in kept.parts] == [1, 2]


def test_parts_are_numbered_and_the_last_one_closes(kept) -> None:
    monitor = Monitor(None, project="p", model="m", transport=kept, flush=60)
    for _ in range(3):
        monitor.record({"a": 1.0}, 1.0)
        monitor.flush()
    monitor.record({"a": 1.0}, 1.0)
    monitor.close()

    sent = [params for params, _ in kept.parts]
    assert [params["sequence"] for params in sent] == ["1", "2", "3", "4"]
    assert [params.get("closing") for params in sent] == [None, None, None, "1"]
    assert len({params["worker"] for params in sent}) == 1


def test_parts_wait_while_the_exporter_is_away_and_come_in_order(kept) -> None:
    monitor = Monitor(None, project="p", model="m", transport=kept, flush=0.05)
    monitor.record({"a": 1.0}, 1.0)
    monitor.flush()
    kept.away = True
    for _ in range(3):
        monitor.record({"a": 2.0}, 1.0)
        monitor.flush()
    kept.away = False
    time.sleep(0.5)
    monitor.record({"a": 3.0}, 1.0)
    monitor.close()

    numbers = [int(params["sequence"]) for params, _ in kept.parts]
    assert numbers == sorted(set(numbers))
    assert kept.whole.profile.rows == 5


def test_what_waits_is_bounded_and_the_oldest_goes_first(kept) -> None:
    monitor = Monitor(None, project="p", model="m", transport=kept, flush=60, spool_limit=8_000)
    kept.away = True
    for n in range(6):
        monitor.record({"a": float(n)}, 1.0)
        monitor.flush()
    kept.away = False
    monitor.close()

    numbers = [int(params["sequence"]) for params, _ in kept.parts]
    assert 0 < len(numbers) < 6
    assert numbers == list(range(7 - len(numbers), 7))


def test_a_forked_process_begins_anew(kept) -> None:
    """Threads do not survive a fork; what the parent has in its buffer is the parent's."""
    monitor = Monitor(None, project="p", model="m", transport=kept, flush=60)
    monitor.record({"a": 1.0}, 1.0)
    child = os.fork()
    if child == 0:
        monitor.record({"a": 2.0}, 1.0)
        monitor.close()
        right = [one.profile.rows for _, one in kept.parts] == [1] and kept.whole.profile["a"].mean == 2.0
        os._exit(0 if right else 1)
    _, status = os.waitpid(child, 0)
    monitor.close()

    assert os.waitstatus_to_exitcode(status) == 0
    assert kept.whole.profile["a"].mean == 1.0


def test_names_are_checked_at_once() -> None:
    with pytest.raises(ValueError, match="model: 'no name' is no name"):
        Monitor(None, project="p", model="no name")


def _until(holds, seconds: float = 5.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)
