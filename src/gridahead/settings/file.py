"""Reading the settings file, with every path absolute."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pydantic

from gridahead.core.errors import SettingsError
from gridahead.settings.findings import findings
from gridahead.settings.many import written_out
from gridahead.settings.model import Settings
from gridahead.settings.place import find_settings
from gridahead.settings.stores import STORES, MlflowSettings, is_address


def load_settings(path: str | Path | None = None) -> Settings:
    """Read and check a settings file.

    Raises:
        SettingsError: the file is missing, is no TOML, or says something that cannot be meant; all findings at once.
    """
    file = find_settings(path)
    try:
        return parse_settings(file.read_text(encoding="utf-8"), file)
    except UnicodeDecodeError as error:
        raise SettingsError(f"{file}: {error}") from error


def parse_settings(text: str, file: Path) -> Settings:
    """Check the text of a settings file.

    Args:
        text: what it says, or would say.
        file: where it is: paths in it begin there.

    Raises:
        SettingsError: it is no TOML, or says something that cannot be meant; all findings at once.
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{file}: {error}") from error
    try:
        raw = written_out(raw, file.parent)
        settings = Settings.model_validate(raw)
    except pydantic.ValidationError as error:
        lines = "\n".join(f"  {line}" for line in findings(error, raw))
        raise SettingsError(f"{file}:\n{lines}") from error
    except SettingsError as error:
        raise SettingsError(f"{file}:\n  {error}") from error
    return _resolved(settings, file.parent)


def _resolved(settings: Settings, folder: Path) -> Settings:
    """The same settings with every path absolute."""
    sources = tuple(source.below(folder) for source in settings.sources)
    data_folder = (folder / settings.data_folder).resolve()
    table = settings.zone_table and (folder / settings.zone_table).resolve()
    places = {name: _place(getattr(settings, name), folder) for name in STORES}
    logging = settings.logging
    if logging.file is not None:
        logging = logging.model_copy(update={"file": (folder / logging.file).resolve()})
    published = settings.published.model_copy(update={"place": _place(settings.published.place, folder)})
    resolved = {
        "data_folder": data_folder,
        "zone_table": table,
        "sources": sources,
        "logging": logging,
        "published": published,
        **places,
    }
    return settings.model_copy(update={**resolved, "mlflow": _mlflow(settings.mlflow, folder)})


def _place(place: str | None, folder: Path) -> str | None:
    """A folder made absolute; an address as it is."""
    return place if place is None or is_address(place) else str((folder / place).resolve())


def _mlflow(mlflow: MlflowSettings, folder: Path) -> MlflowSettings:
    """The same with paths that begin where the settings file is."""
    scheme, separator, path = (mlflow.tracking_uri or "").partition("sqlite:///")
    uri = f"{separator}{(folder / path).resolve()}" if separator and not scheme else mlflow.tracking_uri
    return mlflow.model_copy(update={"tracking_uri": uri, "artifacts": _place(mlflow.artifacts, folder)})
