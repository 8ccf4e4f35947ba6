"""Memory of a service with a monitor: `python -m benchmarks.live_memory CALLS`; a process of its own.

Prints MB: before anything of ours is imported, after it is, and at most with so many calls in the buffer and profiled.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path


def resident(what: str) -> float:
    """Return a figure of this process' memory, MB; Linux only."""
    lines = Path("/proc/self/status").read_text().splitlines()
    (kilobytes,) = (line.split()[1] for line in lines if line.startswith(f"{what}:"))
    return int(kilobytes) / 1024


class Taker:
    """Answers as an exporter does, and keeps nothing."""

    def get(self, path: str, params: dict[str, str] | None = None) -> object:
        return {"every_seconds": 60, "timezone": "UTC", "prediction": "prediction", "plan": None}

    def send(self, *request: object, **named: object) -> object:
        return {}


def main(calls: str) -> None:
    before = resident("VmRSS")
    from wolfpack.client.monitor import BUFFER, Monitor

    imported = resident("VmRSS")
    monitor = Monitor(None, project="p", model="m", transport=Taker(), flush=5.0)

    @monitor.watch
    def predict(inputs: dict[str, object]) -> float:
        return 0.5

    for number in range(int(calls)):
        if number and not number % BUFFER:  # the buffer is full: let the thread have it
            monitor.flush()
        row: dict[str, object] = {f"number_{place}": number / (place + 1) for place in range(15)}
        predict(row | {f"words_{place}": f"value-{number % 100:05d}-{place}" for place in range(5)})
    monitor.close()
    print(json.dumps([before, imported, resident("VmHWM")]))


if __name__ == "__main__":
    main(*sys.argv[1:])
