"""Tables from files, by their ending, for the commands."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.feather
import pyarrow.json
import pyarrow.parquet

from wolfpack.spec import TableError

READERS = {
    ".parquet": pa.parquet.read_table,
    ".csv": pa.csv.read_csv,
    ".ndjson": pa.json.read_json,
    ".jsonl": pa.json.read_json,
    ".arrow": pa.feather.read_table,
    ".feather": pa.feather.read_table,
}


def read(path: Path) -> pa.Table:
    """Read a table from a file.

    Raises
    ------
    TableError
        If the ending is unknown or the file is no such table.
    """
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise TableError(f"{path}: ending {path.suffix!r} is not known; allowed are {', '.join(READERS)}")
    try:
        return reader(path)
    except (pa.ArrowException, OSError) as error:
        raise TableError(f"{path}: cannot be read as {path.suffix}: {str(error)[:300]}") from error
