"""What is published: where it lies, and how its tables are written."""

from __future__ import annotations

from typing import Literal

import pydantic

from gridahead.settings.section import Section
from gridahead.settings.stores import refuse_password

Explained = Literal["auto", "always", "never"]
CsvStyle = Literal["plain", "semicolon"]


class PublishedSettings(Section):
    """The forecasts that are handed to the outside world; `published = "…"` alone says where they lie."""

    place: str | None = None
    """Where published forecasts lie, if not in the data folder: a folder, or an address such as s3://bucket/prefix;
    pages and pictures, which are written on this machine, are copied there."""
    csv_style: CsvStyle = "plain"
    """How CSV files are written. `plain`: commas between columns, a decimal point, local times in ISO 8601 with their
    offset from UTC. `semicolon`: as spreadsheets open it where the decimal sign is a comma (Germany, France, Spain, …):
    semicolons between columns, a byte order mark, and local times without an offset, with which no spreadsheet takes
    them for times."""
    explain: Explained = "auto"
    """Whether a forecast says what has changed since the one of the day before, and why; it costs about as much
    computing time again. `auto`: where at most 100 series are forecast; of more, `gridahead explain` says it on
    request."""

    @pydantic.field_validator("place")
    @classmethod
    def _without_password(cls, place: str | None) -> str | None:
        return None if place is None else refuse_password("published", place)
