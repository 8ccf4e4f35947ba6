"""The tuning of models by their past: what must be caught, what nobody needed, and what nothing reads."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property

from wolfpack.rules.episode_counts import MONTH, at_least
from wolfpack.rules.episodes import Episode
from wolfpack.rules.exposed import Reader, series_of
from wolfpack.rules.past import Past
from wolfpack.rules.past_incidents import Judged, PastIncident
from wolfpack.rules.reads import reading
from wolfpack.rules.table import alerts_for
from wolfpack.rules.tuning import Tuned, Want, tune
from wolfpack.rules.what_if import WhatIf
from wolfpack.spec import FAMILIES, Spec, names

Kind = tuple[str, str, str, str]
"""Project, model, alert and severity."""


class Tuner:
    """The pasts of models, with what a person said of them.

    Parameters
    ----------
    severity : alerts under it are not counted.
    """

    def __init__(
        self, pasts: Sequence[Past], incidents: Sequence[PastIncident], judged: Sequence[Judged], severity: str
    ) -> None:
        self.pasts, self.incidents, self._judged, self._severity = pasts, incidents, judged, severity
        self._what_if = {(spec.project, spec.model): what_if for past in pasts for what_if in [WhatIf(past)]
                         for spec in past.specs}  # fmt: skip

    @cached_property
    def specs(self) -> list[Spec]:
        return [spec for past in self.pasts for spec in past.specs]

    def episodes(self, spec: Spec) -> list[Episode]:
        """Return what a spec of one of the models would have told."""
        return at_least(self._what_if[spec.project, spec.model].episodes(spec), self._severity)

    def tuned(self, owner: str, a_month: float) -> Tuned:
        """Return the specs of an owner with thresholds that keep to so many episodes a month."""
        its = [spec for spec in self.specs if spec.owned_by == owner]
        seconds = max(past.seconds for past in self.pasts if any(spec in its for spec in past.specs))
        wants = [want for spec in its for want in self._wants(spec)]
        return tune(its, self.episodes, a_month * seconds / MONTH, wants, self.wrong)

    def wrong(self, one: Episode) -> bool:
        """Tell whether a person called an episode wrong."""
        return any(said.verdict == "wrong" and said.of(one) for said in self._judged)

    def never_fired(self) -> list[Kind]:
        """Return the alerts of the specs that have no episode at all."""
        every = {(spec.project, spec.model, alert.name, alert.severity) for spec in self.specs
                 for alert in alerts_for(spec) if alert.check != "system" and not alert.live}  # fmt: skip
        return sorted(every - set(self._by_kind()))

    def always(self, true: Callable[[Episode], bool]) -> list[Kind]:
        """Return the alerts that have episodes, of all of which something is true."""
        return sorted(kind for kind, found in self._by_kind().items() if all(map(true, found)))

    def _by_kind(self) -> dict[Kind, list[Episode]]:
        found: dict[Kind, list[Episode]] = {}
        for spec in self.specs:
            for one in self._what_if[spec.project, spec.model].episodes(spec):
                labels = one.labels
                kind = (spec.project, spec.model, labels["alertname"], labels["severity"])
                found.setdefault(kind, []).append(one)
        return found

    def _wants(self, spec: Spec) -> list[Want]:
        model = (spec.project, spec.model)
        wants = [
            Want(its.title, model, lambda found, its=its: bool(its.caught_by(found)))  # type: ignore[misc]
            for its in self.incidents
            if (its.project, its.model) == model
        ]
        now = self.episodes(spec)
        right = [said for said in self._judged if said.verdict == "right" and any(map(said.of, now))]
        return wants + [
            Want(f"told right: {dict(said.labels)}", model, lambda found, said=said: any(map(said.of, found)))  # type: ignore[misc]
            for said in right
        ]


def unread(reader: Reader, specs: Iterable[Spec], boards: str) -> dict[str, int]:
    """Return the families that are shown of models and that no rule, detector or board reads, with their series.

    Parameters
    ----------
    boards : the text of all dashboards.
    """
    specs = list(specs)
    drawn = set(re.findall(r"\bml_\w+", boards))
    read = {family for spec in specs for family in reading(spec)} | drawn
    found: dict[str, int] = {}
    for family in FAMILIES.values():
        if family.labels[:2] == names.MODEL and family.type == "gauge" and family.name not in read:
            count = sum(1 for spec in specs for _ in series_of(reader, family.name, spec))
            found |= {family.name: count} if count else {}
    return found
