"""Runbook pages of the alerts about quality, labels, fairness and concept drift."""

from __future__ import annotations

from wolfpack.rules.runbook import Runbook
from wolfpack.spec import names
from wolfpack.spec.fairness_names import GAPS, RATES, SMALLEST, SMALLEST_LABELLED
from wolfpack.spec.measures import MEASURES
from wolfpack.spec.output_names import EVENT_RATIO, EVENT_RATIO_STDERR, OUTPUT_MEASURES, ROWS

_USUAL = (
    "The world changed.", "Labels are wrong or partial.", "A release.", "Inputs are broken: look for other alerts.",
)  # fmt: skip

ROC_AUC, CALIBRATION = MEASURES["roc_auc"], MEASURES["expected_calibration_error"]

QUALITY_RUNBOOKS: dict[str, Runbook] = {
    "ModelQualityLow": Runbook(
        "Measured against labels, the model is beyond a bound of its spec. The label `metric` names the measure.",
        "The family that `metric` names, over the newest labelled window, against `quality.METRIC.warning` or "
        "`.critical`.",
        ("How many labels have come?", "Which segments are bad?", "Are the labels right?"),
        _USUAL,
        "Change the bound under `quality`.",
        (names.ROC_AUC.name, names.ROC_AUC_STDERR.name, names.LABEL_COVERAGE.name),
    ),
    "ModelQualityDropped": Runbook(
        "Measured against labels, the model is worse than its reference, or than it lately was, by more than chance "
        "gives. The label `metric` names the measure.",
        "The family that `metric` names beyond its `_baseline` by more than `quality.METRIC.drop`, and beyond its "
        "`_noise_limit`: how bad it gets in one of a hundred windows while the model is as good as its baseline.",
        ("Since when?", "Which segments?", "Are the labels right?"),
        _USUAL,
        "Change `quality.METRIC.drop`.",
        (names.ROC_AUC.name, names.ROC_AUC_STDERR.name, names.LABEL_COVERAGE.name),
    ),
    "ModelReleaseWorse": Runbook(
        "Two versions are live, or the newer one canary or shadow, and measured against labels that one is worse than "
        "the one before it, by more than chance gives. The label `metric` names the measure.",
        "For each version with 30 labels or more the family that `metric` names beyond its `_baseline`, which is what "
        "the version before it has over the same window, by more than `quality.METRIC.drop`, and beyond its "
        "`_noise_limit`: how bad it gets in one of a hundred windows while both are as good.",
        (
            "Do both see the same traffic: the inputs against the previous version?",
            "What does `wolfpack compare --versions OLD NEW` say, by segment and on the same keys?",
            "Have labels come for both alike?",
        ),
        ("The version is worse: take it back.", "It sees other traffic.", "Its labels come later."),
        "It ends when either has left the window. Change `quality.METRIC.drop`.",
        (names.ROC_AUC.name, names.ROC_AUC_STDERR.name),
    ),
    "ModelQualityExpectedLow": Runbook(
        "Labels have not come yet; from the scores alone, and what they meant in the reference, the quality of the "
        "newest window is expected beyond a bound. The label `metric` names the measure.",
        "The family that `metric` names with `_estimate` (confidence-based performance estimation) against the bounds "
        "of `quality`, one severity lower. It sees inputs that moved to where the model is unsure, no changed world.",
        (
            "Did inputs or predictions drift: look for other alerts?",
            f"Was it right lately: `{names.LABEL_CHANGE}`, and `_estimate_error` of the measure?",
        ),
        ("Traffic of another kind.", "Inputs are broken: look for other alerts."),
        "Change the bound under `quality`.",
        (ROC_AUC.estimate.name, ROC_AUC.estimate_stderr.name) if ROC_AUC.estimate and ROC_AUC.estimate_stderr else (),
    ),
    "ModelEstimateOff": Runbook(
        "Labels came, and quality is not what was expected of the same rows: a score does not mean any more what it "
        "meant. What is expected of newer windows is as wrong.",
        "The `_estimate_error` of the measure (expected less realised) beyond `estimate.error` and beyond its "
        "`_estimate_error_noise`, up or down.",
        (f"Did labels move: `{names.LABEL_CHANGE}`, `{names.REGION_ERROR}`?", "Are the labels right and complete?"),
        ("The world changed.", "Labels of some cases come earlier than those of others.", "A release."),
        "Register a reference of newer data with its quality, or raise `estimate.error`.",
        (names.LABEL_CHANGE.name, names.LABEL_SHIFT.name, names.REGION_ERROR.name),
    ),
    "ModelConceptDrift": Runbook(
        "At the same prediction, labels are others than in the reference (without one, than in the windows before), "
        "in a segment others than in its own part of it: what the model learnt does not hold any more.",
        f"`{names.LABEL_CHANGE}` beyond `concept.change` (0.05 of a chance if not given) and beyond "
        f"`{names.LABEL_CHANGE_NOISE}`, what it reaches without drift: by sampling, and by the habit of a reference "
        "whose quality has panes.",
        (
            f"Where: `{names.REGION_ERROR}` by region of the prediction; to which side: `{names.LABEL_SHIFT}`?",
            f"Do chances come true: `{CALIBRATION.value}` beside `{names.CALIBRATION_NOISE}`?",
            "Which segments?",
        ),
        ("The world changed.", "Another definition of the label.", "Labels are wrong or partial."),
        "Train anew, and register the new reference with its quality; or raise `concept.change`.",
        (names.LABEL_CHANGE.name, names.LABEL_CHANGE_NOISE.name, names.LABEL_SHIFT.name, names.REGION_ERROR.name),
    ),
    "ModelGroupsApart": Runbook(
        "The model selects the groups of a segment at different rates, or is right about them at different rates. "
        "The label `metric` names which.",
        "The difference that `metric` names between the groups with the largest and the smallest rate, beyond "
        "`fairness.SEGMENT` and beyond its `_noise`, if the smallest group has `min_rows` rows.",
        (
            f"Which groups: `{RATES['selection_rate']}`, `{RATES['true_positive_rate']}` by `segment_value`?",
            "How many rows has the smallest group?",
            "Do the groups differ in what is predicted, so that equal rates are not to be expected?",
        ),
        ("The model was trained on few rows of a group.", "An input means something else for a group.",
         "The groups changed, not the model."),
        "Change the levels under `fairness`; `{}` under one of its keys silences it.",
        (GAPS["demographic_parity"][0].name, GAPS["equalized_odds"][0].name, SMALLEST.name, SMALLEST_LABELLED.name),
    ),
    "ModelSelectionRatioLow": Runbook(
        "One group is selected far less often than another.",
        f"`{GAPS['demographic_parity'][1]}`: smallest over largest selection rate, against `fairness.SEGMENT.ratio`, "
        "if the smallest group has `min_rows` rows. Four fifths is the bound that United States authorities use.",
        (f"Which groups: `{RATES['selection_rate']}` by `segment_value`?",),
        ("The model was trained on few rows of a group.", "The threshold of the score suits one group only."),
        "Change `fairness.SEGMENT.ratio`.",
        (GAPS["demographic_parity"][1].name, RATES["selection_rate"].name, SMALLEST.name),
    ),
    "ModelRetrainDue": Runbook(
        "The policy under `retrain` says that the model should be trained anew. The label `reason` says why: `quality` "
        "or `drift`. Where a webhook starts the training, nothing is to be done.",
        f"`{names.RETRAIN}`: over the newest labelled window a measure is beyond `retrain.quality`, or the share of "
        "drifted inputs beyond `retrain.drift`; there are `retrain.labels` new labels, and `retrain.every` has passed.",
        (f"How many labels are there: `{names.NEW_LABELS}`?", "Did the pipeline start, and did it succeed?"),
        ("The world changed.", "Inputs drifted.", "The pipeline tells neither of its reference nor of its release."),
        "Register the new reference, or tell of the new version (`wolfpack deploy`): both end it. Or change `retrain`.",
        (names.RETRAIN.name, names.NEW_LABELS.name),
    ),
    "ModelOutputOff": Runbook(
        "Outputs look wrong by itself, whatever labels will say. The label `metric` names the measure.",
        "The family that `metric` names, over the newest window of outputs, against `outputs.METRIC.warning` or "
        "`.critical`.",
        (f"How many outputs: `{ROWS}`?", "Since which delivery?", "Which segments?", "Is the catalogue the right one?"),
        ("A fallback answers for the model.", "A cache serves one answer.", "Inputs are broken: look for other alerts.",
         "A release.", "The catalogue changed, and the exporter knows the old one."),
        "Change the bound under `outputs`.",
        (ROWS.name, OUTPUT_MEASURES["empty_ratio"].value.name, OUTPUT_MEASURES["catalogue_coverage"].value.name),
    ),
    "ModelEventRatioOff": Runbook(
        "One count that the team names, over another, is beyond its bound: clicks over shown, say. The label `event` "
        "names the pair.",
        f"`{EVENT_RATIO}` over the newest window of outputs, against `events.NAME.warning` or `.critical`.",
        (f"How sure is it: `{EVENT_RATIO_STDERR}`?", "Did one of both counts stop to come?", "Which segments?"),
        ("People do not take what is recommended any more.", "The page that shows it changed.", "A tracker is broken."),
        "Change the bound under `events`.",
        (EVENT_RATIO.name, EVENT_RATIO_STDERR.name, ROWS.name),
    ),
    "ModelLabelCoverageLow": Runbook(
        "Labels take as long as `label.matures_after` says, that time has passed, and too few of them are there. "
        "Quality is of the few that came, which may be other cases than the rest.",
        f"`{names.MATURE_COVERAGE}`: labelled share of the predictions of the newest pane whose labels should all "
        "be there, against `label.coverage`.",
        (
            f"How does coverage grow with age: `{names.COVERAGE_BY_AGE}`?",
            f"Do labels come that have no prediction: `{names.UNMATCHED_LABELS}`?",
        ),
        ("The job that sends labels failed or sent a part.", "Keys are written differently on the two sides."),
        "Change `label.coverage`, or raise `label.matures_after` if labels take longer.",
        (names.MATURE_COVERAGE.name, names.COVERAGE_BY_AGE.name, names.UNLABELLED.name),
    ),
    "ModelLabelsUnmatched": Runbook(
        "Labels come whose keys no prediction has. Either predictions are not sent by key, or the two sides write "
        "the key differently.",
        f"`{names.UNMATCHED_RATIO}`: labels without a prediction over all labels that are kept, against "
        "`label.unmatched`.",
        ("Compare a key of each side.", "Are predictions sent before they expire?"),
        (
            "One side hashes keys, or with another secret.",
            "One side pads or prefixes ids.",
            "Predictions of this model are not sent by key.",
        ),
        "If labels of more cases than are predicted are sent on purpose, raise `label.unmatched`; `{}` silences it.",
        (names.UNMATCHED_RATIO.name, names.UNMATCHED_LABELS.name, names.OPEN_PREDICTIONS.name),
    ),
}
