"""What is published: where it lies, and how its tables are written."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlsplit

import pydantic

from gridahead.settings.section import Section
from gridahead.settings.stores import refuse_password

Made = Literal["auto", "always", "never"]
"""Whether something is made with every forecast; `auto`: where few enough are made."""
MANY = 100
"""Of more series than these, what is costly is made on request only."""
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
    xlsx: Made = "auto"
    """Whether each forecast is an XLSX as well. `auto`: where at most 100 series are forecast; of more, the API makes
    one on request."""
    explain: Made = "auto"
    """Whether a forecast says what has changed since the one of the day before, and why; it costs about as much
    computing time again. `auto`: where at most 100 series are forecast; of more, `gridahead explain` says it on
    request."""
    database: str | None = None
    """A database of PostgreSQL that has every forecast as well, for BI tools: postgresql://user@host/name, with
    ${VARIABLE} in the place of a password, or with PGPASSWORD in the environment. Its schema `gridahead` is made by the
    first forecast; `gridahead sink sync` fills it at once."""

    @staticmethod
    def is_made(chosen: Made, series: int) -> bool:
        """Whether something is made with every forecast where so many series are forecast."""
        return chosen == "always" or (chosen == "auto" and series <= MANY)

    @pydantic.field_validator("place")
    @classmethod
    def _without_password(cls, place: str | None) -> str | None:
        return None if place is None else refuse_password("published", place)

    @pydantic.field_validator("database")
    @classmethod
    def _of_postgresql(cls, address: str | None) -> str | None:
        if address is None:
            return None
        if urlsplit(address).scheme.partition("+")[0] not in ("postgresql", "postgres"):
            raise ValueError(f"{address!r} is no address of PostgreSQL, such as postgresql://user@host/name")
        return refuse_password("published.database", address)
