"""Tables from paths, folders and globs, as one source of record batches that can be read again and again."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from glob import glob, has_magic
from pathlib import Path

import pyarrow as pa

from wolfpack.client.columns import cast, joined
from wolfpack.client.formats import FORMATS, format_of, reading
from wolfpack.spec import TableError

Paths = str | os.PathLike[str] | Iterable[str | os.PathLike[str]]


@dataclass(frozen=True)
class Files:
    """The rows of one or more files of the same columns, read in bounded memory, as often as asked.

    Parameters
    ----------
    parts : each file with the types of its own columns, in the order of reading; one at least.
    schema : the columns of all of them, in the order of the first file, of types that fit all files.
    """

    parts: tuple[tuple[Path, pa.Schema], ...]
    schema: pa.Schema

    @cached_property
    def paths(self) -> tuple[Path, ...]:
        return tuple(path for path, _ in self.parts)

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield all rows from the first, in batches as they come.

        Raises
        ------
        TableError
            If a file cannot be read to its end; the message names it.
        """
        for path, schema in self.parts:
            with reading(path):
                for batch in format_of(path).batches(path, schema):
                    yield cast(batch, self.schema)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """Let whatever reads the Arrow C stream read the rows once."""
        reader = pa.RecordBatchReader.from_batches(self.schema, self.batches())
        return reader.__arrow_c_stream__(requested_schema)


def open_files(paths: Paths) -> Files:
    """Return the tables that paths, folders and globs name, as one source.

    Parameters
    ----------
    paths : a path, a glob as ``"day=*/*.parquet"``, a folder (every table in it and below), or several of
        these. Each file is read once, in the order given, within a glob or a folder by name. Names that begin
        with ``_`` or ``.`` are passed over in globs and folders. Folder names are no columns.

    Raises
    ------
    TableError
        If nothing is there, an ending is unknown, a file cannot be read, or the columns of two files differ.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "day.csv"
    >>> _ = file.write_text("x,s\\n1,a\\n2.5,\\n")
    >>> source = open_files(file)
    >>> source.schema.types, [batch.num_rows for _ in range(2) for batch in source.batches()]
    ([DataType(double), DataType(string)], [2, 2])
    """
    given = [paths] if isinstance(paths, (str, os.PathLike)) else list(paths)
    found = [file for one in given for file in _expand(os.fspath(one))]
    if not found:
        raise TableError("no path was given; name a file, a folder or a glob")
    parts = []
    for path in {file.resolve(): file for file in found}.values():
        with reading(path):
            parts.append((path, _checked(path, format_of(path).schema(path))))
    return Files(tuple(parts), _united(parts))


def _expand(text: str) -> list[Path]:
    path = Path(text)
    if path.is_dir():
        files = [file for file in sorted(path.rglob("*")) if file.is_file() and _shown(file, path)]
        found = [file for file in files if file.suffix.lower() in FORMATS]
    elif path.exists() or not has_magic(text):
        found = [path]
    else:
        fixed = next(place for place, part in enumerate(path.parts) if has_magic(part))
        matched = (Path(name) for name in sorted(glob(text, recursive=True)))
        found = [file for file in matched if file.is_file() and _shown(file, Path(*path.parts[:fixed]))]
    if not found:
        what = "folder holds no table" if path.is_dir() else "glob matches no file"
        raise TableError(f"{text}: the {what}; tables end in {', '.join(FORMATS)}")
    if not found[0].exists():
        raise TableError(f"{text}: no such file or folder; seen from {Path.cwd()}")
    return found


def _shown(file: Path, folder: Path) -> bool:
    return not any(part.startswith((".", "_")) for part in file.relative_to(folder).parts)


def _checked(path: Path, schema: pa.Schema) -> pa.Schema:
    for name, times in Counter(schema.names).items():
        if times > 1:
            raise TableError(f"{path}: column {name!r} is there {times} times; rename all but one")
    return schema


def _united(parts: list[tuple[Path, pa.Schema]]) -> pa.Schema:
    """Return the first file's columns with types that fit all files; its metadata is kept."""
    first, schema = parts[0]
    types = dict(zip(schema.names, schema.types, strict=True))
    since = dict.fromkeys(types, first)
    for path, other in parts[1:]:
        if set(other.names) != set(types):
            raise TableError(_apart(first, path, set(types), set(other.names)))
        for field in other:
            found = joined(types[field.name], field.type)
            if found is None:
                raise TableError(
                    f"column {field.name!r} is {types[field.name]} in {since[field.name]} and {field.type} in "
                    f"{path}; write it as one type, or read the files apart"
                )
            if found != types[field.name]:
                types[field.name], since[field.name] = found, path
    return pa.schema(list(types.items()), metadata=schema.metadata)


def _apart(first: Path, path: Path, mine: set[str], theirs: set[str]) -> str:
    differ = [(first, sorted(mine - theirs)), (path, sorted(theirs - mine))]
    only = " and ".join(
        f"only {file} has {', '.join(map(repr, names[:10]))}" for file, names in differ if names
    )
    return f"{first} and {path} differ in their columns: {only}; read them apart, or bring them to the same columns"
