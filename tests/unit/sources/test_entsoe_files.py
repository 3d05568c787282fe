"""Files of ENTSO-E. None is recorded: headings and cells are those of specification examples, values are made up.

The File Library: headings and first rows as described by intermittentnrg/intermittent-docs, ENTSOE_CSV.md. The portal:
headings as public programs that read real exports name them.
"""

from __future__ import annotations

import gzip
import io
import zipfile

import pandas as pd
import pytest

from gridahead.core.errors import SettingsError, SourceError
from gridahead.core.grid import ZONES, BiddingZone
from gridahead.core.time import now
from gridahead.settings.model import Settings
from gridahead.settings.sources import EntsoeFilesSource
from gridahead.sources.base import RawPayload
from gridahead.sources.catalogue import open_source
from gridahead.sources.entsoe.files import EntsoeFiles

ALBANIA = BiddingZone("AL", "Europe/Tirane", "AL", "10YAL-KESH-----5")
TP = ("DateTime(UTC)", "ResolutionCode", "AreaCode", "AreaDisplayName", "AreaTypeCode", "AreaMapCode")
LOAD = (*TP, "TotalLoad[MW]", "UpdateTime(UTC)")
PER_TYPE = (*TP, "ProductionType", "ActualGenerationOutput[MW]", "ActualConsumption[MW]", "UpdateTime(UTC)")
FORECASTS = (
    *TP,
    "ProductionType",
    "DayAheadGenerationForecast[MW]",
    "IntradayGenerationForecast[MW]",
    "CurrentGenerationForecast[MW]",
    "UpdateTime(UTC)",
)
PRICES = (
    *("InstanceCode", *TP[:5], "MapCode", "ContractType", "Sequence"),
    *("Price[Currency/MWh]", "Currency", "UpdateTime(UTC)"),
)
ACTUAL, FORECAST = "2024_06_ActualTotalLoad_6.1.A_r3.csv", "2024_06_DayAheadTotalLoadForecast_6.1.B_r3.csv"
FRANCE = "10YFR-RTE------C\tFrance (FR)\tBZN/CTA/CTY\tFR"


def files(*codes: str, **settings: object) -> EntsoeFiles:
    chosen = EntsoeFilesSource.model_validate({"kind": "entsoe_files", "folder": ".", "zones": codes, **settings})
    return EntsoeFiles(chosen, [ALBANIA if code == "AL" else ZONES[code] for code in codes])


def read(text: str | bytes, name: str, *codes: str, **settings: object) -> pd.DataFrame:
    """The rows of a file."""
    source = files(*codes, **settings)
    content = text.encode() if isinstance(text, str) else text
    return source.parse(RawPayload(source.name, name, content, source.request(name), now()))


def table(header: tuple[str, ...], *rows: str) -> str:
    return "\n".join(["\t".join(header), *rows]) + "\n"


def seen(rows: pd.DataFrame) -> list[list[object]]:
    """Quantity, valid time, value, and from when it is known."""
    times = {name: rows[name].dt.strftime("%m-%d %H:%M") for name in ("valid_time", "available_at")}
    return rows.assign(**times)[["quantity", "valid_time", "value", "available_at"]].to_numpy().tolist()


def test_the_examples_of_the_specification_are_read_with_their_time_of_update():
    load = "2025-11-01 00:00:00\tPT15M\t10YAL-KESH-----5\tAlbania (AL)\tBZN/CTA/CTY\tAL\t470.0\t2025-11-10 10:04:10"
    rows = read(table(LOAD, load), "2025_11_ActualTotalLoad_6.1.A_r3.csv", "AL")
    assert rows[["zone", "quantity", "value", "mtu", "availability"]].to_numpy().tolist() == [
        ["AL", "load", 470.0, "PT15M", "recorded"]
    ]
    assert rows["available_at"].iloc[0] == pd.Timestamp("2025-11-10T10:04:10Z")
    biomass = (
        "2026-02-01 00:00:00\tPT15M\t10YAT-APG------L\tAustria (AT)\tBZN/CTA/CTY\tAT\tBiomass\t248.000000\t0.000000\t"
        "2026-02-05 10:48:37"
    )
    assert seen(read(table(PER_TYPE, biomass), "2026_02_AggregatedGenerationPerType_16.1.B_C_r3.csv", "AT")) == [
        ["biomass", "02-01 00:00", 248.0, "02-05 10:48"]
    ]
    price = (
        "242e8d60a55556121f162035f554fa24\t2025-10-01 00:00:00\tPT15M\t10YAT-APG------L\tAustria (AT)\tBZN\tAT\t"
        "Day-ahead\t1\t97.05\tEUR\t2025-09-30 11:41:39"
    )
    rows = read(table(PRICES, price), "2025_10_EnergyPrices_12.1.D_r3.csv", "AT")
    assert seen(rows) == [["price", "10-01 00:00", 97.05, "09-30 11:41"]]
    assert rows["unit"].iloc[0] == "EUR/MWh"


def test_every_update_is_a_vintage_and_one_that_comes_twice_is_one():
    row = f"2024-06-15 00:00:00\tPT60M\t{FRANCE}\t%s\t2024-06-15 %s"
    text = table(LOAD, row % ("50", "02:00:00"), row % ("51", "09:00:00"), row % ("51", "09:00:00"))
    assert seen(read(text, ACTUAL, "FR")) == [
        ["load", "06-15 00:00", 50.0, "06-15 02:00"],
        ["load", "06-15 00:00", 51.0, "06-15 09:00"],
    ]


def test_two_values_of_one_update_are_refused():
    row = f"2024-06-15 00:00:00\tPT60M\t{FRANCE}\t%s\t2024-06-15 02:00:00"
    with pytest.raises(SourceError, match="FR/load at 2024-06-15 00:00 UTC has two values of the same time"):
        read(table(LOAD, row % "50", row % "51"), ACTUAL, "FR")


def test_what_was_stamped_anew_years_later_may_be_assumed_to_have_been_there_in_time():
    """The platform's migration of 2025 stamped old rows; by the settings they count from then, or from the deadline."""
    row = f"2024-06-15 00:00:00\tPT60M\t{FRANCE}\t%s\t%s"
    text = table(LOAD, row % ("50", "2025-08-06 15:07:58"))
    assert seen(read(text, ACTUAL, "FR")) == [["load", "06-15 00:00", 50.0, "08-06 15:07"]]
    assumed = read(text, ACTUAL, "FR", late_updates="assumed")
    assert seen(assumed) == [["load", "06-15 00:00", 50.0, "06-15 02:00"]]  # an hour after its end
    assert list(assumed["availability"]) == ["assumed"]
    in_time = table(LOAD, row % ("50", "2024-06-14 07:30:00"))
    for late_updates in ("recorded", "assumed"):
        rows = read(in_time, FORECAST, "FR", late_updates=late_updates)
        assert seen(rows) == [["load_official", "06-15 00:00", 50.0, "06-14 07:30"]]


def test_the_name_alone_tells_actual_load_from_its_forecast():
    text = table(LOAD, f"2024-06-15 00:00:00\tPT60M\t{FRANCE}\t50\t2024-06-14 07:30:00")
    assert read(text, FORECAST, "FR")["quantity"].tolist() == ["load_official"]
    with pytest.raises(SourceError, match="neither its columns nor its name tell"):
        read(text, "june.csv", "FR")


def test_storage_is_net_and_forecasts_of_three_kinds_are_three_quantities():
    at = f"2024-06-15 00:00:00\tPT60M\t{FRANCE}"
    update = "2024-06-15 03:00:00"
    generation = table(
        PER_TYPE,
        f"{at}\tHydro Pumped Storage\t10\t25\t{update}",
        f"{at}\tWind Onshore\t70\t2\t{update}",
        f"{at}\tSolar\t\t\t{update}",
        f"{at}\tSomething new\t1\t\t{update}",
    )
    rows = read(generation, "2024_06_AggregatedGenerationPerType_16.1.B_C_r3.csv", "FR")
    assert {row[0]: row[2] for row in seen(rows)} == {"hydro_pumped_storage": -15.0, "wind_onshore": 70.0}
    forecast = table(FORECASTS, f"{at}\tSolar\t1\t2\t\t{update}")
    rows = read(forecast, "2024_06_GenerationForecastsForWindAndSolar_14.1.D_r3.csv", "FR")
    assert {row[0]: row[2] for row in seen(rows)} == {"solar_official": 1.0, "solar_intraday": 2.0}


def test_of_areas_and_auctions_the_bidding_zone_and_the_coupled_one_count():
    germany = "2024-06-15 00:00:00\tPT60M\t%s\tGermany\t%s\tDE\t%s\t2024-06-15 02:00:00"
    text = table(
        LOAD,
        germany % ("10Y1001A1001A83F", "CTA", "1"),
        germany % ("10Y1001A1001A83F", "CTY", "2"),
        germany % ("X", "BZN", "3"),
    )
    assert [row[2] for row in seen(read(text, ACTUAL, "DE"))] == [2.0]
    row = "i\t2024-06-15 00:00:00\tPT60M\t10Y1001A1001A82H\tDE-LU\tBZN\tDE_LU\t%s\t%s\t%s\tEUR\t2024-06-14 10:50:00"
    text = table(PRICES, row % ("Day-ahead", "1", "-5"), row % ("Day-ahead", "2", "7"), row % ("Intraday", "1", "9"))
    assert [row[2] for row in seen(read(text, "2024_06_EnergyPrices_12.1.D_r3.csv", "DE"))] == [-5.0]


def test_cells_that_cannot_be_read_are_named_by_row_all_at_once():
    rows = [f"yesterday\tPT60M\t{FRANCE}\t5\t2024-06-15 02:00:00", f"2024-06-15 00:00:00\tP1D\t{FRANCE}\tmuch\tnever"]
    with pytest.raises(SourceError) as error:
        read(table(LOAD, *rows), ACTUAL, "FR")
    for said in ("row 2: 'yesterday'", "row 3: 'never'", "row 3: 'P1D'", "row 3: 'much'"):
        assert said in str(error.value)


@pytest.mark.parametrize("pack", [gzip.compress, "zip"])
def test_a_packed_file_is_read(pack):
    content = table(LOAD, f"2024-06-15 00:00:00\tPT60M\t{FRANCE}\t5\t2024-06-15 02:00:00").encode()
    if pack == "zip":
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as into:
            into.writestr(ACTUAL, content)
        packed = archive.getvalue()
    else:
        packed = pack(content)
    assert len(read(packed, ACTUAL, "FR")) == 1


NEW_LOAD = '"MTU (UTC)","Area","Actual Total Load (MW)","Day-ahead Total Load Forecast (MW)"\n'
OLD_LOAD = '"Time (CET/CEST)","Day-ahead Total Load Forecast [MW] - BZN|FR","Actual Total Load [MW] - BZN|FR"\n'


def test_an_export_of_the_portal_is_read_in_utc():
    text = NEW_LOAD + (
        '"15/06/2024 00:00 - 15/06/2024 00:15","BZN|FR","50","51"\n'
        '"15/06/2024 00:15 - 15/06/2024 00:30","BZN|FR","-","52"\n'
    )
    rows = read(text, "GUI_TOTAL_LOAD_DAYAHEAD_202406142200-202406152200.csv", "FR")
    assert seen(rows) == [
        ["load", "06-15 00:00", 50.0, "06-15 01:15"],
        ["load_official", "06-15 00:00", 51.0, "06-14 08:00"],
        ["load_official", "06-15 00:15", 52.0, "06-14 08:00"],
    ]
    assert set(rows["mtu"]) == {"PT15M"}
    assert set(rows["availability"]) == {"assumed"}


def hours_of(day: str, labels: list[str], header: str = OLD_LOAD) -> str:
    """An older export of one day, whose cells have a number each."""
    lines = [f'"{label}","{number}","n/e"' for number, label in enumerate(labels)]
    return header + "\n".join(lines).replace("DAY", day) + "\n"


AUTUMN = ["00:00 - DAY 01:00", "01:00 - DAY 02:00", "02:00 - DAY 03:00", "02:00 - DAY 03:00", "03:00 - DAY 04:00"]


def test_in_autumn_an_hour_is_there_twice_and_the_second_is_winter_time():
    """27 October 2024 in Paris: 0:00 and 1:00 are 22:00 and 23:00 UTC, 2:00 comes at 0:00 and at 1:00 UTC."""
    rows = read(hours_of("27.10.2024", [f"DAY {label}" for label in AUTUMN]), "Total Load.csv", "FR")
    assert rows["value"].tolist() == [0, 1, 2, 3, 4]
    assert rows["valid_time"].dt.strftime("%d %H").tolist() == ["26 22", "26 23", "27 00", "27 01", "27 02"]
    assert set(rows["mtu"]) == {"PT60M"}


def test_in_autumn_newer_exports_mark_the_hours():
    labels = [
        "27/10/2024 01:00:00 (CEST) - 27/10/2024 02:00:00 (CEST)",
        "27/10/2024 02:00:00 (CEST) - 27/10/2024 02:00:00 (CET)",
        "27/10/2024 02:00:00 (CET) - 27/10/2024 03:00:00 (CET)",
        "27/10/2024 03:00:00 (CET) - 27/10/2024 04:00:00 (CET)",
    ]
    header = '"MTU (CET/CEST)","Day-ahead Total Load Forecast (MW) - BZN|FR","Actual Total Load (MW) - BZN|FR"\n'
    rows = read(hours_of("", labels, header), "GUI.csv", "FR")
    assert rows["valid_time"].dt.strftime("%d %H").tolist() == ["26 23", "27 00", "27 01", "27 02"]


def test_in_spring_an_hour_is_skipped_whether_the_export_has_an_empty_row_or_none():
    """31 March 2024 in Paris: 1:00 is 0:00 UTC, and 3:00 is 1:00 UTC."""
    lines = ['"31.03.2024 01:00 - 31.03.2024 02:00","1","-"', '"31.03.2024 03:00 - 31.03.2024 04:00","3","-"']
    skipped = '"31.03.2024 02:00 - 31.03.2024 03:00","%s","-"'
    for text in ("\n".join(lines), "\n".join([lines[0], skipped % "-", lines[1]])):
        rows = read(OLD_LOAD + text + "\n", "Total Load.csv", "FR")
        assert rows["valid_time"].dt.strftime("%H").tolist() == ["00", "01"]
    with pytest.raises(SourceError, match=r"row 3: .* has a value and does not exist in Europe/Brussels"):
        read(OLD_LOAD + "\n".join([lines[0], skipped % "7", lines[1]]) + "\n", "Total Load.csv", "FR")


def test_prices_of_the_portal_are_those_of_the_coupled_auction():
    text = (
        '"MTU (UTC)","Area","Sequence","Day-ahead Price (EUR/MWh)","Intraday Period (UTC)","Intraday Price (EUR/MWh)"\n'
        '"01/01/2025 00:00:00 - 01/01/2025 00:15:00","BZN|FR","Without Sequence","18.92","",""\n'
        '"01/01/2025 00:00:00 - 01/01/2025 00:15:00","BZN|FR","Sequence 2","99","",""\n'
    )
    rows = read(text, "GUI_ENERGY_PRICES.csv", "FR")
    assert seen(rows) == [["price", "01-01 00:00", 18.92, "12-31 12:00"]]
    assert rows["unit"].iloc[0] == "EUR/MWh"
    older = '"MTU (CET/CEST)","Day-ahead Price [EUR/MWh]","Currency","BZN|FR"\n'
    rows = read(older + '"01.01.2024 00:00 - 01.01.2024 01:00","3.5","EUR",""\n', "Day-ahead Prices.csv", "FR")
    assert seen(rows) == [["price", "12-31 23:00", 3.5, "12-31 12:00"]]


def test_generation_and_forecasts_of_the_portal_go_by_their_headings_or_their_names():
    older = (
        '"Area","MTU","Solar  - Actual Aggregated [MW]","Hydro Pumped Storage  - Actual Aggregated [MW]",'
        '"Hydro Pumped Storage  - Actual Consumption [MW]","Wind Onshore  - Actual Consumption [MW]"\n'
        '"BZN|DE-LU","15.06.2024 00:00 - 15.06.2024 00:15","1","n/e","30","4"\n'
    )
    rows = read(older, "Actual Generation per Production Type.csv", "DE")
    assert {row[0]: row[2] for row in seen(rows)} == {"solar": 1.0, "hydro_pumped_storage": -30.0}
    headings = [
        f"Generation - {psr_name} [MW] {kind}/ BZN|NL"
        for psr_name in ("Solar ", "Wind Offshore ")
        for kind in ("Day Ahead", "Intraday ", "Current ")
    ]
    text = ",".join(['"MTU (UTC)"', *(f'"{heading}"' for heading in headings)]) + "\n"
    rows = read(text + '"15.06.2024 00:00 - 15.06.2024 00:15","1","2","3","4","5","6"\n', "Forecasts.csv", "NL")
    assert {row[0]: row[2] for row in seen(rows)} == {
        "solar_official": 1.0,
        "solar_intraday": 2.0,
        "solar_current": 3.0,
        "wind_offshore_official": 4.0,
        "wind_offshore_intraday": 5.0,
        "wind_offshore_current": 6.0,
    }
    newer = '"MTU (UTC)","Area","Day-ahead (MW)","Intraday (MW)","Current (MW)","Actual (MW)"\n'
    newer += '"15/06/2024 00:00 - 15/06/2024 00:15","BZN|NL","1","2","","4"\n'
    rows = read(newer, "GUI_WIND_SOLAR_GENERATION_FORECAST_ONSHORE_202406142200.csv", "NL")
    assert {row[0]: row[2] for row in seen(rows)} == {
        "wind_onshore_official": 1.0,
        "wind_onshore_intraday": 2.0,
        "wind_onshore": 4.0,
    }
    rows = read(newer, "GUI_WIND_SOLAR_GENERATION_FORECAST_SOLAR_202406142200.csv", "NL")
    assert {row[0] for row in seen(rows)} == {"solar_official", "solar_intraday", "solar"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a,b\n1,2\n", "no column of times"),
        (NEW_LOAD + '"15/06/2024 00:00 - 15/06/2024 00:15","BZN|NL","50","51"\n', "none of FR"),
        (NEW_LOAD + '"15/06/2024","BZN|FR","50","51"\n', "no beginning and end"),
        (NEW_LOAD + '"15/06/2024 00:00 - 15/06/2024 00:15","BZN|FR","much","51"\n', "no number"),
        ("", "empty"),
    ],
)
def test_what_the_portal_did_not_export_is_refused_with_the_reason(text, said):
    with pytest.raises(SourceError, match=said):
        read(text, "GUI.csv", "FR")


def test_a_folder_is_read_with_the_folders_in_it(tmp_path):
    (tmp_path / "load").mkdir()
    (tmp_path / "load" / ACTUAL).write_text(
        table(LOAD, f"2024-06-15 00:00:00\tPT60M\t{FRANCE}\t5\t2024-06-15 02:00:00")
    )
    (tmp_path / "notes.txt").write_text("no data")
    block = {"kind": "entsoe_files", "folder": str(tmp_path), "zones": ["FR"]}
    settings = Settings.model_validate({"data_folder": tmp_path / "data", "sources": [block]})
    source = open_source(settings.sources[0], settings)
    assert [payload.name for payload in source.fetch(None)] == [ACTUAL]  # type: ignore[arg-type]
    with pytest.raises(SourceError, match="Put the downloads there"):
        list(files("FR", folder=str(tmp_path / "data")).fetch())


def test_the_settings_choose_quantities_and_say_what_is_not_there():
    text = NEW_LOAD + '"15/06/2024 00:00 - 15/06/2024 00:15","BZN|FR","50","51"\n'
    assert read(text, "GUI.csv", "FR", quantities=["load"])["quantity"].tolist() == ["load"]
    with pytest.raises(SettingsError, match="did you mean 'load'"):
        files("FR", quantities=["loda"])
    assert str(files("FR", quantities=["load_official"]).official_available["FR/load_official"]) == (
        "D-1T1000[Europe/Brussels]"
    )
