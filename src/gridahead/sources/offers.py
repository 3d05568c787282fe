"""Which services have a zone, and what each gives of it, as their classes say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pydantic

from gridahead.core.errors import SettingsError
from gridahead.core.grid import MEASURED, OFFICIAL_SUFFIX, QUANTITIES, BiddingZone, Series
from gridahead.core.time import Deadline
from gridahead.settings.model import SourceSettings
from gridahead.settings.services import LiveSource
from gridahead.settings.source_catalogue import SOURCE_INFOS, SourceInfo
from gridahead.sources.catalogue import SERVICES, service_class

_SECTION: pydantic.TypeAdapter[Any] = pydantic.TypeAdapter(SourceSettings)


@dataclass(frozen=True)
class Offer:
    """What one service gives of a zone."""

    info: SourceInfo
    quantities: tuple[str, ...]
    """Every quantity that it can be asked for."""
    chosen: tuple[str, ...]
    """Those that it is asked for where the settings name none; empty for all."""
    official_available: Mapping[str, Deadline]
    """From when official forecasts of which no time is recorded may be used, by their series."""

    @property
    def kind(self) -> str:
        """Its name in the settings."""
        return self.info.kind

    @property
    def is_weather(self) -> bool:
        """Whether it gives covariates alone."""
        return not any(quantity in QUANTITIES for quantity in self.quantities)

    @property
    def needs_key(self) -> bool:
        """Whether it answers nobody without a key."""
        return self.info.key is not None and self.info.key.required

    @property
    def key_variables(self) -> tuple[str, ...]:
        """Environment variables with its key; none where it has no key."""
        return () if self.info.key is None else self.info.key.variables

    @property
    def forecasts(self) -> tuple[str, ...]:
        """The quantities of which it has what is forecast here: measured values, or prices."""
        return tuple(quantity for quantity in (*MEASURED, "price") if quantity in self.quantities)

    def official_known(self, series: Series) -> Deadline | None:
        """From when the official forecast of a series may be used; None where there is none, or each tells its time."""
        if series.quantity + OFFICIAL_SUFFIX not in self.quantities:
            return None
        return self.official_available.get(str(series.official))


def offers_of(zone: BiddingZone) -> list[Offer]:
    """What every service that has a zone gives of it, in the order of the catalogue; nothing is asked."""
    found = []
    for kind in SERVICES:
        section: LiveSource = _SECTION.validate_python({"kind": kind, "zones": [zone.code]})
        try:
            source = service_class(kind)(section, [zone])
        except SettingsError:  # it has no name for the zone
            continue
        items = [item for item in source.items if source.offers(item, zone)]
        quantities = tuple(dict.fromkeys(quantity for item in items for quantity in item.quantities))
        found.append(Offer(SOURCE_INFOS[kind], quantities, section.quantities, source.official_available))
    return found
