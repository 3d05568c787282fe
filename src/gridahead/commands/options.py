"""What the commands share: their options, and how a text becomes a series, an instant or a workspace."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import pandas as pd
import typer

from gridahead.errors import SettingsError
from gridahead.grid import Series
from gridahead.settings_file import SETTINGS_VARIABLE, load_settings
from gridahead.timeline import now

if TYPE_CHECKING:
    from gridahead.pipeline.workspace import Workspace

# Use cases are imported inside the commands: torch, MLflow and Great Expectations take seconds that --help need not.

SettingsOption = Annotated[
    Path | None,
    typer.Option("--settings", "-s", help=f"Settings file; else ${SETTINGS_VARIABLE}, else flows/settings.toml."),
]
SeriesOption = Annotated[
    list[str] | None,
    typer.Option("--series", help="ZONE/QUANTITY, may be repeated; else every series in the settings."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why; it is kept with the decision.")]
ByOption = Annotated[str | None, typer.Option("--by", help="Who decides; else the login name.")]


def open_workspace(settings: Path | None) -> Workspace:
    """The folders of a settings file.

    Raises:
        SettingsError: there is no such file, or it says something that cannot be meant.
    """
    from gridahead.pipeline.workspace import Workspace

    return Workspace(load_settings(settings))


def parse_series(text: str) -> Series:
    """The series written `ZONE/QUANTITY`.

    Raises:
        SettingsError: the text is not of that form.
    """
    try:
        return Series.parse(text)
    except ValueError as error:
        raise SettingsError(str(error)) from error


def chosen_series(workspace: Workspace, series: list[str] | None) -> list[Series]:
    """The series that are named; all of the settings if none is.

    Raises:
        SettingsError: there are none.
    """
    chosen = [parse_series(text) for text in series or []] or [entry.series for entry in workspace.settings.series]
    if not chosen:
        raise SettingsError("the settings name no series; add [[series]] or say --series ZONE/QUANTITY")
    return chosen


def parse_instant(text: str | None, option: str) -> pd.Timestamp | None:
    """An instant with offset as UTC; `now` is the present minute.

    Args:
        text: as the person wrote it, None if nothing.
        option: its name, for the message.

    Raises:
        SettingsError: the text is no instant, or has no offset.
    """
    if text is None:
        return None
    if text == "now":
        return now().floor("min")
    try:
        instant = pd.Timestamp(text)
    except ValueError as error:
        raise SettingsError(f"{option} {text!r} is no instant; write 2025-12-30T11:00+01:00") from error
    if instant.tzinfo is None:
        raise SettingsError(f"{option} {text} needs an offset, such as {text}+01:00 or {text}Z")
    return instant.tz_convert("UTC")
