"""Services that are asked over HTTP: which zones and quantities, since when, and how patiently."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

import pandas as pd
from pydantic import Field

from gridahead.settings.section import DayText, DeadlineText, NameText, Section
from gridahead.settings.source_catalogue import SOURCE_INFOS, ServiceKind, SourceInfo
from gridahead.settings.sources import SourceSection


class LiveSource(SourceSection):
    """A service that is asked over HTTP for what the lake has not got yet."""

    kind: ServiceKind
    """Which service; `gridahead sources` lists them."""
    zones: Annotated[tuple[NameText, ...], Field(min_length=1)]
    """Of which zones, such as ["FR", "BE"]."""
    quantities: tuple[str, ...] = ()
    """Which quantities are fetched, such as ["load", "price"]; all that the service has unless given."""
    since: DayText | None = None
    """From which day on history is wanted; without it, `gridahead backfill --start` says so."""
    base_url: str | None = None
    """Where the service is, if not where the catalogue says: a mirror, or a host for customers."""
    publication_lag_minutes: int | None = Field(None, ge=0)
    """After the end of its unit a value is taken to be known; what the catalogue says unless given."""
    official_available: DeadlineText | None = None
    """From when official forecasts may be used where the service does not say when it published them, such as
    D-1T1000[America/New_York]; the law's or the operator's own time unless given."""
    timeout_seconds: float = Field(60.0, gt=0)
    """How long the service may be silent before a request counts as failed."""
    attempts: int = Field(6, ge=1)
    """How often a request is tried."""
    retry_wait_seconds: float = Field(1.0, gt=0)
    """Before the second try; it doubles with every further one, up to a minute, unless the service says how long."""
    max_size_mb: float = Field(256, gt=0)
    """An answer that is larger than this, packed or unpacked, is refused."""

    @property
    def zone_codes(self) -> tuple[str, ...]:
        """The zones that it is asked for."""
        return self.zones

    @property
    def info(self) -> SourceInfo:
        """What is known of the service."""
        return SOURCE_INFOS[self.kind]

    @property
    def attribution(self) -> str:
        """Whom the licence of the data asks to name."""
        return self.info.attribution

    @property
    def lag(self) -> pd.Timedelta:
        """From the end of a unit until its value is taken to be known."""
        chosen = self.publication_lag_minutes
        return pd.Timedelta(minutes=self.info.lag_minutes if chosen is None else chosen)


WeatherVintages = Literal["runs", "previous_day2", "previous_day1", "hindcast", "reanalysis"]


class PointSettings(Section):
    """A place whose weather counts for a zone."""

    latitude: float = Field(ge=-90, le=90)
    """Degrees north."""
    longitude: float = Field(ge=-180, le=180)
    """Degrees east."""
    weight: float = Field(1.0, gt=0)
    """Relative to the other points of the zone: people for temperature, installed megawatts for wind and sun."""


class OpenMeteoSource(LiveSource):
    """Weather forecasts of Open-Meteo, every run as it was issued; covariates of a zone, known ahead."""

    kind: Literal["openmeteo"]  # type: ignore[assignment]
    """Weather forecasts and their past runs."""
    quantities: tuple[str, ...] = (
        "temperature",
        "wind_speed_100m",
        "wind_speed_10m",
        "shortwave_radiation",
        "cloud_cover",
    )
    """Which weather is fetched, each as a series of the zone such as FR/temperature."""
    model: str = "ecmwf_ifs"
    """The weather model. One model for history and operation; that of ECMWF at 9 km covers the world, and its single
    runs are kept since 2024-03-14, those of others since April 2026."""
    vintages: WeatherVintages = "runs"
    """How past forecasts are had. `runs`: each as its run issued it. `previous_day2`: by the run of two days before
    each hour, never newer than what was known. `previous_day1`: by that of the day before, taken as known at the
    midnight before that day, which for later hours it was not: an upper bound of what weather is worth. `hindcast` and
    `reanalysis`: weather as it came, known after the hour, to learn from and never a forecast."""
    before_runs: Literal["previous_day2", "previous_day1", "hindcast", "none"] = "previous_day2"
    """What stands for the time from which single runs are not kept."""
    run_hours: tuple[Annotated[int, Field(ge=0, le=23)], ...] = (0, 12)
    """Which runs of a day are fetched, by the hour [UTC] at which they begin."""
    days_ahead: int = Field(4, ge=1, le=16)
    """How far a run is read."""
    delay_minutes: int | None = Field(None, ge=0)
    """From the beginning of a run until it is there, where that was not recorded; that of the model unless given."""
    members: int = Field(0, ge=0, le=50)
    """So many members of the ensemble as series of their own, such as FR/temperature_m01; in operation alone."""
    ensemble_model: str = "ecmwf_ifs025"
    """Of which ensemble the members are."""
    points: dict[str, Annotated[tuple[PointSettings, ...], Field(min_length=1)]] = Field({})
    """By zone: places in the stead of those that the table has, which are weighted by people."""
    base_url: str | None = None
    """Where an installation of your own is; {host} in it stands for the first label of the service's own hosts, such as
    single-runs-api."""
    customer: bool = False
    """True for customers, who have hosts of their own and a key; the free hosts are for non-commercial use only."""

    @property
    def info(self) -> SourceInfo:
        """What is known of the service: for customers other hosts and limits, and a key."""
        known = SOURCE_INFOS[self.kind]
        if not self.customer or known.key is None:
            return replace(known, key=None)
        minutely = known.limits[:1]  # the free limits of an hour and a day do not hold for customers
        home = known.base_url.replace("//", "//customer-")
        return replace(known, base_url=home, limits=minutely, key=replace(known.key, required=True))
