"""Arithmetic on rows that are never kept: profiles that merge, drift with its noise, quality from counts."""

from wolfpack.stats.agreement import measure_agreement, paired_errors, paired_losses
from wolfpack.stats.averages import Averages
from wolfpack.stats.bare import bare_plan
from wolfpack.stats.calibration import calibration_noise, error_by_region, expected_calibration_error
from wolfpack.stats.calibrator import Calibrator, learn_calibrator
from wolfpack.stats.class_rates import ClassRates, binary_rates, rate_classes
from wolfpack.stats.class_scores import ClassScores
from wolfpack.stats.column_state import ColumnState
from wolfpack.stats.comparison import compare
from wolfpack.stats.concept import LabelChange, label_change, label_habit
from wolfpack.stats.confusion import Confusion
from wolfpack.stats.estimates import Estimate, differences
from wolfpack.stats.estimation import estimate_error, estimate_quality
from wolfpack.stats.fairness import Fairness, compare_groups, compare_selection
from wolfpack.stats.floors import Floors
from wolfpack.stats.habit import habit_floors
from wolfpack.stats.item_counts import ItemCounts
from wolfpack.stats.judged import Judged
from wolfpack.stats.means import mean_change
from wolfpack.stats.open_scores import OpenScores
from wolfpack.stats.output_health import OutputHealth
from wolfpack.stats.outputs import OutputCounts, Outputs
from wolfpack.stats.peer_scores import peer_scores
from wolfpack.stats.profiles import ALL, Profile, merge_all
from wolfpack.stats.profiling import freeze, profile
from wolfpack.stats.quality_counts import Judging, QualityCounts
from wolfpack.stats.ranking import list_diversity, rank_lists
from wolfpack.stats.reference_quality import ReferenceQuality, judged_regions
from wolfpack.stats.regions import Regions
from wolfpack.stats.regression import RegressionErrors
from wolfpack.stats.releases import MeasureChange, compare_quality
from wolfpack.stats.repeats import Repeats
from wolfpack.stats.replanning import replan
from wolfpack.stats.score_counts import ScoreCounts
from wolfpack.stats.separation import Separation, separate
from wolfpack.stats.verdict import ColumnDrift, Drift, Thresholds

__all__ = [
    "ALL",
    "Averages",
    "Calibrator",
    "ClassRates",
    "ClassScores",
    "ColumnDrift",
    "ColumnState",
    "Confusion",
    "Drift",
    "Estimate",
    "Fairness",
    "Floors",
    "ItemCounts",
    "Judged",
    "Judging",
    "LabelChange",
    "MeasureChange",
    "OpenScores",
    "OutputCounts",
    "OutputHealth",
    "Outputs",
    "Profile",
    "QualityCounts",
    "ReferenceQuality",
    "Regions",
    "RegressionErrors",
    "Repeats",
    "ScoreCounts",
    "Separation",
    "Thresholds",
    "bare_plan",
    "binary_rates",
    "calibration_noise",
    "compare",
    "compare_groups",
    "compare_quality",
    "compare_selection",
    "differences",
    "error_by_region",
    "estimate_error",
    "estimate_quality",
    "expected_calibration_error",
    "freeze",
    "habit_floors",
    "judged_regions",
    "label_change",
    "label_habit",
    "learn_calibrator",
    "list_diversity",
    "mean_change",
    "measure_agreement",
    "merge_all",
    "paired_errors",
    "paired_losses",
    "peer_scores",
    "profile",
    "rank_lists",
    "rate_classes",
    "replan",
    "separate",
]
