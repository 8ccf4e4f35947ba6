"""The engine's rest: after a cycle it leaves the machine to the requests, in proportion to what the cycle took."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from wolfpack.exporter import engine as its_module


class Stop:
    """Stands in for the event that ends the engine: it ends after so many waits, and notes them."""

    def __init__(self, cycles: int) -> None:
        self.cycles, self.waits = cycles, []

    def is_set(self) -> bool:
        return len(self.waits) == self.cycles

    def set(self) -> None:
        self.cycles = len(self.waits)

    def wait(self, timeout: float) -> None:
        self.waits.append(timeout)


def test_a_cycle_is_followed_by_three_times_its_length_and_ten_seconds_at_most(exporter, monkeypatch) -> None:
    engine = exporter.service.engine
    clock, stop = [100.0], Stop(3)
    takes = iter([0.5, 2.0, 60.0])

    def run() -> None:
        clock[0] += next(takes)
        engine.wake()  # something came meanwhile: only the rest is waited for

    monkeypatch.setattr(its_module, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    monkeypatch.setattr(engine, "run", run)
    monkeypatch.setattr(engine, "_stop", stop)
    engine.work()

    assert stop.waits == pytest.approx([1.5, 6.0, 10.0])


def test_a_cycle_that_fails_is_followed_by_another(exporter, monkeypatch) -> None:
    engine, stop = exporter.service.engine, Stop(2)
    ran = []

    def run() -> None:
        ran.append(1)
        engine.wake()
        raise RuntimeError("broken on purpose")

    monkeypatch.setattr(engine, "run", run)
    monkeypatch.setattr(engine, "_stop", stop)
    engine.work()

    assert len(ran) == 2
