"""The whole configuration, frozen; `settings_file` reads it from TOML, and paths are relative to that file."""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal, Self, get_args

import pandas as pd
import pydantic
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

from gridahead.core.countries import check_holidays
from gridahead.core.dates import parse_day
from gridahead.core.errors import SettingsError, did_you_mean
from gridahead.core.grid import (
    FORECAST,
    MEASURED,
    OFFICIAL_SUFFIX,
    PRICE,
    QUANTITIES,
    ZONES,
    BiddingZone,
    Series,
    checked_name,
    official_by,
    unit_of,
)
from gridahead.core.time import Deadline, Mtu, zone_info
from gridahead.core.units import PowerUnit, Unit, price_unit, unit_of_source
from gridahead.settings.quality_rules import RuleName, Severity
from gridahead.settings.source_catalogue import SOURCE_INFOS, ServiceKind, SourceInfo

RecurrentCell = Literal["rnn", "lstm", "gru"]
Cell = Literal[RecurrentCell, "transformer"]
DecoderName = Literal["direct", "recurrent", "attention", "recursive"]
Segment = Literal["unit", "hour", "day", "none"]
"""What one step of an encoder spans: a market time unit, an hour or a day."""
Normalise = Literal["series", "instance", "capacity"]
"""Whether the target is scaled by the moments of its whole series, by those of the last week of each window, or by the
moments of the series as a share of the installed capacity, which must then be an input: solar_capacity of solar."""
Anchor = Literal["official", "week", "profile", "recent", "level", "linear"]
"""The forecast that a network answers the difference to: the official one, the same hour last week, the mean of that
hour over 7 days, the mean of the last day, the mean of the training days, which is as good as none, or a linear
regression on the same inputs."""
POWER_UNITS = ("W", "kW", "MW", "GW", "Wh", "kWh", "MWh", "GWh")
"""Units of what is forecast: power, and energy over one row."""
_KINDS = {"%": "share", "m/s": "speed"}
"""What a value in a unit is; anything else is called an index."""
HEADS = 4
"""Heads of every attention; a width that it looks at is a multiple of it."""

DeadlineText = Annotated[
    Deadline,
    BeforeValidator(lambda value: value if isinstance(value, Deadline) else Deadline.parse(str(value))),
    PlainSerializer(str),
]
SeriesText = Annotated[
    Series,
    BeforeValidator(lambda value: value if isinstance(value, Series) else Series.parse(str(value))),
    PlainSerializer(str),
]


DayText = Annotated[
    dt.date, BeforeValidator(lambda value: parse_day(value) if isinstance(value, str) else value), PlainSerializer(str)
]
"""A date of TOML, or a text that is one."""
NameText = Annotated[str, AfterValidator(checked_name)]
"""Of a zone, a covariate, a model: it becomes part of names of folders and files."""


def _known_zone_or_offset(value: str) -> str:
    if value != "UTC" and not (len(value) == 6 and value[0] in "+-" and value[3] == ":"):
        zone_info(value)
    return value


TimezoneText = Annotated[str, BeforeValidator(_known_zone_or_offset)]
"""An IANA name such as Europe/Berlin, or a fixed offset such as +01:00."""


class Section(BaseModel):
    """A part of the settings: frozen, and strict about its keys."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", arbitrary_types_allowed=True, validate_default=True, use_attribute_docstrings=True
    )


class ZoneSettings(Section):
    """A bidding zone that gridahead does not know, or knows differently."""

    code: NameText
    """What the zone is called in series, such as NSW in NSW/load."""
    timezone: str
    """Local time, an IANA name such as Australia/Sydney: days, hours and holidays are counted in it."""
    country: str | None = None
    """Whose public holidays are kept, as ISO 3166 says it, such as AU; without it, none."""
    eic: str | None = None
    """Energy Identification Code of the area at ENTSO-E."""
    codes: dict[str, str] = {}
    """What services call it, by their kind, such as {energy_charts = "FR:fr"}; added to those of the catalogue."""
    currency: str | None = None
    """ISO 4217 code of its day-ahead prices."""
    holiday_weights: dict[str, float] = {}
    """Share of the population by subdivision, such as {NSW = 0.9, ACT = 0.1}, where holidays differ in the country."""

    @pydantic.model_validator(mode="after")
    def _place_is_known(self) -> ZoneSettings:
        zone_info(self.timezone)
        check_holidays(self.country, self.holiday_weights, self.timezone)
        return self

    def zone(self) -> BiddingZone:
        """The zone as a `BiddingZone`."""
        known = ZONES.get(self.code)
        return BiddingZone(
            self.code,
            self.timezone,
            self.country,
            self.eic or (known.eic if known else None),
            self.holiday_weights,
            name=known.name if known else "",
            codes={**(known.codes if known else {}), **self.codes},
            currency=self.currency or (known.currency if known else None),
            neighbours=known.neighbours if known else (),
        )


def _by_law(series: str) -> Deadline:
    """By when the official forecast of a series in the EU has to be there."""
    published = official_by(Series.parse(series))
    assert published is not None
    return published


class SourceSection(Section):
    """What the settings of every source have in common, beside its `kind` and whom its licence asks to name."""

    @property
    def zone_codes(self) -> tuple[str, ...]:
        """Codes of the zones that it has values of."""
        raise NotImplementedError

    def below(self, folder: Path) -> Self:
        """The same with every path absolute, read from the folder of the settings file."""
        return self


class SmardSource(SourceSection):
    """A folder with files as the SMARD portal exports them."""

    kind: Literal["smard"]
    """Files as the German market data portal SMARD exports them."""
    folder: Path
    """The folder with the exported files."""
    attribution: str = "Data: Bundesnetzagentur | SMARD.de, CC BY 4.0"
    """Whom the licence of the data asks to name; it stands on every page and with every file that shows them."""
    publication_lag_minutes: int = 60
    """After the end of its unit a value is taken to be known; actual values appear about an hour after it."""
    load_official_available: DeadlineText = _by_law("DE/load")
    """From when the official forecast of load may be used."""
    generation_official_available: DeadlineText = _by_law("DE/wind_solar")
    """From when the official forecasts of everything but load may be used."""

    @property
    def zone_codes(self) -> tuple[str, ...]:
        """Germany alone."""
        return ("DE",)

    def below(self, folder: Path) -> Self:
        """The same with an absolute folder."""
        return self.model_copy(update={"folder": (folder / self.folder).resolve()})


class EntsoeFilesSource(SourceSection):
    """A folder with files as the portal or the File Library of ENTSO-E let people download them."""

    kind: Literal["entsoe_files"]
    """CSV files of ENTSO-E's Transparency Platform, for years of history without a token."""
    folder: Path
    """The folder with the files under the names that they had, in folders of their own or not, packed or not."""
    zones: Annotated[tuple[NameText, ...], Field(min_length=1)]
    """Of which zones; the File Library has all in one file."""
    quantities: tuple[str, ...] = ()
    """Which quantities are read, such as ["load", "price"]; all that the files have unless given."""
    late_updates: Literal["recorded", "assumed"] = "recorded"
    """What a row of the File Library says that was updated after it should have been there: that its value was known
    from then, so that no back-test reads too early; or nothing, as after the platform's migration of 2025, which
    stamped old rows anew: it is then assumed to have been there in time, though it may be a corrected one."""
    publication_lag_minutes: int = Field(60, ge=0)
    """After the end of its unit a measured value is taken to be known."""
    max_size_mb: float = Field(1024, gt=0)
    """A file that is larger than this, packed or unpacked, is refused."""
    attribution: str = "Data: ENTSO-E Transparency Platform, CC BY 4.0"
    """Whom the licence of the data asks to name; it stands on the report."""

    @property
    def zone_codes(self) -> tuple[str, ...]:
        """The zones that are read."""
        return self.zones

    def below(self, folder: Path) -> Self:
        """The same with an absolute folder."""
        return self.model_copy(update={"folder": (folder / self.folder).resolve()})


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
    the same columns. A CSV may be packed with gzip."""
    zone: NameText
    """Whose values they are, such as DE: a zone that gridahead knows, or one of [[zones]]."""
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
    where: Annotated[dict[str, str], BeforeValidator(_as_text)] = {}
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
    official_column: str | None = None
    """The official forecast."""
    official_unit: str | None = None
    """Its unit where it is another one than `unit`: W, kW, MW, GW, or the same with an h for energy over one row."""
    official_available: DeadlineText | None = None
    """From when the official forecast may be used. In zones of the EU it is there by the time that the law sets for the
    quantity, unless given; elsewhere it has to be given."""
    issue_column: str | None = None
    """Of a file of forecasts alone: the column that says when each value was issued, from when it may be used, after
    `publication_lag_minutes`: 420 where it is when a run of a weather model began. A time may then stand in several
    rows, each issued at another time."""
    covariates: tuple[CovariateSettings, ...] = ()

    @property
    def zone_codes(self) -> tuple[str, ...]:
        """The one zone of the file."""
        return (self.zone,)

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
        if self.quantity is not None and (self.value_column is None) == (not self.day_columns):
            raise ValueError(f'say where {self.quantity} is: value_column = "Load", or `day_columns` if a row is a day')
        if self.day_columns and (self.time_column is None or self.covariates or self.official_column):
            raise ValueError("`day_columns` go with `time_column` alone; a file of days has one quantity")
        if (self.id_column is None) != (self.id_value_column is None):
            raise ValueError("`id_column` and `id_value_column` go together: which series a row is of, and its value")
        if self.issue_column is not None and (self.quantity is not None or not self._all_ahead):
            raise ValueError(
                "`issue_column` is for a file of forecasts alone: `covariates` with known_ahead = true, and no "
                "`quantity`. Read measured values with a source of their own, from the same file if need be"
            )
        return self

    @property
    def row_step(self) -> pd.Timedelta:
        """From one row to the next."""
        if self.row_hours is not None:
            return pd.Timedelta(hours=self.row_hours)
        return self.mtu.delta if self.row_minutes is None else pd.Timedelta(minutes=self.row_minutes)

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
    points: dict[str, Annotated[tuple[PointSettings, ...], Field(min_length=1)]] = {}
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


SourceSettings = Annotated[
    SmardSource | EntsoeFilesSource | FileSource | LiveSource | OpenMeteoSource, Field(discriminator="kind")
]


WeatherKind = Literal["degrees", "power_curve", "own_curve", "clear_sky"]


class SeriesSettings(Section):
    """A series that is forecast, and when."""

    series: SeriesText
    """Which: ZONE/QUANTITY, such as DE/load."""
    deadline: DeadlineText
    """When the forecast is due, in relation to the delivery day: D-1T1100[Europe/Berlin] is 11:00 on the day before."""
    unit: PowerUnit | None = None
    """In which power is shown in tables, in the CSV and on the page. Without it: that of the file which the series is
    read from, MW for all else; the lake, JSON and Parquet keep MW. A price is in its currency per MWh everywhere."""
    past_covariates: tuple[SeriesText, ...] = ()
    """Series whose past is read, up to the issue time."""
    future_covariates: tuple[SeriesText, ...] = ()
    """Series that are read ahead as well, in the vintage known at the issue time."""
    use_official: bool = True
    """Whether the official forecast is an input, where there is one."""
    models: tuple[str, ...] = ("lstm", "gru", "ensemble")
    """Which models and ensembles are trained, by name; the best of them serves. Empty where a shared network
    does it."""
    mtu: Mtu | None = None
    """Market time unit in which the series and its inputs are read and forecast: longer units are repeated, shorter
    ones averaged. Without it, that of the newest value of the series."""
    weather: tuple[WeatherKind, ...] = ()
    """Features that are made of the weather read ahead. `degrees`: heating and cooling degrees of series called
    temperature…, smoothed over days. `power_curve`: power of turbines at the wind of series called wind_speed…, nearest
    to 100 m. `own_curve`: what the series itself had in its context at such wind. `clear_sky`: irradiance of a clear
    sky at the place, and what shortwave_radiation or cloud_cover leave of it."""

    @pydantic.model_validator(mode="after")
    def _unit_of_power(self) -> SeriesSettings:
        if self.unit is not None and self.series.quantity == PRICE:
            raise ValueError(
                f"unit = {self.unit!r} is one of power; a price is in the currency of its zone, which `currency` under "
                "[[zones]] changes"
            )
        return self


class ModelSettings(Section):
    """One network: every piece of it can be switched off, so that what it brings can be measured."""

    cell: Cell
    """The kind of network."""
    segment: Segment = "day"
    """What one step of the encoder spans; with `none` there is no encoder, and the decoder alone reads what is known of
    the hours ahead. A direct one is then a plain feed-forward network, to see what recurrence is worth."""
    hidden: int = Field(128, ge=1)
    """Width of the encoder."""
    layers: int = Field(1, ge=1)
    """Of the encoder, one upon the other."""
    layer_norm: bool = False
    """Normalisation around the recurrent layers; a Transformer has its own."""
    decoder: DecoderName = "recurrent"
    """How the hours of the delivery day are answered: each by itself (direct), one after the other (recurrent), looking
    back at the whole context (attention), or fed with its own answers (recursive). On German load of 2024, learnt
    from the years before, LSTM and GRU on two anchors (two seeds each) were together 2.7 % better with a recurrent
    decoder than with a direct one (MAE 1183 instead of 1216 MW)."""
    decoder_hidden: int = Field(64, ge=1)
    """Width of the decoder."""
    bidirectional: bool = True
    """Whether a recurrent decoder reads the known future in both directions; others do not ask."""
    dropout: float = Field(0.3, ge=0, lt=1)
    """Share of the units that is left out at random while learning."""
    bptt_steps: int | None = Field(None, ge=1)
    """Segments that gradients go back through a recurrent encoder; all of them without it."""
    normalise: Normalise = "series"
    """What the target is scaled by: the moments of its whole series, those of the last week of each window (instance),
    or those of the series as a share of the installed capacity, which must then be an input."""
    anchor: Anchor | Literal["best", "each"] = "best"
    """`best`: the best simple one, the one that a regression does best on, and none are tried, and validation days
    choose; `each`: one model on each, averaged."""
    members: int = Field(1, ge=1)
    """Networks of the same kind from different seeds, averaged. Each is trained for every fold as well."""

    @pydantic.model_validator(mode="after")
    def _pieces_fit(self) -> ModelSettings:
        if self.decoder == "attention" and self.decoder_hidden % HEADS:
            raise ValueError(
                f"decoder_hidden = {self.decoder_hidden} must be a multiple of {HEADS}, the attention heads"
            )
        if self.segment == "none" and (self.cell == "transformer" or self.decoder == "attention"):
            raise ValueError('segment = "none" leaves out the encoder, on which a transformer and attention live')
        if self.cell == "transformer":
            if self.hidden % HEADS:
                raise ValueError(f"hidden = {self.hidden} must be a multiple of {HEADS}, the attention heads")
            if self.layer_norm:
                raise ValueError("layer_norm is for recurrent cells; a transformer has its own")
            if self.bptt_steps is not None:
                raise ValueError("bptt_steps is for recurrent cells; a transformer has no steps to go back through")
        return self


DEFAULT_MODELS = {
    **{cell: ModelSettings(cell=cell) for cell in get_args(RecurrentCell)},
    "gru": ModelSettings(cell="gru", decoder="direct"),
    "lstm_attention": ModelSettings(cell="lstm", decoder="attention"),
    "transformer": ModelSettings(cell="transformer", hidden=160, decoder="direct"),
}
"""Known without being declared. On hourly load with the official forecasts of load, wind and solar the Transformer of
width 160 is as large as the LSTM: 282 and 285 thousand weights. The GRU answers each hour by itself, as torch has no
fast recurrence of it on a CPU; so it errs otherwise than the LSTM, and their mean is better than both."""
DEFAULT_ENSEMBLES = {"ensemble": ("lstm", "gru")}
"""Likewise: by name, the models that are averaged."""


class SharedSettings(Section):
    """One network for several series, a candidate of each beside those of its own."""

    name: str
    """What the candidates are called that come of it."""
    model: str
    """Which network, by its name among the models."""
    series: Annotated[tuple[SeriesText, ...], Field(min_length=2)]
    """Which series share it, two or more."""


class TrainingSettings(Section):
    """How models are fitted, and on which days."""

    holdout_start: DayText | None = None
    """First delivery day that no model may learn from; without it, everything in the lake may be learnt."""
    validation_days: int = Field(270, ge=7)
    """Days before the holdout that stop the training early, judge, and calibrate; of a short history fewer."""
    context_days: int = Field(14, ge=8)
    """How many days back a model looks."""
    quantiles: tuple[float, ...] = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
    """Levels that are forecast: rising, symmetric around 0.5, which is among them."""
    epochs: int = Field(25, ge=1)
    """How often a training goes through its days at most."""
    patience: int = Field(5, ge=1)
    """Epochs without improvement on the validation days before a fit stops."""
    batch_size: int = Field(32, ge=1)
    """Windows a step."""
    learning_rate: float = Field(3e-3, gt=0)
    """The highest; it rises to it and falls to nearly nothing over the steps of a training."""
    weight_decay: float = Field(1e-2, ge=0)
    """How strongly weights are drawn to nothing."""
    clip_norm: float = Field(1.0, gt=0)
    """Longest gradient that a step follows; longer ones are shortened to it."""
    half_life_days: float | None = Field(None, gt=0)
    """So many days before the last one a day counts half, twice as many a quarter; without it, all count the same."""
    refit: bool = True
    """Whether the networks that serve, and those that judge them, learn the validation days as well."""
    warm_epochs: int = Field(8, ge=1)
    """Epochs of a training that begins with the weights of another model."""
    seed: int = 0
    """What chance begins with; the same seed gives the same weights."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """`auto` takes a GPU where there is one."""
    precision: Literal["float32", "bfloat16"] = "float32"
    """How exactly the network multiplies; bfloat16 is for GPUs."""
    checkpoint_steps: int | None = Field(None, ge=1)
    """Steps between checkpoints within an epoch; without it there is one at the end of every epoch."""
    workers: int = Field(2, ge=1)
    """Fits in parallel, each in a process with one torch thread."""

    @pydantic.field_validator("quantiles")
    @classmethod
    def _levels(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if list(value) != sorted(set(value)) or 0.5 not in value or not all(0 < q < 1 for q in value):
            raise ValueError("quantiles must rise from above 0 to below 1 and include 0.5")
        if any(abs(low + high - 1) > 1e-9 for low, high in zip(value, reversed(value), strict=True)):
            raise ValueError("quantiles must be symmetric: 0.1 needs 0.9")
        return value


class QualitySettings(Section):
    """What the quality gate tolerates, and what follows from each rule."""

    max_quarantined_share: float = Field(0.02, ge=0, le=1)
    """More than this share of a series in quarantine is an error."""
    stale_after_hours: float = Field(48.0, gt=0)
    """A series whose newest value is older than this is stale, for the gate, for `gridahead status` and on the pages:
    sources publish within hours, and two days without a value are an outage."""
    late_after_hours: float = Field(6.0, gt=0)
    """A forecast whose newest actual value is older than this at its issue time is degraded: such values come about an
    hour late, and six hours late the forecast begins to suffer."""
    severity: dict[RuleName, Severity] = {}
    """By rule, for all quantities; the rules have defaults."""
    quantities: dict[str, dict[RuleName, Severity]] = {}
    """By quantity and rule; this counts before `severity`."""


class PromotionSettings(Section):
    """What a challenger has to show before it serves in place of the champion."""

    margin: float = Field(0.01, ge=0, lt=1)
    """Share of the champion's mean loss that it saves at least."""
    alpha_ever: float = Field(0.0125, gt=0, lt=0.5)
    """How often luck alone may look like an improvement, ever, however often a trial is held. Half of what is meant:
    where good and bad spells outlast a week, as they do, equals are promoted about twice as often."""
    alpha: float = Field(0.025, gt=0, lt=0.5)
    """How often luck alone may look like a fault, one-sided; twice as often like an improvement in megawatts."""
    min_days: int = Field(28, ge=14)
    """Fewer days than this decide nothing."""
    coverage_band: tuple[float, float] = (0.75, 0.85)
    """Where the coverage of its 80 % interval belongs; outside by more than luck explains, it does not serve. The page,
    which has no test for luck, warns twice as far from 80 %."""
    tolerance: float = Field(0.1, ge=0)
    """Share by which it may be worse than the official or the naive forecast in a season or on holidays, if luck can
    explain it; worse by more than luck explains is never tolerated."""
    min_season_days: int = Field(20, ge=5)
    """Days of a season that say something about it."""
    min_holidays: int = Field(8, ge=5)
    """Holidays that say something about holidays."""
    refresh_days: int = Field(28, ge=14)
    """The newest days on which a champion that was merely trained again must not have gone wrong."""
    refresh_ratio: float = Field(1.05, ge=1)
    """Its loss there is at most so many times the champion's: 28 days cannot tell less."""

    @pydantic.field_validator("coverage_band")
    @classmethod
    def _around_eighty(cls, value: tuple[float, float]) -> tuple[float, float]:
        if not 0 < value[0] < 0.8 < value[1] < 1:
            raise ValueError("coverage_band must hold 0.8, such as [0.75, 0.85]")
        return value

    @property
    def coverage_alarm(self) -> tuple[float, float]:
        """Twice as far from 80 % as `coverage_band`: outside it a band is wrong, not just unlucky, without any test."""
        low, high = (round(2 * bound - 0.8, 9) for bound in self.coverage_band)
        return low, high


def _checked_cron(text: str) -> str:
    if len(text.split()) != 5:
        raise ValueError(f"{text!r} is no cron schedule of five fields, such as '30 7 * * *' for every day at 7:30")
    return text


def _zone_of_a_schedule(name: str) -> str:
    zone_info(name)
    return name


CronText = Annotated[str, AfterValidator(_checked_cron)]


class ScheduleSettings(Section):
    """When the scheduled work runs, as cron schedules; every series is forecast at its own deadline."""

    timezone: Annotated[str, AfterValidator(_zone_of_a_schedule)] | None = None
    """Of these schedules, such as Europe/Berlin; that of the first series' deadline unless given."""
    ingest: CronText = "5 * * * *"
    """Take in what the sources offer, and inspect it."""
    inspect: CronText = "15 3 * * *"
    """The quality gate over the whole lake, with limits learnt anew."""
    compact: CronText = "45 3 * * *"
    """Merge the batches of the day into one file a series and year."""
    score: CronText = "30 7 * * *"
    """Score what was published, look for drift, ask about challengers, write the page."""
    train: CronText = "0 2 * * 6"
    """Fit the candidates of every series; the better one serves from then on."""


class ArchiveSettings(Section):
    """The archive of raw payloads."""

    keep_days: Annotated[int, Field(ge=1)] | None = None
    """How long payloads are kept as they were received; without it for ever. The newest of every file stays."""


def _named_once(sources: Iterable[SourceSettings]) -> str:
    """The licence lines of sources, each once."""
    return "; ".join(dict.fromkeys(source.attribution for source in sources if source.attribution))


class Settings(Section):
    """The whole settings file."""

    data_folder: Path
    """Where everything is kept that gridahead writes, relative to the settings file."""
    lake: str | None = None
    """Where the lake is, if not in the data folder: a folder, or an address such as s3://bucket/prefix?region=eu-west-1."""
    zones: tuple[ZoneSettings, ...] = ()
    """Bidding zones that gridahead does not know, or knows differently."""
    sources: tuple[SourceSettings, ...] = ()
    """Where data come from."""
    series: tuple[SeriesSettings, ...] = ()
    """What is forecast."""
    models: dict[str, ModelSettings] = {}
    """Networks, by name; rnn, lstm, gru, lstm_attention and transformer are there without being declared, and what is
    declared under one of these names changes of it only what it says."""
    ensembles: dict[str, Annotated[tuple[str, ...], Field(min_length=1)]] = {}
    """Weighted means of models, by name; `ensemble`, of lstm and gru, is there without being declared."""
    shared: tuple[SharedSettings, ...] = ()
    """Networks that several series share."""
    training: TrainingSettings = TrainingSettings()
    """How models are fitted, and on which days."""
    quality: QualitySettings = QualitySettings()
    """What the quality gate tolerates."""
    promotion: PromotionSettings = PromotionSettings()
    """What a challenger has to show."""
    archive: ArchiveSettings = ArchiveSettings()
    """How long raw payloads are kept."""
    schedule: ScheduleSettings = ScheduleSettings()
    """When the scheduled work runs."""

    @pydantic.field_validator("models", mode="before")
    @classmethod
    def _like_the_default(cls, declared: object) -> object:
        """The declared models; one that has the name of a default takes what it does not set from that.

        A declaration with another cell is another network, which only has its name.
        """
        if not isinstance(declared, Mapping):
            return declared
        models = dict(declared)
        for name, declaration in declared.items():
            default = DEFAULT_MODELS.get(name)
            if (
                default is not None
                and isinstance(declaration, Mapping)
                and declaration.get("cell", default.cell) == default.cell
            ):
                models[name] = {**default.model_dump(exclude_unset=True), **declaration}
        return models

    @pydantic.field_validator("models")
    @classmethod
    def _defaults_too(cls, declared: dict[str, ModelSettings]) -> dict[str, ModelSettings]:
        return {**DEFAULT_MODELS, **declared}

    @pydantic.field_validator("ensembles")
    @classmethod
    def _default_ensembles_too(cls, declared: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        return {**DEFAULT_ENSEMBLES, **declared}

    @pydantic.model_validator(mode="after")
    def _names_meet(self) -> Settings:
        findings = [*self._of_series(), *self._of_ensembles(), *self._of_groups()]
        if findings:
            raise ValueError("\n".join(findings))
        return self

    def _of_series(self) -> Iterator[str]:
        """What is wrong with the names in the series: zones, models, the series themselves."""
        all_series = [entry.series for entry in self.series]
        for entry in dict(zip(all_series, self.series, strict=True)).values():
            if all_series.count(entry.series) > 1:
                times = all_series.count(entry.series)
                yield f"series {entry.series} stands there {times} times; keep one [[series]] of it"
            if entry.series.quantity not in FORECAST:
                hint = did_you_mean(entry.series.quantity, FORECAST)
                yield (
                    f"series {entry.series}: {entry.series.quantity!r} is no quantity that is forecast; {hint}known: "
                    f"{', '.join(FORECAST)}"
                )
            for needed in (entry.series, *entry.past_covariates, *entry.future_covariates):
                try:
                    self.zone(needed.zone)
                except SettingsError as error:
                    yield f"series {entry.series}: {error}"
            for name in entry.models:
                if name not in self.names:
                    hint = did_you_mean(name, self.names)
                    yield f"series {entry.series} asks for model {name!r}; {hint}known: {', '.join(self.names)}"

    def _of_ensembles(self) -> Iterator[str]:
        for name, parts in self.ensembles.items():
            if name in self.models:
                yield f"ensemble {name!r} has the name of a model; choose another"
            if unknown := sorted(set(parts) - set(self.models)):
                meant = did_you_mean(unknown[0], self.models)
                yield f"ensemble {name!r} is of {unknown}; {meant}known: {', '.join(self.models)}"

    def _of_groups(self) -> Iterator[str]:
        for group in self.shared:
            if group.model not in self.models:
                meant = did_you_mean(group.model, self.models)
                yield f"shared {group.name!r} asks for model {group.model!r}; {meant}known: {', '.join(self.models)}"
            if group.name in self.names:
                yield f"shared {group.name!r} has the name of a model; choose another"

    @property
    def names(self) -> tuple[str, ...]:
        """Of everything that can be fitted to a series: models and ensembles."""
        return (*self.models, *self.ensembles)

    def zone(self, code: str) -> BiddingZone:
        """The bidding zone of that code.

        Raises:
            SettingsError: the code is neither known nor declared.
        """
        for declared in self.zones:
            if declared.code == code:
                return declared.zone()
        if code in ZONES:
            return ZONES[code]
        raise SettingsError(
            f"zone {code!r} is not known. {did_you_mean(code, ZONES)}`gridahead init zone --list` shows those that "
            f"are. Declare another in the settings: [[zones]] code = {code!r}, timezone = ..., country = ... (for its "
            "public holidays)"
        )

    @pydantic.model_validator(mode="after")
    def _names_apart(self) -> Settings:
        """Names that some file system takes for one would end in one folder."""
        files = [source for source in self.sources if isinstance(source, FileSource)]
        zones = [
            *(zone.code for zone in self.zones),
            *(source.zone for source in files),
            *(entry.series.zone for entry in self.series),
        ]
        covariates = [covariate.name for source in files for covariate in source.covariates]
        for kind, names in (("zone", zones), ("covariate", covariates), ("model", [*self.models, *self.ensembles])):
            alike: dict[str, str] = {}
            for name in names:
                other = alike.setdefault(unicodedata.normalize("NFKC", name).casefold(), name)
                if other != name:
                    raise ValueError(f"{kind} {other!r} and {name!r} are one name on some systems; call one otherwise")
        for name in (*self.models, *self.ensembles, *(network.name for network in self.shared)):
            checked_name(name)
        return self

    def series_settings(self, series: Series) -> SeriesSettings:
        """The settings of a series; one that is not declared is forecast at D-1 11:00 local time with the defaults."""
        for entry in self.series:
            if entry.series == series:
                return entry
        timezone = self.zone(series.zone).timezone
        return SeriesSettings(series=series, deadline=Deadline.parse(f"D-1T1100[{timezone}]"))

    def unit_of(self, series: Series) -> Unit:
        """In which unit the values of a series are shown."""
        return self.unit_wanted(series) or "MW"

    def unit_wanted(self, series: Series) -> Unit | None:
        """The unit that the settings say for a series, or that its file has; None where neither says more than MW.

        Of a price it is the currency of its zone per MWh.
        """
        if series.quantity == PRICE:
            return unit_of(series, self.zone(series.zone))
        chosen = next((entry.unit for entry in self.series if entry.series == series and entry.unit), None)
        measured = series.quantity.removesuffix(OFFICIAL_SUFFIX)
        files = (source for source in self.sources if isinstance(source, FileSource))
        own = (source.unit for source in files if (source.zone, source.quantity) == (series.zone, measured))
        brought = unit_of_source(next(own, "MW"))
        return chosen or (brought if brought != "MW" else None)

    @property
    def attribution(self) -> str:
        """Everyone who must be named, once."""
        return _named_once(self.sources)

    def attribution_of(self, *series: Series) -> str:
        """Whom to name where these series are shown: the sources of their zones, each once."""
        zones = {one.zone for one in series}
        return _named_once(source for source in self.sources if zones & set(source.zone_codes))

    @property
    def archive_folder(self) -> Path:
        """The folder of the raw payloads as they were received."""
        return self.data_folder / "raw"

    @property
    def lake_folder(self) -> str:
        """Observations, forecasts, scores: a folder or an address."""
        return self.lake or str(self.data_folder / "lake")

    @property
    def published_folder(self) -> Path:
        """The folder of the published forecasts."""
        return self.data_folder / "published"

    @property
    def quality_folder(self) -> Path:
        """Pages of inspections, pictures of cases."""
        return self.data_folder / "quality"

    @property
    def checkpoint_folder(self) -> Path:
        """Trainings that are under way; empty when none is."""
        return self.data_folder / "checkpoints"

    @property
    def models_folder(self) -> Path:
        """What forecasts are made with: every version's bundle and record, and who serves."""
        return self.data_folder / "models"

    @property
    def mlflow_folder(self) -> Path:
        """MLflow's database and artifacts."""
        return self.data_folder / "mlflow"
