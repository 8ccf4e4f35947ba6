"""The two specs that the tests of the rules share: the shortest one, and one that asks for every alert."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from wolfpack.rules import alerts_for
from wolfpack.rules.told import TOLD
from wolfpack.spec import Loaded, load

SHORT = "version: wolfpack/v1\nproject: shop\nmodel: churn\n"
FULL = r"""
version: wolfpack/v1
project: travel
model: arrival-delay
owner: flights
runbook: https://runbooks.example/arrival-delay
schedule: "0 6 * * *"
skip: [2013-12-25]
timezone: America/New_York
columns:
  dep_delay: {type: numeric, range: [-60, 1500], missing: {warning: 0.05, critical: 0.2}}
  'odd | ("name") \d ü': {missing: {warning: 0.05}}
  junk: {missing: {}}
  fare: {range: [0, null], out_of_range: {warning: 0.002}}
  share: {range: [0, 1], out_of_range: {}}
  scheduled: {type: datetime, older_than: 36h}
  booked: {older_than: 2d}
  carrier: {type: categorical}
prediction: {column: score, task: binary, threshold: 0.5, range: [0, 1]}
label: {column: late, key: flight_id, matures_after: 1d, coverage: {warning: "< 0.9", critical: "< 0.5"}}
segments: {origin: {columns: [dep_delay]}, carrier: {}}
fairness:
  carrier: {equal_opportunity: {warning: 0.2}, ratio: "< 0.8"}
  origin: {demographic_parity: {warning: 0.2, critical: 0.4}}
drift:
  baseline: [reference, trailing]
  psi: {warning: 0.1, critical: 0.25}
  ks: {warning: 0.1, critical: 0.2}
  columns: {warning: 0.3, critical: 0.6}
quality: {roc_auc: {warning: "< 0.75", drop: 0.05}, brier: {critical: "> 0.25", drop: 0.1}}
outputs: {empty_ratio: {warning: "> 0.05", critical: "> 0.5"}, novelty: {warning: "< 2"}}
events: {'click "through" \d': {count: clicked, of: shown, warning: "< 0.01"}}
retrain: {quality: {roc_auc: "< 0.7"}, drift: 0.5}
mean: {within: 0.05, against: [reference, trailing]}
change: {rows: {against: trailing, ratio: 0.3}}
live: {outliers: {warning: 0.2, critical: 0.5}, latency: {warning: 0.5, critical: 2}, traffic: {ratio: 0.3}}
jobs: {nightly: {schedule: "0 5 * * *", longest: 1h}, 'odd " job': {longest: 90m}, weekly: {longest: 1h}}
scalars:
  rebookings: {warning: "> 40", critical: "> 80", stale_after: 2d}
  'cost | "per" \d': {warning: "< -0.5"}
  revenue: {warning: "< -0.5"}
detect: [{metric: ml_column_missing_ratio, method: seasonal_esd, season: 7d}]
alerts: {annotations: {slack: "#flights {{ $labels.severity }} {{ $labels.column }}"}}
"""


def loaded(folder: Path, *texts: str) -> list[Loaded]:
    """Write specs into a folder and load them."""
    folder.mkdir(exist_ok=True)
    found = []
    for place, text in enumerate(texts):
        file = folder / f"{place}.yml"
        file.write_text(text)
        found.append(load(file))
    return found


def run(command: Sequence[str | Path]) -> tuple[int, str]:
    """Run a program; return its exit code and what it said."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    return done.returncode, done.stdout + done.stderr


def test_the_full_example_asks_for_every_alert(tmp_path: Path) -> None:
    asked = {alert.name for alert in alerts_for(loaded(tmp_path, FULL)[0].spec)}

    assert asked == set(TOLD)
