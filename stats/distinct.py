"""How many different values a column has: the smallest hashes of its values, exact while they are few.

The hash is written out here, so that profiles of other releases, machines and languages agree on it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]

K = 1024
"""Hashes kept: up to so many distinct values are counted exactly, more within 3.1 % (one standard error)."""
BITS = 48
_RANGE = 1 << BITS
_BLOCK = 32768
"""Values hashed at once; their scratch stays in the processor's first caches."""
_C1, _C2 = np.uint64(0xFF51AFD7ED558CCD), np.uint64(0xC4CEB9FE1A85EC53)
_HALF, _HEAD = np.uint64(32), 6
"""Bits of the hash that come from the first product, so that large hashes need no second one."""
_WORD = np.uint64(0x100000001B3)


@dataclass(frozen=True, eq=False, slots=True)
class Distinct:
    """The `K` smallest 48-bit hashes of a column's values, ascending and without repetition.

    The state is the same for any split and order of the values. A merge keeps the smallest of both.

    References
    ----------
    Z. Bar-Yossef, T. Jayram, R. Kumar, D. Sivakumar, L. Trevisan, Counting distinct elements in a data stream,
    RANDOM 2002; K. Beyer et al., On synopses for distinct-value estimation, SIGMOD 2007, for the estimator.
    """

    hashes: Hashes

    @property
    def exact(self) -> bool:
        """Whether all hashes are kept, so that `count` is exact (but for a collision: one pair in 2**48)."""
        return len(self.hashes) < K

    @property
    def count(self) -> int:
        """Number of distinct values; above `K` the unbiased estimate (K - 1) / (share of the K-th hash)."""
        return len(self.hashes) if self.exact else round((K - 1) * _RANGE / (int(self.hashes[-1]) + 1))

    @property
    def standard_error(self) -> float:
        """Relative standard error of `count`; 0 if exact."""
        return 0.0 if self.exact else 1 / math.sqrt(K - 2)


NONE = Distinct(np.empty(0, np.uint64))


def merge_distinct(parts: Sequence[Distinct]) -> Distinct:
    """Return the state of all values together; the arguments stay as they are."""
    full = [part.hashes for part in parts if len(part.hashes)]
    if len(full) < 2:
        return Distinct(full[0]) if full else NONE
    bars = [hashes[-1] for hashes in full if len(hashes) == K]
    together = np.concatenate(full)
    return Distinct(_smallest(together[together <= min(bars)] if bars else together))


def distinct_sorted(values: NDArray[np.float64]) -> Distinct:
    """Return the state of finite numbers in ascending order, shape (n,); -0.0 is 0.0."""
    if not len(values):
        return NONE
    starts = values[1:] != values[:-1]
    found = int(np.count_nonzero(starts)) + 1
    if 2 * found < len(values):
        values = values[np.concatenate(([True], starts))]
    if found <= 2 * K:
        return Distinct(_smallest(hash_numbers(values)))
    # So many pass the bar that fewer than K do with a chance under 1e-15.
    bar = np.uint64(min(_RANGE, int(_RANGE / found * (K + 8 * math.sqrt(K)))))
    under = (int(bar) >> (BITS - _HEAD)) + 1 << (
        64 - _HEAD
    )  # what the first product of a hash under the bar is
    kept = []
    for start in range(0, len(values), _BLOCK):
        first = _first(values[start : start + _BLOCK])
        kept.append(_second(first[first < np.uint64(under)] if under < 1 << 64 else first))
    hashes = np.concatenate(kept)
    smallest = _smallest(hashes[hashes < bar])
    return Distinct(smallest if len(smallest) == K else _smallest(hash_numbers(values)))


def distinct_words(words: pa.StringArray) -> Distinct:
    """Return the state of text, shape (n,), without nulls."""
    return Distinct(_smallest(hash_words(words))) if len(words) else NONE


def _smallest(hashes: Hashes) -> Hashes:
    """Return the `K` smallest, each once; of many only the smallest 4 K are put in order, if that will do."""
    if len(hashes) > 8 * K:
        found = _each_once(np.partition(hashes, 4 * K)[: 4 * K])
        if len(found) >= K:
            return found[:K].copy()
    return _each_once(hashes)[:K].copy()


def _each_once(hashes: Hashes) -> Hashes:
    found = np.sort(hashes)
    return found[np.append(True, found[1:] != found[:-1])] if len(found) else found


def hash_numbers(values: NDArray[np.float64]) -> Hashes:
    """Return a 48-bit hash of each number: of its bits, by two rounds like those of MurmurHash3's finaliser.

    With a = (bits ^ bits >> 32) * C1 and b = (a ^ a >> 32) * C2 modulo 2**64 it is the 6 high bits of a, then the
    42 high bits of b.
    """
    return _second(_first(values))


def _first(values: NDArray[np.float64]) -> Hashes:
    bits = (values + 0.0).view(np.uint64)
    np.bitwise_xor(bits, np.right_shift(bits, _HALF), out=bits)
    return np.multiply(bits, _C1, out=bits)


def _second(first: Hashes) -> Hashes:
    second = np.bitwise_xor(first, np.right_shift(first, _HALF))
    np.multiply(second, _C2, out=second)
    np.right_shift(second, np.uint64(64 - BITS + _HEAD), out=second)
    head = np.right_shift(first, np.uint64(64 - _HEAD))
    return np.bitwise_or(second, np.left_shift(head, np.uint64(BITS - _HEAD)))


def hash_words(words: pa.StringArray) -> Hashes:
    """Return a 48-bit hash of the UTF-8 bytes of each word, shape (n,).

    The sum of (byte + 1) * factor**(place + 1), places counted from the word's end, mixed as numbers are.
    """
    offsets = np.frombuffer(words.buffers()[1], np.int32)[words.offset : words.offset + len(words) + 1]
    data = words.buffers()[2]
    text = np.frombuffer(data, np.uint8) if data is not None else np.empty(0, np.uint8)
    sums = np.empty(len(words), np.uint64)
    start = 0
    while start < len(words):  # in blocks of some 64 kB of text, or one longer word
        limit = int(np.searchsorted(offsets, int(offsets[start]) + 2 * _BLOCK, "right")) - 1
        end = min(max(limit, start + 1), len(words))
        sums[start:end] = _sum_words(text, offsets[start : end + 1].astype(np.int64))
        start = end
    return _second(np.multiply(np.bitwise_xor(sums, np.right_shift(sums, _HALF)), _C1))


def _sum_words(text: NDArray[np.uint8], offsets: NDArray[np.int64]) -> Hashes:
    inside = text[offsets[0] : offsets[-1]]
    if not len(inside):
        return np.zeros(len(offsets) - 1, np.uint64)
    lengths = np.diff(offsets)
    ends = np.repeat(offsets[1:] - offsets[0], lengths)
    places = ends - np.arange(len(inside))
    powers = np.cumprod(np.full(int(lengths.max()), _WORD, np.uint64))
    terms = (inside.astype(np.uint64) + np.uint64(1)) * powers[places - 1]
    running = np.concatenate((np.zeros(1, np.uint64), np.cumsum(terms)))
    at = offsets - offsets[0]
    return np.asarray(running[at[1:]] - running[at[:-1]], np.uint64)
