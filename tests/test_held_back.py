"""Which episodes nobody was told of."""

from __future__ import annotations

from wolfpack.rules import Episode
from wolfpack.rules.held_back import told

WHERE = {"project": "travel", "model": "arrival-delay", "role": "input"}
LACKS = WHERE | {"alertname": "ModelColumnMissing", "check": "missing", "column": "a", "severity": "warning"}
TOGETHER = WHERE | {"alertname": "ModelColumnsMissing", "check": "missing", "severity": "warning"}


def episode(start: float, end: float, labels: dict[str, str]) -> Episode:
    return Episode(start, end, tuple(sorted(labels.items())))


def kept(*given: Episode) -> list[Episode]:
    return told(sorted(given), 60)


def test_a_column_is_not_told_while_many_are() -> None:
    one, all_ = episode(0, 600, LACKS), episode(0, 600, TOGETHER)

    assert kept(one, all_) == [all_]


def test_a_part_that_is_not_covered_is_told() -> None:
    one, all_ = episode(0, 600, LACKS), episode(120, 600, TOGETHER)

    assert kept(one, all_) == [one, all_]
    assert kept(one, episode(0, 480, TOGETHER)) == sorted([one, episode(0, 480, TOGETHER)])


def test_two_that_follow_each_other_cover_together() -> None:
    first, second = episode(0, 300, TOGETHER), episode(360, 600, TOGETHER)

    assert kept(episode(0, 600, LACKS), first, second) == [first, second]


def test_a_critical_column_and_another_model_are_told() -> None:
    all_ = episode(0, 600, TOGETHER)
    critical = episode(0, 600, LACKS | {"severity": "critical"})
    other = episode(0, 600, LACKS | {"model": "other"})

    assert kept(all_, critical, other) == sorted([all_, critical, other])


def test_of_two_severities_the_higher_is_told() -> None:
    critical = episode(0, 600, LACKS | {"severity": "critical"})

    assert kept(episode(0, 600, LACKS), critical) == [critical]


def test_nothing_is_silenced_by_itself_or_by_another_segment() -> None:
    jfk = episode(0, 600, TOGETHER | {"segment": "origin", "segment_value": "JFK"})
    lga = episode(0, 600, TOGETHER | {"segment": "origin", "segment_value": "LGA"})

    assert kept(jfk, lga) == sorted([jfk, lga])
    assert kept(jfk, episode(0, 600, TOGETHER)) == [episode(0, 600, TOGETHER)]
