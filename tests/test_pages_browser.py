"""The evidence pages in a real Chromium: by click and by keyboard, with and without scripts, for everybody."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from urllib.parse import quote

import numpy as np
import pytest
from chromium import chromium, in_scheme
from conftest import FULL, NPM, Exporter
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.support.ui import Select, WebDriverWait
from sending import REFERENCE, send_day, send_predictions
from tables import day
from werkzeug.serving import make_server

pytestmark = pytest.mark.needs("chromium", "chromedriver")
FINDING = {
    "labels": {
        "project": "travel", "model": "arrival-delay", "role": "input", "metric": "ml_pane_rows", "detector": "auto",
    },
    "window_end": 1714708800, "score": -1.7, "expected": 400, "lower": 320, "upper": 480, "ready": 1,
}  # fmt: skip
MODEL = "/models/travel/arrival-delay"
ANOMALY = f"{MODEL}/anomalies/series?role=input&metric=ml_pane_rows&detector=auto"
PAGES = ("/", MODEL, f"{MODEL}/columns/delay", f"{MODEL}/columns/carrier", f"{MODEL}/anomalies", ANOMALY)


@pytest.fixture(scope="module")
def address(tmp_path_factory, baseline) -> Iterator[str]:
    """The address of an exporter with two days, of which the second moved, and with a finding."""
    folder = tmp_path_factory.mktemp("pages")
    one = Exporter(folder, FULL, f"sqlite:///{folder / 'ledger.db'}")
    one.at("2024-05-01T06:00:00-04:00")
    one.http.put(REFERENCE, data=baseline.to_bytes())
    send_day(one, baseline, "2024-05-01", day(61))
    send_predictions(one, baseline, "2024-05-01", day(61))
    one.at("2024-05-02T06:00:00-04:00")
    moved = np.asarray(day(62)["delay"]) + 30
    send_day(one, baseline, "2024-05-02", day(62, delay=moved, carrier=["new <b>"] * 200))
    one.at("2024-05-03T06:00:00-04:00")
    told = one.http.post("/api/v1/anomalies?project=travel&model=arrival-delay", json={"anomalies": [FINDING]})
    assert told.status_code == 200, told.text
    server = make_server("127.0.0.1", 0, one.http.application, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    one.close()


@pytest.fixture(scope="module")
def browser(tmp_path_factory) -> Iterator[WebDriver]:
    with chromium(tmp_path_factory.mktemp("chromium")) as found:
        yield found


def heading(browser: WebDriver) -> str:
    return browser.find_element(By.TAG_NAME, "h1").text


def click(browser: WebDriver, text: str) -> None:
    """Click the first link of this text, and wait for the page that it leads to."""
    before = browser.current_url
    browser.find_element(By.LINK_TEXT, text).click()
    WebDriverWait(browser, 10).until(lambda it: it.current_url != before)


def complaints(browser: WebDriver) -> list[str]:
    """Return what the browser logged since it was asked last: what the policy forbids, scripts that fail."""
    return [entry["message"] for entry in browser.get_log("browser") if entry["level"] in ("WARNING", "SEVERE")]


def test_clicks_lead_from_the_fleet_to_a_model_a_column_and_an_anomaly(browser, address) -> None:
    browser.get(address)
    assert heading(browser) == "Models"
    click(browser, "travel/arrival-delay")
    assert heading(browser) == "travel/arrival-delay"
    click(browser, "delay")
    assert "/columns/delay" in browser.current_url
    widest = {
        drawn: max(bar.size["width"] for bar in browser.find_elements(By.CSS_SELECTOR, f"svg rect.{drawn}"))
        for drawn in ("before", "now")
    }
    assert widest["now"] > widest["before"] > 10  # the day moved wholly into one bin
    click(browser, "arrival-delay")
    click(browser, "What detectors watch")
    click(browser, "ml_pane_rows")
    assert heading(browser) == "ml_pane_rows input"
    assert browser.find_element(By.CSS_SELECTOR, ".plot canvas").size["height"] > 100

    assert complaints(browser) == []


def test_the_form_of_the_fleet_filters(browser, address) -> None:
    browser.get(address)
    Select(browser.find_element(By.NAME, "state")).select_by_visible_text("late")
    browser.find_element(By.XPATH, "//button[text()='Filter']").click()
    WebDriverWait(browser, 10).until(lambda it: "state=late" in it.current_url)

    assert "No model fits the filter." in browser.find_element(By.TAG_NAME, "main").text


def test_headings_of_the_fleet_sort_by_click_and_by_key(browser, address) -> None:
    browser.get(address)
    click(browser, "Owner")
    heading = browser.find_element(By.XPATH, "//th[@aria-sort='ascending']/a")
    assert heading.text == "Owner"
    heading.send_keys(Keys.ENTER)
    WebDriverWait(browser, 10).until(lambda it: "sort=-owner" in it.current_url)

    assert browser.find_element(By.XPATH, "//th[@aria-sort='descending']/a").text == "Owner"
    assert "arrival-delay" in browser.find_element(By.CSS_SELECTOR, "tbody").text


def test_an_anomaly_shows_why_it_fired_and_how_it_is_judged(browser, address) -> None:
    browser.get(address + quote(ANOMALY, safe="/?&="))
    text = browser.find_element(By.TAG_NAME, "main").text

    assert "below what it expected, 400: evidence -1.7" in text
    assert "wolfpack feedback SPEC --url http://127.0.0.1" in text
    assert 'ALERTS{alertname="ModelAnomaly"' in text


def test_the_keyboard_skips_to_the_content(browser, address) -> None:
    browser.get(address)
    browser.switch_to.active_element.send_keys(Keys.TAB)
    focused = browser.switch_to.active_element

    assert focused.text == "Skip to content"
    assert focused.location["x"] >= 0
    focused.send_keys(Keys.ENTER)
    assert browser.current_url.endswith("#main")


def test_without_scripts_the_numbers_are_there(browser, address) -> None:
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.get(f"{address}{MODEL}/columns/delay")
        browser.find_element(By.TAG_NAME, "summary").click()

        assert browser.find_elements(By.TAG_NAME, "canvas") == []
        assert browser.find_element(By.CSS_SELECTOR, "details table").is_displayed()
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


@pytest.mark.needs("axe-core")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_that_keeps_people_out(browser, address, scheme: str) -> None:
    """Contrast, names of controls, order of headings, regions: https://dequeuniversity.com/rules/axe/."""
    in_scheme(browser, scheme)
    axe = (NPM / "axe-core" / "axe.min.js").read_text()
    found = {}
    for page in PAGES:
        browser.get(address + quote(page, safe="/?&="))
        browser.execute_script(axe)
        result = browser.execute_async_script("axe.run().then(arguments[0])")
        for one in result["violations"]:
            found[page, one["id"]] = [node["html"][:120] for node in one["nodes"]][:3]

    assert found == {}
    browser.execute_script("document.body.append(document.createElement('img'))")
    again = browser.execute_async_script("axe.run().then(arguments[0])")
    assert "image-alt" in {one["id"] for one in again["violations"]}


