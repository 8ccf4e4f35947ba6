"""The YAML of a model, the plan its counts are made on, and the catalogue of every metric name."""

from wolfpack.spec.budget import DEFAULT_BUDGET, Budget
from wolfpack.spec.calendar import Calendar
from wolfpack.spec.duration import format_duration, parse_duration
from wolfpack.spec.errors import (
    Fault,
    PlanMismatch,
    ProfileFormatError,
    SpecError,
    TableError,
    WolfpackError,
)
from wolfpack.spec.keeping import Keeping, parse_keeping
from wolfpack.spec.load import Loaded, load, load_all
from wolfpack.spec.model import Live, Spec
from wolfpack.spec.names import FAMILIES, Family, family
from wolfpack.spec.plan import OTHER, ColumnPlan, Plan

__all__ = [
    "DEFAULT_BUDGET",
    "FAMILIES",
    "OTHER",
    "Budget",
    "Calendar",
    "ColumnPlan",
    "Family",
    "Fault",
    "Keeping",
    "Live",
    "Loaded",
    "Plan",
    "PlanMismatch",
    "ProfileFormatError",
    "Spec",
    "SpecError",
    "TableError",
    "WolfpackError",
    "family",
    "format_duration",
    "load",
    "load_all",
    "parse_duration",
    "parse_keeping",
]
