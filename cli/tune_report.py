"""What `wolfpack tune` says: what was turned, what that loses and gains, and what could go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from wolfpack.cli.backtest import row_of
from wolfpack.cli.text_table import text_table
from wolfpack.rules import Episode
from wolfpack.rules.alert_budget import AlertBudget
from wolfpack.rules.backtest import Engine
from wolfpack.rules.episode_counts import MONTH, at_least
from wolfpack.rules.past_incidents import PastIncident
from wolfpack.rules.silences import Silence, silenced
from wolfpack.rules.spec_diff import spec_diff
from wolfpack.rules.tuner import Kind, Tuner
from wolfpack.rules.tuning import Model, Tuned, Turn
from wolfpack.spec import Loaded, Spec

MOST = 10
"""Episodes that are listed; the others are counted."""


@dataclass(frozen=True)
class TuneReport:
    """The findings of one run, told as text or as data; numbers of episodes are those of the engine."""

    tuner: Tuner
    tuned: Sequence[Tuned]
    budget: AlertBudget
    silences: Sequence[Silence] | None
    unread: Mapping[str, int]
    engine: Engine
    severity: str

    @cached_property
    def before(self) -> list[Episode]:
        return self._judged({model: spec for one in self.tuned for model, spec in one.before.items()})

    @cached_property
    def after(self) -> list[Episode]:
        if not any(one.turns for one in self.tuned):
            return self.before
        return self._judged({model: spec for one in self.tuned for model, spec in one.after.items()})

    def _judged(self, specs: Mapping[Model, Spec]) -> list[Episode]:
        pasts = (
            replace(past, specs=tuple(specs[spec.project, spec.model] for spec in past.specs))
            for past in self.tuner.pasts
        )
        return at_least([one for past in pasts for one in past.judged(self.engine)], self.severity)

    @property
    def turns(self) -> list[Turn]:
        return [turn for one in self.tuned for turn in one.turns]

    def owners(self) -> list[tuple[str, float, float, float]]:
        """Return each owner with the episodes a month wanted, had, and with the new thresholds."""
        months = max(past.seconds for past in self.tuner.pasts) / MONTH
        had, has = (Counter(one.labels["owner"] for one in found) for found in (self.before, self.after))
        return [
            (owner, self.budget.of(owner) or 0.0, had[owner] / months, has[owner] / months)
            for owner in sorted({spec.owned_by for spec in self.tuner.specs})
        ]

    def data(self) -> dict[str, Any]:
        """Return everything as JSON has it."""
        return {
            "owners": [
                dict(zip(("owner", "wanted", "now", "tuned"), row, strict=True)) for row in self.owners()
            ],
            "thresholds": [
                {"project": one.model[0], "model": one.model[1], "key": one.knob.dotted,
                 "now": one.knob.written(one.knob.value), "tuned": one.knob.written(one.value)}
                for one in self.turns
            ],
            "lost": [_as_data(one) for its in self.tuned for one in its.lost],
            "gained": [_as_data(one) for its in self.tuned for one in its.gained],
            "incidents": [
                {"title": its.title, "now": _names(its.caught_by(self.before)),
                 "tuned": _names(its.caught_by(self.after))} for its in self.tuner.incidents
            ],
            "never_fired": self.tuner.never_fired(),
            "always_wrong": self.tuner.always(self.tuner.wrong),
            "always_silenced": self._silenced(),
            "unread": dict(self.unread),
        }  # fmt: skip

    def parts(self) -> list[str]:
        """Return the paragraphs of the text."""
        owners = [(owner, *(f"{number:.1f}" for number in row)) for owner, *row in self.owners()]
        found = [text_table([("owner", "alerts a month wanted", "now", "tuned"), *owners], numbers=[1, 2, 3])]
        found.append(self._thresholds())
        if self.turns:
            found.append(self._alerts())
        found += [self._changed("lost", [one for its in self.tuned for one in its.lost])]
        found += [self._changed("gained", [one for its in self.tuned for one in its.gained])]
        if self.tuner.incidents:
            found.append(self._incidents())
        found += self._idle()
        return [part for part in found if part]

    def _thresholds(self) -> str:
        rows = [
            ("/".join(one.model), one.knob.dotted, one.knob.written(one.knob.value), one.knob.written(one.value))
            for one in self.turns
        ]
        beyond = [owner for owner, wanted, _, tuned in self.owners() if tuned > wanted]
        lines = [text_table([("model", "threshold", "now", "tuned"), *rows], numbers=[2, 3])] if rows else []
        lines += [] if rows or beyond else ["No threshold needs to be turned."]
        lines += [
            f"{owner}: this cannot be kept to; what remains has no threshold, or catches what must be caught."
            for owner in beyond
        ]
        return "\n\n".join(lines)

    def _alerts(self) -> str:
        had, has = (Counter((e.labels["owner"], e.labels["alertname"], e.labels["severity"]) for e in found)
                    for found in (self.before, self.after))  # fmt: skip
        rows = [(*key, str(had[key]), str(has[key])) for key in sorted(had | has)]
        return text_table([("owner", "alert", "severity", "episodes now", "tuned"), *rows], numbers=[3, 4])

    def _changed(self, how: str, found: Sequence[Episode]) -> str:
        if not found:
            return ""
        rows = [("began (UTC)", "lasted", how), *map(row_of, found[:MOST])]
        more = f"\nand {len(found) - MOST} more" if len(found) > MOST else ""
        return text_table(rows, numbers=[1]) + more

    def _incidents(self) -> str:
        rows = [
            (its.title, *(_caught(its, found) for found in (self.before, self.after)))
            for its in self.tuner.incidents
        ]
        return text_table([("incident", "caught now by", "tuned"), *rows])

    def _idle(self) -> list[str]:
        silenced_ones = self._silenced()
        return [
            _listed("Never fired", self.tuner.never_fired()),
            _listed("Always called wrong", self.tuner.always(self.tuner.wrong)),
            _listed("Always silenced", silenced_ones or []),
            "Read by no rule, detector or board: "
            + ", ".join(f"{name} ({count} series)" for name, count in sorted(self.unread.items()))
            if self.unread
            else "",
        ]

    def _silenced(self) -> list[Kind] | None:
        """Return the alerts that were always silenced; None if nobody was asked."""
        silences = self.silences
        if silences is None:
            return None
        return self.tuner.always(lambda one: silenced(one, silences))


def diff(loaded: Sequence[Loaded], tuned: Sequence[Tuned], beside: Path) -> str:
    """Return the changes of all specs as one unified diff; "" if there are none."""
    found = ""
    for one in loaded:
        model = (one.spec.project, one.spec.model)
        for its in tuned:
            changes = _changes(one, [turn for turn in its.turns if turn.model == model])
            if changes:
                found += spec_diff(one, its.after[model], changes, beside)
    return found


def _changes(loaded: Loaded, turns: Sequence[Turn]) -> dict[tuple[str, ...], str]:
    """Return values by place; levels that no file gives are written whole, or one would take the other's default."""
    written = {one.knob.place: one.knob.written(one.value) for one in turns}
    changes: dict[tuple[str, ...], str] = {}
    for one in turns:
        place = one.knob.place
        value = f'"{written[place]}"' if one.knob.bound else written[place]
        section = loaded.spec.model_dump(mode="json")
        for key in place[:-1]:
            section = section[key]
        if place[-1] in ("warning", "critical") and place[:-1] not in loaded.sources:
            given = section | {turn.knob.place[-1]: turn.value for turn in turns if turn.knob.place[:-1] == place[:-1]}
            levels = ", ".join(f"{key}: {value:g}" for key, value in given.items() if value is not None)
            changes[place[:-1]] = f"{{{levels}}}"
        else:
            changes[place] = value
    return changes


def _as_data(one: Episode) -> dict[str, Any]:
    return {"start": one.start, "end": one.end, "labels": one.labels}


def _caught(incident: PastIncident, found: Sequence[Episode]) -> str:
    return ", ".join(_names(incident.caught_by(found))) or "NOT CAUGHT"


def _names(found: Sequence[Episode]) -> list[str]:
    return sorted({one.labels["alertname"] for one in found})


def _listed(what: str, kinds: Sequence[Kind]) -> str:
    by_model: dict[str, list[str]] = {}
    for project, model, alert, severity in kinds:
        by_model.setdefault(f"{project}/{model}", []).append(f"{alert} ({severity})")
    return "\n".join(f"{what}, {model}: {', '.join(alerts)}" for model, alerts in by_model.items())
