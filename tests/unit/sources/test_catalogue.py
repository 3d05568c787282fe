from pathlib import Path

import pytest

from gridahead.core.errors import SettingsError
from gridahead.settings.file_source import FileSource
from gridahead.settings.model import Settings
from gridahead.settings.sources import SmardSource
from gridahead.sources.catalogue import open_sources


def file_of(zone: str) -> FileSource:
    return FileSource(
        kind="file",
        path=Path("meters.csv"),
        zone=zone,
        quantity="load",
        time_column="time",
        value_column="load",
        timezone="UTC",
    )


def test_every_source_of_the_settings_is_opened_in_order():
    settings = Settings(data_folder=Path(), sources=(file_of("AT"), SmardSource(kind="smard", folder=Path())))
    assert [source.name for source in open_sources(settings)] == ["meters.csv", "smard"]


def test_a_zone_that_is_not_known_is_named():
    with pytest.raises(SettingsError, match="XX"):
        open_sources(Settings(data_folder=Path(), sources=(file_of("XX"),)))
