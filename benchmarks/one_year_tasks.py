"""The thirteen series of the benchmark `one_year`: whose data, which year, and the settings that a user would write."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pandas as pd
from common import Bench
from datasets import dataset, smard

from gridahead.core.grid import ZONES, Series
from gridahead.core.time import Mtu, TimeRange, delivery_range
from gridahead.core.vintages import of_series
from gridahead.settings.training import TrainingSettings

QUICK_DAYS, QUICK_EPOCHS = 28, 2
FILE = "measured.csv"
OUTTURN, OFFICIAL, COUNTS = "measured", "official", "counts"
"""Columns of what a task reads, beside its covariates; rows that do not count are in the file, and are not scored."""
CONTEXT_DAYS = TrainingSettings().context_days
Table = pd.DataFrame
"""A row a market time unit, by its start in UTC."""


@dataclass(frozen=True)
class Task:
    """A series with an official forecast, and the year that is forecast after one year of learning."""

    name: str
    series: Series
    timezone: str
    country: str
    first: dt.date
    deadline: str
    """When it is forecast, on the day before and in local time, such as T1100."""
    published: str
    """From when the official forecast may be used, likewise."""
    read: Callable[[Bench], Table]
    mtu: Mtu = Mtu.PT60M
    stamp: str = "beginning"
    """What the time stamps of the data set are, and so those of the file."""
    lag_minutes: int = 60
    covariates: tuple[str, ...] = ()
    """Columns that are published with the official forecast."""
    learnt_from: dt.date | None = None
    """The first day to learn; None for the year before the one that is forecast."""

    @property
    def inputs(self) -> tuple[Series, ...]:
        """What is read of it: the series, its official forecast, and the covariates."""
        zone = self.series.zone
        return (self.series, self.series.official, *(Series(zone, name) for name in self.covariates))

    def last(self, quick: bool) -> dt.date:
        """The last delivery day that is forecast."""
        if quick:
            return self.first + dt.timedelta(days=QUICK_DAYS - 1)
        return self.first.replace(year=self.first.year + 1) - dt.timedelta(days=1)

    def time_range(self, quick: bool) -> TimeRange:
        """What the lake may hold: the days to learn with the context of the first, and the days to forecast.

        Quick: of the days to learn the last year.
        """
        year_before = self.first.replace(year=self.first.year - 1)
        learnt = year_before if quick or self.learnt_from is None else self.learnt_from
        begin = learnt - dt.timedelta(days=CONTEXT_DAYS + 1)  # every deadline here is on the day before
        return TimeRange(
            delivery_range(begin, self.timezone).start, delivery_range(self.last(quick), self.timezone).end
        )

    def table(self, bench: Bench) -> Table:
        """The rows of that window."""
        table, time_range = self.read(bench), self.time_range(bench.quick)
        return table[(table.index >= time_range.start) & (table.index < time_range.end)]

    def write(self, table: Table, bench: Bench, folder: Path) -> Path:
        """Put the file and the settings into a folder; gives the settings."""
        folder.mkdir(parents=True, exist_ok=True)
        begins = pd.DatetimeIndex(table.index)
        stamps = begins + self.mtu.delta if self.stamp == "ending" else begins
        file = table.drop(columns=COUNTS).set_index(stamps.strftime("%Y-%m-%dT%H:%M:%SZ").rename("time"))
        file.to_csv(folder / FILE)
        settings = folder / "settings.toml"
        settings.write_text(self.settings(bench.quick), encoding="utf-8")
        return settings

    def measured(self, table: Table) -> pd.Series:
        """The outturn of the days that are forecast [MW], without what does not count."""
        tested = table[table.index >= delivery_range(self.first, self.timezone).start]
        outturn: pd.Series = tested.loc[tested[COUNTS], OUTTURN]
        return outturn.dropna()

    def settings(self, quick: bool) -> str:
        """Settings as a user writes them after docs/your-data.md: models and their training are the defaults."""
        ahead = [f'"{self.series.zone}/{name}"' for name in self.covariates]
        lines = [
            'data_folder = "data"',
            *self._zone(),
            "[[sources]]",
            'kind = "file"',
            f'path = "{FILE}"',
            f'zone = "{self.series.zone}"',
            f'quantity = "{self.series.quantity}"',
            'time_column = "time"',
            'timezone = "UTC"',
            f'stamp = "{self.stamp}"',
            f'value_column = "{OUTTURN}"',
            f'mtu = "{self.mtu}"',
            f"publication_lag_minutes = {self.lag_minutes}",
            f'official_column = "{OFFICIAL}"',
            f'official_available = "{self._at(self.published)}"',
            *self._covariates(),
            "[[series]]",
            f'series = "{self.series}"',
            f'deadline = "{self._at(self.deadline)}"',
            *([f"future_covariates = [{', '.join(ahead)}]"] if ahead else []),
            "[training]",
            f"holdout_start = {self.first}",
            *([f"epochs = {QUICK_EPOCHS}"] if quick else []),
        ]
        return "\n".join(lines) + "\n"

    def _zone(self) -> list[str]:
        known = ZONES.get(self.series.zone)
        if known is not None and known.eic:  # of others the catalogue may count days by another clock, as for MISO
            return []
        return [
            "[[zones]]",
            f'code = "{self.series.zone}"',
            f'timezone = "{self.timezone}"',
            f'country = "{self.country}"',
        ]

    def _covariates(self) -> list[str]:
        each = [
            f'{{ column = "{name}", name = "{name}", unit = "MW", known_ahead = true, '
            f'available = "{self._at(self.published)}" }}'
            for name in self.covariates
        ]
        return [f"covariates = [{', '.join(each)}]"] if each else []

    def _at(self, time: str) -> str:
        return f"D-1{time}[{self.timezone}]"


def german(bench: Bench, series: Series) -> Table:
    """The outturn and the official forecast of a German series [MW]."""
    rows = smard(bench)
    columns = {OUTTURN: of_series(rows, series), OFFICIAL: of_series(rows, series.official)}
    values = {name: found.set_index("valid_time")["value"] for name, found in columns.items()}
    return pd.DataFrame(values).assign(**{COUNTS: True})


ELIA = {
    "measured": OUTTURN,
    "dayahead11hforecast": OFFICIAL,
    "dayahead11hconfidence10": "solar_p10",
    "dayahead11hconfidence90": "solar_p90",
    "monitoredcapacity": "solar_capacity",
}
"""Elia's forecast of 11:00 on the day before with its quantiles, and the capacity that it watches."""


def _elia(bench: Bench) -> Table:
    rows = pd.read_parquet(dataset(bench, "elia/elia_solar_be_15min_2020_2024.parquet"), columns=list(ELIA))
    return rows.astype("float64").rename(columns=ELIA).assign(**{COUNTS: True})


def _eia(bench: Bench, authority: str) -> Table:
    file = dataset(bench, "eia930/eia930_demand_2015_2020.parquet")
    rows = pd.read_parquet(file, filters=[("ba", "==", authority)])
    names = {"demand_mw": OUTTURN, "day_ahead_forecast_mw": OFFICIAL}
    begins = pd.DatetimeIndex(rows["time"]) - Mtu.PT60M.delta
    table = rows.set_index(begins)[list(names)].astype("float64").rename(columns=names)
    return table.assign(**{COUNTS: (rows["category"] == "OKAY").to_numpy()})


def _nyiso(bench: Bench, zone: str) -> Table:
    measured = pd.read_parquet(dataset(bench, "nyiso/nyiso_load_actual_2012_2018.parquet")).set_index("time")[zone]
    told = pd.read_parquet(
        dataset(bench, "nyiso/nyiso_load_forecast_vintages_2012_2018.parquet"), filters=[("lead_day", "==", 1)]
    )
    official = told.set_index("valid_time")[zone]
    table = pd.DataFrame({OUTTURN: measured, OFFICIAL: official.astype("float64")})
    return table.assign(**{COUNTS: True})


GERMANY = ("Europe/Berlin", "DE", dt.date(2025, 1, 1))
LOAD, WIND_SOLAR = Series("DE", "load"), Series("DE", "wind_solar")
GERMAN = (
    Task("SMARD load", LOAD, *GERMANY, "T1100", "T1000", partial(german, series=LOAD)),
    Task("SMARD wind and solar", WIND_SOLAR, *GERMANY, "T1830", "T1800", partial(german, series=WIND_SOLAR)),
)
BELGIAN = Task(
    "Elia solar",
    Series("BE", "solar"),
    "Europe/Brussels",
    "BE",
    dt.date(2024, 1, 1),
    "T1100",
    "T1100",
    _elia,
    mtu=Mtu.PT15M,
    lag_minutes=15,
    covariates=("solar_p10", "solar_p90", "solar_capacity"),
)
"""Issued when Elia's day-ahead forecast of 11:00 is out, with its P10, P90 and capacity, as in `elia_solar_2024`."""
AUTHORITIES = {
    "MISO": "America/Chicago",
    "ISNE": "America/New_York",
    "FPL": "America/New_York",
    "AZPS": "America/Phoenix",
    "PGE": "America/Los_Angeles",
}
"""Chosen before any result: one each from the Midwest, New England, Florida, the desert (without summer time) and the
Pacific Northwest, from 2.3 to 74 GW of mean demand, whose demand and own forecast are there for both years. Left out
are those whose published forecast is broken or shifted by an hour, and those with a tenth of the hours missing."""


def authority(name: str, timezone: str) -> Task:
    """The demand of an authority, tested from July 2019."""
    read = partial(_eia, authority=name)
    series, first = Series(name, "load"), dt.date(2019, 7, 1)
    return Task(f"EIA {name}", series, timezone, "US", first, "T1000", "T1000", read, stamp="ending")


AMERICAN = tuple(authority(name, timezone) for name, timezone in AUTHORITIES.items())
"""The data have no issue time of the official forecast: it counts as known at 10:00 on the day before."""
NEW_YORK_ZONES = {"N.Y.C.": "NYC", "Longil": "LONGIL", "Centrl": "CENTRL", "West": "WEST", "Capitl": "CAPITL"}
"""Chosen before any result: the five with the largest mean load in the year that is learnt, from 1.4 to 6.0 GW."""
NEW_YORK = tuple(
    Task(
        f"NYISO {column}",
        Series(code, "load"),
        "America/New_York",
        "US",
        dt.date(2018, 1, 1),
        "T0900",
        "T0900",
        partial(_nyiso, zone=column),
    )
    for column, code in NEW_YORK_ZONES.items()
)
"""The operator's files of 2017 and 2018 are of 07:00 to 08:50 on the day before. A file source knows one time for all
of them: 09:00 is never too early."""
TASKS = (*GERMAN, BELGIAN, *AMERICAN, *NEW_YORK)
QUICK = (GERMAN[0], GERMAN[1], BELGIAN, AMERICAN[0], NEW_YORK[0])
