"""The tables of a model's page, from what the metrics page shows of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from wolfpack.exporter.history import Shown
from wolfpack.exporter.sample import Key
from wolfpack.spec import FAMILIES, Family, names

Series = Mapping[Key, Shown]
_ROLES = {
    "end": names.WINDOW_END,
    "rows": names.WINDOW_ROWS,
    "pane_rows": names.PANE_ROWS,
    "panes": names.WINDOW_PANES,
    "expected": names.WINDOW_PANES_EXPECTED,
    "received": names.WINDOW_RECEIVED,
    "due": names.WINDOW_DUE,
}
_COLUMNS = {
    "missing": names.COLUMN_MISSING,
    "mean": names.COLUMN_MEAN,
    "distinct": names.COLUMN_DISTINCT,
    "psi": names.COLUMN_PSI,
    "psi_noise": names.COLUMN_PSI_NOISE,
    "ks": names.COLUMN_KS,
    "ks_noise": names.COLUMN_KS_NOISE,
    "novel": names.COLUMN_NOVEL,
}


@dataclass(frozen=True)
class ColumnRow:
    """One column and its newest values, by what they are; what is not known is absent."""

    role: str
    column: str
    values: dict[str, float]


def role_rows(shown: Series) -> dict[str, dict[str, float]]:
    """Return the newest values of each role, by what they are."""
    found: dict[str, dict[str, float]] = {}
    for what, family in _ROLES.items():
        for labels, value in _whole(shown, family):
            found.setdefault(labels["role"], {})[what] = value
    return dict(sorted(found.items()))


def column_rows(shown: Series) -> list[ColumnRow]:
    """Return every column by role and name, with its scores against the reference."""
    found: dict[tuple[str, str], dict[str, float]] = {}
    for what, family in _COLUMNS.items():
        for labels, value in _whole(shown, family):
            if labels.get("baseline", "reference") == "reference":
                found.setdefault((labels["role"], labels["column"]), {})[what] = value
    return [ColumnRow(role, column, values) for (role, column), values in sorted(found.items())]


def value_rows(shown: Series) -> list[tuple[str, str, float]]:
    """Return metric, version and value of the model's quality, all rows together."""
    found = []
    for (name, labels), one in shown.items():
        family = FAMILIES[name]
        if family in names.OF_QUALITY:
            named = dict(zip(family.labels, labels, strict=True))
            if not named["segment"] and not named.get("class"):
                found.append((name, named["version"], one.value))
    return sorted(found)


def _whole(shown: Series, family: Family) -> Iterator[tuple[dict[str, str], float]]:
    for (name, labels), one in shown.items():
        if name == family.name:
            named = dict(zip(family.labels, labels, strict=True))
            if not named.get("version") and not named.get("segment"):
                yield named, one.value
