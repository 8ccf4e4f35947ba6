"""The evidence pages: what a person sees of the fleet, a model and a column, without Grafana and without scripts."""

from __future__ import annotations

import re
from html import unescape

import numpy as np
import pyarrow as pa
import pytest
from conftest import FULL
from sending import REFERENCE, send_day, send_predictions
from tables import day, reference

MODEL = "/models/travel/arrival-delay"
DELAY = f"{MODEL}/columns/delay"


@pytest.fixture(scope="module")
def baseline():
    return reference()


@pytest.fixture
def exporter(make_exporter, baseline):
    """Two days of rows; on the second every delay is 30 more, and a carrier is new."""
    one = make_exporter(FULL)
    one.at("2024-05-01T06:00:00-04:00")
    one.http.put(REFERENCE, data=baseline.to_bytes())
    send_day(one, baseline, "2024-05-01", day(61))
    send_predictions(one, baseline, "2024-05-01", day(61))
    one.at("2024-05-02T06:00:00-04:00")
    moved = np.asarray(day(62)["delay"]) + 30
    send_day(one, baseline, "2024-05-02", day(62, delay=moved, carrier=["<b>new</b>"] * 200))
    send_predictions(one, baseline, "2024-05-02", day(62))
    one.at("2024-05-03T06:00:00-04:00")
    return one


def text(page: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", page)))


def get(exporter, address: str) -> str:
    answer = exporter.http.get(address)
    assert answer.status_code == 200, answer.text
    return answer.text


def test_the_fleet_says_what_is_the_matter_and_whose_it_is(exporter) -> None:
    page = text(get(exporter, "/"))

    assert "travel/arrival-delay drift drift 2, novel 2 flights" in page
    assert "2024-05-03 04:00 UTC 200" in page


@pytest.mark.parametrize(
    ("query", "there"),
    [
        ("", True),
        ("?q=ARRIVAL", True),
        ("?q=other", False),
        ("?owner=flights&project=travel", True),
        ("?owner=nobody", False),
        ("?state=novel", True),
        ("?state=ok", False),
    ],
)
def test_the_fleet_is_filtered_by_the_address(exporter, query: str, there: bool) -> None:
    assert ("travel/arrival-delay" in text(get(exporter, f"/{query}"))) == there


def test_a_late_pane_is_on_the_fleet_page_as_soon_as_it_is_late(exporter) -> None:
    exporter.at("2024-05-04T11:59:00-04:00")
    before = text(get(exporter, "/"))
    exporter.at("2024-05-04T12:01:00-04:00")

    assert "late late 1, drift" in before  # labels
    assert "late late 3, drift" in text(get(exporter, "/"))


def test_a_model_s_page_leads_to_its_columns(exporter) -> None:
    page = get(exporter, MODEL)

    assert "delay has drifted" in text(page)
    assert "carrier has new values" in text(page)
    assert f'href="{DELAY}"' in page
    assert "input 2024-05-03 04:00 UTC 400 200 2 of 7" in text(page)


def test_a_metric_of_the_model_is_drawn_and_told_in_numbers(exporter) -> None:
    page = text(get(exporter, f"{MODEL}?metric=ml_window_rows"))

    assert "Numbers of ml_window_rows Window ends input prediction" in page
    assert "2024-05-03 04:00 UTC 400 400 2024-05-02 04:00 UTC 200 200" in page
    assert exporter.http.get(f"{MODEL}?metric=ml_nothing").status_code == 422


def test_a_column_shows_both_distributions_and_the_sentence(exporter) -> None:
    page = text(get(exporter, DELAY))

    assert re.search(r"delay  ?has [\d.]+ % values never seen before .* and has mean 2\d\.", page)
    assert re.search(r"PSI [\d.]+ 0.1 [\d.]+ yes", page)
    assert "Most changed:" in page
    assert re.search(r"rows 12,000 400", page)


def test_a_column_says_since_when_it_is_so(exporter, baseline) -> None:
    assert "So since" not in text(get(exporter, DELAY))
    for number, at in ((63, "2024-05-03"), (64, "2024-05-04")):
        send_day(exporter, baseline, at, day(number, delay=np.asarray(day(number)["delay"]) + 30))
        exporter.at(f"{at[:-1]}{int(at[-1]) + 1}T06:00:00-04:00")

    assert "So since the window up to 2024-05-03 04:00 UTC." in text(get(exporter, DELAY))


def test_an_earlier_window_can_be_chosen(exporter) -> None:
    first = 1714622400  # midnight of 2 May in New York
    page = text(get(exporter, f"{DELAY}?end={first}"))

    assert "delay has not drifted" in page
    assert "`" not in page
    assert exporter.http.get(f"{DELAY}?end=5").status_code == 404


def test_a_segment_can_be_chosen(exporter) -> None:
    page = get(exporter, DELAY)
    assert "segment=origin&amp;value=JFK" in page

    jfk = text(get(exporter, f"{DELAY}?segment=origin&value=JFK"))
    assert re.search(r"rows 6,0?\d\d|rows 5,9\d\d", jfk)


def test_values_from_outside_cannot_bring_markup(exporter) -> None:
    page = get(exporter, f"{MODEL}/columns/carrier")

    assert "<b>new</b>" not in page
    assert "&lt;b&gt;new" in page


def test_no_page_runs_what_is_not_ours(exporter) -> None:
    for address in ("/", MODEL, DELAY):
        answer = exporter.http.get(address)
        assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
        assert not re.search(r"(src|href)=\"(https?:)?//", answer.text)
        assert "style=" not in answer.text
    for name in ("charts.js", "evidence.css", "uPlot.iife.min.js", "uPlot.min.css"):
        with exporter.http.get(f"/static/{name}") as answer:
            assert answer.status_code == 200


def test_what_is_not_there_is_a_clear_answer(exporter) -> None:
    assert exporter.http.get("/models/travel/nothing").status_code == 404
    assert exporter.http.get(f"{MODEL}/columns/nothing").status_code == 404
    assert "never profiled" in exporter.http.get(f"{MODEL}/columns/late").json["detail"]


def test_a_model_without_any_data_says_so(make_exporter) -> None:
    one = make_exporter(FULL)
    one.at("2024-05-01T06:00:00-04:00")

    assert "travel/arrival-delay waiting" in text(get(one, "/"))
    assert "No history yet." in text(get(one, MODEL))
    assert "No rows have come yet." in text(get(one, DELAY))


def test_a_column_without_a_reference_has_its_measures(make_exporter) -> None:
    from wolfpack.stats import bare_plan, profile

    one = make_exporter(FULL)
    one.at("2024-05-01T06:00:00-04:00")
    rows = pa.table({"delay": [1.0, 3.0, None]})
    one.send("/api/v1/profiles", profile(rows, plan=bare_plan(rows.schema)).to_bytes(), at="2024-05-01")
    one.at("2024-05-02T06:00:00-04:00")
    page = text(get(one, DELAY))

    assert "has no reference to be compared with" in page
    assert "mean 2" in page
