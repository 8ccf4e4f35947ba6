"""What a runbook page says of an alert."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Runbook:
    """One page. `look` and `causes` are lists of sentences; `families` are queried by the page."""

    meaning: str
    computation: str
    look: tuple[str, ...]
    causes: tuple[str, ...]
    tune: str
    families: tuple[str, ...] = ()
