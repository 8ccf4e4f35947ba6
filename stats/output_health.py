"""Whether a model's outputs look alive, without labels: empty, constant, repeated, switching, and counts by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from wolfpack.stats.estimates import Estimate, rate, ratio
from wolfpack.stats.packing import MOST_ROWS, pack_parts, require, unpack_parts
from wolfpack.stats.pairs import check_shapes, codes, known_rows
from wolfpack.stats.repeats import Repeats

FORMAT = "wolfpack.output_health/1"


@dataclass(frozen=True, eq=False)
class OutputHealth:
    """What is counted of outputs.

    Parameters
    ----------
    outputs : values of the outputs; `outputs.missing` are those that were empty.
    requests : what was asked; none if not given.
    pairs, switches : outputs that follow another for the same subject, and those that differ from it.
    events : counts that a team names, such as impressions and clicks.
    """

    outputs: Repeats
    requests: Repeats
    pairs: int = 0
    switches: int = 0
    events: dict[str, int] = field(default_factory=dict)

    @classmethod
    def from_arrays(
        cls,
        outputs: Any,
        requests: Any = None,
        subjects: Any = None,
        times: ArrayLike | None = None,
        events: Mapping[str, int] | None = None,
    ) -> OutputHealth:
        """Return the counts of outputs.

        Parameters
        ----------
        outputs : shape (n,); null, NaN and "" are empty.
        requests : what was asked for each output, such as a hash of the features.
        subjects, times : whom each output is about, and when it was made, as numbers; both or neither. All
            outputs about one subject must be given at once for each switch to be seen.
        events : counts by name, >= 0.

        Raises
        ------
        ValueError
            If shapes differ, only one of subjects and times is given, or a count is below 0.

        Examples
        --------
        >>> found = OutputHealth.from_arrays(["a", "b", ""], events={"shown": 50, "clicked": 5})
        >>> found.measures()["empty_ratio"].value, found.event_ratio("clicked", "shown").value
        (0.3333333333333333, 0.1)
        """
        if (subjects is None) != (times is None):
            raise ValueError("subjects and times belong together; give both, or neither")
        place, names = codes(outputs)
        if "" in names:
            place = np.where(place == names.index(""), -1, place)
        answers = Repeats.from_array(np.array([*names, None], object)[place])
        asked = Repeats.empty() if requests is None else Repeats.from_array(requests)
        if requests is not None and asked.rows + asked.missing != len(place):
            raise ValueError(
                f"requests are {asked.rows + asked.missing}, outputs are {len(place)}; give one for each"
            )
        pairs, switches = (0, 0) if times is None else _switches(place, subjects, times)
        for name, count in (events or {}).items():
            if count < 0:
                raise ValueError(f"events[{name!r}]: {count!r} is not in the range x>=0; it is a count")
        return cls(
            answers, asked, pairs, switches, {name: int(count) for name, count in (events or {}).items()}
        )

    @classmethod
    def empty(cls) -> OutputHealth:
        """Return the counts of no outputs: the identity of merge."""
        return cls(Repeats.empty(), Repeats.empty())

    def merge(self, *others: OutputHealth) -> OutputHealth:
        """Return the counts of all outputs; as if given at once if no subject's are split."""
        parts = (self, *others)
        names = sorted({name for part in parts for name in part.events})
        return OutputHealth(
            self.outputs.merge(*(other.outputs for other in others)),
            self.requests.merge(*(other.requests for other in others)),
            sum(part.pairs for part in parts),
            sum(part.switches for part in parts),
            {name: sum(part.events.get(name, 0) for part in parts) for name in names},
        )

    @property
    def rows(self) -> int:
        """Outputs, empty ones too."""
        return self.outputs.rows + self.outputs.missing

    def measures(self) -> dict[str, Estimate]:
        """Return by name what these counts tell; what was not given is left out.

        ``empty_ratio`` of the outputs; ``constant``, 1 if several outputs are all one value, else 0;
        ``repeated_request_ratio``, the share of requests that came before; ``switch_ratio``, the share of outputs
        that differ from the one before for the same subject.
        """
        found = {
            "empty_ratio": rate(self.outputs.missing, self.rows),
            "constant": Estimate(float(self.outputs.constant)) if self.outputs.rows else None,
            "repeated_request_ratio": self.requests.repeated(),
            "switch_ratio": rate(self.switches, self.pairs),
        }
        return {name: estimate for name, estimate in found.items() if estimate is not None}

    def event_ratio(self, name: str, of: str) -> Estimate | None:
        """Return one named count over another, such as clicks over impressions; None if that is 0.

        Raises
        ------
        ValueError
            If there is no count of a name.
        """
        for one in (name, of):
            if one not in self.events:
                raise ValueError(f"events: there is no {one!r}; there are {', '.join(self.events) or 'none'}")
        return ratio(self.events[name], self.events[of])

    def equals(self, other: OutputHealth) -> bool:
        """Tell whether both agree in every count."""
        return (
            (self.pairs, self.switches, self.events) == (other.pairs, other.switches, other.events)
            and self.outputs.equals(other.outputs)
            and self.requests.equals(other.requests)
        )

    def to_bytes(self) -> bytes:
        """Return the counts as an Arrow IPC stream with zstd."""
        parts = [self.outputs.to_bytes(), self.requests.to_bytes()]
        return pack_parts(FORMAT, parts, pairs=self.pairs, switches=self.switches, events=self.events)

    @classmethod
    def from_bytes(cls, data: bytes) -> OutputHealth:
        """Read what `to_bytes` wrote.

        Raises
        ------
        ProfileFormatError
            If the bytes are no such counts, or of another version, or contradict themselves.
        """
        parts, said = unpack_parts(data, FORMAT, "output health", pairs=int, switches=int, events=dict)
        require(
            "output health",
            {
                "there are two parts": len(parts) == 2,
                "switches are among the pairs": 0 <= said["switches"] <= said["pairs"] <= MOST_ROWS,
                "events are counts": all(
                    type(x) is int and 0 <= x <= MOST_ROWS for x in said["events"].values()
                ),
            },
        )
        outputs, requests = map(Repeats.from_bytes, parts)
        return cls(outputs, requests, said["pairs"], said["switches"], said["events"])


def _switches(place: Any, subjects: Any, times: ArrayLike) -> tuple[int, int]:
    """Return how many outputs follow another for the same subject, and how many differ from it."""
    who, _ = codes(subjects)
    check_shapes(["outputs", "subjects"], [place.shape, who.shape])
    unknown = np.where(who >= 0, who, np.nan)
    (owner, time, output), _ = known_rows(subjects=unknown, times=times, outputs=place)
    order = np.lexsort((time, owner))
    same = np.diff(owner[order]) == 0
    return int(same.sum()), int((same & (np.diff(output[order]) != 0)).sum())
