"""What each alert of a model says: a static summary, and a description with placeholders (annotations.py)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Told:
    """The words of one alert."""

    summary: str
    description: str


_OF = "{role} column {column} of {project}/{model}{where}"

TOLD: dict[str, Told] = {
    "ModelDataLate": Told(
        "Data of a model did not come in time.",
        "The {role} data of {project}/{model} was due by {time} and is not there.",
    ),
    "ModelColumnMissing": Told(
        "A column lacks more values than it should.",
        f"The {_OF} lacks values: {{value}} (share of rows, or its increase over the reference).",
    ),
    "ModelColumnsMissing": Told(
        "Several columns lack more values than they should.",
        "As many as {count} {role} columns of {project}/{model}{where} lack values in the newest pane. Largest "
        "shares: {worst}.",
    ),
    "ModelColumnVanished": Told(
        "A column that the reference has is not in the table.",
        f"The {_OF} is not in the newest pane; the reference has it.",
    ),
    "ModelColumnAppeared": Told(
        "A column came that the reference does not have.",
        f"The {_OF} is new: the reference does not have it, and nothing is known of what it should hold.",
    ),
    "ModelColumnOtherKind": Told(
        "A column holds values of another kind.",
        f"Of the {_OF}, a share of {{value}} is of another kind than the column, such as text among numbers.",
    ),
    "ModelColumnOutOfRange": Told(
        "A column has values outside the range of its spec.",
        f"Of the {_OF}, a share of {{value}} lies outside the range that its spec gives it.",
    ),
    "ModelDataStale": Told(
        "The times in a column are old.",
        f"The newest time in {_OF} lies {{duration}} behind the end of the window, more than its spec allows.",
    ),
    "ModelRowsDropped": Told(
        "Far fewer rows came than usual.",
        "Only {count} {role} rows of {project}/{model}{where} came in the newest pane.",
    ),
    "ModelRowsDoubled": Told(
        "Far more rows came than usual.",
        "As many as {count} {role} rows of {project}/{model}{where} came in the newest pane.",
    ),
    "ModelColumnNovel": Told(
        "A column has values that the reference never had.",
        f"Of the {_OF}, a share of {{value}} are values that the reference never had.",
    ),
    "ModelColumnDrift": Told(
        "An input column is distributed differently.",
        f"The {_OF} drifted against {{baseline}}: {{value}} (PSI or Kolmogorov-Smirnov), beyond "
        "threshold and noise.",
    ),
    "ModelPredictionDrift": Told(
        "The predictions are distributed differently.",
        f"The {_OF} drifted against {{baseline}}: {{value}} (PSI or Kolmogorov-Smirnov), beyond "
        "threshold and noise.",
    ),
    "ModelColumnsDrifted": Told(
        "Many input columns drifted at once.",
        "A share of {value} of the columns of {project}/{model} drifted against {baseline}. Largest "
        "PSI: {worst}.",
    ),
    "ModelColumnMeanOff": Told(
        "The mean of a column is off.",
        f"The mean of the {_OF} changed by a share of {{value}} against {{baseline}}, beyond what its spec allows and "
        "beyond noise.",
    ),
    "ModelReleaseShift": Told(
        "A version predicts differently from the version before it.",
        f"Version {{version}}: the {_OF} is distributed differently from the version before: {{value}} "
        "(PSI or Kolmogorov-Smirnov), beyond threshold and noise.",
    ),
    "ModelQualityLow": Told(
        "The quality of a model passed its bound.",
        "The {metric} of {project}/{model}{where} is {value}, beyond the bound of its spec.",
    ),
    "ModelQualityDropped": Told(
        "The quality of a model is worse than it was.",
        "The {metric} of {project}/{model}{where} is {value}, worse than its baseline by more than "
        "its spec allows and than chance gives.",
    ),
    "ModelReleaseWorse": Told(
        "A version is worse than the version before it.",
        "Version {version}: the {metric} of {project}/{model} is {value}, worse than that of the version before on the "
        "same days, by more than its spec allows and than chance gives.",
    ),
    "ModelQualityExpectedLow": Told(
        "The quality that is expected of a model passed its bound; labels have not come yet.",
        "The {metric} of {project}/{model}{where} is expected to be {value}, beyond the bound of its spec.",
    ),
    "ModelEstimateOff": Told(
        "The quality that was expected is not what came true.",
        "The {metric} of {project}/{model}{where} was expected {value} higher than it came out, beyond what its spec "
        "allows and than chance gives.",
    ),
    "ModelConceptDrift": Told(
        "Labels moved where the predictions did not.",
        "At the same prediction the labels of {project}/{model}{where} moved by {value}, beyond threshold and noise.",
    ),
    "ModelGroupsApart": Told(
        "A model treats groups differently.",
        "The groups of {segment} of {project}/{model} are {value} apart in {metric}, more than its spec allows and "
        "than chance gives.",
    ),
    "ModelSelectionRatioLow": Told(
        "One group is selected far less often than another.",
        "Of the groups of {segment} of {project}/{model}, the one selected least often is so {value} times as often as "
        "the one selected most often.",
    ),
    "ModelLabelCoverageLow": Told(
        "Labels that should be there did not come.",
        "Of the predictions of {project}/{model} whose labels should be there, only a share of {value} has one.",
    ),
    "ModelLabelsUnmatched": Told(
        "Labels came for keys that no prediction has.",
        "Of the labels of {project}/{model}, a share of {value} has a key that no prediction has.",
    ),
    "ModelRetrainDue": Told(
        "Training anew is due by the policy of the spec.",
        "{project}/{model} should be trained anew, because of its {reason}.",
    ),
    "ModelOutputOff": Told(
        "Outputs are not as they should be, by a measure that needs no labels.",
        "{metric} of {project}/{model}{where} is {value}.",
    ),
    "ModelEventRatioOff": Told(
        "One count that the team names is out of proportion to another.",
        "{event} of {project}/{model}{where} is {value}.",
    ),
    "ModelAnomaly": Told(
        "A metric left the band that its history lets expect.",
        "{metric} of {project}/{model}{subject} scored {value} by {detector}; beyond 1 or -1 is an alarm.",
    ),
    "ModelScalarOutOfBounds": Told(
        "A number that the team sends passed its bound.",
        "The {scalar} of {project}/{model}{where} is {value}, beyond the bound of its spec.",
    ),
    "ModelScalarStale": Told(
        "A number that the team sends has not come for too long.",
        "The {scalar} of {project}/{model} was due by {time} and has no newer value.",
    ),
    "ModelJobFailed": Told(
        "The newest run of a job failed.",
        "The job {job_name} of {project}/{model} failed: its run that ended at {time} did not succeed.",
    ),
    "ModelJobLate": Told(
        "A job did not run, or did not succeed, in time.",
        "The job {job_name} of {project}/{model} was to have succeeded by {time} and has not.",
    ),
    "ModelJobSlow": Told(
        "A job ran longer than it may.",
        "The newest run of the job {job_name} of {project}/{model} took {count} seconds, longer than its spec allows.",
    ),
    "ModelLiveOutliers": Told(
        "Too many inputs of a live model are outliers.",
        "Of the inputs at {endpoint} of {project}/{model}{where}, a share of {value} are outliers.",
    ),
    "ModelLiveEmpty": Told(
        "Too many answers of a live model are empty.",
        "Of the answers of {endpoint} of {project}/{model}{where}, a share of {value} has nothing in it.",
    ),
    "ModelLiveErrors": Told(
        "Too many calls of a live model fail.",
        "Of the calls of {endpoint} of {project}/{model}, a share of {value} fails.",
    ),
    "ModelLiveSlow": Told(
        "Calls of a live model take too long.",
        "Of the calls of {endpoint} of {project}/{model}, 5 % take longer than {value} seconds.",
    ),
    "ModelLiveTrafficGone": Told(
        "Far fewer calls of a live model come than in the hour before.",
        "Only {count} calls of {endpoint} of {project}/{model} came in the live window.",
    ),
    "ModelLiveTrafficDoubled": Told(
        "Far more calls of a live model come than in the hour before.",
        "As many as {count} calls of {endpoint} of {project}/{model} came in the live window.",
    ),
    "ModelLiveMeanOff": Told(
        "The mean of a live model's input is off.",
        "The mean of column {column} of {project}/{model} differs by a share of {value} from training's, beyond what "
        "its spec allows and beyond noise.",
    ),
    "ModelLiveWorkersLost": Told(
        "Processes of a live service fell silent without ending.",
        "Of {project}/{model}, {count} processes were lost in the last hour, each with what it had not sent yet.",
    ),
    "ModelLiveCallsDropped": Told(
        "Calls of a live model are not profiled.",
        "Of {project}/{model}, {count} calls in the live window were counted and not profiled.",
    ),
    "ModelLivePartsMissing": Told(
        "Parts of a live service never came.",
        "Of {project}/{model}, {count} parts of the last hour are missing, though later ones came.",
    ),
    "ModelRulesOutdated": Told(
        "The rules of a model were generated from another spec than the exporter runs.",
        "Generate and load the rules of {project}/{model} again: its spec has changed.",
    ),
}
