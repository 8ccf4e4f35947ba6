"""References in the exporter: read when they are asked for, as many kept as fit, and none for a start."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pyarrow as pa
import pytest
from conftest import Exporter

from wolfpack.exporter import store
from wolfpack.exporter.baseline import Baseline, References
from wolfpack.exporter.profile_cache import weight
from wolfpack.exporter.store import Reference
from wolfpack.spec import Spec
from wolfpack.stats import ALL, Profile, profile

SPEC = "version: wolfpack/v1\nproject: travel\nmodel: arrival-delay\n"
RANGED = SPEC + "columns: {x: {range: [-5, 5]}}\n"


def reference(seed: int = 0) -> Profile:
    """Return a reference of 20 days with a segment."""
    random = np.random.default_rng(seed)
    days = np.datetime64("2024-04-01") + np.repeat(np.arange(20), 100).astype("timedelta64[D]")
    table = pa.table({"x": random.normal(seed, 1, 2000), "c": random.choice(["a", "b"], 2000), "day": pa.array(days)})
    return profile(table, by=["c"], time="day", every="1d")


def enter(ledger, seed: int) -> int:
    """Put a reference into the ledger and return its id."""
    with ledger.write() as connection:
        model = store.model_id(connection, "p", f"m{seed}", 0.0)
        found = reference(seed)
        return store.add_reference(connection, model, 0.0, found.plan.id, found.to_bytes())


def test_as_many_are_kept_as_fit(ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = [enter(ledger, seed) for seed in range(3)]
    read: list[int] = []
    data = store.reference_data
    monkeypatch.setattr(store, "reference_data", lambda connection, one: read.append(one) or data(connection, one))
    size = weight(Profile.from_bytes(reference().to_bytes(), panes=False))
    references = References(ledger.read, most=int(2.5 * size))

    for one in (0, 1, 0, 1, 2, 2, 0):
        assert references.get(numbers[one]).segments[ALL]["x"].mean == pytest.approx(one, abs=0.1)

    first, second, third = numbers
    assert read == [first, second, third, first]


def test_one_with_panes_is_kept_until_it_is_let_go(ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    number = enter(ledger, 0)
    references = References(ledger.read)

    first = references.whole(number)
    assert len(first.panes) == 20
    assert references.whole(number) is first
    references.let_go()
    assert references.whole(number) is not first


def test_what_is_small_of_it_is_kept(ledger) -> None:
    found = reference()
    number = enter(ledger, 0)
    baseline = Baseline(Reference(number, found.plan.id, None), References(ledger.read, most=0))
    spec = Spec(version="wolfpack/v1", project="p", model="m")

    assert baseline.plan_id(spec) == found.plan.id == baseline.plan_for(spec).id
    state = found.segments[ALL]["x"]
    assert baseline.spreads.keys() == {"x"}
    assert (baseline.spreads["x"].mean, baseline.spreads["x"].count) == (state.mean, state.count)


@pytest.mark.parametrize("text", [SPEC, RANGED], ids=["plain", "ranged"])
def test_a_start_reads_a_reference_only_for_a_plan_of_its_own(
    tmp_path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    ledger = f"sqlite:///{tmp_path / 'ledger.db'}"
    before = Exporter(tmp_path, text, ledger)
    before.at("2024-05-01 12:00")
    answer = before.http.put("/api/v1/projects/travel/models/arrival-delay/reference", data=reference().to_bytes())
    assert answer.status_code == 200, answer.text
    before.at("2024-05-01 13:00")
    shown = [line for line in before.http.get("/metrics").text.splitlines() if line.startswith("ml_model_info{")]
    before.close()
    read: list[int] = []
    data = store.reference_data
    monkeypatch.setattr(store, "reference_data", lambda connection, one: read.append(one) or data(connection, one))

    after = Exporter(tmp_path, text, ledger)
    after.at("2024-05-01 13:01")

    again = [line for line in after.http.get("/metrics").text.splitlines() if line.startswith("ml_model_info{")]
    after.close()
    assert again == shown
    assert 'plan_id=""' not in shown[0]
    assert len(read) == (1 if text == RANGED else 0)


def test_a_cycle_lets_go_of_the_one_with_panes(tmp_path) -> None:
    exporter = Exporter(tmp_path, SPEC, f"sqlite:///{tmp_path / 'ledger.db'}")
    exporter.at("2024-05-01 12:00")
    path = "/api/v1/projects/travel/models/arrival-delay/reference"
    assert exporter.http.put(path, data=reference().to_bytes()).status_code == 200
    registry = exporter.service.registry
    with exporter.service.ledger.read() as connection:
        baseline = registry.baseline(connection, registry.all()[0].id)
    held = weakref.ref(baseline.whole)
    assert held() is not None

    exporter.service.engine.run()

    gc.collect()
    exporter.close()
    assert held() is None
