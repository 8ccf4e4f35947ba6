"""How many alerts a month an owner wants."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from wolfpack.spec.budget import numbers


@dataclass(frozen=True)
class AlertBudget:
    """Alerts a month; `owners` are those who have a number of their own, None: nothing for the others."""

    default: float | None = None
    owners: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def parse(cls, texts: Iterable[str]) -> AlertBudget:
        """Read ``NUMBER`` for every owner and ``OWNER=NUMBER`` for one; a later one counts.

        Raises
        ------
        WolfpackError
            If one has another form.

        Examples
        --------
        >>> AlertBudget.parse(["4", "flights=2.5"]).of("flights")
        2.5
        """
        form = "--alerts-per-month {!r}: write NUMBER or OWNER=NUMBER, as in flights=4"
        return cls(*numbers(texts, _alerts, form))

    def of(self, owner: str) -> float | None:
        """Return how many an owner wants; None if nobody said."""
        return self.owners.get(owner, self.default)


def _alerts(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0 <= value < float("inf") else None
