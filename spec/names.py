"""The metric catalogue: every family that Wolfpack may emit, once.

The exporter and the sidecar expose nothing else; rules, dashboards and documents read it from here.
`cls` says when a value is taken: ``pane`` the newest closed pane, ``window`` the newest window, ``event`` the
newest that a team or a job told (with a history of its own), ``live`` the live window that ends now, or calls
since the exporter started (in memory, without a history), ``model`` the model as it stands now,
``service`` Wolfpack itself. A family gets further labels only at its end: the ledger keeps their values by place.
"""

from __future__ import annotations

from types import ModuleType

from wolfpack.spec import (
    anomaly_names,
    column_names,
    label_names,
    live_names,
    service_names,
    told_names,
    window_names,
)

# All under their own names: this module is where others find them.
from wolfpack.spec.anomaly_names import *  # noqa: F403
from wolfpack.spec.column_names import *  # noqa: F403
from wolfpack.spec.concept_names import *  # noqa: F403
from wolfpack.spec.concept_names import OF_CONCEPT as OF_CONCEPT
from wolfpack.spec.fairness_names import OF_LABELS, OF_SELECTION
from wolfpack.spec.family import COLUMN as COLUMN
from wolfpack.spec.family import DRIFT as DRIFT
from wolfpack.spec.family import FAIRNESS as FAIRNESS
from wolfpack.spec.family import MODEL as MODEL
from wolfpack.spec.family import QUALITY as QUALITY
from wolfpack.spec.family import WINDOW as WINDOW
from wolfpack.spec.family import Class as Class
from wolfpack.spec.family import Family as Family
from wolfpack.spec.family import Type as Type
from wolfpack.spec.label_names import *  # noqa: F403
from wolfpack.spec.live_names import *  # noqa: F403
from wolfpack.spec.measures import MEASURES, QUALITY_FAMILIES
from wolfpack.spec.output_names import OF_OUTPUT as OF_OUTPUT
from wolfpack.spec.retrain_names import NEW_LABELS as NEW_LABELS
from wolfpack.spec.retrain_names import OF_RETRAIN as OF_RETRAIN
from wolfpack.spec.retrain_names import RETRAIN as RETRAIN
from wolfpack.spec.service_names import *  # noqa: F403
from wolfpack.spec.told_names import *  # noqa: F403
from wolfpack.spec.window_names import *  # noqa: F403

ROC_AUC, ROC_AUC_STDERR = MEASURES["roc_auc"].value, MEASURES["roc_auc"].stderr
BRIER = MEASURES["brier"].value
OF_QUALITY = QUALITY_FAMILIES
OF_FAIRNESS = (*OF_SELECTION, *OF_LABELS)

OWNER_MODELS = "owner:models:count"
"""Recorded by Prometheus: models by owner."""
OWNER_STATES = "owner_state:models:count"
"""Recorded by Prometheus: models by owner and state, `critical`, `warning` or `healthy`."""
OWNER_ALERTS = "owner_alertname_severity:alerts:count"
"""Recorded by Prometheus: alerts that fire, by owner, name and severity."""


def _of(topic: ModuleType) -> list[Family]:
    return [one for one in vars(topic).values() if isinstance(one, Family)]


FAMILIES: dict[str, Family] = {
    one.name: one
    for families in (
        _of(window_names), _of(column_names), OF_QUALITY, _of(label_names), OF_CONCEPT, OF_FAIRNESS, OF_OUTPUT,
        OF_RETRAIN, _of(anomaly_names), _of(told_names), _of(live_names), _of(service_names),
    )
    for one in families
}  # fmt: skip
"""All families by name, in catalogue order."""
SIDECAR = frozenset(name for name in FAMILIES if name.startswith("wolfpack_detector_"))
"""Names of the families that the sidecar shows on its own page; the exporter shows all others."""


def family(name: str) -> Family:
    """Return the family of this name.

    Raises
    ------
    ValueError
        If the catalogue has no such family; the message names the nearest.
    """
    from difflib import get_close_matches

    if name in FAMILIES:
        return FAMILIES[name]
    near = get_close_matches(name, FAMILIES, 1)
    hint = f"; did you mean {near[0]}?" if near else f"; known are {', '.join(FAMILIES)}"
    raise ValueError(f"{name!r} is no metric of the catalogue{hint}")
