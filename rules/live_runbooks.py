"""Runbook pages of the alerts on live models."""

from __future__ import annotations

from wolfpack.rules.runbook import Runbook
from wolfpack.spec import names

_ENOUGH = "`live.min_rows`"

LIVE_RUNBOOKS: dict[str, Runbook] = {
    "ModelLiveOutliers": Runbook(
        "Too many of the inputs that come now are such as the outlier model did not know from training.",
        f"`{names.LIVE_OUTLIER_RATIO}` over `live.window` beyond `live.outliers`, where at least {_ENOUGH} rows came "
        f"(`{names.LIVE_ROWS}`).",
        (f"Which input moved: `{names.LIVE_MEAN_CHANGE}`.", "One endpoint or segment, or all?", "Who calls?"),
        ("A client sends another unit or order of inputs.", "A release upstream.", "A load test with made-up rows."),
        "Raise `live.outliers`, or train the outlier model anew with a smaller rate.",
        (names.LIVE_OUTLIER_RATIO.name, names.LIVE_OUTLIER_SCORE.name, names.LIVE_ROWS.name),
    ),
    "ModelLiveEmpty": Runbook(
        "Too many answers have nothing in them: none, NaN, an empty text or list.",
        f"`{names.LIVE_EMPTY_RATIO}` over `live.window` beyond `live.empty`, where at least {_ENOUGH} rows came.",
        ("Since which release?", "Do inputs lack values?", "Does the service's log tell of a fallback?"),
        ("A feature store answers nothing.", "A limit or filter cuts answers away.", "Numbers that overflow."),
        "Raise `live.empty`: some models answer nothing by right.",
        (names.LIVE_EMPTY_RATIO.name, names.LIVE_ROWS.name),
    ),
    "ModelLiveErrors": Runbook(
        "Too many calls fail: by an exception, or a status from 500 on.",
        f"`{names.LIVE_ERROR_RATIO}` over `live.window` beyond `live.errors`, where at least {_ENOUGH} requests came.",
        ("What does the service's log say?", "Since which release?", "Does something that it needs fail?"),
        ("A release.", "Inputs of a form that the model does not take.", "Memory, or a service behind it."),
        "Raise `live.errors`. Statuses under 500 are the caller's and never counted.",
        (names.LIVE_ERRORS_TOTAL.name, names.LIVE_ERROR_RATIO.name),
    ),
    "ModelLiveSlow": Runbook(
        "Calls take longer than the spec allows.",
        f"`{names.LIVE_DURATION_P95}`, which 95 % of the calls in `live.window` did not exceed, beyond `live.latency`, "
        f"where at least {_ENOUGH} requests came.",
        ("Did traffic grow?", "Is the processor or memory of the service used up?", "Which endpoint?"),
        ("Too few workers for the traffic.", "A larger model.", "A slow service behind it."),
        "Raise `live.latency`; without it nothing is told of latency.",
        (names.LIVE_DURATION.name, names.LIVE_DURATION_P95.name),
    ),
    "ModelLiveTrafficGone": Runbook(
        "Far fewer requests come than in the hour before.",
        f"`{names.LIVE_REQUESTS}` in `live.window` under `live.traffic.ratio` times `{names.LIVE_REQUESTS_TRAILING}`, "
        "where the latter is at least `live.traffic.min_rows`. It ends when the hour before is quiet too.",
        (f"Are the workers there: `{names.LIVE_WORKERS}`?", "Do callers get through: gateway, DNS, certificates?"),
        ("The service is down, or cut off.", "A caller stopped.", "A night."),
        "Lower `live.traffic.ratio`, raise `live.traffic.min_rows`; `live: {traffic: null}` silences it.",
        (names.LIVE_REQUESTS.name, names.LIVE_REQUESTS_TRAILING.name),
    ),
    "ModelLiveTrafficDoubled": Runbook(
        "Far more requests come than in the hour before.",
        f"`{names.LIVE_REQUESTS}` in `live.window` over `{names.LIVE_REQUESTS_TRAILING}` divided by "
        "`live.traffic.ratio`, where the latter is at least `live.traffic.min_rows`.",
        ("Which caller?", "Are they retries of calls that failed?", "Does the service keep up?"),
        ("Retries.", "A batch that runs against the service.", "A campaign, a morning."),
        "Lower `live.traffic.ratio`; `live: {traffic: null}` silences it.",
        (names.LIVE_REQUESTS.name, names.LIVE_REQUESTS_TRAILING.name),
    ),
    "ModelLiveMeanOff": Runbook(
        "The mean of an input that comes now differs from training's by more than the spec allows.",
        f"`{names.LIVE_MEAN_CHANGE}` beyond `live.mean` and beyond `{names.LIVE_MEAN_CHANGE_NOISE}`: what sampling "
        "gives at these row counts, and what single panes of the reference reached.",
        ("Another unit?", "One caller, or all?", "Does `ModelLiveOutliers` fire too?"),
        ("A client or a release upstream.", "An hour of the day that differs from the rest.", "A season."),
        "Raise `live.mean`; `live: {mean: null}` silences it. A reference with panes (`every=`) knows its own "
        "variation.",
        (names.LIVE_MEAN.name, names.LIVE_MEAN_CHANGE.name, names.LIVE_MEAN_CHANGE_NOISE.name),
    ),
    "ModelLiveWorkersLost": Runbook(
        "A process of the service fell silent without saying that it ends. What it had since its last part is lost.",
        f"`{names.LIVE_WORKERS_LOST}`: workers not heard for a minute that sent no closing part, in the last hour.",
        ("Was it killed: out of memory, a timeout of gunicorn, a node that went?", "Can it reach the exporter?"),
        ("Out of memory.", "`kill -9`, or a pod without a grace period.", "A network that is cut."),
        "Give processes time to end on SIGTERM. At most one flush interval of calls is lost with each.",
        (names.LIVE_WORKERS_LOST.name, names.LIVE_WORKERS.name),
    ),
    "ModelLiveCallsDropped": Runbook(
        "Calls were not profiled: the monitor's buffer was full, or their rows could not be read.",
        f"`{names.LIVE_CALLS_DROPPED}` in `live.window` is over 0.",
        ("What does the service's log of `wolfpack.client` say?", "Is the processor of the service used up?"),
        ("More calls than the thread can profile.", "Inputs that are no rows.", "An outlier model that is slow."),
        "Give the monitor a larger `buffer`; give it `inputs=` that returns rows.",
        (names.LIVE_CALLS_DROPPED.name,),
    ),
    "ModelLivePartsMissing": Runbook(
        "Workers sent parts that never came, though later ones did.",
        f"`{names.LIVE_PARTS_MISSING}` over 0: gaps in the numbers of the workers heard in the last hour.",
        ("Was the exporter away for long?", "Does a worker's log say that its spool is full?"),
        ("The exporter was away longer than the spool holds.", "A proxy that refuses large bodies."),
        "Give the monitor a `spool` folder, or a larger `spool_limit`.",
        (names.LIVE_PARTS_MISSING.name,),
    ),
}
