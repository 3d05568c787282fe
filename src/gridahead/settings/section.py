"""What every part of the settings is: frozen and strict about its keys; how instants, series and names are written."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, PlainSerializer

from gridahead.core.dates import parse_day
from gridahead.core.grid import Series, checked_name
from gridahead.core.time import Deadline, zone_info

DeadlineText = Annotated[
    Deadline,
    BeforeValidator(lambda value: value if isinstance(value, Deadline) else Deadline.parse(str(value))),
    PlainSerializer(str),
]

SeriesText = Annotated[
    Series,
    BeforeValidator(lambda value: value if isinstance(value, Series) else Series.parse(str(value))),
    PlainSerializer(str),
]

DayText = Annotated[
    dt.date, BeforeValidator(lambda value: parse_day(value) if isinstance(value, str) else value), PlainSerializer(str)
]
"""A date of TOML, or a text that is one."""

NameText = Annotated[str, AfterValidator(checked_name)]
"""Of a zone, a covariate, a model: it becomes part of names of folders and files."""


def _known_zone_or_offset(value: str) -> str:
    if value != "UTC" and not (len(value) == 6 and value[0] in "+-" and value[3] == ":"):
        zone_info(value)
    return value


TimezoneText = Annotated[str, BeforeValidator(_known_zone_or_offset)]
"""An IANA name such as Europe/Berlin, or a fixed offset such as +01:00."""


class Section(BaseModel):
    """A part of the settings: frozen, and strict about its keys."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", arbitrary_types_allowed=True, validate_default=True, use_attribute_docstrings=True
    )
