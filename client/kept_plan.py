"""The plan that a model's jobs fetched last, kept in a file for when the exporter is away."""

from __future__ import annotations

import json
import logging
from pathlib import Path

from filelock import FileLock

from wolfpack.client.failure import ServiceError
from wolfpack.client.whole_file import write_whole
from wolfpack.spec import Plan

log = logging.getLogger("wolfpack.client")


class KeptPlan:
    """One plan in a file; that the model has none yet is kept too."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def write(self, plan: Plan | None) -> None:
        """Keep a plan; a file that says the same is left as it is."""
        data = json.dumps(None if plan is None else plan.to_dict()).encode()
        if not self._file.exists() or self._file.read_bytes() != data:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(self._file.with_suffix(".lock")):
                write_whole(self._file, data)

    def read(self, error: ServiceError) -> Plan | None:
        """Return the plan that was kept.

        Raises
        ------
        ServiceError
            The one given, if none was kept or it cannot be read.
        """
        try:
            data = json.loads(self._file.read_bytes())
            found = None if data is None else Plan.from_dict(data)
        except (OSError, ValueError) as unreadable:
            raise error from unreadable
        log.warning("%s; the plan kept in %s is used", error, self._file)
        return found
