"""Outlier models: what they flag, at which rate, through their files, beside scikit-learn itself."""

from __future__ import annotations

import json
import math

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from wolfpack.cli import main
from wolfpack.client.input_check import InputCheck, InputsRefused
from wolfpack.client.outlier_features import Feature, Features, learn
from wolfpack.client.outlier_models import Distance, Onnx, from_plan, load
from wolfpack.client.outlier_training import Method, train
from wolfpack.spec.plan import ColumnPlan, Plan
from wolfpack.stats import profile

METHODS: tuple[Method, ...] = ("distance", "forest", "svm")


def rows(count: int, seed: int, shift: float = 0.0) -> pa.Table:
    random = np.random.default_rng(seed)
    return pa.table(
        {
            "length": random.normal(5 + shift, 1, count),
            "width": random.normal(3 - shift, 0.5, count),
            "kind": random.choice(["a", "b", "c"], count, p=[0.6, 0.3, 0.1]),
        }
    )


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> dict[str, object]:
    folder = tmp_path_factory.mktemp("models")
    found = {}
    for method in METHODS:
        (folder / method).write_bytes(train(rows(6000, 1), method, rate=0.02))
        found[method] = load(folder / method)
    return found


@pytest.mark.parametrize("method", METHODS)
def test_the_threshold_keeps_its_rate_on_rows_that_were_never_seen(trained, method) -> None:
    """1,800 rows set it, so the rate is known to about a fifth of itself (binomial)."""
    flagged = trained[method].score(rows(20_000, 2)).flags.mean()

    assert 0.012 < flagged < 0.03


@pytest.mark.parametrize("method", METHODS)
def test_rows_from_elsewhere_are_flagged(trained, method) -> None:
    scored = trained[method].score(rows(500, 3, shift=5.0))

    assert scored.flags.mean() > 0.95


@pytest.mark.parametrize("method", METHODS)
def test_rows_without_any_input_are_not_scored(trained, method) -> None:
    table = pa.table({"length": pa.array([None, 5.0]), "other": ["x", "y"]})
    scored = trained[method].score(table)

    assert math.isnan(scored.scores[0])
    assert not scored.flags[0]
    assert np.isfinite(scored.scores[1])
    assert len(trained[method].score(table.slice(0, 0)).scores) == 0


def test_the_onnx_file_says_what_scikit_learn_says() -> None:
    """The forest of the same rows and seed, evaluated by scikit-learn itself; ONNX computes in single precision."""
    from sklearn.ensemble import IsolationForest

    table = rows(2000, 4)
    model = Onnx(train(table, "forest", rate=0.05, seed=7))
    order = np.random.default_rng(7).permutation(2000)
    rest = table.take(pa.array(order[600:]))
    matrix = learn(rest).matrix(rest)[0].astype(np.float32)
    forest = IsolationForest(n_estimators=100, random_state=7).fit(matrix)
    fresh = model.features.matrix(rows(300, 5))[0]

    np.testing.assert_allclose(-forest.decision_function(fresh.astype(np.float32)), model.strangeness(fresh), atol=2e-5)


@given(
    st.lists(st.floats(width=64), min_size=1, max_size=20),
    st.floats(-1e9, 1e9),
    st.floats(1e-6, 1e6),
)
def test_any_number_gives_a_score_or_none(values, center, scale) -> None:
    scored = Distance(Features((Feature("x", center, scale),)), 3.0).score(pa.table({"x": values}))

    assert [math.isnan(one) for one in scored.scores] == [math.isnan(one) for one in values]
    assert (scored.flags == (np.nan_to_num(scored.scores, nan=0.0) > 3.0)).all()


def test_one_wild_value_in_three_does_not_move_what_is_usual() -> None:
    usual = learn(pa.table({"x": np.random.default_rng(0).normal(5, 1, 3000)})).features[0]
    mixed = learn(pa.table({"x": np.r_[np.random.default_rng(0).normal(5, 1, 3000), np.full(1000, 1e9)]})).features[0]

    assert abs(mixed.center - usual.center) < 0.5
    assert mixed.scale < 2 * usual.scale


def test_kinds_are_read_or_left_out() -> None:
    table = pa.table(
        {
            "flag": [True, False] * 50,
            "code": pa.array(["x", "y"] * 50).dictionary_encode(),
            "when": pa.array(np.arange(100).astype("datetime64[s]")),
            "list": [[1]] * 100,
            "constant": [7] * 100,
            "text": ["1", "two"] * 50,
        }
    )
    found = learn(table)

    assert found.names == ["flag", "code", "when", "constant", "text"]
    assert Distance(found, 3.0).score(table).flags.sum() == 0
    with pytest.raises(ValueError, match=r"no column to learn from in 100 rows; columns are: list list<"):
        learn(table.select(["list"]))


def test_a_number_that_comes_as_text_is_read_and_text_is_no_number() -> None:
    model = Distance(Features((Feature("x", 0.0, 1.0),)), 3.0)
    scored = model.score(pa.table({"x": ["4", "much", None]}))

    assert scored.flags.tolist() == [True, False, False]
    assert np.isnan(scored.scores).tolist() == [False, True, True]


def test_the_plan_alone_is_a_model() -> None:
    plan = profile(rows(5000, 6)).plan
    model = from_plan(plan)

    assert model.score(rows(5000, 7)).flags.mean() < 0.001
    odd = pa.table({"length": [5.0, 50.0, 5.0], "width": [3.0, 3.0, 3.0], "kind": ["a", "a", "never"]})
    assert model.score(odd).flags.tolist() == [False, True, True]


def test_files_that_are_none_are_refused_by_name(tmp_path) -> None:
    for content, message in (
        (b"nothing", "no ONNX file of `wolfpack outliers train`"),
        (b'{"format": "wolfpack-outliers/9"}', "its format is 'wolfpack-outliers/9'; this release reads"),
        (b'{"format": "wolfpack-outliers/1"}', "no outlier model: 'features'"),
        (b"{", "no outlier model"),
    ):
        (tmp_path / "model").write_bytes(content)
        with pytest.raises(ValueError, match=message) as refused:
            load(tmp_path / "model")
        assert str(tmp_path / "model") in str(refused.value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [({"rate": 0.7}, "rate=0.7"), ({"rate": 0.0001}, "6000 rows; a threshold that flags 0.0001 of them needs 33334")],
)
def test_what_cannot_be_trained_is_refused(changes, message) -> None:
    with pytest.raises(ValueError, match=message):
        train(rows(6000, 1), **changes)


def test_the_command_trains_and_scores(tmp_path) -> None:
    pq.write_table(rows(2000, 8).append_column("label", pa.array([0.0] * 2000)), tmp_path / "train.parquet")
    pq.write_table(rows(300, 9, shift=5.0), tmp_path / "odd.parquet")
    given = [str(tmp_path / "train.parquet"), "-o", str(tmp_path / "m.onnx"), "--columns", "length, width,kind"]
    trained = CliRunner().invoke(main, ["outliers", "train", *given, "--method", "forest"])
    files = [str(tmp_path / "m.onnx"), str(tmp_path / "odd.parquet")]
    scored = CliRunner().invoke(main, ["outliers", "score", *files, "--most", "0.5", "--format", "json"])
    wrong = CliRunner().invoke(main, ["outliers", "train", *given[:3], "--columns", "lenght"])

    assert trained.exit_code == 0, trained.output
    assert scored.exit_code == 1
    assert json.loads(scored.output)["share"] > 0.9
    assert wrong.exit_code == 2
    assert "has no column 'lenght'; it has length, width, kind, label" in wrong.output


# --- the check of inputs

PLAN = Plan(
    {
        "length": ColumnPlan("numeric", low=0.0, high=10.0),
        "kind": ColumnPlan("categorical", categories=("a", "b")),
        "open": ColumnPlan("categorical", categories=("a", "b"), complete=False),
        "note": ColumnPlan("text"),
    }
)


@pytest.mark.parametrize(
    ("inputs", "faults"),
    [
        ({"length": 5, "kind": "a", "open": "z", "note": "any", "more": object()}, []),
        ({"length": 10.0, "kind": None}, []),
        ({"length": 10.1}, ["length: out of range 10.1; allowed: 0.0 to 10.0"]),
        ({"length": math.nan}, ["length: out of range nan; allowed: 0.0 to 10.0"]),
        ({"length": "5"}, ["length: no number '5'; allowed: a number"]),
        ({"length": True, "kind": "c"}, [
            "length: no number True; allowed: a number", "kind: unknown value 'c'; allowed: a, b",
        ]),
    ],
)  # fmt: skip
def test_inputs_are_checked_against_the_plan(inputs, faults) -> None:
    assert [str(one) for one in InputCheck(PLAN).faults(inputs)] == faults


def test_a_service_may_refuse() -> None:
    check = InputCheck(PLAN, required=("length",))

    check({"length": 1.0})
    with pytest.raises(InputsRefused, match="length: missing None; allowed: a value") as refused:
        check({"kind": "a"})
    assert refused.value.faults[0].column == "length"
    with pytest.raises(ValueError, match="required: 'lenght' is not in the plan"):
        InputCheck(PLAN, required=("lenght",))
