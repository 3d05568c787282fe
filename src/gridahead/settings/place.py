"""The path of the settings file: as it is given, or where it is looked for."""

from __future__ import annotations

import os
from pathlib import Path

from gridahead.core.errors import SettingsError

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
    named = path or os.environ.get(SETTINGS_VARIABLE)
    if named:
        if not Path(named).is_file():
            raise SettingsError(f"no settings file at {named}")
        return Path(named).resolve()
    if Path(OWN_SETTINGS).is_file():
        return Path(OWN_SETTINGS).resolve()
    for folder in (Path.cwd(), *Path.cwd().parents):
        if (folder / SETTINGS_FILE).is_file():
            return (folder / SETTINGS_FILE).resolve()
    raise SettingsError(
        f"no {OWN_SETTINGS} here, and no {SETTINGS_FILE} here or in a folder above; name one with --settings or "
        f"${SETTINGS_VARIABLE}, let `gridahead init file YOUR.csv` write one, or try `gridahead sample`"
    )


def has_settings(path: str | Path | None = None) -> bool:
    """Whether a path is given or in the environment, or a settings file is found."""
    if path or os.environ.get(SETTINGS_VARIABLE):
        return True
    try:
        find_settings()
    except SettingsError:
        return False
    return True
