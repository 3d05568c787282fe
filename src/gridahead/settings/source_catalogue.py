"""The sources that are asked over HTTP: where they are, what they allow, and whom their licence asks to name.

A source is declared here, read by a module of its name in `sources`, and opened by a line of `sources/catalogue.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

ServiceKind = Literal[
    "eco2mix",
    "eirgrid",
    "elexon",
    "elia",
    "energinet",
    "energy_charts",
    "entsoe",
    "neso",
    "nordpool",
    "ree",
    "smard_live",
]
"""What the settings call a service; each has an entry below."""


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
        kind="eco2mix",
        title="éCO2mix of RTE",
        base_url="https://odre.opendatasoft.com/api/explore/v2.1/catalog/datasets",
        attribution="Data: RTE éCO2mix, Open Data Réseaux Énergies, Licence Ouverte 2.0",
        limits=(RateLimit(60, 60.0), RateLimit(5000, 86400.0)),
        parallel=2,
        note="The service says of no forecast when it was made; that of the day before counts from its legal deadline.",
    ),
    SourceInfo(
        kind="eirgrid",
        title="EirGrid Smart Grid Dashboard",
        base_url="https://www.smartgriddashboard.com",
        attribution="Data: EirGrid Group, Smart Grid Dashboard",
        limits=(RateLimit(30, 60.0),),
        parallel=1,
        note="IE is the whole island, of which the two system operators are zones of their own.",
    ),
    SourceInfo(
        kind="elexon",
        title="Elexon Insights",
        base_url="https://data.elexon.co.uk/bmrs/api/v1",
        attribution="Contains BMRS data © Elexon Limited copyright and database right",
        limits=(RateLimit(5, 1.0),),
        note="Load is the national demand, which solar and wind power behind the meters have lowered already. The "
        "price is the Market Price of the settlement, known after each half-hour, and no day-ahead price.",
    ),
    SourceInfo(
        kind="elia",
        title="Elia open data",
        base_url="https://opendata.elia.be/api/explore/v2.1/catalog/datasets",
        attribution="Data: Elia, Open Data Licence (CC BY 4.0)",
        limits=(RateLimit(60, 60.0), RateLimit(5000, 86400.0)),
        parallel=2,
    ),
    SourceInfo(
        kind="energinet",
        title="Energi Data Service of Energinet",
        base_url="https://api.energidataservice.dk",
        attribution="Data: Energinet, Energi Data Service",
        limits=(RateLimit(1, 60.0),),
        parallel=4,
        note="One request a minute is allowed of each dataset.",
    ),
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
    SourceInfo(
        kind="neso",
        title="NESO data portal",
        base_url="https://api.neso.energy/api/3/action",
        attribution="Supported by National Energy SO Open Data",
        limits=(RateLimit(2, 60.0),),
        parallel=1,
    ),
    SourceInfo(
        kind="nordpool",
        title="Nord Pool market data",
        base_url="https://data-api.nordpoolgroup.com/api/v2",
        attribution="Data: Nord Pool",
        limits=(RateLimit(30, 60.0),),
        parallel=1,
        key=Key(
            ("NORDPOOL_TOKEN",),
            "https://www.nordpoolgroup.com: customers of its market data API get a token for their name and password; "
            'write it with the word before it, as in NORDPOOL_TOKEN="Bearer …"',
            name="Authorization",
        ),
        note="For customers of Nord Pool, who may not pass its data on.",
    ),
    SourceInfo(
        kind="openmeteo",
        title="Open-Meteo",
        base_url="https://api.open-meteo.com",
        attribution="Weather: Open-Meteo.com, CC BY 4.0",
        # Free hosts allow 600 calls a minute, 5 000 an hour and 10 000 a day, and a request may count for many.
        limits=(RateLimit(500, 60.0), RateLimit(4500, 3600.0), RateLimit(9000, 86400.0)),
        parallel=1,
        key=Key(("OPENMETEO_API_KEY",), "https://open-meteo.com/en/pricing", "parameter", "apikey", required=False),
        note="The free hosts are for non-commercial use only. For any other use set customer = true and a key.",
    ),
    SourceInfo(
        kind="ree",
        title="Demanda of Red Eléctrica",
        base_url="https://demanda.ree.es",
        attribution="Data: Red Eléctrica de España (REE)",
        limits=(RateLimit(30, 60.0),),
        parallel=2,
        lag_minutes=15,
    ),
    SourceInfo(
        kind="smard_live",
        title="SMARD, the German market data portal",
        base_url="https://www.smard.de/app/chart_data",
        attribution="Data: Bundesnetzagentur | SMARD.de, CC BY 4.0",
        limits=(RateLimit(60, 60.0),),
        parallel=2,
    ),
)

SOURCE_INFOS: Mapping[str, SourceInfo] = {info.kind: info for info in _INFOS}
"""By kind."""
