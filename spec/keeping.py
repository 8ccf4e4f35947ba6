"""How long the ledger keeps what: the one place that says so, and what a spec asks for in vain."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import timedelta
from difflib import get_close_matches
from math import inf

from wolfpack.spec.duration import format_duration, parse_duration
from wolfpack.spec.errors import WolfpackError
from wolfpack.spec.model import Spec

DAY = 86400.0
HOUR = timedelta(hours=1)
WEEK = timedelta(weeks=1)
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
    keys : idempotency keys, after their request; the oldest are forgotten before that beyond a million.
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

    def beyond(self, spec: Spec) -> Iterator[str]:
        """Yield what the spec looks back for longer than it is kept, so that it never comes to anything."""
        kept, kind = self.kept(spec), "hours" if is_short(spec) else "panes"
        if spec.window > kept:
            yield _beyond("window", "a window", spec.window, kind, kept)
        reach = {"previous": 2 * spec.window, "trailing": _weeks(spec.window) + spec.window}
        means: Sequence[str] = spec.mean.against if spec.mean else ()
        for key, baselines in (("drift.baseline", spec.drift.baseline), ("mean.against", means)):
            for name in (name for name in baselines if reach.get(name, kept) > kept):
                yield _beyond(key, repr(name), reach[name], kind, kept)
        samples, rows = span(self.samples), spec.change.rows
        if rows is not None and rows.against == "trailing" and samples < 2 * WEEK:
            yield _beyond("change.rows.against", "'trailing'", 2 * WEEK, "samples", samples)
        for place, one in enumerate(spec.detect):
            for key, its in (("season", one.season), ("warm_up", one.warm_up)):
                if its is not None and its > samples:
                    yield _beyond(f"detect[{place}].{key}", "it", its, "samples", samples)


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


def _weeks(window: timedelta) -> timedelta:
    """Return how far the nearest trailing window is from one: as many weeks as it touches."""
    return -(-window // WEEK) * WEEK


def _beyond(key: str, what: str, needed: timedelta, kind: str, kept: timedelta) -> str:
    return (
        f"{key}: {what} needs {kind} of {format_duration(needed)}, which are kept for {format_duration(kept)}; look "
        f"back less far, or give `check`, `rules` and `serve` --keep {kind}={format_duration(needed)} or more"
    )


def table() -> list[tuple[str, str]]:
    """Return each kind with its default, for the pages."""
    usual = Keeping()
    return [(one.name, _text(getattr(usual, one.name))) for one in fields(Keeping)]


def _text(seconds: float) -> str:
    return FOREVER if seconds == inf else format_duration(timedelta(seconds=seconds))
