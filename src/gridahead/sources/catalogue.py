"""The sources that the settings can name, by kind.

A new service is a line here, its entry in the catalogue of the settings, and a module beside this.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from gridahead.core.grid import BiddingZone
from gridahead.core.time import Clock, now
from gridahead.settings.file_source import FileSource
from gridahead.settings.model import Settings
from gridahead.settings.services import LiveSource
from gridahead.sources.base import Source
from gridahead.sources.entsoe.files import EntsoeFiles
from gridahead.sources.file import FileTable
from gridahead.sources.many_zones import ManyZones
from gridahead.sources.smard import Smard

if TYPE_CHECKING:
    from gridahead.sources.http.source import HttpSource

FILES: Mapping[str, Callable[[Any, Settings, Clock], Source]] = {
    "entsoe_files": lambda source, settings, clock: EntsoeFiles(source, _zones(source, settings), clock),
    "smard": lambda source, settings, clock: Smard(source, clock),
    "file": lambda source, settings, clock: _file(source, settings, clock),
}
"""How a source that reads files is opened from its own settings, all of them, and the clock."""

SERVICES: Mapping[str, str] = {
    "aemo": "aemo:Aemo",
    "aeso": "aeso:Aeso",
    "caiso": "caiso:Caiso",
    "eco2mix": "eco2mix:Eco2mix",
    "eia": "eia:Eia",
    "eia_bulk": "eia_bulk:EiaBulk",
    "eirgrid": "eirgrid:EirGrid",
    "elexon": "elexon:Elexon",
    "elia": "elia:Elia",
    "energinet": "energinet:Energinet",
    "energy_charts": "energy_charts:EnergyCharts",
    "entsoe": "entsoe.service:Entsoe",
    "ercot": "ercot:Ercot",
    "ieso": "ieso:Ieso",
    "isone": "isone:Isone",
    "isone_reports": "isone_reports:IsoneReports",
    "japan": "japan:Japan",
    "miso": "miso:Miso",
    "miso_live": "miso_live:MisoLive",
    "neso": "neso:Neso",
    "nordpool": "nordpool:NordPool",
    "nyiso": "nyiso:Nyiso",
    "openmeteo": "openmeteo:OpenMeteo",
    "pjm": "pjm:Pjm",
    "ree": "ree:Ree",
    "smard_live": "smard_live:SmardLive",
}
"""The module and class that reads a service, imported when one is opened: a folder of files needs no HTTP."""


def _file(source: FileSource, settings: Settings, clock: Clock) -> Source:
    if source.zone is not None:
        return FileTable(source, settings.zone(source.zone), clock)
    return ManyZones(source, {settings.name_in_files(code): settings.zone(code) for code in source.zones}, clock)


def service_class(kind: str) -> type[HttpSource]:
    """The class that reads a service."""
    module, _, name = SERVICES[kind].partition(":")
    found: type[HttpSource] = getattr(import_module(f"gridahead.sources.{module}"), name)
    return found


def _zones(source: Any, settings: Settings) -> list[BiddingZone]:
    return [settings.zone(code) for code in source.zones]


def open_source(source: Any, settings: Settings, clock: Clock = now) -> Source:
    """A source of the settings; nothing is read yet.

    Raises:
        SettingsError: it names a zone that is not known, or that the source does not have.
    """
    if isinstance(source, LiveSource):
        return service_class(source.kind)(source, _zones(source, settings), clock=clock)
    return FILES[source.kind](source, settings, clock)


def open_sources(settings: Settings, clock: Clock = now) -> list[Source]:
    """Every source of the settings, in their order; nothing is read yet.

    Raises:
        SettingsError: a source names a zone that is not known, or that it does not have.
    """
    return [open_source(source, settings, clock) for source in settings.sources]
