"""Files of one's own: which column is what, in which unit, by which clock."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

import pandas as pd
import pydantic
from pydantic import AfterValidator, BeforeValidator, Field

from gridahead.core.errors import did_you_mean
from gridahead.core.grid import FORECAST, MEASURED, PRICE, QUANTITIES, Series, official_by
from gridahead.core.time import LOCAL, Deadline, Mtu
from gridahead.core.units import price_unit
from gridahead.settings.section import DeadlineText, NameText, Section, TimezoneText
from gridahead.settings.sources import SourceSection

ZONE_MARK = "{zone}"
"""In a path or the name of a column: what the files call each zone."""
POWER_UNITS = ("W", "kW", "MW", "GW", "Wh", "kWh", "MWh", "GWh")
"""Units of what is forecast: power, and energy over one row."""

_KINDS = {"%": "share", "m/s": "speed"}
"""What a value in a unit is; anything else is called an index."""


def _other_name(quantity: str, unit: str) -> str:
    """A name for what is like a quantity and in no unit of power: the speed of wind, the share of a capacity."""
    return f"{quantity}_{_KINDS.get(unit, 'index')}"


def _check_price_unit(unit: str) -> None:
    if price_unit(unit) is None:
        raise ValueError(f"unit = {unit!r} is none of a price; say its currency per energy, such as EUR/MWh or GBP/kWh")


class CovariateSettings(Section):
    """A further column of a file, which models may read as an input."""

    column: str
    """Its heading in the file."""
    name: NameText
    """What it is called in series: with the zone of the file, such as DE/temperature."""
    unit: str
    """In which it is measured, such as °C; it is stored as it is."""
    known_ahead: bool
    """True for a forecast or a plan that is there before the delivery day, such as a weather forecast."""
    available: DeadlineText | None = None
    """From when a covariate that is known ahead may be used; without it, from the start of the day before, and a price
    from when the auction of the zone is published."""

    @pydantic.model_validator(mode="after")
    def _own_name(self) -> CovariateSettings:
        if self.name == PRICE:
            _check_price_unit(self.unit)
        elif self.name in QUANTITIES and self.unit not in POWER_UNITS:
            title = QUANTITIES[self.name].title.lower()
            raise ValueError(
                f"the name {self.name!r} belongs to {title} in MW, and column {self.column!r} is in {self.unit}; "
                f"choose another, such as {_other_name(self.name, self.unit)}"
            )
        return self


class TimeColumns(Section):
    """The columns of a file that tells its time in several: the date, and the period or the time of day."""

    date: str | None = None
    """The column of the date."""
    year: str | None = None
    """In place of `date`, with `month` and `day`: columns of numbers."""
    month: str | None = None
    """From 1 to 12."""
    day: str | None = None
    """The day of the month, 1 to 31."""
    period: str | None = None
    """Counts the units of a delivery day from 1: settlement periods 1 to 48 and hours 1 to 24, up to 50 and 25 on the
    day on which clocks go back and to 46 and 23 on the day on which they go forward."""
    first_period: int = Field(1, ge=0, le=1)
    """0 where periods are counted from 0: half-hours 0 to 47."""
    time: str | None = None
    """The time of day on the clock: 13:00, 13, 1300 or 24:00. Hours 1 to 24 that leave out the one which clocks skip
    are such times as well, with stamp = "ending". Where a cell tells beginning and end, 00-01 or 00:00-01:00, say with
    `interval_separator` what stands between them."""
    minute: str | None = None
    """Minutes, where `time` is the hour alone."""

    @property
    def named(self) -> tuple[str, ...]:
        """The columns that are set, in the order of the keys."""
        columns = (self.date, self.year, self.month, self.day, self.period, self.time, self.minute)
        return tuple(column for column in columns if column is not None)

    @pydantic.model_validator(mode="after")
    def _one_date(self) -> TimeColumns:
        parts = (self.year, self.month, self.day)
        if (self.date is None) == (None in parts) or (self.date is not None and parts != (None, None, None)):
            raise ValueError(
                'say where the date is: date = "Date", or year = "Year", month = "Month", day = "Day" if it stands in '
                "three columns"
            )
        if self.minute is not None and self.time is None:
            raise ValueError('`minute` goes with `time`, the column of the hour: time = "Hour", minute = "Minute"')
        return self

    @pydantic.model_validator(mode="after")
    def _one_of_two(self) -> TimeColumns:
        if (self.period is None) == (self.time is None):
            raise ValueError(
                'say the column of the period or that of the time: time_columns = {date = "Date", period = "Period"} '
                'or {date = "Date", time = "Time"}'
            )
        return self


def _one_character(value: str) -> str:
    if len(value) != 1 or value in '\r\n"':
        raise ValueError(f'{value!r} must be one character, such as ";", "," or "\\t" for a tab')
    return value


def _text_encoding(value: str) -> str:
    try:
        "1".encode(value)
    except (LookupError, UnicodeError, ValueError) as error:
        raise ValueError(f'{value!r} is no known encoding; common ones are "utf-8", "cp1252" and "utf-16"') from error
    return value


def _as_text(value: object) -> object:
    return {key: str(entry) for key, entry in value.items()} if isinstance(value, dict) else value


class FileSource(SourceSection):
    """CSV, Parquet or Excel files with a column of times: a utility's meters, another country's load, weather."""

    kind: Literal["file"]
    """Files of your own: CSV, Parquet or Excel."""
    path: Path
    """A file, a pattern such as load_*.csv, or a folder, of which every CSV, Parquet and Excel file is read. All have
    the same columns. A CSV may be packed with gzip. `{zone}` stands for each of many zones: meters/{zone}.csv."""
    zone: NameText | None = None
    """Whose values they are, such as DE: a zone that gridahead knows, or one of [[zones]]. A source of many zones
    leaves it out: with `{zone}` in `path` they have a file each, with `{zone}` in `value_column` and other columns a
    column each, and with `zone_column` a long table has rows of all."""
    zones: tuple[NameText, ...] = ()
    """Of a source of many zones: which, as codes or patterns such as ["NY*"]; those of `zone_table` and of [[zones]]
    unless given. Files and settings may call them otherwise: see `name_in_files` there."""
    zone_column: str | None = None
    """Of a long table with rows of many zones: the column that says whose a row is."""
    quantity: str | None = None
    """What `value_column` measures. Without it the file has covariates alone."""
    value_column: str | None = None
    """The column of the values."""
    time_column: str | None = None
    """The column of times; "index" is a Parquet index without a name."""
    time_columns: TimeColumns | None = None
    """In place of `time_column` where the date and the period or time of day stand in two columns."""
    day_columns: tuple[str, ...] = ()
    """In place of `value_column` where a row is a day (its date in `time_column`) and each column one unit of it: their
    names in order of the day, or one pattern such as ["H*"] for all that begin with H, in the order of the file. Of a
    name such as 3B or 2B the letter means the second pass of an hour that is there twice."""
    timezone: TimezoneText
    """Of the time stamps, where they have no offset of their own: an IANA name such as Europe/Berlin, or a fixed offset
    such as +01:00."""
    stamp: Literal["beginning", "ending"] = "beginning"
    """Whether a time stamp is the beginning or the ending of its unit."""
    units_from: Literal["local", "utc"] = "local"
    """Whether units begin at full hours (or their half or quarter) of local time or of UTC; it differs only where local
    time is half an hour or 45 minutes off."""
    repeated_hour: Literal["first", "second"] | None = None
    """Of a file in local time that has the hour which is there twice in autumn only once: which of the two it is, the
    first (daylight saving time) or the second. The other one is missing."""
    skipped_hour: Literal["refuse", "drop"] = "refuse"
    """What becomes of a value at the local hour that clocks skip in spring, as in files whose days always have 24
    hours. A row without a value there is always left out."""
    unit: str = "MW"
    """W, kW, MW, GW, or the same with an h for energy over one row, which is converted to MW; of a covariate any
    text."""
    meter_reading: bool = False
    """True where `value_column` is the reading of a meter that only ever rises, in a unit of energy: the energy of a
    unit is the difference from the reading at its beginning to that at its end."""
    mtu: Mtu = Mtu.PT60M
    """Market time unit of the rows: how long the stretch of time is that a value stands for. Where the series goes over
    to another one in a file, each row is as long as the steps around it say."""
    mtu_changes: bool = False
    """True where several files of the source have different units: a file then has the one that its rows show."""
    row_minutes: int | None = Field(None, ge=1, le=60)
    """Minutes from row to row in a file that is finer than `mtu`, such as 5: the values are averaged to `mtu`."""
    row_hours: int | None = Field(None, ge=2, le=12)
    """Hours from row to row in a file of covariates that is coarser than an hour, such as 3 of a weather model: the
    hours between two rows are on a straight line from one to the other."""
    time_format: str | None = None
    """A strptime format where the file's is not ISO 8601; "epoch" and "epoch_ms" for seconds and milliseconds since
    1970 in UTC, "excel" for days since 1899-12-30. A date alone is its midnight, and 24:00 the next one."""
    date_order: Literal["dmy", "mdy", "ymd"] | None = None
    """In place of `time_format` for dates of numbers: in which order day, month and year stand."""
    day_month_exchanged: bool | tuple[int | str, ...] = False
    """True for a file in which every date with a day of 12 or less has day and month exchanged: they are exchanged
    back, and the rows sorted. Years or columns where only they are so: [2021, 2022], ["Load"]."""
    interval_separator: str = ""
    """What stands between beginning and end where a cell tells both: " - " in 01.01.2024 00:00 - 01.01.2024 01:00."""
    row_order: Literal["rising", "falling", "any"] = "rising"
    """Whether the oldest row comes first or last, or the rows stand in no order."""
    separator: Annotated[str, AfterValidator(_one_character)] = ","
    """Between the columns of a CSV, one character."""
    decimal: Literal[".", ","] = "."
    """The decimal mark of its numbers."""
    thousands: Literal["", ".", ",", " ", "'"] = ""
    """The mark between groups of three digits; a blank stands for every kind of blank."""
    encoding: Annotated[str, AfterValidator(_text_encoding)] | None = None
    """Of a CSV that is not UTF-8, such as "cp1252". UTF-16 with a byte order mark is known without it."""
    header: bool = True
    """False where a CSV or Excel file has no row of names: its columns are then column_1, column_2 and so on."""
    skip_rows: int = Field(0, ge=0)
    """Rows above the header, or above the data where there is none."""
    skip_after_header: int = Field(0, ge=0)
    """Rows between the header and the data, such as one of units."""
    skip_footer: int = Field(0, ge=0)
    """Rows at the end that are no data, such as a total."""
    comment: str = ""
    """Lines that begin with it are left out."""
    missing: tuple[str, ...] = ()
    """Cells that say that there is no value, besides the usual ones (empty, -, NA, n/a, n/e, ND, NaN, null, #N/A)."""
    sheet: str | int | None = None
    """Of an Excel file: the name of the sheet, or its number from 1; without it, the only one."""
    where: Annotated[dict[str, str], BeforeValidator(_as_text)] = Field({})
    """Of a long table only the rows that have these values: {region = "North"}."""
    id_column: str | None = None
    """Of a long table with several quantities: the column that says what a row is of. Its names are then columns, for
    `value_column` and the others to name."""
    id_value_column: str | None = None
    """The column of the values in such a table."""
    max_size_mb: float = Field(256, gt=0)
    """A file that is larger than this, or unpacks to more, is refused. Reading takes about ten times as much memory."""
    publication_lag_minutes: int = 60
    """After the end of its unit a value is taken to be known."""
    attribution: str = ""
    """Whom the licence of the data asks to name; it stands on every page and with every file that shows them."""
    issue_column: str | None = None
    """Of a file of forecasts alone: the column that says when each value was issued, from when it may be used, after
    `publication_lag_minutes`: 0 where it is when the file came out, 420 where it is when a run of a weather model
    began. A time may then stand in several rows, each issued at another time. The forecasts are `covariates`, or the
    official one: `quantity` and `official_column`, without `value_column`."""
    official_column: str | None = None
    """The official forecast."""
    official_unit: str | None = None
    """Its unit where it is another one than `unit`: W, kW, MW, GW, or the same with an h for energy over one row."""
    official_available: DeadlineText | None = None
    """From when the official forecast may be used. In zones of the EU it is there by the time that the law sets for the
    quantity, unless given; elsewhere it has to be given. Where `issue_column` says it of every value, leave it out."""
    covariates: tuple[CovariateSettings, ...] = ()

    @property
    def zone_codes(self) -> tuple[str, ...]:
        """The one zone of the file, or the many."""
        return self.zones if self.zone is None else (self.zone,)

    @property
    def has_file_a_zone(self) -> bool:
        """Whether each of many zones has files of its own."""
        return ZONE_MARK in str(self.path)

    def of_zone(self, code: str, name: str, timezone: str) -> FileSource:
        """The same for one of many zones, which files call by a name."""

        def placed(text: str | None) -> str | None:
            return None if text is None else text.replace(ZONE_MARK, name)

        return self.model_copy(
            update={
                "zone": code,
                "zones": (),
                "zone_column": None,
                "path": Path(str(placed(str(self.path)))),
                "value_column": placed(self.value_column),
                "official_column": placed(self.official_column),
                "official_available": self.official_available and self.official_available.by_clock_of(timezone),
                "covariates": tuple(
                    covariate.model_copy(
                        update={
                            "column": placed(covariate.column),
                            "available": covariate.available and covariate.available.by_clock_of(timezone),
                        }
                    )
                    for covariate in self.covariates
                ),
            }
        )

    def years_exchanged(self, column: str) -> bool | tuple[int, ...]:
        """Whether dates of a column have day and month exchanged, in all years or in these."""
        if isinstance(self.day_month_exchanged, bool):
            return self.day_month_exchanged
        years = tuple(year for year in self.day_month_exchanged if isinstance(year, int))
        columns = [name for name in self.day_month_exchanged if isinstance(name, str)]
        return (not columns or column in columns) and (years or True)

    def below(self, folder: Path) -> Self:
        """The same with an absolute path."""
        return self.model_copy(update={"path": (folder / self.path).resolve()})

    @pydantic.field_validator("official_available")
    @classmethod
    def _availability_known(cls, value: Deadline | None, info: pydantic.ValidationInfo) -> Deadline | None:
        column, zone, quantity = (info.data.get(name) for name in ("official_column", "zone", "quantity"))
        if (issued := info.data.get("issue_column")) is not None:
            if value is not None:
                raise ValueError(f"column {issued!r} says when each value was issued; leave out `official_available`")
            return None
        if value is None and column is not None and zone is None and quantity is not None:
            raise ValueError(
                f"from when may the official forecasts in column {column!r} be used? A source of many zones says it "
                f'for all: official_available = "D-1T1000[{LOCAL}]" for 10:00 on the day before by the clock of each'
            )
        if value is not None or column is None or zone is None or quantity is None:
            return value
        published = official_by(Series(zone, quantity))
        if published is None:
            raise ValueError(
                f"from when may the official forecast of {zone}/{quantity} in column {column!r} be used? The law says "
                f"it for zones of the EU and of Norway, and {zone} is none. Look up when it is published, "
                'and say so: official_available = "D-1T1000[…]" for 10:00 on the day before, with the time zone'
            )
        return published

    @pydantic.model_validator(mode="after")
    def _one_zone_or_many(self) -> FileSource:
        columns = (self.value_column, self.official_column, *(covariate.column for covariate in self.covariates))
        marked = self.has_file_a_zone or any(ZONE_MARK in name for name in columns if name is not None)
        is_of_many = marked or self.zone_column is not None
        if self.zone is not None and is_of_many:
            raise ValueError(
                f"zone = {self.zone!r} is one zone, and {ZONE_MARK} or `zone_column` is of many; leave out one of them"
            )
        if self.zone is None and not is_of_many:
            raise ValueError(
                'zone is missing; whose values are they? Say zone = "DE". Of many zones say where they stand: '
                f'`zone_column` in a long table, value_column = "{ZONE_MARK}" in a wide one, path = "{ZONE_MARK}.csv" '
                "for a file each"
            )
        if marked and self.zone_column is not None:
            raise ValueError(f"{ZONE_MARK} and `zone_column` both say where the zones stand; leave out one of them")
        if self.zone is None and not self.zones:
            raise ValueError(
                'of which zones? None is declared that fits: name them in a file with zone_table = "zones.csv" '
                "(columns code and timezone, perhaps country, group, latitude, longitude) or in [[zones]]"
            )
        if self.zone is not None and self.zones:
            raise ValueError("`zones` are of a source of many; this one has a `zone`")
        return self

    @pydantic.model_validator(mode="after")
    def _known_quantity(self) -> FileSource:
        known, power = ", ".join(FORECAST), ", ".join(POWER_UNITS)
        if self.quantity is None:
            if self.value_column is not None or self.official_column is not None or self.day_columns:
                raise ValueError(f"what is in the value column? Say it with `quantity`: {known}")
            if not self.covariates:
                raise ValueError("name a column: `quantity` and `value_column`, or `covariates`")
        elif self.quantity == PRICE:
            _check_price_unit(self.unit)
            if self.official_column is not None:
                raise ValueError("there is no official forecast of a price; leave out `official_column`")
        elif self.quantity not in MEASURED and self.unit in POWER_UNITS:
            raise ValueError(
                f"{self.quantity!r} is no quantity that is forecast; {did_you_mean(self.quantity, FORECAST)}"
                f"known: {known}. A covariate in a file of its "
                "own stands in `covariates`, without `quantity` and `value_column`: covariates = [{column = "
                f'"{self.value_column}", name = "{self.quantity}", unit = "…", known_ahead = false}}]'
            )
        elif self.meter_reading and not self.unit.endswith("h"):
            raise ValueError(f'a meter counts energy: with meter_reading = true set unit = "kWh", not {self.unit!r}')
        elif self.quantity in MEASURED and self.unit not in POWER_UNITS:
            hint = did_you_mean(self.unit, POWER_UNITS)
            raise ValueError(
                f"unit = {self.unit!r} is none of {self.quantity}; {hint}known: {power}. What is measured in another "
                f'unit has another name, such as quantity = "{_other_name(self.quantity, self.unit)}"'
            )
        return self

    @pydantic.model_validator(mode="after")
    def _official_in_power(self) -> FileSource:
        unit = self.official_unit
        if unit is None:
            return self
        if self.official_column is None:
            raise ValueError(f"official_unit = {unit!r} is of the column that `official_column` names; name it")
        if unit not in POWER_UNITS or self.unit not in POWER_UNITS:
            hint = did_you_mean(unit, POWER_UNITS)
            known = ", ".join(POWER_UNITS)
            raise ValueError(f"official_unit = {unit!r} goes with power and energy alone; {hint}known: {known}")
        return self

    @pydantic.model_validator(mode="after")
    def _columns_complete(self) -> FileSource:
        if (self.time_column is None) == (self.time_columns is None):
            raise ValueError(
                'say where the times are: time_column = "Time", or time_columns = {date = "Date", period = "Period"} '
                "for two columns"
            )
        if self.issue_column is not None and (self._has_measured or not self._all_ahead):
            raise ValueError(
                "`issue_column` is for a file of forecasts alone: the official forecast (`quantity` and "
                "`official_column`, without `value_column`), or `covariates` with known_ahead = true. Read measured "
                "values with a source of their own, from the same file if need be"
            )
        if self._has_measured and (self.value_column is None) == (not self.day_columns):
            raise ValueError(f'say where {self.quantity} is: value_column = "Load", or `day_columns` if a row is a day')
        if self.day_columns and (self.time_column is None or self.covariates or self.official_column):
            raise ValueError("`day_columns` go with `time_column` alone; a file of days has one quantity")
        if (self.id_column is None) != (self.id_value_column is None):
            raise ValueError("`id_column` and `id_value_column` go together: which series a row is of, and its value")
        return self

    @property
    def row_step(self) -> pd.Timedelta:
        """From one row to the next."""
        if self.row_hours is not None:
            return pd.Timedelta(hours=self.row_hours)
        return self.mtu.delta if self.row_minutes is None else pd.Timedelta(minutes=self.row_minutes)

    @property
    def _has_measured(self) -> bool:
        """Whether the file has what is measured, and not only forecasts."""
        if self.issue_column is None or self.official_column is None:
            return self.quantity is not None
        return self.value_column is not None or bool(self.day_columns)

    @property
    def _all_ahead(self) -> bool:
        return all(covariate.known_ahead for covariate in self.covariates)

    @pydantic.model_validator(mode="after")
    def _numbers_consistent(self) -> FileSource:
        if self.thousands == self.decimal:
            other_mark = "." if self.decimal == "," else ","
            raise ValueError(
                f"thousands = {self.thousands!r} and decimal = {self.decimal!r} are the same mark; is the decimal mark "
                f'decimal = "{other_mark}"?'
            )
        if self.interval_separator and self.stamp == "ending":
            raise ValueError('a cell with beginning and end needs no stamp = "ending"; leave out `stamp`')
        if self.time_format is not None and self.date_order is not None:
            raise ValueError("`time_format` says the order of day and month already; leave out `date_order`")
        if self.row_hours is not None and (self.quantity is not None or self.row_minutes or self.mtu is not Mtu.PT60M):
            raise ValueError(
                "`row_hours` is for covariates, such as the weather, whose hours are on a straight line between rows: "
                'leave out `quantity` and `row_minutes`, and keep mtu = "PT60M"'
            )
        minutes = self.mtu.delta.total_seconds() / 60
        if self.row_minutes is not None and minutes % self.row_minutes:
            raise ValueError(f"row_minutes = {self.row_minutes} does not divide mtu = {self.mtu}; choose a coarser mtu")
        return self
