"""A folder of the lake, on a local disk or in an object store: the only module that distinguishes the two.

Files are small in number of operations: written whole under a name that nobody else writes differently, read, listed,
deleted. On a disk a file is written aside, forced to disk and renamed; a put to an object store is atomic by itself.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pandas as pd
import pyarrow.fs as pafs

from gridahead.core.errors import LakeError
from gridahead.core.files import ASIDE, sweep, way_out, write_whole
from gridahead.lake.remote import open_remote

LISTINGS = 20
"""Tries to list a folder while files are deleted from it; two compactions at work have failed three in a row."""
_WITH_BUCKETS = ("s3", "gs", "gcs")
_REMOTE = (
    "See whether the object store is up and whether endpoint, bucket and credentials are right, and run again; "
    "`request_timeout` and `attempts` in the address of the lake say how long to wait and how often to try"
)

_PASSING = frozenset({errno.EAGAIN, errno.EBUSY, errno.EINTR, errno.ESTALE, errno.ETIMEDOUT, errno.ENETUNREACH})
"""Errors of a disk that is in use or reached over a network; a full one or one without permission needs a person."""
_LASTING = (
    "ACCESS_DENIED",
    "INVALID_ACCESS_KEY_ID",
    "SIGNATURE_DOES_NOT_MATCH",
    "NO_SUCH_BUCKET",
    "InvalidAccessKeyId",
)
"""Errors of an object store that will never answer the same request otherwise."""


@dataclass(frozen=True)
class Folder:
    """A folder and what can be done in it; names of files are relative to it."""

    filesystem: pafs.FileSystem
    path: str
    scheme: str = ""
    """Of the address, such as s3; nothing for a local folder."""

    @classmethod
    def at(cls, place: str | Path | Folder) -> Folder:
        """The folder at a local path or at an address such as s3://bucket/prefix.

        Raises:
            SettingsError: the address cannot be meant.
        """
        if isinstance(place, Folder):
            return place
        if isinstance(place, str) and "://" in place:
            filesystem, path = open_remote(place)
            local = isinstance(filesystem, pafs.LocalFileSystem)
            return cls(filesystem, path.rstrip("/"), "" if local else place.partition(":")[0])
        return cls(pafs.LocalFileSystem(), str(Path(place)))

    @property
    def local(self) -> bool:
        """Whether it is on a disk of this machine."""
        return not self.scheme

    @property
    def local_path(self) -> Path | None:
        """Where it is on a disk of this machine, None in an object store."""
        return Path(self.path) if self.local else None

    def __truediv__(self, name: str) -> Folder:
        return Folder(self.filesystem, f"{self.path}/{name}" if name else self.path, self.scheme)

    def __str__(self) -> str:
        return self.path if self.local else f"{self.scheme}://{self.path}"

    def file(self, name: str) -> str:
        """The path of a file, as the file system knows it."""
        return f"{self.path}/{name}"

    def exists(self, name: str = "") -> bool:
        """Whether there is such a file, or the folder itself."""
        with self._reading(name):
            path = self.file(name) if name else self.path
            return bool(self.filesystem.get_file_info(path).type != pafs.FileType.NotFound)

    def names(self, suffix: str = "", *, below: bool = False) -> list[str]:
        """The finished files in it, by name, or in it and everything below; none where there is no folder."""
        return sorted(self.sizes(suffix, below=below))

    def sizes(self, suffix: str = "", *, below: bool = False) -> dict[str, int]:
        """The same with their sizes in bytes."""
        return {self._relative(about.path): about.size for about in self._finished(suffix, below)}

    def older(self, suffix: str, limit: pd.Timestamp) -> dict[str, int]:
        """The same of the files in it that were written before an instant."""
        every = self._finished(suffix, below=False)
        return {
            self._relative(about.path): about.size
            for about in every
            if (about.mtime_ns or 0) < limit.as_unit("ns").value
        }

    def _finished(self, suffix: str, below: bool) -> Iterator[pafs.FileInfo]:
        for about in self._listing(below):
            is_whole = not PurePosixPath(about.path).name.startswith(ASIDE)
            if about.type == pafs.FileType.File and about.path.endswith(suffix) and is_whole:
                yield about

    def folders(self) -> list[str]:
        """The names of the folders in a folder, sorted."""
        entries = [about for about in self._listing(False) if about.type == pafs.FileType.Directory]
        return sorted(self._relative(about.path) for about in entries)

    def read(self, name: str) -> bytes:
        """The content of a file.

        Raises:
            FileNotFoundError: there is none.
            LakeError: it cannot be read.
        """
        try:
            with self._reading(name), self.filesystem.open_input_stream(self.file(name), compression=None) as stream:
                content: bytes = stream.readall()
                return content
        except LakeError as error:
            # Deleted between the opening and the reading, an object is not missing but an error like any other.
            if self.exists(name):
                raise
            raise FileNotFoundError(self.file(name)) from error

    def write(self, name: str, content: bytes) -> None:
        """Write a file whole or not at all; when this returns it is durable.

        Raises:
            LakeError: it cannot be written; nothing has changed.
        """
        if self.local:
            write_whole(Path(self.file(name)), content)
            return
        with self._changing("write", name):
            stream = self.filesystem.open_output_stream(self.file(name), compression=None)
            try:
                stream.write(content)
            finally:
                stream.close()  # the upload ends here, or fails as a whole

    def delete(self, name: str) -> None:
        """Delete a file; one that is gone already is no matter.

        Raises:
            LakeError: it cannot be deleted; it is still there.
        """
        with self._changing("delete", name):
            try:
                self.filesystem.delete_file(self.file(name))
            except FileNotFoundError:
                return

    def sweep(self) -> None:
        """Delete what killed writers left aside; an object store keeps nothing half-written."""
        if self.local:
            sweep(Path(self.path))

    def _listing(self, below: bool) -> list[pafs.FileInfo]:
        selector = pafs.FileSelector(self.path, recursive=below, allow_not_found=True)
        with self._reading(""):
            for attempt in range(LISTINGS):
                try:
                    entries = list(self.filesystem.get_file_info(selector))
                    break
                except FileNotFoundError:  # on a disk: an entry was deleted while its folder was listed
                    if attempt == LISTINGS - 1:
                        raise
        if not entries and self.scheme in _WITH_BUCKETS:
            self._require_bucket()
        return entries

    def _require_bucket(self) -> None:
        """A bucket whose name is mistyped would read as an empty lake."""
        bucket = Folder(self.filesystem, self.path.split("/")[0], self.scheme)
        if not bucket.exists():
            raise LakeError(f"cannot read {self}: there is no {bucket}. {_REMOTE}")

    def _relative(self, path: str) -> str:
        return path[path.rindex(self.path) + len(self.path) + 1 :]

    @contextmanager
    def _reading(self, name: str) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError:
            raise
        except OSError as error:
            problem = f"cannot read {self / name}: {_reason(error)}. {self._help(error)}"
            raise LakeError(problem, retryable=self._may_pass(error)) from error

    @contextmanager
    def _changing(self, verb: str, name: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            harm = "Nothing has changed" if self.local else "No half of it is there"
            problem = f"cannot {verb} {self / name}: {_reason(error)}. {harm}. {self._help(error)}"
            raise LakeError(problem, retryable=self._may_pass(error)) from error

    def _may_pass(self, error: OSError) -> bool:
        """Whether it may work later: a store that is down or busy comes back, a wrong key or bucket does not."""
        if self.local:
            return error.errno in _PASSING
        return not any(code in str(error) for code in _LASTING)

    def _help(self, error: OSError) -> str:
        return way_out(error) if self.local else _REMOTE


def write_if_new(folder: Folder, name: str, content: bytes) -> None:
    """Write a file unless it is there with that content.

    Raises:
        LakeError: it cannot be written.
    """
    try:
        if folder.read(name) == content:
            return
    except FileNotFoundError:
        pass
    folder.write(name, content)


def _reason(error: OSError) -> str:
    return " ".join(str(error.strerror or error).split()).rstrip(".")
