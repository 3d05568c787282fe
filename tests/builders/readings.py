"""What comes of every recorded answer: read, no data, refused, a list of files, or of a source that is not ours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from builders import entsoe, readings_of_europe, readings_overseas
from builders.recordings import Recording
from gridahead.core.errors import SourceError
from gridahead.core.grid import ZONES
from gridahead.core.tables import Observations
from gridahead.settings.services import OpenMeteoSource
from gridahead.sources.base import RawPayload
from gridahead.sources.http.request import Answer
from gridahead.sources.openmeteo import OpenMeteo

BEGUN = "2026-02-27T12:00+00:00"
"""The run that a recorded forecast is taken to be of; answers do not say it."""
CAME = pd.Timestamp("2026-11-10T12:00Z")


@dataclass(frozen=True)
class Outcome:
    """What came of a recording."""

    service: str
    what: str
    """A column of the table: read, no data, refused, list or not ours."""
    why: str = ""
    """A refusal, where a list is read, or whose a recording is."""


def outcome_of(one: Recording) -> Outcome | None:
    """What comes of a recording; None where nothing says whose it is."""
    if one.name.startswith(entsoe.PREFIXES):
        return _read("entsoe", lambda: entsoe.parsed(one))
    if one.name in readings_of_europe.READINGS:
        return _read(readings_of_europe.READINGS[one.name].kind, lambda: readings_of_europe.parsed(one))
    if one.name in readings_overseas.OF_OTHERS:
        return Outcome("not ours", "not ours", readings_overseas.OF_OTHERS[one.name])
    if one.name in readings_overseas.LISTS:
        where = readings_overseas.LISTS[one.name]
        return Outcome(where.removeprefix("test_"), "list", where)
    overseas = {**readings_overseas.READ, **{name: how[:2] for name, how in readings_overseas.REFUSED.items()}}
    if one.name in overseas:
        kind, item = overseas[one.name]
        return _read(kind.partition(":")[0], lambda: readings_overseas.parsed(one, kind, item))
    if one.name.startswith(("openmeteo/", "_documented_errors/openmeteo")):
        return _read("openmeteo", lambda: _weather(one))
    return None


def _read(service: str, parsed: Callable[[], Observations]) -> Outcome:
    try:
        rows = parsed()
    except SourceError as error:
        return Outcome(service, "refused", error.reason)
    return Outcome(service, "read" if len(rows) else "no data")


def _weather(one: Recording) -> Observations:
    """Temperature of the answer to a run, members of an ensemble two; an error of the service is checked before."""
    place = {"DE": [{"latitude": 52.5, "longitude": 13.4}]}
    said = {"kind": "openmeteo", "zones": ["DE"], "quantities": ["temperature"], "points": place, "members": 2}
    source = OpenMeteo(OpenMeteoSource.model_validate(said), [ZONES["DE"]])
    status = 429 if "_429_" in one.name else 400 if "_400_" in one.name else 200
    source.check(Answer(one.content, status, "application/json", "", CAME))
    asked = {
        "item": "members" if "ensemble" in one.name else "runs",
        "zones": ["DE"],
        "status": status,
        "parameters": {"latitude": "52.5", "longitude": "13.4", "models": "ecmwf_ifs"},
        "run": BEGUN,
        "available_at": None,
    }
    return source.parse(RawPayload("openmeteo", one.name, one.content, {}, CAME, asked=asked))
