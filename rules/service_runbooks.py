"""Runbook pages of the alerts on Wolfpack itself."""

from __future__ import annotations

from wolfpack.rules.runbook import Runbook
from wolfpack.spec import names

SERVICE_RUNBOOKS: dict[str, Runbook] = {
    "WolfpackExporterDown": Runbook(
        "Prometheus cannot scrape the exporter: no model is watched. All other alerts of models are "
        "inhibited.",
        "No target of the scrape job `wolfpack` has `up == 1`, or the job has no target.",
        ("Does `/-/healthy` of the exporter answer?", "Is the scrape job named `wolfpack`?"),
        ("The process was killed.", "A wrong address or token in the scrape job."),
        "During maintenance, silence it by `alertname`.",
    ),
    "WolfpackReloadFailed": Runbook(
        "The exporter was told to load its specs again, or the tokens file was changed, and it could not. It goes on "
        "with those from before: a token that was to be revoked is still taken.",
        f"`{names.RELOAD_SUCCESSFUL}` is 0.",
        (
            "Run `wolfpack check` on the folder of specs: it names file and line.",
            "The exporter's log names the entry of the tokens file.",
        ),
        ("A spec with a fault.", "Two files for one model.", "A tokens file that is no YAML, or that was moved."),
        "Correct the spec and reload; a corrected tokens file is read by itself.",
        (names.RELOAD_SUCCESSFUL.name,),
    ),
    "WolfpackComputeFailing": Runbook(
        "Windows of a project raise errors when they are computed; their metrics are old.",
        f"`{names.COMPUTE_FAILURES}` grew within the lookback.",
        ("The exporter's log has the error with model and window.",),
        ("Parts that do not fit each other.", "A full disk under the ledger."),
        "This one is not tuned: report the error.",
        (names.COMPUTE_FAILURES.name,),
    ),
    "WolfpackSeriesDropped": Runbook(
        "A project has more series than its budget; the least needed are not on the metrics page.",
        f"`{names.SERIES_DROPPED}` is over 0.",
        (
            "The exporter's page at `/` names what is not shown, by model, metric and column.",
            "Which model grew? A segment with many values, or many columns under `segments`?",
        ),
        ("A new model.", "A segment of a column with many values.", "A second version live for a while."),
        "Give `wolfpack serve` a larger `--budget PROJECT=NUMBER`, or name fewer columns under `segments`. History is "
        "kept and detectors read it either way; rules see only what is shown.",
        (names.SERIES_DROPPED.name, names.SERIES_EXPOSED.name),
    ),
    "WolfpackCollectorFailing": Runbook(
        "A part of the metrics page raises an error and is left out; the rest is served.",
        f"`{names.COLLECTOR_SUCCESS}` is 0 for the part: `models`, `service` or `process`.",
        ("The exporter's log has the error.",),
        ("A defect of Wolfpack.",),
        "This one is not tuned: report the error.",
        (names.COLLECTOR_SUCCESS.name,),
    ),
    "WolfpackDetectorDown": Runbook(
        "Prometheus cannot scrape the sidecar: scores of detectors are no longer renewed.",
        "Each target of the scrape job `wolfpack-detector` has `up == 0`. A shop without that job is told nothing.",
        ("Does `/-/healthy` of the sidecar answer?", "What is the last line of its log?"),
        ("The process was killed.", "A wrong address in the scrape job."),
        "Without a sidecar remove the scrape job. During maintenance, silence it by `alertname`.",
    ),
    "WolfpackDetectorStale": Runbook(
        "The sidecar runs, and has not read and judged all series of a model for two hours, or not once since it "
        "began.",
        f"`{names.DETECTOR_SUCCESS}` is older than twice the longest time between two looks, or absent where "
        f"`{names.DETECTOR_RUNS}` is there.",
        (
            "Are `WolfpackDetectorFailing` or `WolfpackDetectorTooSlow` firing? They tell the cause.",
            "Does the source of the history answer?",
        ),
        (
            "The exporter or Prometheus does not answer the sidecar.",
            "A cycle hangs, or `--interval` is longer than an hour.",
            "An entry under `detect` can never match.",
        ),
        "Correct the cause; a shorter `--interval` of `wolfpack detect` looks more often.",
        (names.DETECTOR_SUCCESS.name, names.DETECTOR_RUNS.name),
    ),
    "WolfpackDetectorFailing": Runbook(
        "The sidecar met errors when it read history, judged a series or sent findings. What is not concerned is "
        "judged all the same.",
        f"`{names.DETECTOR_ERRORS}` grew within the lookback: at the stage `judge` at all, at `read` and `send` three "
        "times, since a single failure is tried again.",
        (
            "The sidecar's log names model, watch and series.",
            "`POST /api/v1/detections` of the sidecar looks again and answers its errors.",
        ),
        (
            "`read`: the source is down or refuses, or an entry under `detect` names a method that this release "
            "lacks.",
            "`judge`: a season that is not a whole number of panes, or points out of order.",
            "`send`: the exporter is down, or the sidecar's token may not write.",
        ),
        "Correct the entry under `detect` that the log names, or remove it.",
        (names.DETECTOR_ERRORS.name,),
    ),
    "WolfpackDetectorTooSlow": Runbook(
        "The deadline of a cycle came before all series of a model were judged, more than once.",
        f"`{names.DETECTOR_MISSED}` grew twice within the lookback.",
        (
            "How many series does the model have, and how long does a look take?",
            "Is the source of the history slow?",
        ),
        (
            "Too many series for one sidecar.",
            "A busy exporter or Prometheus.",
            "A deadline that is too short.",
        ),
        "Give `wolfpack detect` a longer `--deadline`, name fewer columns under `detect`, or run a second sidecar on "
        "other specs. What is missed comes first in the next cycle.",
        (names.DETECTOR_MISSED.name, names.DETECTOR_DURATION.name, names.DETECTOR_SERIES.name),
    ),
    "WolfpackDetectorReloadFailed": Runbook(
        "The sidecar was told to load its specs again and could not. It goes on with those from before.",
        f"`{names.DETECTOR_RELOAD}` is 0.",
        ("Run `wolfpack check` on the folder of specs: it names file and line.",),
        ("A spec with a fault.", "A folder that the sidecar cannot read."),
        "Correct the spec and reload.",
        (names.DETECTOR_RELOAD.name,),
    ),
    "WolfpackSourceLagging": Runbook(
        "A source that a spec names is not read to its end: new rows are not watched, and look late later.",
        f"`{names.SOURCE_LAG}` over half an hour; it is the time since all that the source had was last taken.",
        (
            "The exporter's log names what could not be read: a file that is not there, a folder without permission.",
            f"Does `{names.SOURCE_ROWS}` grow? Then it reads, and more comes than it can take.",
            "Is the ledger well?",
        ),
        (
            "A log moved.",
            "A volume is not mounted in the exporter's pod.",
            "A backlog of days is being read.",
        ),
        "Correct `sources.NAME.path` and reload; a source that is no longer meant is removed from the spec.",
        (names.SOURCE_LAG.name, names.SOURCE_ROWS.name),
    ),
    "WolfpackSourceRefused": Runbook(
        "Something in a source was left out, for it cannot be what the spec says. All else was taken.",
        f"`{names.SOURCE_REFUSED}` grew within the lookback.",
        (
            "The exporter's log names file and byte, or file, with the reason.",
            "Was the service released just then?",
        ),
        (
            "A log line of another form, or cut by a crash.",
            "Times in another unit, or of a clock that is wrong.",
            "A table that was written in part, or without the columns of the spec.",
        ),
        "Correct `sources.NAME.fields` or what writes. A file is taken again when it is written again; lines are not.",
        (names.SOURCE_REFUSED.name, names.SOURCE_ROWS.name),
    ),
    "WolfpackIngestFailing": Runbook(
        "What jobs send is answered with an error of the exporter's own, a status of 500 or above: it is not kept.",
        f'`{names.INGEST_DURATION}_count` with `outcome="failed"` grew within the lookback.',
        (
            "The exporter's log has the error, with the address that failed.",
            "Is the disk full, or the database of the ledger down?",
        ),
        ("A full disk.", "A ledger that another process holds.", "A defect of Wolfpack."),
        "This one is not tuned. Clients that try again lose nothing once the ledger is back; jobs that gave up are "
        "run again.",
        (f"{names.INGEST_DURATION}_count", names.LEDGER_SIZE.name),
    ),
    "WolfpackIngestBusy": Runbook(
        "More is sent at once than the exporter can hold, and some of it is turned away with status 429.",
        f'Of `{names.INGEST_DURATION}_count` more than a twentieth have `outcome="busy"`.',
        (
            "Which kind? Do all jobs start at the same minute?",
            f"Is the ledger slow, `{names.LEDGER_WRITE}`? Whoever waits for it takes up room.",
        ),
        (
            "Schedules of many jobs on the full hour.",
            "Rows are sent where a profile would do.",
            "A slow disk.",
        ),
        "Spread the schedules, or profile where the rows are (`client.profile`): a profile is small. Clients of "
        "Wolfpack send again by themselves.",
        (f"{names.INGEST_DURATION}_count", names.INGEST_QUEUE.name, names.INGEST_BYTES.name),
    ),
    "WolfpackLedgerSlow": Runbook(
        "Writes to the ledger take long; every request that brings something waits for one.",
        f"The mean of `{names.LEDGER_WRITE}` is over a second.",
        ("How busy is the disk?", f"How large is the ledger, `{names.LEDGER_SIZE}`?"),
        ("A network disk under SQLite.", "A database that others use too.", "A backfill of many panes."),
        "This one is not tuned: give the ledger a local disk, or PostgreSQL.",
        (f"{names.LEDGER_WRITE}_sum", f"{names.LEDGER_WRITE}_count", names.LEDGER_SIZE.name),
    ),
    "WolfpackBehind": Runbook(
        "Windows wait to be computed all the time: what is shown is older than what was received.",
        f"`{names.QUEUE_LENGTH}` was over 0 at each scrape within the lookback.",
        (
            f"Does `{names.WINDOWS_RECOMPUTED}` grow? Then late or corrected panes are computed again.",
            f"Does `{names.COMPUTE_FAILURES}` grow?",
        ),
        ("A backfill: it ends by itself.", "Corrections of many old panes.", "Too little CPU."),
        "During a backfill, silence it by `alertname`.",
        (names.QUEUE_LENGTH.name, names.WINDOWS_COMPUTED.name, names.WINDOWS_RECOMPUTED.name),
    ),
    "WolfpackWatchdog": Runbook(
        "Nothing is wrong: this alert always fires, so that its absence can be noticed elsewhere.",
        "`vector(1)`.",
        ("If it is absent: is Prometheus evaluating, and does Alertmanager deliver?",),
        ("Prometheus or Alertmanager is down, or the route is broken.",),
        "Give the receiver `WolfpackWatchdog` a service that warns when the pulse stops; without one "
        "it is not sent.",
    ),
}
