"""Where an export goes: a folder, or a place in an S3-compatible store. Files appear as a whole or not at all."""

from __future__ import annotations

from pathlib import Path

from pyarrow import ArrowException
from pyarrow.fs import FileSystem, FileType, LocalFileSystem

from wolfpack.client.whole_file import write_whole
from wolfpack.spec import WolfpackError


class ExportFolder:
    """A folder by its path, or by a URI that pyarrow knows, as in ``s3://bucket/prefix?endpoint_override=…``.

    Raises
    ------
    WolfpackError
        If it cannot be reached, read or written; the message says what was said.
    """

    def __init__(self, where: str) -> None:
        self.where = where
        try:
            local = "://" not in where
            self._fs, root = (
                (LocalFileSystem(), str(Path(where).absolute())) if local else FileSystem.from_uri(where)
            )
        except (ArrowException, ValueError) as error:
            raise WolfpackError(
                f"{where!r}: {error}; give a folder, or a URI as s3://BUCKET/PREFIX"
            ) from error
        self._root = root.rstrip("/")

    def read(self, name: str) -> bytes | None:
        """Return what a file holds, None if there is none."""
        path = f"{self._root}/{name}"
        try:
            if self._fs.get_file_info(path).type == FileType.NotFound:
                return None
            with self._fs.open_input_stream(path) as file:
                return bytes(file.read())
        except OSError as error:
            raise WolfpackError(f"{self.where}: {name} cannot be read: {error}") from error

    def write(self, name: str, data: bytes) -> None:
        """Write a file, in place of one that is there."""
        path = f"{self._root}/{name}"
        try:
            if isinstance(self._fs, LocalFileSystem):
                Path(path).parent.mkdir(parents=True, exist_ok=True)
                write_whole(Path(path), data)
            else:
                with self._fs.open_output_stream(path) as file:  # an object appears when it is closed
                    file.write(data)
        except OSError as error:
            raise WolfpackError(f"{self.where}: {name} cannot be written: {error}") from error
