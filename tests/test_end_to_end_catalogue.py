"""Every alert of the catalogue is driven to a webhook by a real run, or is named here with the reason why not."""

from __future__ import annotations

import test_end_to_end_families as families
import test_end_to_end_others as others

from wolfpack.rules.service_rules import EXPORTER_DOWN, WATCHDOG, service_rules
from wolfpack.rules.timing import Timing
from wolfpack.rules.told import TOLD

DRIVEN = (
    families.AT_ONCE | {"ModelDataLate"} | {name for _, name in others.EXPECTED} | {EXPORTER_DOWN}  # test_end_to_end.py
)
INNER = "is of the exporter's own failures, which nothing that is sent causes; promtool holds it silent and firing"
SIDECAR = "is of the sidecar, which has no part in these runs; promtool holds it silent and firing"
NOT_DRIVEN = {
    WATCHDOG: "always fires and never resolves; test_rules_routes.py has where it goes",
    "WolfpackReloadFailed": "is of a file of the operator, which no job sends; promtool holds it silent and firing",
    "WolfpackSourceLagging": "needs a lag of minutes by the wall clock; promtool holds it silent and firing",
    "WolfpackSourceRefused": "is of sources, which are read and not sent; promtool holds it silent and firing",
    "WolfpackSeriesDropped": "needs more series than a project's budget; promtool holds it silent and firing",
    "WolfpackIngestBusy": "needs more writes at once than two cores can send; promtool holds it silent and firing",
    "WolfpackComputeFailing": INNER,
    "WolfpackCollectorFailing": INNER,
    "WolfpackIngestFailing": INNER,
    "WolfpackLedgerSlow": INNER,
    "WolfpackBehind": INNER,
    "WolfpackDetectorDown": SIDECAR,
    "WolfpackDetectorStale": SIDECAR,
    "WolfpackDetectorFailing": SIDECAR,
    "WolfpackDetectorTooSlow": SIDECAR,
    "WolfpackDetectorReloadFailed": SIDECAR,
}


def test_every_alert_is_in_a_run_to_the_webhook_or_says_why_not() -> None:
    catalogue = set(TOLD) | {rule.name for rule in service_rules(Timing())}

    assert catalogue - DRIVEN - set(NOT_DRIVEN) == set()
    assert (DRIVEN | set(NOT_DRIVEN)) - catalogue == set()  # none that is no more
    assert DRIVEN & set(NOT_DRIVEN) == set()


def test_of_models_none_is_left_out() -> None:
    assert [name for name in NOT_DRIVEN if name in TOLD] == []
