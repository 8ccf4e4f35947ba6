"""The log source: every line once, under any order of writing, rotating and restarting."""

from __future__ import annotations

import gzip
import os
import shutil
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from log_source import Log, line, lines


class Rotation(RuleBasedStateMachine):
    """Whatever is done to a log, each whole line is taken once."""

    make: object
    folder: Path
    count = 0

    @initialize()
    def begin(self) -> None:
        Rotation.count += 1
        its = self.folder / str(Rotation.count)
        its.mkdir()
        self.log = Log(lambda spec: self.make(spec, f"exporter{Rotation.count}"), its)
        self.written: list[int] = []
        self.left = b""
        self.rotations = 0
        self.next = 1

    @rule(count=st.integers(1, 3))
    def write(self, count) -> None:
        numbers = list(range(self.next, self.next + count))
        self.next += count
        self.written += numbers
        self.log.add(self.left + lines(*numbers))
        self.left = b""

    @rule(at=st.integers(1, 100))
    def write_a_part_of_a_line(self, at) -> None:
        if not self.left:
            data = line(self.next)
            self.written.append(self.next)
            self.next += 1
            self.log.add(data[:at])
            self.left = data[at:]

    def _finish(self) -> bool:
        """End the line that is begun, as a logger does before it rotates; tell whether there is a log."""
        if self.left:
            self.log.add(self.left)
            self.left = b""
        return self.log.file.exists() and self.log.file.stat().st_size > 0

    @rule(compress=st.booleans())
    def rename(self, compress) -> None:
        if self._finish():
            self.rotations += 1
            name = self.log.file.with_name(f"calls.ndjson.{self.rotations}")
            self.log.file.rename(name)
            if compress:
                name.with_name(name.name + ".gz").write_bytes(gzip.compress(name.read_bytes()))
                name.unlink()

    @rule()
    def copy_and_truncate(self) -> None:
        if self._finish():
            self.rotations += 1
            shutil.copy(self.log.file, self.log.file.with_name(f"calls.ndjson.{self.rotations}"))
            os.truncate(self.log.file, 0)

    @rule()
    def read(self) -> None:
        self.log.read()

    @rule()
    def restart(self) -> None:
        for its in self.log.sources._running.values():
            its.reader.close()
        self.log.sources._running.clear()

    @invariant()
    def no_line_is_there_twice(self) -> None:
        if hasattr(self, "log"):
            assert self.log.taken()[0] <= len(self.written)

    def teardown(self) -> None:
        if hasattr(self, "log"):
            self._finish()
            self.log.read()
            found = self.log.taken()
            self.log.exporter.close()
            assert found == [len(self.written), sum(self.written)]


def test_whatever_is_done_to_a_log_each_line_is_taken_once(make_exporter, tmp_path) -> None:
    Rotation.make, Rotation.folder = staticmethod(make_exporter), tmp_path
    checks = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
    run_state_machine_as_test(
        Rotation,
        settings=settings(
            max_examples=15, stateful_step_count=12, deadline=None, suppress_health_check=checks
        ),
    )
