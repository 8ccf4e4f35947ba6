"""Columns derived from texts, lists, embeddings and images: numbers, and the items of lists as categories."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from wolfpack.spec.errors import TableError
from wolfpack.spec.plan import Kind
from wolfpack.stats.values import _call, _cast

MEASURES: dict[str, dict[str, Kind]] = {
    "text": {"characters": "numeric", "words": "numeric"},
    "list": {"length": "numeric", "distinct": "numeric", "items": "categorical"},
    "embedding": {"norm": "numeric", "distance": "numeric"},
    "image": {"size": "numeric", "brightness": "numeric", "contrast": "numeric"},
}
"""What is counted of each kind besides its rows, as columns of their own called ``column.measure``."""
Floats = NDArray[np.float64]


def measure(
    name: str, column: pa.ChunkedArray, what: str, center: tuple[float, ...] = ()
) -> tuple[pa.ChunkedArray, NDArray[np.int64] | None]:
    """Return the derived column, and for items the row that each comes from, else None.

    Parameters
    ----------
    name, column : the source.
    what : one of the measures in `MEASURES`.
    center : embeddings: the vector that distances are measured from.

    Raises
    ------
    TableError
        If the source is of another kind.
    """
    if what in ("characters", "words"):
        return _of_text(_cast(name, column, pa.string(), "text"), what), None
    if what in ("norm", "distance"):
        found = vectors(name, column, len(center))
        apart = found - np.array(center) if what == "distance" and center else found
        return _numbers(np.sqrt(np.einsum("ij,ij->i", apart, apart))), None
    if what in ("brightness", "contrast", "size"):
        return _of_images(name, column, what), None
    return _of_lists(_lists(name, column), what)


def _of_text(text: pa.ChunkedArray, what: str) -> pa.ChunkedArray:
    if what == "characters":
        return _call("utf8_length", text).cast(pa.float64())
    counted = _call("count_substring_regex", text, pc.MatchSubstringOptions(r"\S+"))
    return counted.cast(pa.float64())


def _lists(name: str, column: pa.ChunkedArray) -> pa.ListArray:
    type_ = column.type
    if not (pa.types.is_list(type_) or pa.types.is_large_list(type_) or pa.types.is_fixed_size_list(type_)):
        raise TableError(f"column {name!r} is {type_} and has no items; change its kind")
    array = column.cast(pa.large_list(type_.value_type)).combine_chunks()
    if isinstance(array, pa.ChunkedArray):
        array = array.chunk(0) if array.num_chunks else pa.array([], array.type)
    return array


def _of_lists(lists: Any, what: str) -> tuple[pa.ChunkedArray, NDArray[np.int64] | None]:
    if what == "length":
        return pa.chunked_array([_call("list_value_length", lists).cast(pa.float64())]), None
    items = _call("list_flatten", lists)
    rows = np.asarray(_call("list_parent_indices", lists), np.int64)
    if what == "items":
        return pa.chunked_array([items]), rows
    counts = np.zeros(len(lists))
    if len(items):
        try:
            codes = np.asarray(items.dictionary_encode().indices.fill_null(-1), np.int64) + 1
        except pa.ArrowException:  # items that are lists or structs themselves
            return pa.chunked_array([pa.nulls(len(lists), pa.float64())]), None
        pairs = np.unique(rows * (int(codes.max()) + 1) + codes)
        counts += np.bincount(pairs // (int(codes.max()) + 1), minlength=len(lists))
    return _numbers(np.where(np.asarray(lists.is_null()), np.nan, counts)), None


def vectors(name: str, column: pa.ChunkedArray, dimensions: int = 0) -> Floats:
    """Return the vectors, shape (n, dimensions), NaN where there is none or one of another length.

    Without `dimensions` the most frequent length is taken.
    """
    lists = _lists(name, column)
    lengths = np.asarray(_call("list_value_length", lists).fill_null(-1), np.int64)
    wanted = dimensions or (int(np.bincount(lengths[lengths >= 0]).argmax()) if (lengths >= 0).any() else 0)
    fits = lengths == wanted
    found = np.full((len(lists), wanted), np.nan)
    flat = _call("list_flatten", lists.filter(pa.array(fits)))
    numbers = _cast(name, flat, pa.float64(), "embedding")
    found[fits] = np.asarray(numbers.fill_null(float("nan")), np.float64).reshape(-1, wanted)
    found[~np.isfinite(found).all(1)] = np.nan
    return found


def _of_images(name: str, column: pa.ChunkedArray, what: str) -> pa.ChunkedArray:
    """Return bytes of an encoded image or pixels of an array, mean brightness 0 to 1, and its deviation."""
    return _numbers(np.array([_look(image, what) for image in column.to_pylist()], np.float64))


def _look(image: Any, what: str) -> float:
    if image is None:
        return float("nan")
    if isinstance(image, bytes) and what == "size":
        return float(len(image))
    try:
        pixels = _decode(image) if isinstance(image, bytes) else np.array(image, np.float64).ravel()
    except (ValueError, OSError):
        return float("nan")
    if what == "size" or not len(pixels):
        return float(len(pixels))
    whole = 255.0 if pixels.max() > 1 else 1.0
    return float((pixels.mean() if what == "brightness" else pixels.std()) / whole)


def _decode(image: bytes) -> Floats:
    try:
        from PIL import Image  # type: ignore[import-not-found, unused-ignore]  # an extra
    except ImportError as error:
        raise TableError(
            "images as bytes need Pillow: install wolfpack-monitor[images], or leave the column out"
        ) from error
    with Image.open(io.BytesIO(image)) as opened:
        return np.asarray(opened.convert("L"), np.float64).ravel()


def _numbers(values: Floats) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(values)])
