"""The German market data portal SMARD: a folder with files as its download page exports them.

The portal writes naive local time and energy per unit. Its end dates are wrong in the spring hour before the clock
change ("Mar 31, 2024 1:00 AM;Mar 30, 2024 2:00 AM"), so only start dates are read.

Source: https://www.smard.de/en/downloadcenter/download-market-data. Licence CC BY 4.0, "Bundesnetzagentur | SMARD.de".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pandas as pd

from gridahead.core.errors import SourceError, nearest
from gridahead.core.grid import Series
from gridahead.core.tables import OBSERVATIONS, Observations
from gridahead.core.time import Clock, Deadline, Mtu, now
from gridahead.settings.sources import SmardSource
from gridahead.sources.base import RawPayload, availability_after, availability_by, rows_of
from gridahead.sources.clock import check_rising, to_utc
from gridahead.sources.findings import Findings
from gridahead.sources.numerals import numbers
from gridahead.sources.text import Layout, read_cells
from gridahead.sources.wanted import Wanted

ZONE = "DE"
TIMEZONE = "Europe/Berlin"
TIME_FORMAT = "%b %d, %Y %I:%M %p"
START, END = "start date", "end date"

QUANTITY_OF = {
    "grid load": "load",
    "residual load": "residual_load",
    "wind offshore": "wind_offshore",
    "wind onshore": "wind_onshore",
    "photovoltaics": "solar",
}
"""The portal's column names that become series, in lower case: their case differs between files."""

ONLY_ACTUAL = {
    "grid load incl. hydro pumped storage",
    "hydro pumped storage",
    "biomass",
    "hydropower",
    "other renewable",
    "nuclear",
    "lignite",
    "hard coal",
    "fossil gas",
    "other conventional",
}
"""Columns that are left out, and that no forecast has: they show what a file is, whatever its name."""

LEFT_OUT = ONLY_ACTUAL | {"photovoltaics and wind", "other", "total"}
"""Every column of the four modules that is left out on purpose. Wind and solar together come from load and residual
load, which the portal offers for actual values and forecasts alike."""

_HEADER = re.compile(r"(?P<name>.+?) \[MWh\](?: (?:Calculated|Original) resolutions)?", re.IGNORECASE)
_ACTUAL = ("actual_consumption", "actual_generation")
_FORECAST = ("forecasted_consumption", "forecasted_generation_day-ahead")
_EXPORT_AGAIN = "Export the file from the portal again, and do not edit it."


class Smard:
    """Reads load, residual load, wind and solar of Germany, and their official forecasts."""

    name = "smard"

    def __init__(self, settings: SmardSource, clock: Clock = now) -> None:
        self.settings, self.clock = settings, clock

    @property
    def official_available(self) -> dict[str, Deadline]:
        """From when the portal's official forecasts may be used, by their series."""
        return {
            str(Series(ZONE, quantity).official): self._official(quantity)
            for quantity in (*QUANTITY_OF.values(), "wind_solar")
        }

    def _official(self, quantity: str) -> Deadline:
        of_load = quantity == "load"
        return self.settings.load_official_available if of_load else self.settings.generation_official_available

    def fetch(self, wanted: Wanted | None = None) -> Iterator[RawPayload]:
        """Every exported file of the folder, by name.

        Raises:
            SourceError: the folder or its files are missing or cannot be read.
        """
        del wanted  # only reading a file tells what it has
        folder = self.settings.folder
        files = sorted([*folder.glob("*.csv"), *folder.glob("*.csv.gz")])
        if not files:
            remedy = "Put the portal's exports there, or change `folder` of the smard source in the settings"
            raise SourceError(self.name, f"no *.csv or *.csv.gz in {folder}. {remedy}")
        for file in files:
            yield self._payload(file)

    def _payload(self, file: Path) -> RawPayload:
        try:
            content = file.read_bytes()
        except OSError as error:
            raise SourceError(self.name, f"cannot read {file}: {error.strerror}", retryable=True) from error
        return RawPayload(self.name, file.name, content, self.request(file.name), self.clock(), str(file.absolute()))

    def request(self, name: str) -> dict[str, object]:
        """The settings, and whether the file name is of a forecast: the rest of it decides nothing."""
        settings = self.settings.model_dump(mode="json", exclude={"folder", "attribution"})
        return {**settings, "forecast": _forecast_by_name(name)}

    def parse(self, payload: RawPayload) -> Observations:
        """The series of one exported file, in MW.

        Raises:
            SourceError: the file is not what the portal exports; all findings at once, by row.
        """
        findings = Findings(self.name, payload.name)
        cells = read_cells(payload.content, Layout(";"), findings)
        columns = _columns(list(cells.columns), findings)
        forecast = _is_forecast(payload.name, {portal_name(header) for header in cells.columns}, findings)
        texts = cells.iloc[:, 0]
        wall = pd.to_datetime(texts.str.strip(), format=TIME_FORMAT, errors="coerce")
        findings.add_rows(texts[wall.isna()], "is no date like 'Jan 1, 2020 12:00 AM'", _EXPORT_AGAIN)
        energy = {quantity: numbers(cells[header], findings, thousands=",") for quantity, header in columns.items()}
        findings.stop()
        valid_time, mtu = _times(wall, texts, findings)
        return self._observations(_with_wind_solar(energy), forecast, valid_time, mtu, payload)

    def _observations(
        self,
        energy: Mapping[str, pd.Series],
        forecast: bool,
        valid_time: pd.DatetimeIndex,
        mtu: Mtu,
        payload: RawPayload,
    ) -> Observations:
        """One block of rows a quantity; energy [MWh] over a unit becomes mean power [MW]."""
        blocks = []
        for quantity, energy_mwh in energy.items():
            series = Series(ZONE, quantity)
            blocks.append(
                rows_of(
                    series.official if forecast else series,
                    valid_time,
                    self._available(quantity, forecast, valid_time, mtu),
                    energy_mwh * mtu.per_hour,
                    mtu=mtu,
                    payload=payload,
                )
            )
        return Observations(OBSERVATIONS.check(pd.concat(blocks, ignore_index=True)))

    def _available(self, quantity: str, forecast: bool, valid_time: pd.DatetimeIndex, mtu: Mtu) -> pd.DatetimeIndex:
        if not forecast:
            return availability_after(
                valid_time, mtu.delta, pd.Timedelta(minutes=self.settings.publication_lag_minutes)
            )
        return availability_by(valid_time, self._official(quantity), TIMEZONE)


def portal_name(header: str) -> str:
    """The portal's name of a column in lower case, without unit and resolution."""
    match = _HEADER.fullmatch(header)
    return (match["name"] if match else header).lower()


def _columns(headers: list[str], findings: Findings) -> dict[str, str]:
    """The header of every quantity in the file.

    Raises:
        SourceError: the file is no English export, has a column that no module of ours has, or none that is read.
    """
    if headers[0].lower() == "datum von":
        raise findings.refuse("this is the portal's German export", "Switch the portal to English and export again.")
    for header, expected in zip(headers, (START, END), strict=False):
        if header.lower() != expected:
            findings.add(f"row 1: {header!r} stands where {expected.capitalize()!r} should", _EXPORT_AGAIN)
    findings.stop()
    module_names = {*QUANTITY_OF, *LEFT_OUT}
    for header in headers[2:]:
        if not _HEADER.fullmatch(header) or portal_name(header) not in module_names:
            near = nearest(portal_name(header), module_names, likeness=0.6)
            hint = "" if near is None else f", is it {near!r}?"
            findings.add(
                f"row 1: unknown column {header!r}{hint}",
                "Columns read 'NAME [MWh] … resolutions', with a name of the modules for consumption and generation "
                "(actual, or forecast day-ahead).",
            )
    columns = {QUANTITY_OF[name]: header for header in headers[2:] if (name := portal_name(header)) in QUANTITY_OF}
    if not columns and not findings.messages:
        findings.add("row 1: no column that is read", f"Export at least one of: {', '.join(QUANTITY_OF)}.")
    findings.stop()
    return columns


def _forecast_by_name(file: str) -> bool | None:
    """Whether the portal's file name is that of a forecast; None if it shows nothing."""
    name = file.lower()
    if name.startswith(_FORECAST):
        return True
    return False if name.startswith(_ACTUAL) else None


def _is_forecast(file: str, names: set[str], findings: Findings) -> bool:
    """Whether the file holds day-ahead forecasts, from its columns or else its name.

    Raises:
        SourceError: neither tells, or they contradict each other.
    """
    by_name, actual = _forecast_by_name(file), bool(names & ONLY_ACTUAL)
    if by_name and actual:
        which = sorted(names & ONLY_ACTUAL)[0]
        remedy = "Give the file the name it had on the portal."
        raise findings.refuse(f"its name says forecast, but only actual values have a column {which!r}", remedy)
    if by_name is None and not actual:
        prefixes = ", ".join(f"{name.capitalize()}_" for name in (*_ACTUAL, *_FORECAST))
        remedy = f"Keep the portal's file names, which begin with one of {prefixes} (intraday forecasts are not read)."
        raise findings.refuse("neither its name nor its columns tell actual values from forecasts", remedy)
    return bool(by_name)


def _times(wall: pd.Series, texts: pd.Series, findings: Findings) -> tuple[pd.DatetimeIndex, Mtu]:
    """The start of every unit in UTC, and the unit, which is the spacing of the rows.

    Raises:
        SourceError: an hour cannot be told, is there already or out of order, or rows are missing.
    """
    valid_time = to_utc(wall, texts, TIMEZONE, findings, _EXPORT_AGAIN)
    check_rising(valid_time, texts, findings, _EXPORT_AGAIN)
    findings.stop()
    steps = pd.Series(valid_time, index=texts.index).diff()
    try:
        mtu = Mtu.from_delta(steps.min())
    except ValueError as error:
        raise findings.refuse(
            "the spacing of its rows is neither hours nor quarter-hours", "Export two hours or more, as one of these."
        ) from error
    # The portal writes '-' for what is missing and leaves out no row; a wider step would make its energy a wrong power.
    gaps = texts[steps > mtu.delta]
    findings.add_rows(gaps, f"comes more than {mtu} after the row above it", _EXPORT_AGAIN)
    findings.stop()
    return valid_time, mtu


def _with_wind_solar(energy: Mapping[str, pd.Series]) -> dict[str, pd.Series]:
    """Wind and solar together are what load minus residual load leaves, to the portal's two decimals."""
    if not {"load", "residual_load"} <= set(energy):
        return dict(energy)
    return {**energy, "wind_solar": (energy["load"] - energy["residual_load"]).round(2)}
