"""The sources that the settings can name, by kind. A new one is a line here, its settings, and a module beside this."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gridahead.settings.model import Settings
from gridahead.sources.base import Source
from gridahead.sources.file import FileTable
from gridahead.sources.smard import Smard

SOURCES: dict[str, Callable[[Any, Settings], Source]] = {
    "smard": lambda source, settings: Smard(source),
    "file": lambda source, settings: FileTable(source, settings.zone(source.zone)),
}
"""How a source is opened from its own settings and all of them."""


def open_sources(settings: Settings) -> list[Source]:
    """Every source of the settings, in their order; nothing is read yet.

    Raises:
        SettingsError: a source names a zone that is not known.
    """
    return [SOURCES[source.kind](source, settings) for source in settings.sources]
