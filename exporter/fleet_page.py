"""The page of all models: a table to search, filter and sort by its address alone, so without scripts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import flask
from markupsafe import Markup

from wolfpack.exporter.budget_notes import not_shown
from wolfpack.exporter.conditions import KINDS
from wolfpack.exporter.declaration import Group
from wolfpack.exporter.fleet import GROUPS, Fleet, Line
from wolfpack.exporter.html import PAGE, optional, page
from wolfpack.exporter.requests import authorize, service
from wolfpack.exporter.service import Service

group = Group("fleet")
WORST = "state"
_ORDERS: dict[str, Callable[[Line], Any]] = {
    "model": lambda one: (one.project, one.model),
    "owner": lambda one: one.owner,
    "end": lambda one: one.end or 0.0,
    "rows": lambda one: one.rows or 0.0,
}
"""What lines are sorted by, besides the worst first; with `-` before it the other way round."""
COLUMNS = (
    ("model", "Model"), (WORST, "State"), ("", "What is the matter"), ("owner", "Owner"),
    ("end", "Newest window ends"), ("rows", "Rows of the newest pane"),
)  # fmt: skip


class FleetPage:
    """What the page keeps between requests: the lines, and the row of each as it was written last."""

    def __init__(self, its: Service) -> None:
        self.fleet = Fleet(its)
        self._rows: dict[tuple[str, str], tuple[object, Markup]] = {}

    def rows(self, lines: Sequence[Line]) -> list[Markup]:
        """Return the rows of lines, written anew where a line has changed."""
        write, root = flask.get_template_attribute("fleet_row.html", "row"), flask.request.script_root
        found = []
        for one in lines:
            place, now = (one.project, one.model), (one, root)
            before = self._rows.get(place)
            if before is None or before[0] != now:
                before = self._rows[place] = (now, write(one))
            found.append(before[1])
        return found


@group.declare(
    "GET",
    "/",
    scope="read",
    answer=PAGE,
    parameters=(
        optional("project", "only models of this project"),
        optional("owner", "only models of this owner"),
        optional("state", "only models with which this is the matter"),
        optional("group", f"only models that have metrics of this group: {', '.join(GROUPS)}"),
        optional("q", "only models whose project, name or owner has this in it"),
        optional("sort", f"{', '.join(_ORDERS)}, or `-` and one of them; without it the worst come first"),
    ),
)
def models() -> flask.Response:
    """Show every model and what is the matter with it, for people."""
    authorize("read", None)
    kept: FleetPage = flask.current_app.extensions["wolfpack.fleet"]
    args, lines = flask.request.args.to_dict(), kept.fleet.lines()
    wanted = ordered([one for one in lines if fits(one, args)], args.get("sort", ""))
    choices = {
        "project": sorted({one.project for one in lines}),
        "owner": sorted({one.owner for one in lines}),
        "state": [*KINDS, "ok", "waiting"],
        "group": GROUPS,
    }
    return page(
        "fleet.html", rows=kept.rows(wanted), all=len(lines), choices=choices, args=args, columns=COLUMNS,
        clock=service().clock.now(), waiting=service().engine.waiting, not_shown=not_shown(service()),
    )  # fmt: skip


def fits(one: Line, args: Mapping[str, str]) -> bool:
    """Tell whether a line is asked for."""
    return (
        args.get("project", "") in ("", one.project)
        and args.get("owner", "") in ("", one.owner)
        and args.get("state", "") in ("", one.state, *(kind for kind, _ in one.conditions))
        and args.get("group", "") in ("", *one.groups)
        and args.get("q", "").lower() in f"{one.project}/{one.model} {one.owner}".lower()
    )


def ordered(lines: list[Line], sort: str) -> list[Line]:
    """Return lines, which come with the worst first, in another order if it is asked for and known."""
    key = _ORDERS.get(sort.removeprefix("-"))
    return lines if key is None else sorted(lines, key=key, reverse=sort.startswith("-"))
