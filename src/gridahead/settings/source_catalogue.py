"""The sources that are asked over HTTP: where they are, what they allow, and whom their licence asks to name.

A source is declared here, read by a module of its name in `sources`, and opened by a line of `sources/catalogue.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class RateLimit:
    """So many requests within so many seconds."""

    requests: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Key:
    """A secret that a source asks for; it is read from the environment and from nowhere else."""

    variables: tuple[str, ...]
    """Environment variables: one with the key, or one with the user and one with the password."""
    where: str
    """Where people get one."""
    placed: Literal["header", "parameter", "basic"] = "header"
    """How it is sent: as a header, as a parameter of the query, or as user and password."""
    name: str = ""
    """Of the header or the parameter."""
    required: bool = True
    """False where the source answers without it as well."""


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """What is known of a source before it is asked."""

    kind: str
    """Its name in the settings, such as entsoe."""
    title: str
    """Its name for people."""
    base_url: str
    """What the path of every request is appended to; a setting changes it."""
    attribution: str
    """The licence line: whom to name, under which licence."""
    limits: tuple[RateLimit, ...]
    """What its host allows, with room to spare."""
    parallel: int = 4
    """Requests at the same time."""
    key: Key | None = None
    lag_minutes: int = 60
    """After the end of its unit a measured value is taken to be known."""
    note: str = ""
    """What a user has to know, such as a restriction of the licence."""


_INFOS: tuple[SourceInfo, ...] = (
    SourceInfo(
        kind="energy_charts",
        title="Energy-Charts",
        base_url="https://api.energy-charts.info",
        attribution="Data: energy-charts.info, Fraunhofer ISE",
        limits=(RateLimit(60, 60.0),),
        parallel=1,
        note="Prices of some zones are for private use only; the licence of each answer is kept with it.",
    ),
    SourceInfo(
        kind="entsoe",
        title="ENTSO-E Transparency Platform",
        base_url="https://web-api.tp.entsoe.eu",
        attribution="Data: ENTSO-E Transparency Platform, CC BY 4.0",
        limits=(RateLimit(300, 60.0),),
        key=Key(
            ("ENTSOE_TOKEN",),
            "https://transparency.entsoe.eu: register, ask transparency@entsoe.eu for access to the Restful API, and "
            "generate a token under My Account Settings",
            name="SECURITY_TOKEN",
        ),
        note="400 requests a minute are allowed, of all users of a token and of an address together; more are banned "
        "for ten minutes.",
    ),
)

SOURCE_INFOS: Mapping[str, SourceInfo] = {info.kind: info for info in _INFOS}
"""By kind."""
