"""Which windows of a source are in the lake whole: written down once every answer of theirs has been taken in."""

from __future__ import annotations

import pandas as pd

from gridahead.lake.lake import Lake
from gridahead.sources.base import RawPayload

AT_ONCE = 50
"""Windows that are written as one batch: a killed back-fill fetches at most so many again."""


class FetchedWindows:
    """Notes the windows of one source as they become complete.

    Args:
        lake: where they are written.
        source: kind of the source.
    """

    def __init__(self, lake: Lake, source: str) -> None:
        self._lake = lake
        self._source = source
        self._rows: list[dict[str, object]] = []
        self._incomplete: set[tuple[object, ...]] = set()

    def add(self, payload: RawPayload) -> None:
        """Note the windows that a payload completes, unless one of their pages could not be read."""
        if _job(payload) in self._incomplete:
            return
        self._rows += [
            {
                "source": self._source,
                "item": fetched.item,
                "zone": fetched.zone,
                "start": fetched.window.start,
                "end": fetched.window.end,
                "retrieved_at": payload.retrieved_at,
            }
            for fetched in payload.completes
        ]
        if len(self._rows) >= AT_ONCE:
            self.write()

    def leave_out(self, payload: RawPayload) -> None:
        """Leave out the windows of a payload that could not be read: they are fetched again."""
        self._incomplete.add(_job(payload))

    def write(self) -> None:
        """Write what has been noted."""
        if self._rows:
            self._lake.fetched.append(pd.DataFrame(self._rows))
            self._rows = []


def _job(payload: RawPayload) -> tuple[object, ...]:
    """What the pages of one window have in common."""
    asked = payload.asked
    return asked.get("item"), str(asked.get("zones")), asked.get("start"), asked.get("end")
