"""PromQL for the boards: selectors checked against the metric catalogue, target labels aggregated away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wolfpack.spec import Family

ALERTS = "ALERTS"
"""Prometheus' own series of its alerts; the one name here that is not in our catalogue."""
PINNED = {"version": '=""', "segment": '=""', "class": '=""'}
CHOSEN = {"role": '=~"$role"', "column": '=~"$column"'}
"""Labels that a board's variables choose, unless a query says otherwise."""
FREE = {"role": "", "column": ""}
"""Matchers of a query that takes in every role and column, and series that have none, as of quality."""


@dataclass(frozen=True)
class Scope:
    """The project and model that a board is about: names, or the variables `$project` and `$model`."""

    project: str = "$project"
    model: str = "$model"

    def select(self, family: Family, by: Sequence[str] = (), **matchers: str) -> str:
        """Return a selector of one family.

        Parameters
        ----------
        family : what to select.
        by : labels that the result is grouped by; `version` and `segment` are pinned unless they are here.
        matchers : operator and quoted value by label, as in ``role='="prediction"'``; empty leaves the
            label free.

        Raises
        ------
        ValueError
            If the family does not have a label; the message lists those it has.
        """
        for label in (*by, *matchers):
            if label not in family.labels:
                raise ValueError(
                    f"{family} has no label {label!r}; its labels are {', '.join(family.labels)}"
                )
        wanted = {"project": f'="{self.project}"', "model": f'="{self.model}"'}
        pinned = {label: match for label, match in PINNED.items() if label not in by}
        wanted |= {label: match for label, match in (pinned | CHOSEN).items() if label in family.labels}
        given = [label + match for label, match in (wanted | matchers).items() if match]
        return f"{family}{{{','.join(given)}}}"

    def most(self, family: Family, by: Sequence[str] = (), **matchers: str) -> str:
        """Return the largest value of a family for each group: one series, whatever pods exposed it."""
        return f"max by ({', '.join(by or ('project', 'model'))}) ({self.select(family, by, **matchers)})"

    def values(self, family: Family, label: str, **matchers: str) -> str:
        """Return the variable query for the values of a label; a variable does not narrow itself."""
        free = {name: match for name, match in FREE.items() if name in family.labels}
        return f"label_values({self.select(family, (label,), **free | matchers)}, {label})"

    def firing(self, by: Sequence[str], check: str = "") -> str:
        """Return the firing alerts of the model, one series for each group; `check`: only those about that."""
        where = f'project="{self.project}",model="{self.model}",alertstate="firing"'
        where += f',check="{check}"' if check else ""
        return f"max by ({', '.join(by)}) ({ALERTS}{{{where}}})"


def over_projects(family: Family, **matchers: str) -> str:
    """Return a selector of a family in the chosen projects; version and segment are pinned unless given."""
    wanted = {"project": '=~"$project"'} | PINNED | matchers
    unknown = matchers.keys() - set(family.labels)
    if unknown:
        raise ValueError(f"{family} has no label {sorted(unknown)[0]!r}; its labels are {', '.join(family.labels)}")
    given = [label + match for label, match in wanted.items() if label in family.labels and match]
    return f"{family}{{{','.join(given)}}}"
