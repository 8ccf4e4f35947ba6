"""The budget of series: what is shown of a project that has more, what is said of the rest, and what is refused."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from conftest import FULL, THREE_LINES
from hypothesis import given
from hypothesis import strategies as st
from notices import run, scalar
from tables import day, inputs, reference

from wolfpack.cli import main
from wolfpack.exporter import create_app, open_service
from wolfpack.exporter.history import Shown
from wolfpack.exporter.rationing import CLASSES, ordered, shares
from wolfpack.exporter.sample import TOLD, scope_of
from wolfpack.exporter.shelf import Shelf
from wolfpack.rules import Relative, alerts_for, least_series, reads
from wolfpack.spec import FAMILIES, Budget, Spec, WolfpackError, names
from wolfpack.stats import profile

REFERENCE = "/api/v1/projects/travel/models/arrival-delay/reference"
NEEDS = st.dictionaries(
    st.integers(0, 9), st.lists(st.integers(0, 30), min_size=CLASSES, max_size=CLASSES), min_size=1
)


def rows_key(model: str, segment: str = ""):
    return names.PANE_ROWS.name, ("p", model, "", "input", "s" if segment else "", segment)


def mean_key(model: str, column: str):
    return names.COLUMN_MEAN.name, ("p", model, "", "input", "", "", column)


def put(shelf: Shelf, model: int, keys, scope: str = "input") -> set[int]:
    """Show these series of a model; return the models whose page changed."""
    draft = shelf.draft(model, {scope: {key: Shown(1.0, None) for key in keys}})
    shelf.make(draft)
    return set(draft.changes)


# --- sharing


@given(NEEDS, st.integers(0, 200))
def test_shares_use_the_budget_up_and_keep_the_order_of_need(needs, budget) -> None:
    given_ = shares(needs, budget)

    assert given_.keys() == needs.keys()
    assert sum(given_.values()) == min(budget, sum(map(sum, needs.values())))
    assert all(given_[model] <= sum(counts) for model, counts in needs.items())
    for place in range(CLASSES):
        # Whoever has something of this class: every model has all of the classes before it.
        before = {model: sum(counts[:place]) for model, counts in needs.items()}
        if any(given_[model] > before[model] for model in needs):
            assert all(given_[model] >= before[model] for model in needs)


@given(NEEDS, st.integers(0, 200))
def test_of_the_class_that_does_not_fit_all_get_the_same(needs, budget) -> None:
    """But for one, for what does not divide, and for those who want less."""
    given_ = shares(needs, budget)
    for place in range(CLASSES):
        had = {model: given_[model] - sum(counts[:place]) for model, counts in needs.items()}
        short = [had[model] for model, counts in needs.items() if 0 <= had[model] < counts[place]]
        if short:
            assert max(had.values()) <= max(short) + 1 or max(short) == 0
            assert max(short) - min(short) <= 1


def test_series_are_ordered_as_the_design_says() -> None:
    """What says that data came, what rules read, quality, the rest; all rows before segments, then by column."""
    spec = Spec.model_validate(
        {"version": "wolfpack/v1", "project": "p", "model": "m", "columns": {"b": {}, "a": {}}}
    )
    drift = (names.COLUMN_PSI.name, ("p", "m", "", "input", "", "", "a", "reference"))
    version = (names.COLUMN_PSI.name, ("p", "m", "2", "input", "", "", "a", "version"))
    segment = (names.COLUMN_MISSING.name, ("p", "m", "", "input", "s", "x", "b"))
    quality = (names.BRIER.name, ("p", "m", "", "", ""))
    means = [mean_key("m", column) for column in ("b", "a", "c")]
    expected = [rows_key("m"), rows_key("m", "x"), drift, segment, quality, *means, version]

    found, counts = ordered(expected[::-1], ["b", "a"], reads(spec))

    assert found == expected
    assert counts == [2, 2, 1, 4]


# --- what rules read


@pytest.mark.parametrize("text", [THREE_LINES, FULL], ids=["short", "full"])
def test_what_the_alert_table_selects_is_what_is_kept(text) -> None:
    """A series that a selector of any alert takes is read; the means, that only the board draws, are not."""
    import yaml

    spec = Spec.model_validate(yaml.safe_load(text))
    read = reads(spec)
    for alert in alerts_for(spec):
        for clause in (clause for clauses in alert.any_of for clause in clauses):
            operand = getattr(clause, "operand", None)
            for selector in (clause.selector, *([operand.selector] if isinstance(operand, Relative) else [])):
                labels = {m.label: ("other" if m.negated else m.values[0]) for m in selector.matchers}
                assert read(selector.family, labels), (alert.name, selector)
                detected = selector.family.name in {one.metric for one in spec.detect}
                assert detected or not read(selector.family, labels | {"project": "another"})
    assert not read(names.COLUMN_MEAN, {"project": "travel", "model": "arrival-delay", "column": "a"})


def test_what_a_detector_watches_is_read() -> None:
    entry = {"metric": names.COLUMN_MEAN.name, "role": "prediction", "columns": ["score"]}
    spec = Spec.model_validate({"version": "wolfpack/v1", "project": "p", "model": "m", "detect": [entry]})
    labels = {"version": "", "segment": "", "role": "prediction", "column": "score"}
    read = reads(spec)

    assert read(names.COLUMN_MEAN, labels)
    for change in ({"role": "input"}, {"column": "other"}, {"segment": "s"}, {"version": "2"}):
        assert not read(names.COLUMN_MEAN, labels | change)


def test_of_the_scalars_a_detector_names_only_these_are_read() -> None:
    entry = {"metric": names.SCALAR_VALUE.name, "names": ["ctr"]}
    spec = Spec.model_validate({"version": "wolfpack/v1", "project": "p", "model": "m", "detect": [entry]})
    read = reads(spec)

    assert read(names.SCALAR_VALUE, {"scalar": "ctr"})
    assert not read(names.SCALAR_VALUE, {"scalar": "other"})


# --- the shelf


def test_a_project_within_its_budget_shows_everything() -> None:
    shelf = Shelf(Budget(3))
    put(shelf, 1, [rows_key("a"), mean_key("a", "x"), mean_key("a", "y")])

    assert len(shelf.shown(1)) == 3
    assert shelf.dropped(1) == []
    assert {name: (c.shown, c.dropped) for name, c in shelf.counts().items()} == {"p": (3, 0)}


def test_models_of_a_project_share_and_give_back() -> None:
    """One that grows takes from its sibling, one that goes gives back; another project has a budget of its own."""
    shelf = Shelf(Budget(10, {"p": 4}))
    columns = list("vwxyz")
    put(shelf, 1, [mean_key("a", column) for column in columns[:4]])
    grown = put(shelf, 2, [mean_key("b", column) for column in columns])
    both = [len(shelf.shown(1)), len(shelf.shown(2))]
    other = put(shelf, 3, [("ml_pane_rows", ("q", "c", "", "input", "", ""))])
    gone = put(shelf, 2, [])

    assert (grown, both) == ({1, 2}, [2, 2])
    assert other == {3}
    assert gone == {1, 2}
    assert [len(shelf.shown(model)) for model in (1, 2, 3)] == [4, 0, 1]


@given(
    st.lists(st.tuples(st.integers(0, 3), st.sampled_from("xyz"), st.integers(0, 6)), max_size=12),
    st.integers(0, 12),
)
def test_what_is_shown_is_a_part_of_what_is_there_and_changes_say_all(steps, budget) -> None:
    """After any steps: within the budget, shown and dropped are what there is, and replaying the changes gives it."""
    shelf, there, replayed = Shelf(Budget(budget)), {}, {}
    for model, scope, count in steps:
        part = {mean_key(f"m{model}", f"{scope}{n}"): Shown(float(n), None) for n in range(count)}
        there.setdefault(model, {})[scope] = part
        draft = shelf.draft(model, {scope: part})
        for one, change in draft.changes.items():
            its = replayed.setdefault(one, {})
            for key in change.before.keys() - change.after.keys():
                del its[key]
            its |= change.after
        shelf.make(draft)
    total = sum(len(part) for scopes in there.values() for part in scopes.values())

    assert sum(len(shelf.shown(model)) for model in there) == min(total, budget)
    for model, scopes in there.items():
        all_of = {key: one for part in scopes.values() for key, one in part.items()}
        assert shelf.shown(model) == replayed.get(model, {}) == {k: all_of[k] for k in shelf.shown(model)}
        assert set(shelf.dropped(model)) == all_of.keys() - shelf.shown(model).keys()


# --- the service


def start(folder, budget: Budget, text: str = FULL):
    specs = folder / "specs"
    specs.mkdir(exist_ok=True)
    (specs / "model.yml").write_text(text)
    service = open_service(
        [specs], f"sqlite:///{folder / 'ledger.db'}", replay=True, budget=budget, reads=reads
    )
    return service, create_app(service).test_client()


def at(http, text: str) -> None:
    assert http.post("/-/clock", json={"now": text}).status_code == 200


def send_days(http, days) -> None:
    """Send days of May 2024 and compute them."""
    for number in days:
        body = profile(inputs(day(60 + number)), by=["origin"]).to_bytes()
        where = {"project": "travel", "model": "arrival-delay", "role": "input", "at": f"2024-05-{number:02}"}
        assert http.post("/api/v1/profiles", data=body, query_string=where).status_code == 200


def own(http, family) -> float:
    line = f'{family.name}{{project="travel"}} '
    return float(
        next(text for text in http.get("/metrics").text.splitlines() if text.startswith(line))[len(line) :]
    )


def test_what_is_over_the_budget_is_counted_named_and_kept_in_history(tmp_path) -> None:
    service, http = start(tmp_path, Budget(18))
    at(http, "2024-05-02T06:00:00-04:00")
    send_days(http, [1])
    at(http, "2024-05-02T07:00:00-04:00")
    page, index = http.get("/metrics").text, http.get("/").text
    shown = [line for line in page.splitlines() if line.startswith("ml_")]
    query = {"match": 'ml_column_mean{role="input",column="delay"}', "as": "event"}
    event = http.get("/api/v1/series", query_string=query).json["series"]
    exposed = http.get("/api/v1/series", query_string=query | {"as": "exposed"}).json["series"]
    service.close()

    assert len(shown) == 18
    assert "ml_window_due_timestamp_seconds" in page
    assert "ml_column_mean" not in page
    assert 'wolfpack_series_exposed{project="travel"} 18.0' in page
    assert 'wolfpack_series_dropped{project="travel"} 0.0' not in page
    assert "Not shown" in index
    assert "ml_column_mean" in index
    assert (len(event), len(exposed)) == (1, 0)


def test_a_restart_shows_the_same_and_knows_what_is_dropped(tmp_path) -> None:
    """The dropped are not on record, so the newest windows are computed again."""
    service, http = start(tmp_path, Budget(18))
    at(http, "2024-05-02T06:00:00-04:00")
    send_days(http, [1])
    at(http, "2024-05-02T07:00:00-04:00")
    before = {line for line in http.get("/metrics").text.splitlines() if line.startswith("ml_")}
    dropped = own(http, names.SERIES_DROPPED)
    service.close()
    service, http = start(tmp_path, Budget(18))
    at(http, "2024-05-02T07:10:00-04:00")
    after = {line for line in http.get("/metrics").text.splitlines() if line.startswith("ml_")}
    again = own(http, names.SERIES_DROPPED)
    service.close()

    assert before == after
    assert dropped == again > 0


def test_a_smaller_budget_withdraws_at_the_start_and_a_larger_one_shows_again_with_the_next_pane(
    tmp_path,
) -> None:
    counts = []

    def run(limit: int, clock: str, days, until: str) -> None:
        service, http = start(tmp_path, Budget(limit))
        at(http, clock)
        send_days(http, days)
        at(http, until)
        counts.append((own(http, names.SERIES_EXPOSED), own(http, names.SERIES_DROPPED)))
        query = {"match": "ml_window_panes_expected", "as": "exposed"}
        series = http.get("/api/v1/series", query_string=query).json["series"]
        shown.append([point[1] for one in series for point in one["points"]])
        service.close()

    shown: list[list[float | None]] = []
    run(100, "2024-05-02T06:00:00-04:00", [1], "2024-05-02T07:00:00-04:00")
    run(4, "2024-05-02T07:10:00-04:00", [], "2024-05-02T07:20:00-04:00")
    run(100, "2024-05-02T07:30:00-04:00", [], "2024-05-02T07:40:00-04:00")
    run(100, "2024-05-03T06:00:00-04:00", [2], "2024-05-03T07:00:00-04:00")

    total = counts[0][0]
    assert counts == [(total, 0), (4, total - 4), (4, 0), (total, 0)]
    assert shown == [[7], [7, None], [7, None], [7, None, 7]]


def test_a_reference_puts_what_rules_read_before_what_they_do_not(tmp_path) -> None:
    service, http = start(tmp_path, Budget(30))
    at(http, "2024-05-01T06:00:00-04:00")
    http.put(REFERENCE, data=reference().to_bytes())
    at(http, "2024-05-02T06:00:00-04:00")
    send_days(http, [1])
    at(http, "2024-05-02T07:00:00-04:00")
    page = http.get("/metrics").text
    service.close()

    assert 'ml_column_psi_noise{baseline="reference",column="delay"' in page
    assert "ml_pane_mean" not in page


# --- options and checks


@pytest.mark.parametrize("text", ["", "x", "0", "-1", "travel=", "=5", "travel=x", "1.5", "٣"])
def test_a_budget_that_is_none_is_refused(text) -> None:
    with pytest.raises(WolfpackError, match="write NUMBER or PROJECT=NUMBER"):
        Budget.parse([text])


def test_budgets_are_for_all_and_by_project() -> None:
    found = Budget.parse(["30000", "a=5", "b=6", "a=7"])

    assert [found.of(name) for name in ("a", "b", "c")] == [7, 6, 30000]
    assert Budget.parse([]).of("a") == 20_000


def test_the_least_series_are_there_once_a_model_runs(tmp_path) -> None:
    """The check counts what the exporter then shows of what is dropped last, and no more."""
    text = FULL + "columns: {delay: {}, carrier: {}}\n"
    service, http = start(tmp_path, Budget(), text)
    at(http, "2024-05-01T06:00:00-04:00")
    http.put(REFERENCE, data=reference().to_bytes())
    at(http, "2024-05-02T06:00:00-04:00")
    send_days(http, [1])
    for role in ("input", "prediction"):
        table = day(61).select(["delay", "carrier", "origin"] if role == "input" else ["score", "origin"])
        body = profile(table, baseline=reference()).to_bytes()
        where = {"project": "travel", "model": "arrival-delay", "role": role, "at": "2024-05-01"}
        assert http.post("/api/v1/profiles", data=body, query_string=where).status_code == 200
    at(http, "2024-05-02T07:00:00-04:00")
    spec = service.registry.all()[0].spec
    keys = list(service.shelf.shown(service.registry.all()[0].id))
    _, counts = ordered(keys, list(spec.columns), reads(spec))
    service.close()

    assert 30 < least_series(spec) <= counts[0] + counts[1]


def test_of_jobs_and_scalars_what_rules_read_and_what_is_due_is_kept(watched) -> None:
    """The check counts for a job and a scalar what the exporter then shows of them and drops last."""
    scalar(watched, 5, step=1)
    run(watched, "2024-05-01T05:30:00-04:00", duration=60, rows=9)
    watched.at("2024-05-01T06:10:00-04:00")
    known = watched.service.registry.all()[0]
    keys, counts = ordered(list(watched.service.shelf.shown(known.id)), [], reads(known.spec))
    kept = {key[0] for key in keys[: counts[0] + counts[1]] if {"nightly", "rebookings"} & set(key[1])}
    without = known.spec.model_copy(update={"jobs": {}, "scalars": {}})

    assert kept == {
        one.name
        for one in (
            names.JOB_LAST_RUN,
            names.JOB_LAST_SUCCESS,
            names.JOB_DURATION,
            names.JOB_DUE,
            names.SCALAR_VALUE,
            names.SCALAR_DUE,
        )
    }
    assert least_series(known.spec) - least_series(without) == len(kept)


def test_check_refuses_a_spec_whose_needed_series_alone_exceed_the_budget(tmp_path) -> None:
    columns = ", ".join(f"c{number}: {{}}" for number in range(2400))
    (tmp_path / "big.yml").write_text(THREE_LINES + f"columns: {{{columns}}}\n")

    refused = CliRunner().invoke(main, ["check", str(tmp_path)])
    raised = CliRunner().invoke(main, ["check", str(tmp_path), "--budget", "travel=30000"])

    assert refused.exit_code == 1
    assert "big.yml:4: columns: project 'travel' has at least 24008 series" in refused.output
    assert "its budget is 20000; name fewer columns, or give" in refused.output
    assert raised.exit_code == 0


def test_every_family_has_a_class() -> None:
    """Quality is a class of its own; what was told and no rule reads goes with it."""
    spec = Spec.model_validate({"version": "wolfpack/v1", "project": "p", "model": "m"})
    keys = [
        (one.name, ("p", "m", *[""] * (len(one.labels) - 2)))
        for one in FAMILIES.values()
        if one.cls not in ("service", "live")  # of neither are there series in the ledger, nor in a budget
    ]
    read = reads(spec)
    found, counts = ordered(keys, [], read)

    assert sorted(found) == sorted(keys)
    quality = sum(scope_of(key) in ("label", "estimate", "output") for key in keys)
    told = [
        key
        for key in keys
        if scope_of(key) == TOLD and not read(FAMILIES[key[0]], {"project": "p", "model": "m"})
    ]
    assert len(told) == 7  # every model's rules read when jobs ran and succeeded
    assert counts[2] == quality + len(told)
    assert json.dumps(counts)
