"""The metrics page: what prometheus_client would render, in every format, from pieces that are kept."""

from __future__ import annotations

import itertools
import zlib

import pytest
from conftest import THREE_LINES, families_of
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.core import GaugeMetricFamily, HistogramMetricFamily, InfoMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from tables import day, inputs

from wolfpack.exporter import cells
from wolfpack.exporter.history import Shown
from wolfpack.exporter.model_part import registry_of
from wolfpack.exporter.page import Page, _Only
from wolfpack.exporter.shelf import Shelf
from wolfpack.spec import FAMILIES, names
from wolfpack.stats import profile

MODEL_FAMILIES = [
    one for one in FAMILIES.values() if one.labels[:2] == names.MODEL and one.type == "gauge"
]
"""What a model's histories hold; counters and histograms are collected anew at each scrape."""
ACCEPTS = (
    "",
    "*/*",
    "text/plain;version=0.0.4",
    "application/openmetrics-text",
    "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5",
    "text/plain;version=1.0.0;escaping=allow-utf-8",
    "application/openmetrics-text;version=1.0.0;escaping=dots",
    "text/plain;version=1.0.0;escaping=values",
    "application/openmetrics-text;version=2.0.0;escaping=underscores",
)
SCRAPE = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
"""What Prometheus 2.42 asks for."""
TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=6) | st.sampled_from(
    ['"', "\\", "\n", '\\"']
)
NUMBER = st.floats(allow_nan=True, allow_infinity=True) | st.integers(-(10**18), 10**18).map(float)


class Some(Collector):
    """A collector of these metrics."""

    def __init__(self, *metrics) -> None:
        self.metrics = metrics

    def collect(self):
        return list(self.metrics)


@st.composite
def series(draw, model: str):
    """Draw what one model of project p shows: some series of some families."""
    found = {}
    for family in draw(st.lists(st.sampled_from(MODEL_FAMILIES), max_size=5)):
        rest = st.tuples(*[TEXT for _ in family.labels[2:]])
        for labels in draw(st.lists(rest, max_size=4)):
            found[family.name, ("p", model, *labels)] = Shown(draw(NUMBER), None)
    return found


@st.composite
def own(draw):
    """Draw metrics of the service's own: names that are allowed and not, histograms, facts."""
    name = draw(st.sampled_from(["wolfpack_a", "wolfpack.b", "Wölfe"]))
    gauge = GaugeMetricFamily(name, draw(TEXT), labels=["k", draw(st.sampled_from(["l", "l.m"]))])
    for values in draw(st.lists(st.tuples(TEXT, TEXT), max_size=3)):
        gauge.add_metric(values, draw(NUMBER))
    buckets = HistogramMetricFamily("wolfpack_h_seconds", "h", buckets=[("1", 1), ("+Inf", 2)], sum_value=3)
    return Some(gauge, buckets, InfoMetricFamily("wolfpack_i", "i", {"x": draw(TEXT)}))


def put(shelf: Shelf, number: int, shown) -> None:
    shelf.make(shelf.draft(number, {"input": shown}))


def unpacked(body: bytes) -> tuple[bytes, int]:
    """Return a gzip body's content and the number of its members."""
    found, members = b"", 0
    while body:
        one = zlib.decompressobj(wbits=31)
        found, body, members = found + one.decompress(body), one.unused_data, members + 1
    return found, members


def check(page: Page, accept: str, only: list[str]) -> None:
    """The page is the library's, compressed and not, with the header that the library chooses."""
    encoder, content_type = choose_encoder(accept)
    everything = registry_of(_Only(page.everything, set(only))) if only else page.everything
    expected = encoder(everything)
    plain, headers = page.render(accept, "identity", only)
    packed, packed_headers = page.render(accept, "gzip, deflate", only)

    assert b"".join(plain) == expected
    assert unpacked(b"".join(packed))[0] == expected
    assert headers["Content-Type"] == packed_headers["Content-Type"] == content_type
    assert "Content-Encoding" not in headers
    assert packed_headers["Content-Encoding"] == "gzip"


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_the_page_is_what_the_client_library_renders(data) -> None:
    """In every format, whole or restricted, and again after any change of any model."""
    shelf = Shelf()
    page = Page(shelf, {"some": data.draw(own())})
    for number in data.draw(st.lists(st.integers(0, 3), min_size=1, max_size=5)):
        put(shelf, number, data.draw(series(f"m{9 - number}")))
        accept = data.draw(st.sampled_from(ACCEPTS))
        known = st.sampled_from([*FAMILIES, "wolfpack_a", "wolfpack_h_seconds_bucket", "none"])
        check(page, accept, data.draw(st.lists(known, max_size=3)))
        check(page, accept, [])


@pytest.mark.parametrize("accept", ACCEPTS)
def test_every_family_is_rendered_as_the_library_does(accept) -> None:
    shelf = Shelf()
    page = Page(shelf, {})
    for number in range(3):
        shown = {}
        for family in MODEL_FAMILIES:
            for value in ("b", 'a"\\\n', ""):
                labels = ("p", f"m{number}", *[value for _ in family.labels[2:]])
                shown[family.name, labels] = Shown(number + 0.5, 1)
        put(shelf, number, shown)

    check(page, accept, [])
    check(page, accept, [names.PANE_ROWS.name, names.COLLECTOR_SUCCESS.name])


def test_a_change_of_one_model_renders_no_other(monkeypatch) -> None:
    """Pieces of the others are kept, compressed, and so are those of the model that came out the same."""
    shelf = Shelf()
    page = Page(shelf, {})
    for number in range(4):
        shown = {
            (one.name, ("p", f"m{number}", *["x"] * (len(one.labels) - 2))): Shown(1, 1)
            for one in MODEL_FAMILIES
        }
        put(shelf, number, shown)
    page.render(SCRAPE, "gzip", [])
    packed: list[bytes] = []
    of = cells.Cell.of
    monkeypatch.setattr(cells.Cell, "of", lambda plain: packed.append(plain) or of(plain))
    changed = dict(shelf.shown(2))
    key = next(key for key in changed if key[0] == names.COLUMN_PSI.name)
    changed[key] = Shown(0.25, 2)
    put(shelf, 2, changed)
    check(page, SCRAPE, [])

    assert [line.split(b"{")[0] for line in packed] == [names.COLUMN_PSI.name.encode()]


def test_a_page_that_stands_still_is_put_together_once() -> None:
    shelf = Shelf()
    page = Page(shelf, {})
    put(shelf, 1, {(names.PANE_ROWS.name, ("p", "m", "", "input", "", "")): Shown(1, 1)})

    first, second = (page.render(SCRAPE, "gzip", [])[0][0] for _ in range(2))

    assert first is second


@pytest.mark.parametrize(
    ("accepted", "packed"),
    [
        ("gzip", True),
        ("deflate, gzip;q=0.5", True),
        ("*", True),
        ("", False),
        ("gzip;q=0", False),
        ("br", False),
    ],
)
def test_the_body_is_compressed_where_the_header_allows_it(exporter, accepted, packed) -> None:
    answer = exporter.http.get("/metrics", headers={"Accept-Encoding": accepted})

    assert (answer.headers.get("Content-Encoding") == "gzip") is packed
    assert int(answer.headers["Content-Length"]) == len(answer.data)
    assert (b"ml_model_info" in answer.data) is not packed


def test_a_collector_that_fails_is_left_out_and_says_so(caplog) -> None:
    class Broken(Collector):
        def collect(self):
            yield GaugeMetricFamily("wolfpack_half", "half", 1)
            raise OSError("the disk is gone")

    page = Page(Shelf(), {"broken": Broken(), "fine": Some(GaugeMetricFamily("wolfpack_fine", "fine", 1))})
    text = page.render("", "", [])[0][1].decode()

    assert "wolfpack_fine 1.0" in text
    assert "wolfpack_half" not in text
    found = [line for line in text.splitlines() if line.startswith(names.COLLECTOR_SUCCESS.name)]
    assert found == [
        'wolfpack_collector_success{collector="broken"} 0.0',
        'wolfpack_collector_success{collector="fine"} 1.0',
        'wolfpack_collector_success{collector="models"} 1.0',
    ]
    assert "the disk is gone" in caplog.text


def test_a_model_that_cannot_be_rendered_is_left_out_until_it_can(caplog) -> None:
    shelf = Shelf()
    page = Page(shelf, {})
    rows = names.PANE_ROWS.name
    put(shelf, 1, {(rows, ("p", "good", "", "input", "", "")): Shown(1, 1)})
    put(shelf, 2, {(rows, ("p", "bad", "", "input", "", "\ud800")): Shown(1, 1)})
    broken = b"".join(page.render("", "", [])[0]).decode()
    put(shelf, 2, {(rows, ("p", "bad", "", "input", "", "x")): Shown(1, 1)})
    mended = b"".join(page.render("", "", [])[0]).decode()

    assert ('model="good"' in broken, 'model="bad"' in broken) == (True, False)
    assert 'wolfpack_collector_success{collector="models"} 0.0' in broken
    assert ('model="good"' in mended, 'model="bad"' in mended) == (True, True)
    assert 'wolfpack_collector_success{collector="models"} 1.0' in mended
    assert "model 2 could not be rendered" in caplog.text


def test_the_page_has_process_metrics_and_nothing_beyond_the_catalogue(exporter) -> None:
    found = families_of(exporter.http.get("/metrics").text)

    assert "process_resident_memory_bytes" in found
    assert {name for name in found if not name.startswith("process_")} <= set(FAMILIES)


@pytest.mark.needs("prometheus")
def test_a_real_prometheus_reads_a_body_of_many_gzip_members(tmp_path) -> None:
    """Every series of every member arrives, with its value."""
    import requests

    from wolfpack.cli import servers

    specs = tmp_path / "specs"
    specs.mkdir()
    for name in ("a", "b", "c"):
        (specs / f"{name}.yml").write_text(THREE_LINES.replace("arrival-delay", name))
    body = profile(inputs(day(0)), by=["origin"]).to_bytes()
    with servers.exporter(tmp_path, specs, "--replay") as url:
        requests.post(f"{url}/-/clock", json={"now": "2024-05-02T06:00:00Z"}, timeout=10).raise_for_status()
        for name in ("a", "b", "c"):
            where = {"project": "travel", "model": name, "at": "2024-05-01", "role": "input"}
            requests.post(f"{url}/api/v1/profiles", params=where, data=body, timeout=10).raise_for_status()
        requests.post(f"{url}/-/clock", json={"now": "2024-05-02T07:00:00Z"}, timeout=10).raise_for_status()
        raw = requests.get(
            f"{url}/metrics", headers={"Accept": SCRAPE, "Accept-Encoding": "gzip"}, stream=True, timeout=10
        ).raw.read(decode_content=False)
        text, members = unpacked(raw)
        found = _scraped(tmp_path, url)
    expected = {
        line.rpartition(" ")[0].replace('=""', "")
        for line in text.decode().splitlines()
        if line.startswith("ml_")
    }

    assert members > 30
    assert len(expected) > 30
    assert len(found) == len(expected)
    rows = {
        labels["model"]: value
        for labels, value in found
        if labels["__name__"] == names.PANE_ROWS.name and "segment" not in labels
    }
    assert rows == {"a": "200", "b": "200", "c": "200"}


def _scraped(folder, url: str) -> list[tuple[dict[str, str], str]]:
    """Return labels and values of all our series that a real Prometheus has after a scrape."""
    import time

    import requests

    from wolfpack.cli import servers

    config = folder / "prometheus.yml"
    target = url.removeprefix("http://")
    config.write_text(
        "global: {scrape_interval: 1s}\n"
        f"scrape_configs: [{{job_name: wolfpack, static_configs: [{{targets: ['{target}']}}]}}]\n"
    )
    with servers.prometheus(folder, config) as prometheus:
        for _ in itertools.repeat(None, 60):
            query = {"query": '{__name__=~"ml_.*"} and on() (up == 1)'}
            answer = requests.get(f"{prometheus}/api/v1/query", params=query, timeout=10).json()["data"][
                "result"
            ]
            if answer:
                return [(one["metric"], one["value"][1]) for one in answer]
            time.sleep(0.5)
    raise AssertionError("Prometheus did not scrape the exporter within 30 s")
