"""The tasks of the benchmark `nyiso`: the zones of New York a day ahead, and their total one to six days ahead.

They are written as a user writes them whose operator keeps every forecast that it has ever published: a file of
what was measured, one of all forecasts with the instant at which each was issued, and settings.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pandas as pd
from common import Bench
from datasets import dataset
from one_year_tasks import CONTEXT_DAYS, COUNTS, FILE, OFFICIAL, OUTTURN, QUICK_EPOCHS, Table, Task

from gridahead.core.grid import Series
from gridahead.core.time import TimeRange, delivery_range

FORECASTS = "forecasts.csv"
TIMEZONE, AT = "America/New_York", "T0900"
"""Of 2,533 files all but a few were out by 08:00; one that came later was not known at nine, and is not read."""
FIRST = dt.date(2018, 1, 1)
LEARNT_FROM, LEARNT_FROM_QUICK = dt.date(2014, 1, 1), dt.date(2017, 1, 1)
"""Four of the six years that there are, for what they cost: about as much as ten series of one year, for each zone."""
ACTUAL, VINTAGES = (f"nyiso/nyiso_load_{name}.parquet" for name in ("actual_2012_2018", "forecast_vintages_2012_2018"))


@dataclass(frozen=True)
class Ahead(Task):
    """A zone of New York, so many days ahead."""

    column: str = ""
    """Of the data set."""
    lead_days: int = 1

    def time_range(self, quick: bool) -> TimeRange:
        """What the lake may hold: the years to learn with the context of their first day, and the days to forecast."""
        learnt = LEARNT_FROM_QUICK if quick else LEARNT_FROM
        begin = learnt - dt.timedelta(days=CONTEXT_DAYS + self.lead_days)
        last = delivery_range(self.last(quick), self.timezone)
        return TimeRange(delivery_range(begin, self.timezone).start, last.end)

    def write(self, table: Table, bench: Bench, folder: Path) -> Path:
        """Put the two files and the settings into a folder; gives the settings."""
        super().write(table, bench, folder)
        span = self.time_range(bench.quick)
        told = pd.read_parquet(dataset(bench, VINTAGES), columns=["issue_time", "valid_time", self.column])
        told = told[(told["valid_time"] >= span.start) & (told["valid_time"] < span.end)]
        told.rename(columns={self.column: OFFICIAL}).to_csv(
            folder / FORECASTS, index=False, date_format="%Y-%m-%dT%H:%M:%SZ"
        )
        return folder / "settings.toml"

    def settings(self, quick: bool) -> str:
        """Settings as a user writes them after docs/your-data.md: models and their training are the defaults."""
        source = [
            "[[sources]]",
            'kind = "file"',
            f'zone = "{self.series.zone}"',
            'quantity = "load"',
            'timezone = "UTC"',
        ]
        lines = [
            'data_folder = "data"',
            *self._zone(),
            *source,
            f'path = "{FILE}"',
            'time_column = "time"',
            f'value_column = "{OUTTURN}"',
            *source,
            f'path = "{FORECASTS}"',
            'time_column = "valid_time"',
            'issue_column = "issue_time"',
            "publication_lag_minutes = 0",
            f'official_column = "{OFFICIAL}"',
            "[[series]]",
            f'series = "{self.series}"',
            f'deadline = "D-{self.lead_days}{AT}[{self.timezone}]"',
            "[training]",
            f"holdout_start = {self.first}",
            *([f"epochs = {QUICK_EPOCHS}"] if quick else []),
        ]
        return "\n".join(lines) + "\n"


def _measured(bench: Bench, column: str) -> Table:
    rows = pd.read_parquet(dataset(bench, ACTUAL), columns=["time", column])
    return rows.set_index("time").rename(columns={column: OUTTURN}).assign(**{COUNTS: True})


def _ahead(column: str, code: str, lead_days: int) -> Ahead:
    return Ahead(
        f"{column} D-{lead_days}",
        Series(code, "load"),
        TIMEZONE,
        "US",
        FIRST,
        AT,
        AT,
        partial(_measured, column=column),
        column=column,
        lead_days=lead_days,
    )


CODES = {
    "West": "WEST",
    "Genese": "GENESE",
    "Centrl": "CENTRL",
    "North": "NORTH",
    "Mhk Vl": "MHKVL",
    "Capitl": "CAPITL",
    "Hud Vl": "HUDVL",
    "Millwd": "MILLWD",
    "Dunwod": "DUNWOD",
    "N.Y.C.": "NYC",
    "Longil": "LONGIL",
}
"""The eleven zones, from A to K, and what they are called in settings."""
ZONES = tuple(_ahead(column, code, 1) for column, code in CODES.items())
TOTAL = tuple(_ahead("NYISO", "NYISO", days) for days in range(1, 7))
TASKS = (*ZONES, *TOTAL)
QUICK = (_ahead("N.Y.C.", "NYC", 1), TOTAL[2], TOTAL[5])
