"""Profiles that somebody crafted: what would break a line of the page, or pose as another project, does no harm."""

from __future__ import annotations

import json
import zlib

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families
from sending import ARROW, REFERENCE
from tables import day, inputs, reference

from wolfpack.client.job import to_arrow_bytes
from wolfpack.spec import ProfileFormatError
from wolfpack.stats import Profile, profile
from wolfpack.stats.codec import Outline, outline

INJECTION = 'delay"} 1\nml_model_roc_auc{project="bank",model="loans"} 0.1\n'
POSE = 'delay",project="bank'
BODY = profile(inputs(day(61)), by=["origin"]).to_bytes()
PATHS = ("/api/v1/profiles", REFERENCE)


def crafted(body: bytes, before: str, after: str) -> bytes:
    """Return a profile with one word instead of another, in its plan, its rows and what it lacks."""
    table = pa.ipc.open_stream(body).read_all()
    metadata = dict(table.schema.metadata)
    plan = zlib.decompress(metadata[b"plan"]).decode()
    metadata[b"plan"] = zlib.compress(plan.replace(json.dumps(before), json.dumps(after)).encode())
    for name in ("segment", "value", "column"):
        place = table.schema.get_field_index(name)
        words = [after if word == before else word for word in table.column(name).to_pylist()]
        table = table.set_column(place, table.schema.field(place), pa.array(words, pa.string()))
    return written(table.replace_schema_metadata(metadata))


def written(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def with_unplanned(name: str) -> bytes:
    table = pa.ipc.open_stream(BODY).read_all()
    return written(
        table.replace_schema_metadata(table.schema.metadata | {b"unplanned": json.dumps([name]).encode()})
    )


def send(exporter, path: str, body: bytes):
    if path == REFERENCE:
        return exporter.http.put(path, data=body)
    return exporter.send(path, body, at="2024-05-01")


def projects(exporter) -> set[str]:
    """Return the projects of all series of the page, which must be readable as a whole."""
    found = set()
    for family in text_string_to_metric_families(exporter.http.get("/metrics").text):
        found |= {one.labels["project"] for one in family.samples if "project" in one.labels}
    return found


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("word", ["delay", "origin", "JFK"], ids=["column", "segment", "value"])
@pytest.mark.parametrize(
    "bad", [INJECTION, "a\x00b", "a\x85b", "x" * 129], ids=["line", "nul", "nel", "long"]
)
def test_a_name_that_no_line_can_hold_is_refused(exporter, path, word, bad) -> None:
    body = crafted(BODY, word, bad)
    answer = send(exporter, path, body)
    exporter.at("2024-05-02T06:00:00-04:00")

    assert body != crafted(BODY, word, word)
    assert answer.status_code == 400, answer.text
    assert "cannot be a label value" in answer.json["detail"]
    assert projects(exporter) == {"travel"}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "bad", [INJECTION, "a\x00b", "x" * 129, "\ud800"], ids=["line", "nul", "long", "surrogate"]
)
def test_so_is_one_of_a_column_that_the_plan_lacks(exporter, path, bad) -> None:
    assert send(exporter, path, with_unplanned(bad)).status_code == 400


@pytest.mark.parametrize("word", ["delay", "origin", "JFK"])
@pytest.mark.parametrize("name", [POSE, 'a\\"b', "{}", "π 😀"])
def test_a_name_that_poses_as_more_stays_one_label_value(exporter, word, name) -> None:
    """Quotes and backslashes are names like others: escaped, and of the project that the request names."""
    assert send(exporter, REFERENCE, crafted(reference().to_bytes(), "none", "none")).status_code == 200
    answer = send(exporter, "/api/v1/profiles", crafted(BODY, word, name))
    exporter.at("2024-05-02T06:00:00-04:00")
    values = {
        value
        for family in text_string_to_metric_families(exporter.http.get("/metrics").text)
        for one in family.samples
        for value in one.labels.values()
    }

    assert answer.status_code == 200, answer.text
    assert projects(exporter) == {"travel"}
    assert name in values or word == "delay"  # a column that the reference lacks is in no comparison


def test_an_outline_says_what_the_profile_says_and_refuses_what_it_refuses() -> None:
    """Profiles are taken by their outline, and what is stored must be readable."""
    for body in (BODY, reference().to_bytes()):
        whole = Profile.from_bytes(body)

        assert outline(body) == Outline(whole.plan, whole.rows)
    for bad in (BODY[:-9], crafted(BODY, "delay", INJECTION), crafted(BODY, "JFK", "EWR")):
        for read in (outline, Profile.from_bytes):
            with pytest.raises(ProfileFormatError):
                read(bad)


ROWS = to_arrow_bytes(day(61))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from([BODY, ROWS, reference().to_bytes()]),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.binary(max_size=6)), max_size=4),
    st.floats(0, 1),
    st.sampled_from(["profiles", "batches", "predictions", "labels", "reference", "scores"]),
)
def test_bytes_that_were_changed_anywhere_are_taken_or_refused(exporter, body, changes, cut, where) -> None:
    """Never a 500: what is read from a body is checked before it is used."""
    found = bytearray(body[: int(len(body) * cut)] if cut < 0.3 else body)
    for place, new in changes:
        at = int(place * len(found))
        found[at : at + len(new)] = new
    if where in ("reference", "scores"):
        path = REFERENCE + ("/scores" if where == "scores" else "")
        status = exporter.http.put(path, data=bytes(found)).status_code
    else:
        at = {} if where == "labels" else {"at": "2024-05-01"}
        status = exporter.send(f"/api/v1/{where}", bytes(found), ARROW, **at).status_code

    assert status in (200, 400, 409, 413, 422)
