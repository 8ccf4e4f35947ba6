"""Arithmetic on rows that are never kept: profiles that merge, drift with its noise, quality from counts."""

from wolfpack.stats.bare import bare_plan
from wolfpack.stats.column_state import ColumnState
from wolfpack.stats.comparison import compare
from wolfpack.stats.floors import Floors
from wolfpack.stats.habit import habit_floors
from wolfpack.stats.means import mean_change
from wolfpack.stats.profiles import ALL, Profile, merge_all
from wolfpack.stats.profiling import freeze, profile
from wolfpack.stats.replanning import replan
from wolfpack.stats.score_counts import ScoreCounts
from wolfpack.stats.separation import Separation, separate
from wolfpack.stats.verdict import ColumnDrift, Drift, Thresholds

__all__ = [
    "ALL",
    "ColumnDrift",
    "ColumnState",
    "Drift",
    "Floors",
    "Profile",
    "ScoreCounts",
    "Separation",
    "Thresholds",
    "bare_plan",
    "compare",
    "freeze",
    "habit_floors",
    "mean_change",
    "merge_all",
    "profile",
    "replan",
    "separate",
]
