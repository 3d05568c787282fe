"""Finding, reading and checking the settings file: an unknown key is an error that names the nearest right one."""

from __future__ import annotations

import difflib
import os
import tomllib
from pathlib import Path
from typing import Any

import pydantic
from pydantic import BaseModel

from gridahead.config import (
    CovariateSettings,
    FileSource,
    ModelSettings,
    QualitySettings,
    SeriesSettings,
    Settings,
    SharedSettings,
    SmardSource,
    TrainingSettings,
    ZoneSettings,
)
from gridahead.errors import SettingsError

SETTINGS_FILE = "flows/settings.toml"
SETTINGS_VARIABLE = "GRIDAHEAD_SETTINGS"


def find_settings(path: str | Path | None = None) -> Path:
    """The settings file: the path given, else $GRIDAHEAD_SETTINGS, else flows/settings.toml here or in a folder above.

    Raises:
        SettingsError: there is none.
    """
    given = path or os.environ.get(SETTINGS_VARIABLE)
    if given:
        if not Path(given).is_file():
            raise SettingsError(f"no settings file at {given}")
        return Path(given).resolve()
    for folder in (Path.cwd(), *Path.cwd().parents):
        if (folder / SETTINGS_FILE).is_file():
            return (folder / SETTINGS_FILE).resolve()
    raise SettingsError(
        f"no {SETTINGS_FILE} here or in a folder above; name one with --settings or ${SETTINGS_VARIABLE}"
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
        raise SettingsError(f"{file}:\n" + "\n".join(_explain(error))) from error
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


def _explain(error: pydantic.ValidationError) -> list[str]:
    """One line a finding: where, what, and for an unknown key the nearest right one."""
    lines = []
    for finding in error.errors():
        where = ".".join(str(part) for part in finding["loc"])
        if finding["type"] == "extra_forbidden":
            name = str(finding["loc"][-1])
            near = difflib.get_close_matches(name, _keys_at(finding["loc"][:-1]), n=1, cutoff=0.0)
            lines.append(f"  {where}: unknown key" + (f"; did you mean {near[0]!r}?" if near else ""))
        else:
            lines.append(f"  {where or 'settings'}: {finding['msg'].removeprefix('Value error, ')}")
    return lines


def _keys_at(location: tuple[Any, ...]) -> list[str]:
    """The keys that the section at this place of the settings knows."""
    section: type[BaseModel] = Settings
    sections: dict[str, type[BaseModel]] = {
        "zones": ZoneSettings,
        "smard": SmardSource,
        "file": FileSource,
        "covariates": CovariateSettings,
        "series": SeriesSettings,
        "models": ModelSettings,
        "shared": SharedSettings,
        "training": TrainingSettings,
        "quality": QualitySettings,
    }
    for part in location:
        section = sections.get(part, section)
    return list(section.model_fields)
