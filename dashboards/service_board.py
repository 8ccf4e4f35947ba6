"""The board of Wolfpack itself: is the page whole and fresh, and does what comes in get through."""

from __future__ import annotations

from wolfpack.dashboards.model_board import MADE
from wolfpack.dashboards.panels import (
    Json,
    Panel,
    Query,
    Section,
    Steps,
    board,
    datasource,
    lines,
    stat,
    variable,
)
from wolfpack.spec import Family, names

SERVICE_UID = "wolfpack-service"
RANGE = "15m"
"""Over which counters are read; a scrape a minute leaves some to spare."""
BELOW_ONE: Steps = (("red", None), ("green", 1))
ANY: Steps = (("green", None), ("orange", 1))


def service_board() -> Json:
    """Return the board of the exporter: the same for every installation."""
    choice = [
        datasource(),
        variable("project", "Project", f"label_values({names.SERIES_EXPOSED}, project)", several=True),
    ]
    sections = [
        Section("Now", (_parts(), _reload(), _release(), _waiting(), _failing())),
        Section("Metrics page", (_exposed(), _dropped())),
        Section("Work", (_received(), _computed())),
    ]
    return board("Wolfpack / Service", SERVICE_UID, f"The exporter itself. {MADE}", choice, sections)


def _select(family: Family) -> str:
    """Return a selector of the chosen projects, where the family has them."""
    return f'{family}{{project=~"$project"}}' if "project" in family.labels else f"{family}{{}}"


def _most(family: Family) -> str:
    """Return the largest value for each set of the family's labels: one series, whatever pods exposed it."""
    return f"max by ({', '.join(family.labels)}) ({_select(family)})"


def _grown(family: Family) -> str:
    """Return by how much a counter grew within the range."""
    return f"max by ({', '.join(family.labels)}) (increase({_select(family)}[{RANGE}]))"


def _parts() -> Panel:
    text = "Parts of the metrics page that could be made: 1, or 0 for one that is left out."
    query = Query(_most(names.COLLECTOR_SUCCESS), "{{collector}}")
    return stat("Page", text, "none", [query], steps=BELOW_ONE, width=5)


def _reload() -> Panel:
    query = Query(_most(names.RELOAD_SUCCESSFUL), "specs")
    return stat(
        "Specs", "1 if the last load of the specs succeeded.", "none", [query], steps=BELOW_ONE, width=5
    )


def _release() -> Panel:
    query = Query(_most(names.BUILD_INFO), "{{release}}")
    return stat(
        "Release", "The builds that run; one, unless an update is under way.", "none", [query], width=4
    )


def _waiting() -> Panel:
    return stat(
        "Waiting",
        "Panes that wait to be computed.",
        "none",
        [Query(_most(names.QUEUE_LENGTH), "panes")],
        width=5,
    )


def _failing() -> Panel:
    query = Query(f"sum({_grown(names.COMPUTE_FAILURES)})", "failures")
    text = "Computations that raised an error in the last 15 minutes."
    return stat("Failures", text, "none", [query], steps=ANY, width=5)


def _exposed() -> Panel:
    query = Query(_most(names.SERIES_EXPOSED), "{{project}}")
    return lines("Series shown", "Series on the metrics page, by project.", "short", [query])


def _dropped() -> Panel:
    text = "Series that the project's budget keeps off the page; rules do not see them."
    return lines(
        "Series dropped", text, "short", [Query(_most(names.SERIES_DROPPED), "{{project}}")], steps=ANY
    )


def _received() -> Panel:
    query = Query(_grown(names.PARTS_RECEIVED), "{{project}}")
    return lines("Parts received", "Parts committed to the ledger in 15 minutes.", "short", [query])


def _computed() -> Panel:
    query = Query(_grown(names.WINDOWS_COMPUTED), "{{project}}")
    return lines("Windows computed", "Windows computed, or computed again, in 15 minutes.", "short", [query])
