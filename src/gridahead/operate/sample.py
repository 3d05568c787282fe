"""The sample: six years of German load and generation with settings that forecast them, written where somebody asks."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from gridahead.core.errors import SettingsError
from gridahead.core.files import write_whole
from gridahead.core.release import CHECKOUT
from gridahead.settings.place import OWN_SETTINGS, SETTINGS_FILE

DATA = Path("data") / "sample"
"""Where the data lie, below the folder of the settings."""


def write_sample(folder: Path, *, force: bool = False) -> Path:
    """Write the settings and the data of the sample; returns the settings file.

    Args:
        folder: made if it is not there. Everything that gridahead makes of the sample is kept in its `data`.
        force: write over settings that are there.

    Raises:
        SettingsError: there are settings already.
    """
    target = folder / OWN_SETTINGS
    if target.exists() and not force:
        raise SettingsError(f"{target} is there already; choose another folder, or write over it with --force")
    packaged = files("gridahead") / "sample"
    data, settings = (
        (packaged, packaged / OWN_SETTINGS)
        if packaged.is_dir()
        else (CHECKOUT / DATA, CHECKOUT / SETTINGS_FILE)  # installed with pip install -e
    )
    for file in sorted(data.iterdir(), key=lambda file: file.name):
        if file.name != OWN_SETTINGS and file.is_file():
            write_whole(folder / DATA / file.name, file.read_bytes())
    # In a checkout the settings lie one folder deeper than the data.
    write_whole(target, settings.read_text(encoding="utf-8").replace('"../data', '"data').encode())
    return target
