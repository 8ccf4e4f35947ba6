"""Runbook pages: what an alert means, how it is computed, where to look, usual causes, how to tune."""

from __future__ import annotations

from wolfpack.rules.live_runbooks import LIVE_RUNBOOKS
from wolfpack.rules.quality_runbooks import QUALITY_RUNBOOKS
from wolfpack.rules.runbook import Runbook
from wolfpack.rules.service_runbooks import SERVICE_RUNBOOKS
from wolfpack.rules.yaml_text import HEADER
from wolfpack.spec import names

_NOISE = (
    "Beside a score stands its noise floor: what the score reaches without drift at these row counts, "
    "or what it "
    "reached within the reference's own history, whichever is larger. The alert needs `score > "
    "threshold` and "
    "`score > noise`."
)
_SHIFT = (
    f"`{names.COLUMN_PSI}` or `{names.COLUMN_KS}` of the newest window against the baseline, beyond "
    "the threshold "
    f"of the spec. {_NOISE}"
)
_SHIFTED = (
    names.COLUMN_PSI.name, names.COLUMN_PSI_NOISE.name, names.COLUMN_KS.name, names.COLUMN_KS_NOISE.name,
)  # fmt: skip

RUNBOOKS: dict[str, Runbook] = {
    "ModelDataLate": Runbook(
        "A pane of event time was expected and has not come.",
        f"The time is past `{names.WINDOW_DUE}`: the scheduled time of the oldest missing pane plus `grace`.",
        (
            "Did the job run? Look at the scheduler's log of the day.",
            "Did it run and send to another model or role?",
        ),
        (
            "The job or a table above it failed or waits.",
            "A holiday without data.",
            "The schedule of the spec is wrong.",
        ),
        "Planned gaps belong under `skip`; a job that is always later needs another `schedule` or a "
        "longer `grace`.",
        (names.WINDOW_DUE.name,),
    ),
    "ModelColumnMissing": Runbook(
        "Rows came, but a column of them lacks more values than it did in the reference, or is wholly empty.",
        f"`{names.COLUMN_MISSING_INCREASE}` of the newest pane beyond `drift.missing` and its noise; "
        "for a column with "
        f"`missing:` in the spec `{names.COLUMN_MISSING}` itself; without a reference, a column "
        "without any value.",
        ("Is it one column, or all of one source table?", "Since which pane?", "Which segment?"),
        (
            "A join found no partner.",
            "A source arrived empty or was renamed.",
            "A parser gave up on a new format.",
        ),
        "Give the column levels of its own under `columns: NAME: missing:`; an empty `missing: {}` "
        "there silences it. "
        "When the pane was wrong, send the corrected table as the same part: the alert resolves.",
        (names.COLUMN_MISSING.name, names.COLUMN_MISSING_INCREASE.name),
    ),
    "ModelColumnsMissing": Runbook(
        "Several columns lack values at once, which has one cause rather than several. While it fires, "
        "`ModelColumnMissing` of severity warning is not sent; critical ones are.",
        f"`{names.MISSING_COLUMNS}` of the newest pane is at least `drift.missing_columns`: columns that lack more "
        "than `drift.missing`, or `columns.NAME.missing`, allows.",
        ("The description names the columns with the largest shares.", "Do they come from one source?",
         "Are they empty in the same rows?"),
        ("A join found no partner for part of the rows.", "One of several sources was late or partial."),
        "Raise `drift.missing_columns`; `null` silences it, and each column is told by itself.",
        (names.MISSING_COLUMNS.name, names.COLUMN_MISSING.name),
    ),
    "ModelColumnVanished": Runbook(
        "A column that the model was trained with is not in the newest table.",
        f"`{names.COLUMN_VANISHED}` is 1: the reference has the column, the newest pane does not. While "
        "`ModelColumnMissing` fires for the same column, this is not sent.",
        ("Was it renamed: does `ModelColumnAppeared` name a new one?", "Which release of the table was that?"),
        ("It was renamed or dropped upstream.", "A job sends other columns than before."),
        "It ends when the column is back, or when a reference without it is registered.",
        (names.COLUMN_VANISHED.name, names.COLUMN_APPEARED.name),
    ),
    "ModelColumnAppeared": Runbook(
        "The newest table has a column that the reference lacks. The model was not trained with it.",
        f"`{names.COLUMN_APPEARED}` is 1: the newest pane has the column, the reference does not.",
        ("Is it the new name of one that vanished?", "Does it hold what must not be in the table?"),
        ("A release upstream.", "A join that brings more columns."),
        "It ends when the column goes, or when a reference with it is registered: it is then watched like the others.",
        (names.COLUMN_APPEARED.name, names.COLUMN_VANISHED.name),
    ),
    "ModelColumnOtherKind": Runbook(
        "A column holds values that cannot be read as its kind, such as text among numbers.",
        f"`{names.COLUMN_OTHER_KIND}` of the newest pane beyond `drift.other_kind`. While it fires, drift and range "
        "of the same column are not sent.",
        ("What do the values look like?", "Since which pane?"),
        ("A parser or an export writes words for what it does not know.", "Decimal commas.",
         "A changed type upstream."),
        "Raise `drift.other_kind`; when the kind is to stay, register a reference that has it.",
        (names.COLUMN_OTHER_KIND.name,),
    ),
    "ModelColumnOutOfRange": Runbook(
        "More values than allowed lie outside the range that the spec gives the column.",
        f"`{names.COLUMN_OUT_OF_RANGE}` of the newest pane beyond `columns.NAME.out_of_range`, else beyond "
        "`drift.out_of_range`. Both ends of `columns.NAME.range` are allowed values.",
        (f"How far do they lie: `{names.COLUMN_MIN}` and `{names.COLUMN_MAX}`.", "Which segment?"),
        ("Another unit.", "A default such as -999 for what is not known.", "A range that was a guess."),
        "Widen `columns.NAME.range`, or raise `columns.NAME.out_of_range`; `{}` there silences it.",
        (names.COLUMN_OUT_OF_RANGE.name, names.COLUMN_MIN.name, names.COLUMN_MAX.name),
    ),
    "ModelDataStale": Runbook(
        "Rows came, but the newest time in one of their columns is old: the table may be a copy of an earlier one.",
        f"`{names.COLUMN_AGE}` of the newest window over `columns.NAME.older_than`.",
        ("Is the table the one of the day before?", "Do the numbers of rows repeat?"),
        ("A source was not renewed.", "A job read an old partition.", "Times in another zone."),
        "Raise `columns.NAME.older_than`, or remove it: without it no column of times is judged.",
        (names.COLUMN_AGE.name,),
    ),
    "ModelRowsDropped": Runbook(
        "Far fewer rows came than on the same days of the weeks before, or than in the pane before, in all or in one "
        "segment.",
        f"`{names.PANE_ROWS}` under `change.rows.ratio` times `{names.PANE_ROWS_TRAILING}` (`change.rows.against: "
        f"previous`: `{names.PANE_ROWS_PREVIOUS}`), where the latter is at least `change.rows.min_rows`.",
        ("Which segments dropped?", "Was only a part of the table sent?"),
        ("A region or a source is missing.", "A filter or a join changed.", "A holiday."),
        "Lower `change.rows.ratio`, raise `change.rows.min_rows`, or put planned days under `skip`.",
        (names.PANE_ROWS.name, names.PANE_ROWS_TRAILING.name),
    ),
    "ModelRowsDoubled": Runbook(
        "Far more rows came than on the same days of the weeks before, or than in the pane before, in all or in one "
        "segment.",
        f"`{names.PANE_ROWS}` over `{names.PANE_ROWS_TRAILING}` divided by `change.rows.ratio`.",
        ("Were rows sent twice under different parts?", "Which segments grew?"),
        ("A join multiplies rows.", "A re-run was sent as a new part instead of the same.", "Real growth."),
        "Lower `change.rows.ratio`; a re-run must use the same `part`.",
        (names.PANE_ROWS.name, names.PANE_ROWS_TRAILING.name),
    ),
    "ModelColumnNovel": Runbook(
        "A column has values that the training data never had.",
        f"`{names.COLUMN_NOVEL}` of the newest window beyond `drift.novel`. {_NOISE}",
        ("Which values are new?", "Since which pane?"),
        ("A new category, such as a shop that opened.", "Another unit or coding.", "A release upstream."),
        "Raise `drift.novel`; when the new values are to stay, register a newer reference.",
        (names.COLUMN_NOVEL.name, names.COLUMN_NOVEL_NOISE.name),
    ),
    "ModelColumnDrift": Runbook(
        "An input column is distributed differently than in the baseline. By itself this need not harm.",
        _SHIFT,
        ("Did quality or predictions move too?", "Do other columns of the same source drift?"),
        ("A season.", "Another unit.", "A change of the population.", "A change upstream."),
        "Raise `drift.psi` or `drift.ks`; choose a reference that covers the season.",
        _SHIFTED,
    ),
    "ModelPredictionDrift": Runbook(
        "The model's predictions are distributed differently than in the baseline.",
        _SHIFT,
        ("Which input columns drifted?", "Was a version released?", "Did quality move?"),
        ("Inputs drifted.", "A release.", "The world changed."),
        "Raise `drift.psi` or `drift.ks`; after an accepted release register a new reference.",
        _SHIFTED,
    ),
    "ModelColumnsDrifted": Runbook(
        "Many input columns drifted at once: rather a change of the population or a broken table than "
        "of one column.",
        f"`{names.DRIFTED_COLUMNS}` over `drift.columns`.",
        ("The description names the columns with the largest PSI.", "Do they come from one source?"),
        ("A wrong or partial table.", "A season.", "A new kind of user."),
        "Raise `drift.columns`, or register a newer reference.",
        (names.DRIFTED_COLUMNS.name, names.COLUMN_PSI.name),
    ),
    "ModelColumnMeanOff": Runbook(
        "The mean of a column of numbers lies further from the baseline's than the spec allows.",
        f"`{names.COLUMN_MEAN_CHANGE}` of the newest window beyond `mean.within` in either direction, and beyond "
        f"`{names.COLUMN_MEAN_CHANGE_NOISE}`. A mean near 0 is compared with nothing.",
        ("Is it one value far away, or all of them: look at the quantiles.", "Did rows of one kind stop coming?"),
        ("Another unit.", "A default value for what is missing.", "A change of the population.", "A season."),
        "Raise `mean.within`, or name the columns that matter under `mean.columns`.",
        (names.COLUMN_MEAN_CHANGE.name, names.COLUMN_MEAN_CHANGE_NOISE.name, names.COLUMN_MEAN.name),
    ),
    "ModelReleaseShift": Runbook(
        "Two versions are live, and the newer one predicts differently from the one before it.",
        f"For each live version, `{names.COLUMN_PSI}` or `{names.COLUMN_KS}` of its predictions with "
        f'`baseline="version"`. {_NOISE}',
        ("Was the change intended?", "Do consumers of the score use fixed thresholds?"),
        ("A better model with another calibration.", "A model trained on wrong data."),
        "It ends when the older version has left the window. Raise `drift.psi` or `drift.ks` to be "
        "told less.",
        _SHIFTED,
    ),
    "ModelAnomaly": Runbook(
        "A watched metric left the band that its own history, with seasons and trend, lets expect.",
        f"`{names.ANOMALY_SCORE}` beyond 1 or -1; the sidecar computes it from the event history.",
        (
            f"Draw `{names.ANOMALY_LOWER}` and `{names.ANOMALY_UPPER}` beside the metric.",
            "What else moved that day?",
        ),
        ("An incident upstream.", "A holiday.", "A level shift that the detector will learn."),
        "Remove or change the entry under `detect`; put planned days under `skip`.",
        (names.ANOMALY_SCORE.name, names.ANOMALY_EXPECTED.name),
    ),
    "ModelScalarOutOfBounds": Runbook(
        "A number that the team itself sends lies beyond a bound of the spec.",
        f"The newest `{names.SCALAR_VALUE}` against `scalars.NAME.warning` or `.critical`.",
        (
            "Is the value right, or was another unit sent?",
            "Since when, and in which segment?",
            f"How old is it (`{names.SCALAR_TIME}`)?",
        ),
        ("What the number measures changed.", "The job that computes it read a wrong or partial table."),
        "Change the bound under `scalars`. A corrected value sent for the same time replaces the wrong one.",
        (names.SCALAR_VALUE.name, names.SCALAR_TIME.name, names.SCALAR_STEP.name),
    ),
    "ModelScalarStale": Runbook(
        "A number that the team itself sends has no new value.",
        f"The time is past `{names.SCALAR_DUE}`: the event time of the newest value plus `scalars.NAME.stale_after`.",
        ("Did the job that sends it run?", "Was the name of the scalar changed?"),
        (
            "The job failed or waits.",
            "It sends values with times of long ago.",
            "The scalar is not sent any more.",
        ),
        "Raise `stale_after`, or remove the scalar from the spec.",
        (names.SCALAR_DUE.name, names.SCALAR_TIME.name),
    ),
    "ModelJobFailed": Runbook(
        "The newest run that a job told of did not succeed.",
        f"`{names.JOB_LAST_RUN}` is after `{names.JOB_LAST_SUCCESS}`, or there was no success yet.",
        ("The log of the run in your scheduler.", "`GET /api/v1/jobs` lists the runs with their notes."),
        ("A table was missing.", "The code or a library changed.", "Not enough memory."),
        "It ends with the next run that succeeds. A job whose failures are harmless should not tell them.",
        (names.JOB_LAST_RUN.name, names.JOB_LAST_SUCCESS.name),
    ),
    "ModelJobLate": Runbook(
        "A job was scheduled and has not succeeded since.",
        f"The time is past `{names.JOB_DUE}`: the first time of `jobs.NAME.schedule` after the newest success "
        "began, plus `grace`. Days under `skip` are not waited for.",
        ("Did the scheduler start it?", "Does it run still?", "Did it fail: is `ModelJobFailed` firing?"),
        ("The scheduler is down or paused.", "The job hangs.", "It ran, and did not tell so."),
        "Change `jobs.NAME.schedule` or `.grace`, or remove the job from the spec.",
        (names.JOB_DUE.name, names.JOB_LAST_SUCCESS.name),
    ),
    "ModelJobSlow": Runbook(
        "The newest run of a job took longer than the spec allows.",
        f"`{names.JOB_DURATION}` over `jobs.NAME.longest`.",
        (f"Did it handle more rows (`{names.JOB_ROWS}`)?", "Did it grow slowly, or at once?"),
        ("More rows.", "A busy cluster.", "A lost index or a changed plan of a query."),
        f"Raise `jobs.NAME.longest`; to watch for a change rather than a limit, name `{names.JOB_DURATION}` under "
        "`detect`.",
        (names.JOB_DURATION.name, names.JOB_ROWS.name),
    ),
    "ModelRulesOutdated": Runbook(
        "The exporter runs a spec other than the one these rules were generated from.",
        f"`{names.MODEL_INFO}` has had another `spec_hash` for longer than the rules look back.",
        ("Who changed the spec, and were rules generated after it?",),
        ("The spec was deployed to the exporter only, or the rules to Prometheus only.",),
        "Run `wolfpack rules` on the spec in force, and reload Prometheus.",
        (names.MODEL_INFO.name,),
    ),
} | QUALITY_RUNBOOKS | LIVE_RUNBOOKS | SERVICE_RUNBOOKS


def page(name: str) -> str:
    """Return the runbook of an alert as Markdown.

    Raises
    ------
    ValueError
        If there is no such alert.
    """
    if name not in RUNBOOKS:
        raise ValueError(f"{name!r} has no runbook; known are {', '.join(RUNBOOKS)}")
    one = RUNBOOKS[name]
    queries = "".join(f"    {family}{_pins(family)}\n" for family in one.families)
    parts = [
        f"<!-- {HEADER} -->\n\n# {name}\n\n{one.meaning}\n",
        f"## How it is computed\n\n{one.computation}\n",
        "## What to look at first\n\nThe model's board (`dashboard_url` of the alert).\n" + _items(one.look),
        f"Queries:\n\n{queries}" if queries else "",
        "## Usual causes\n" + _items(one.causes),
        f"## How to tune or silence it\n\n{one.tune}\n\nFor a time: silence it in Alertmanager by its "
        "labels.\n",
    ]
    return "\n".join(part for part in parts if part)


def _pins(family: str) -> str:
    labels = names.FAMILIES[family.removesuffix("_sum").removesuffix("_count")].labels
    return '{project="PROJECT", model="MODEL"}' if set(names.MODEL) <= set(labels) else ""


def _items(items: tuple[str, ...]) -> str:
    return "\n" + "".join(f"- {item}\n" for item in items)
