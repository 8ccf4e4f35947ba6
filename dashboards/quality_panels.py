"""The panels of quality: measures with their intervals, and how many labels they rest on."""

from __future__ import annotations

from wolfpack.dashboards.layout import variable
from wolfpack.dashboards.panels import PLAIN, Json, Panel, Query, Steps, band, dashed, lines, stat
from wolfpack.dashboards.scope import Scope
from wolfpack.spec import Spec, names
from wolfpack.spec.measures import MEASURES, Measure, Metric, Task
from wolfpack.spec.outcome import Quality

BAND_SD = 1.96
"""Standard errors each side of a measure: 95 % of a Gaussian."""
USUAL: dict[Task, tuple[Metric, ...]] = {
    "binary": ("roc_auc", "brier"),
    "multiclass": ("accuracy", "f1"),
    "regression": ("mae", "rmse"),
    "ranking": ("ndcg", "recall"),
}
"""Measures that a board draws of a task where the spec names none."""
TITLES = {
    "roc_auc": "ROC AUC", "pr_auc": "Average precision", "log_loss": "Log loss", "brier": "Brier score",
    "f1": "F1", "mae": "Mean absolute error", "rmse": "Root mean squared error", "mape": "Mean percentage error",
    "r2": "R²", "map": "Mean average precision", "mrr": "Mean reciprocal rank", "ndcg": "NDCG",
}  # fmt: skip
ANY_MEASURE = f"ml_model_({'|'.join(MEASURES)})"
"""Names of the families of all measures, for the variable of the shared board."""


def measure_choice(scope: Scope) -> Json:
    """Return the variable that chooses a measure among those that the model has."""
    where = f'project="{scope.project}",model="{scope.model}"'
    return variable("measure", "Measure of quality", f'label_values({{__name__=~"{ANY_MEASURE}",{where}}}, __name__)')


def drawn(spec: Spec) -> list[Measure]:
    """Return the measures that the board of a spec draws: those it names, else the usual ones of its task."""
    task: Task = spec.prediction.task if spec.prediction else "binary"
    return [MEASURES[name] for name in (spec.quality or USUAL[task])]


def title(measure: Measure) -> str:
    return TITLES.get(measure.name, measure.name.replace("_", " ").capitalize())


def now(scope: Scope, measure: Measure, quality: Quality | None) -> Panel:
    """Return the newest value of a measure."""
    return stat(title(measure), measure.value.help, "none", [Query(_most(scope, measure), title(measure))],
                steps=below(quality))  # fmt: skip


def course(scope: Scope, measure: Measure, quality: Quality | None, *, expected: bool) -> Panel:
    """Return a measure in its interval, and what a drop of it is measured from where the spec asks for one."""
    value, spread = _most(scope, measure), f"{BAND_SD} * {scope.most(measure.stderr)}"
    queries = [Query(value, title(measure))]
    queries += [Query(f"{value} {sign} {spread}", end) for sign, end in (("-", "lower"), ("+", "upper"))]
    text = f"{measure.value.help} With its 95 % interval"
    if quality is not None and quality.drop is not None and measure.baseline and measure.noise_limit:
        queries += [
            Query(scope.most(measure.baseline), "baseline"),
            Query(scope.most(measure.noise_limit), "by chance"),
        ]
        text += "; dashed, what a drop is measured from, and how bad it gets by chance"
    if measure.estimate is not None and expected:
        queries.append(Query(scope.most(measure.estimate), "expected"))
        text += "; dotted, what is expected of the newest predictions before their labels come"
    overrides = [*band("lower", "upper"), dashed("^(baseline|by chance|expected)$")]
    return lines(title(measure), f"{text}.", "none", queries, steps=below(quality), overrides=overrides)


def by_class(scope: Scope, measure: Measure) -> Panel:
    expr = scope.most(measure.value, ("class",), **{"class": '!=""'})
    text = f"{title(measure)} of each class against the rest, over the newest labelled window."
    return lines(f"{title(measure)} by class", text, "none", [Query(expr, "{{class}}")])


def retrain(scope: Scope) -> Panel:
    """Return whether training anew is due, and how many labels there are for it."""
    queries = [Query(scope.most(names.RETRAIN, ("reason",)), "due: {{reason}}")]
    return lines("Training anew", names.RETRAIN.help, "none", queries)


def new_labels(scope: Scope) -> Panel:
    return lines("New labels", names.NEW_LABELS.help, "short", [Query(scope.most(names.NEW_LABELS), "labels")])


def chosen_now(scope: Scope) -> Panel:
    text = "The measure of quality chosen above, over the newest labelled window."
    return stat("Quality", text, "none", [Query(_chosen(scope), "$measure")])


def chosen(scope: Scope) -> Panel:
    """Return the measure that is chosen above in its interval; the variable holds only those there are."""
    value, spread = _chosen(scope), f"{BAND_SD} * {_chosen(scope, suffix='stderr')}"
    queries = [Query(value, "value"), Query(f"{value} - {spread}", "lower"), Query(f"{value} + {spread}", "upper"),
               Query(_chosen(scope, suffix="baseline"), "baseline"),
               Query(_chosen(scope, suffix="estimate"), "expected")]  # fmt: skip
    text = (
        "The measure chosen above with its 95 % interval; dashed, where there is one, what a drop is measured from and "
        "what is expected of the newest predictions before their labels come."
    )
    overrides = [*band("lower", "upper"), dashed("^(baseline|expected)$")]
    return lines("Quality: $measure", text, "none", queries, overrides=overrides)


def chosen_by_segment(scope: Scope) -> Panel:
    expr = _chosen(scope, by=("segment", "segment_value"))
    text = "The measure chosen above by segment value, over the newest labelled window."
    return lines("Quality by segment: $measure", text, "none", [Query(expr, "{{segment}} {{segment_value}}")])


def chosen_by_version(scope: Scope) -> Panel:
    text = "The measure chosen above by version, over the newest labelled window; shown while two or more have rows."
    return lines("Quality by version: $measure", text, "none", [Query(_chosen(scope, by=("version",)), "{{version}}")])


def chosen_by_class(scope: Scope) -> Panel:
    text = "The measure chosen above of each class against the rest, of models of several classes."
    return lines("Quality by class: $measure", text, "none", [Query(_chosen(scope, by=("class",)), "{{class}}")])


def chosen_estimate(scope: Scope) -> Panel:
    """Return what the chosen measure is expected to be before labels come, in its interval, beside what it was."""
    value, spread = _chosen(scope, "estimate"), f"{BAND_SD} * {_chosen(scope, 'estimate_stderr')}"
    queries = [Query(value, "expected"), Query(f"{value} - {spread}", "lower"), Query(f"{value} + {spread}", "upper"),
               Query(_chosen(scope), "realised")]  # fmt: skip
    text = (
        "The measure chosen above as it is expected of the newest predictions before their labels come, with its 95 % "
        "interval; dashed, what it came to over the newest labelled window."
    )
    return lines("Expected: $measure", text, "none", queries, overrides=[*band("lower", "upper"), dashed("^realised$")])


def chosen_estimate_error(scope: Scope) -> Panel:
    queries = [
        Query(_chosen(scope, "estimate_error"), "error"),
        Query(_chosen(scope, "estimate_error_noise"), "by chance"),
    ]
    text = "Expected less realised, of the measure chosen above; dashed, what chance gives either way."
    return lines("Expected less realised: $measure", text, "none", queries, overrides=[dashed("^by chance$")])


def by_segment(scope: Scope, measure: Measure) -> Panel:
    by = ("segment", "segment_value")
    expr = scope.most(measure.value, by, segment='!=""')
    text = f"{title(measure)} by segment value, over the newest labelled window."
    return lines(f"{title(measure)} by segment", text, "none", [Query(expr, "{{segment}} {{segment_value}}")])


def concept(scope: Scope) -> Panel:
    queries = [
        Query(scope.most(names.LABEL_CHANGE), "change"),
        Query(scope.most(names.LABEL_CHANGE_NOISE), "noise floor"),
        Query(scope.most(names.LABEL_SHIFT), "with its sign"),
    ]
    text = "How far labels moved at the same prediction, in their unit; below its dashed noise floor it means nothing."
    return lines("Labels at the same prediction", text, "none", queries, overrides=[dashed("^noise floor$")])


def region_errors(scope: Scope) -> Panel:
    queries = [
        Query(scope.most(names.REGION_ERROR, ("region",)), "region {{region}}"),
        Query(f"{BAND_SD} * {scope.most(names.REGION_ERROR_STDERR, ('region',))}", "± {{region}}"),
    ]
    text = "Prediction less label in each region of the prediction, from the lowest; dashed, half of its 95 % interval."
    return lines("Error by region of the prediction", text, "none", queries, overrides=[dashed("^± ")])


def calibration(scope: Scope, quality: Quality | None) -> Panel:
    its = MEASURES["expected_calibration_error"]
    pairs = ((its.value, "calibration error"), (names.CALIBRATION_NOISE, "noise floor"))
    queries = [Query(scope.most(family), said) for family, said in pairs]
    text = f"{its.value.help} Below its dashed noise floor chances come true."
    return lines("Calibration", text, "none", queries, steps=below(quality), overrides=[dashed("^noise floor$")])


def estimate_errors(scope: Scope, measures: list[Measure]) -> Panel:
    """Return how far the expected quality was off, each measure with what chance gives."""
    queries = [
        Query(scope.most(family), f"{title(one)}{said}")
        for one in measures
        for family, said in ((one.estimate_error, ""), (one.estimate_error_noise, " by chance"))
        if family is not None
    ]
    text = "Expected less realised quality of the newest labelled window; dashed, what chance gives either way."
    return lines("Expected less realised quality", text, "none", queries[:8], overrides=[dashed(" by chance$")])


def coverage_now(scope: Scope) -> Panel:
    queries = [
        Query(scope.most(names.MATURE_COVERAGE), "should be complete"),
        Query(scope.most(names.LABEL_COVERAGE), "newest labelled"),
    ]
    text = "Share of the predictions with a label: of the newest pane that should be complete, of the newest window."
    return stat("Coverage of labels", text, "percentunit", queries, width=6)


def coverage(scope: Scope) -> Panel:
    queries = [
        Query(scope.most(names.LABEL_COVERAGE), "newest labelled window"),
        Query(scope.most(names.MATURE_COVERAGE), "newest pane that should be complete"),
        Query(scope.most(names.COVERAGE_BY_AGE, ("age",)), "{{age}} after its end"),
    ]
    text = "Share of the predictions whose label has come, by how long ago their pane ended."
    return lines("Coverage of labels", text, "percentunit", queries)


def labels(scope: Scope) -> Panel:
    queries = [
        Query(scope.most(names.OPEN_PREDICTIONS), "predictions that are kept"),
        Query(scope.most(names.UNLABELLED), "predictions whose label never came"),
        Query(scope.most(names.UNMATCHED_LABELS), "labels without a prediction"),
    ]
    text = "Predictions kept for their labels, those of them that should have one by now, and labels that fit none."
    return lines("Predictions and labels", text, "short", queries)


def unmatched_now(scope: Scope) -> Panel:
    queries = [
        Query(scope.most(names.UNMATCHED_LABELS), "labels without a prediction"),
        Query(scope.most(names.UNLABELLED), "predictions whose label never came"),
    ]
    text = "Labels that fit no prediction, and predictions that should have a label by now and have none."
    return stat("What found no other half", text, "short", queries, width=9)


def unmatched(scope: Scope) -> Panel:
    queries = [Query(scope.most(names.UNMATCHED_RATIO), "labels without a prediction")]
    text = "Share of the labels that are kept which have no prediction; when many, keys differ on the two sides."
    return lines("Labels without a prediction", text, "percentunit", queries)


def below(quality: Quality | None) -> Steps:
    """Return the colours of a quality metric with the bounds of a spec, whichever side is bad."""
    named = [("red", quality.critical), ("orange", quality.warning)] if quality else []
    bounds = [(color, bound) for color, bound in named if bound is not None]
    if len({bound.op for _, bound in bounds}) != 1:
        return PLAIN
    if bounds[0][1].op == ">":
        return (*PLAIN, *((color, bound.value) for color, bound in reversed(bounds)))
    colors = [color for color, _ in bounds]
    starts = [None, *(bound.value for _, bound in bounds)]
    return tuple(zip([*colors, "green"], starts, strict=True))


def _most(scope: Scope, measure: Measure) -> str:
    return scope.most(measure.value)


def _chosen(scope: Scope, suffix: str = "", by: tuple[str, ...] = ()) -> str:
    """Return the chosen measure, or what belongs to it by the end of its name, by those labels; others are pinned."""
    pinned = [f'{label}{"!=" if label in by else "="}""' for label in ("version", "segment", "class")]
    where = ",".join([f'project="{scope.project}"', f'model="{scope.model}"', *pinned])
    # In a regular expression the point stands for the underscore, which would be taken for a part of the variable.
    name = f'=~"$measure.{suffix}"' if suffix else '="$measure"'
    return f"max by ({', '.join(by or ('project', 'model'))}) ({{__name__{name},{where}}})"
