"""One cycle of the sidecar: read the history, judge the newest window of each series, send what was found.

A finding is a function of the history alone, named by its labels and window end, so a restart changes no score and
the same finding sent again replaces itself. What is kept between cycles only spares reading and judging again.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator, Sequence

from wolfpack.detectors.contract import method_named
from wolfpack.detectors.deadline import Deadline, DeadlinePassed
from wolfpack.detectors.judging import UNSCORED, alike, judge
from wolfpack.detectors.memory import Memory, Track
from wolfpack.detectors.report import Fault, Report, Run, Stage
from wolfpack.detectors.sink import Finding, Sink
from wolfpack.detectors.source import NEVER, Source
from wolfpack.detectors.verdicts import Verdict
from wolfpack.detectors.watch import SERIES_LIMIT, Watch, watch
from wolfpack.spec import Spec, WolfpackError

NO_POINTS, TWICE, LATE = "no points", "watched twice", "deadline"
LIMITED = f"over {SERIES_LIMIT} series of a model"
REASONS = (*UNSCORED, NO_POINTS, TWICE, LATE, LIMITED)
"""Every reason for which a series is not scored."""


def run_once(specs: Iterable[Spec], source: Source, sink: Sink) -> Report:
    """Judge the newest window of every watched series and send the findings, model by model; see `cycle`."""
    return cycle(specs, Memory(source), sink)


def cycle(
    specs: Iterable[Spec], memory: Memory, sink: Sink, deadline: Deadline = NEVER, everything: bool = False
) -> Report:
    """Judge the newest window of every watched series that changed, and send the findings, model by model.

    A finding is sent for each series that has a point. One that cannot be scored (before warm-up, without a
    value, in a planned gap) is sent without a score, so that the alarm of an earlier window does not stay.

    Parameters
    ----------
    specs : the models, the most urgent first; those without `detect` are passed over.
    memory : where the history is read through.
    sink : where findings go.
    deadline : when the cycle ends at the latest; what is not done then is reported as missed.
    everything : judge also what has not changed since its finding was sent.

    Returns
    -------
    Report
        Errors of one series, one watch or one model are in it and stop nothing else.
    """
    watched = (spec for spec in specs if spec.detect)
    return Report.of([_ModelRun(spec, memory, sink, deadline, everything).run() for spec in watched])


class _ModelRun:
    """One model in one cycle."""

    def __init__(self, spec: Spec, memory: Memory, sink: Sink, deadline: Deadline, everything: bool) -> None:
        self._spec, self._memory, self._sink = spec, memory, sink
        self._deadline, self._everything = deadline, everything
        self._done = Run(spec.project, spec.model)
        self._said: Sequence[Verdict] | None = None

    def run(self) -> Run:
        begun = time.monotonic()
        judged: list[tuple[Track, Finding]] = []
        try:
            for track, finding in self._judged():
                judged.append((track, finding))
        except DeadlinePassed:
            self._done.missed = True
        self._send(judged)
        self._done.seconds = time.monotonic() - begun
        return self._done

    def _judged(self) -> Iterator[tuple[Track, Finding]]:
        """Yield the findings on series that changed; note what was skipped and what failed."""
        known: set[tuple[tuple[str, str], ...]] = set()
        for watched, tracks in self._watched():
            for group in alike([track for track in tracks if self._takes(track, watched, known)], watched):
                if self._deadline.left <= 0:
                    self._done.missed = True
                    self._done.skipped[LATE] += len(group)
                elif not self._listened():
                    return
                else:
                    yield from self._judge(group, watched)

    def _takes(self, track: Track, watched: Watch, known: set[tuple[tuple[str, str], ...]]) -> bool:
        """Tell whether a series is to be judged, and note why if it is not."""
        labels = watched.identity(track.labels)
        identity = tuple(sorted((key, value) for key, value in labels.items() if value))
        reason = _left_out(identity in known, len(known), track)
        if reason is not None:
            self._done.skipped[reason] += 1
            return False
        known.add(identity)
        self._done.newest = max(self._done.newest, track.newest)
        if not (track.fresh or self._everything):
            self._done.unchanged += 1
            return False
        return True

    def _judge(self, group: list[Track], watched: Watch) -> list[tuple[Track, Finding]]:
        """Return the findings on series that are judged together; if that fails, on each alone."""
        try:
            found = judge(group, watched, self._spec.calendar, self._said or ())
        except Exception as error:  # one bad series never stops the others
            if len(group) > 1:
                return [one for track in group for one in self._judge([track], watched)]
            self._fault("judge", f"{watched.metric}{group[0].labels}: {error}")
            group[0].fresh = False  # it is judged again when it changes
            return []
        self._done.skipped.update(reason for _, reason in found if reason is not None)
        return [(track, finding) for track, (finding, _) in zip(group, found, strict=True)]

    def _listened(self) -> bool:
        """Read what was said of the model's findings, once a cycle and only to judge; tell whether it is known."""
        if self._said is None:
            try:
                self._said = self._sink.said(self._spec.project, self._spec.model)
            except (ValueError, KeyError, WolfpackError) as error:
                self._fault(
                    "read", f"{self._spec.project}/{self._spec.model}: feedback could not be read: {error}"
                )
        return self._said is not None

    def _watched(self) -> Iterator[tuple[Watch, list[Track]]]:
        """Yield each watch with its series; note the watches that cannot be read."""
        for index in range(len(self._spec.detect)):
            try:
                watched = watch(self._spec, index)
                method_named(watched.method)
                tracks = self._memory.tracks(watched, self._deadline)
            except DeadlinePassed:
                raise
            except (ValueError, WolfpackError) as error:
                self._fault("read", f"{self._spec.project}/{self._spec.model}: detect[{index}]: {error}")
                continue
            wanted = [track for track in tracks if watched.wants(track.labels)]
            self._done.series += len(wanted)
            yield watched, wanted

    def _send(self, judged: list[tuple[Track, Finding]]) -> None:
        """Send the findings; what was not taken is judged and sent again in the next cycle."""
        findings = [finding for _, finding in judged]
        scored = [finding for finding in findings if not math.isnan(finding.score)]
        self._done.scored = len(scored)
        self._done.alarms = [finding for finding in scored if abs(finding.score) > 1]
        if not findings:
            return
        try:
            self._sink.post(self._spec.project, self._spec.model, findings)
        except Exception as error:  # the other models are not at fault
            self._fault("send", f"{self._spec.project}/{self._spec.model}: findings were not sent: {error}")
            return
        for track, _ in judged:
            track.fresh = False

    def _fault(self, stage: Stage, message: str) -> None:
        self._done.faults.append(Fault(stage, message))


def _left_out(known: bool, count: int, track: Track) -> str | None:
    """Return why a series is not even looked at, None if it is."""
    if known:
        return TWICE
    if count >= SERIES_LIMIT:
        return LIMITED
    return None if len(track.times) or track.fault else NO_POINTS
