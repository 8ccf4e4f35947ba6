"""The errors of Wolfpack, one tree.

* WolfpackError             anything a user can be told about
  + SpecError               a spec file that cannot be accepted; carries every fault with file and line
  + PlanMismatch            two profiles on different plans were merged
  + ProfileFormatError      bytes that are no profile, or of a format this version cannot read
  + TableError              rows that cannot be profiled

A caller's wrong argument is a plain ValueError.
"""

from __future__ import annotations

from dataclasses import dataclass


class WolfpackError(Exception):
    """Catch this to show a message and go on; every message says where, what, what is allowed, what to do."""


@dataclass(frozen=True)
class Fault:
    """One thing wrong in one place of a spec."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"


class SpecError(WolfpackError):
    """Catch this when loading specs; `faults` lists everything that is wrong at once."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = faults


class PlanMismatch(WolfpackError):
    """Catch this to fall back on a comparison by sketch; counts on different bins cannot be added."""


class ProfileFormatError(WolfpackError):
    """Catch this around bytes from outside."""


class TableError(WolfpackError):
    """Catch this around tables from outside."""
