"""Answers: made once for as long as what they say is the same, known by their content, packed for who unpacks."""

from __future__ import annotations

import gzip
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from starlette.responses import Response

from gridahead.core.fingerprint import digest

KEPT_BYTES = 32 * 2**20
"""Of answers that are kept: several hundred days of eleven quantiles."""
WORTH_PACKING = 500
"""[bytes] What is smaller fits into one packet either way."""
PACKED_ALREADY = ("zip", "parquet", "spreadsheet")
"""In the media types of what does not get smaller."""
LEVEL = 6
HEADERS = {"Cache-Control": "private, no-cache", "Vary": "Accept, Accept-Encoding, Authorization"}
"""It may be kept by who asked, who asks every time whether it is still the same."""


@dataclass(frozen=True)
class Answer:
    """What is sent for a request, and again for every equal one."""

    content: bytes
    media_type: str
    headers: Mapping[str, str] = field(default_factory=dict)
    """Beside those that every answer has."""

    @cached_property
    def tag(self) -> str:
        """Identity of the content."""
        return digest(self.content)

    @cached_property
    def packed(self) -> bytes | None:
        """The content compressed; None where that is of no use."""
        if len(self.content) < WORTH_PACKING or any(part in self.media_type for part in PACKED_ALREADY):
            return None
        return gzip.compress(self.content, LEVEL, mtime=0)

    def response(self, asked: Mapping[str, str]) -> Response:
        """The answer to a request with these headers; without content for who has it already."""
        packed = self.packed if _takes_gzip(asked.get("accept-encoding", "")) else None
        tag = f'"{self.tag}"' if packed is None else f'"{self.tag}-gzip"'
        headers = {**HEADERS, **self.headers, "ETag": tag}
        if _has(asked.get("if-none-match", ""), self.tag):
            return Response(status_code=304, headers=headers)
        if packed is None:
            return Response(self.content, headers=headers, media_type=self.media_type)
        return Response(packed, headers={**headers, "Content-Encoding": "gzip"}, media_type=self.media_type)


def _takes_gzip(header: str) -> bool:
    for part in header.lower().split(","):
        coding, _, weight = part.strip().partition(";")
        if coding in ("gzip", "*"):
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


def _has(header: str, tag: str) -> bool:
    """Whether the asker has the content already, packed or not."""
    held = {one.strip().removeprefix("W/").strip('"').removesuffix("-gzip") for one in header.split(",")}
    return tag in held or "*" in held


class Answers:
    """The answers that were asked for last, by what decides them.

    Args:
        most: bytes of them, content and packed content.
    """

    def __init__(self, most: int = KEPT_BYTES) -> None:
        self._most = most
        self._bytes = 0
        self._kept: OrderedDict[Hashable, Answer] = OrderedDict()
        self._making: dict[Hashable, threading.Lock] = {}
        self._lock = threading.Lock()

    def kept(self, key: Hashable) -> Answer | None:
        """The answer of that key, if there is one."""
        with self._lock:
            answer = self._kept.get(key)
            if answer is not None:
                self._kept.move_to_end(key)
            return answer

    def made(self, key: Hashable, make: Callable[[], Answer]) -> Answer:
        """The answer of that key, made unless it is there; of those who ask at once, one makes it for all."""
        with self._lock:
            making = self._making.setdefault(key, threading.Lock())
        try:
            with making:
                answer = self.kept(key)
                if answer is None:
                    answer = make()
                    self._keep(key, answer)
                return answer
        finally:
            with self._lock:
                self._making.pop(key, None)

    def _keep(self, key: Hashable, answer: Answer) -> None:
        size = _size(answer)
        if size > self._most:
            return
        with self._lock:
            before = self._kept.pop(key, None)
            self._kept[key] = answer
            self._bytes += size - (0 if before is None else _size(before))
            while self._bytes > self._most:
                _, oldest = self._kept.popitem(last=False)
                self._bytes -= _size(oldest)


def _size(answer: Answer) -> int:
    return len(answer.content) + len(answer.packed or b"")
