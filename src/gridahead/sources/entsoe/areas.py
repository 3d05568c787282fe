"""What ENTSO-E calls our zones: by an EIC in its API and its File Library, by a name in its portal's downloads."""

from __future__ import annotations

from collections.abc import Mapping

from gridahead.core.errors import SettingsError
from gridahead.core.grid import BiddingZone

EIC_OF: Mapping[str, str] = {"DE": "10Y1001A1001A83F:10Y1001A1001A82H"}
"""Of zones whose price is that of another area: the EIC of power and, after a colon, that of the price. Germany has one
price with Luxembourg."""
_NAMES_OF: Mapping[str, tuple[str, ...]] = {"DE": ("DE", "DE-LU"), "IE": ("IE", "IE(SEM)", "SEM")}
"""Names in the portal, where they are more than the code of the zone."""


def eic_of(zone: BiddingZone) -> str:
    """The EIC of a zone, or of its power and of its price with a colon between; the settings of the zone come first.

    Raises:
        SettingsError: it has none.
    """
    code = zone.codes.get("entsoe") or EIC_OF.get(zone.code) or zone.eic
    if code:
        return code
    raise SettingsError(
        f"zone {zone.code!r} has no EIC, by which ENTSO-E knows it. Look it up among the areas in the guide to the "
        f'Restful API, and say so: [[zones]] code = "{zone.code}", eic = "10Y…"'
    )


def area_of(zone: BiddingZone, item: str) -> str:
    """The EIC of the area that has an item of a zone."""
    power, _, price = eic_of(zone).partition(":")
    return (price if item == "price" else "") or power


def names_of(zone: BiddingZone) -> tuple[str, ...]:
    """What the portal calls a zone, in capitals: `DE-LU` of BZN|DE-LU, `DE` of Germany (DE)."""
    own = zone.codes.get("entsoe_files")
    return (own.upper(),) if own else _NAMES_OF.get(zone.code, (zone.code.upper(),))
