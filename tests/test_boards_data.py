"""Every query of every panel returns data from the real stack: exporter, Prometheus, generated rules."""

from __future__ import annotations

import json
import re
import time
from dataclasses import replace

import board_data
import pytest
import requests

from wolfpack import dashboards, detectors
from wolfpack.cli import flights_live, servers
from wolfpack.client import HttpTransport
from wolfpack.spec import load_all, names

CHOICES = {"project": "travel", "role": ".+", "column": ".+", "owner": ".+"}
TOGETHER = {"version": "^$", "segment": "^$", "segment_value": ""}
"""What the board of a column begins with: all versions and rows together."""
OF_MODEL = {
    "arrival-delay": {
        "measure": "ml_model_roc_auc", "metric": "ml_column_mean", "watched": "delay", "shown": "delay",
    },
    "offers": {"measure": "ml_model_ndcg", "shown": "score"},
    "kinds": {"measure": "ml_model_precision", "shown": "kind"},
    "answers": {"shown": "delay"},
}  # fmt: skip
"""What a reader chooses of each model: a panel may be empty for a model whose task, or service, is another."""


def filled_in(expr: str) -> list[str]:
    """Return a query for each model that its variables can be chosen for."""
    asked = set(re.findall(r"\$(\w+)", expr))
    choices = [CHOICES | TOGETHER | {"model": model} | its for model, its in OF_MODEL.items()]
    return [re.sub(r"\$(\w+)", lambda match: one[match[1]], expr) for one in choices if asked <= one.keys()]  # noqa: B023


def expressions(board: dict) -> list[str]:
    """Return the queries of panels and of marks."""
    panels = [target["expr"] for panel in board["panels"] for target in panel.get("targets", [])]
    return panels + [mark["expr"] for mark in board["annotations"]["list"]]


@pytest.mark.needs("prometheus", "promtool", "alertmanager")
def test_every_panel_shows_something(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(flights_live, "QUICK", replace(flights_live.QUICK, live_evaluation=1, live_for=2))
    specs = tmp_path / "specs"
    board_data.write_specs(specs)
    loaded = load_all([specs])
    full = [one for one in loaded if one.spec.model == "arrival-delay"]  # others: shared boards only
    boards = {name: json.loads(text) for name, text in dashboards.generate(full).items()}
    queries = sorted({expr for board in boards.values() for expr in expressions(board)})
    with servers.exporter(tmp_path, specs) as url, flights_live.stack(tmp_path, url, loaded) as hook:
        board_data.fill(url)
        board_data.tell(url)
        board_data.rank_and_classify(url)
        board_data.serve(url)
        wait_for(lambda: "ml_model_roc_auc{" in requests.get(f"{url}/metrics", timeout=5).text)
        transport = HttpTransport(url)
        report = detectors.run_once(
            [one.spec for one in loaded],
            detectors.ExporterSource(transport),
            detectors.ExporterSink(transport),
        )
        fired = [
            hook.wait(lambda one, name=name: one.labels["alertname"] == name, 60)
            for name in ("ModelColumnMissing", "ModelLiveOutliers")
        ]
        empty = queries
        deadline = time.monotonic() + 20
        while empty and time.monotonic() < deadline:
            empty = [query for query in empty if not any(answer(hook, one) for one in filled_in(query))]
            time.sleep(0.5)

    assert (report.scored, report.errors) == (1, ())
    assert None not in fired
    assert len(queries) > 150
    # Not in this stack: the sidecar's own page (tests/test_sidecar.py) and tables that the exporter fetches.
    elsewhere = names.SIDECAR | {one.name for one in names.FAMILIES.values() if one.labels == names.SOURCE}
    missing = [query for query in empty if not any(name in query for name in elsewhere)]
    assert missing == [], "\n".join(missing)


def answer(hook, query: str) -> list:
    """Return what Prometheus answers."""
    found = requests.get(f"{hook.prometheus}/api/v1/query", params={"query": query}, timeout=10)
    assert found.status_code == 200, found.text
    return found.json()["data"]["result"]


def wait_for(condition, seconds: float = 30) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.2)
