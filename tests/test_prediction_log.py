"""The prediction log: what is written is read again, both ways of reading agree, a bad line harms no other."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from wolfpack.client.arrow_lines import NotPlain, read_at_once
from wolfpack.client.plain_lines import read_one_by_one
from wolfpack.client.prediction_log import Call, Calls, read_calls
from wolfpack.spec.source_kinds import LogFields

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)


def call(number: int = 0, **changes: object) -> Call:
    its = {
        "time": NOON + timedelta(seconds=number),
        "request_id": f"r{number}",
        "model": "m",
        "version": "3",
        "inputs": {"delay": float(number), "carrier": "AA"},
        "prediction": 0.5,
    }
    return Call(**(its | changes))


def block(*lines: object) -> bytes:
    """Return lines of calls, JSON or bytes."""
    parts = [
        one.line()
        if isinstance(one, Call)
        else one
        if isinstance(one, bytes)
        else json.dumps(one).encode() + b"\n"
        for one in lines
    ]
    return b"".join(parts)


def rows(found: Calls) -> list[dict]:
    return [
        {"seconds": int(second), "version": version, "id": request, **inputs, **prediction}
        for second, version, request, inputs, prediction in zip(
            found.seconds,
            found.version.to_pylist(),
            found.request_id.to_pylist(),
            found.inputs.to_pylist() or [{}] * len(found.seconds),
            found.prediction.to_pylist() or [{}] * len(found.seconds),
            strict=True,
        )
    ]


def test_a_call_that_was_written_is_read() -> None:
    found = read_calls(call(7, version="4").line(), "m")

    assert rows(found) == [
        {"seconds": 1714564807, "version": "4", "id": "r7", "delay": 7.0, "carrier": "AA", "prediction": 0.5}
    ]
    assert (found.others, found.refused) == (0, [])


def test_a_line_has_the_members_that_are_written_down() -> None:
    line = json.loads(call(endpoint="/p", elapsed_seconds=0.1, outlier=True, outlier_score=2.0).line())

    assert list(line) == [
        "time", "request_id", "model", "version", "inputs", "prediction", "endpoint", "elapsed_seconds",
        "outlier", "outlier_score",
    ]  # fmt: skip
    assert line["time"] == "2024-05-01T12:00:00Z"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object(), {1, 2}], ids=["nan", "inf", "object", "set"])
def test_a_value_that_json_has_not_is_refused_when_written(value) -> None:
    with pytest.raises(ValueError, match=r"call 'r0': .*give plain numbers"):
        call(inputs={"a": value}).line()


VALUE = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False)
    | st.text(max_size=4)
)
TEXT = st.sampled_from(["2024-05-01", "2024-05-01T12:00:00Z", "x", "\ud7ff", "", "null", "é\n"])
ROW = st.dictionaries(
    st.sampled_from("abc"), VALUE | TEXT | st.lists(st.floats(0, 1), max_size=2), max_size=3
)
LINE = st.fixed_dictionaries(
    {"inputs": ROW | st.none() | st.lists(ROW, max_size=2)},
    optional={
        "time": st.sampled_from(["2024-05-01T12:00:00.25Z", "2024-05-01T12:00:00+02:00", 1714564800]),
        "request_id": st.text(max_size=3) | st.integers(0, 9),
        "model": st.sampled_from(["m", "other"]) | st.none(),
        "version": st.sampled_from(["3", 3]),
        "prediction": VALUE | ROW,
        "more": VALUE,
    },
)


@given(st.lists(LINE, min_size=1, max_size=4))
def test_both_ways_of_reading_give_the_same_rows(lines) -> None:
    data = block(*lines)
    fields = LogFields()
    try:
        fast = read_at_once(data, fields, "prediction")
    except NotPlain:
        assume(False)
    slow = read_one_by_one(data, fields, "prediction")

    assert slow.refused == []
    for name in ("start", "there"):
        assert np.array_equal(getattr(fast, name), getattr(slow, name))
    assert fast.time.to_pylist() == slow.time
    for name in ("request_id", "model", "version"):
        assert getattr(fast, name).to_pylist() == getattr(slow, name).to_pylist()
    for name in ("inputs", "prediction"):
        ours, theirs = getattr(fast, name), getattr(slow, name)
        assert {c: (a.type, a.to_pylist()) for c, a in ours.items()} == {
            c: (a.type, a.to_pylist()) for c, a in theirs.items()
        }


@given(st.lists(LINE, min_size=1, max_size=3), st.lists(LINE, min_size=1, max_size=3))
def test_a_bad_line_between_harms_no_other(before, after) -> None:
    def counts(data: bytes) -> tuple[int, int]:
        found = read_calls(data, "m")
        return len(found.seconds), len(found.refused)

    whole, refused = counts(block(*before, *after))

    assert counts(block(*before, b'{"time": \xff}\n', *after)) == (whole, refused + 1)


BAD = {
    "text": (b"oops\n", "is no JSON: Expecting value"),
    "cut": (b'{"time": "2024-05-01T12:00:00Z", "inp\n', "is no JSON: Unterminated string starting at"),
    "two in one": (b'{"inputs": {}}{"inputs": {}}\n', "is no JSON: Extra data"),
    "bytes": (b'{"a": "\xff"}\n', "is no UTF-8"),
    "null": (b"null\n", "is no JSON object"),
    "list": (b"[1]\n", "is no JSON object"),
    "deep": (b'{"a": ' + b"[" * 20_000 + b"]" * 20_000 + b"}\n", "is nested too deep"),
    "half": (b'{"inputs": {"a": "\\ud800"}}\n', "has half of a surrogate pair, which is no text"),
    "no time": (block({"inputs": {"a": 1}}), "has no time"),
    "null time": (block({"inputs": {"a": 1}, "time": None}), "has no time"),
    "time": (block({"inputs": {"a": 1}, "time": "yesterday"}), "has a time that is not RFC 3339"),
    "epoch": (block({"inputs": {"a": 1}, "time": 1714564800000}), "has a time that is not in 's' since 1970"),
    "negative": (block({"inputs": {"a": 1}, "time": -1}), "has a time that is not in 's' since 1970"),
    "true": (block({"inputs": {"a": 1}, "time": True}), "has a time that is neither text nor a number"),
    "version": (block({"inputs": {}, "time": 1, "version": "a b"}), "has a version that is no name: "),
    "object": (block({"inputs": {}, "time": 1, "version": {"a": 1}}), "has a version that is no name: "),
    "inputs": (block({"inputs": 3, "time": 1}), "has inputs that are no object"),
    "rows": (block({"inputs": [{}, {}], "prediction": [1], "time": 1}), "has 2 rows of inputs, and not as many"),
}  # fmt: skip


@pytest.mark.parametrize(("line", "reason"), BAD.values(), ids=BAD)
@pytest.mark.parametrize("alone", [True, False], ids=["alone", "among others"])
def test_a_line_that_cannot_be_read_is_told_with_its_place(line, reason, alone) -> None:
    first, last = (b"", b"") if alone else (call(1).line(), call(2).line())
    found = read_calls(first + line + last, "m")

    assert [start for start, _ in found.refused] == [len(first)]
    assert found.refused[0][1].startswith(reason)
    assert len(found.seconds) == (0 if alone else 2)


def test_lines_of_other_models_and_such_as_are_no_calls_are_passed_over() -> None:
    health = {"time": "2024-05-01T12:00:00Z", "message": "healthy"}
    broken = {"model": "other", "time": "never", "inputs": {}}
    nameless = {"time": "2024-05-01T12:00:00Z", "inputs": {"delay": 1.0}}
    found = read_calls(block(call(), call(model="other"), health, broken, nameless), "m")

    assert len(found.seconds) == 2
    assert (found.others, found.refused) == (3, [])


def test_a_call_whose_inputs_are_all_empty_is_a_call() -> None:
    """That they arrive empty is what has to be noticed."""
    found = read_calls(
        block(call(inputs={"delay": None, "carrier": None}), call(inputs={}, prediction=None)), "m"
    )

    assert found.inputs.to_pylist() == [{"delay": None, "carrier": None}] * 2


def test_a_call_of_several_rows_has_several() -> None:
    many = call(inputs=[{"delay": 1.0}, {"delay": 2.0}], prediction=[0.1, 0.2])
    found = read_calls(block(call(), many), "m")

    assert found.inputs["delay"].to_pylist() == [0.0, 1.0, 2.0]
    assert found.prediction["prediction"].to_pylist() == [0.5, 0.1, 0.2]
    assert found.request_id.to_pylist() == ["r0", "r0/0", "r0/1"]


def test_values_of_mixed_kinds_are_text() -> None:
    """Which the profile counts as values of another kind."""
    found = read_calls(block(*(call(inputs={"a": one}) for one in (1, "x", None, True))), "m")

    assert found.inputs["a"].to_pylist() == ["1", "x", None, "true"]


def test_text_that_looks_like_a_date_stays_text() -> None:
    found = read_calls(block(call(inputs={"a": "2024-05-01", "b": ["2024-05-01"]})), "m")

    assert found.inputs.to_pylist() == [{"a": "2024-05-01", "b": ["2024-05-01"]}]


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        ("2024-05-01T12:00:00Z", 1714564800),
        ("2024-05-01T12:00:00.999999999Z", 1714564800),
        ("2024-05-01T14:00:00+02:00", 1714564800),
        ("2024-05-01 08:00:00", 1714564800),
        ("2024-11-03 01:30:00", 1730611800),  # twice in New York; the first is meant
        ("1969-12-31T23:59:59.5Z", -1),
    ],
)
def test_times_are_read_as_python_reads_them(time, expected) -> None:
    line = {"time": time, "inputs": {"a": 1}}
    found = read_calls(block(line), "m", zone=ZoneInfo("America/New_York"))
    mixed = read_calls(
        block(line, line | {"time": "2024-05-01T00:00:00"}), "m", zone=ZoneInfo("America/New_York")
    )

    assert found.seconds.tolist() == [expected]
    assert mixed.seconds.tolist() == [expected, 1714536000]


@pytest.mark.parametrize(("unit", "factor"), [("s", 1), ("ms", 1e3), ("us", 1e6), ("ns", 1e9)])
def test_numbers_are_times_in_their_unit(unit, factor) -> None:
    lines = [{"time": second * factor, "inputs": {"a": 1}} for second in (1714564800, 1714564801.75)]

    assert read_calls(block(*lines), "m", unit=unit).seconds.tolist() == [1714564800, 1714564801]


@given(st.integers(0, 2**32), st.integers(-14 * 60, 14 * 60), st.integers(0, 999_999))
def test_every_time_with_a_zone_is_that_second(second, offset, micro) -> None:
    zone = __import__("datetime").timezone(timedelta(minutes=offset))
    at = datetime.fromtimestamp(second, zone).replace(microsecond=micro)

    assert read_calls(block({"time": at.isoformat(), "inputs": {}}), "m").seconds.tolist() == [second]


FOREIGN = {
    "@timestamp": "2024-05-01T12:00:00Z",
    "req": {"id": 17, "features": {"delay": 3.0}},
    "svc": {"build": 4},
    "out": {"score": 0.9, "label": "late"},
}


def test_a_log_of_another_form_is_read_by_its_map() -> None:
    fields = LogFields(
        time="@timestamp", request_id="req.id", version="svc.build", inputs="req.features", prediction="out"
    )

    assert rows(read_calls(block(FOREIGN), "m", fields=fields)) == [
        {"seconds": 1714564800, "version": "4", "id": "17", "delay": 3.0, "score": 0.9, "label": "late"}
    ]


def test_columns_may_be_anywhere_in_a_line() -> None:
    fields = LogFields(
        time="@timestamp",
        request_id="none.such",
        version="none",
        inputs={"dep_delay": "req.features.delay", "absent": "req.features.delay.deeper"},
        prediction={"score": "out.score"},
    )
    mixed = block(FOREIGN, FOREIGN | {"out": 3})

    for data in (block(FOREIGN), mixed):
        assert rows(read_calls(data, "m", fields=fields))[0] == {
            "seconds": 1714564800, "version": "0", "id": None, "dep_delay": 3.0, "absent": None, "score": 0.9
        }  # fmt: skip


@pytest.mark.parametrize("data", [b"", b"\n", b"\n \r\n\n"])
def test_nothing_is_no_rows(data) -> None:
    found = read_calls(data, "m")

    assert (len(found.seconds), found.inputs.num_columns, found.refused) == (0, 0, [])


def test_a_line_without_an_end_is_read_and_lines_may_end_as_on_windows() -> None:
    data = call(1).line().replace(b"\n", b"\r\n") + call(2).line().rstrip()

    assert read_calls(data, "m").inputs["delay"].to_pylist() == [1.0, 2.0]


def test_types_are_those_of_arrow() -> None:
    found = read_calls(block(call(inputs={"a": 1, "b": 1.5, "c": True, "d": "x", "e": [0.5]})), "m")

    assert found.inputs.schema.types == [
        pa.int64(),
        pa.float64(),
        pa.bool_(),
        pa.string(),
        pa.list_(pa.float64()),
    ]
