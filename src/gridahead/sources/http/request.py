"""What is asked of a host, and what it answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlencode

import pandas as pd

Expected = Literal["json", "xml", "csv", "zip", "xls", "html"]
Parameters = Mapping[str, str | tuple[str, ...]]


@dataclass(frozen=True)
class Request:
    """One question, without any secret: it is archived and shown as it is."""

    path: str = ""
    """Appended to the base address of the source."""
    parameters: Parameters = field(default_factory=dict)
    """Of the query; several values stand for a parameter that is repeated."""
    expected: tuple[Expected, ...] = ("json",)
    """What the answer may be; anything else counts as damaged and is asked for again."""
    headers: Mapping[str, str] = field(default_factory=dict)
    answers: frozenset[int] = frozenset({200})
    """Statuses that are an answer: some hosts say with 400 or 404 that they have no data."""
    weight: float = 1.0
    """How many requests it counts for at the host."""
    counted_as: str = ""
    """What the host counts by itself, such as a dataset; the limits of the source hold for each of these."""

    @property
    def query(self) -> str:
        """The parameters as they stand in an address."""
        return urlencode(self.parameters, doseq=True)

    @property
    def asked(self) -> dict[str, object]:
        """What JSON keeps of it."""
        return {"path": self.path, "parameters": dict(self.parameters)}


@dataclass(frozen=True)
class Answer:
    """Bytes as received, unpacked if they were sent packed."""

    content: bytes
    status: int
    content_type: str
    """Without its parameters, in lower case."""
    filename: str
    """That the host gave, empty if none."""
    retrieved_at: pd.Timestamp

    def json(self) -> Any:
        """The content as JSON."""
        return json.loads(self.content)
