"""A model's page: a metric with all that it is compared with, when jobs ran, the spec and whether it checks."""

from __future__ import annotations

import json
import re
from html import unescape

import pytest
import yaml
from conftest import FULL
from notices import post
from sending import REFERENCE, send_day, send_labels, send_predictions
from tables import day
from test_evidence import MODEL, get, text

from wolfpack.exporter.model_evidence import gaps, spec_text
from wolfpack.spec import Spec, load

SPEC = FULL + """\
skip: [2024-05-02]
jobs: {nightly: {schedule: "0 5 * * *"}}
"""


@pytest.fixture
def exporter(make_exporter, baseline):
    """Three days of which the second is a planned gap, labels, two runs of a job, and a deployment."""
    one = make_exporter(SPEC)
    one.at("2024-05-01T06:00:00-04:00")
    one.http.put(REFERENCE, data=baseline.to_bytes())
    for number, at in ((61, "2024-05-01"), (63, "2024-05-03")):
        one.at(f"{at}T08:00:00-04:00")
        send_day(one, baseline, at, day(number))
        send_predictions(one, baseline, at, day(number))
        send_labels(one, day(number))
    for run, succeeded in (("a", True), ("b", False)):
        body = {"job": "nightly", "run": run, "start": "2024-05-03T05:00:00-04:00", "rows": 1200, "note": "seen <b>",
                "end": f"2024-05-03T05:0{1 + succeeded}:30-04:00", "succeeded": succeeded}  # fmt: skip
        post(one, "jobs", body)
    post(one, "deployments", {"version": "2", "stage": "canary", "time": "2024-05-03T07:00:00-04:00"})
    one.at("2024-05-05T06:00:00-04:00")
    return one


def drawn(page: str) -> dict:
    (found,) = re.findall(r'data-chart="([^"]*)"', page)
    return json.loads(unescape(found))


def test_jobs_are_there_with_their_schedule_and_when_they_ran(exporter) -> None:
    page = text(get(exporter, MODEL))

    assert "nightly runs at 0 5 * * *" in page
    assert "nightly 2024-05-03 09:02 UTC succeeded 0:02:30 1,200" in page
    assert "nightly 2024-05-03 09:01 UTC failed 0:01:30 1,200" in page
    assert "seen" not in page


def test_deployments_and_planned_gaps_are_told_and_drawn(exporter) -> None:
    page = get(exporter, MODEL)
    chart = drawn(page)

    assert "2 canary 2024-05-03 11:00 UTC" in text(page)
    assert "Planned gaps: 2024-05-02." in text(page)
    assert chart["marks"] == [[1714734000, "version 2: canary"]]
    assert chart["gaps"] == [[1714622400, 1714708800]]


def test_a_measure_is_drawn_in_its_interval_with_the_levels_of_the_spec(exporter) -> None:
    chart = drawn(get(exporter, f"{MODEL}?metric=ml_model_roc_auc"))
    lines = dict(chart["lines"])
    low, value, high = (lines[name][-1] for name in ("lower", "ml_model_roc_auc", "upper"))

    assert low < value < high
    assert set(lines["warning"]) == {0.75}
    assert len(lines["warning"]) == len(chart["times"])


def test_the_spec_that_is_shown_is_the_spec(exporter, tmp_path) -> None:
    (shown,) = re.findall(r"<pre><code>(.*?)</code></pre>", get(exporter, MODEL), re.DOTALL)
    (tmp_path / "m.yml").write_text(SPEC)

    assert Spec.model_validate(yaml.safe_load(unescape(shown))) == load(tmp_path / "m.yml").spec
    assert yaml.safe_load(spec_text(load(tmp_path / "m.yml").spec)) == yaml.safe_load(unescape(shown))


def test_the_page_says_that_the_spec_on_disk_does_not_check(exporter, tmp_path) -> None:
    file = tmp_path / "exporter" / "specs" / "model.yml"
    before = text(get(exporter, MODEL))
    file.write_text(SPEC + "nonsense: 1\n")
    assert exporter.http.post("/-/reload").status_code == 422
    broken = text(get(exporter, MODEL))
    file.write_text(SPEC)
    assert exporter.http.post("/-/reload").status_code == 200

    assert "checks The spec as it is in force" in before
    assert "does not check The specs as they are on disk are refused" in broken
    assert "nonsense" in broken
    assert "checks The spec as it is in force" in text(get(exporter, MODEL))


def test_gaps_outside_of_what_is_drawn_are_left_out() -> None:
    given = {"version": "wolfpack/v1", "project": "p", "model": "m", "timezone": "UTC"}
    spec = Spec.model_validate(given | {"skip": ["2024-01-02", "2024-03-01"]})

    assert gaps(spec, [1704067200, 1704326400]) == [(1704153600, 1704240000)]
    assert gaps(spec, []) == []
