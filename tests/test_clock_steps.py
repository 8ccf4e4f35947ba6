"""The machine's clock set back and forward: nothing is lost, and no history runs backwards."""

from __future__ import annotations

import pytest
from conftest import FULL, Exporter
from sending import points
from tables import day, inputs

from wolfpack.exporter.clock import SystemClock
from wolfpack.stats import profile

BODY = profile(inputs(day(61)), by=["origin"]).to_bytes()
MAY_2 = 1_714_644_000.0  # 06:00 in New York
HOUR, DAY, YEAR = 3600.0, 86400.0, 31_536_000.0


class Machine:
    """A machine's two clocks: one that is set, one that runs on."""

    def __init__(self) -> None:
        self.wall, self.running = MAY_2, 0.0

    def wait(self, seconds: float) -> None:
        self.wall += seconds
        self.running += seconds

    def clock(self) -> SystemClock:
        return SystemClock(lambda: self.wall, lambda: self.running)


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.fixture
def stepped(machine, tmp_path, monkeypatch):
    """An exporter on the machine's clock, whose engine runs when it is told."""
    monkeypatch.setattr("wolfpack.exporter.service.ReplayClock", machine.clock)
    one = Exporter(tmp_path, FULL, f"sqlite:///{tmp_path / 'ledger.db'}")
    with one.service.ledger.write() as connection:
        one.service.registry.load(connection, machine.wall)
    yield one
    one.close()


def send(one: Exporter, at: str, part: str = "") -> int:
    status = one.send("/api/v1/profiles", BODY, at=at, part=part).status_code
    one.service.engine.run()
    return status


@pytest.mark.parametrize("step", [-DAY, -YEAR, 2 * DAY, 30 * YEAR], ids=["day", "year", "days", "decades"])
def test_a_clock_that_is_set_and_set_right_again_loses_nothing(stepped, machine, step) -> None:
    assert send(stepped, "2024-05-01") == 200
    machine.wall += step
    for _ in range(3):
        machine.wait(HOUR)
        stepped.service.engine.run()
    meanwhile = stepped.value("ml_pane_rows", role="input")
    machine.wall -= step
    assert send(stepped, "2024-05-01", part="b") == 200
    exposed = points(stepped, 'ml_pane_rows{role="input",segment=""}', "exposed")
    shown = [computed for _, _, computed in exposed]

    assert meanwhile == 200
    assert stepped.value("ml_pane_rows", role="input") == 400
    assert shown == sorted(shown)
    assert [value for _, value, _ in exposed] == [200, 400]


def test_nothing_is_deleted_for_a_day_after_the_clock_was_set(machine, caplog) -> None:
    clock = machine.clock()
    found = []
    for wait, step in ((HOUR, 30.0), (HOUR, 2 * HOUR), (DAY - 60, 0), (120, 0), (HOUR, -2 * HOUR)):
        machine.wait(wait)
        machine.wall += step
        found.append(clock.steady())

    assert found == [True, False, False, True, False]
    assert caplog.text.count("nothing is deleted from the ledger for a day") == 2
