"""The sidecar: history in, expected value, band and score out."""

from wolfpack.detectors.batch import Stream
from wolfpack.detectors.contract import METHODS, RECIPES, detect, detect_together, stream
from wolfpack.detectors.deadline import Deadline, DeadlinePassed
from wolfpack.detectors.detection import Detection, Reason
from wolfpack.detectors.exporter_source import ExporterSource
from wolfpack.detectors.loop import run
from wolfpack.detectors.memory import Memory
from wolfpack.detectors.prometheus_api import PrometheusApi
from wolfpack.detectors.prometheus_source import PrometheusSource
from wolfpack.detectors.report import Report
from wolfpack.detectors.seasonal_esd import Outliers, seasonal_esd, seasonal_esd_vector
from wolfpack.detectors.service import Service
from wolfpack.detectors.sidecar import cycle, run_once
from wolfpack.detectors.sink import ExporterSink, Finding, Sink
from wolfpack.detectors.source import History, Source
from wolfpack.detectors.state_file import StateFile
from wolfpack.detectors.trend import Change, change_points
from wolfpack.detectors.verdicts import Verdict, raised
from wolfpack.detectors.waiting import wait_for_panes
from wolfpack.detectors.watch import Watch, watches

__all__ = [
    "METHODS",
    "RECIPES",
    "Change",
    "Deadline",
    "DeadlinePassed",
    "Detection",
    "ExporterSink",
    "ExporterSource",
    "Finding",
    "History",
    "Memory",
    "Outliers",
    "PrometheusApi",
    "PrometheusSource",
    "Reason",
    "Report",
    "Service",
    "Sink",
    "Source",
    "StateFile",
    "Stream",
    "Verdict",
    "Watch",
    "change_points",
    "cycle",
    "detect",
    "detect_together",
    "raised",
    "run",
    "run_once",
    "seasonal_esd",
    "seasonal_esd_vector",
    "stream",
    "wait_for_panes",
    "watches",
]
