"""All files of the rule pack, from specs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from wolfpack.rules.alert import Alert
from wolfpack.rules.alertmanager import alertmanager, fragment
from wolfpack.rules.annotations import Links
from wolfpack.rules.existing import beside
from wolfpack.rules.prometheus_rules import model_file, service_file
from wolfpack.rules.proof import model_tests, service_tests
from wolfpack.rules.receivers import Receivers, checked
from wolfpack.rules.refusals import fault, refusals, untold
from wolfpack.rules.route_cases import route_cases, script
from wolfpack.rules.runbooks import page
from wolfpack.rules.service_rules import SERVICE, service_rules
from wolfpack.rules.table import alerts_for
from wolfpack.rules.timing import Timing
from wolfpack.rules.yaml_text import yaml_text
from wolfpack.spec import Fault, Keeping, Loaded, SpecError

ALERTMANAGER = "alertmanager.yml"
FRAGMENT = "alertmanager-fragment.yml"
ROUTES = "tests/routes_test.sh"


def generate(
    loaded: Sequence[Loaded],
    receivers: Receivers | None = None,
    timing: Timing | None = None,
    links: Links | None = None,
    existing: Mapping[str, Any] | None = None,
    keeping: Keeping | None = None,
) -> dict[str, str]:
    """Return the text of each file by its path relative to the output folder; equal input gives equal text.

    Parameters
    ----------
    loaded : the specs, in any order.
    receivers : by owner, what stands in an Alertmanager receiver; nothing for one whom nobody is to tell. Left out:
        nobody is told.
    timing, links : intervals, and where annotations point to; the defaults are for production.
    existing : an Alertmanager configuration that ours is put into.
    keeping : how long the exporter keeps what; the defaults of its own.

    Raises
    ------
    SpecError
        If specs cannot be made rules of; every fault at once, with file and line.
    ValueError
        If a receiver is none, or there already.
    """
    timing, links = timing or Timing(), links or Links()
    ordered = sorted(loaded, key=lambda one: (one.spec.project, one.spec.model))
    files: dict[str, str] = {}
    faults: list[Fault] = []
    names = {rule.name for rule in service_rules(timing)}
    told = checked(receivers or {})
    for one in ordered:
        refused = refusals(one, keeping) + (untold(one, told) if receivers is not None else [])
        faults += refused
        if refused:
            continue
        try:
            alerts = alerts_for(one.spec)
            files |= _model(one, alerts, timing, links, files)
            names |= {alert.name for alert in alerts}
        except ValueError as error:
            faults.append(fault(one, str(error)))
    if faults:
        raise SpecError(faults)
    files[f"rules/{SERVICE}.yml"] = yaml_text(service_file(timing, links))
    files[f"tests/{SERVICE}_test.yml"] = yaml_text(service_tests(timing))
    owners = {SERVICE, *(one.spec.owned_by for one in ordered)}
    part = fragment(owners, receivers, timing)
    whole = alertmanager(owners, receivers, timing) if existing is None else beside(existing, part)
    files[ALERTMANAGER], files[FRAGMENT] = yaml_text(whole), yaml_text(part)
    files[ROUTES] = script(route_cases(owners, told))
    files |= {f"runbooks/{name}.md": page(name) for name in names}
    return dict(sorted(files.items()))


def _model(
    one: Loaded, alerts: tuple[Alert, ...], timing: Timing, links: Links, taken: dict[str, str]
) -> dict[str, str]:
    spec, name = one.spec, f"{one.spec.project}--{one.spec.model}"
    path = f"rules/{name}.yml"
    if path in taken:
        raise ValueError(f"model: {path} is the file of another model too; rename one of the two")
    daily, live = (tuple(one for one in alerts if one.live is its) for its in (False, True))
    made = {
        path: yaml_text(model_file(spec, alerts, timing, links)),
        f"tests/{name}_test.yml": yaml_text(model_tests(spec, daily, timing, links)),
    }
    if live:
        made[f"tests/{name}_live_test.yml"] = yaml_text(model_tests(spec, live, timing.live(), links))
    return made

