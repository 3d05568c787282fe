from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from builders.texts import curve, iso, table

from gridahead.core.errors import SettingsError, SourceError
from gridahead.sources.sniff.files import open_groups
from gridahead.sources.sniff.guess import guess
from gridahead.sources.sniff.parts import Guess, GuessOptions, guess_options


def look(folder: Path, text: str, name: str = "meters.csv", told: GuessOptions | None = None) -> Guess:
    (folder / name).write_text(text, encoding="utf-8")
    (group,) = open_groups([folder / name])
    return guess(group, told or GuessOptions())


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
        {
            "zone": "DE",
            "quantity": "load",
            "separator": ";",
            "decimal": ",",
            "thousands": ".",
            "skip_footer": 1,
            "time_column": "Zeit",
            "date_order": "dmy",
            "timezone": "Europe/Berlin",
            "value_column": "Netzlast Deutschland [MW]",
            "unit": "MW",
        }
    ]
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


def test_year_month_day_and_hours_from_1_stand_in_columns_of_their_own(tmp_path: Path) -> None:
    text = table(
        "2024-01-10",
        72,
        lambda time, value: f"{time.year},{time.month},{time.day},{time.hour + 1},{value}",
        "Year,Mon,Day,HE,MW",
    )
    (only,) = keys(look(tmp_path, text))
    assert only["time_columns"] == {"year": "Year", "month": "Mon", "day": "Day", "period": "HE"}
    assert only["value_column"] == "MW"


def test_year_month_day_and_hours_of_the_clock_stand_in_columns_of_their_own(tmp_path: Path) -> None:
    text = table(
        "2024-03-28T23:00",
        96,
        lambda time, value: f"{time.year},{time.month:02},{time.day:02},{time.hour},{value}",
        "Jahr,Monat,Tag,Stunde,Last MW",
        "Europe/Berlin",
    )
    (only,) = keys(look(tmp_path, text))
    assert only["time_columns"] == {"year": "Jahr", "month": "Monat", "day": "Tag", "time": "Stunde"}
    assert only["timezone"] == "Europe/Berlin"


def test_year_month_and_day_are_known_by_their_order_where_nothing_names_them(tmp_path: Path) -> None:
    text = table(
        "2024-01-10", 72, lambda time, value: f"{time.year},{time.month},{time.day},{time.hour},{value}"
    ).split("\n", 1)[1]
    (only,) = keys(look(tmp_path, text))
    assert only["time_columns"] == {"year": "column_1", "month": "column_2", "day": "column_3", "time": "column_4"}
    assert (only["value_column"], only["header"]) == ("column_5", False)


def test_quarter_hours_may_have_their_minutes_in_a_column_of_their_own(tmp_path: Path) -> None:
    lines = [f"2024,1,{day},{hour},{m},{700 + hour}" for day in (10, 11) for hour in range(24) for m in (0, 15, 30, 45)]
    (only,) = keys(look(tmp_path, "year,month,day,hour,minute,load_mw\n" + "\n".join(lines) + "\n"))
    assert only["time_columns"] == {"year": "year", "month": "month", "day": "day", "time": "hour", "minute": "minute"}
    assert (only["mtu"], only["value_column"]) == ("PT15M", "load_mw")


@pytest.mark.parametrize("mark", [".", ","])
def test_days_of_a_spreadsheet_are_known_by_the_steps_between_them(tmp_path: Path, mark: str) -> None:
    lines = [f"{45292 + n / 24:.6f};{1000 + n % 24},5".replace(".", mark).replace(",", mark) for n in range(72)]
    (only,) = keys(look(tmp_path, "Time;Load MW\n" + "\n".join(lines) + "\n"))
    assert (only["time_column"], only["time_format"]) == ("Time", "excel")


@pytest.mark.parametrize("form", ["{:02}-{:02}", "{}:00-{}:00", "{:02}:00 - {:02}:00"])
def test_hours_that_tell_beginning_and_end_are_times_of_the_clock(tmp_path: Path, form: str) -> None:
    lines = [f"2024-01-{day},{form.format(h, h + 1)},{700 + h}" for day in (10, 11) for h in range(24)]
    (only,) = keys(look(tmp_path, "Date,Hour,Load MW\n" + "\n".join(lines) + "\n"))
    assert only["time_columns"] == {"date": "Date", "time": "Hour"}
    assert (only["interval_separator"], "stamp" in only) == ("-", False)


def test_half_hours_from_0_are_counted_and_so_are_those_with_a_name(tmp_path: Path) -> None:
    from_0 = [f"2024-01-{day},{n},{700 + n}" for day in (10, 11) for n in range(48)]
    (only,) = keys(look(tmp_path, "Date,SP,Load MW\n" + "\n".join(from_0) + "\n"))
    assert only["time_columns"] == {"date": "Date", "period": "SP", "first_period": 0}
    assert only["mtu"] == "PT30M"
    named = [f"2024-01-{day},HE{n:02},{700 + n}" for day in (10, 11) for n in range(1, 25)]
    (only,) = keys(look(tmp_path, "Date,Hour,Load MW\n" + "\n".join(named) + "\n"))
    assert only["time_columns"] == {"date": "Date", "period": "Hour"}


@pytest.mark.parametrize("form", ["{:02}-{:02}", "{:02}:00-{:02}:00"])
def test_columns_of_a_day_may_tell_beginning_and_end(tmp_path: Path, form: str) -> None:
    names = [form.format(hour, hour + 1) for hour in range(24)]
    days = [f"2024-01-{day}," + ",".join(str(700 + hour) for hour in range(24)) for day in range(10, 20)]
    (only,) = keys(look(tmp_path, "\n".join(["Date," + ",".join(names), *days]) + "\n"))
    assert only["day_columns"] == names


def test_a_zone_without_a_name_says_that_it_is_free_and_whose_holidays_it_has(tmp_path: Path) -> None:
    unnamed = look(tmp_path, table("2024-01-10", 72, iso)).uncertain[-1]
    assert "The name is free: run again with --zone NAME" in unnamed
    assert "add `country` under [[zones]]" in unnamed
    named = look(tmp_path, table("2024-01-10", 72, iso, "Fecha Europe/Madrid,Demanda MW"))
    assert (named.sources[0].zone.timezone, named.sources[0].zone.country) == ("Europe/Madrid", "ES")
    assert "its holidays are those of ES" in named.uncertain[-1]
    told = look(tmp_path, table("2024-01-10", 72, iso), told=guess_options("Plant7", "America/Santiago", None, None))
    assert (told.sources[0].zone.code, told.sources[0].zone.country) == ("Plant7", "CL")


def test_a_clock_that_many_countries_have_gives_an_example_and_no_holidays(tmp_path: Path) -> None:
    text = table("2024-03-28T23:00", 96, lambda time, value: f"{time:%Y-%m-%d %H:%M},{value}", timezone="Europe/Berlin")
    found = look(tmp_path, text)
    assert (found.sources[0].zone.timezone, found.sources[0].zone.country) == ("Europe/Berlin", None)
    assert 'it has no holidays: if it is there, add country = "DE" under [[zones]]' in found.uncertain[-1]


def test_hours_1_to_24_that_stand_twice_in_autumn_are_times_of_the_clock(tmp_path: Path) -> None:
    text = table(
        "2024-10-19T22:00",
        240,
        lambda time, value: f"{time:%Y-%m-%d},{time.hour + 1},{value}",
        "Date,Hour,Load MW",
        "Europe/Berlin",
    )
    (only,) = keys(look(tmp_path, text, told=guess_options("DE", None, None, None)))
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
        ("NSW1", {"region": "NSW1"}),
        ("SA1", {"region": "SA1"}),
    ]
    assert found.sources[1].zone.timezone == "Australia/Adelaide"


def test_a_long_table_of_kinds_is_a_source_a_kind(tmp_path: Path) -> None:
    text = table(
        "2024-01-01",
        72,
        lambda time, value: "\n".join(f"{iso(time, value).replace(',', f',{kind},')}" for kind in ("Load", "Solar")),
        "time,type,value_mw",
    )
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
        "2024-01-01",
        72,
        lambda time, value: f"{iso(time, value)},{value + 5},{time.hour / 2},{time.hour}",
        "time,France load MW,load forecast MW,Temp (°C),temperature forecast °C",
    )
    (only,) = keys(look(tmp_path, text))
    assert only["official_column"] == "load forecast MW"
    assert "official_available" not in only
    assert only["covariates"] == [
        {"column": "Temp (°C)", "name": "temperature", "unit": "°C", "known_ahead": False},
        {"column": "temperature forecast °C", "name": "temperature_forecast_c", "unit": "°C", "known_ahead": True},
    ]


def test_outside_the_law_it_is_asked_when_the_official_forecast_is_there(tmp_path: Path) -> None:
    text = table("2024-01-01", 72, lambda time, value: f"{iso(time, value)},{value + 5}", "time,load,forecast")
    found = look(tmp_path, text)
    assert keys(found)[0]["official_available"] == "D-1T1000[UTC]"
    assert any(text.startswith("official_available") for text in found.uncertain)


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
    (only,) = keys(guess(group, GuessOptions()))
    assert (only["time_column"], only["quantity"], only["timezone"]) == ("index", "solar", "UTC")


def test_files_with_the_same_columns_are_one_pattern_and_a_folder_is_read_whole(tmp_path: Path) -> None:
    for month in ("01", "02"):
        (tmp_path / f"load_2024-{month}.csv").write_text(table(f"2024-{month}-01", 72, iso), encoding="utf-8")
    (together,) = open_groups([tmp_path / "load_2024-01.csv", tmp_path / "load_2024-02.csv"])
    (folder,) = open_groups([tmp_path])
    assert together.path == folder.path == str(tmp_path / "load_*.csv")
    assert len(together.table.cells) == 144


def test_what_the_person_says_is_not_guessed(tmp_path: Path) -> None:
    told = guess_options("FR", "Europe/Paris", "solar", "a")
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
    [
        ("time,load\n", "no rows"),
        ("name,load\nx,1\ny,2\n", "no column tells a time"),
        ("date,load\n2024-01-01,5\n2024-01-02,6\n2024-01-03,7\n", "24 hours apart"),
        (
            "time,note\n" + "".join(f"2024-01-01 0{hour}:00,{letter}\n" for hour, letter in enumerate("abcde")),
            "holds numbers",
        ),
    ],
)
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
        guess_options(None, None, "lod", None)
    with pytest.raises(SettingsError, match="--timezone"):
        guess_options(None, "Europe/Pariss", None, None)


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
    (only,) = keys(guess(group, GuessOptions()))
    assert (only["sheet"], only["skip_rows"], only["skip_footer"]) == ("Data", 2, 1)
    assert (only["time_column"], only["value_column"], only["unit"]) == ("Zeitpunkt", "Last [kW]", "kW")
