"""The sidecar: history in, expected value, band and score out."""

from wolfpack.detectors.contract import METHODS, detect
from wolfpack.detectors.detection import Detection
from wolfpack.detectors.loop import run
from wolfpack.detectors.seasonal_esd import Outliers, seasonal_esd, seasonal_esd_vector
from wolfpack.detectors.sidecar import Report, run_once
from wolfpack.detectors.sink import ExporterSink, Finding, Sink
from wolfpack.detectors.source import ExporterSource, History, Source
from wolfpack.detectors.watch import Watch, watches

__all__ = [
    "METHODS",
    "Detection",
    "ExporterSink",
    "ExporterSource",
    "Finding",
    "History",
    "Outliers",
    "Report",
    "Sink",
    "Source",
    "Watch",
    "detect",
    "run",
    "run_once",
    "seasonal_esd",
    "seasonal_esd_vector",
    "watches",
]
