"""How many series each project may show on the metrics page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from wolfpack.spec.errors import WolfpackError

DEFAULT_BUDGET = 20_000
"""Series of a project whose budget is not named."""


@dataclass(frozen=True)
class Budget:
    """Series that projects may show.

    Parameters
    ----------
    default : for projects that are not named.
    projects : for those that are.
    """

    default: int = DEFAULT_BUDGET
    projects: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def parse(cls, texts: Iterable[str]) -> Budget:
        """Read ``NUMBER`` for all projects and ``PROJECT=NUMBER`` for one, in any order; a later one counts.

        Raises
        ------
        WolfpackError
            If one has another form.

        Examples
        --------
        >>> Budget.parse(["30000", "travel=500"]).of("travel")
        500
        """
        default, projects = DEFAULT_BUDGET, {}
        for text in texts:
            project, equals, number = text.rpartition("=")
            if (
                not (number.isascii() and number.isdecimal())
                or int(number) < 1
                or bool(project) != bool(equals)
            ):
                raise WolfpackError(f"--budget {text!r}: write NUMBER or PROJECT=NUMBER, as in travel=50000")
            if project:
                projects[project] = int(number)
            else:
                default = int(number)
        return cls(default, projects)

    def of(self, project: str) -> int:
        """Return how many series a project may show."""
        return self.projects.get(project, self.default)
