"""The body of an answer: read within limits, unpacked within limits, and looked at before anybody trusts it."""

from __future__ import annotations

import io
import json
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator

from lxml import etree

from gridahead.sources.http.request import Expected

_HTML = re.compile(rb"\s*(<!--.*?-->\s*)*<(!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL)
_TITLE = re.compile(rb"<title[^>]*>(.*?)</title>|<h1[^>]*>(.*?)</h1>", re.IGNORECASE | re.DOTALL)
_MEMBERS = 10_000
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"
"""How every file of Excel before 2007 begins."""


class BodyError(Exception):
    """A body that is damaged, too large, or not what was asked for; `again` if another try may bring a right one."""

    def __init__(self, reason: str, *, again: bool = True) -> None:
        super().__init__(reason)
        self.again = again


def unpacked(chunks: Iterable[bytes], encoding: str, max_bytes: int) -> bytes:
    """The body, which was sent in chunks.

    Args:
        chunks: as received.
        encoding: the header `content-encoding`.
        max_bytes: the largest size, packed and unpacked alike.

    Raises:
        BodyError: it is larger, or packed in a way that we did not ask for, or ends too early.
    """
    received = _limited(chunks, max_bytes, "received")
    if encoding in ("", "identity"):
        return b"".join(received)
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise BodyError(f"packed as {encoding!r}, which nobody asked for")
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
    try:
        body = b"".join(_limited(_unpack(unpacker, received, max_bytes), max_bytes, "unpacked"))
    except zlib.error as error:
        raise BodyError(f"cannot be unpacked: {error}") from error
    if not unpacker.eof:
        raise BodyError("ends before it is complete")
    return body


def _unpack(unpacker: zlib._Decompress, chunks: Iterable[bytes], max_bytes: int) -> Iterator[bytes]:
    for chunk in chunks:
        yield unpacker.decompress(chunk, max_bytes + 1)
        while unpacker.unconsumed_tail:
            yield unpacker.decompress(unpacker.unconsumed_tail, max_bytes + 1)


def _limited(chunks: Iterable[bytes], max_bytes: int, how: str) -> Iterator[bytes]:
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > max_bytes:
            raise BodyError(
                f"more than {max_bytes / 1e6:.0f} MB {how}; set max_size_mb of the source higher if that is right",
                again=False,
            )
        yield chunk


def require_expected(content: bytes, expected: tuple[Expected, ...], max_bytes: int) -> None:
    """Let it pass only if it is whole and of one of the expected kinds.

    Raises:
        BodyError: says what it is instead.
    """
    if not content.strip():
        raise BodyError("empty")
    if "html" not in expected and _HTML.match(content):
        raise BodyError(f"a web page instead of data: {page_title(content)}")
    faults = [fault for kind in expected if (fault := _fault(content, kind, max_bytes))]
    if len(faults) == len(expected):
        raise BodyError("; ".join(faults))


def _fault(content: bytes, kind: Expected, max_bytes: int) -> str:
    """What is wrong with a body as one of that kind; nothing if it is one."""
    if kind == "json":
        try:
            json.loads(content)
        except ValueError as error:
            return f"no whole JSON: {error}"
    elif kind == "xml":
        try:
            xml_root(content)
        except etree.XMLSyntaxError as error:
            return f"no whole XML: {error}"
    elif kind == "zip":
        try:
            zip_members(content, max_bytes)
        except (zipfile.BadZipFile, zlib.error, EOFError) as error:
            return f"no whole zip file: {error}"
    elif kind == "csv" and content[:2] in (b"PK", b"\x1f\x8b"):
        return "packed instead of text"
    elif kind == "xls" and not content.startswith(_OLD_EXCEL):
        return "no Excel file of the old format"
    return ""


def xml_root(content: bytes) -> etree._Element:
    """The root of a document; entities are not expanded, and nothing is loaded from anywhere.

    Raises:
        lxml.etree.XMLSyntaxError: it is not well-formed, or ends too early.
        BodyError: it declares entities, which no source of ours needs.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    root = etree.fromstring(content, parser)
    if root.getroottree().docinfo.internalDTD is not None:
        raise BodyError("an XML document with declarations of its own, which is refused", again=False)
    return root


def zip_members(content: bytes, max_bytes: int) -> dict[str, bytes]:
    """The files of a zip archive by name, in its order.

    Raises:
        zipfile.BadZipFile: it is damaged.
        BodyError: together they are larger than allowed.
    """
    members: dict[str, bytes] = {}
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
        if len(entries) > _MEMBERS:
            raise BodyError(f"a zip file of {len(entries):,} files", again=False)
        left = max_bytes
        for entry in entries:
            with archive.open(entry) as member:
                read = member.read(left + 1)  # what it says of its own size may be a lie
            left -= len(read)
            if left < 0:
                raise BodyError(
                    f"a zip file of more than {max_bytes / 1e6:.0f} MB; set max_size_mb of the source higher if that "
                    "is right",
                    again=False,
                )
            members[entry.filename] = read
    return members


def page_title(content: bytes) -> str:
    """What a web page says it is, in a few words."""
    match = _TITLE.search(content)
    words = (match[1] or match[2] or b"") if match else re.sub(rb"<[^>]*>", b" ", content[:2000])
    return " ".join(words.decode(errors="replace").split())[:200] or "without a title"
