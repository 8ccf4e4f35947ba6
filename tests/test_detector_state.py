"""The sidecar's state on disk: a cache that changes no score, and faults of time and of the other side."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
import requests
from detector_cases import Clock, Ledger, ledger, service
from hypothesis import given, settings
from hypothesis import strategies as st
from tables import day, inputs
from test_detect_command import MODEL, SPEC, once, register, rows_of, send
from test_sidecar import COLUMN_MEAN, DAY, FIRST, LABELS, MEAN, history, points, spec

from wolfpack.cli.flights_replay import set_clock
from wolfpack.detectors import ExporterSink, ExporterSource, Memory, Service, StateFile, run_once, watches
from wolfpack.detectors.agenda import REVISIONS
from wolfpack.rules.process import free_port, running
from wolfpack.stats import profile

OTHER = LABELS | {"column": "other"}
TWO = {
    "metric": COLUMN_MEAN.name,
    "role": "prediction",
    "skip": ["2026-02-01", "2026-02-03"],
    "holidays": ["US"],
}


def kept(
    tmp_path: Path, exporter: Ledger, clock: Clock | None = None, origin: str = "1 here", **more
) -> Service:
    its = more.pop("spec", spec(MEAN))
    return service(exporter, its, clock=clock, state=StateFile(tmp_path / "state", origin), **more)


def asked(exporter: Ledger) -> list[bool]:
    """Return of each request for values whether it was for changes alone."""
    return [
        "changed" in params for _, params in exporter.asked if params["match"].startswith(COLUMN_MEAN.name)
    ]


def test_after_a_restart_only_what_changed_is_read_and_judged(tmp_path: Path) -> None:
    exporter, clock = ledger(), Clock()
    first = kept(tmp_path, exporter, clock)
    first.cycle()
    first.keep()
    exporter.asked.clear()
    exporter.sent.clear()
    idle = kept(tmp_path, exporter, clock).cycle()
    sent_idle = list(exporter.sent)
    exporter.series[COLUMN_MEAN.name] = [(LABELS, points([*history(), 300.0]))]
    clock.now += 3600
    news = kept(tmp_path, exporter, clock).cycle()

    assert asked(exporter) == [True, True]
    assert (sent_idle, idle.scored, idle.runs[0].unchanged) == ([], 0, 1)
    assert [alarm.window_end for alarm in news.alarms] == [FIRST + 81 * DAY]


def test_what_was_not_delivered_is_sent_after_the_restart(tmp_path: Path) -> None:
    exporter = ledger()
    exporter.send = lambda *_args, **_more: (_ for _ in ()).throw(OSError("no way"))  # type: ignore[method-assign]
    first = kept(tmp_path, exporter)
    assert first.cycle().errors
    first.keep()
    again = ledger()
    kept(tmp_path, again).cycle()

    assert asked(again) == [True]
    assert len(again.rows) == 1


STEPS = st.lists(
    st.tuples(st.integers(0, 79), st.sampled_from([0.0, 55.0, 104.0, 300.0, float("nan")]), st.booleans()),
    min_size=1,
    max_size=6,
)


@settings(deadline=None, max_examples=25)
@given(STEPS)
def test_restarts_with_and_without_state_change_no_score(tmp_path_factory, steps) -> None:
    """Days are corrected and the sidecar is restarted: each time its findings are those of one that knows nothing."""
    folder = tmp_path_factory.mktemp("state")
    values, exporter, clock = history(), ledger(), Clock()
    its = kept(folder, exporter, clock)
    its.cycle()
    for number, (place, value, restart) in enumerate(steps):
        values[place] = value
        rows = points(values)
        rows[place][2] = clock.now + number
        exporter.series[COLUMN_MEAN.name] = [(LABELS, rows)]
        if restart:
            its.keep()
            its = kept(folder, exporter, clock)
        clock.now += 3600
        exporter.sent.clear()
        its.detect()
        anew = Ledger(**exporter.series)
        run_once([spec(MEAN)], ExporterSource(anew), ExporterSink(anew))
        assert exporter.rows == anew.rows


def test_everything_that_is_kept_comes_back(tmp_path: Path) -> None:
    bad = (LABELS | {"column": "bad"}, [["soon", 1.0, 0]])
    values = np.array(history())
    values[[3, 7]] = np.nan, 1e308
    exporter = ledger(values.tolist())
    exporter.series[COLUMN_MEAN.name] += [bad, (OTHER, points([1.0]))]
    first = kept(tmp_path, exporter, spec=spec(TWO))
    first.cycle()
    first._memory.tracks(watches(spec(TWO))[0])[0].fresh = True
    first.keep()
    again = Memory(ExporterSource(ledger()))
    found = StateFile(tmp_path / "state", "1 here").restore(again, first._memory.shelves)

    assert found == 1
    ((watch, shelf),) = (
        (one, its) for one, its in first._memory.shelves.items() if one.metric == COLUMN_MEAN.name
    )
    back = again.shelves[watch]
    assert (back.read, back.seen, list(back.tracks)) == (shelf.read, shelf.seen, list(shelf.tracks))
    for identity, track in shelf.tracks.items():
        one = back.tracks[identity]
        assert (one.labels, one.fault, one.fresh) == (track.labels, track.fault, track.fresh)
        assert one.times.tobytes() == track.times.tobytes()
        assert one.values.tobytes() == track.values.tobytes()
    assert [track.fresh for track in shelf.tracks.values()] == [True, False, False]


def test_the_same_watch_has_the_same_name_in_another_process(tmp_path: Path) -> None:
    """Sets of dates are in another order there."""
    code = (
        "from test_sidecar import *; from wolfpack.detectors.state_file import _name; import sys\n"
        f"print(_name(watches(spec({TWO!r}))[0]))"
    )
    names = [
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(__file__).parent,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2", "3")
    ]  # fmt: skip

    assert len(set(names)) == 1
    assert '"2026-02-01"' in names[0]


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"origin": "2 here"}, "another release or source"),
        ({"spec": spec(MEAN | {"season": "14d"})}, "another watch"),
        ({"spec": spec(MEAN | {"direction": "up"})}, "another policy"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_a_state_of_something_else_is_not_used(tmp_path: Path, change: dict, what: str) -> None:
    first = kept(tmp_path, ledger())
    first.cycle()
    first.keep()
    again = ledger()
    kept(tmp_path, again, **change).cycle()

    assert (asked(again), len(again.rows)) == ([False], 1), what


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "other", "head"])
def test_a_damaged_state_is_told_and_read_anew(tmp_path: Path, damage: str, caplog) -> None:
    first = kept(tmp_path, ledger())
    first.cycle()
    first.keep()
    whole = (tmp_path / "state").read_bytes()
    half = len(whole) // 2
    (tmp_path / "state").write_bytes(
        {
            "cut": whole[:half],
            "flipped": whole[:half] + bytes([whole[half] ^ 1]) + whole[half + 1 :],
            "empty": b"",
            "other": b"PK\x03\x04 something\n else",
            "head": whole[:40] + b"\xff" + whole[41:],
        }[damage]
    )
    again = ledger()
    with caplog.at_level(logging.WARNING):
        report = kept(tmp_path, again).cycle()

    assert (asked(again), report.scored, report.errors) == ([False], 1, ())
    assert "is not used, everything is read anew" in caplog.text


def test_a_state_that_cannot_be_written_is_told_and_stops_nothing(tmp_path: Path, caplog) -> None:
    (tmp_path / "state.new").mkdir()
    its = kept(tmp_path, ledger())
    with caplog.at_level(logging.WARNING):
        report = its.cycle()
        its.keep()

    assert report.scored == 1
    assert "was not written" in caplog.text


def test_the_state_is_for_the_owner_alone_and_written_now_and_then(tmp_path: Path) -> None:
    exporter, clock = ledger(), Clock()
    its = kept(tmp_path, exporter, clock)
    its.cycle()
    early = (tmp_path / "state").exists()
    clock.now += REVISIONS[1]
    its.cycle()

    assert not early
    assert oct((tmp_path / "state").stat().st_mode & 0o777) == "0o600"
    assert [path.name for path in tmp_path.iterdir()] == ["state"]


# --- time, and the other side


@pytest.mark.parametrize("jump", [-400 * DAY, -2 * 3600.0, 400 * DAY])
def test_a_clock_that_jumps_stops_no_look_and_changes_no_score(jump: float) -> None:
    exporter, clock = ledger(), Clock()
    its = service(exporter, clock=clock)
    before = its.detect().runs[0].newest
    clock.now += jump
    exporter.series[COLUMN_MEAN.name] = [(LABELS, points([*history(), 300.0]))]
    found = []
    for _ in range(3):
        clock.now += REVISIONS[1]
        found += its.cycle().alarms
    plain = Ledger(**exporter.series)
    run_once([spec(MEAN)], ExporterSource(plain), ExporterSink(plain))

    assert before == FIRST + 80 * DAY
    assert [alarm.score for alarm in found] == [plain.rows[0]["score"]]


def test_a_counter_that_begins_anew_is_an_alarm_and_then_learnt() -> None:
    """A total that is reset to nothing: told once, judged on, and no error."""
    growth = 100.0 + np.random.default_rng(7).normal(size=140)
    total = np.cumsum(growth)
    total[100:] -= total[99]
    alarms = []
    for n in range(95, 141):
        exporter = ledger(total[:n].tolist())
        report = run_once([spec(MEAN)], ExporterSource(exporter), ExporterSink(exporter))
        assert report.errors == ()
        alarms += [n - 1 for alarm in report.alarms if alarm.score < -1]

    assert alarms[0] == 100
    assert alarms[-1] < 120


def test_a_renamed_column_leaves_no_score_behind_and_begins_anew(registered, baseline) -> None:
    """What is gone is not judged again, and what came instead is not compared with it."""

    class Door:
        def get(self, path, params=None):
            answer = registered.http.get(path, query_string=params)
            assert answer.status_code == 200, answer.text
            return answer.json

        def send(self, method, path, params, body, content_type, key=None):
            answer = registered.http.post(path, data=body, query_string=params, content_type=content_type)
            assert answer.status_code < 300, answer.text

    def cycle():
        specs = [spec({"metric": "ml_pane_mean", "role": "input"}, model="arrival-delay")]
        return run_once(specs, ExporterSource(Door()), ExporterSink(Door()))

    def tell(number: int, rename: dict, **changes) -> None:
        table = inputs(day(number, 200, **changes))
        table = table.rename_columns([rename.get(name, name) for name in table.column_names])
        at = np.datetime64("2024-03-01") + number
        body = profile(table, baseline=baseline).to_bytes()
        assert registered.send("/api/v1/profiles", body, at=str(at), role="input").status_code == 200
        registered.at(f"{at + 1}T06:10:00-04:00")

    def shown(column: str) -> float | None:
        return registered.value("ml_anomaly_score", **WHERE, column=column)

    tell(61, {}, delay=[1e6] * 200, dep_delay=[1.0] * 200)
    cycle()
    before = shown("delay")
    tell(62, {"delay": "arrival_delay"})
    report = cycle()

    assert before == 100.0
    assert report.errors == ()
    assert shown("delay") is None
    assert shown("arrival_delay") is None


WHERE = {"role": "input", "metric": "ml_pane_mean", "detector": "seasonal_esd"}


@contextmanager
def exporter_at(port: int, folder: Path, specs: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = [
        sys.executable, "-m", "wolfpack.cli", "serve", "--spec", str(specs), "--replay",
        "--ledger", f"sqlite:///{folder / 'ledger.db'}", "--listen", f"127.0.0.1:{port}",
    ]  # fmt: skip
    with running(command, f"http://127.0.0.1:{port}", "/-/healthy", folder / "exporter.log") as process:
        yield process


def test_a_killed_exporter_that_comes_back_and_a_restarted_sidecar_change_no_score(tmp_path: Path) -> None:
    specs, port = tmp_path / "specs", free_port()
    specs.mkdir()
    (specs / "m.yml").write_text(SPEC)
    url, own = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{free_port()}"
    sidecar = [
        sys.executable, "-m", "wolfpack.cli", "detect", "--spec", str(specs), "--source", f"exporter={url}",
        "--listen", own[7:], "--interval", "3600", "--state", str(tmp_path / "state"),
    ]  # fmt: skip

    def look() -> dict:
        return requests.post(f"{own}/api/v1/detections", params=MODEL, timeout=60).json()

    with exporter_at(port, tmp_path, specs) as first:
        set_clock(url, datetime.fromisoformat("2024-05-01T06:00:00-04:00"))  # a replay's clock is set by hand
        baseline = register(url)
        with running(sidecar, own, "/-/healthy", tmp_path / "detect.log"):
            send(url, baseline, 60, rows_of(60))
            fine = look()
            first.kill()
            first.wait()
            down = look()
            with exporter_at(port, tmp_path, specs):
                set_clock(url, datetime.fromisoformat("2024-05-01T06:10:00-04:00"))
                send(url, baseline, 61, 900)
                back = look()
        with exporter_at(port, tmp_path, specs):
            set_clock(url, datetime.fromisoformat("2024-05-02T06:10:00-04:00"))
            with running(sidecar, own, "/-/healthy", tmp_path / "detect.log"):
                again = look()
            anew = once(url, specs)

    log = (tmp_path / "detect.log").read_text()
    assert (fine["scored"], fine["errors"]) == (1, [])
    assert down["scored"] == 0
    assert len(down["errors"]) == 1
    assert "travel/arrival-delay: detect[0]" in down["errors"][0]
    assert (back["scored"], back["errors"]) == (1, [])
    assert back["alarms"][0]["score"] > 1
    assert again["alarms"] == back["alarms"]
    assert f"alarm: score {back['alarms'][0]['score']:.2f}" in anew.stdout
    assert "0 watches go on from the state on disk" in log
    assert "1 watches go on from the state on disk" in log
