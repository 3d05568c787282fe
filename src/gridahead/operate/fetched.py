"""Which windows of a source are in the lake whole: written down once every answer of theirs has been taken in."""

from __future__ import annotations

import pandas as pd

from gridahead.lake.lake import Lake
from gridahead.operate.intake import AT_ONCE, TakenIn
from gridahead.sources.base import RawPayload


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

    def note(self, taken: TakenIn) -> None:
        """Note the windows that a payload completes; those of which a page could not be read are fetched again."""
        payload = taken.payload
        if taken.error is not None:
            self._incomplete.add(_job(payload))
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

    def write(self) -> None:
        """Write what has been noted."""
        if self._rows:
            self._lake.fetched.append(pd.DataFrame(self._rows))
            self._rows = []


def _job(payload: RawPayload) -> tuple[object, ...]:
    """What the pages of one window have in common."""
    asked = payload.asked
    return asked.get("item"), str(asked.get("zones")), asked.get("start"), asked.get("end")
