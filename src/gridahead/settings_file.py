"""Finding and reading the settings file, with every path absolute."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import pydantic

from gridahead.config import Settings, SmardSource
from gridahead.errors import SettingsError
from gridahead.settings_findings import findings

SETTINGS_FILE = "flows/settings.toml"
OWN_SETTINGS = "settings.toml"
"""What `gridahead init` writes where it is called."""
SETTINGS_VARIABLE = "GRIDAHEAD_SETTINGS"


def find_settings(path: str | Path | None = None) -> Path:
    """The settings file: the path given, else $GRIDAHEAD_SETTINGS, settings.toml here, or flows/settings.toml.

    The last is looked for here and in every folder above.

    Raises:
        SettingsError: there is none.
    """
    given = path or os.environ.get(SETTINGS_VARIABLE)
    if given:
        if not Path(given).is_file():
            raise SettingsError(f"no settings file at {given}")
        return Path(given).resolve()
    if Path(OWN_SETTINGS).is_file():
        return Path(OWN_SETTINGS).resolve()
    for folder in (Path.cwd(), *Path.cwd().parents):
        if (folder / SETTINGS_FILE).is_file():
            return (folder / SETTINGS_FILE).resolve()
    raise SettingsError(
        f"no {OWN_SETTINGS} here, and no {SETTINGS_FILE} here or in a folder above; name one with --settings or "
        f"${SETTINGS_VARIABLE}, or let `gridahead init file YOUR.csv` write one"
    )


def load_settings(path: str | Path | None = None) -> Settings:
    """Read and check a settings file.

    Raises:
        SettingsError: the file is missing, is no TOML, or says something that cannot be meant; all findings at once.
    """
    file = find_settings(path)
    try:
        raw = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file}: {error}") from error
    try:
        settings = Settings.model_validate(raw)
    except pydantic.ValidationError as error:
        told = "\n".join(f"  {line}" for line in findings(error, raw))
        raise SettingsError(f"{file}:\n{told}") from error
    except SettingsError as error:
        raise SettingsError(f"{file}:\n  {error}") from error
    return _resolved(settings, file.parent)


def _resolved(settings: Settings, folder: Path) -> Settings:
    """The same settings with every path absolute."""
    sources = tuple(
        source.model_copy(
            update={"folder": (folder / source.folder).resolve()}
            if isinstance(source, SmardSource)
            else {"path": (folder / source.path).resolve()}
        )
        for source in settings.sources
    )
    lake = settings.lake
    if lake is not None and "://" not in lake:
        lake = str((folder / lake).resolve())
    data_folder = (folder / settings.data_folder).resolve()
    return settings.model_copy(update={"data_folder": data_folder, "lake": lake, "sources": sources})
