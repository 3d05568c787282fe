"""Receipts: which payloads have been taken in, when they came, and what they gave.

A delivery is one line of JSON. It is written as a file of its own, named by its content; `compact_receipts` merges them
by source and ten days, and merged ones are read only if one of them may be what is asked for. A line that stands in two
files counts once, and the receipt of a delivery that was amended counts in place of those whose identities it names. So
whoever signs, merges or reads needs no lock, and a killed one loses nothing.
"""

from __future__ import annotations

import contextlib
import json
import logging
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from gridahead.core.errors import LakeError
from gridahead.core.fingerprint import digest
from gridahead.lake.folder import Folder
from gridahead.lake.merged_receipts import PERIOD, Group, Key, Summary, is_merged, read_merged, read_summary
from gridahead.lake.store import ATTEMPTS, READERS

log = logging.getLogger(__name__)

SUFFIX = ".jsonl"
UNWRITTEN = "not written yet"
"""Where an index has receipts that are in no file."""


@dataclass(frozen=True)
class Receipt:
    """One delivery: which payload it was, when it came, and what it gave."""

    batch: str
    """Its identity, which its rows carry."""
    source: str
    """Name of the source."""
    name: str
    """Of the payload, for people."""
    origin: str
    """Where it lay: another delivery from there is a newer version of it."""
    payload: str
    """Its name in the archive."""
    content: str
    """Identity of its bytes."""
    request: Mapping[str, object]
    """By which settings it was read."""
    retrieved_at: pd.Timestamp
    began: pd.Timestamp
    """When the ingest began that brought it."""
    newest: Mapping[str, str]
    """By series, up to which availability it has values."""
    missing: tuple[str, ...] = ()
    """Series of which it has rows, and a value in none."""
    after: str = ""
    """The delivery before it, where the same bytes had been there already."""
    asked: Mapping[str, object] = field(default_factory=dict)
    """What was asked of a service; nothing of a file."""
    amended_at: str = ""
    """When it was read again by other settings, if it was."""
    formerly: tuple[str, ...] = ()
    """Its identities by those of before; rows that are the same by both keep theirs."""

    @property
    def batches(self) -> frozenset[str]:
        """Every identity that its rows may carry."""
        return frozenset({self.batch, *self.formerly})

    @property
    def series(self) -> frozenset[str]:
        """Every series that it has rows of."""
        return frozenset({*self.newest, *self.missing})


class Receipts:
    """The receipts of every delivery that is in the lake: what was known of it at that time, and not later.

    Signed last, so that a killed ingest starts its delivery again.
    """

    def __init__(self, folder: str | Path | Folder) -> None:
        self.folder = Folder.at(folder)
        self._last_read = ReceiptIndex({})

    def sign(self, receipt: Receipt) -> None:
        """Record that a delivery has been taken in, and what it gave."""
        self.write([line_of(receipt)])

    def replace(self, old: Receipt, amended: Receipt) -> None:
        """Record that a delivery was read by other settings: the amended receipt names the identities of the old one.

        Where the old one is merged already, the next compaction leaves it out.
        """
        self.sign(amended)
        self.folder.delete(_file_name(line_of(old) + b"\n"))

    def write(self, lines: Iterable[bytes]) -> str:
        """Write receipts as one file; its name."""
        content = b"".join(line + b"\n" for line in lines)
        name = _file_name(content)
        self.folder.write(name, content)
        return name

    def all(self) -> list[Receipt]:
        """Every receipt, in the order in which the deliveries came."""
        return list(self.read().oldest_first())

    def read(self) -> ReceiptIndex:
        """The receipts as they stand now. Files never change: only those that were not there the last time are read.

        Raises:
            LakeError: a file cannot be read, or the files change faster than they can be.
        """
        index = self._last_read
        names = self.folder.names()
        for _ in range(ATTEMPTS):
            own = [name for name in names if name.endswith(SUFFIX)]
            merged = [name for name in names if is_merged(name)]
            if own == list(index.files) and merged == list(index.merged):
                self._last_read = index
                return index
            there = {name: index.files[name] for name in own if name in index.files}
            there |= self._contents([name for name in own if name not in there], self.folder.read)
            index = ReceiptIndex(dict(sorted(there.items())), self._groups(merged, index), index.parsed)
            # Listed again: a compaction may have replaced a file before it was listed, or before it was read.
            names = self.folder.names()
        raise LakeError(f"{self.folder} changes faster than it can be read: are many compactions under way? Wait")

    def _groups(self, names: list[str], last: ReceiptIndex) -> dict[Key, Group]:
        """The merged files by what they have; a group whose files are the same as the last time is the same."""
        by_key: dict[Key, list[str]] = defaultdict(list)
        for name in names:
            by_key[Key.of_name(name)].append(name)
        same = {key: group for key, group in last.groups.items() if list(group.summaries) == by_key.get(key)}
        held = (group.summaries.items() for group in last.groups.values())
        known: dict[str, Summary | None] = {name: one for pairs in held for name, one in pairs if one}
        new = [name for key, of_key in by_key.items() if key not in same for name in of_key if name not in known]
        with ThreadPoolExecutor(READERS) as pool:
            known |= dict(zip(new, pool.map(partial(read_summary, self.folder), new), strict=True))
        return {
            key: same.get(key) or Group(key, {name: known[name] for name in by_key[key]}, self._merged_now)
            for key in sorted(by_key, key=lambda key: (key.period, key.source))
        }

    def _merged_now(self, key: Key) -> Mapping[str, ReceiptFile]:
        """The merged files of a key as they are now: those that were listed may have been replaced since."""
        for _ in range(ATTEMPTS):
            names = [name for name in self.folder.names() if is_merged(name) and Key.of_name(name) == key]
            found = self._contents(names, partial(read_merged, self.folder))
            if list(found) == names:
                return found
        raise LakeError(f"{self.folder} changes faster than it can be read: are many compactions under way? Wait")

    def _contents(self, names: list[str], read: Callable[[str], bytes]) -> dict[str, ReceiptFile]:
        def content_of(name: str) -> ReceiptFile | None:
            with contextlib.suppress(FileNotFoundError):
                return ReceiptFile.of(read(name), str(self.folder / name))
            return None

        if len(names) < 2:
            found = list(map(content_of, names))
        else:
            with ThreadPoolExecutor(READERS) as pool:
                found = list(pool.map(content_of, names))
        return {name: file for name, file in zip(names, found, strict=True) if file is not None}


class Line(NamedTuple):
    """A receipt that is not parsed yet: its text and what it is looked up and sorted by, as JSON writes them."""

    text: bytes
    batch: bytes
    origin: bytes
    content: bytes
    retrieved_at: bytes
    amended_at: bytes


@dataclass(frozen=True, eq=False)
class ReceiptFile:
    """One file of receipts."""

    lines: tuple[Line, ...]
    strange: int = 0
    """How many lines more it has, which are no receipt."""

    @property
    def sound(self) -> bool:
        """Whether it has receipts and nothing else."""
        return bool(self.lines) and not self.strange

    @classmethod
    def of(cls, content: bytes, path: str) -> ReceiptFile:
        """The receipts in a content; a line that is none is warned of and left out."""
        texts = content.splitlines()
        heads = [_HEAD.match(text) if text.endswith(b"}") else None for text in texts]
        strange = heads.count(None)
        if strange:
            log.warning("%s has %d lines that are no receipt: their payloads are taken in again", path, strange)
        lines = (Line(text, *head.groups()) for text, head in zip(texts, heads, strict=True) if head is not None)
        return cls(tuple(lines), strange)

    def find(self, origin: str | None, content: str | None) -> Iterable[Line]:
        """The lines of an origin and a content; of all if neither is named."""
        if origin is not None:
            wanted = None if content is None else _literal(content)
            return (line for line in self.by_origin.get(_literal(origin), ()) if wanted in (None, line.content))
        return self.lines if content is None else self.by_content.get(_literal(content), ())

    @cached_property
    def by_origin(self) -> dict[bytes, list[Line]]:
        """The lines of each origin, in the order of the file."""
        return _grouped(self.lines, "origin")

    @cached_property
    def by_content(self) -> dict[bytes, list[Line]]:
        """The lines of each content, in the order of the file."""
        return _grouped(self.lines, "content")


@dataclass(frozen=True, eq=False)
class ReceiptIndex:
    """The receipts as they stood at one moment, found by origin and content; one is parsed when it is asked for."""

    files: Mapping[str, ReceiptFile]
    """Files that are not merged yet, by name, in order."""
    groups: Mapping[Key, Group] = field(default_factory=dict)
    """Merged ones, which are read when they are asked for."""
    parsed: dict[bytes, Receipt | None] = field(default_factory=dict)
    """Receipts by their text, None for one that cannot be read."""

    @property
    def merged(self) -> list[str]:
        """The names of the merged files, sorted."""
        return sorted(name for group in self.groups.values() for name in group.summaries)

    def newest_first(self, origin: str | None = None, content: str | None = None) -> Iterator[Receipt]:
        """The receipts of payloads from an origin, of a content, of both or of all; the last delivery first."""
        return self._receipts(self._lines(origin, content, newest_first=True))

    def oldest_first(self, *, summarised: bool = True) -> Iterator[Receipt]:
        """Every receipt in the order in which the deliveries came.

        Args:
            summarised: whether also those of merged files that have a summary.
        """
        return self._receipts(self._lines(newest_first=False, summarised=summarised))

    def summaries(self) -> Iterator[Summary]:
        """What is known of merged files without reading them."""
        return (one for group in self.groups.values() for one in group.summaries.values() if one is not None)

    def everything(self) -> dict[str, ReceiptFile]:
        """Every file, merged ones too, by name."""
        merged = {name: file for group in self.groups.values() for name, file in group.files.items()}
        return {**self.files, **merged}

    def with_lines(self, lines: Iterable[bytes]) -> ReceiptIndex:
        """The receipts with others, which are not written yet."""
        unwritten = self.files.get(UNWRITTEN, ReceiptFile((), True))
        more = ReceiptFile.of(b"".join(line + b"\n" for line in lines), UNWRITTEN)
        files = {**self.files, UNWRITTEN: ReceiptFile(unwritten.lines + more.lines, True)}
        return ReceiptIndex(files, self.groups, self.parsed)

    @cached_property
    def lines(self) -> list[Line]:
        """Every receipt that counts, in the order in which the deliveries came."""
        return list(self._lines(newest_first=False))

    def counting(self, lines: Iterable[Line]) -> list[Line]:
        """In order, each delivery once, by the settings that it was read by last."""
        newest = {(line.batch, line.origin): line for line in sorted(lines, key=_order)}
        by_fetch = defaultdict(list)
        for line in newest.values():
            by_fetch[line.origin, line.content, line.retrieved_at].append(line)
        superseded = {line for same in by_fetch.values() if len(same) > 1 for line in self._superseded(same)}
        return sorted((line for line in newest.values() if line not in superseded), key=_order)

    def receipt(self, line: Line) -> Receipt | None:
        """The receipt of a line; None if it cannot be read as a whole."""
        if line.text not in self.parsed:
            self.parsed[line.text] = _parsed(line.text)
        return self.parsed[line.text]

    def _receipts(self, lines: Iterable[Line]) -> Iterator[Receipt]:
        return (receipt for receipt in map(self.receipt, lines) if receipt is not None)

    def _lines(
        self,
        origin: str | None = None,
        content: str | None = None,
        *,
        newest_first: bool,
        summarised: bool = True,
    ) -> Iterator[Line]:
        """The lines that count, ten days after ten days: what supersedes a receipt is of the same instant."""
        by_period: dict[str, list[Line]] = defaultdict(list)
        for file in self.files.values():
            for line in file.find(origin, content):
                by_period[line.retrieved_at[:PERIOD].decode()].append(line)
        groups: dict[str, list[Group]] = defaultdict(list)
        for key, group in self.groups.items():
            if group.may_have(origin, content) and (summarised or not group.is_whole):
                groups[key.period].append(group)
        for period in sorted({*by_period, *groups}, reverse=newest_first):
            merged = (file for group in groups[period] for file in group.files.values())
            lines = self.counting(
                [*by_period[period], *(line for file in merged for line in file.find(origin, content))]
            )
            yield from reversed(lines) if newest_first else lines

    def _superseded(self, same: list[Line]) -> Iterator[Line]:
        """Of receipts of one fetch those that a later one names among its former identities."""
        for amended in self._receipts(same):
            former = {_literal(batch) for batch in amended.formerly}
            at = _literal(amended.amended_at)
            yield from (line for line in same if line.batch in former and line.amended_at < at)


_INSTANTS = ("retrieved_at", "began")
_LISTS = ("missing", "formerly")
_FIRST = Line._fields[1:]
"""What a line begins with, so that it is found without being parsed."""
_HEAD = re.compile(rb"\{" + b", ".join(rb'"%s": "((?:[^"\\]|\\.)*)"' % name.encode() for name in _FIRST) + b", ")


def line_of(receipt: Receipt) -> bytes:
    """A receipt as a line of JSON."""
    fields = asdict(receipt) | {name: getattr(receipt, name).tz_convert("UTC").isoformat() for name in _INSTANTS}
    first = {name: fields.pop(name) for name in _FIRST}
    return json.dumps(first | dict(sorted(fields.items())), default=str).encode()


def receipt_from(fields: Mapping[str, Any]) -> Receipt:
    """The receipt of a line that was read as JSON.

    Raises:
        ValueError, TypeError, KeyError: it is none.
    """
    instants = {name: pd.Timestamp(fields[name]) for name in _INSTANTS}
    lists = {name: tuple(fields[name]) for name in _LISTS}
    return Receipt(**{**fields, **instants, **lists})


def _parsed(text: bytes) -> Receipt | None:
    """The receipt of a line; one that cannot be read counts as not signed."""
    try:
        return receipt_from(json.loads(text))
    except (ValueError, TypeError, KeyError) as error:
        log.warning("%s is no receipt (%s): its payload is taken in again", text[:200], error)
        return None


def _file_name(content: bytes) -> str:
    return digest(content) + SUFFIX


def _literal(text: str) -> bytes:
    """A text as JSON writes it between quotes."""
    return json.dumps(text).encode()[1:-1]


def literal_of(written: bytes) -> str:
    """The text that JSON writes so between quotes."""
    return str(json.loads(b'"' + written + b'"'))


def _order(line: Line) -> tuple[bytes, bytes, bytes]:
    return line.retrieved_at, line.amended_at, line.batch


def _grouped(lines: Iterable[Line], name: str) -> dict[bytes, list[Line]]:
    groups = defaultdict(list)
    for line in lines:
        groups[getattr(line, name)].append(line)
    return dict(groups)
