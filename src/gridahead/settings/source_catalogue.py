"""The sources that are asked over HTTP: where they are, what they allow, and whom their licence asks to name.

A source is declared here, read by a module of its name in `sources`, and opened by a line of `sources/catalogue.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

ServiceKind = Literal[
    "aemo",
    "aeso",
    "caiso",
    "eco2mix",
    "eia",
    "eia_bulk",
    "eirgrid",
    "elexon",
    "elia",
    "energinet",
    "energy_charts",
    "entsoe",
    "ercot",
    "ieso",
    "isone",
    "isone_reports",
    "japan",
    "miso",
    "miso_live",
    "neso",
    "nordpool",
    "nyiso",
    "pjm",
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
    published: str = ""
    """Whether it says when a value was published, and what is assumed where it does not."""
    proven: str = ""
    """With what its reading is tested: recorded answers, examples of a specification, or the documented form."""


_INFOS: tuple[SourceInfo, ...] = (
    SourceInfo(
        kind="aemo",
        title="AEMO, NEMWEB",
        base_url="https://nemweb.com.au",
        attribution="Data: Australian Energy Market Operator (AEMO)",
        limits=(RateLimit(60, 60.0),),
        parallel=2,
        lag_minutes=30,
        note="AEMO permits use of its material with attribution; see its copyright permissions notice.",
        published="Kept for forecasts: when a file was made. Actual demand is assumed to be known then.",
        proven="A recorded forecast and recorded lists; actual demand in the documented columns.",
    ),
    SourceInfo(
        kind="aeso",
        title="AESO, wind and solar forecasts",
        base_url="http://ets.aeso.ca",
        attribution="Data: Alberta Electric System Operator (AESO)",
        limits=(RateLimit(6, 60.0),),
        parallel=1,
        note="The reports have no history: what is not fetched within a week is gone.",
        published="The report does not say: a forecast is known from when it was fetched; measured values by the "
        "lag after the end of their unit.",
        proven="Recordings of wind and solar power.",
    ),
    SourceInfo(
        kind="caiso",
        title="CAISO OASIS",
        base_url="http://oasis.caiso.com",
        attribution="Data: California Independent System Operator (CAISO), OASIS",
        limits=(RateLimit(1, 6.0),),
        parallel=1,
        lag_minutes=120,
        note="The host answers 429 to whoever asks twice within five seconds.",
        published="Assumed: day-ahead forecasts with the results of the day-ahead market at 13:00 of the day "
        "before, or when fetched, if that was earlier; measured values by the lag after the end of their unit.",
        proven="Recordings of a wind and solar forecast and of a load forecast seven days ahead; the rest in their "
        "form.",
    ),
    SourceInfo(
        kind="eco2mix",
        title="éCO2mix of RTE",
        base_url="https://odre.opendatasoft.com/api/explore/v2.1/catalog/datasets",
        attribution="Data: RTE éCO2mix, Open Data Réseaux Énergies, Licence Ouverte 2.0",
        limits=(RateLimit(60, 60.0), RateLimit(5000, 86400.0)),
        parallel=2,
        note="The service says of no forecast when it was made; that of the day before counts from its legal deadline.",
        published="Assumed: measured values by the lag after the end of their unit; official forecasts by their "
        "legal deadline, that of the same day when its unit begins or when fetched.",
        proven="A recording of the API.",
    ),
    SourceInfo(
        kind="eia",
        title="EIA-930, the API of the Energy Information Administration",
        base_url="https://api.eia.gov",
        attribution="Data: U.S. Energy Information Administration, form EIA-930, public domain",
        limits=(RateLimit(60, 60.0), RateLimit(4000, 3600.0)),
        parallel=2,
        key=Key(("EIA_API_KEY",), "https://www.eia.gov/opendata/register.php", name="X-Api-Key"),
        lag_minutes=120,
        published="Assumed: demand by the lag, its forecast and generation by the deadlines of form EIA-930, or "
        "when fetched, if that was earlier.",
        proven="Recordings of values and of the envelope; pages are real values in the documented envelope.",
    ),
    SourceInfo(
        kind="eia_bulk",
        title="EIA-930, half-year files",
        base_url="https://www.eia.gov/electricity/gridmonitor",
        attribution="Data: U.S. Energy Information Administration, form EIA-930, public domain",
        limits=(RateLimit(6, 60.0),),
        parallel=1,
        lag_minutes=120,
        note="Years of history without a key; each half-year is a file of 40 MB with all authorities.",
        published="Assumed, as by the API.",
        proven="Documentation only: rows in the documented columns of 2019 and 2025.",
    ),
    SourceInfo(
        kind="eirgrid",
        title="EirGrid Smart Grid Dashboard",
        base_url="https://www.smartgriddashboard.com",
        attribution="Data: EirGrid Group, Smart Grid Dashboard",
        limits=(RateLimit(30, 60.0),),
        parallel=1,
        note="IE is the whole island, of which the two system operators are zones of their own.",
        published="Kept for forecasts of the older interface (when it was last updated); else assumed: measured "
        "values by the lag after the end of their unit, official forecasts by their legal deadline.",
        proven="Recordings of 2023 and 2025.",
    ),
    SourceInfo(
        kind="elexon",
        title="Elexon Insights",
        base_url="https://data.elexon.co.uk/bmrs/api/v1",
        attribution="Contains BMRS data © Elexon Limited copyright and database right",
        limits=(RateLimit(5, 1.0),),
        note="Load is the national demand, which solar and wind power behind the meters have lowered already. The "
        "price is the Market Price of the settlement, known after each half-hour, and no day-ahead price.",
        published="Kept for nearly every row, every publication of a forecast a vintage; else by the lag.",
        proven="Specification only: examples of the OpenAPI document and answers in their form; no recording was to "
        "be had.",
    ),
    SourceInfo(
        kind="elia",
        title="Elia open data",
        base_url="https://opendata.elia.be/api/explore/v2.1/catalog/datasets",
        attribution="Data: Elia, Open Data Licence (CC BY 4.0)",
        limits=(RateLimit(60, 60.0), RateLimit(5000, 86400.0)),
        parallel=2,
        published="Assumed: forecasts at the hours for which they are named (11:00, 18:00), the most recent one "
        "when its unit ends or when fetched; measured values by the lag after the end of their unit.",
        proven="A recorded, trimmed export of wind power of 2018; all else in its form.",
    ),
    SourceInfo(
        kind="energinet",
        title="Energi Data Service of Energinet",
        base_url="https://api.energidataservice.dk",
        attribution="Data: Energinet, Energi Data Service",
        limits=(RateLimit(1, 60.0),),
        parallel=4,
        note="One request a minute is allowed of each dataset.",
        published="Kept for the newest forecast; else assumed: the day-ahead forecast by its legal deadline, those "
        "of five hours and of one hour by their age, prices by their auction, measured values by the lag after the "
        "end of their unit.",
        proven="Recordings of forecasts and power; prices and load in the documented form.",
    ),
    SourceInfo(
        kind="energy_charts",
        title="Energy-Charts",
        base_url="https://api.energy-charts.info",
        attribution="Data: energy-charts.info, Fraunhofer ISE",
        limits=(RateLimit(60, 60.0),),
        parallel=1,
        note="Prices of some zones are for private use only; the licence of each answer is kept with it.",
        published="Assumed: measured values by the lag after the end of their unit, official forecasts by their "
        "legal deadline, prices by their auction.",
        proven="A recording of prices; power and its forecasts in the form of the specification only.",
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
        published="Assumed: measured values by the lag after the end of their unit, official forecasts by their "
        "legal deadline, prices by their auction, capacity a week before its year. Files of its File Library "
        "(`entsoe_files`) keep every update.",
        proven="101 recordings, in agreement with entsoe-py to the last digit where both read; errors as documented.",
    ),
    SourceInfo(
        kind="ercot",
        title="ERCOT, public reports",
        base_url="https://www.ercot.com",
        attribution="Data: Electric Reliability Council of Texas (ERCOT)",
        limits=(RateLimit(60, 60.0),),
        parallel=2,
        lag_minutes=60,
        note="Reports are kept for about a week: what is not fetched by then is gone.",
        published="Kept for forecasts: the name of a report says when it was published, each report a vintage. What "
        "was measured is assumed to be known then.",
        proven="Recordings of the list and of load, wind and solar forecasts; load and prices in the documented "
        "columns.",
    ),
    SourceInfo(
        kind="ieso",
        title="IESO, public reports",
        base_url="https://reports-public.ieso.ca/public",
        attribution="Data: Independent Electricity System Operator (IESO), Ontario",
        limits=(RateLimit(60, 60.0),),
        parallel=2,
        published="Kept: documents say when they were created. Demand by the lag.",
        proven="Recordings of both forecasts; demand in the documented columns.",
    ),
    SourceInfo(
        kind="isone",
        title="ISO New England, web services",
        base_url="https://webservices.iso-ne.com/api/v1.1",
        attribution="Data: ISO New England Inc.",
        limits=(RateLimit(60, 60.0),),
        parallel=2,
        key=Key(
            ("ISONE_USER", "ISONE_PASSWORD"),
            "https://www.iso-ne.com/isoexpress/login (create an account)",
            placed="basic",
        ),
        published="Kept for load forecasts, every making a vintage; measured values by the lag after the end of "
        "their unit, prices by their auction.",
        proven="Recordings of load, forecasts and generation over both clock changes; prices as documented.",
    ),
    SourceInfo(
        kind="isone_reports",
        title="ISO New England, reports",
        base_url="https://www.iso-ne.com",
        attribution="Data: ISO New England Inc.",
        limits=(RateLimit(30, 60.0),),
        parallel=1,
        published="Kept: a report says when it was made.",
        proven="Recordings; the label of the hour that comes twice is the operator's rule.",
    ),
    SourceInfo(
        kind="japan",
        title="Japanese transmission utilities, area supply and demand",
        base_url="https://www.occto.or.jp",
        attribution="Data: Japan's transmission utilities, such as TEPCO Power Grid and Kyushu Electric Power Network",
        limits=(RateLimit(12, 60.0),),
        parallel=1,
        note="Each area is asked at its own utility; a base_url is a mirror with a folder for each of their hosts.",
        published="Kept for forecasts, which say when they were written; measured values by the lag after the end "
        "of their unit.",
        proven="Recordings of Kyushu (supply and demand), Tokyo, Tohoku and Kansai (forecasts).",
    ),
    SourceInfo(
        kind="miso",
        title="MISO, market reports",
        base_url="https://docs.misoenergy.org/marketreports",
        attribution="Data: Midcontinent Independent System Operator, Inc. (MISO)",
        limits=(RateLimit(30, 60.0),),
        parallel=2,
        published="Kept to the day: a file names the day of its publication and counts from its end, or from when "
        "it was fetched, if that was earlier. Actual load in it is assumed to be known then.",
        proven="A recording of the layout until April 2026; the newer one as it is described.",
    ),
    SourceInfo(
        kind="miso_live",
        title="MISO, data broker",
        base_url="https://api.misoenergy.org/MISORTWDDataBroker",
        attribution="Data: Midcontinent Independent System Operator, Inc. (MISO)",
        limits=(RateLimit(12, 60.0),),
        parallel=1,
        note="It gives the newest forecast alone: what is not fetched is gone.",
        published="Kept to the hour: the end of the hour that an answer names, or when it was fetched, if that was "
        "earlier; each answer is a vintage.",
        proven="Recordings of both forecasts.",
    ),
    SourceInfo(
        kind="neso",
        title="NESO data portal",
        base_url="https://api.neso.energy/api/3/action",
        attribution="Supported by National Energy SO Open Data",
        limits=(RateLimit(2, 60.0),),
        parallel=1,
        published="Kept for forecasts of demand and metered wind power; embedded wind and solar power when fetched.",
        proven="Documentation only: answers in the documented form; no recording was to be had.",
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
        published="Kept for intraday prices (when the statistics were last updated); day-ahead prices by their "
        "auction.",
        proven="A recording of the statistics; day-ahead prices in the form that others have described.",
    ),
    SourceInfo(
        kind="nyiso",
        title="NYISO, market information",
        base_url="http://mis.nyiso.com/public/csv",
        attribution="Data: New York Independent System Operator (NYISO)",
        limits=(RateLimit(60, 60.0),),
        parallel=2,
        published="Kept to the day: a forecast is named by its first day and counts from 08:00 New York time of the "
        "day before; measured values by the lag after the end of their unit.",
        proven="A recording of the forecast; load in the documented columns.",
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
        published="Kept for the newest run of a model; earlier runs by the usual delay of the model, each run a "
        "vintage. What is older than the archive of runs is bounded by forecasts of a fixed age, and says so.",
        proven="Recordings of forecast, ensemble and archive answers; single runs and forecasts of a fixed age by "
        "documentation only.",
    ),
    SourceInfo(
        kind="pjm",
        title="PJM, Data Miner 2",
        base_url="https://api.pjm.com/api/v1",
        attribution="Data: PJM Interconnection, L.L.C., Data Miner 2",
        limits=(RateLimit(6, 60.0),),
        parallel=1,
        key=Key(
            ("PJM_API_KEY",), "https://apiportal.pjm.com (account, then subscribe)", name="Ocp-Apim-Subscription-Key"
        ),
        lag_minutes=120,
        note="Six requests a minute for non-members; to pass data on needs a licence of PJM.",
        published="Kept for forecasts, each evaluation a vintage; measured values by the lag after the end of their "
        "unit, prices by their auction.",
        proven="Recordings of load and solar forecasts and of generation; the rest with the documented fields.",
    ),
    SourceInfo(
        kind="ree",
        title="Demanda of Red Eléctrica",
        base_url="https://demanda.ree.es",
        attribution="Data: Red Eléctrica de España (REE)",
        limits=(RateLimit(30, 60.0),),
        parallel=2,
        lag_minutes=15,
        published="Assumed: measured values by the lag after the end of their unit, official forecasts by their "
        "legal deadline.",
        proven="A recording over the end of summer time; the forecast in the form that others have described.",
    ),
    SourceInfo(
        kind="smard_live",
        title="SMARD, the German market data portal",
        base_url="https://www.smard.de/app/chart_data",
        attribution="Data: Bundesnetzagentur | SMARD.de, CC BY 4.0",
        limits=(RateLimit(60, 60.0),),
        parallel=2,
        published="Assumed: measured values by the lag after the end of their unit, official forecasts by their "
        "legal deadline, prices by their auction. Revisions come without a word.",
        proven="Specification only: its examples and weeks written in its form; no recording was to be had.",
    ),
)

SOURCE_INFOS: Mapping[str, SourceInfo] = {info.kind: info for info in _INFOS}
"""By kind."""
