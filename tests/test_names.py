"""The catalogue: every metric that is named anywhere is in it, with these labels, and can be exposed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from wolfpack.spec import FAMILIES, names
from wolfpack.spec.measures import MEASURES, Metric, Task, measures_of

ROOT = Path(__file__).parent.parent
CODE = [
    file
    for folder in ("stats", "client", "exporter", "rules", "detectors", "dashboards", "cli")
    for file in (ROOT / folder).glob("*.py")
]
NAME = re.compile(r"\b(?:ml|wolfpack)_[a-z0-9_]+\b")
UNITS = ("_seconds", "_ratio", "_total", "_info")


@pytest.mark.parametrize("family", FAMILIES.values(), ids=str)
def test_names_follow_prometheus(family) -> None:
    """Base units as suffixes, _total on counters only, no forbidden label."""
    assert family.help.endswith(".")
    assert family.name.endswith("_total") == (family.type == "counter")
    if family.unit:
        assert family.name.endswith(f"_{family.unit}")
    assert not {"le", "quantile", "type", "job", "instance"} & set(family.labels)


@pytest.mark.parametrize("file", CODE, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_no_metric_name_outside_the_catalogue(file: Path) -> None:
    """Names stand once; a text that must show one shows one that exists."""
    unknown = {name for name in NAME.findall(file.read_text()) if name.removesuffix("_") not in FAMILIES}

    assert {name for name in unknown if not any(known.startswith(name) for known in FAMILIES)} == set()


def test_catalogue_and_module_agree() -> None:
    declared = {value.name for value in vars(names).values() if isinstance(value, names.Family)}
    groups = (*names.OF_QUALITY, *names.OF_FAIRNESS, *names.OF_CONCEPT, *names.OF_OUTPUT, *names.OF_RETRAIN)

    assert declared | {one.name for one in groups} == set(FAMILIES)


def test_every_measure_of_the_spec_has_its_families_and_every_task_some() -> None:
    assert set(get_args(Metric)) == set(MEASURES)
    assert all(len(measures_of(task)) >= 6 for task in get_args(Task))
    assert all(one.labels == its.value.labels for its in MEASURES.values() for one in its.families)
