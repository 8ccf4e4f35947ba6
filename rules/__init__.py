"""From a spec to alert rules, Alertmanager routes, tests and runbooks; and what they would have told."""

from wolfpack.rules.alert import Absent, Alert, Condition, Identity, Matcher, Relative, Selector
from wolfpack.rules.annotations import Links
from wolfpack.rules.backtest import backtest
from wolfpack.rules.episodes import Episode, episodes
from wolfpack.rules.existing import load_existing
from wolfpack.rules.folder import write
from wolfpack.rules.generate import generate
from wolfpack.rules.held_back import told
from wolfpack.rules.holding import firing
from wolfpack.rules.judge import active, evaluate
from wolfpack.rules.prometheus_operator import operator_files, parse_labels
from wolfpack.rules.promql import expression
from wolfpack.rules.reads import least_series, reads
from wolfpack.rules.receivers import load_receivers
from wolfpack.rules.refusals import refusals
from wolfpack.rules.service_rules import service_rules
from wolfpack.rules.stepped import Series
from wolfpack.rules.table import alerts_for
from wolfpack.rules.timing import Timing

__all__ = [
    "Absent",
    "Alert",
    "Condition",
    "Episode",
    "Identity",
    "Links",
    "Matcher",
    "Relative",
    "Selector",
    "Series",
    "Timing",
    "active",
    "alerts_for",
    "backtest",
    "episodes",
    "evaluate",
    "expression",
    "firing",
    "generate",
    "least_series",
    "load_existing",
    "load_receivers",
    "operator_files",
    "parse_labels",
    "reads",
    "refusals",
    "service_rules",
    "told",
    "write",
]
