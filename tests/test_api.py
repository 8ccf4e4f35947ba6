"""The API as it is declared: its description is what is served, its scopes are what is asked, and nothing breaks it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from conftest import Exporter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from notices import MODEL, WATCHED
from schemathesis.checks import not_a_server_error
from schemathesis.openapi import from_wsgi
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from sending import REFERENCE
from tables import day, inputs, reference

from wolfpack.cli import api_docs
from wolfpack.client.job import to_arrow_bytes
from wolfpack.exporter import TokenFile, create_app, endpoints, new_token, open_service
from wolfpack.exporter.parameters import PAGE
from wolfpack.stats import profile

FAR = {"REMOTE_ADDR": "192.0.2.1"}
ARROW = "application/vnd.apache.arrow.stream"
CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
)
each = pytest.mark.parametrize("one", endpoints(), ids=lambda one: one.name)
MANY = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """An exporter with a reference, a day of rows and everything that can be told; and its description."""
    folder = tmp_path_factory.mktemp("api")
    one = Exporter(folder, WATCHED, f"sqlite:///{folder / 'ledger.db'}")
    one.at("2024-05-01T06:00:00-04:00")
    assert one.http.put(REFERENCE, data=reference().to_bytes()).status_code == 200
    one.send("/api/v1/batches", to_arrow_bytes(inputs(day(60))), ARROW, at="2024-04-30")
    one.at("2024-05-01T07:00:00-04:00")
    yield one, from_wsgi("/api/v1/openapi.json", one.http.application)
    one.close()


# --- the description


def test_the_description_is_served_to_all_and_names_every_endpoint(served) -> None:
    one, _ = served
    description = one.http.get("/api/v1/openapi.json", environ_base=FAR).json
    there = {
        (method.upper(), re.sub(r"{(\w+)}", r"<\1>", path))
        for path, operations in description["paths"].items()
        for method in operations
    }
    names = [its["operationId"] for some in description["paths"].values() for its in some.values()]

    assert there == {(one.method, one.path.replace("<path:", "<")) for one in endpoints()}
    assert len(set(names)) == len(names)


def test_every_parameter_and_key_is_on_the_page_of_the_api() -> None:
    """In a generated table; those of lists in the text."""
    page = (Path(__file__).parent.parent / "docs" / "api.md").read_text()
    lists = {f"{one.method}:{one.path}" for one in endpoints() if one.parameters[-2:] == PAGE}
    there = set(re.findall(r"<!-- generated: ([A-Z]+:\S+) -->", page))

    pages = {"GET:/", *(f"GET:{one.path}" for one in endpoints() if one.path.startswith("/models/") and one.parameters)}

    assert set(api_docs.parts()) - there == lists | pages | {"GET:/metrics", "POST:/-/clock"}
    assert {row[0] for name in lists for row in api_docs.parts()[name] if row[0] not in page} == set()


# --- scopes and parameters


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    """An exporter that two tokens may use, one to read and one to write."""
    folder = tmp_path_factory.mktemp("guarded")
    (folder / "m.yml").write_text(WATCHED)
    secrets, entries = {}, []
    for scope in ("read", "write"):
        secrets[scope], entry = new_token(scope, None, [scope])
        entries.append(entry)
    (folder / "tokens").write_text(yaml.safe_dump(entries))
    service = open_service([folder / "m.yml"], f"sqlite:///{folder / 'l.db'}", TokenFile(folder / "tokens"))
    yield create_app(service).test_client(), secrets
    service.close()


@each
def test_an_endpoint_asks_for_the_scope_that_it_declares(guarded, one) -> None:
    """Who is far and has no token, or one for the other scope, learns nothing, and not whether a model is there."""
    client, secrets = guarded
    path = one.path.replace("<project>", "none").replace("<model>", "none")
    query = {its.name: "none" for its in one.parameters if its.name in ("project", "model")}
    query |= {"match": 'ml_model_info{project="none"}'} if path == "/api/v1/series" else {}
    body = {"json": MODEL | BODIES["/api/v1/feedback"]} if path == "/api/v1/feedback" else {}

    def status(token: str | None) -> int:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        return client.open(
            path, method=one.method, query_string=query, headers=headers, environ_base=FAR, **body
        ).status_code

    if one.scope is None:
        assert status(None) in (200, 503)
    else:
        other = {"read": "write", "write": "read"}[one.scope]
        assert [status(None), status("wp_none"), status(secrets[other])] == [401, 401, 403]
        assert status(secrets[one.scope]) not in (401, 403)


@each
def test_a_parameter_that_an_endpoint_does_not_have_is_refused_by_name(served, one) -> None:
    exporter, _ = served
    path = one.path.replace("<project>", "travel").replace("<model>", "arrival-delay")
    near = one.parameters[0].name + "s" if one.parameters else "nothing"
    answer = exporter.http.open(path, method=one.method, query_string={near: "x"})

    assert answer.status_code == 422
    assert answer.json["where"] == near
    assert not one.parameters or f"did you mean {one.parameters[0].name}?" in answer.json["detail"]


@pytest.mark.parametrize("name", ["part", "job"])
@pytest.mark.parametrize("value", ["a\nb", "\x00", "x\x7f", "\x85", "x" * 129])
def test_a_name_that_no_line_can_hold_is_refused(served, name, value) -> None:
    exporter, _ = served
    body = profile(inputs(day(60)), by=["origin"]).to_bytes()
    answer = exporter.send("/api/v1/profiles", body, at="2024-04-30", **{name: value})

    assert answer.status_code == 422
    assert answer.json["where"] == name


# --- whatever is sent


BODIES = {
    "/api/v1/metrics": {"metrics": [{"name": "rebookings", "value": 1.5}]},
    "/api/v1/jobs": {"job": "nightly", "succeeded": True},
    "/api/v1/deployments": {"version": "2", "stage": "shadow"},
    "/api/v1/feedback": {"labels": {}, "start": "2024-04-28", "end": "2024-04-29", "verdict": "right"},
}
DAYS = st.sampled_from(["2024-04-30", "2024-04-29", "2024-04-30T23:59:59Z"]) | st.text(max_size=12)
MATCHES = st.sampled_from(["ml_pane_rows", 'ml_job_rows{job_name=~".*"}']) | st.text(max_size=12)


@each
def test_whatever_the_description_allows_is_answered_as_it_says(served, one) -> None:
    """No 500, and every answer is what is declared; of the model that is there, or hardly a request got anywhere."""
    _, description = served
    operation = description[re.sub(r"<(?:path:)?(\w+)>", r"{\1}", one.path)][one.method]

    @MANY
    @given(operation.as_strategy(), st.fixed_dictionaries({"at": DAYS, "match": MATCHES}))
    def check(case, some) -> None:
        places = MODEL | some | {"column": "delay"}
        case.query = (case.query or {}) | {name: value for name, value in places.items() if name in names}
        case.path_parameters = {name: places[name] for name in case.path_parameters or {}}
        if one.path == "/api/v1/feedback" and isinstance(case.body, dict):
            case.body |= MODEL
        case.call_and_validate(checks=CHECKS, additional_checks=())

    names = {parameter.name for parameter in one.parameters}
    check()
