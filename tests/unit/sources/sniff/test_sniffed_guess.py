from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made_texts import curve, iso, table

from gridahead.errors import SettingsError, SourceError
from gridahead.sources.sniff.files import open_groups
from gridahead.sources.sniff.guess import guess
from gridahead.sources.sniff.parts import Guess, Told, told_by


def look(folder: Path, text: str, name: str = "meters.csv", told: Told | None = None) -> Guess:
    (folder / name).write_text(text, encoding="utf-8")
    (group,) = open_groups([folder / name])
    return guess(group, told or Told())


def keys(found: Guess) -> list[dict[str, object]]:
    """The keys of every source but for its path."""
    return [{name: value for name, value in source.keys.items() if name != "path"} for source in found.sources]


def test_a_plain_file_is_a_site_in_utc_and_everything_assumed_is_said(tmp_path: Path) -> None:
    found = look(tmp_path, table("2024-01-01", 72, iso))
    assert keys(found) == [
        {
            "zone": "SITE",
            "quantity": "load",
            "time_column": "time",
            "timezone": "UTC",
            "value_column": "load",
            "unit": "MW",
        }
    ]
    assert [text.split(":")[0] for text in found.uncertain] == ["timezone", "stamp", "unit MW", "zone"]


def test_german_local_time_with_thousands_and_a_total(tmp_path: Path) -> None:
    def german(time: pd.Timestamp, value: float) -> str:
        return f"{time:%d.%m.%Y %H:%M};" + f"{5 * value:,.2f}".translate(str.maketrans(",.", ".,"))

    text = table("2024-10-20", 240, german, "Zeit;Netzlast Deutschland [MW]", "Europe/Berlin")
    found = look(tmp_path, text + "Summe;240.000,00\n")
    assert keys(found) == [
        {"zone": "DE", "quantity": "load", "separator": ";", "decimal": ",", "thousands": ".", "skip_footer": 1,
         "time_column": "Zeit", "date_order": "dmy", "timezone": "Europe/Berlin",
         "value_column": "Netzlast Deutschland [MW]", "unit": "MW"}
    ]  # fmt: skip
    assert [text.split(":")[0] for text in found.uncertain] == ["stamp"]


def test_settlement_periods_stand_beside_their_date(tmp_path: Path) -> None:
    lines = [f"2024-01-{day:02d},{period},{700 + period}" for day in (10, 11) for period in range(1, 49)]
    (only,) = keys(look(tmp_path, "settlementDate,settlementPeriod,demand\n" + "\n".join(lines) + "\n"))
    assert only["time_columns"] == {"date": "settlementDate", "period": "settlementPeriod"}
    assert only["mtu"] == "PT30M"
    assert only["value_column"] == "demand"


def test_date_and_time_of_day_stand_in_two_columns(tmp_path: Path) -> None:
    text = table("2024-01-10", 72, lambda time, value: f"{time:%d/%m/%Y},{time:%H:%M},{value}", "Date,Time,Load kW")
    (only,) = keys(look(tmp_path, text))
    assert only["time_columns"] == {"date": "Date", "time": "Time"}
    assert (only["date_order"], only["unit"]) == ("dmy", "kW")


def test_hours_1_to_24_that_stand_twice_in_autumn_are_times_of_the_clock(tmp_path: Path) -> None:
    text = table(
        "2024-10-19T22:00", 240, lambda time, value: f"{time:%Y-%m-%d},{time.hour + 1},{value}", "Date,Hour,Load MW",
        "Europe/Berlin",
    )  # fmt: skip
    (only,) = keys(look(tmp_path, text, told=told_by("DE", None, None, None)))
    assert only["time_columns"] == {"date": "Date", "time": "Hour"}
    assert only["stamp"] == "ending"


def test_forecasts_made_several_times_have_a_column_of_their_issue(tmp_path: Path) -> None:
    def twice(time: pd.Timestamp, value: float) -> str:
        return "\n".join(
            f"{time:%Y-%m-%d %H:%M},{time - pd.Timedelta(hours=ago):%Y-%m-%d %H:%M},{value}" for ago in (6, 12)
        )

    (only,) = keys(look(tmp_path, table("2024-01-01", 72, twice, "valid_time,issued_at,t2m")))
    assert only["issue_column"] == "issued_at"
    assert only["covariates"] == [{"column": "t2m", "name": "temperature", "unit": "degC", "known_ahead": True}]


def test_a_region_that_stands_in_every_row_is_the_zone(tmp_path: Path) -> None:
    text = table("2024-01-01", 72, lambda time, value: f"NSW1,{iso(time, value)}", "REGION,time,demand")
    assert look(tmp_path, text).sources[0].zone.code == "NSW1"


def test_a_long_table_of_regions_is_a_source_a_region(tmp_path: Path) -> None:
    times = pd.date_range("2024-01-01", periods=72, freq="h")
    lines = [
        f"{time:%Y-%m-%d %H:%M},{region},{value * share}"
        for time, value in zip(times, curve(times), strict=True)
        for region, share in (("NSW1", 5), ("SA1", 1))
    ]
    found = look(tmp_path, "time,region,load\n" + "\n".join(lines) + "\n")
    assert [(source.zone.code, source.keys["where"]) for source in found.sources] == [
        ("NSW1", {"region": "NSW1"}), ("SA1", {"region": "SA1"})
    ]  # fmt: skip
    assert found.sources[1].zone.timezone == "Australia/Adelaide"


def test_a_long_table_of_kinds_is_a_source_a_kind(tmp_path: Path) -> None:
    text = table(
        "2024-01-01", 72, lambda time, value: "\n".join(f"{iso(time, value).replace(',', f',{kind},')}" for kind in
        ("Load", "Solar")), "time,type,value_mw",
    )  # fmt: skip
    assert [one["quantity"] for one in keys(look(tmp_path, text))] == ["load", "solar"]


def test_a_column_a_zone_is_a_source_a_zone(tmp_path: Path) -> None:
    found = look(tmp_path, table("2024-01-01", 72, lambda time, value: f"{iso(time, value)},{2 * value}", "time,de,fr"))
    assert [(source.zone.code, source.keys["value_column"]) for source in found.sources] == [("DE", "de"), ("FR", "fr")]


def test_a_column_an_hour_is_a_row_a_day(tmp_path: Path) -> None:
    hours = [f"H{hour}" for hour in range(1, 25)]
    rows = [f"2024-01-{day:02d}," + ",".join(str(700 + hour) for hour in range(24)) for day in range(1, 11)]
    (only,) = keys(look(tmp_path, f"Date,{','.join(hours)}\n" + "\n".join(rows) + "\n"))
    assert only["day_columns"] == hours
    assert "value_column" not in only


def test_forecast_and_weather_beside_the_load_are_its_inputs(tmp_path: Path) -> None:
    text = table(
        "2024-01-01", 72, lambda time, value: f"{iso(time, value)},{value + 5},{time.hour / 2},{time.hour}",
        "time,France load MW,load forecast MW,Temp (°C),temperature forecast °C",
    )  # fmt: skip
    (only,) = keys(look(tmp_path, text))
    assert only["reference_column"] == "load forecast MW"
    assert "reference_available" not in only
    assert only["covariates"] == [
        {"column": "Temp (°C)", "name": "temperature", "unit": "°C", "known_ahead": False},
        {"column": "temperature forecast °C", "name": "temperature_forecast_c", "unit": "°C", "known_ahead": True},
    ]


def test_outside_the_law_it_is_asked_when_the_official_forecast_is_there(tmp_path: Path) -> None:
    text = table("2024-01-01", 72, lambda time, value: f"{iso(time, value)},{value + 5}", "time,load,forecast")
    found = look(tmp_path, text)
    assert keys(found)[0]["reference_available"] == "D-1T1000[UTC]"
    assert any(text.startswith("reference_available") for text in found.uncertain)


def test_weather_alone_is_a_source_of_covariates(tmp_path: Path) -> None:
    (only,) = keys(look(tmp_path, table("2024-01-01", 72, iso, "time,t2m")))
    assert "quantity" not in only
    assert only["covariates"] == [{"column": "t2m", "name": "temperature", "unit": "degC", "known_ahead": False}]


def test_load_below_zero_is_residual_load(tmp_path: Path) -> None:
    found = look(
        tmp_path, table("2024-01-01", 72, lambda time, value: iso(time, value - 900 - 300 * (time.hour == 12)))
    )
    assert keys(found)[0]["quantity"] == "residual_load"
    assert any("below zero" in text for text in found.uncertain)


def test_words_and_numbers_for_no_value_are_named(tmp_path: Path) -> None:
    lines = table("2024-01-01", 72, iso).splitlines()
    lines[5], lines[9] = "2024-01-01 04:00,fehlt", "2024-01-01 08:00,-9999"
    assert keys(look(tmp_path, "\n".join(lines) + "\n"))[0]["missing"] == ["fehlt", "-9999"]


def test_newest_first_five_minutes_and_intervals(tmp_path: Path) -> None:
    times = pd.date_range("2024-01-01", periods=300, freq="5min")
    rows = [
        f"{time:%Y-%m-%d %H:%M} - {time + pd.Timedelta(minutes=5):%Y-%m-%d %H:%M},{7 + time.hour}"
        for time in times[::-1]
    ]
    (only,) = keys(look(tmp_path, "\n".join(["time,power (W)", *rows]) + "\n"))
    assert (only["row_order"], only["row_minutes"], only["mtu"]) == ("falling", 5, "PT15M")
    assert (only["interval_separator"], only["unit"]) == (" - ", "W")


def test_dates_with_day_and_month_exchanged_are_known_by_their_jumps(tmp_path: Path) -> None:
    def exchanged(time: pd.Timestamp, value: float) -> str:
        date = f"{time:%Y-%d-%m}" if time.day <= 12 else f"{time:%Y-%m-%d}"
        return f"{date} {time:%H:%M},{value}"

    (only,) = keys(look(tmp_path, table("2024-01-01", 24 * 70, exchanged)))
    assert only["day_month_exchanged"] is True
    assert "row_order" not in only


def test_rows_in_no_order_are_said_to_be_so(tmp_path: Path) -> None:
    header, *rows = table("2024-01-01", 72, iso).splitlines()
    (only,) = keys(look(tmp_path, "\n".join([header, *rows[30:], *rows[:30]]) + "\n"))
    assert only["row_order"] == "any"


def test_summer_and_winter_time_behind_the_times_are_a_local_clock(tmp_path: Path) -> None:
    text = table("2024-10-20", 240, lambda time, value: f"{time:%d.%m.%Y %H:%M %Z},{value}", timezone="Europe/Berlin")
    assert keys(look(tmp_path, text))[0]["timezone"] == "Europe/Berlin"


def test_an_index_of_a_parquet_file_is_its_time(tmp_path: Path) -> None:
    index = pd.date_range("2024-01-01", periods=72, freq="h", tz="UTC")
    pd.DataFrame({"solar_mw": np.arange(72.0)}, index=index).to_parquet(tmp_path / "sun.parquet")
    (group,) = open_groups([tmp_path / "sun.parquet"])
    (only,) = keys(guess(group, Told()))
    assert (only["time_column"], only["quantity"], only["timezone"]) == ("index", "solar", "UTC")


def test_files_with_the_same_columns_are_one_pattern_and_a_folder_is_read_whole(tmp_path: Path) -> None:
    for month in ("01", "02"):
        (tmp_path / f"load_2024-{month}.csv").write_text(table(f"2024-{month}-01", 72, iso), encoding="utf-8")
    (together,) = open_groups([tmp_path / "load_2024-01.csv", tmp_path / "load_2024-02.csv"])
    (folder,) = open_groups([tmp_path])
    assert together.path == folder.path == str(tmp_path / "load_*.csv")
    assert len(together.table.cells) == 144


def test_what_the_person_says_is_not_guessed(tmp_path: Path) -> None:
    told = told_by("FR", "Europe/Paris", "solar", "a")
    found = look(
        tmp_path, table("2024-01-01", 72, lambda time, value: f"{iso(time, value)},3", "time,a,load"), told=told
    )
    (only,) = keys(found)
    assert (only["zone"], only["timezone"], only["quantity"], only["value_column"]) == (
        "FR",
        "Europe/Paris",
        "solar",
        "a",
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [("time,load\n", "no rows"), ("name,load\nx,1\ny,2\n", "no column tells a time"),
     ("date,load\n2024-01-01,5\n2024-01-02,6\n2024-01-03,7\n", "24 hours apart"),
     ("time,note\n2024-01-01 00:00,a\n2024-01-01 01:00,b\n2024-01-01 02:00,c\n2024-01-01 03:00,d\n2024-01-01 04:00,e\n",
      "holds numbers")],
)  # fmt: skip
def test_what_cannot_be_forecast_is_refused_with_the_reason(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(SourceError, match=rf"meters\.csv.*{said}"):
        look(tmp_path, text)


def test_a_missing_file_and_an_empty_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such file"):
        open_groups([tmp_path / "absent.csv"])
    with pytest.raises(SourceError, match="no file of a known kind"):
        open_groups([tmp_path])


def test_an_unknown_quantity_or_clock_is_refused() -> None:
    with pytest.raises(SettingsError, match="residual_load"):
        told_by(None, None, "lod", None)
    with pytest.raises(SettingsError, match="--timezone"):
        told_by(None, "Europe/Pariss", None, None)


def test_the_sheet_with_the_table_is_found_in_a_workbook(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active["A1"] = "Read me"
    sheet = book.create_sheet("Data")
    for row in (["A utility"], [], ["Zeitpunkt", "Last [kW]"]):
        sheet.append(row)
    for number, time in enumerate(pd.date_range("2024-01-01", periods=72, freq="h")):
        sheet.append([time.to_pydatetime(), 200.5 + number])
    sheet.append(["Summe", 17000])
    book.save(tmp_path / "load.xlsx")
    (group,) = open_groups([tmp_path / "load.xlsx"])
    (only,) = keys(guess(group, Told()))
    assert (only["sheet"], only["skip_rows"], only["skip_footer"]) == ("Data", 2, 1)
    assert (only["time_column"], only["value_column"], only["unit"]) == ("Zeitpunkt", "Last [kW]", "kW")
