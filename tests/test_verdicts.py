"""How far the alarm line of a series rises for what people said of its alarms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_sidecar import MEAN, Exporter, history, points, spec

from wolfpack.detectors import Verdict, raised
from wolfpack.spec.names import COLUMN_MEAN

TIMES = np.arange(6.0)
SCORES = np.array([np.nan, 0.2, -1.2, 0.3, 1.6, 5.0])
LABELS = {"project": "travel", "model": "delay", "role": "prediction", "column": "score"}


def said(at: float, verdict: str) -> Verdict:
    return Verdict({}, at, at, verdict)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ([], 1.0),
        ([said(2, "wrong")], 1.05 * 1.2),  # just enough to have been silent
        ([said(2, "wrong"), said(4, "wrong")], 1.05 * 1.6),
        ([said(5, "wrong")], 2.0),  # never more than twice
        ([said(4, "wrong"), said(2, "right")], 1.2 / 1.05),  # never above what was right
        ([said(2, "right")], 1.0),
        ([said(1, "wrong"), said(0, "wrong"), said(99, "wrong")], 1.0),  # no alarm there
        ([said(2, "right"), said(2, "wrong")], 1.0),  # the newest word counts
    ],
)
def test_the_line_rises_until_a_wrong_alarm_would_be_silent(words: list[Verdict], line: float) -> None:
    assert raised(TIMES, SCORES, words) == pytest.approx(line)


@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from(["right", "wrong"]))))
def test_whatever_was_said_an_alarm_that_was_right_stays_one(words: list[tuple[int, str]]) -> None:
    line = raised(TIMES, SCORES, [said(float(at), verdict) for at, verdict in words])

    assert 1.0 <= line <= 2.0
    newest = dict(reversed(words))
    assert all(abs(SCORES[at]) / line > 1 for at, verdict in newest.items() if verdict == "right" and at in (2, 4, 5))


def test_a_word_is_about_the_series_whose_labels_it_names() -> None:
    its = LABELS | {"metric": COLUMN_MEAN.name, "detector": "auto"}
    alert = its | {"alertname": "ModelAnomaly", "severity": "warning", "owner": "flights", "check": "anomaly"}

    assert Verdict(alert, 0, 0, "wrong").about(its)
    assert not Verdict(alert | {"column": "other"}, 0, 0, "wrong").about(its)
    assert not Verdict({"alertname": "ModelDataLate", "project": "travel"}, 0, 0, "wrong").about(its)


def test_a_sidecar_asks_what_was_said_and_scores_less_for_it() -> None:
    values = [*history(), 300.0]
    exporter = Exporter(**{COLUMN_MEAN.name: [({"__name__": COLUMN_MEAN.name, **LABELS}, points(values))]})
    (before,) = exporter.cycle(spec(MEAN)).alarms
    word = {"labels": before.labels, "start": before.window_end, "end": before.window_end, "verdict": "wrong"}
    exporter.said = [word]
    after = exporter.cycle(spec(MEAN))

    assert [row["score"] for row in exporter.rows] == [before.score, before.score / 2.0]
    assert [row["upper"] for row in exporter.rows] == [before.upper, before.upper]
    assert after.errors == ()
