"""How long the ledger keeps what: the one place that says so."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import timedelta
from difflib import get_close_matches
from math import inf

from wolfpack.spec import Spec, WolfpackError, format_duration, parse_duration

DAY = 86400.0
HOUR = timedelta(hours=1)
CENTURY = timedelta(days=36_525)
FOREVER = "forever"


@dataclass(frozen=True)
class Keeping:
    """Seconds for which each kind is kept; `inf`: for ever. The clock is the service's.

    Parameters
    ----------
    minutes : panes shorter than an hour, as they came, after their end. They are merged to hours then.
    hours : those hours, after their end.
    panes : panes of an hour or longer, after their end.
    replaced : parts that a later delivery replaced, after that one.
    samples : every revision of every window, after the window's end.
    shown : what the metrics page showed, after it changed.
    keys : idempotency keys, after their request; the oldest are forgotten before that beyond `MOST_KEYS`.
    """

    minutes: float = 2 * DAY
    hours: float = 30 * DAY
    panes: float = 400 * DAY
    replaced: float = 7 * DAY
    samples: float = inf
    shown: float = 400 * DAY
    keys: float = 7 * DAY

    def taken(self, spec: Spec) -> timedelta:
        """Return how long after its end a pane of the model is taken, and kept as it came."""
        return span(self.minutes if is_short(spec) else self.panes)

    def revised(self, spec: Spec) -> timedelta:
        """Return how long after its end a pane can change its windows: `revise`, while it is taken."""
        return min(spec.revise, self.taken(spec))

    def kept(self, spec: Spec) -> timedelta:
        """Return how long after its end the rows of a pane count in windows."""
        return span(max(self.minutes, self.hours) if is_short(spec) else self.panes)


MOST_KEYS = 1_000_000
"""Idempotency keys kept at most; a hundred requests a second reach it in three hours."""

MOST_OPEN = 100_000_000
"""Predictions of a model that are kept for their labels at most, newest panes first; some 10 GB."""


def is_short(spec: Spec) -> bool:
    """Tell whether a model's panes are shorter than an hour, so that they are merged when they are old."""
    return spec.every < HOUR


def span(seconds: float) -> timedelta:
    """Return seconds as a duration that can be reckoned with; for ever is a century."""
    return CENTURY if seconds == inf else timedelta(seconds=seconds)


def parse_keeping(texts: Iterable[str]) -> Keeping:
    """Read ``KIND=DURATION`` or ``KIND=forever``, as in ``panes=90d``; kinds not named have their default.

    Raises
    ------
    WolfpackError
        If a kind is unknown or a duration is none.
    """
    known = [field.name for field in fields(Keeping)]
    found: dict[str, float] = {}
    for text in texts:
        kind, equals, value = text.partition("=")
        if kind not in known or not equals:
            near = get_close_matches(kind, known, 1)
            hint = f"did you mean {near[0]}? " if near else ""
            raise WolfpackError(
                f"--keep {text!r}: {hint}write KIND=DURATION, as in panes=400d; kinds are {', '.join(known)}"
            )
        try:
            found[kind] = inf if value == FOREVER else parse_duration(value).total_seconds()
        except ValueError as error:
            raise WolfpackError(f"--keep {text!r}: {error}; or write {FOREVER}") from error
    return Keeping(**found)


def table() -> list[tuple[str, str]]:
    """Return each kind with its default, for the pages."""
    usual = Keeping()
    return [(one.name, _text(getattr(usual, one.name))) for one in fields(Keeping)]


def _text(seconds: float) -> str:
    return FOREVER if seconds == inf else format_duration(timedelta(seconds=seconds))
