"""The bytes of a compressed file, decompressed, and never more of them than the settings allow."""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib

from gridahead.sources.findings import Findings

MEGABYTE = 1_000_000
LIMIT = 256 * MEGABYTE
"""A file has no more bytes than this unless it is set so: ten years of quarter hours of a hundred series have 300.
A gigabyte of zeros packs into a megabyte, and takes ten of memory as a table."""
BLOCK = MEGABYTE
"""Bytes that are unpacked at once."""

_FETCH_AGAIN = "Fetch the file again."


def unpacked(content: bytes, findings: Findings, max_bytes: int = LIMIT) -> bytes:
    """The content, unpacked if it is gzip or a ZIP archive of one file.

    Raises:
        SourceError: the content is empty, packed and damaged, an archive of several files, or larger than it may be.
    """
    if content.startswith(b"\x1f\x8b"):
        content = _gunzipped(content, findings, max_bytes)
    elif is_zip(content):
        content = _unzipped(content, findings, max_bytes)
    refuse_large(len(content), findings, max_bytes)
    if not content.strip():
        raise findings.refuse("the file is empty", _FETCH_AGAIN)
    return content


def is_zip(content: bytes) -> bool:
    """Whether the content is a ZIP archive, as Excel files are."""
    return content.startswith(b"PK\x03\x04")


def refuse_large(size: int, findings: Findings, max_bytes: int) -> None:
    """Go on only with a file that is not too large.

    Raises:
        SourceError: it is.
    """
    if size > max_bytes:
        raise _too_large(findings, max_bytes)


def refuse_large_archive(content: bytes, findings: Findings, max_bytes: int) -> None:
    """Go on only if what is in a ZIP archive is together not too large.

    Raises:
        SourceError: it is, or the archive is damaged.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            size = sum(member.file_size for member in archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise findings.refuse(f"the file is cut or damaged ({error})", _FETCH_AGAIN) from error
    refuse_large(size, findings, max_bytes)


def _too_large(findings: Findings, max_bytes: int) -> Exception:
    limit = max_bytes / MEGABYTE
    remedy = (
        f"If it is the right file, and there is memory for ten times as much, set max_size_mb = {limit * 4:g} "
        "or more in the settings, or divide the file."
    )
    return findings.refuse(f"the file has more than {limit:g} MB when unpacked", remedy)


def _gunzipped(content: bytes, findings: Findings, max_bytes: int) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as packed:
            blocks = [packed.read(BLOCK)]
            while blocks[-1] and len(blocks) * BLOCK <= max_bytes + BLOCK:
                blocks.append(packed.read(BLOCK))
    except (EOFError, OSError, zlib.error) as error:
        raise findings.refuse(f"the gzip file is cut or damaged ({error})", _FETCH_AGAIN) from error
    return b"".join(blocks)


def _unzipped(content: bytes, findings: Findings, max_bytes: int) -> bytes:
    refuse_large_archive(content, findings, max_bytes)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            if len(members) != 1:
                named = ", ".join(member.filename for member in members[:5])
                remedy = "Unpack it into a folder of its own, and set `path` in the settings to that folder."
                raise findings.refuse(f"the ZIP archive holds {len(members)} files ({named})", remedy)
            return archive.read(members[0])
    except (zipfile.BadZipFile, OSError, ValueError, RuntimeError, NotImplementedError, EOFError, zlib.error) as error:
        raise findings.refuse(f"the ZIP archive cannot be unpacked ({error})", _FETCH_AGAIN) from error
