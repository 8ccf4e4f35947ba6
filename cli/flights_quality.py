"""What the demo shows of quality: how much was lost when it was told, estimates beside what came, and the release."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from wolfpack import flights
from wolfpack.cli.flights_replay import Flights
from wolfpack.cli.flights_result import Finding
from wolfpack.cli.text_table import text_table
from wolfpack.client import Transport
from wolfpack.exporter.clock import utc
from wolfpack.flights.incidents import Flip, Release
from wolfpack.rules.exposed import SERIES
from wolfpack.spec import Spec, names
from wolfpack.spec.measures import MEASURES
from wolfpack.stats import ScoreCounts

LIMIT = 0.05
"""ROC AUC that may be lost at most before the planted loss of quality is told."""
SUNDAYS = 9
"""Windows that are shown, a week apart, the last one that has labels at the end."""
ROC_AUC = MEASURES["roc_auc"]


@dataclass(frozen=True)
class Loss:
    """ROC AUC of the newest labelled window when a loss of quality was told: shown, and of the same rows unspoilt."""

    day: date
    shown: float
    clean: float

    @property
    def lost(self) -> float:
        return self.clean - self.shown


def loss_when_told(transport: Transport, finding: Finding, its: Flights, spec: Spec) -> Loss | None:
    """Return what was lost when a finding was told; None if it was not."""
    if finding.episode is None:
        return None
    points = _points(transport, names.ROC_AUC.name, spec)
    shown = {end: value for end, (value, computed) in points.items() if computed <= finding.episode.start}
    end = max(shown)
    day = _day(end, its, spec)
    return Loss(day, shown[end], clean_roc_auc(its, day, spec.window_panes))


def quality_text(transport: Transport, findings: Sequence[Finding], its: Flights, spec: Spec) -> tuple[str, bool]:
    """Return all that is shown, and whether the loss was told in time and the release is told as another model."""
    flip = next(one for one in findings if isinstance(one.incident.change, Flip))
    loss = loss_when_told(transport, flip, its, spec)
    release = compare_release(transport, its, spec)
    caught = any(one["check"] == "drift" for one in release["reasons"])
    blocks = [loss_text(loss), course_text(transport, its, spec), release_text(release)]
    return "\n\n".join(blocks), caught and loss is not None and loss.lost < LIMIT


def clean_roc_auc(its: Flights, day: date, days: int) -> float:
    """Return the ROC AUC of the window that ends with a day of 2013, with the labels that nothing was planted in."""
    counts = []
    for back in range(days):
        rows, _ = its.table(day - timedelta(days=back))
        true = flights.day(its.year, day - timedelta(days=back)).set_index(flights.KEY)[flights.LABEL]
        late = rows[flights.KEY].map(true)
        known = late.notna().to_numpy()
        counts.append(ScoreCounts.from_arrays(rows["score"].to_numpy()[known], late.to_numpy()[known]))
    return counts[0].merge(*counts[1:]).roc_auc() or 0.0


def loss_text(loss: Loss | None) -> str:
    """Return how much was lost when it was told, and whether that is within the limit."""
    if loss is None:
        return "The planted loss of quality was not told."
    verdict = "before" if loss.lost < LIMIT else "AFTER"
    return (
        f"The planted loss of quality was told when the newest labelled window, to {loss.day:%d %b}, had a ROC AUC of "
        f"{loss.shown:.3f};\nwithout what is planted it has {loss.clean:.3f}: {loss.lost:.3f} lost, "
        f"{verdict} it reached {LIMIT}."
    )


def course_text(transport: Transport, its: Flights, spec: Spec) -> str:
    """Return quality with its coverage, and what was expected before labels came with the error of that."""
    families = (
        ROC_AUC.value, ROC_AUC.stderr, names.LABEL_COVERAGE, ROC_AUC.estimate, ROC_AUC.estimate_stderr,
        ROC_AUC.estimate_error, ROC_AUC.estimate_error_noise,
    )  # fmt: skip
    found = [_points(transport, one.name, spec) for one in families if one is not None]
    days = {_day(end, its, spec): end for end in found[0]}
    rows = [("window to", "ROC AUC", "labelled", "expected before", "error of that", "by chance")]
    for day in sorted(one for one in days if (max(days) - one).days % 7 == 0)[-SUNDAYS:]:
        end, none = days[day], (float("nan"), 0.0)
        value, stderr, coverage, expected, spread, error, noise = (one.get(end, none)[0] for one in found)
        realised, before = f"{value:.3f} ± {stderr:.3f}", f"{expected:.3f} ± {spread:.3f}"
        rows.append((f"{day:%d %b}", realised, f"{coverage:.1%}", before, f"{error:+.3f}", f"{noise:.3f}"))
    return text_table(rows, numbers=[1, 2, 3, 4, 5])


def compare_release(transport: Transport, its: Flights, spec: Spec) -> dict[str, Any]:
    """Return how the exporter compares the versions of the planted release, in a window with days of both."""
    release = next(one for one in its.incidents if isinstance(one.change, Release))
    new = its.table(release.first)[1]
    old = its.table(release.first - timedelta(days=1))[1]
    last = release.first + timedelta(days=spec.window_panes // 2 - 1) + its.shift
    asked = {"project": spec.project, "model": spec.model, "old": old, "new": new, "at": last.isoformat()}
    found: dict[str, Any] = transport.get("/api/v1/comparison", asked)
    return found


def release_text(found: dict[str, Any]) -> str:
    """Return the command that asks it, and what it tells."""
    whole = [one for one in found["quality"] if not one["segment"] and one["measure"] == ROC_AUC.name]
    lines = [f"`wolfpack compare --versions {found['old']} {found['new']} --fail-on warning` says of the release:"]
    lines += [f"  {one['level']}: {one['text']}" for one in found["reasons"]]
    for one in whole:
        its = one["difference"]
        lines.append(
            f"  ROC AUC {one['old']:.3f} and {one['new']:.3f}, difference {its['value']:+.3f} "
            f"(95 %: {its['low']:+.3f} to {its['high']:+.3f})"
        )
    moved = [one["column"] for one in found["inputs"] if one["drifted"]]
    lines.append(f"  inputs that differ between the days of both: {', '.join(moved) or 'none'}")
    return "\n".join(lines)


def _points(transport: Transport, family: str, spec: Spec) -> dict[float, tuple[float, float]]:
    """Return value and time of computing by window end, of all rows of all live versions."""
    match = f'{family}{{project="{spec.project}",model="{spec.model}",version="",segment=""}}'
    found = transport.get(SERIES, {"match": match, "as": "event"})["series"]  # a day each: one page
    return {end: (value, computed) for one in found for end, value, computed in one["points"] if value is not None}


def _day(end: float, its: Flights, spec: Spec) -> date:
    return (utc(end - 1).astimezone(spec.zone)).date() - its.shift
