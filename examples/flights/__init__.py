"""The demo's example: the flights of 2013, two builds of a model, and the incidents that are planted.

`wolfpack.flights.models` is a door of its own: it needs scikit-learn, and `python -m` runs it.
"""

from pathlib import Path

from wolfpack.flights.causes import CAUSES_FILE, Cause, read_causes
from wolfpack.flights.data import (
    CATEGORICAL,
    FEATURES,
    FIRST_DAY,
    KEY,
    LABEL,
    LAST_DAY,
    NUMERIC,
    TIME,
    day,
    load,
    move,
    replay_days,
    shift_weeks,
    training,
)
from wolfpack.flights.incidents import (
    Expected,
    Incident,
    delay,
    plant_inputs,
    plant_labels,
    profiled,
    version,
)
from wolfpack.flights.planned import INCIDENTS_FILE, read_incidents

SPEC_FILE = Path(__file__).with_name("arrival-delay.yml")

__all__ = [
    "CATEGORICAL",
    "CAUSES_FILE",
    "FEATURES",
    "FIRST_DAY",
    "INCIDENTS_FILE",
    "KEY",
    "LABEL",
    "LAST_DAY",
    "NUMERIC",
    "SPEC_FILE",
    "TIME",
    "Cause",
    "Expected",
    "Incident",
    "day",
    "delay",
    "load",
    "move",
    "plant_inputs",
    "plant_labels",
    "profiled",
    "read_causes",
    "read_incidents",
    "replay_days",
    "shift_weeks",
    "training",
    "version",
]
