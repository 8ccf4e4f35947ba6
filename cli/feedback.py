"""`wolfpack feedback`: what alerts told, and whether it was right."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from wolfpack.cli.marked_series import is_stretch, mark, stretch
from wolfpack.cli.past_options import chosen, past_options
from wolfpack.cli.text_table import text_table
from wolfpack.spec import WolfpackError, load_all, parse_duration

if TYPE_CHECKING:
    from wolfpack.client import HttpTransport
    from wolfpack.rules import Episode

ID_LENGTH = 8
_HIDDEN = ("alertname", "owner", "check", "severity", "project", "model")


@dataclass(frozen=True)
class Told:
    """An episode, the name it is marked by, and what was said of it; "" if nothing was."""

    episode: Episode
    verdict: str = ""
    note: str = ""

    @property
    def name(self) -> str:
        """Name of the episode: the same at each listing, as its labels and its start are."""
        text = json.dumps([self.episode.identity, self.episode.start])
        return hashlib.sha256(text.encode()).hexdigest()[:ID_LENGTH]


@click.command()
@past_options
@click.option("--right", multiple=True, metavar="ID", help="Say that this episode was right; may be given again.")
@click.option("--wrong", multiple=True, metavar="ID", help="Say that it was wrong; may be given again.")
@click.option("--note", default="", help="Kept with what is said.")
def feedback(
    specs: tuple[Path, ...], url: str, token: str | None, start: str | None, end: str | None, step: str | None,
    severity: str, engine: str, form: str, right: tuple[str, ...], wrong: tuple[str, ...], note: str,
) -> None:  # fmt: skip
    """List what alerts told of the models of the specs, and mark episodes right or wrong.

    An ID is in the list's first column; an episode that a page shows is named by its series and its times, as written
    there. Detectors raise the alarm line of a series whose episodes were wrong; `wolfpack tune` keeps those that were
    right.
    """
    from wolfpack.client import HttpTransport
    from wolfpack.rules.episode_counts import at_least
    from wolfpack.rules.past import read_pasts

    wanted = [one.spec for one in load_all(specs)]
    by, _ = chosen(engine)
    transport = HttpTransport(url, token)
    _mark_stretches(transport, [(spec.project, spec.model) for spec in wanted], right, wrong, note)
    pasts = read_pasts(transport, wanted, start, end, parse_duration(step) if step else None)
    episodes = [one for past in pasts for one in at_least(past.judged(by), severity)]
    said = {(spec.project, spec.model): verdicts(transport, spec.project, spec.model) for spec in wanted}
    found = [_with_verdict(transport, one, said) for one in sorted(episodes)]
    for ids, verdict in ((right, "right"), (wrong, "wrong")):
        for its in ids:
            if is_stretch(its):
                continue
            one = _named(found, its)
            _mark(transport, one.episode, verdict, note)
            found[found.index(one)] = Told(one.episode, verdict, note)
    transport.close()
    click.echo(json.dumps([_as_data(one) for one in found], indent=2) if form == "json" else _as_text(found))


def verdicts(transport: HttpTransport, project: str, model: str) -> list[dict[str, Any]]:
    """Return what was said of a model, the newest first."""
    found: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        more = {"cursor": cursor} if cursor else {}
        page = transport.get("/api/v1/feedback", {"project": project, "model": model} | more)
        found += page["feedback"]
        cursor = page["next"]
    return found


def _mark_stretches(
    transport: HttpTransport, models: Sequence[tuple[str, str]], right: Sequence[str], wrong: Sequence[str], note: str
) -> None:
    verdicts: tuple[tuple[Sequence[str], Literal["right", "wrong"]], ...] = ((right, "right"), (wrong, "wrong"))
    for given, verdict in verdicts:
        for one in given:
            if is_stretch(one):
                mark(transport, stretch(one, models), verdict, note)


def _with_verdict(
    transport: HttpTransport, episode: Episode, said: Mapping[tuple[str, str], Sequence[Mapping[str, Any]]]
) -> Told:
    labels = episode.labels
    its = [one for one in said[labels["project"], labels["model"]] if one["labels"].items() <= labels.items()]
    if not its:
        return Told(episode)
    first, last = _span(transport, episode)
    over = [one for one in its if one["start"] <= last and one["end"] >= first]
    return Told(episode, over[0]["verdict"], over[0]["note"]) if over else Told(episode)


def _mark(transport: HttpTransport, episode: Episode, verdict: Any, note: str) -> None:
    from wolfpack.client import Client

    labels = episode.labels
    first, last = (datetime.fromtimestamp(at, UTC) for at in _span(transport, episode))
    client = Client("", project=labels["project"], model=labels["model"], transport=transport)
    client.send_feedback(labels, verdict, start=first, end=last, note=note)


def _span(transport: HttpTransport, episode: Episode) -> tuple[float, float]:
    """Return the times of an episode; of a detector's the ends of the windows that it found, as its findings have."""
    labels = episode.labels
    if labels["check"] != "anomaly":
        return episode.start, episode.end
    own = {name: text for name, text in labels.items() if name not in ("alertname", "owner", "check", "severity")}
    match = ",".join(f"{name}={json.dumps(text, ensure_ascii=False)}" for name, text in own.items())
    points: list[tuple[float, float, float]] = []
    cursor: dict[str, str] | None = {}
    while cursor is not None:
        page = transport.get("/api/v1/series", {"match": f"ml_anomaly_score{{{match}}}", "as": "exposed"} | cursor)
        points += [(shown, window, value) for one in page["series"] for window, value, shown in one["points"] if value]
        cursor = {"cursor": page["next"]} if page["next"] is not None else None
    points = sorted(point for point in points if point[0] <= episode.end)
    before = sum(shown <= episode.start for shown, _, _ in points)  # what was shown when it began comes last of these
    ends = [window for _, window, value in points[max(before - 1, 0) :] if abs(value) > 1]
    return (min(ends), max(ends)) if ends else (episode.start, episode.end)


def _named(found: Sequence[Told], given: str) -> Told:
    its = [one for one in found if given and one.name.startswith(given)]
    if len(its) != 1:
        known = ", ".join(one.name for one in found[-5:]) or "none"
        raise WolfpackError(
            f"{given!r} is the name of {len(its)} episodes; names are in the first column of the list, as {known}"
        )
    return its[0]


def _as_data(one: Told) -> dict[str, Any]:
    said = {"verdict": one.verdict or None, "note": one.note}
    return {"id": one.name, "start": one.episode.start, "end": one.episode.end, "labels": one.episode.labels} | said


def _as_text(found: Sequence[Told]) -> str:
    if not found:
        return "No alert would have fired."
    return text_table([("id", "began (UTC)", "alert", "of", "said"), *map(_row, found)])


def _row(one: Told) -> tuple[str, ...]:
    labels = one.episode.labels
    subject = ", ".join(text for name, text in labels.items() if name not in _HIDDEN)
    began = datetime.fromtimestamp(one.episode.start, UTC).strftime("%Y-%m-%d %H:%M")
    name = f"{labels['alertname']} ({labels['severity']})"
    return one.name, began, name, f"{labels['project']}/{labels['model']}: {subject}", one.verdict
