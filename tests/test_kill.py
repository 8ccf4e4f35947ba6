"""kill -9 under load: every acknowledged part is there once, and no other in part."""

from __future__ import annotations

import os
import signal
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
import requests
from sqlalchemy import create_engine, func, select
from tables import day, inputs

from wolfpack.cli import servers
from wolfpack.client import Client, ServiceError
from wolfpack.exporter.schema import parts
from wolfpack.stats import Profile, profile

ROUNDS = int(os.environ.get("WOLFPACK_ROUNDS", "2"))
SPEC = "version: wolfpack/v1\nproject: travel\nmodel: arrival-delay\n"


@pytest.mark.soak
@pytest.mark.parametrize("number", range(ROUNDS))
def test_what_was_acknowledged_is_there_once_after_a_kill(tmp_path, number) -> None:
    specs = tmp_path / "specs"
    specs.mkdir()
    (specs / "m.yml").write_text(SPEC)
    at = (datetime.now(UTC).date() - timedelta(days=1)).isoformat()
    found = profile(inputs(day(number)))
    acknowledged: list[str] = []
    with servers.exporter_process(tmp_path, specs) as (url, process):
        client = Client(url, project="travel", model="arrival-delay", retry_for=0)

        def load() -> None:
            try:
                for count in range(10_000):
                    client.send_profile(found, at=at, part=str(count))
                    acknowledged.append(str(count))
            except ServiceError:
                return

        sender = threading.Thread(target=load)
        sender.start()
        while len(acknowledged) < 5 + number % 20:
            sender.join(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=10)
        sender.join(timeout=30)
    engine = create_engine(f"sqlite:///{tmp_path / 'ledger.db'}")
    with engine.connect() as connection:
        kept = connection.execute(select(parts.c.part, func.count()).group_by(parts.c.part)).all()
        bodies = connection.execute(select(parts.c.data)).scalars().all()
    engine.dispose()

    assert {count for _, count in kept} == {1}
    assert set(acknowledged) <= {part for part, _ in kept}
    assert len(kept) <= len(acknowledged) + 1
    assert all(Profile.from_bytes(body) == found for body in bodies)
    with servers.exporter(tmp_path, specs) as url:
        assert _shown(url, 200.0 * len(kept))


def _shown(url: str, rows: float) -> bool:
    """Tell whether the page comes to show so many rows: what waited when the process died is computed."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        page = requests.get(f"{url}/metrics", timeout=5).text
        if any(line.startswith("ml_pane_rows{") and line.endswith(f" {rows}") for line in page.splitlines()):
            return True
        time.sleep(0.1)
    return False
