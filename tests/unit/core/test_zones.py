"""The catalogue of zones: against entsoe-py, against the calendars of holidays, and what markets say."""

import datetime as dt
import subprocess
import sys

import pytest
from entsoe.mappings import Area

from gridahead.core import zones
from gridahead.core.countries import check_holidays
from gridahead.core.grid import GATE_CLOSURE, ZONES, Series, auction_by, official_by, price_by

OUR_NAMES = {"IE_SEM": "IE", "IE": "IE-EIRGRID", "NIE": "NIR", "DK_1_NO_1": "DK1-NO1"}
"""Where our code is not entsoe-py's with a dash for the underline, or none before a number."""
OTHER_CLOCKS = {"XK": "Europe/Belgrade", "UA": "Europe/Kyiv"}
"""entsoe-py gives Kosovo the clock of Rome, which shows the same, and Kyiv its former name."""
AREAS = [area for area in Area if len(area.code) == 16]  # that of Iceland is no EIC


def our_code(area):
    """Our code of an area of entsoe-py."""
    if area.name in OUR_NAMES:
        return OUR_NAMES[area.name]
    country, _, rest = area.name.partition("_")
    numbered = country in ("DK", "NO", "SE") and rest[:1].isdigit()
    return (country if numbered else f"{country}-" if rest else country) + rest.replace("_", "-")


@pytest.mark.parametrize("area", AREAS, ids=lambda area: area.name)
def test_every_area_of_entso_e_is_there_with_its_code_its_eic_and_its_clock(area):
    zone = ZONES[our_code(area)]
    assert zone.eic == area.code
    assert zone.timezone == OTHER_CLOCKS.get(zone.code[:2], area.tz)


def test_there_is_no_eic_that_entso_e_does_not_have():
    assert {zone.eic for zone in ZONES.values() if zone.eic} == {area.code for area in AREAS}


def test_the_codes_of_zones_are_those_that_entso_e_checks():
    """An EIC ends in a check character: weights 16 … 2, modulo 37."""
    alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-"
    for zone in ZONES.values():
        if zone.eic is None:
            continue
        assert len(zone.eic) == 16
        total = sum(alphabet.index(letter) * weight for letter, weight in zip(zone.eic, range(16, 1, -1), strict=False))
        assert alphabet[36 - (total - 1) % 37] == zone.eic[-1], zone.code


def test_areas_of_other_continents_are_there():
    """Counted by hand: 68 balancing authorities of EIA-930, Ontario and Alberta, five regions, ten areas of Japan."""
    by_country = {country: [zone for zone in ZONES.values() if zone.country == country] for country in ("US", "JP")}
    assert len(by_country["US"]) == 68
    assert len(by_country["JP"]) == 10
    assert {"IESO", "AESO", "NSW1", "QLD1", "SA1", "TAS1", "VIC1"} <= set(ZONES)
    assert {"ISNE", "NYIS", "PJM", "MISO", "SWPP", "ERCO", "CISO"} <= {zone.code for zone in by_country["US"]}


def test_every_zone_has_a_calendar_of_holidays_or_no_country():
    for zone in ZONES.values():
        check_holidays(zone.country, zone.holiday_weights, zone.timezone)
    assert {zone.code for zone in ZONES.values() if zone.country is None} == {"CWE", "CZ-DE-SK", "DK1-NO1", "PL-CZ"}
    # Census 2021: 8 072 163 people in New South Wales, 454 499 in the ACT.
    assert ZONES["NSW1"].holiday_weights["ACT"] == pytest.approx(454_499 / (8_072_163 + 454_499), abs=1e-4)


def test_neighbours_know_each_other():
    for zone in ZONES.values():
        for other in zone.neighbours:
            assert zone.code in ZONES[other].neighbours or zone.code == "DE-LU", f"{zone.code} and {other}"


@pytest.mark.parametrize("country", ["AL", "AT", "CY", "GB", "GE", "JP", "MT", "TR", "US"])
def test_days_of_every_zone_are_local(country):
    for zone in ZONES.values():
        if zone.country == country:
            assert "/" in zone.timezone


# -- markets --------------------------------------------------------------------------------------------------------


def at(deadline, day="2025-07-15"):
    """The UTC instant of a deadline, as hour and minute with the days before."""
    instant = deadline.for_delivery(dt.date.fromisoformat(day))
    return f"{instant:%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("zone", "closes", "published"),
    [
        ("FR", "07-14 10:00", "07-14 11:00"),
        ("NO2", "07-14 10:00", "07-14 11:00"),
        ("GB", "07-14 08:50", "07-14 09:00"),
        ("CH", "07-14 09:00", None),
        ("MISO", "07-14 14:30", "07-14 18:00"),
        ("CISO", "07-14 17:00", "07-14 20:00"),
        ("ERCO", "07-14 15:00", "07-14 18:30"),
        ("NYIS", "07-14 09:00", "07-14 15:00"),
        ("JP-TK", "07-14 01:00", None),
    ],
)
def test_markets_close_and_publish_by_their_own_clock(zone, closes, published):
    by = auction_by(zone)
    assert at(GATE_CLOSURE[zone]) == closes
    assert (by if by is None else at(by)) == published


@pytest.mark.parametrize("zone", ["NSW1", "AESO", "BPAT", "TR", "JP-ON", "Nowhere"])
def test_where_no_auction_is_known_there_is_no_time_of_one(zone):
    assert auction_by(zone) is None
    assert zone not in GATE_CLOSURE


def test_a_price_of_an_unknown_auction_is_known_when_its_day_begins():
    assert at(price_by(ZONES["CH"])) == "07-14 22:00"  # midnight in Zurich
    assert at(price_by(ZONES["FR"])) == "07-14 11:00"


def test_the_law_says_by_when_forecasts_are_there_in_the_eu_and_norway_alone():
    assert at(official_by(Series("IT-NORD", "load"))) == "07-14 08:00"
    assert at(official_by(Series("NO5", "wind_onshore"))) == "07-14 16:00"
    for zone in ("GB", "CH", "PJM", "JP-TK", "TR"):
        assert official_by(Series(zone, "load")) is None


# -- what it costs --------------------------------------------------------------------------------------------------


def test_help_reads_no_catalogue():
    code = (
        "import contextlib, sys; from gridahead.cli.main import main; sys.argv = ['gridahead', '--help']\n"
        "with contextlib.suppress(SystemExit): main()\n"
        "print('gridahead.core.zones' in sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.split()[-1] == "False"


def test_a_name_is_no_part_of_what_settings_of_a_model_are_known_by():
    """Guard: a zone with another name or currency must not train its models anew; one with other holidays must."""
    known = repr(ZONES["FR"])
    assert "Europe/Paris" in known
    assert "France" not in known and "EUR" not in known and "GB" not in known
    assert zones.rows()["FR"].name == "France"
    assert list(ZONES["FR"].to_dict()) == ["code", "timezone", "country", "eic", "holiday_weights"]
