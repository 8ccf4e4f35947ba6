"""Faults of small models, for the end-to-end run: what a job sends when it is ill, and what when it is well again.

Each story is a model of its own beside the others on the same servers, so none inhibits or contradicts another.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa

from wolfpack.client import Client
from wolfpack.stats import OutputCounts, ScoreCounts, profile

HEAD = """\
version: wolfpack/v1
project: travel
model: {model}
owner: flights
timezone: UTC
grace: 1s
window: 1d
skip: [{skip}]
"""
ROWS = 1000
EMPTIED = ("north", "east", "south", "west")


@dataclass(frozen=True)
class Story:
    """One model: its spec after the head, the alerts it owes, and what is sent.

    Parameters
    ----------
    before : sends what training leaves; None: nothing.
    send : sends a day, ill or well.
    """

    model: str
    spec: str
    alerts: frozenset[str]
    send: Callable[[Client, date, bool], None]
    before: Callable[[Client], None] | None = None

    def text(self, skip: str) -> str:
        return HEAD.format(model=self.model, skip=skip) + self.spec

    def client(self, url: str) -> Client:
        return Client(url, project="travel", model=self.model, version="1")


def scored(seed: int, sharp: bool = True, turned: bool = False) -> pa.Table:
    """Return scores that are chances; not `sharp`: all near a half; `turned`: what comes true is the other class."""
    random = np.random.default_rng(seed)
    score = random.beta(1, 1, ROWS) if sharp else random.uniform(0.4, 0.6, ROWS)
    late = (random.random(ROWS) < (1 - score if turned else score)).astype(float)
    return pa.table({"id": [f"{n}" for n in range(ROWS)], "score": score, "late": late})


def trained_scores(client: Client) -> None:
    given = scored(1)
    scores = ScoreCounts.from_arrays(given["score"].to_numpy(), given["late"].to_numpy())
    client.send_reference(profile(given.select(["score"])), scores)


def send_blurred(client: Client, day: date, well: bool) -> None:
    """Ill: scores that part nothing, before any of their labels is there."""
    client.send_predictions(scored(2, sharp=well).select(["id", "score"]), at=day.isoformat())


def send_turned(client: Client, day: date, well: bool) -> None:
    """Ill: at the same scores the other class comes true, and of most rows nobody has told yet what came."""
    given = scored(3, turned=not well)
    client.send_predictions(given.select(["id", "score"]), at=day.isoformat())
    client.send_labels(given.select(["id", "late"]).slice(0, ROWS if well else 400))


def send_keys(client: Client, day: date, well: bool) -> None:
    """Ill: labels of keys that no prediction has; well: the predictions of these keys come too."""
    keys = [f"{n}" for n in range(ROWS)]
    if well:
        client.send_predictions(pa.table({"id": keys, "score": np.full(ROWS, 0.5)}), at=day.isoformat())
    else:
        client.send_labels(pa.table({"id": keys, "late": np.arange(ROWS) % 2.0}))


def trained_inputs(client: Client) -> None:
    client.send_reference(profile(inputs()))


def send_inputs(client: Client, day: date, well: bool) -> None:
    """Ill: a join has failed for one row of eight, and four columns lack what it brings."""
    lost = np.arange(ROWS) % 8 == 0
    given = inputs()
    columns = {name: pa.array(given[name].to_numpy(), mask=None if well else lost) for name in EMPTIED}
    client.send_profile(client.profile(pa.table({"fare": given["fare"], **columns})), at=day.isoformat())


def inputs() -> pa.Table:
    random = np.random.default_rng(4)
    return pa.table({name: random.normal(0, 1, ROWS) for name in ("fare", *EMPTIED)})


def send_answers(client: Client, day: date, well: bool) -> None:
    """Ill: every second answer is empty, and hardly one is clicked."""
    answers = ["a" if well or n % 2 else "" for n in range(ROWS)]
    events = {"shown": ROWS, "clicked": 100 if well else 1}
    client.send_outputs(OutputCounts.of(answers, events=events), at=day.isoformat())


_JUDGED = "prediction: {column: score, task: binary}\nlabel: {column: late, key: id%s}\n"
STORIES = (
    Story(
        "blurred", _JUDGED % ", matures_after: 7d" + 'quality: {roc_auc: {warning: "< 0.7"}}\n',
        frozenset({"ModelQualityExpectedLow"}), send_blurred, trained_scores,
    ),
    Story(
        "turned", _JUDGED % ', coverage: {warning: "< 0.5"}' + 'retrain: {quality: {roc_auc: "< 0.7"}, every: 1h}\n',
        frozenset({"ModelEstimateOff", "ModelConceptDrift", "ModelLabelCoverageLow", "ModelRetrainDue"}),
        send_turned, trained_scores,
    ),
    Story("keys", _JUDGED % ", matures_after: 7d", frozenset({"ModelLabelsUnmatched"}), send_keys),
    Story("joined", "", frozenset({"ModelColumnsMissing"}), send_inputs, trained_inputs),
    Story(
        "answers",
        'prediction: {column: answer}\noutputs: {empty_ratio: {warning: "> 0.05"}}\n'
        'events: {click_through: {count: clicked, of: shown, warning: "< 0.02"}}\n',
        frozenset({"ModelOutputOff", "ModelEventRatioOff"}), send_answers,
    ),
)  # fmt: skip
"""One for each cause."""
