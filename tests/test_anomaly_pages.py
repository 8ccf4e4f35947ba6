"""The pages of anomalies: what detectors watch, in its band, its episodes, and what people said of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from conftest import FULL
from test_evidence import MODEL, get, text

from wolfpack.exporter.anomalies import Episode, episodes
from wolfpack.spec import names

DAYS = [1714536000 + 86400 * day for day in range(6)]
"""Ends of days in New York, from 1 May 2024."""
SCORES = [0.1, 1.6, 2.5, 0.3, -1.2, 0.2]
LABELS = {
    "project": "travel", "model": "arrival-delay", "role": "input", "metric": "ml_pane_rows",
    "detector": "seasonal_esd",
}  # fmt: skip
ONE = f"{MODEL}/anomalies/series?role=input&metric=ml_pane_rows&detector=seasonal_esd"


@pytest.fixture
def exporter(make_exporter):
    """Six days of findings on the rows: two days above, later one below."""
    one = make_exporter(FULL)
    for end, score in zip(DAYS, SCORES, strict=True):
        told = {"labels": LABELS, "window_end": end, "score": score, "expected": 200, "lower": 150, "upper": 250}
        told["ready"] = 1
        one.at(f"{datetime.fromtimestamp(end, UTC) + timedelta(hours=1):%Y-%m-%dT%H:%M:%S%z}")
        answer = one.http.post("/api/v1/anomalies?project=travel&model=arrival-delay", json={"anomalies": [told]})
        assert answer.status_code == 200, answer.text
    return one


def test_a_model_leads_to_what_detectors_watch_and_that_to_each_series(exporter) -> None:
    assert f'href="{MODEL}/anomalies"' in get(exporter, MODEL)
    page = get(exporter, f"{MODEL}/anomalies")

    assert "ml_pane_rows input seasonal_esd ok 0.2 200 150 to 250" in text(page)
    assert f'href="{MODEL}/anomalies/series?' in page


def test_a_series_shows_its_band_and_its_episodes(exporter) -> None:
    page = text(get(exporter, ONE))

    assert "seasonal_esd finds the window up to 2024-05-06 04:00 UTC as expected: evidence 0.2" in page
    assert "2024-05-05 04:00 UTC 2024-05-05 04:00 UTC 1 -1.2 not yet" in page
    assert "2024-05-02 04:00 UTC 2024-05-03 04:00 UTC 2 2.5 not yet" in page
    assert "Window ends expected lower upper 2024-05-06 04:00 UTC 200 150 250" in page


def test_an_episode_shows_what_people_said_of_it(exporter) -> None:
    body = {
        "project": "travel", "model": "arrival-delay", "labels": LABELS, "verdict": "wrong", "note": "a holiday",
        "start": "2024-05-02T00:00:00-04:00", "end": "2024-05-03T00:00:00-04:00",
    }  # fmt: skip
    assert exporter.http.post("/api/v1/feedback", json=body).status_code == 200
    page = text(get(exporter, ONE))

    assert "2 2.5 wrong: a holiday" in page
    assert "1 -1.2 not yet" in page


def test_a_series_that_nobody_watches_is_a_clear_answer(exporter) -> None:
    answer = exporter.http.get(f"{MODEL}/anomalies/series?metric=ml_pane_mean")

    assert answer.status_code == 404
    assert "no detector watches" in answer.json["detail"]


def test_a_model_without_detectors_says_so(make_exporter) -> None:
    one = make_exporter(FULL)
    one.at("2024-05-01T06:00:00-04:00")

    assert "Nothing: the spec names no series" in get(one, f"{MODEL}/anomalies")


def test_episodes_end_at_windows_that_are_quiet_not_scored_or_on_the_other_side() -> None:
    assert episodes([]) == []
    assert episodes([(1, 1.0), (2, None), (3, 0.0)]) == []
    assert episodes([(1, 2.0), (2, None), (3, 2.0)]) == [Episode(3, 3, 1, 2.0), Episode(1, 1, 1, 2.0)]
    assert episodes([(1, 2.0), (2, -2.0), (3, -4.0)]) == [Episode(2, 3, 2, -4.0), Episode(1, 1, 1, 2.0)]


def test_the_alert_is_named_as_the_rules_name_it() -> None:
    from wolfpack.rules import alerts_for
    from wolfpack.spec import Spec

    spec = {"version": "wolfpack/v1", "project": "p", "model": "m", "detect": [{"metric": names.PANE_ROWS.name}]}
    assert "ModelAnomaly" in {one.name for one in alerts_for(Spec.model_validate(spec))}
