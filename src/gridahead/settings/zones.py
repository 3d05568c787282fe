"""Bidding zones that gridahead does not know, or knows differently."""

from __future__ import annotations

import pydantic
from pydantic import Field

from gridahead.core.countries import check_holidays
from gridahead.core.grid import ZONES, BiddingZone
from gridahead.core.time import zone_info
from gridahead.settings.section import NameText, Section


class ZoneSettings(Section):
    """A bidding zone that gridahead does not know, or knows differently."""

    code: NameText
    """What the zone is called in series, such as NSW in NSW/load."""
    timezone: str
    """Local time, an IANA name such as Australia/Sydney: days, hours and holidays are counted in it."""
    country: str | None = None
    """Whose public holidays are kept, as ISO 3166 says it, such as AU; without it, none."""
    eic: str | None = None
    """Energy Identification Code of the area at ENTSO-E."""
    codes: dict[str, str] = Field({})
    """What services call it, by their kind, such as {energy_charts = "FR:fr"}; added to those of the catalogue."""
    currency: str | None = None
    """ISO 4217 code of its day-ahead prices."""
    group: str | None = None
    """What it is counted among, such as a region; patterns of series and shared networks can ask for a group."""
    latitude: float | None = Field(None, ge=-90, le=90)
    """Degrees north of the place whose weather and sun count for it, where the catalogue has none or another."""
    longitude: float | None = Field(None, ge=-180, le=180)
    """Degrees east of it."""
    name_in_files: str | None = None
    """What a source of many zones calls it in its columns, rows and names of files; its code unless given."""
    holiday_weights: dict[str, float] = Field({})
    """Share of the population by subdivision, such as {NSW = 0.9, ACT = 0.1}, where holidays differ in the country."""

    @pydantic.model_validator(mode="after")
    def _place_is_known(self) -> ZoneSettings:
        zone_info(self.timezone)
        check_holidays(self.country, self.holiday_weights, self.timezone)
        if (self.latitude is None) != (self.longitude is None):
            raise ValueError("latitude and longitude go together")
        return self

    def zone(self) -> BiddingZone:
        """The zone as a `BiddingZone`."""
        known = ZONES.get(self.code)
        return BiddingZone(
            self.code,
            self.timezone,
            self.country,
            self.eic or (known.eic if known else None),
            self.holiday_weights,
            name=known.name if known else "",
            codes={**(known.codes if known else {}), **self.codes},
            currency=self.currency or (known.currency if known else None),
            neighbours=known.neighbours if known else (),
        )
