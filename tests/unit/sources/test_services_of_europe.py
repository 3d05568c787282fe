"""What holds of every European service beside ENTSO-E, whatever it gives."""

import json

import pandas as pd
import pytest
from builders.answers import service

from gridahead.core.errors import SettingsError
from gridahead.core.grid import ZONES, BiddingZone, Series, checked_name
from gridahead.core.time import TimeRange
from gridahead.settings.source_catalogue import SOURCE_INFOS
from gridahead.sources.catalogue import SERVICES, service_class

KINDS = (
    *("eco2mix", "eirgrid", "elexon", "elia", "energinet"),
    *("energy_charts", "neso", "nordpool", "ree", "smard_live"),
)
WINDOW = TimeRange(pd.Timestamp("2025-09-30T00:00Z"), pd.Timestamp("2025-10-02T00:00Z"))


def test_every_service_has_its_entry_in_the_catalogue():
    assert set(KINDS) <= set(SERVICES)
    for kind in KINDS:
        info = SOURCE_INFOS[kind]
        assert info.attribution
        assert info.base_url.startswith("https://")
        assert info.limits


@pytest.mark.parametrize("kind", KINDS)
def test_every_item_has_names_of_its_own_and_quantities_that_can_be_stored(kind: str):
    items = service_class(kind).items
    assert len({item.name for item in items}) == len(items)
    for item in items:
        assert item.quantities
        assert [checked_name(quantity) for quantity in item.quantities] == list(item.quantities)


@pytest.mark.parametrize("kind", KINDS)
def test_every_zone_that_it_offers_something_of_can_be_asked_for(kind: str):
    codes = service_class(kind).zone_codes
    known = [code for code in codes if code in ZONES]
    assert known
    source = service(kind, *known, told=lambda request: b'{"timestamps": []}')
    for item in source.items:
        for zone in source.zones:
            if source.offers(item, zone):
                for request in source.ask(item, (zone,), WINDOW):
                    assert request.path.startswith("/")
                    assert json.dumps(request.asked)


@pytest.mark.parametrize("kind", KINDS)
def test_a_zone_that_it_does_not_have_is_refused_with_the_way_out(kind: str):
    with pytest.raises(SettingsError, match=f"codes = {{{kind} = "):
        service(kind, BiddingZone("XX", "UTC"))


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_said_of_official_forecasts_is_of_series_that_it_has(kind: str):
    codes = [code for code in service_class(kind).zone_codes if code in ZONES]
    source = service(kind, *codes)
    quantities = {quantity for item in source.items for quantity in item.quantities}
    for name in source.official_available:
        series = Series.parse(name)
        assert series.zone in codes
        assert series.quantity in quantities
