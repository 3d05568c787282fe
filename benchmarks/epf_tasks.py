"""The three markets of the benchmark `epf`: their files, and the settings that a user would write."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from common import Bench
from datasets import dataset

from gridahead.core.grid import Series
from gridahead.core.time import days_between
from gridahead.settings.networks import preset

FILE = "prices.csv"
EXOGENOUS = ("first_forecast", "second_forecast")
"""What the two columns that are known a day ahead are called in the settings."""
PUBLISHED = {"DNN ensemble": "bench DNN Ensemble", "LEAR ensemble": "bench LEAR Ensemble"}
"""Forecasts of Lago et al. for the same hours: opponents, never inputs; they are not in the file."""
TEST_DAYS = 104 * 7
STRETCH_DAYS = 182
"""Between two trainings: half a year."""
SERVES = preset("quick", "price")[-1]
"""What serves by the settings of a user who names no models."""
QUICK_DAYS, QUICK_LEARNT, QUICK_EPOCHS = 28, 365, 2


@dataclass(frozen=True)
class Stretch:
    """Days that are forecast by what was learnt before the first of them."""

    number: int
    first: dt.date
    last: dt.date

    @property
    def name(self) -> str:
        """Of its back-test."""
        return f"epf_{self.number}"


@dataclass(frozen=True)
class Market:
    """A market whose days all have 24 hours, by a clock that stands still."""

    name: str
    """As the data set calls it."""
    timezone: str
    country: str
    currency: str

    @property
    def series(self) -> Series:
        """What is forecast."""
        return Series(f"EPF_{self.name}", "price")

    def table(self, bench: Bench) -> pd.DataFrame:
        """The rows of the market by their instant: `price`, exogenous forecasts, and the published ones by model."""
        file = dataset(bench, "epf/epf_np_pjm_de.parquet")
        rows = pd.read_parquet(file, filters=[("market", "==", self.name)])
        begins = pd.DatetimeIndex(rows["time_local"]).tz_localize(self.timezone).tz_convert("UTC")
        columns = {"price": "price", "exog1": EXOGENOUS[0], "exog2": EXOGENOUS[1]}
        columns |= {column: model for model, column in PUBLISHED.items()}
        return rows.set_index(begins)[list(columns)].astype("float64").rename(columns=columns)

    def stretches(self, table: pd.DataFrame, quick: bool) -> list[Stretch]:
        """The last 104 weeks of a table, cut where all is learnt anew; of a trial run the last days alone."""
        last = table.index[-1].tz_convert(self.timezone).date()
        days = QUICK_DAYS if quick else TEST_DAYS
        tested = days_between(last - dt.timedelta(days=days - 1), last)
        parts = [tested[begin : begin + STRETCH_DAYS] for begin in range(0, len(tested), STRETCH_DAYS)]
        return [Stretch(number, part[0], part[-1]) for number, part in enumerate(parts)]

    def write(self, table: pd.DataFrame, stretches: list[Stretch], folder: Path, quick: bool) -> Path:
        """Put the file and the settings into a folder; gives the settings."""
        folder.mkdir(parents=True, exist_ok=True)
        if quick:
            begin = pd.Timestamp(stretches[0].first - dt.timedelta(days=QUICK_LEARNT), tz=self.timezone)
            table = table[table.index >= begin]
        local = pd.DatetimeIndex(table.index).tz_convert(self.timezone)
        file = table.drop(columns=list(PUBLISHED)).set_index(local.strftime("%Y-%m-%d %H:%M").rename("time"))
        file.to_csv(folder / FILE)
        settings = folder / "settings.toml"
        settings.write_text(self.settings(stretches[0].first, quick), encoding="utf-8")
        return settings

    def settings(self, first: dt.date, quick: bool) -> str:
        """Settings as a user writes them after docs/your-data.md: models and their training are the defaults.

        In the data all days have 24 hours, the missing one of spring filled and the one that is there twice averaged by
        their authors. A zone whose clocks never change says just that: days and hours are those of the market, and in
        summer only their place in UTC is an hour off, which nothing here reads.
        """
        ahead = ", ".join(f'"{self.series.zone}/{name}"' for name in EXOGENOUS)
        covariates = ", ".join(
            f'{{ column = "{name}", name = "{name}", unit = "MW", known_ahead = true, '
            f'available = "D-1T1000[{self.timezone}]" }}'
            for name in EXOGENOUS
        )
        lines = [
            'data_folder = "data"',
            "[[zones]]",
            f'code = "{self.series.zone}"',
            f'timezone = "{self.timezone}"',
            f'country = "{self.country}"',
            f'currency = "{self.currency}"',
            "[[sources]]",
            'kind = "file"',
            f'path = "{FILE}"',
            f'zone = "{self.series.zone}"',
            'quantity = "price"',
            'time_column = "time"',
            f'timezone = "{self.timezone}"',
            'value_column = "price"',
            f'unit = "{self.currency}/MWh"',
            f"covariates = [{covariates}]",
            "[[series]]",
            f'series = "{self.series}"',
            f'deadline = "D-1T1100[{self.timezone}]"',
            f"future_covariates = [{ahead}]",
            "[training]",
            f"holdout_start = {first}",
            *([f"epochs = {QUICK_EPOCHS}"] if quick else []),
        ]
        return "\n".join(lines) + "\n"


MARKETS = (
    Market("NP", "Etc/GMT-1", "NO", "EUR"),
    Market("PJM", "Etc/GMT+5", "US", "USD"),
    Market("DE", "Etc/GMT-1", "DE", "EUR"),
)
"""Nord Pool's system price, the zone of Commonwealth Edison in PJM, and Germany. Etc/GMT-1 is an hour ahead of UTC."""
