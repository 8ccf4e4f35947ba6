"""Episodes that nobody was told of: what the inhibition matrix keeps silent, as Alertmanager does."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache

from wolfpack.rules.alertmanager import inhibitions
from wolfpack.rules.episodes import Episode

_MATCHER = re.compile(r'(\w+)(=~|!=|=)"(.*)"')
_TESTS: Mapping[str, Callable[[str, str], bool]] = {
    "=": lambda given, wanted: given == wanted,
    "!=": lambda given, wanted: given != wanted,
    "=~": lambda given, wanted: re.fullmatch(wanted, given) is not None,
}


def told(episodes: Sequence[Episode], step: float) -> list[Episode]:
    """Return the episodes of which at least a part was sent, in their order.

    Parameters
    ----------
    episodes : all that fired, of every model.
    step : seconds between evaluations: what begins with the same evaluation begins together.

    References
    ----------
    Alertmanager 0.25, inhibit/inhibit.go: an alert is muted while another that matches the source fires with equal
    labels; one that matches both sides of a rule is not muted by others that do.
    """
    return [one for one in episodes if not _covered(one, list(_silencers(one, episodes)), step)]


def _silencers(target: Episode, episodes: Sequence[Episode]) -> Iterator[Episode]:
    for rule in inhibitions():
        sources, targets = tuple(rule["source_matchers"]), tuple(rule["target_matchers"])
        labels = target.labels
        if not _matches(labels, targets):
            continue
        both = _matches(labels, sources)
        for one in episodes:
            if one is not target and one.start <= target.end and one.end >= target.start:
                its = one.labels
                equal = all(its.get(name, "") == labels.get(name, "") for name in rule.get("equal", ()))
                if equal and _matches(its, sources) and not (both and _matches(its, targets)):
                    yield one


def _covered(target: Episode, silencers: Sequence[Episode], step: float) -> bool:
    """Tell whether at each evaluation of the target one of the others fires."""
    reached = target.start
    for one in sorted(silencers):
        if one.start > reached:
            break
        reached = max(reached, one.end + step)
    return reached > target.end


def _matches(labels: Mapping[str, str], matchers: tuple[str, ...]) -> bool:
    return all(_TESTS[op](labels.get(name, ""), wanted) for name, op, wanted in _parsed(matchers))


@lru_cache(maxsize=256)
def _parsed(matchers: tuple[str, ...]) -> tuple[tuple[str, str, str], ...]:
    found = [_MATCHER.fullmatch(one) for one in matchers]
    return tuple((one[1], one[2], one[3]) for one in found if one is not None)
