"""The model board: one screen that says whether a model is healthy, since when, and what changed."""

from __future__ import annotations

import hashlib

from wolfpack.dashboards import drift_panels as drifting
from wolfpack.dashboards import fairness_panels as fairness
from wolfpack.dashboards import live_panels as live
from wolfpack.dashboards import model_panels as panel
from wolfpack.dashboards import output_panels as outputs
from wolfpack.dashboards import quality_panels as quality
from wolfpack.dashboards import told_panels as told
from wolfpack.dashboards.choices import one_model
from wolfpack.dashboards.layout import MADE, Section, board, datasource, variable
from wolfpack.dashboards.links import MODEL_UID, Outside, evidence_link, to_column, to_runbook
from wolfpack.dashboards.marks import deployments
from wolfpack.dashboards.panels import Json, Panel
from wolfpack.dashboards.scope import Scope
from wolfpack.spec import Spec, names
from wolfpack.spec.measures import MEASURES


def shared_board(outside: Outside = Outside()) -> Json:  # noqa: B008 - frozen
    """Return the board of every model: project and model are variables, every panel is there."""
    scope = Scope()
    choice = [*one_model(), *_narrowing(scope, detect=True), quality.measure_choice(scope)]
    text = f"Data, drift, quality and anomalies of one model. {MADE}"
    sections, links = _sections(scope, None, outside), evidence_link(outside, scope)
    return board("Wolfpack / Model", MODEL_UID, text, choice, sections, links, deployments(scope))


def spec_board(spec: Spec, outside: Outside = Outside()) -> Json:  # noqa: B008 - frozen
    """Return the board of one model, with only the panels that its spec can fill."""
    scope = Scope(spec.project, spec.model)
    choice = [datasource(), *_narrowing(scope, detect=bool(spec.detect))]
    text = f"{spec.project}/{spec.model}, owned by {spec.owned_by}. {MADE}"
    title = f"Wolfpack / {spec.project} / {spec.model}"
    uid, links = spec_uid(spec.project, spec.model), evidence_link(outside, scope)
    return board(title, uid, text, choice, _sections(scope, spec, outside), links, deployments(scope))


def spec_uid(project: str, model: str) -> str:
    """Return the uid of a model's own board: the same in every version, so that links to it stay.

    Examples
    --------
    >>> spec_uid("travel", "arrival-delay")
    'wolfpack-0d1aa547c926d0de'
    """
    return "wolfpack-" + hashlib.sha256(f"{project}/{model}".encode()).hexdigest()[:16]


def _narrowing(scope: Scope, *, detect: bool) -> list[Json]:
    found = [
        variable("role", "Role", scope.values(names.WINDOW_ROWS, "role"), several=True),
        variable("column", "Column", scope.values(names.COLUMN_MISSING, "column"), several=True),
    ]
    found.append(variable("shown", "Distribution of", scope.values(names.COLUMN_DISTINCT, "column")))
    if detect:
        chosen = {"metric": '="$metric"'}
        found += [
            variable("metric", "Watched metric", scope.values(names.ANOMALY_READY, "metric")),
            variable("watched", "Watched column", scope.values(names.ANOMALY_READY, "column", **chosen)),
        ]
    return found


def _sections(scope: Scope, spec: Spec | None, outside: Outside) -> list[Section]:
    """Return the sections that a spec can fill; all of them without one."""
    found = [
        Section("Now", _now(scope, spec)),
        Section("Alerts", (to_runbook(panel.alerts(scope), outside),)),
        Section("Live", _live(scope, spec)),
        Section("Data", _data(scope, spec)),
        Section("Columns", _columns(scope, spec)),
        Section("Distribution", (panel.quantiles(scope), panel.extremes(scope), panel.distinct(scope))),
        Section("Drift", tuple(to_column(one, scope) for one in _drift(scope, spec))),
        Section("Releases", _releases(scope, spec)),
        Section("Quality", _quality(scope, spec)),
        Section("Outputs", outputs.panels(scope) if spec and (spec.outputs or spec.events) else ()),
        Section("Fairness", fairness.panels(scope, spec) if spec and spec.fairness else ()),
        Section("Anomalies", _anomalies(scope, spec)),
        Section("Scalars", _scalars(scope, spec)),
        Section("Jobs", _jobs(scope, spec)),
        Section("Schedule", (panel.due(scope),)),
    ]
    return [section for section in found if section.panels]


def _now(scope: Scope, spec: Spec | None) -> tuple[Panel, ...]:
    found = [
        panel.firing(scope),
        panel.past_due(scope),
        panel.age(scope),
        panel.newest_rows(scope),
        panel.empty_columns(scope),
        panel.lacking(scope),
        panel.drifted(scope, spec.drift.columns if spec else None),
    ]
    if spec is None:
        found.append(quality.chosen_now(scope))
    elif _labelled(spec):
        first = quality.drawn(spec)[0]
        found.append(quality.now(scope, first, spec.quality.get(first.name)))
    if spec is None or spec.detect:
        found.append(panel.anomalous(scope))
    return tuple(found)


def _live(scope: Scope, spec: Spec | None) -> tuple[Panel, ...]:
    if spec is not None and spec.live is None:
        return ()
    its = spec.live if spec else None
    return (
        live.workers(scope),
        live.lost(scope),
        live.traffic(scope),
        live.rate(scope),
        live.errors(scope, its.errors if its else None),
        live.latency(scope, its.latency if its else None),
        live.outliers(scope, its.outliers if its else None),
        live.scores(scope),
        live.empty(scope, its.empty if its else None),
        live.means(scope),
        live.mean_change(scope, its.mean if its else None),
    )


def _data(scope: Scope, spec: Spec | None) -> tuple[Panel, ...]:
    found = [
        panel.rows(scope, _rows_against(spec)),
        to_column(panel.missing(scope), scope),
    ]
    if spec is None or spec.segments:
        found.append(panel.segment_rows(scope))
    if spec is None or spec.prediction:
        found.append(panel.prediction_mean(scope))
    return tuple(found)


def _rows_against(spec: Spec | None) -> tuple[str, ...]:
    if spec is None:
        return ("trailing", "previous")
    return (spec.change.rows.against,) if spec.change.rows else ()


def _columns(scope: Scope, spec: Spec | None) -> tuple[Panel, ...]:
    drift = spec.drift if spec else None
    found = [panel.other_kind(scope, drift.other_kind if drift else None)]
    if spec is None or spec.ranges:
        found.append(panel.out_of_range(scope, drift.out_of_range if drift else None))
    if spec is None or any(column.older_than or column.type == "datetime" for column in spec.columns.values()):
        found.append(panel.times_age(scope))
    return (*found, panel.schema(scope))


def _drift(scope: Scope, spec: Spec | None) -> tuple[Panel, ...]:
    drift = spec.drift if spec else None
    mean = (drifting.mean_change(scope, spec.mean if spec else None),) if spec is None or spec.mean else ()
    return (
        drifting.drift_map(scope),
        drifting.evidence(
            scope, names.COLUMN_PSI, names.COLUMN_PSI_NOISE, drift.psi if drift else None,
            title="Population stability index by column",
            text="How far the distribution moved from the baseline, over 20 bins.",
        ),
        drifting.evidence(
            scope, names.COLUMN_KS, names.COLUMN_KS_NOISE, drift.ks if drift else None,
            title="Kolmogorov-Smirnov distance by column",
            text="Largest difference of the cumulative distributions from the baseline's.",
        ),
        drifting.novel(scope, drift.novel if drift else None),
        *mean,
    )  # fmt: skip


def _releases(scope: Scope, spec: Spec | None) -> tuple[Panel, ...]:
    if spec is not None and spec.prediction is None:
        return ()
    return (panel.version_rows(scope), panel.release_shift(scope), told.deployments(scope))


def _quality(scope: Scope, spec: Spec | None) -> tuple[Panel, ...]:
    if not _labelled(spec):
        return ()
    rest = (quality.coverage(scope), quality.labels(scope), quality.unmatched(scope))
    if spec is None:
        moved = (quality.concept(scope), quality.region_errors(scope))
        return (quality.chosen(scope), quality.chosen_by_segment(scope), *moved, *rest)
    drawn = quality.drawn(spec)
    expected = spec.estimated
    found = [quality.course(scope, one, spec.quality.get(one.name), expected=one in expected) for one in drawn]
    if spec.segments:
        found.append(quality.by_segment(scope, drawn[0]))
    if spec.prediction is not None and spec.prediction.task == "multiclass":
        found += [quality.by_class(scope, MEASURES[name]) for name in ("precision", "recall")]
    if spec.prediction is not None and spec.prediction.task != "ranking":
        found += [quality.concept(scope), quality.region_errors(scope)]
    if expected:
        found.append(quality.calibration(scope, spec.quality.get("expected_calibration_error")))
        found.append(quality.estimate_errors(scope, expected))
    return (*found, *rest)


def _anomalies(scope: Scope, spec: Spec | None) -> tuple[Panel, ...]:
    if spec is not None and not spec.detect:
        return ()
    return (panel.anomaly_band(scope), panel.anomaly_score(scope), told.feedback(scope))


def _scalars(scope: Scope, spec: Spec | None) -> tuple[Panel, ...]:
    if spec is not None and not spec.scalars:
        return ()
    return (told.scalar_values(scope), told.scalar_age(scope), told.scalar_steps(scope))


def _jobs(scope: Scope, spec: Spec | None) -> tuple[Panel, ...]:
    if spec is not None and not spec.jobs:
        return ()
    return (
        told.failed_jobs(scope),
        told.past_due_jobs(scope),
        told.success_age(scope),
        told.job_duration(scope),
        told.job_rows(scope),
    )


def _labelled(spec: Spec | None) -> bool:
    """Tell whether quality can be measured: there is a prediction and its label."""
    return spec is None or (spec.prediction is not None and spec.label is not None)
