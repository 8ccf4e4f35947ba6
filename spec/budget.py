"""How many series each project may show on the metrics page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from wolfpack.spec.errors import WolfpackError

DEFAULT_BUDGET = 20_000
"""Series of a project whose budget is not named."""
T = TypeVar("T")


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
        default, projects = numbers(texts, _series, "--budget {!r}: write NUMBER or PROJECT=NUMBER, as in travel=50000")
        return cls(DEFAULT_BUDGET if default is None else default, projects)

    def of(self, project: str) -> int:
        """Return how many series a project may show."""
        return self.projects.get(project, self.default)


def numbers(texts: Iterable[str], read: Callable[[str], T | None], form: str) -> tuple[T | None, dict[str, T]]:
    """Read ``NUMBER`` for all and ``NAME=NUMBER`` for one, in any order; a later one counts.

    Parameters
    ----------
    read : returns the number that a text is, or None if it is none that is allowed.
    form : what is said of a text of another form, with ``{!r}`` for it.

    Raises
    ------
    WolfpackError
        If one has another form.
    """
    default: T | None = None
    named: dict[str, T] = {}
    for text in texts:
        name, equals, number = text.rpartition("=")
        value = read(number)
        if value is None or bool(name) != bool(equals):
            raise WolfpackError(form.format(text))
        if name:
            named[name] = value
        else:
            default = value
    return default, named


def _series(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and int(text) >= 1 else None
