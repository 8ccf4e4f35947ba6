"""The prediction log that a monitor writes: read back by the source's own reader, rotated, redacted, sampled."""

from __future__ import annotations

import gzip
import json
import threading

import numpy as np
import pyarrow as pa
import pytest
from live_transport import Kept

from wolfpack.client.call_log import CallLog
from wolfpack.client.monitor import Monitor
from wolfpack.client.outliers import Scored
from wolfpack.client.prediction_log import read_calls


def monitor(log: CallLog, **options) -> Monitor:
    return Monitor(None, project="flowers", model="iris", version="3", log=log, flush=60, **options)


def lines(path) -> list[dict]:
    """Return all lines, of the compressed files first."""
    packed = sorted(path.parent.glob(f"{path.name}.*.gz"))
    text = b"".join(gzip.decompress(one.read_bytes()) for one in packed)
    text += path.read_bytes() if path.exists() else b""
    return [json.loads(line) for line in text.splitlines()]


def test_what_is_written_is_what_a_log_source_reads(tmp_path) -> None:
    """Without a URL nothing is sent, and all is written."""

    class Model:
        def score(self, rows: pa.Table) -> Scored:
            return Scored(rows["a"].to_numpy(), rows["a"].to_numpy() > 2)

    log = CallLog(tmp_path / "calls.ndjson")
    one = monitor(log, outliers=Model())
    for number in range(4):
        with one.call("/predict") as call:
            call.inputs, call.prediction = {"a": float(number), "b": np.float32(0.5)}, np.float64(number / 4)
            call.request_id = f"r{number}"
    with one.call("/predict") as call:
        call.inputs, call.prediction = [{"a": 7.0}, {"a": float("nan")}], [0.1, float("nan")]
    one.close()

    found = read_calls((tmp_path / "calls.ndjson").read_bytes(), "iris", prediction="score")
    assert found.refused == []
    assert found.request_id.to_pylist()[:4] == ["r0", "r1", "r2", "r3"]
    assert found.version.to_pylist() == ["3"] * 6
    assert found.inputs["a"].to_pylist() == [0.0, 1.0, 2.0, 3.0, 7.0, None]
    assert found.prediction["score"].to_pylist() == [0.0, 0.25, 0.5, 0.75, 0.1, None]
    written = lines(tmp_path / "calls.ndjson")
    assert [line["outlier"] for line in written] == [False, False, False, True, True]
    assert written[4]["outlier_score"] == 7.0
    assert all(0 <= line["elapsed_seconds"] < 1 and line["endpoint"] == "/predict" for line in written)


def test_calls_that_failed_are_written_with_their_inputs(tmp_path) -> None:
    one = monitor(CallLog(tmp_path / "calls.ndjson"))
    with pytest.raises(ZeroDivisionError):
        one.watch(lambda inputs: 1 / inputs["a"])({"a": 0})
    one.close()

    (line,) = lines(tmp_path / "calls.ndjson")
    assert (line["inputs"], line["prediction"]) == ({"a": 0}, None)


def test_what_is_redacted_is_nowhere_in_the_file(tmp_path) -> None:
    one = monitor(CallLog(tmp_path / "calls.ndjson", redact=["name", "why"]))
    one.watch(lambda inputs: {"score": 0.5, "why": "secret"})({"a": 1.0, "name": "secret", "more": {"name": "secret"}})
    one.close()

    assert b"secret" not in (tmp_path / "calls.ndjson").read_bytes()
    assert lines(tmp_path / "calls.ndjson")[0]["inputs"] == {"a": 1.0, "more": {}}


def test_a_sample_is_the_same_calls_in_every_process(tmp_path) -> None:
    """By the request id; the share is that which was asked for."""
    kept = []
    for place in range(2):
        one = monitor(CallLog(tmp_path / f"{place}.ndjson", sample=0.2))
        for number in range(1000):
            with one.call("/predict") as call:
                call.inputs, call.prediction, call.request_id = {"a": 1.0}, 1.0, f"request-{number}"
        one.close()
        kept.append({line["request_id"] for line in lines(tmp_path / f"{place}.ndjson")})

    assert kept[0] == kept[1]
    assert 150 < len(kept[0]) < 250


def test_a_full_file_is_renamed_and_compressed_and_the_oldest_are_deleted(tmp_path) -> None:
    log = CallLog(tmp_path / "calls.ndjson", rotate=2_000, keep=3)
    one = monitor(log)
    for number in range(60):
        one.watch(lambda inputs: 1.0)({"number": number})
        one.flush()
    one.close()

    packed = sorted(tmp_path.glob("calls.ndjson.*.gz"))
    numbers = [line["inputs"]["number"] for line in lines(tmp_path / "calls.ndjson")]
    assert len(packed) == 3
    assert numbers == list(range(60 - len(numbers), 60))
    assert {file.suffix for file in tmp_path.iterdir()} == {".ndjson", ".gz", ".lock"}


def test_several_writers_share_a_file_and_lose_no_line(tmp_path) -> None:
    log = CallLog(tmp_path / "calls.ndjson", rotate=20_000, keep=100)

    def write(number: int) -> None:
        one = monitor(log)
        for place in range(100):
            one.watch(lambda inputs: 1.0)({"who": number, "place": place})
            if not place % 7:
                one.flush()
        one.close()

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    found = [(line["inputs"]["who"], line["inputs"]["place"]) for line in lines(tmp_path / "calls.ndjson")]
    assert sorted(found) == [(number, place) for number in range(4) for place in range(100)]


def test_a_log_that_cannot_be_written_harms_neither_the_service_nor_the_monitor(tmp_path) -> None:
    (tmp_path / "file").write_text("")
    log, kept = CallLog(tmp_path / "file" / "calls.ndjson"), Kept()
    one = monitor(log, transport=kept)
    assert one.watch(lambda inputs: 1.0)({"a": 1.0}) == 1.0
    one.close()

    assert log.lost == 1
    assert kept.whole.counts.rows["<lambda>", "", ""].rows == 1


@pytest.mark.parametrize("options", [{"sample": 0}, {"sample": 1.5}, {"rotate": 0}, {"keep": 0}])
def test_options_are_checked_at_once(options) -> None:
    with pytest.raises(ValueError, match="share in the range 0<x<=1"):
        CallLog("calls.ndjson", **options)
