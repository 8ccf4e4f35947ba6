"""A stretch of one series that is marked right or wrong by its labels and times, as an evidence page writes it."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from wolfpack.spec import WolfpackError

if TYPE_CHECKING:
    from wolfpack.client import HttpTransport

FORM = """'{"project": ..., "model": ..., "metric": ..., ...}@FROM/TO'"""


@dataclass(frozen=True)
class Stretch:
    """A series by its labels, and the first and last window end that is meant."""

    labels: dict[str, str]
    first: datetime
    last: datetime


def is_stretch(given: str) -> bool:
    """Tell whether a text is meant as a stretch, not as the name of an episode."""
    return given.startswith("{")


def stretch(given: str, models: Collection[tuple[str, str]]) -> Stretch:
    """Read a stretch.

    Parameters
    ----------
    given : labels as a JSON object, `@`, and two ISO 8601 times with `/` between them; UTC without an offset.
    models : project and model of each spec.

    Raises
    ------
    WolfpackError
        If it is not written so, or is about no model of the specs.

    Examples
    --------
    >>> text = '{"project": "p", "model": "m", "metric": "ml_pane_rows"}@2024-05-02T04:00Z/2024-05-03T04:00Z'
    >>> stretch(text, [("p", "m")]).last.day
    3
    """
    text, _, span = given.rpartition("@")
    try:
        labels = json.loads(text)
        first, last = (datetime.fromisoformat(one) for one in span.split("/"))
    except ValueError as error:
        raise WolfpackError(f"{given!r} is no stretch of a series; write {FORM}, as its page does") from error
    if not isinstance(labels, dict) or not all(isinstance(value, str) for value in labels.values()):
        raise WolfpackError(f"{given!r}: labels must be texts by name, as in {FORM}")
    if (labels.get("project"), labels.get("model")) not in models:
        known = ", ".join("/".join(one) for one in sorted(models))
        raise WolfpackError(f"{given!r} is about no model of the specs; they describe {known}")
    return Stretch(labels, _aware(first), _aware(last))


def mark(transport: HttpTransport, its: Stretch, verdict: Literal["right", "wrong"], note: str) -> None:
    """Say that what was told of a stretch was right, or wrong."""
    from wolfpack.client import Client

    client = Client("", project=its.labels["project"], model=its.labels["model"], transport=transport)
    client.send_feedback(its.labels, verdict, start=its.first, end=its.last, note=note)


def _aware(at: datetime) -> datetime:
    return at if at.tzinfo else at.replace(tzinfo=UTC)
