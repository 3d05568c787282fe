"""One CSV or Parquet file with a time column: a utility's meters, another country's load."""

from __future__ import annotations

import difflib
import io
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from gridahead.config import FileSource
from gridahead.errors import SettingsError, SourceError
from gridahead.grid import BiddingZone, Series
from gridahead.sources.base import RawPayload, availability_after, availability_by, observations
from gridahead.sources.findings import Findings
from gridahead.sources.stamps import read_times
from gridahead.sources.text import FIRST_ROW, numbers, read_cells
from gridahead.tables import Observations
from gridahead.timeline import Deadline, Mtu, now

POWER_IN_MW = {"MW": 1.0, "kW": 1e-3, "GW": 1e3}
"""Megawatts in one unit of power; an energy unit is the same with an h, over one market time unit."""


@dataclass(frozen=True, slots=True)
class _Column:
    """A column of the file and the series it becomes."""

    header: str
    series: Series
    unit: str
    factor: float = 1.0
    available: Deadline | None = None
    """Deadline before the delivery day; None for what is measured, which is there after the publication lag."""


class FileTable:
    """Reads the series of one file."""

    def __init__(self, settings: FileSource, zone: BiddingZone) -> None:
        self.settings = settings
        self.zone = zone
        self.name = settings.path.name
        self.columns = _columns(settings, zone)

    @property
    def official_available(self) -> dict[str, Deadline]:
        """From when the official forecast of the file may be used, by its series."""
        return {
            str(column.series): column.available
            for column in self.columns
            if column.header == self.settings.reference_column and column.available is not None
        }

    def fetch(self) -> Iterator[RawPayload]:
        """The file.

        Raises:
            SourceError: it is missing or cannot be read.
        """
        path = self.settings.path
        try:
            content = path.read_bytes()
        except FileNotFoundError as error:
            remedy = f"Change `path` of the file source of {self.zone}/{self.settings.quantity} in the settings"
            raise SourceError(self.name, f"there is no file {path}. {remedy}") from error
        except OSError as error:
            raise SourceError(self.name, f"cannot read {path}: {error.strerror}", retryable=True) from error
        request = {
            **self.settings.model_dump(mode="json", exclude={"path", "attribution"}),
            "zone_timezone": self.zone.timezone,
        }
        yield RawPayload(self.name, path.name, content, request, now())

    def parse(self, payload: RawPayload) -> Observations:
        """The series of the file: power and energy in MW, other covariates in their own unit.

        Raises:
            SourceError: the file is not what the settings say; findings by row, several at once.
        """
        findings = Findings(self.name)
        cells = self._cells(payload, findings)
        self._check_columns(list(cells.columns), findings)
        values = {column.header: self._values(cells[column.header], findings) for column in self.columns}
        valid_time = read_times(cells[self.settings.time_column], self.settings, self.zone.timezone, findings)
        blocks = [
            observations(
                column.series,
                valid_time,
                self._available(column, valid_time),
                values[column.header] * column.factor,
                mtu=self.settings.mtu,
                payload=payload,
                unit=column.unit,
            )
            for column in self.columns
        ]
        return Observations(pd.concat(blocks, ignore_index=True))

    def _cells(self, payload: RawPayload, findings: Findings) -> pd.DataFrame:
        """The table as it stands in the file; the index is the row as a spreadsheet shows it."""
        is_parquet = payload.content.startswith(b"PAR1") or payload.name.lower().endswith((".parquet", ".pq"))
        if not (is_parquet and payload.content):
            return read_cells(payload.content, self.settings.separator, findings)
        try:
            frame = pd.read_parquet(io.BytesIO(payload.content))
        except (pa.ArrowException, OSError, ValueError) as error:
            raise findings.refuse(f"the Parquet file is cut or damaged ({error})", "Fetch it again.") from error
        if frame.empty:
            raise findings.refuse("the file has no rows", "Fetch it again.")
        if self.settings.time_column in frame.index.names:
            frame = frame.reset_index(self.settings.time_column)
        return frame.set_axis(range(FIRST_ROW, FIRST_ROW + len(frame)))

    def _check_columns(self, headers: list[str], findings: Findings) -> None:
        """Find columns that the settings name and the file lacks.

        Raises:
            SourceError: there are some.
        """
        lower = {header.lower(): header for header in map(str, headers)}
        for name in (self.settings.time_column, *(column.header for column in self.columns)):
            if name in headers:
                continue
            near = difflib.get_close_matches(name.lower(), lower, n=1, cutoff=0.4)
            hint = f"; did you mean {lower[near[0]]!r}?" if near else ""
            findings.add(f"no column {name!r}{hint}", f"The file has: {', '.join(lower.values())}.")
        findings.stop()

    def _values(self, column: pd.Series, findings: Findings) -> pd.Series:
        """The numbers of a column, NaN where there is none."""
        if not pd.api.types.is_numeric_dtype(column):
            texts = column.astype("str").fillna("")
            return numbers(texts, findings, decimal=self.settings.decimal)
        values = column.astype("float64")
        remedy = "Leave it empty where there is no value."
        findings.add_rows(values[np.isinf(values)], f"in column {column.name!r} is no number", remedy)
        return values

    def _available(self, column: _Column, valid_time: pd.DatetimeIndex) -> pd.DatetimeIndex:
        if column.available is not None:
            return availability_by(valid_time, column.available, self.zone.timezone)
        lag = pd.Timedelta(minutes=self.settings.publication_lag_minutes)
        return availability_after(valid_time, self.settings.mtu, lag)


def _converted(unit: str, mtu: Mtu) -> tuple[str, float]:
    """The unit in which values are kept, and the factor to it: power, and energy over a unit of time, in MW."""
    factor = POWER_IN_MW.get(unit.removesuffix("h"))
    if factor is None:
        return unit, 1.0
    return "MW", factor * mtu.per_hour if unit.endswith("h") else factor


def _columns(settings: FileSource, zone: BiddingZone) -> tuple[_Column, ...]:
    """What the file holds besides its time.

    Raises:
        SettingsError: two columns would become the same series.
    """
    series = Series(zone.code, settings.quantity)
    _, factor = _converted(settings.unit, settings.mtu)
    columns = [_Column(settings.value_column, series, "MW", factor)]
    if settings.reference_column is not None:
        columns.append(_Column(settings.reference_column, series.reference, "MW", factor, settings.reference_available))
    for covariate in settings.covariates:
        ahead = covariate.available or Deadline.parse(f"D-1T0000[{zone.timezone}]")
        known, (unit, times) = Series(zone.code, covariate.name), _converted(covariate.unit, settings.mtu)
        columns.append(_Column(covariate.column, known, unit, times, ahead if covariate.known_ahead else None))
    names = [str(column.series) for column in columns]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise SettingsError(f"{settings.path.name}: several columns would become {', '.join(twice)}; rename one")
    return tuple(columns)
