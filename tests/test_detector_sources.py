"""Where the sidecar reads: real Prometheus and VictoriaMetrics over a made history, and servers that misbehave."""

from __future__ import annotations

import json
import math
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests

from wolfpack.client.transport import ServiceError
from wolfpack.detectors import Deadline, DeadlinePassed, PrometheusApi, PrometheusSource, Watch
from wolfpack.detectors import prometheus_api as api_module
from wolfpack.detectors import prometheus_source as source_module
from wolfpack.rules.process import free_port, running
from wolfpack.spec import names

DAY, SCRAPE = 86_400, 240
NOW = (int(time.time()) // DAY - 1) * DAY
"""The history ends here: a midnight that is past, since VictoriaMetrics keeps no future."""
MODEL = {"project": "travel", "model": "delay"}
Shown = tuple[str, dict[str, str], Callable[[int], float | None]]
"""A family, the labels of one of its series, and what a scrape at a time finds, None for nothing."""


def watch(metric: names.Family, every: float = DAY, **more) -> Watch:
    return Watch(**MODEL, metric=metric.name, method="seasonal_esd", every_seconds=every, **more)


def lines(shown: list[Shown], first: int, last: int, stamp: Callable[[int], str]) -> Iterator[str]:
    """Yield what scrapes found, as text with times; samples of a family together, those of a series in order."""
    for name, labels, value in shown:
        text = ",".join(f"{key}={json.dumps(its)}" for key, its in {**MODEL, **labels}.items())
        for at in range(first, last + 1, SCRAPE):
            found = value(at)
            if found is not None:
                yield f"{name}{{{text}}} {found!r} {stamp(at)}\n"


@contextmanager
def prometheus(folder: Path, shown: list[Shown], first: int, last: int = NOW) -> Iterator[str]:
    text = folder / "samples.om"
    text.write_text("".join(lines(sorted(shown, key=lambda one: one[0]), first, last, str)) + "# EOF\n")
    data = folder / "data"
    data.mkdir()
    subprocess.run(
        ["promtool", "tsdb", "create-blocks-from", "openmetrics", "--max-block-duration=2400h", "-q", text, data],
        check=True,
        capture_output=True,
    )
    (folder / "prometheus.yml").write_text("global: {}\n")
    url = f"http://127.0.0.1:{free_port()}"
    command = [
        "prometheus", f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={data}",
        "--storage.tsdb.retention.time=100y", f"--web.listen-address={url[7:]}", "--log.level=warn",
    ]  # fmt: skip
    with running(command, url, "/-/ready", folder / "prometheus.log"):
        yield url


@contextmanager
def victoriametrics(folder: Path, shown: list[Shown], first: int, last: int = NOW) -> Iterator[str]:
    url = f"http://127.0.0.1:{free_port()}"
    command = [
        "victoria-metrics", f"-storageDataPath={folder / 'vm'}", "-retentionPeriod=10y", f"-httpListenAddr={url[7:]}",
        "-loggerLevel=ERROR", "-storage.minFreeDiskSpaceBytes=1",
    ]  # fmt: skip
    with running(command, url, "/health", folder / "vm.log"):
        body = "".join(lines(shown, first, last, lambda at: str(1000 * at)))
        requests.post(f"{url}/api/v1/import/prometheus", data=body.encode(), timeout=60).raise_for_status()
        requests.get(f"{url}/internal/force_flush", timeout=60).raise_for_status()
        yield url


SERVERS = [
    pytest.param(prometheus, {}, id="prometheus", marks=pytest.mark.needs("prometheus", "promtool")),
    pytest.param(victoriametrics, {"nocache": "1"}, id="victoriametrics", marks=pytest.mark.needs("victoria-metrics")),
]


def end_of(at: int) -> float:
    """Return the end of the newest window that is shown: from 06:00 on yesterday's, which ended at midnight."""
    return float((at - 6 * 3600) // DAY * DAY)


def mean_of(at: int) -> float | None:
    """Return what is shown of a column: wrong until 18:00 on the tenth day, withdrawn on the twelfth."""
    day = int(end_of(at) - (NOW - 20 * DAY)) // DAY
    if day == 12:
        return None
    return 1000.0 if day == 10 and (at - 6 * 3600) % DAY < 12 * 3600 else 50.0 + day


HISTORY: list[Shown] = [
    (names.COLUMN_MEAN.name, {"role": "input", "column": "a", "instance": "pod-1"},
     lambda at: mean_of(at) if at < NOW - 5 * DAY else None),
    (names.COLUMN_MEAN.name, {"role": "input", "column": "a", "instance": "pod-2"},
     lambda at: mean_of(at) if at >= NOW - 5 * DAY else None),
    (names.COLUMN_MEAN.name, {"role": "input", "column": "b", "instance": "pod-1"}, lambda at: math.nan),
    (names.COLUMN_MEAN.name, {"role": "input", "column": "a", "segment": "origin", "segment_value": "JFK"}, end_of),
    (names.COLUMN_MEAN.name, {"role": "input", "column": "a", "version": "7"}, end_of),
    (names.ROC_AUC.name, {}, lambda at: 0.8),
    (names.WINDOW_END.name, {"role": "input", "instance": "pod-1"}, end_of),
    (names.WINDOW_END.name, {"role": "prediction"}, end_of),
]  # fmt: skip


@pytest.mark.parametrize(("server", "extra"), SERVERS)
def test_each_window_end_is_one_point_at_that_time(tmp_path: Path, server, extra) -> None:
    """With the value shown last; a withdrawn one is null, a pod's name no new series, NaN no value."""
    first = NOW - 20 * DAY + 6 * 3600
    with server(tmp_path, HISTORY, first) as url:
        source = PrometheusSource(PrometheusApi(url, extra=extra), 25 * DAY, clock=lambda: float(NOW))
        found = {one.labels["column"]: one for one in source.series(watch(names.COLUMN_MEAN))}
        quality = source.series(watch(names.ROC_AUC))
        windows = source.series(watch(names.COLUMN_MEAN, role="input").of_windows)
        later = source.series(watch(names.COLUMN_MEAN, columns=("a",)), changed=float(NOW - 2 * DAY))

    ends = [float(NOW - 20 * DAY + day * DAY) for day in range(20)]
    values = [None if day == 12 else 50.0 + day for day in range(20)]
    assert [point[:2] for point in found["a"].points] == [list(one) for one in zip(ends, values, strict=True)]
    assert found["a"].labels == MODEL | {"role": "input", "column": "a"}
    assert all(point[1] is None for point in found.get("b", found["a"]).points) == ("b" in found)
    assert [point[:2] for one in windows for point in one.points] == [[end, end] for end in ends]
    assert [point[:2] for one in quality for point in one.points] == [[end, 0.8] for end in ends]
    assert [point[:2] for one in later for point in one.points] == [
        list(one) for one in zip(ends[-3:], values[-3:], strict=True)
    ]


@pytest.mark.parametrize(("server", "extra"), SERVERS)
def test_a_long_history_comes_in_pieces_and_whole(tmp_path: Path, server, extra) -> None:
    """15 days in steps of 37.5 s are 34,561 points, where Prometheus gives 11,000."""

    def five_minutes(at: int) -> float:
        return float(at // 300 * 300)

    first = NOW - 3 * DAY
    shown: list[Shown] = [
        (names.PANE_ROWS.name, {"role": "input"}, lambda at: five_minutes(at) % 1000),
        (names.WINDOW_END.name, {"role": "input"}, five_minutes),
    ]
    with server(tmp_path, shown, first) as url:
        source = PrometheusSource(PrometheusApi(url, extra=extra), clock=lambda: float(NOW))
        (found,) = source.series(watch(names.PANE_ROWS, every=300))

    ends = sorted({five_minutes(at) for at in range(first, NOW + 1, SCRAPE)})
    assert [point[:2] for point in found.points] == [[end, end % 1000] for end in ends]
    assert len(ends) > 700


@pytest.mark.needs("prometheus", "promtool")
def test_more_series_than_are_watched_are_refused_before_they_are_read(tmp_path: Path) -> None:
    shown: list[Shown] = [
        (names.COLUMN_MEAN.name, {"role": "input", "column": f"c{number}"}, lambda at: 1.0) for number in range(2_001)
    ]
    with prometheus(tmp_path, shown, NOW - 2 * SCRAPE) as url:
        source = PrometheusSource(PrometheusApi(url), clock=lambda: float(NOW))
        with pytest.raises(ServiceError, match=r"finds 2,001 series, more than the 2,000 .* name role or columns"):
            source.series(watch(names.COLUMN_MEAN))

        assert len(source.series(watch(names.COLUMN_MEAN, columns=("c7",)))) == 0  # no window end, so no point


@pytest.mark.needs("prometheus", "promtool")
def test_a_query_that_is_refused_is_told_in_its_words(tmp_path: Path) -> None:
    with prometheus(tmp_path, HISTORY[-1:], NOW - 2 * SCRAPE) as url:
        with pytest.raises(ServiceError, match=r"400 bad_data: .*parse error"):
            PrometheusApi(url).instant("max by (", NOW, Deadline())
        with pytest.raises(ServiceError, match=r"exceeded maximum resolution of 11,000"):
            PrometheusApi(url).range("up", 0.0, 1e6, 1.0, Deadline())


# --- servers that do not play along


class Answers(BaseHTTPRequestHandler):
    """Answers every POST with what the test says, slowly if it says so."""

    body, status, drop = b"", 200, 0.0

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(self.status)
        self.end_headers()
        try:
            for first in range(0, len(self.body), max(1, len(self.body) // 20)):
                self.wfile.write(self.body[first : first + max(1, len(self.body) // 20)])
                self.wfile.flush()
                time.sleep(self.drop)
        except OSError:
            pass  # the reader went away, as it should

    def log_message(self, *_args) -> None:
        pass


@contextmanager
def answering(body: bytes, status: int = 200, drop: float = 0.0) -> Iterator[str]:
    handler = type("Handler", (Answers,), {"body": body, "status": status, "drop": drop})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def good(**more) -> bytes:
    result = [{"metric": {}, "value": [1.0, "1"]}]
    return json.dumps({"status": "success", "data": {"resultType": "vector", "result": result}} | more).encode()


def test_a_server_that_is_not_there_is_an_error_that_says_so() -> None:
    with pytest.raises(ServiceError, match=r"127\.0\.0\.1:\d+/api/v1/query .*no answer"):
        PrometheusApi(f"http://127.0.0.1:{free_port()}").instant("up", 1.0, Deadline())


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (good(warnings=["store 10.0.0.7 is not reachable"]), r"not whole .*10\.0\.0\.7.*nothing is judged"),
        (good(isPartial=True), r"not whole \(isPartial\)"),
        (b"<html>login</html>", r"200, not an answer of Prometheus: '<html>"),
        (b'{"status": "success"}', "not an answer of Prometheus"),
        (b'{"status": "success", "data": {"result": [7]}}', "not an answer of Prometheus"),
        (b'{"status": "error", "errorType": "timeout", "error": "query timed out"}', "timeout: query timed out"),
        (b"", "not an answer of Prometheus"),
    ],
)
def test_an_answer_that_is_not_whole_is_an_error(body: bytes, says: str) -> None:
    with answering(body) as url, pytest.raises(ServiceError, match=says):
        PrometheusApi(url).instant("up", 1.0, Deadline())


def test_a_good_answer_with_infos_is_taken() -> None:
    with answering(good(infos=["metric might not be a counter"], isPartial=False)) as url:
        assert PrometheusApi(url).instant("up", 1.0, Deadline())[0][2].tolist() == [1.0]


def test_a_server_that_answers_by_drops_meets_the_deadline() -> None:
    begun = time.monotonic()
    with answering(good(padding="x" * 10_000_000), drop=0.5) as url, pytest.raises(DeadlinePassed):
        PrometheusApi(url).instant("up", 1.0, Deadline.after(1.0))

    assert time.monotonic() - begun < 5


def test_no_request_is_begun_after_the_deadline() -> None:
    with pytest.raises(DeadlinePassed):
        PrometheusApi("http://127.0.0.1:1").instant("up", 1.0, Deadline.after(0.0))


def test_an_answer_that_would_fill_the_memory_is_refused(monkeypatch) -> None:
    monkeypatch.setattr(api_module, "MAX_BODY", 1 << 20)
    with answering(good(padding="x" * (2 << 20))) as url, pytest.raises(ServiceError, match="over 1 MiB"):
        PrometheusApi(url).instant("up", 1.0, Deadline())


def test_points_asked_for_at_once_are_fewer_than_a_server_gives() -> None:
    assert source_module.POINTS < 11_000
