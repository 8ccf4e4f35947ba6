"""What a comparison found: per column four scores beside their noise, and one verdict."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from difflib import get_close_matches
from typing import Any

from wolfpack.stats.profiles import Segment


@dataclass(frozen=True)
class Thresholds:
    """What is too small to matter, however certain it is.

    Parameters
    ----------
    psi : population stability index; .1 is the field's "moderate change".
    ks : Kolmogorov-Smirnov distance, ratio.
    missing : increase of the missing ratio; 2 points find 1 to 5 % missing at 500 rows.
    novel : share of values that the reference never had.
    min_rows : rows under which a column is not compared.
    """

    psi: float = 0.1
    ks: float = 0.1
    missing: float = 0.02
    novel: float = 0.005
    min_rows: int = 10


@dataclass(frozen=True)
class ColumnDrift:
    """One column of one segment, now against the reference.

    A score and its noise are None where there is nothing to score: under `min_rows`, without values, or of a
    kind that has no such score. Scores have the bias of sampling removed, and are 0 on average without drift.

    Parameters
    ----------
    column : its name.
    psi, psi_noise : population stability index, and what it reaches without drift.
    ks, ks_noise : Kolmogorov-Smirnov distance; numeric columns only.
    missing_increase, missing_increase_noise : missing ratio now less the reference's, ratio, -1 to 1.
    novel, novel_noise : share of values that the reference never had, ratio.
    drifted : whether any score is above its threshold and above its noise.
    evidence : which of ``psi, ks, missing, novel`` are.
    exact : whether both sides were counted on the same bins; else the current side was estimated.
    sentence : what a colleague would say.
    js : Jensen-Shannon distance on the bins of `psi`, natural logarithm, 0 to 0.8326; not part of the verdict.
        As exact as `psi` is.
    wasserstein, wasserstein_error : clipped and normed Wasserstein distance of numbers, and within what it is;
        not part of the verdict.
    """

    column: str
    psi: float | None = None
    psi_noise: float | None = None
    ks: float | None = None
    ks_noise: float | None = None
    missing_increase: float | None = None
    missing_increase_noise: float | None = None
    novel: float | None = None
    novel_noise: float | None = None
    drifted: bool = False
    evidence: tuple[str, ...] = ()
    exact: bool = True
    sentence: str = ""
    js: float | None = None
    wasserstein: float | None = None
    wasserstein_error: float | None = None

    @property
    def compared(self) -> bool:
        """Whether the column has any score."""
        return self.missing_increase is not None


@dataclass(frozen=True)
class Drift:
    """The columns of one segment, or of all, as they compare with the reference.

    Parameters
    ----------
    segments : column drifts by segment and column; the first segment is the one that plain names mean.
    absent : columns of the reference that the current profile lacks.
    appeared : columns now that the reference lacks; empty if only some columns were asked for.
    changed : columns whose kind is another now, or that have values of another kind, as the reference has not.
    """

    segments: dict[Segment, dict[str, ColumnDrift]]
    absent: tuple[str, ...] = field(default=())
    appeared: tuple[str, ...] = field(default=())
    changed: tuple[str, ...] = field(default=())

    @property
    def segment(self) -> Segment:
        """The segment that plain column names mean."""
        return next(iter(self.segments))

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns compared, in the reference's order."""
        return tuple(self.segments[self.segment])

    @property
    def ratio(self) -> float | None:
        """Share of the compared columns that drifted; None if none could be compared."""
        return self.segment_ratio(self.segment)

    @property
    def drifted(self) -> tuple[str, ...]:
        """Columns that drifted."""
        return tuple(found.column for found in self if found.drifted)

    def segment_ratio(self, segment: Segment) -> float | None:
        """Return the share of a segment's compared columns that drifted; None if none could be compared."""
        compared = [found for found in self.segments[segment].values() if found.compared]
        return sum(found.drifted for found in compared) / len(compared) if compared else None

    def __iter__(self) -> Iterator[ColumnDrift]:
        return iter(self.segments[self.segment].values())

    def __getitem__(self, key: str | tuple[str, str, str]) -> ColumnDrift:
        column, segment = (key, self.segment) if isinstance(key, str) else (key[0], (key[1], key[2]))
        if segment not in self.segments:
            raise KeyError(f"segment {segment!r} was not compared; compare(..., segment=None) compares all")
        found = self.segments[segment]
        if column not in found:
            near = get_close_matches(column, found, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(list(found)[:20])}"
            raise KeyError(f"column {column!r} was not compared; {hint}")
        return found[column]

    def table(self) -> str:
        """Return a text table: what drifted first, each with its sentence."""
        rows = [
            (found.column, *_cells(found), found.sentence)
            for found in sorted(self, key=lambda found: (not found.drifted, -len(found.evidence)))
        ]
        lines = [("column", "PSI", "KS", "missing", "novel", ""), *rows]
        widths = [max(len(line[i]) for line in lines) for i in range(5)]
        text = [
            "  ".join(
                [line[0].ljust(widths[0]), *(line[i].rjust(widths[i]) for i in range(1, 5)), line[5]]
            ).rstrip()
            for line in lines
        ]
        schema = [
            *(f"{name}: not in the current table" for name in self.absent),
            *(f"{name}: not in the reference" for name in self.appeared),
        ]
        return "\n".join([*text, *schema])

    def to_dict(self) -> dict[str, Any]:
        """Return the comparison for JSON: ratio, absent, appeared and changed columns, and each segment's columns."""
        return {
            "ratio": self.ratio,
            "absent": list(self.absent),
            "appeared": list(self.appeared),
            "changed": list(self.changed),
            "segments": [
                {
                    "segment": name,
                    "segment_value": value,
                    "ratio": self.segment_ratio((name, value)),
                    "columns": [asdict(drift) for drift in found.values()],
                }
                for (name, value), found in self.segments.items()
            ],
        }


def _cells(found: ColumnDrift) -> list[str]:
    """Return the four scores as text, marked where they are evidence."""
    scores = {"psi": found.psi, "ks": found.ks, "missing": found.missing_increase, "novel": found.novel}
    return [
        "-" if score is None else f"{score:.3f}" + ("*" if name in found.evidence else " ")
        for name, score in scores.items()
    ]
