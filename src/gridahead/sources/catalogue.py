"""The sources that the settings name."""

from __future__ import annotations

from gridahead.config import Settings, SmardSource
from gridahead.sources.base import Source
from gridahead.sources.file import FileTable
from gridahead.sources.smard import Smard


def open_sources(settings: Settings) -> list[Source]:
    """Every source of the settings, in their order; nothing is read yet.

    Raises:
        SettingsError: a source names a zone that is not known.
    """
    return [
        Smard(source) if isinstance(source, SmardSource) else FileTable(source, settings.zone(source.zone))
        for source in settings.sources
    ]
