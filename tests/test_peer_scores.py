"""Scores for teams that migrate: the numbers that Evidently 0.7.23 and NannyML 0.13.1 printed for the same rows."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from wolfpack.cli import main
from wolfpack.stats import peer_scores

LETTERS = ["a"] * 500 + ["b"] * 300 + ["c"] * 200, ["a"] * 200 + ["b"] * 150 + ["d"] * 50
SIDES: dict[str, tuple[Any, Any]] = {
    "line": (np.linspace(0, 10, 1000), np.linspace(1, 12, 500)),
    "letters": LETTERS,
    "few integers": (np.arange(1000.0) % 7, np.arange(500.0) % 9),
    "heavy tail": (np.exp(np.linspace(-3, 3, 2000)), np.exp(np.linspace(-2, 4, 300))),
    "a rare word": (["a"] * 99_999 + ["b"], ["a"] * 990 + ["c"] * 10),
    "the same words": (["a"] * 300 + ["b"] * 200 + ["c"] * 100, ["a"] * 140 + ["b"] * 110 + ["c"] * 50),
}
EVIDENTLY = {
    "line": {
        "psi": 1.7255102566, "jensenshannon": 0.3103225344, "kl_div": 0.7704707703, "hellinger": 0.3646721600,
        "wasserstein": 0.5190958866, "ks": 3.448098049474668e-10, "ed": 0.6464024264,
    },
    "letters": {
        "psi": 2.4268054319, "jensenshannon": 0.3387094008, "kl_div": 1.4523790987, "hellinger": 0.4056966889,
        "chisquare": 0.0,
    },
    "few integers": {
        "psi": 1.5939764953461202, "jensenshannon": 0.288212468227799, "kl_div": 0.24683453771758077,
        "hellinger": 0.3418020460833531, "wasserstein": 0.4918080297654135, "ks": 1.4366426074536895e-14,
        "ed": 0.5453420944691505,
    },
    "heavy tail": {
        "psi": 0.8935828480577371, "jensenshannon": 0.24704381286224456, "kl_div": 0.1781101562857375,
        "hellinger": 0.2925515307983929, "wasserstein": 1.221046513636958, "ks": 5.292365881720181e-07,
        "ed": 1.2711843556699256,
    },
    "a rare word": {
        "psi": 0.20754019377527788, "jensenshannon": 0.05900626623820515, "kl_div": 0.010117204332213678,
        "hellinger": 0.07083458084158444, "chisquare": 0.0,
    },
    "the same words": {
        "psi": 0.005476768376375876, "jensenshannon": 0.026160825696366463, "kl_div": 0.002726375808700769,
        "hellinger": 0.02616280572941068, "chisquare": 0.4345982085070783,
    },
}  # fmt: skip
NANNYML = {
    "line": {
        "jensen_shannon": 0.3719474051, "hellinger": 0.3711862003, "wasserstein": 1.5, "kolmogorov_smirnov": 0.183,
    },
    "letters": {"jensen_shannon": 0.4068314513, "hellinger": 0.4056966889, "l_infinity": 0.2, "chi2": 210.0},
    "few integers": {
        "jensen_shannon": 0.34617845408006204, "hellinger": 0.3418026097868415, "wasserstein": 0.983,
        "kolmogorov_smirnov": 0.22,
    },
    "heavy tail": {
        "jensen_shannon": 0.307940828601982, "hellinger": 0.30219783377843995, "wasserstein": 5.795746395604648,
        "kolmogorov_smirnov": 0.16933333333333334,
    },
    "a rare word": {
        "jensen_shannon": 0.07087374863752757, "hellinger": 0.07083458084158463, "l_infinity": 0.01,
        "chi2": 1000.1088227430708,
    },
    "the same words": {
        "jensen_shannon": 0.03142235397626338, "hellinger": 0.026162805729411407,
        "l_infinity": 0.033333333333333326, "chi2": 1.099706744868035,
    },
}  # fmt: skip


def tables(name: str) -> list[pa.Table]:
    return [pa.table({"x": side}) for side in SIDES[name]]


@pytest.mark.parametrize("name", SIDES)
def test_scores_are_evidently_s(name: str) -> None:
    assert peer_scores(*tables(name), "evidently")["x"] == pytest.approx(EVIDENTLY[name], rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("name", SIDES)
def test_scores_are_nannyml_s(name: str) -> None:
    assert peer_scores(*tables(name), "nannyml")["x"] == pytest.approx(NANNYML[name], rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("compat", ["evidently", "nannyml"])
def test_missing_and_infinite_values_are_left_out(compat: Any) -> None:
    """NaN is of numbers; a word that is missing is no category."""
    numbers, words = tables("line"), tables("letters")
    dirty = [
        pa.table({"x": pa.array([*table["x"].to_pylist(), None, float("nan"), float("inf")])})
        for table in numbers
    ]
    holed = [pa.table({"x": pa.array([None, *table["x"].to_pylist()])}) for table in words]

    assert peer_scores(*dirty, compat) == peer_scores(*numbers, compat)
    assert peer_scores(*holed, compat) == peer_scores(*words, compat)


def test_booleans_are_categories_and_what_cannot_be_scored_is_left_out() -> None:
    before = pa.table({"b": [True, False] * 10, "n": pa.nulls(20, pa.float64()), "gone": [1.0] * 20})
    now = pa.table({"b": [True, True] * 10, "n": pa.nulls(20, pa.float64()), "new": [1.0] * 20})
    found = peer_scores(before, now, "nannyml")

    assert set(found) == {"b", "n"}
    assert found["b"]["l_infinity"] == 0.5
    assert found["n"] == {}


def test_another_peer_is_refused() -> None:
    with pytest.raises(ValueError, match="'whylogs' is no peer; allowed are evidently, nannyml"):
        peer_scores(*tables("line"), "whylogs")  # type: ignore[arg-type]


def test_the_command_shows_them_beside_ours(tmp_path) -> None:
    for name, table in zip(("before", "now"), tables("line"), strict=True):
        pq.write_table(table, tmp_path / f"{name}.parquet")
    command = [
        "compare",
        str(tmp_path / "before.parquet"),
        str(tmp_path / "now.parquet"),
        "--compat",
        "evidently",
    ]
    shown = CliRunner().invoke(main, command)
    told = CliRunner().invoke(main, [*command, "--format", "json"])

    assert shown.exit_code == 0, shown.output
    assert "x       psi 1.726, jensenshannon 0.3103, kl_div 0.7705" in shown.output
    assert json.loads(told.output)["evidently"]["x"]["psi"] == pytest.approx(1.7255102566)
