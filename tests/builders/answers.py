"""Payloads and transports of tests: what a service would have answered, without a network."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pandas as pd

from gridahead.core.errors import SourceError
from gridahead.core.grid import BiddingZone
from gridahead.core.tables import Observations
from gridahead.settings.model import Settings
from gridahead.settings.services import LiveSource
from gridahead.sources.base import RawPayload
from gridahead.sources.catalogue import service_class
from gridahead.sources.http.body import require_expected
from gridahead.sources.http.request import Answer, Request
from gridahead.sources.http.source import HttpSource

CAME = pd.Timestamp("2030-01-01T00:00Z")
Told = Callable[[Request], bytes | tuple[int, bytes]]


@dataclass
class Answers:
    """Stands where a transport would: gives what a function says, once the checks of the real one have passed."""

    told: Told
    asked: list[Request] = field(default_factory=list)
    base_url: str = "https://service.example"

    def get(self, request: Request, check: Callable[[Answer], None] | None = None) -> Answer:
        """The answer to a request."""
        self.asked.append(request)
        told = self.told(request)
        status, content = told if isinstance(told, tuple) else (200, told)
        if status not in request.answers:
            raise SourceError("service", f"status {status}")
        require_expected(content, request.expected, 10**9)
        answer = Answer(content, status, "", "", CAME)
        if check is not None:
            check(answer)
        return answer


def service(
    kind: str, *zones: str | BiddingZone, told: Told = lambda request: b"{}", quantities: tuple[str, ...] = ()
) -> HttpSource:
    """A service that is asked for zones, behind which a function answers."""
    known = Settings(data_folder=Path(), sources=())
    found = [zone if isinstance(zone, BiddingZone) else known.zone(zone) for zone in zones]
    settings = LiveSource(kind=kind, zones=tuple(zone.code for zone in found), quantities=quantities)
    return service_class(kind)(settings, found, Answers(told))  # type: ignore[arg-type]


def payload_of(kind: str, content: bytes | Any, item: str, *zones: str, **asked: object) -> RawPayload:
    """A payload as a service would have fetched it; what is no bytes becomes JSON."""
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    about = {"item": item, "zones": list(zones), "status": 200, **asked}
    return RawPayload(kind, f"{kind}-{item}.json", raw, {}, CAME, asked=about)


def values_of(rows: Observations, quantity: str, zone: str | None = None) -> Mapping[str, float]:
    """The values of a quantity by their valid times as text, such as 2024-01-01T00:00Z."""
    chosen = rows[(rows["quantity"] == quantity) & ((rows["zone"] == zone) if zone else True)]
    return {f"{at:%Y-%m-%dT%H:%MZ}": value for at, value in zip(chosen["valid_time"], chosen["value"], strict=True)}


def asked_of(source: HttpSource) -> list[Request]:
    """What a service was asked so far."""
    return cast(Answers, source.transport).asked
