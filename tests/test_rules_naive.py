"""Six situations in which the rule that one would write first is wrong, as is shown, and the generated one right."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from test_rules_examples import SHORT, loaded, run

from wolfpack.rules import generate, write
from wolfpack.spec import names

INPUT = 'project="shop", model="churn", role="input"'
PSI = f'{names.COLUMN_PSI}{{{INPUT}, column="age", baseline="reference"}}'
NOISE = PSI.replace(names.COLUMN_PSI.name, names.COLUMN_PSI_NOISE.name)
ROWS, USUAL = f"{names.PANE_ROWS}{{{INPUT}}}", f"{names.PANE_ROWS_TRAILING}{{{INPUT}}}"
DUE, END = f"{names.WINDOW_DUE}{{{INPUT}}}", f"{names.WINDOW_END}{{{INPUT}}}"
DAY = 1440
"""Minutes."""


@dataclass(frozen=True)
class Situation:
    """Series, when how many alerts must fire (minute: number), the alert, and the naive rule."""

    series: dict[str, str]
    fires: dict[int, int]
    alert: str
    naive: str
    hold: str = "2m"
    every: str = "1d"


def _pod(series: str, name: str) -> str:
    return series.replace("}", f', pod="{name}"}}')


SITUATIONS = {
    "a failed scrape resolves nothing": Situation(
        {PSI: "0.5x10 stale 0.5x20", NOISE: "0.05x10 stale 0.05x20"},
        {5: 1, 11: 1, 12: 1, 30: 1},
        "ModelColumnDrift", f"{names.COLUMN_PSI} > 0.1",
    ),
    "a gap of twelve minutes resolves nothing": Situation(
        {PSI: "0.5x10 _x12 0.5x20", NOISE: "0.05x10 _x12 0.05x20"},
        {5: 1, **dict.fromkeys(range(10, 40), 1)},
        "ModelColumnDrift", f"{names.COLUMN_PSI} > 0.1",
    ),
    "a pod that is renamed is the same alert": Situation(
        {_pod(PSI, "a"): "0.5x10 stale", _pod(NOISE, "a"): "0.05x10 stale",
         _pod(PSI, "b"): "_x11 0.5x20", _pod(NOISE, "b"): "_x11 0.05x20"},
        {5: 1, 11: 1, 15: 1, 20: 1, 25: 1},
        "ModelColumnDrift", f"last_over_time({names.COLUMN_PSI}[15m]) > 0.1",
    ),
    "a next pane that is late makes no second bad window": Situation(
        # One bad hour, which stands for 100 minutes: who waits for two bad hours by `for: 1h` is told of one.
        {PSI: "0.01x59 0.5x99 0.01x200", NOISE: "0.05x360"},
        {61: 0, 62: 1, 110: 1, 159: 1, 249: 1, 251: 0},
        "ModelColumnDrift", f"{names.COLUMN_PSI} > 0.1", "1h", "1h",
    ),
    "a daily gauge is not compared with yesterday": Situation(
        # Saturday has half of the rows, as every Saturday; Sunday loses half of what Sundays have.
        {ROWS: f"1000x{DAY - 1} 450x{DAY - 1} 200x{DAY - 1}", USUAL: f"1000x{DAY - 1} 440x{DAY - 1} 450x{DAY - 1}"},
        {DAY - 5: 0, DAY + 30: 0, 2 * DAY - 5: 0, 2 * DAY + 5: 1, 3 * DAY - 5: 1},
        "ModelRowsDropped", f"{names.PANE_ROWS} < 0.5 * ({names.PANE_ROWS} offset 1d)",
    ),
    "a day that is skipped is not late": Situation(
        # The window ends at midnight of the first day; nothing comes on the second, and it was not to.
        {END: f"0+0x{3 * DAY}", DUE: f"{(2 * DAY + 360) * 60}x{3 * DAY}"},
        {DAY + 400: 0, 2 * DAY + 300: 0, 2 * DAY + 359: 0, 2 * DAY + 363: 1},
        "ModelDataLate", f"time() - {names.WINDOW_END} > 86400 + 6 * 3600",
    ),
}  # fmt: skip


@pytest.mark.needs("promtool")
@pytest.mark.parametrize("situation", SITUATIONS.values(), ids=SITUATIONS)
def test_the_generated_rule_is_right_where_the_naive_one_is_not(tmp_path: Path, situation: Situation) -> None:
    spec = f"{SHORT}every: {situation.every}\nwindow: {'7h' if situation.every == '1h' else '7d'}\n"
    write(generate(loaded(tmp_path / "specs", spec)), tmp_path / "out")
    naive = {"alert": situation.alert, "expr": situation.naive, "for": situation.hold}
    (tmp_path / "naive.yml").write_text(yaml.safe_dump({"groups": [{"name": "naive", "rules": [naive]}]}))

    ours = judged(tmp_path / "out" / "rules" / "shop--churn.yml", situation)
    theirs = judged(tmp_path / "naive.yml", situation)

    assert ours == ""
    assert "expr: " in theirs


def judged(rules: Path, situation: Situation) -> str:
    """Return what promtool says of the rules in a situation; "" if the right number fires at each time."""
    expr = f'count(ALERTS{{alertname="{situation.alert}", alertstate="firing"}})'
    checks = [
        {"expr": expr, "eval_time": f"{minute}m", "exp_samples": [{"value": count}] if count else []}
        for minute, count in situation.fires.items()
    ]
    given = [{"series": series, "values": values} for series, values in situation.series.items()]
    test = {"interval": "1m", "input_series": given, "promql_expr_test": checks}
    file = rules.parent / "situation_test.yml"
    file.write_text(yaml.safe_dump({"rule_files": [rules.name], "evaluation_interval": "1m", "tests": [test]}))
    code, said = run(["promtool", "test", "rules", file])
    return said if code else ""
