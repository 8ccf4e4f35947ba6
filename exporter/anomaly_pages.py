"""The pages of anomalies: what detectors watch of a model, and one series in its band with its episodes."""

from __future__ import annotations

import json
import shlex

import flask

from wolfpack.exporter.anomalies import Episode, Labels, episodes, judged, watched, watched_key
from wolfpack.exporter.charts import Chart, chart, history
from wolfpack.exporter.clock import utc
from wolfpack.exporter.declaration import Group
from wolfpack.exporter.html import PAGE, optional, page
from wolfpack.exporter.problems import Problem
from wolfpack.exporter.registry import Known
from wolfpack.exporter.requests import authorize, service
from wolfpack.exporter.sample import Key
from wolfpack.spec import FAMILIES, Family, names

group = Group("anomalies")
_LABELS = tuple(name for name in names.ANOMALY if name not in names.MODEL)
_MOST = 50
"""Episodes that a page names."""


@group.declare("GET", "/models/<project>/<model>/anomalies", scope="read", answer=PAGE)
def series(project: str, model: str) -> flask.Response:
    """Show the series that detectors watch, those with the strongest evidence first."""
    authorize("read", project)
    known = service().registry.get(project, model)
    return page("anomalies.html", spec=known.spec, found=watched(service().shelf.shown(known.id)))


@group.declare(
    "GET",
    "/models/<project>/<model>/anomalies/series",
    scope="read",
    answer=PAGE,
    parameters=tuple(optional(name, f"label `{name}` of the finding") for name in _LABELS),
)
def one_series(project: str, model: str) -> flask.Response:
    """Show one watched series in its band, its episodes, and how to say whether they were right."""
    authorize("read", project)
    known = service().registry.get(project, model)
    labels = {name: text for name in _LABELS if (text := flask.request.args.get(name, ""))}
    one = next((it for it in watched(service().shelf.shown(known.id)) if it.labels == labels), None)
    if one is None:
        raise Problem(404, "No series", f"no detector watches {labels} of {project}/{model}", "metric")
    found = _episodes(known, labels)
    return page(
        "anomaly.html", spec=known.spec, one=one, charts=_charts(known, labels), episodes=found,
        matchers=_matchers(known, labels), command=_command(known, labels, found),
    )  # fmt: skip


def _key(known: Known, family: Family, labels: Labels) -> Key:
    named = {"project": known.spec.project, "model": known.spec.model} | labels
    return family.name, tuple(named.get(name, "") for name in family.labels)


def _charts(known: Known, labels: Labels) -> list[Chart]:
    """Return the value in its band, and the score, over event time."""
    ids, value = service().engine.ids, labels["metric"]
    band = [
        (name, _key(known, family, labels))
        for name, family in (
            ("expected", names.ANOMALY_EXPECTED), ("lower", names.ANOMALY_LOWER), ("upper", names.ANOMALY_UPPER),
        )
    ]  # fmt: skip
    if value in FAMILIES:
        model = {"project": known.spec.project, "model": known.spec.model}
        band.insert(0, ("value", watched_key(model, labels)))
    score = [("score", _key(known, names.ANOMALY_SCORE, labels))]
    with service().ledger.read() as connection:
        found = [
            chart(connection, ids, known.id, f"{value} in its band", band),
            chart(connection, ids, known.id, "Evidence: an alarm beyond 1 or -1", score),
        ]
    return [one for one in found if one.times]


def _episodes(known: Known, labels: Labels) -> list[Episode]:
    with service().ledger.read() as connection:
        scores = history(connection, service().engine.ids, known.id, _key(known, names.ANOMALY_SCORE, labels))
        return judged(connection, known.id, labels, episodes(scores.items())[:_MOST])


def _matchers(known: Known, labels: Labels) -> list[str]:
    """Return the matchers by which Alertmanager and Prometheus find the alert on the series."""
    named = {"project": known.spec.project, "model": known.spec.model} | labels
    return [f'{name}="{_escaped(text)}"' for name, text in named.items()]


def _command(known: Known, labels: Labels, found: list[Episode]) -> str:
    """Return the command that marks the newest episode that nobody judged yet; empty without one."""
    one = next((it for it in found if not it.verdict), None)
    if one is None:
        return ""
    named = {"project": known.spec.project, "model": known.spec.model} | labels
    first, last = (utc(at).strftime("%Y-%m-%dT%H:%M:%SZ") for at in (one.began, one.ended))
    stretch = f"{json.dumps(named, ensure_ascii=False)}@{first}/{last}"
    url = shlex.quote(flask.request.host_url.rstrip("/"))
    return f"wolfpack feedback SPEC --url {url} --wrong {shlex.quote(stretch)}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
