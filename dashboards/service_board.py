"""The board of Wolfpack itself: is the page whole and fresh, and does what comes in get through."""

from __future__ import annotations

from wolfpack.dashboards.layout import MADE, Section, board, datasource, variable
from wolfpack.dashboards.panels import Json, Panel, Query, Steps, lines, stat
from wolfpack.dashboards.scope import over_projects
from wolfpack.spec import Family, names
from wolfpack.spec.source_kinds import LAGGING

SERVICE_UID = "wolfpack-service"
RANGE = "15m"
"""Over which counters are read; a scrape a minute leaves some to spare."""
BELOW_ONE: Steps = (("red", None), ("green", 1))
SOURCE = "{{project}}/{{model}} {{source}}"
ANY: Steps = (("green", None), ("orange", 1))
OLD: Steps = (("green", None), ("orange", 7200))
"""The seconds after which `WolfpackDetectorStale` fires."""


def service_board() -> Json:
    """Return the board of the exporter and the sidecar: the same for every installation."""
    choice = [
        datasource(),
        variable("project", "Project", f"label_values({names.SERIES_EXPOSED}, project)", several=True),
    ]
    sections = [
        Section("Now", (_parts(), _reload(), _release(), _waiting(), _failing())),
        Section("Fleet", (_states(), _alerts())),
        Section("Metrics page", (_exposed(), _dropped())),
        Section("Work", (_received(), _computed(), _recomputed(), _last_pane())),
        Section("Ingestion", (_writes(), _write_time(), _write_bytes())),
        Section("Ledger and page", (_ledger_time(), _ledger_size(), _render_time())),
        Section("Sidecar: now", (_looked(), _sidecar_reload(), _newest(), _watched(), _missed())),
        Section("Sidecar: work", (_scored(), _skipped(), _errors(), _duration())),
        Section("Sources", (_lag(), _taken(), _refused())),
    ]
    text = f"The exporter and the sidecar themselves. {MADE}"
    return board("Wolfpack / Service", SERVICE_UID, text, choice, sections)


def _most(family: Family) -> str:
    """Return the largest value for each set of the family's labels: one series, whatever pods exposed it."""
    return f"max by ({', '.join(family.labels)}) ({over_projects(family)})"


def _grown(family: Family) -> str:
    """Return by how much a counter grew within the range."""
    return f"max by ({', '.join(family.labels)}) (increase({over_projects(family)}[{RANGE}]))"


def _slowest(family: Family) -> str:
    """Return the 99th percentile of a histogram within the range, for each set of the family's labels."""
    by = ", ".join((*family.labels, "le"))
    return f"histogram_quantile(0.99, max by ({by}) (rate({family}_bucket{{}}[{RANGE}])))"


def _parts() -> Panel:
    text = "Parts of the metrics page that could be made: 1, or 0 for one that is left out."
    query = Query(_most(names.COLLECTOR_SUCCESS), "{{collector}}")
    return stat("Page", text, "none", [query], steps=BELOW_ONE, width=5)


def _reload() -> Panel:
    query = Query(_most(names.RELOAD_SUCCESSFUL), "specs and tokens")
    text = "1 if the last load of the specs, and of the tokens file, succeeded."
    return stat("Specs and tokens", text, "none", [query], steps=BELOW_ONE, width=5)


def _release() -> Panel:
    query = Query(_most(names.BUILD_INFO), "{{release}}")
    return stat(
        "Release", "The builds that run; one, unless an update is under way.", "none", [query], width=4
    )


def _waiting() -> Panel:
    return stat(
        "Waiting",
        "Panes that wait to be computed, and writes that are worked on or wait for it.",
        "none",
        [Query(_most(names.QUEUE_LENGTH), "panes"), Query(_most(names.INGEST_QUEUE), "writes")],
        width=5,
    )


def _failing() -> Panel:
    query = Query(f"sum({_grown(names.COMPUTE_FAILURES)})", "failures")
    text = "Computations that raised an error in the last 15 minutes."
    return stat("Failures", text, "none", [query], steps=ANY, width=5)


def _states() -> Panel:
    query = Query(f"max by (owner, state) ({names.OWNER_STATES})", "{{owner}} {{state}}")
    text = "Models by owner and state, which is that of the worst alert that fires; recorded by the generated rules."
    return lines("Models by state", text, "short", [query])


def _alerts() -> Panel:
    query = Query(f"max by (owner, alertname, severity) ({names.OWNER_ALERTS})", "{{owner}} {{alertname}} {{severity}}")
    return lines("Alerts by owner", "Alerts that fire, by owner, name and severity.", "short", [query])


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


def _recomputed() -> Panel:
    text = "Windows computed again in 15 minutes, for something came late or was corrected."
    query = Query(_grown(names.WINDOWS_RECOMPUTED), "{{project}}")
    return lines("Windows recomputed", text, "short", [query])


def _last_pane() -> Panel:
    text = "Age of the newest pane that something was received for, by model and role, from when it began."
    query = Query(f"time() - {_most(names.LAST_PANE)}", "{{project}}/{{model}} {{role}}")
    return lines("Newest pane", text, "s", [query])


def _writes() -> Panel:
    text = (
        "Writes in 15 minutes by what they brought and what became of them: accepted, refused for a fault of "
        "theirs, turned away while the exporter was busy, failed for a reason of the exporter's own."
    )
    by = ", ".join(names.INGEST)
    grown = f"max by ({by}) (increase({names.INGEST_DURATION}_count{{}}[{RANGE}]))"
    query = Query(grown, "{{kind}} {{outcome}}")
    return lines("Writes", text, "short", [query], width=8)


def _write_time() -> Panel:
    text = "Time within which 99 of 100 writes were answered, from their whole body on."
    return lines(
        "Time of writes", text, "s", [Query(_slowest(names.INGEST_DURATION), "{{kind}} {{outcome}}")], width=8
    )


def _write_bytes() -> Panel:
    query = Query(_grown(names.INGEST_BYTES), "{{kind}} {{outcome}}")
    return lines("Bytes of writes", "Bytes of bodies, as sent, in 15 minutes.", "bytes", [query], width=8)


def _ledger_time() -> Panel:
    text = "Time within which 99 of 100 writes to the ledger were durable, from waiting for their turn on."
    return lines("Ledger writes", text, "s", [Query(_slowest(names.LEDGER_WRITE), "write")], width=8)


def _ledger_size() -> Panel:
    query = Query(_most(names.LEDGER_SIZE), "ledger")
    return lines("Ledger size", "Bytes that the ledger takes on disk.", "bytes", [query], width=8)


def _render_time() -> Panel:
    text = "Time within which 99 of 100 were rendered: pages for a scrape, models when they changed."
    return lines("Rendering", text, "s", [Query(_slowest(names.RENDER_DURATION), "{{part}}")], width=8)


def _looked() -> Panel:
    query = Query(f"time() - {_most(names.DETECTOR_SUCCESS)}", "{{project}} / {{model}}")
    text = "Time since the sidecar last looked at all series of a model without an error."
    return stat("Looked at", text, "s", [query], steps=OLD, width=5)


def _sidecar_reload() -> Panel:
    query = Query(_most(names.DETECTOR_RELOAD), "specs")
    text = "1 if the sidecar's last load of the specs succeeded."
    return stat("Sidecar's specs", text, "none", [query], steps=BELOW_ONE, width=4)


def _newest() -> Panel:
    query = Query(f"1000 * {_most(names.DETECTOR_WINDOW_END)}", "{{project}} / {{model}}")
    return stat(
        "Newest window", "End of the newest window that it has seen.", "dateTimeAsIso", [query], width=6
    )


def _watched() -> Panel:
    query = Query(_most(names.DETECTOR_SERIES), "{{project}} / {{model}}")
    return stat("Series watched", "Series that the specs' detect finds.", "short", [query], width=5)


def _missed() -> Panel:
    query = Query(f"sum({_grown(names.DETECTOR_MISSED)})", "models")
    text = "Models that a deadline left undone in the last 15 minutes; they come first in the next cycle."
    return stat("Deadline met", text, "none", [query], steps=ANY, width=4)


def _scored() -> Panel:
    queries = [
        Query(_grown(names.DETECTOR_SCORED), "{{project}} / {{model}}: scored"),
        Query(_grown(names.DETECTOR_RUNS), "{{project}} / {{model}}: looks"),
    ]
    text = "Looks at a model, and windows of series that were scored, in 15 minutes."
    return lines("Looks and scores", text, "short", queries)


def _skipped() -> Panel:
    query = Query(_grown(names.DETECTOR_SKIPPED), "{{project}} / {{model}}: {{reason}}")
    text = "Series that were looked at and not scored in 15 minutes, and why."
    return lines("Series not scored", text, "short", [query])


def _errors() -> Panel:
    query = Query(_grown(names.DETECTOR_ERRORS), "{{project}} / {{model}}: {{stage}}")
    text = "What failed in 15 minutes, by stage; the sidecar's log has the words."
    return lines("Errors", text, "short", [query], steps=ANY)


def _duration() -> Panel:
    query = Query(_most(names.DETECTOR_DURATION), "{{project}} / {{model}}")
    return lines("Duration", "How long the newest look at a model took.", "s", [query])


def _lag() -> Panel:
    text = "Time since all that a source had was last taken; told beyond half an hour."
    query = Query(_most(names.SOURCE_LAG), SOURCE)
    return lines("Source lag", text, "s", [query], steps=(("green", None), ("red", LAGGING)), width=8)


def _taken() -> Panel:
    query = Query(_grown(names.SOURCE_ROWS), SOURCE)
    return lines("Rows taken", "Rows taken from each source in 15 minutes.", "short", [query], width=8)


def _refused() -> Panel:
    text = "Lines and files that could not be taken in 15 minutes; the exporter's log has their places."
    query = Query(_grown(names.SOURCE_REFUSED), SOURCE)
    return lines("Refused", text, "short", [query], steps=ANY, width=8)
