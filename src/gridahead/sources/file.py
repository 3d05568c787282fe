"""Files with a column of times: a utility's meters, another country's load, weather; CSV, Parquet or Excel."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from gridahead.core.errors import SettingsError, SourceError, nearest
from gridahead.core.grid import PRICE, BiddingZone, Series, price_by
from gridahead.core.tables import OBSERVATIONS, Observations
from gridahead.core.time import Clock, Deadline, Mtu, now
from gridahead.core.units import MEGAWATTS, price_unit
from gridahead.settings.file_source import CovariateSettings, FileSource
from gridahead.sources.averaging import averaged
from gridahead.sources.base import RawPayload, availability_after, availability_by, rows_of
from gridahead.sources.columnar import is_parquet, read_columns
from gridahead.sources.counters import energy_between, refuse_counter
from gridahead.sources.excel import is_excel, read_sheet
from gridahead.sources.findings import Findings
from gridahead.sources.found import files_of, is_pattern
from gridahead.sources.interpolating import hours_between
from gridahead.sources.labels import issue_times, read_labels
from gridahead.sources.nameless import nameless_advice
from gridahead.sources.numerals import finite, numbers
from gridahead.sources.packed import MEGABYTE
from gridahead.sources.shapes import by_unit, chosen, day_headers, of_id
from gridahead.sources.stamps import Times, read_times
from gridahead.sources.text import Layout, read_cells
from gridahead.sources.tidy import tidy, twice
from gridahead.sources.typed import as_texts, is_number
from gridahead.sources.wanted import Wanted

POWER_IN_MW = {"W": 1e-6, **MEGAWATTS}
"""Megawatts in one unit of power; an energy unit is the same with an h, over the unit of a row."""
_OF_THE_DAY = "the columns of the day"

SharedTimes = dict[tuple[str, str], list[tuple[Times, pd.Timestamp | None]]]
"""By local time of the zone, and what is exchanged in its dates: the times of the rows of a table, of each issue."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Column:
    """A column of the file and the series it becomes."""

    header: str
    series: Series
    unit: str
    factor: float = 1.0
    is_energy: bool = False
    available: Deadline | None = None
    """Deadline before the delivery day; None for what is measured, which is there after the publication lag."""


class FileTable:
    """Reads the series of one file, or of several that are made alike."""

    def __init__(self, settings: FileSource, zone: BiddingZone, clock: Clock = now) -> None:
        self.settings, self.clock = settings, clock
        self.zone = zone
        self.name = settings.path.name
        self.columns = _columns(settings, zone)

    @property
    def official_available(self) -> dict[str, Deadline]:
        """From when the official forecast of the file may be used, by its series; of dated ones each says its own."""
        return {
            str(column.series): column.available
            for column in self.columns
            if column.header == self.settings.official_column and column.available is not None
        }

    @property
    def _layout(self) -> Layout:
        settings = self.settings
        return Layout(
            settings.separator,
            settings.encoding,
            settings.skip_rows,
            settings.skip_after_header,
            settings.skip_footer,
            settings.comment,
            max_bytes=int(settings.max_size_mb * MEGABYTE),
            has_header=settings.header,
            needed=tuple(self.needed_columns()),
            has_keys=True,
        )

    def fetch(self, wanted: Wanted | None = None) -> Iterator[RawPayload]:
        """The file, or every file of the pattern or folder, by name.

        Raises:
            SourceError: there is none, or one cannot be read; the others have come by then.
        """
        del wanted  # only reading a file tells what it has
        files, failed = files_of(self.settings.path), []
        if not files:
            what = "matches the pattern" if is_pattern(self.settings.path) else "to read is in the folder"
            raise SourceError(self.name, f"no file {what} {self.settings.path}. {self._other_path}")
        for file in files:
            try:
                yield self._payload(file)
            except SourceError as error:
                failed.append(error)
        if failed:
            raise failed[0]

    @property
    def _other_path(self) -> str:
        series = f"{self.zone}/{self.settings.quantity}" if self.settings.quantity else str(self.zone)
        return f"Change `path` of the file source of {series} in the settings"

    def _payload(self, path: Path) -> RawPayload:
        try:
            self._refuse_large(path)
            content = path.read_bytes()
        except FileNotFoundError as error:
            raise SourceError(self.name, f"there is no file {path}. {self._other_path}") from error
        except OSError as error:
            raise SourceError(self.name, f"cannot read {path}: {error.strerror}", retryable=True) from error
        return RawPayload(self.name, path.name, content, self.request(path.name), self.clock(), str(path.absolute()))

    def request(self, name: str) -> dict[str, object]:
        """The settings by which the file is read, whatever its name."""
        settings = self.settings.model_dump(mode="json", exclude={"path", "attribution", "max_size_mb"})
        return {**settings, "zone_timezone": self.zone.timezone}

    def _refuse_large(self, path: Path) -> None:
        """Go on only with a file that fits into memory as the settings allow."""
        megabytes, limit = path.stat().st_size / MEGABYTE, self.settings.max_size_mb
        if megabytes > limit:
            remedy = f"Set max_size_mb = {megabytes * 1.1:.0f} in the settings if there is memory for ten times as much"
            raise SourceError(self.name, f"{path} has {megabytes:.0f} MB, more than max_size_mb = {limit:g}. {remedy}")

    def parse(self, payload: RawPayload) -> Observations:
        """The series of the file: power and energy in MW, other covariates in their own unit.

        Raises:
            SourceError: the file is not what the settings say; findings by row, several at once.
        """
        findings = self.findings(payload)
        return Observations(OBSERVATIONS.check(self.parse_cells(self.cells(payload, findings), payload, findings)))

    def findings(self, payload: RawPayload) -> Findings:
        """Where what is wrong with a payload is gathered."""
        return Findings(self.name, payload.name if payload.name != self.name else "")

    def parse_cells(
        self, cells: pd.DataFrame, payload: RawPayload, findings: Findings, shared: SharedTimes | None = None
    ) -> pd.DataFrame:
        """The series of the file, from its cells; whoever puts rows together checks them.

        Args:
            cells: as they stand in the file; other columns among them do no harm.
            payload: that they were read from.
            findings: what is wrong is added here.
            shared: times of the same rows as other zones of the file have read them; those read here are added.

        Raises:
            SourceError: the cells are not what the settings say.
        """
        self._check_columns(list(cells.columns), findings)
        asked = chosen(cells, self.settings.where, findings)
        has_own_rows = self.settings.id_column is not None or bool(self.settings.day_columns)
        blocks = [
            self._observations(column, times, values, issued, payload)
            for columns, part in self._parts(asked, findings)
            for column, times, values, issued in self._read(
                columns, part, findings, {} if shared is None or has_own_rows else shared
            )
        ]
        rows = pd.concat(blocks, ignore_index=True)
        if rows["value"].isna().all():
            log.warning(
                "%s has no value in %s", payload.name, ", ".join(repr(column.header) for column in self.columns)
            )
        return rows

    def cells(self, payload: RawPayload, findings: Findings, needed: Sequence[str] | None = None) -> pd.DataFrame:
        """Every row as it stands in the file; the index is the row as a spreadsheet shows it.

        Args:
            payload: of the file.
            findings: what is wrong is added here.
            needed: columns by which the header is recognised; those that the settings name unless given.
        """
        layout = self._layout if needed is None else replace(self._layout, needed=tuple(needed))
        if is_parquet(payload.content, payload.name):
            return read_columns(payload.content, layout, findings)
        if is_excel(payload.content):
            return read_sheet(payload.content, self.settings.sheet, layout, findings)
        return read_cells(payload.content, layout, findings)

    def _parts(self, cells: pd.DataFrame, findings: Findings) -> Iterator[tuple[tuple[_Column, ...], pd.DataFrame]]:
        """Tables with a row a time, and the columns that are read from each."""
        settings = self.settings
        if settings.id_column is not None and settings.id_value_column is not None:
            for column in self.columns:
                yield (column,), of_id(cells, settings.id_column, settings.id_value_column, column.header, findings)
        elif settings.day_columns:
            headers = day_headers(list(cells.columns), settings.day_columns)
            yield self.columns, by_unit(cells, settings.time_column or "", headers, _OF_THE_DAY)
        else:
            for years in dict.fromkeys(settings.years_exchanged(column.header) for column in self.columns):
                yield (
                    tuple(column for column in self.columns if settings.years_exchanged(column.header) == years),
                    cells,
                )

    def needed_columns(self) -> Iterator[str]:
        """The columns that the settings name."""
        settings = self.settings
        if settings.time_columns is not None:
            yield from settings.time_columns.named
        else:
            yield settings.time_column or ""
        if settings.id_column is not None and settings.id_value_column is not None:
            yield from (settings.id_column, settings.id_value_column)
        elif settings.day_columns:
            yield from (name for name in settings.day_columns if "*" not in name)
        else:
            yield from (column.header for column in self.columns)
            if not isinstance(settings.day_month_exchanged, bool):
                yield from (name for name in settings.day_month_exchanged if isinstance(name, str))
        yield from settings.where
        if settings.issue_column is not None:
            yield settings.issue_column

    def _check_columns(self, headers: list[str], findings: Findings) -> None:
        """Find columns that the settings name and the file lacks.

        Raises:
            SourceError: there are some.
        """
        lower = {header.lower(): header for header in headers}
        for name in dict.fromkeys(self.needed_columns()):
            if name in headers:
                continue
            near = nearest(name, headers, likeness=0.4)
            hint = "" if near is None else f"; did you mean {near!r}?"
            findings.add(f"no column {name!r}{hint}", f"The file has: {', '.join(lower.values())}.")
        if findings.messages and (advice := nameless_advice(headers, self.settings)):
            findings.remedies.append(advice)
        if self.settings.day_columns and not day_headers(headers, self.settings.day_columns):
            finding = f"no column is like day_columns = {list(self.settings.day_columns)}"
            findings.add(finding, f"The file has: {', '.join(lower.values())}.")
        findings.stop()

    def _read(
        self, columns: tuple[_Column, ...], cells: pd.DataFrame, findings: Findings, shared: SharedTimes
    ) -> Iterator[tuple[_Column, Times, pd.Series, pd.Timestamp | None]]:
        """Every column with its times and values; of a file of forecasts, those of each issue time by themselves."""
        values = pd.DataFrame({column.header: self._values(cells[column.header], findings) for column in columns})
        exchanged = self.settings.years_exchanged(columns[0].header)
        key = (self.zone.timezone, str(exchanged))
        # Where every row has a value, nothing of the times depends on the columns.
        found = shared.get(key) if values.notna().any(axis=1).all() and not findings.messages else None
        for times, instant in found or self._times(values, exchanged, cells, findings, key, shared):
            for column in columns:
                own = values[column.header].loc[times.rows]
                yield column, times, self._metered(column, times, own, findings), instant

    def _times(
        self,
        values: pd.DataFrame,
        exchanged: bool | tuple[int, ...],
        cells: pd.DataFrame,
        findings: Findings,
        key: tuple[str, str],
        shared: SharedTimes,
    ) -> Iterator[tuple[Times, pd.Timestamp | None]]:
        """The times of the rows, those of each issue time by themselves; kept where other columns would have them."""
        present = values.notna().any(axis=1)
        settings = self.settings.model_copy(update={"day_month_exchanged": exchanged})
        labels = read_labels(cells, ~present, settings, findings)
        issued = issue_times(cells, self.settings, findings)
        findings.stop()
        issues: list[tuple[pd.Timestamp | None, pd.Index]] = [(None, cells.index)]
        if issued is not None:
            issues = [(pd.Timestamp(instant), issued.index[issued == instant]) for instant in issued.unique()]
        found = []
        for instant, rows in issues:
            of_issue = tidy(labels.of(rows), values.loc[rows], cells, settings)
            kept_rows = of_issue.stamps.index
            times = read_times(
                of_issue, self.settings, self.zone.timezone, findings, present.loc[kept_rows], cells.loc[kept_rows]
            )
            found.append((times, instant))
            yield times, instant
        if present.all() and not twice(labels, settings.timezone).any():
            shared[key] = found

    def _metered(self, column: _Column, times: Times, values: pd.Series, findings: Findings) -> pd.Series:
        """The energy between the readings of a meter, if it is one by the settings; other columns as they are.

        Raises:
            SourceError: the column seems to be the readings of a meter, and the settings say nothing of one.
        """
        if column.series.quantity != self.settings.quantity:
            return values
        if self.settings.meter_reading:
            return energy_between(values, times.instant, times.length, ending=times.ending)
        refuse_counter(values, times.instant, findings)
        findings.stop()
        return values

    def _values(self, column: pd.Series, findings: Findings) -> pd.Series:
        """The numbers of a column, NaN where there is none."""
        is_bool = pd.api.types.is_bool_dtype(column)
        if pd.api.types.is_numeric_dtype(column) and not is_bool and not pd.api.types.is_complex_dtype(column):
            values = pd.Series(column.to_numpy("float64", na_value=float("nan")), column.index, name=column.name)
            return finite(values, as_texts(column), findings)
        if column.dtype == object and column.map(is_number).any():
            typed = column.map(is_number)
            values = pd.Series(float("nan"), column.index, name=column.name)
            values[typed] = column[typed].astype("float64")
            values[~typed] = self._numbers(column[~typed], findings)
            return finite(values, as_texts(column), findings)
        return self._numbers(column, findings)

    def _numbers(self, column: pd.Series, findings: Findings) -> pd.Series:
        settings = self.settings
        return numbers(
            as_texts(column),
            findings,
            decimal=settings.decimal,
            thousands=settings.thousands,
            missing=settings.missing,
            named=True,
        )

    def _observations(
        self,
        column: _Column,
        times: Times,
        values: pd.Series,
        issued: pd.Timestamp | None,
        payload: RawPayload,
    ) -> pd.DataFrame:
        """One column; energy over the unit of a row becomes mean power."""
        valid_time, length = times.units(values.notna())
        per_hour = (pd.Timedelta(hours=1) / length).to_numpy() if column.is_energy else 1.0
        values = values * (column.factor * per_hour)
        if self.settings.row_minutes is not None:
            mtu = self.settings.mtu
            valid_time, values = averaged(valid_time, values, self.settings.row_step, mtu, times.grid)
            length = pd.TimedeltaIndex([mtu.delta] * len(valid_time))
        if self.settings.row_hours is not None:
            valid_time, values = hours_between(valid_time, values, self.settings.row_step)
            length = pd.TimedeltaIndex([self.settings.mtu.delta] * len(valid_time))
        return rows_of(
            column.series,
            valid_time,
            self._available(column, valid_time, length, issued),
            values,
            mtu=list(length.map({step: Mtu.from_delta(step) for step in length.unique()})),
            payload=payload,
            unit=column.unit,
            availability="assumed" if issued is None else "recorded",
        )

    def _available(
        self, column: _Column, valid_time: pd.DatetimeIndex, length: pd.TimedeltaIndex, issued: pd.Timestamp | None
    ) -> pd.DatetimeIndex:
        lag = pd.Timedelta(minutes=self.settings.publication_lag_minutes)
        if issued is not None:
            return pd.DatetimeIndex([issued + lag] * len(valid_time), tz="UTC").as_unit("us")
        if column.available is not None:
            return availability_by(valid_time, column.available, self.zone.timezone)
        return availability_after(valid_time, length, lag)


def _converted(unit: str, quantity: str = "") -> tuple[str, float, bool]:
    """The unit in which values are kept, the factor to it, and whether they are energy over the unit of a row."""
    if quantity == PRICE and (price := price_unit(unit)) is not None:
        return (*price, False)
    factor = POWER_IN_MW.get(unit.removesuffix("h"))
    return (unit, 1.0, False) if factor is None else ("MW", factor, unit.endswith("h"))


def _columns(settings: FileSource, zone: BiddingZone) -> tuple[_Column, ...]:
    """What the file holds besides its time.

    Raises:
        SettingsError: two columns would become the same series.
    """
    columns = []
    if settings.quantity is not None:
        series, unit = Series(zone.code, settings.quantity), _converted(settings.unit, settings.quantity)
        of_auction = price_by(zone) if settings.quantity == PRICE else None
        if settings.issue_column is None:
            columns.append(_Column(settings.value_column or _OF_THE_DAY, series, *unit, available=of_auction))
        if settings.official_column is not None:
            available, unit = settings.official_available, _converted(settings.official_unit or settings.unit)
            columns.append(_Column(settings.official_column, series.official, *unit, available=available))
    columns += [_covariate(covariate, zone) for covariate in settings.covariates]
    names = [str(column.series) for column in columns]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise SettingsError(f"{settings.path.name}: several columns would become {', '.join(twice)}; rename one")
    return tuple(columns)


def _covariate(covariate: CovariateSettings, zone: BiddingZone) -> _Column:
    usual = price_by(zone) if covariate.name == PRICE else Deadline.parse(f"D-1T0000[{zone.timezone}]")
    ahead = covariate.available or usual
    declaration = Series(zone.code, covariate.name), *_converted(covariate.unit, covariate.name)
    return _Column(covariate.column, *declaration, available=ahead if covariate.known_ahead else None)
