"""The sidecar: history in, expected value, band and score out."""

from wolfpack.detectors.contract import METHODS, detect
from wolfpack.detectors.deadline import Deadline, DeadlinePassed
from wolfpack.detectors.detection import Detection
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
from wolfpack.detectors.waiting import wait_for_panes
from wolfpack.detectors.watch import Watch, watches

__all__ = [
    "METHODS",
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
    "Report",
    "Service",
    "Sink",
    "Source",
    "StateFile",
    "Watch",
    "cycle",
    "detect",
    "run",
    "run_once",
    "seasonal_esd",
    "seasonal_esd_vector",
    "wait_for_panes",
    "watches",
]
