"""Every recorded answer of ENTSO-E is read, says that there is nothing, or is refused with the reason."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from builders.entsoe import ITEM_OF, PREFIXES, asked, parsed, payload, service
from builders.recordings import FOLDER, Recording, recording, recordings

from gridahead.core.errors import SourceError
from gridahead.core.grid import QUANTITIES
from gridahead.sources.entsoe.psr_types import NET, QUANTITY_OF_TYPE

EVERY = [one for prefix in PREFIXES for one in recordings(prefix) if one.about["folder"] == str(FOLDER)]


def test_every_recording_is_read_or_refused_with_the_reason(capsys):
    outcomes: dict[str, list[str]] = {"read": [], "no data": [], "refused": []}
    for one in EVERY:
        try:
            outcomes["read" if len(parsed(one)) else "no data"].append(one.name)
        except SourceError as error:
            assert one.name in str(error)
            assert str(error).rstrip(".").split(": ", 2)[2]
            outcomes["refused"].append(one.name)
    with capsys.disabled():
        counts = ", ".join(f"{len(names)} {what}" for what, names in outcomes.items())
        print(f"\nENTSO-E recordings: {counts}")  # noqa: T201
    assert {name: len(names) for name, names in outcomes.items()} == {"read": 31, "no data": 21, "refused": 54}
    assert len(EVERY) == 106
    of_ours = [one.name for one in EVERY if one.name in outcomes["refused"] and asked(one)[0] != "load"]
    assert of_ours == ["entsoe/hass/BE_15M_avg.xml"]  # edited by hand: its positions are out of order


def test_what_says_that_there_is_nothing_is_an_acknowledgement_or_has_nothing_that_we_have_a_name_for():
    for one in EVERY:
        try:
            rows = parsed(one)
        except SourceError:
            continue
        if rows.empty and b"Acknowledgement_MarketDocument" not in one.content:
            assert one.name == "entsoe/jl/generation141_a_installed_capacity_per_production_type.xml"  # biomass alone


REASONS = {
    "entsoe/jl/tut_outages_BE_2024.zip": "A80",
    "entsoe/jl/transmission_121g_cross_border_NL_DE.xml": "A11",
    "entsoe/jl/load_61c_week_ahead_forecast_NL.xml": "A65 A31",
    "entsoe/jl/generation_141c_forecast_day_ahead_NL.xml": "A71 A01",
    "_documented_errors/entsoe_400_unknown_param.xml": "Input parameter does not exist: asOf",
    "_documented_errors/entsoe_400_too_many_instances.xml": "Ask for a shorter window",
    "_documented_errors/entsoe_429.html": "no market document, but a html",
    "_documented_errors/entsoe_503_empty.xml": "no whole XML",
}


@pytest.mark.parametrize("name", REASONS)
def test_a_refusal_names_what_it_is(name):
    with pytest.raises(SourceError, match=REASONS[name]):
        parsed(recording(name))


def by_entsoe_py(one: Recording, item: str) -> dict[tuple[str, str], pd.Series]:
    """What entsoe-py reads, by our quantity and market time unit."""
    from entsoe import parsers
    from entsoe.mappings import PSRTYPE_MAPPINGS

    text = one.content.decode()
    if item == "price":
        frequencies = {"15min": "PT15M", "30min": "PT30M", "60min": "PT60M"}
        of_unit = parsers.parse_prices(text)
        return {("price", frequencies[unit]): values.dropna() for unit, values in of_unit.items() if len(values)}
    if item.startswith("load"):
        frame = parsers.parse_loads(text, "A16" if item == "load" else "A01")
        return {(item, ""): frame.iloc[:, 0]}
    frame = pd.DataFrame(parsers.parse_generation(text))
    suffix = item.removeprefix("wind_solar") if item.startswith("wind_solar") else ""
    suffix = "_capacity" if item == "capacity" else suffix
    found, headings = {}, list[object](frame.columns)
    for code, name in PSRTYPE_MAPPINGS.items():
        quantity = QUANTITY_OF_TYPE.get(code, "")
        columns = frame[[column for column in headings if column in (name, (name, "Actual Aggregated"))]]
        used = frame[[column for column in headings if column == (name, "Actual Consumption")]]
        if quantity + suffix not in QUANTITIES or columns.empty:
            continue
        made = columns.iloc[:, 0]
        if quantity in NET and not used.empty:
            made = made.fillna(0.0) - used.iloc[:, 0].fillna(0.0)
        found[quantity + suffix, ""] = made.dropna()
    return found


def test_entsoe_py_and_we_agree_to_the_last_digit_on_what_both_read():
    compared: Counter[str] = Counter()
    for one in EVERY:
        item, _ = asked(one)
        try:
            rows = parsed(one)
        except SourceError:
            continue
        if rows.empty:
            continue
        theirs = by_entsoe_py(one, item)
        if one.name == "entsoe/hass/DE_60M_15M_overlap.xml":
            del theirs["price", "PT15M"]  # sequence 2, an auction that is not coupled: entsoe-py takes all
        found = {(q, unit if item == "price" else "") for q, unit in zip(rows["quantity"], rows["mtu"], strict=True)}
        assert found == theirs.keys(), one.name
        for (quantity, unit), values in theirs.items():
            ours = rows[(rows["quantity"] == quantity) & ((rows["mtu"] == unit) | (unit == ""))]
            if item == "capacity":  # a value a year, which we write on every hour of it and they on its second day
                assert set(ours["value"]) == set(values), (one.name, quantity)
            else:
                assert list(ours["valid_time"]) == list(pd.DatetimeIndex(values.index).tz_convert("UTC")), (
                    one.name,
                    quantity,
                )
                assert np.array_equal(ours["value"], values.to_numpy(dtype=float)), (one.name, quantity)
            compared[item] += len(values)
    assert set(compared) == set(ITEM_OF.values())
    assert sum(compared.values()) == 12_938


def rows_of(name: str, quantity: str) -> pd.DataFrame:
    rows = parsed(recording(name))
    return rows[rows["quantity"] == quantity].set_index("valid_time")


def test_french_pumped_storage_generates_at_night_and_in_the_evening_and_pumps_between():
    """Read from the payload: generation 2057, 1403, … until 01:00, consumption from 01:00 until 17:00 UTC."""
    net = rows_of("entsoe/jl/tut_renewables_FR_2024_06_15.xml", "hydro_pumped_storage")["value"].to_numpy()
    assert len(net) == 24
    assert net[:3].tolist() == [2057.0, 1403.0, 584.0]
    assert (net[3:19] < 0).all()
    assert net[15] == -2475.0  # position 13 of the Period of consumption
    assert (net[19:] > 0).all()


def test_the_spanish_price_goes_over_to_quarters_on_the_first_of_october_2025():
    """The last hourly value is 101.5, the first quarters 105.1 and 104.24."""
    price = rows_of("operators/ENTSOE/ES_day_ahead_price.xml", "price")
    assert list(price.loc["2025-09-30T21:00Z", ["value", "mtu"]]) == [101.5, "PT60M"]
    assert list(price.loc["2025-09-30T22:00Z", ["value", "mtu"]]) == [105.1, "PT15M"]
    assert price.loc["2025-09-30T22:15Z", "value"] == 104.24
    assert price["mtu"].value_counts().to_dict() == {"PT60M": 48, "PT15M": 192}
    assert (price["unit"] == "EUR/MWh").all()
    # The auction of 2025-09-30 is published at 13:00 in Brussels, which is 11:00 UTC.
    assert price.loc["2025-09-30T22:00Z", "available_at"] == pd.Timestamp("2025-09-30T11:00Z")


def test_german_prices_are_those_of_the_coupled_auction():
    """Sequence 1 has hours and begins with 67.04; sequence 2 has quarters."""
    price = rows_of("entsoe/hass/DE_60M_15M_overlap.xml", "price")
    assert set(price["mtu"]) == {"PT60M"}
    assert price["value"].iloc[:3].tolist() == [67.04, 63.97, 62.83]


def test_capacity_holds_for_every_hour_of_the_local_year():
    """B16 of the Netherlands in 2024, from local midnight to local midnight; known a week before the year."""
    rows = rows_of("entsoe/jl/generation_141a_installed_capacity_NL.xml", "solar_capacity")
    assert (rows.index[0], rows.index[-1]) == (pd.Timestamp("2023-12-31T23:00Z"), pd.Timestamp("2024-12-31T22:00Z"))
    assert len(rows) == 366 * 24
    assert rows["value"].nunique() == 1
    assert set(rows["available_at"]) == {pd.Timestamp("2023-12-24T23:00Z")}


def test_a_dutch_day_ahead_forecast_that_is_the_intraday_one_is_warned_of_once():
    source = service()
    for kind in ("", "intraday_", ""):
        one = recording(f"entsoe/jl/generation_141d_{kind}wind_solar_forecast_NL.xml")
        item, zone = asked(one)
        source.parse(payload(one.content, item, zone, name=one.name))
    assert len(source.warnings) == 3  # of solar, wind onshore and offshore
    assert all("the same forecast for the day ahead and for the day itself" in text for text in source.warnings)


def test_finnish_forecasts_of_two_kinds_differ_as_they_should():
    source = service()
    for kind in ("DAY_AHEAD", "INTRADAY", "CURRENT"):
        one = recording(f"operators/ENTSOE/wind_solar_forecast_FI_{kind}.xml")
        item, zone = asked(one)
        source.parse(payload(one.content, item, zone, name=one.name))
    assert source.warnings == []
