"""What the commands share: their options, and how a text becomes a series, a day, an instant or a workspace."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from gridahead.cli import complete
from gridahead.core.errors import SettingsError, did_you_mean
from gridahead.settings.place import SETTINGS_VARIABLE

if TYPE_CHECKING:
    import pandas as pd

    from gridahead.core.grid import Series
    from gridahead.core.time import TimeRange
    from gridahead.core.units import Unit
    from gridahead.settings.model import Settings
    from gridahead.workspace import Workspace

T = TypeVar("T")

# Use cases are imported inside the commands, after every text has become what it means: torch, MLflow and Great
# Expectations take seconds that --help need not, nor a name that is misspelt.

SettingsOption = Annotated[
    Path | None,
    typer.Option(
        "--settings", "-s", help=f"Settings file; else ${SETTINGS_VARIABLE}, settings.toml or flows/settings.toml."
    ),
]
SeriesOption = Annotated[
    list[str] | None,
    typer.Option(
        "--series",
        help="ZONE/QUANTITY, may be repeated; else every series in the settings.",
        autocompletion=complete.series,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
WideOption = Annotated[bool, typer.Option("--wide", help="Everything in wide tables; else what fits 80 columns.")]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why; it is kept with the decision.")]
ByOption = Annotated[str | None, typer.Option("--by", help="Who decides; else the login name.")]


def open_workspace(settings: Path | None) -> Workspace:
    """The folders of a settings file; lines are logged from now on as it says.

    Raises:
        SettingsError: there is no such file, or it says something that cannot be meant.
    """
    from gridahead.workspace import Workspace

    workspace = Workspace.open(settings)
    workspace.settings.logging.set_up()
    return workspace


def known_series(workspace: Workspace, text: str) -> Series:
    """The series written `ZONE/QUANTITY`, if the settings, their sources or the lake know it.

    Raises:
        SettingsError: the text is not of that form, or there is no such series.
    """
    from gridahead.core.grid import Series

    declared = declared_series(workspace.settings)
    try:
        series = Series.parse(text)
    except ValueError as error:
        raise SettingsError(f"{error}; {did_you_mean(text, map(str, declared))}known: {_listed(declared)}") from error
    if series in declared:
        return series
    stored = workspace.lake.observations.read(columns=["zone", "quantity"]).drop_duplicates()
    all_series = declared | {Series(*row) for row in stored[["zone", "quantity"]].itertuples(index=False)}
    if series in all_series:
        return series
    raise SettingsError(
        f"no series {series}; {did_you_mean(str(series), map(str, all_series))}known: {_listed(all_series)}"
    )


def declared_series(settings: Settings) -> set[Series]:
    """Every series that the settings name, or that their sources bring."""
    from gridahead.core.grid import OFFICIAL_SUFFIX, Series
    from gridahead.settings.file_source import FileSource
    from gridahead.sources.catalogue import open_sources

    declared = {
        series
        for entry in settings.series
        for series in (entry.series, *entry.past_covariates, *entry.future_covariates)
    }
    for source in settings.sources:
        if isinstance(source, FileSource):
            columns = [*filter(None, [source.quantity]), *(covariate.name for covariate in source.covariates)]
            declared |= {Series(zone, name) for zone in source.zone_codes for name in columns}
            if source.quantity is not None and source.official_column is not None:
                declared |= {Series(zone, source.quantity).official for zone in source.zone_codes}
    official = {Series.parse(name) for source in open_sources(settings) for name in source.official_available}
    return (
        declared
        | official
        | {Series(series.zone, series.quantity.removesuffix(OFFICIAL_SUFFIX)) for series in official}
    )


def _listed(series: Iterable[Series]) -> str:
    return ", ".join(sorted(map(str, series))) or "none; add [[sources]] and [[series]] to the settings"


def chosen_series(workspace: Workspace, series: list[str] | None) -> list[Series]:
    """The series that are named; all of the settings if none is.

    Raises:
        SettingsError: there are none, or one that is named is not known.
    """
    named = [known_series(workspace, text) for text in series or []]
    chosen = list(dict.fromkeys(named or [entry.series for entry in workspace.settings.series]))
    if not chosen:
        raise SettingsError("the settings name no series; add [[series]] or say --series ZONE/QUANTITY")
    return chosen


def unit_of(workspace: Workspace) -> Callable[[str], Unit]:
    """In which unit the power of a series is shown, by its name."""
    from gridahead.core.grid import Series

    return lambda series: workspace.settings.unit_of(Series.parse(series))


def clock_of(workspace: Workspace, series: Sequence[Series]) -> str | None:
    """The local time of all these series, None where they are of several, or none is named."""
    clocks = {workspace.settings.zone(entry.zone).timezone for entry in series}
    return clocks.pop() if len(clocks) == 1 else None


def parse_day(text: str, option: str, timezone: str | None = None) -> dt.date:
    """The day that a person means.

    Args:
        text: as it was typed.
        option: its name, for the message.
        timezone: where it is today; that of UTC without it.

    Raises:
        SettingsError: it is no day, or may be two.
    """
    from gridahead.core import dates
    from gridahead.core.time import now, zone_info

    today = now().tz_convert(zone_info(timezone) if timezone else dt.UTC).date()
    return _read(option, lambda: dates.parse_day(text, today))


def parse_instant(text: str | None, option: str, timezone: str | None = None) -> pd.Timestamp | None:
    """An instant as UTC, None if nothing was typed; `now` is the present minute, a day alone its midnight.

    Args:
        text: as the person wrote it, None if nothing.
        option: its name, for the message.
        timezone: of a text without an offset; without it an offset has to be said.

    Raises:
        SettingsError: the text is no instant, may be two, or has no offset where one is needed.
    """
    from gridahead.core import dates

    return None if text is None else _read(option, lambda: dates.parse_instant(text, timezone))


def parse_range(start: str | None, end: str | None, clock: str | None) -> TimeRange | None:
    """The valid times from --start to --end; None if neither was typed.

    Args:
        start: inclusive.
        end: exclusive.
        clock: time zone of a text without an offset; without it an offset has to be said.

    Raises:
        SettingsError: one is typed without the other, is no instant, or the end is not after the start.
    """
    from gridahead.core.time import TimeRange

    first, last = parse_instant(start, "--start", clock), parse_instant(end, "--end", clock)
    if first is None and last is None:
        return None
    if first is None or last is None:
        raise SettingsError("--start and --end belong together")
    try:
        return TimeRange(first, last)
    except ValueError as error:
        raise SettingsError(f"--start {start} --end {end}: {error}") from error


def _read(option: str, read: Callable[[], T]) -> T:
    try:
        return read()
    except ValueError as error:
        raise SettingsError(f"{option}: {error}") from error
