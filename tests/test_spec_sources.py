"""Sources in a spec: what is right loads, what is wrong is told with file, line, key and what is allowed."""

from __future__ import annotations

import pytest

from wolfpack.spec import Spec, SpecError, load

HEAD = "version: wolfpack/v1\nproject: p\nmodel: m\n"
FAULTS = {
    "kind": ("  a: {kind: lgo, path: /a}", 5, "sources.a: kind is 'lgo'; allowed are log, folder, mlflow"),
    "no kind": ("  a: {path: /a}", 5, "sources.a: kind is nothing; allowed are log, folder, mlflow"),
    "no section": ("  a: 3", 5, "sources.a: 3 is not allowed"),
    "name": ("  a b: {kind: log, path: /a}", 5, "sources.a b: 'a b' is not a name"),
    "path": ("  a:\n    kind: log\n    path: a/b", 7, "sources.a.path: 'a/b' is not absolute"),
    "no path": ("  a: {kind: log}", 5, "sources.a.path: is missing and has no default"),
    "unknown": ("  a:\n    kind: log\n    path: /a\n    feilds: {}", 8, "did you mean 'fields'? Known are kind, path"),
    "other kind's": ("  a:\n    kind: folder\n    path: /a\n    time: t\n    fields: {}", 9, "unknown key, value {}"),
    "member": ("  a:\n    kind: log\n    path: /a\n    fields:\n      time: a..b", 9, "sources.a.fields.time: 'a..b'"),
    "members": ("  a: {kind: log, path: /a, fields: {inputs: [b]}}", 5, "['b'] is neither a member"),
    "column": ("  a: {kind: log, path: /a, fields: {inputs: {b: c.}}}", 5, "'c.' has an empty part"),
    "brace": ("  a: {kind: log, path: '/{version}'}", 5, "{version} stands for nothing; allowed are {project}"),
    "directive": ("  a: {kind: folder, path: /%y}", 5, "%y is not understood; allowed are %Y, %m, %d, %H, %M, %S"),
    "end": ("  a: {kind: folder, path: /%Y%m%d%}", 5, "% is not understood"),
    "date": ("  a: {kind: folder, path: /%Y-%m}", 5, "'/%Y-%m' names no whole date"),
    "no time": ("  a: {kind: folder, path: /a}", 5, "say where the pane of a file stands, once"),
    "two times": ("  a: {kind: folder, path: /%Y%m%d, time: t}", 5, "say where the pane of a file stands, once"),
    "unit": ("  a: {kind: log, path: /a, time_unit: h}", 5, "sources.a.time_unit: 'h' is not allowed"),
    "tracking": ("  a: {kind: mlflow, tracking: mlruns, experiment: e}", 5, "'mlruns' is no tracking URI"),
    "relative": ("  a: {kind: mlflow, tracking: 'sqlite:///m.db', experiment: e}", 5, "is not absolute; a path"),
    "roles": ("  a: {kind: folder, path: /a, time: t, roles: []}", 5, "sources.a.roles: [] is not allowed"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "line", "said"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_told_with_its_line(tmp_path, text, line, said) -> None:
    (tmp_path / "m.yml").write_text(f"{HEAD}sources:\n{text}\n")
    with pytest.raises(SpecError) as caught:
        load(tmp_path / "m.yml")

    assert [fault.line for fault in caught.value.faults] == [line]
    assert said in caught.value.faults[0].message


def test_defaults_of_a_folder_serve_many_models(tmp_path) -> None:
    (tmp_path / "_defaults.yml").write_text(
        "sources:\n  calls: {kind: log, path: '/logs/{project}/{model}.ndjson'}\n"
    )
    (tmp_path / "m.yml").write_text(HEAD + "sources:\n  calls: {time_unit: ms}\n")
    found = load(tmp_path / "m.yml").spec.sources["calls"]

    assert (found.path, found.time_unit) == ("/logs/{project}/{model}.ndjson", "ms")


def test_rules_do_not_depend_on_where_rows_come_from() -> None:
    """Or moving a log would make every rule outdated."""
    spec = {"version": "wolfpack/v1", "project": "p", "model": "m"}
    moved = spec | {"sources": {"a": {"kind": "log", "path": "/a"}}}

    assert Spec.model_validate(spec).hash == Spec.model_validate(moved).hash
    assert Spec.model_validate(spec).hash != Spec.model_validate(spec | {"grace": "1h"}).hash
