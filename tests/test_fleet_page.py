"""The page of all models: what is asked for by the address is what is there, in that order."""

from __future__ import annotations

import re

import pytest

from wolfpack.exporter import create_app, open_service
from wolfpack.exporter.conditions import conditions
from wolfpack.exporter.fleet import _GROUP_OF, GROUPS
from wolfpack.exporter.history import Shown
from wolfpack.spec import Spec, names
from wolfpack.spec.measures import MEASURES
from wolfpack.stats import Thresholds

MODELS = {"delay": ("flights", 300.0), "demand": ("shop", 100.0), "price": ("shop", 200.0)}
HEAD = "version: wolfpack/v1\nproject: travel\nmodel: {}\nowner: {}\n"


def key(family, model: str, **labels: str):
    named = {"project": "travel", "model": model, "role": "input"} | labels
    return family.name, tuple(named.get(name, "") for name in family.labels)


@pytest.fixture
def service(tmp_path):
    for model, (owner, _) in MODELS.items():
        (tmp_path / f"{model}.yml").write_text(HEAD.format(model, owner))
    with_quality = "prediction: {column: score}\nlabel: {column: late, key: id}\n"
    with_quality += "quality: {roc_auc: {warning: '< 0.8'}}\n"
    (tmp_path / "price.yml").write_text(HEAD.format("price", "shop") + with_quality)
    one = open_service([tmp_path], f"sqlite:///{tmp_path / 'ledger.db'}", replay=True)
    one.set_clock(1_700_000_000.0)
    for known in one.registry.all():
        show(one, known, {})
    yield one
    one.close()


def show(service, known, more) -> None:
    model = known.spec.model
    rows = {key(names.PANE_ROWS, model): Shown(MODELS[model][1], 1_699_900_000)}
    service.shelf.make(service.shelf.draft(known.id, {"input": rows | more}))


@pytest.fixture
def page(service):
    return create_app(service).test_client()


def listed(page, query: str) -> list[str]:
    return re.findall(r'<th scope="row"><a href="/models/travel/(\w+)"', page.get(f"/{query}").text)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["delay", "demand", "price"]),
        ("?sort=model", ["delay", "demand", "price"]),
        ("?sort=-model", ["price", "demand", "delay"]),
        ("?sort=rows", ["demand", "price", "delay"]),
        ("?sort=-rows", ["delay", "price", "demand"]),
        ("?sort=-owner", ["demand", "price", "delay"]),
        ("?sort=nothing", ["delay", "demand", "price"]),
        ("?q=SHOP&sort=-rows", ["price", "demand"]),
        ("?owner=flights", ["delay"]),
        ("?group=data", ["delay", "demand", "price"]),
        ("?group=quality", []),
    ],
)
def test_models_are_listed_as_the_address_asks(page, query, expected) -> None:
    assert listed(page, query) == expected


def test_headings_sort_both_ways_keep_the_filter_and_say_the_order(page) -> None:
    text = page.get("/?owner=shop&sort=rows").text

    assert 'aria-sort="ascending"><a href="/?owner=shop&amp;sort=-rows">' in text
    assert '<a href="/?owner=shop&amp;sort=model">Model</a>' in text
    assert '<a href="/?owner=shop">State</a>' in text  # the worst first, as without an order
    assert '<input type="hidden" name="sort" value="rows">' in text
    assert 'aria-sort="descending"><a href="/">State</a>' in page.get("/").text


def test_a_model_worse_than_its_bound_comes_first_and_has_quality(service, page) -> None:
    price = next(one for one in service.registry.all() if one.spec.model == "price")
    assert listed(page, "") == ["delay", "demand", "price"]
    show(service, price, {key(MEASURES["roc_auc"].value, "price"): Shown(0.7, 1_699_900_000)})

    assert listed(page, "") == ["price", "delay", "demand"]
    assert listed(page, "?group=quality") == listed(page, "?state=worse") == ["price"]
    assert "roc_auc is 0.7, &lt; 0.8" in page.get("/models/travel/price").text


@pytest.mark.parametrize(
    ("now", "before", "limit", "worse"),
    [(0.7, 0.8, 0.75, True), (0.76, 0.8, 0.75, False), (0.72, 0.8, 0.7, False), (0.9, 0.8, 0.75, False)],
)
def test_a_drop_counts_beyond_what_is_allowed_and_what_chance_gives(now, before, limit, worse) -> None:
    spec = Spec.model_validate({
        "version": "wolfpack/v1", "project": "travel", "model": "m", "prediction": {"column": "p"},
        "label": {"column": "y", "key": "id"}, "quality": {"roc_auc": {"drop": 0.05}},
    })  # fmt: skip
    its = MEASURES["roc_auc"]
    values = ((its.value, now), (its.baseline, before), (its.noise_limit, limit))
    shown = {key(family, "m"): Shown(value, 1) for family, value in values}
    found = conditions(shown, Thresholds(), spec.quality, 2.0)

    assert [one.kind for one in found] == ["worse"] * worse


def test_every_family_is_in_a_group_of_the_form() -> None:
    assert set(_GROUP_OF.values()) == set(GROUPS)
    assert _GROUP_OF[names.COLUMN_PSI.name] == "drift"
    assert _GROUP_OF[names.LABEL_COVERAGE.name] == "quality"
