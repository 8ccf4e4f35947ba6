"""What the pages show of live services runs as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from wolfpack.client.monitor import Monitor
from wolfpack.rules import Timing
from wolfpack.spec import Live, load

ROOT = Path(__file__).parent.parent


def blocks(page: str, kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", (ROOT / page).read_text(), re.DOTALL)


def shown(page: str) -> list[str]:
    return [block for block in blocks(page, "python") if "client.monitor import Monitor" in block]


@pytest.mark.parametrize("block", shown("README.md") + shown("docs/live.md"), ids=lambda block: block[:30])
def test_what_is_shown_runs_and_answers(block: str, tmp_path) -> None:
    """The exporter that it names is not there, which no service notices."""
    names: dict = {"__name__": "__main__"}
    exec(block.replace("/var/log/iris", str(tmp_path)).replace("http://exporter", "http://127.0.0.1"), names)
    monitor: Monitor = names["monitor"]
    if "app" in names:
        answer = names["app"].test_client().post("/predict", json={"petal_length": 3.0})
        assert answer.json == {"score": 1.5}
    else:
        predict = names.get("predict") or monitor.watch(lambda inputs: 1.5)
        assert predict({"petal_length": 3.0}) == 1.5
    assert monitor._worker is not None
    assert monitor.dropped == 0
    monitor._worker._stop.set()
    monitor._worker = None  # the part would wait for an exporter at the end


def test_the_spec_that_is_shown_loads(tmp_path) -> None:
    (tmp_path / "m.yml").write_text(blocks("docs/live.md", "yaml")[0])

    assert load(tmp_path / "m.yml").spec.live is not None


@pytest.mark.parametrize(
    "phrase",
    [
        f"Judged every {Timing().live_evaluation} s, held for {Timing().live_for} s, sent after "
        f"{Timing().live_group_wait} s",
        f"over {Live().outliers.warning:.0%} of the scored rows".replace("%", " %"),
        f"over {Live().errors.warning:.0%} of the calls".replace("%", " %"),
        f"Under `live.min_rows` ({Live().min_rows})",
        f"where these were {Live().traffic.min_rows} a window",
    ],
)
def test_numbers_are_those_of_the_code(phrase: str) -> None:
    assert phrase in (ROOT / "docs" / "live.md").read_text()
