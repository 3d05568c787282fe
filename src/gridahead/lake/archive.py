"""The archive of raw payloads, and the receipts that say which of them have been taken in."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd

from gridahead.errors import LakeError
from gridahead.lake.folder import Folder

log = logging.getLogger(__name__)


class Archive:
    """Bytes as received, kept for ever under the identity of their content."""

    def __init__(self, folder: str | Path | Folder) -> None:
        self.folder = Folder.at(folder)

    def keep(self, content_hash: str, name: str, content: bytes, about: Mapping[str, object]) -> str:
        """Store a payload and what is known about it, under the name that comes back; twice changes nothing.

        Raises:
            LakeError: the archive cannot be written.
        """
        kept = f"{content_hash}-{_short(Path(name).name)}"
        if not self.folder.exists(kept):
            self.folder.write(f"{kept}.about.json", _json(about))
            self.folder.write(kept, content)
        return kept

    def read(self, name: str) -> bytes:
        """The bytes of a payload.

        Raises:
            LakeError: they are not there, or cannot be read.
        """
        try:
            return self.folder.read(name)
        except FileNotFoundError as error:
            raise LakeError(f"the payload {name} is no longer in {self.folder}; put it back from a backup") from error


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
        """What it tells of."""
        return frozenset({*self.newest, *self.missing})


class Receipts:
    """One small file for every delivery that is in the lake: what was seen then, which says nothing of later.

    Signed last, so that a killed ingest starts its delivery again.
    """

    def __init__(self, folder: str | Path | Folder) -> None:
        self.folder = Folder.at(folder)

    def signed(self, batch: str) -> bool:
        """Whether the batch has been taken in."""
        return self.folder.exists(f"{batch}.json")

    def sign(self, receipt: Receipt) -> None:
        """Record that a delivery has been taken in, and what it gave."""
        told = asdict(receipt) | {name: getattr(receipt, name).isoformat() for name in _INSTANTS}
        self.folder.write(f"{receipt.batch}.json", _json(told))

    def withdraw(self, receipt: Receipt) -> None:
        """Delete the receipt of a delivery that another one stands for."""
        self.folder.delete(f"{receipt.batch}.json")

    def all(self) -> list[Receipt]:
        """Every receipt, in the order in which the deliveries came; one that cannot be read counts as not signed."""
        found = []
        for name in self.folder.names(".json"):
            try:
                told = json.loads(self.folder.read(name))
                instants = {field: pd.Timestamp(told[field]) for field in _INSTANTS}
                lists = {field: tuple(told[field]) for field in _LISTS}
                found.append(Receipt(**{**told, **instants, **lists}))
            except FileNotFoundError:  # replaced in this moment
                continue
            except (ValueError, TypeError, KeyError) as error:
                log.warning("%s is no receipt (%s): its payload is taken in again", self.folder / name, error)
        return sorted(found, key=lambda one: (one.retrieved_at, one.amended_at, one.batch))


_INSTANTS = ("retrieved_at", "began")
_LISTS = ("missing", "formerly")
LONGEST = 120
"""Bytes of a payload's own name that the archive keeps: file systems allow 255 bytes with hash and ending."""


def _short(name: str) -> str:
    """The end of a name, which says what is in it."""
    return name.encode()[-LONGEST:].decode(errors="ignore")


def _json(content: Mapping[str, object]) -> bytes:
    return json.dumps(content, indent=2, sort_keys=True, default=str).encode() + b"\n"
