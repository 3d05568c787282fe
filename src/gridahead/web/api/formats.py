"""The forms that an answer can have, and which one a request has asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from gridahead.settings.published import CsvStyle
from gridahead.web.problems import RequestError

Format = Literal[
    "json",
    "csv",
    "csv-cs",
    "csv-da",
    "csv-de",
    "csv-en",
    "csv-es",
    "csv-fi",
    "csv-fr",
    "csv-it",
    "csv-nb",
    "csv-nl",
    "csv-pl",
    "csv-pt",
    "csv-sv",
    "xlsx",
    "parquet",
    "arrow",
]
FORMATS: tuple[Format, ...] = get_args(Format)
JSON, CSV = "application/json", "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PARQUET, ARROW = "application/vnd.apache.parquet", "application/vnd.apache.arrow.stream"
MEDIA_TYPES: Mapping[str, Format] = {JSON: "json", CSV: "csv", XLSX: "xlsx", PARQUET: "parquet", ARROW: "arrow"}
"""What a request may accept. A CSV of a language has no media type of its own: `format=` asks for it."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """One part of an Accept header."""

    media_type: str
    weight: float

    def covers(self, media_type: str) -> bool:
        """Whether it means this type, or all of its kind."""
        kind = media_type.partition("/")[0]
        return self.media_type in (media_type, f"{kind}/*", "*/*")


def chosen(wanted: Format | None, accept: str, known: tuple[Format, ...] = FORMATS) -> Format:
    """The format of an answer: what `format=` says, else what the request likes best, of equals JSON first.

    Args:
        wanted: what `format=` says.
        accept: the header of the request.
        known: what there is at this address.

    Raises:
        RequestError: nothing of what it accepts is there.
    """
    if wanted is not None:
        return wanted
    offered = [(media_type, name) for media_type, name in MEDIA_TYPES.items() if name in known]
    parts = _parts(accept) or [Accepted("*/*", 1.0)]
    weighed = [(_weight(parts, media_type), name) for media_type, name in offered]
    weight, name = max(weighed, key=lambda pair: pair[0])
    if weight <= 0:
        types = ", ".join(media_type for media_type, _ in offered)
        raise RequestError("not-acceptable", f"nothing here is {accept[:200]!r}", f"There are {types}; or say format=")
    return name


def _weight(parts: list[Accepted], media_type: str) -> float:
    """How much a type is liked: by the part that names it most closely."""
    named = sorted((part.media_type.count("*"), -part.weight) for part in parts if part.covers(media_type))
    return -named[0][1] if named else 0.0


def _parts(accept: str) -> list[Accepted]:
    parts = []
    for text in accept.split(",")[:50]:
        media_type, *parameters = (part.strip().lower() for part in text.split(";"))
        said = next((part[2:] for part in parameters if part.startswith("q=")), "1")
        if media_type:
            parts.append(Accepted(media_type, _number(said)))
    return parts


def _number(text: str) -> float:
    try:
        return min(1.0, max(0.0, float(text)))
    except ValueError:
        return 0.0


def media_type_of(name: Format) -> str:
    """What stands in Content-Type."""
    if name.startswith("csv"):
        return f"{CSV}; charset=utf-8"
    return next(media_type for media_type, known in MEDIA_TYPES.items() if known == name)


def csv_style(name: Format) -> CsvStyle:
    """How a CSV of a language is written: all but English have a comma in their numbers."""
    return "plain" if name in ("csv", "csv-en") else "semicolon"


def ending(name: Format) -> str:
    """Of the file that a browser keeps."""
    return "csv" if name.startswith("csv") else name
