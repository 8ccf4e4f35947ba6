"""Keys of predictions and labels as keyed hashes, so that ids of people never leave a job."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import pyarrow as pa


def hash_keys(table: Any, key: str, secret: str | bytes) -> pa.Table:
    """Return a table whose column `key` holds HMAC-SHA-256 of its values, as 64 hexadecimal digits; null stays null.

    The same value and secret give the same hash, in every process: labels join predictions. Whole numbers are
    hashed without a point, so that 7, 7.0 and "7" are one key.

    Parameters
    ----------
    table : anything with the Arrow C stream.
    secret : known to the jobs that send and to nobody else: who has it can try ids one after the other.

    Raises
    ------
    ValueError
        If the secret is empty, or the table has no such column.

    Examples
    --------
    >>> hash_keys(pa.table({"id": ["a"]}), "id", "s3cret")["id"][0].as_py()[:8]
    '867f0987'
    """
    if not secret:
        raise ValueError("secret: is empty; give one, or ids that can be enumerated could be looked up")
    found = pa.table(table)
    if key not in found.column_names:
        raise ValueError(f"key: {key!r} is not in the table; it has {', '.join(map(repr, found.column_names))}")
    start = hmac.new(secret.encode() if isinstance(secret, str) else secret, digestmod=hashlib.sha256)
    values = [None if one is None else _hash(start, one) for one in found.column(key).to_pylist()]
    return found.set_column(found.column_names.index(key), key, pa.array(values, pa.string()))


def _hash(start: hmac.HMAC, value: Any) -> str:
    whole = isinstance(value, float) and value.is_integer()
    one = start.copy()
    one.update(str(int(value) if whole else value).encode(errors="surrogatepass"))
    return one.hexdigest()
