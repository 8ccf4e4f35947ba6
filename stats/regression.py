"""Quality of predicted numbers, mergeable: mean error, MAE, RMSE, MAPE and R2 with their standard errors."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike

from wolfpack.stats.averages import Averages
from wolfpack.stats.cross_moments import ORDER, CrossMoments
from wolfpack.stats.estimates import Estimate, known, rate
from wolfpack.stats.packing import pack, pack_parts, require, unpack, unpack_parts
from wolfpack.stats.pairs import LARGEST, known_rows

FORMAT = "wolfpack.regression/1"
_ABOUT = "absolute errors"
_SUMS = pa.schema([("sum", pa.float64())])


@dataclass(frozen=True, eq=False)
class RegressionErrors:
    """Sums over pairs of a predicted number and the true one.

    Parameters
    ----------
    moments : of prediction - label, and of the label.
    absolute : means of \\|prediction - label\\|, and over labels other than 0 of the same over \\|label\\|.
    """

    moments: CrossMoments
    absolute: Averages

    @classmethod
    def from_arrays(cls, predictions: ArrayLike, labels: ArrayLike) -> RegressionErrors:
        """Return the sums; a row without a prediction or without a label is left out and counted.

        Raises
        ------
        ValueError
            If the shapes differ, or a number is infinite or beyond 1e35.

        Examples
        --------
        >>> RegressionErrors.from_arrays([2.0, 4.0], [1.0, 4.0]).measures()["mae"].value
        0.5
        """
        (x, y), missing = known_rows(predictions=predictions, labels=labels)
        errors = x - y
        zero = np.abs(errors) >= np.abs(y) * LARGEST  # labels so small that the error over them is beyond measure
        relative = np.abs(errors) / np.where(zero | (y == 0), np.nan, np.abs(y))
        absolute = Averages.of(_ABOUT, {"mae": np.abs(errors), "mape": relative}, missing)
        return cls(CrossMoments.of(errors, y), absolute)

    @classmethod
    def empty(cls) -> RegressionErrors:
        """Return the sums of no pairs: the identity of merge."""
        return cls.from_arrays([], [])

    def merge(self, *others: RegressionErrors) -> RegressionErrors:
        """Return the sums of all pairs, as if they had been given at once, up to rounding."""
        return RegressionErrors(
            self.moments.merge(*(other.moments for other in others)),
            self.absolute.merge(*(other.absolute for other in others)),
        )

    @property
    def rows(self) -> int:
        """Pairs counted."""
        return self.moments.rows

    @property
    def missing(self) -> int:
        """Rows left out for want of a prediction or a label."""
        return self.absolute.missing

    def measures(self) -> dict[str, Estimate]:
        """Return by name what these sums tell, each with its standard error; what is unknown is left out.

        ``mean_error`` (prediction less label), ``mae``, ``rmse``, ``mape`` (a ratio, over labels other than 0),
        ``zero_label_ratio`` (the share of labels that ``mape`` leaves out) and ``r2``, which labels that are all
        alike do not have.

        References
        ----------
        Standard errors of RMSE and R2 are by the delta method from the fourth moments, without any assumption
        on the distribution (A. van der Vaart, Asymptotic statistics, 1998, chapter 3).
        """
        if not self.rows:
            return {}
        found = self.absolute.measures() | {
            "mean_error": self._mean_error(),
            "rmse": self._rmse(),
            "zero_label_ratio": rate(self.rows - int(self.absolute.spread.rows[1]), self.rows),
            "r2": self._r2(),
        }
        return {name: estimate for name, estimate in found.items() if estimate is not None}

    def _mean_error(self) -> Estimate | None:
        n = self.rows
        return known(float(self.moments.means[0]), self.moments.sums[2, 0] / (n - 1) / n if n > 1 else None)

    def _rmse(self) -> Estimate | None:
        n = self.rows
        sums = self._about_no_error()
        mean = float(sums[2, 0]) / n
        if n < 2 or mean <= 0:
            return known(math.sqrt(mean), 0.0 if n > 1 else None)
        return known(math.sqrt(mean), (float(sums[4, 0]) / n - mean * mean) / (n - 1) / (4 * mean))

    def _r2(self) -> Estimate | None:
        n = self.rows
        sums = self._about_no_error()
        total, wrong = float(sums[0, 2]), float(sums[2, 0])
        if n < 2 or not total > 0:
            return None
        rest = wrong / total
        spread = (sums[4, 0] - 2 * rest * sums[2, 2] + rest**2 * sums[0, 4]) / total / total
        return known(1 - rest, float(spread) * n / (n - 1))

    def _about_no_error(self) -> np.ndarray:
        """Return the moments of the error about 0 and of the label about its mean."""
        return self.moments.about(np.array([0.0, self.moments.means[1]]))

    def equals(self, other: RegressionErrors) -> bool:
        """Tell whether both agree in every count, and in the rest up to rounding."""
        return self.moments.equals(other.moments) and self.absolute.equals(other.absolute)

    def to_bytes(self) -> bytes:
        """Return the sums as an Arrow IPC stream with zstd."""
        sums = pack(
            "wolfpack.cross_moments/1", _SUMS, [self.moments.sums.ravel()], means=self.moments.means.tolist()
        )
        return pack_parts(FORMAT, [sums, self.absolute.to_bytes()])

    @classmethod
    def from_bytes(cls, data: bytes) -> RegressionErrors:
        """Read what `to_bytes` wrote.

        Raises
        ------
        ProfileFormatError
            If the bytes are no such sums, or of another version, or contradict themselves.
        """
        parts, _ = unpack_parts(data, FORMAT, "regression errors")
        require("regression errors", {"there are two parts": len(parts) == 2})
        table, said = unpack(parts[0], "wolfpack.cross_moments/1", _SUMS, "cross moments", means=list)
        sums = table["sum"].to_numpy()
        sound = len(said["means"]) == 2 and all(isinstance(mean, float) for mean in said["means"])
        require("cross moments", {"there are 25 sums and two means": sound and len(sums) == (ORDER + 1) ** 2})
        sums = sums.reshape(ORDER + 1, ORDER + 1)
        require("cross moments", {"rows are a number": bool(np.isfinite(sums[0, 0]))})
        moments = CrossMoments(int(sums[0, 0]), np.array(said["means"]), sums)
        absolute = Averages.from_bytes(parts[1])
        require("cross moments", moments.rules())
        fitting = (absolute.about, absolute.names) == (_ABOUT, ("mae", "mape"))
        require(
            "regression errors",
            {"both parts are of the same rows": fitting and int(absolute.spread.rows[0]) == moments.rows},
        )
        return cls(moments, absolute)
