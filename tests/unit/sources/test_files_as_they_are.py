"""Files as people have them: every form by a named setting, and what each of them says, worked out by hand."""

import codecs
import datetime as dt
import gzip
import io
import re
import zipfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from openpyxl.worksheet.worksheet import Worksheet
from unit.sources.test_file import BERLIN, instants, lines, parquet, parse, refusal, table

from gridahead.core.errors import SourceError
from gridahead.core.time import Mtu
from gridahead.settings.file_source import CovariateSettings, FileSource, TimeColumns
from gridahead.sources.base import RawPayload
from gridahead.sources.typed import typed

HOURS = ("2024-01-01 00:00,1", "2024-01-01 01:00,2", "2024-01-01 02:00,3")
BEGINS = ["31T23:00Z", "01T00:00Z", "01T01:00Z"]
DMY = ("01.01.2024 00:00,1", "01.01.2024 01:00,2", "01.01.2024 02:00,3")


def hours(rows: pd.DataFrame) -> list[str]:
    assert rows["value"].tolist() == [1, 2, 3]
    return instants(rows)


# Where the table stands


@pytest.mark.parametrize(
    ("content", "changes"),
    [
        ("# kW\n# UTC\n" + lines(*HOURS), {"comment": "#"}),
        ('Report, of "today"\n\n' + lines(*HOURS), {"skip_rows": 2}),
        (lines("UTC,MW", *HOURS), {"skip_after_header": 1}),
        (lines(*HOURS, "Total,6"), {"skip_footer": 1}),
        (lines(*HOURS, "Source: the operator"), {"skip_footer": 1}),
        (lines(*HOURS, ",", " , "), {}),
        (lines(*(f"{row}," for row in HOURS), header="time,load,"), {}),
        (lines(*(f"{row},," for row in HOURS)), {}),
        (lines(*HOURS).replace(",", "|"), {"separator": "|"}),
        (lines(*HOURS).replace(",", "\t"), {"separator": "\t"}),
        (lines(*(f"{row},a,b" for row in HOURS), header="time,load,note,note"), {}),
    ],
    ids=[
        "comments",
        "title",
        "units",
        "total",
        "source",
        "blanks",
        "separators at the end",
        "more of them",
        "bar",
        "tab",
        "other columns of one name",
    ],
)
def test_what_is_no_data_is_left_out(content, changes):
    assert hours(parse(content, **changes)) == BEGINS


NAMELESS = {"header": False, "time_column": "column_1", "value_column": "column_2"}


@pytest.mark.parametrize(
    ("above", "changes"),
    [((), {}), (("Export of a meter", ""), {"skip_rows": 2}), (("# kW",), {"comment": "#"})],
    ids=["nothing", "title", "comment"],
)
def test_columns_of_a_file_without_names_are_called_by_their_place(above, changes):
    content = "\n".join([*above, *HOURS]) + "\n"
    assert hours(parse(content, **NAMELESS, **changes)) == BEGINS


def test_columns_of_a_sheet_without_names_are_called_by_their_place():
    assert hours(parse(workbook(*TYPED), path=EXCEL, **NAMELESS)) == BEGINS


def test_a_row_of_names_that_is_said_not_to_be_there_is_no_time():
    assert "row 1: 'time' is no time" in refusal(lines(*HOURS), **NAMELESS)


# Times in several columns

PARTS = {"year": "Jahr", "month": "Monat", "day": "Tag"}


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (("2024,1,1,0,1", "2024,1,1,1,2", "2024,1,1,2,3"), {"time": "Stunde"}),
        (("24,01,01,1,1", "24,01,01,2,2", "24,01,01,3,3"), {"period": "Stunde"}),
        (("2024.0,1.0,1.0,0,1", "2024.0,1.0,1.0,1,2", "2024.0,1.0,1.0,2,3"), {"period": "Stunde", "first_period": 0}),
        (("2024,1,1,00-01,1", "2024,1,1,01-02,2", "2024,1,1,02-03,3"), {"time": "Stunde"}),
    ],
    ids=["hours of the clock", "hours from 1", "hours from 0, decimals of a spreadsheet", "beginning and end"],
)
def test_year_month_and_day_may_stand_in_columns_of_their_own(rows, told):
    between = "-" if "-" in rows[0] else ""
    content = lines(*rows, header="Jahr,Monat,Tag,Stunde,load")
    keys = {"time_column": None, "time_columns": {**PARTS, **told}, "interval_separator": between}
    assert hours(parse(content, **keys)) == BEGINS


def test_minutes_may_stand_in_a_column_of_their_own():
    content = lines("2024,1,1,0,0,1", "2024,1,1,0,15,2", "2024,1,1,0,30,3", header="Jahr,Monat,Tag,h,min,load")
    rows = parse(content, time_column=None, mtu="PT15M", time_columns={**PARTS, "time": "h", "minute": "min"})
    assert hours(rows) == ["31T23:00Z", "31T23:15Z", "31T23:30Z"]
    wrong = content.replace(",15,", ",75,")
    told = {"time_column": None, "mtu": "PT15M", "time_columns": {**PARTS, "time": "h", "minute": "min"}}
    assert "row 3: '0 75' in column 'h' is no time of the day" in refusal(wrong, **told)


def test_a_day_that_its_month_does_not_have_is_named_with_its_row():
    content = lines("2024,2,29,0,1", "2024,2,30,0,2", header="Jahr,Monat,Tag,h,load")
    message = refusal(content, time_column=None, time_columns={**PARTS, "time": "h"})
    assert "row 3: '2024-02-30' is no date" in message


@pytest.mark.parametrize("columns", [{}, {"date": "d", "year": "y"}, {"year": "y", "month": "m"}])
def test_a_date_is_in_one_column_or_in_three(columns):
    with pytest.raises(ValueError, match="say where the date is"):
        TimeColumns(**columns, time="h")


@pytest.mark.parametrize(
    ("day", "periods", "first"),
    [("2024-03-31", 46, "30T23:00Z"), ("2024-06-01", 48, "31T22:00Z"), ("2024-10-27", 50, "26T22:00Z")],
)
def test_half_hours_may_be_counted_from_0(day, periods, first):
    content = lines(*(f"{day},{n},{n}" for n in range(periods)), header="date,SP,load")
    told = {"date": "date", "period": "SP", "first_period": 0}
    rows = parse(content, time_column=None, mtu=Mtu.PT30M, time_columns=told)
    assert rows["valid_time"].diff().dropna().eq(pd.Timedelta(minutes=30)).all()
    assert (len(rows), instants(rows)[0]) == (periods, first)


# Days of a spreadsheet


@pytest.mark.parametrize("digits", [4, 6, 10])
def test_days_of_a_spreadsheet_are_times_however_many_decimals_they_have(digits):
    rows = [f"{45292 + n / 24:.{digits}f},{n + 1}" for n in range(3)]
    assert hours(parse(lines(*rows), time_format="excel")) == BEGINS


def test_days_of_a_spreadsheet_may_have_a_comma():
    rows = [f"{45292 + n / 24:.6f};{n + 1}".replace(".", ",") for n in range(3)]
    content = lines(*rows, header="time;load")
    assert hours(parse(content, time_format="excel", separator=";", decimal=",")) == BEGINS


def test_seconds_of_a_spreadsheet_are_no_full_minute():
    message = refusal(lines(*(f"{45292 + n / 24 + 3 / 86400:.8f},{n}" for n in range(3))), time_format="excel")
    assert "is no beginning of a PT60M unit" in message


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "utf-32"])
def test_a_byte_order_mark_tells_the_encoding(encoding):
    assert hours(parse(lines(*HOURS).encode(encoding))) == BEGINS


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16-le", "cp437"])
def test_another_encoding_is_a_setting(encoding):
    content = lines(*HOURS, header="time,Süd").encode(encoding)
    assert hours(parse(content, encoding=encoding, value_column="Süd")) == BEGINS


def zipped(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, lines(*HOURS))
    return buffer.getvalue()


def test_an_archive_of_one_file_is_that_file():
    assert hours(parse(zipped("a.csv"))) == BEGINS


# Numbers


@pytest.mark.parametrize(
    ("cell", "changes", "value"),
    [
        ("7.996,25", {"decimal": ",", "thousands": "."}, 7996.25),
        ("1 234 567.5", {"thousands": " "}, 1234567.5),
        ("1\u202f234,5", {"thousands": " ", "decimal": ","}, 1234.5),
        ("1’234.5", {"thousands": "'"}, 1234.5),
        ("12345", {"thousands": "."}, None),
    ],
)
def test_marks_of_numbers_are_settings(cell, changes, value):
    changes = {"decimal": "," if changes.get("thousands") == "." else ".", **changes}
    rows = parse(lines(f"2024-01-01 00:00;{cell}", header="time;load"), separator=";", **changes)
    assert rows["value"].tolist() == [12345 if value is None else value]


@pytest.mark.parametrize("token", ["n/e", "ND", "#N/A", "-"])
def test_usual_words_say_that_there_is_no_value(token):
    assert parse(lines("2024-01-01 00:00,1", f"2024-01-01 01:00,{token}"))["value"].tolist() == [1]


def test_other_words_are_a_setting():
    rows = parse(
        lines("2024-01-01 00:00,1", "2024-01-01 01:00,offline", "2024-01-01 02:00,?"), missing=("offline", "?")
    )
    assert rows["value"].tolist() == [1]


@pytest.mark.parametrize("cell", ["inf", "-Infinity", "1e999", "9" * 400])
def test_what_is_infinite_is_no_value(cell):
    message = refusal(lines("2024-01-01 00:00,1", f"2024-01-01 01:00,{cell}"))
    assert f"row 3: {cell!r} in column 'load' is no " in message


@pytest.mark.parametrize(("unit", "value_mw"), [("W", 0.00045), ("Wh", 0.0009)])
def test_watts_become_megawatts(unit, value_mw):
    rows = parse(lines("2024-01-01 00:00,450", "2024-01-01 00:30,450"), unit=unit, mtu=Mtu.PT30M)
    assert rows["value"].tolist() == pytest.approx([value_mw] * 2, rel=1e-12)


def five_minutes(values: list[object]) -> str:
    times = pd.date_range("2024-01-01", periods=len(values), freq="5min")
    return lines(*(f"{time:%Y-%m-%d %H:%M},{value}" for time, value in zip(times, values, strict=True)))


def test_finer_rows_are_averaged_and_a_unit_that_lacks_more_than_a_quarter_is_missing():
    values = [*range(12), *range(12, 21), "", "", "", *["-"] * 4, *range(8)]
    rows = parse(five_minutes(values), row_minutes=5, timezone="UTC")
    assert instants(rows) == ["01T00:00Z", "01T01:00Z"]
    assert rows["value"].tolist() == [5.5, 16.0]  # means of 0 to 11, and of 12 to 20
    assert set(rows["mtu"]) == {"PT60M"}


def test_energy_of_finer_rows_becomes_the_mean_power_of_the_unit():
    rows = parse(five_minutes([1.0] * 12), row_minutes=5, timezone="UTC", unit="MWh")
    assert rows["value"].tolist() == [12.0]


# Times


@pytest.mark.parametrize(
    ("texts", "changes"),
    [
        (["2024-01-01 00:00:00 UTC", "2024-01-01 01:00:00 UTC"], {}),
        (["2024-01-01T00:00:00.000Z", "2024-01-01T01:00:00.000Z"], {}),
        (["20240101T0000Z", "20240101T0100Z"], {}),
        (["2024-01-01T0000Z", "2024-01-01T0100Z"], {}),
        (["2024-01-01 01:00 CET", "2024-01-01 02:00 CET"], {}),
        (["2024-01-01 01:00 (CET/CEST)", "2024-01-01 02:00 (CET/CEST)"], {}),
        (["2024-01-01 01:00 MEZ", "2024-01-01 02:00 MEZ"], {}),
        (["2024-01-01 00:00 UTC", "2024-01-01 01:00 UTC"], {"time_format": "%Y-%m-%d %H:%M %Z"}),
        (["01/01/24 1:00 AM", "01/01/24 2:00 AM"], {"date_order": "mdy"}),
        (["1.1.2024 1:00", "1.1.2024 2:00"], {"date_order": "dmy"}),
        (["2024/01/01 01:00", "2024/01/01 02:00"], {}),
        (["1704067200", "1704070800"], {"time_format": "epoch"}),
        (["1704067200000", "1704070800000"], {"time_format": "epoch_ms"}),
        (["45292.0416666667", "45292.0833333333"], {"time_format": "excel"}),
        (["202401010100", "202401010200"], {}),
        (
            ["01.01.2024 01:00 - 01.01.2024 02:00", "01.01.2024 02:00 - 01.01.2024 03:00"],
            {"interval_separator": " - ", "date_order": "dmy"},
        ),
    ],
)
def test_times_are_read_as_they_are_written(texts, changes):
    rows = parse(lines(*(f"{text},{n}" for n, text in enumerate(texts))), **changes)
    assert instants(rows) == ["01T00:00Z", "01T01:00Z"]
    assert rows["value"].tolist() == [0, 1]


@pytest.mark.parametrize(
    "zone", [" +0100 CET", "+01:00[Europe/Berlin]", " UTC+1", " GMT+01:00", " (UTC+1)", "[CET]", " UTC+0100"]
)
def test_an_offset_may_have_names_around_it(zone):
    assert hours(parse(lines(*(row.replace(",", f"{zone},") for row in HOURS)))) == BEGINS


@pytest.mark.parametrize("zone", [" UTC", " utc", " UT", "[UTC]", "Z[UTC]", " +0000 UTC", " UTC+0", " GMT-00:00"])
def test_utc_has_many_names(zone):
    rows = parse(lines(*(row.replace(",", f"{zone},") for row in HOURS)))
    assert hours(rows) == ["01T00:00Z", "01T01:00Z", "01T02:00Z"]


@pytest.mark.parametrize(
    ("texts", "changes"),
    [
        (["31.12.2023", "31.12.2023 01:00", "31.12.2023 24:00"], {"time_format": "%d.%m.%Y %H:%M"}),
        (["2023-12-31", "2023-12-31 01:00", "2023-12-31 24:00"], {}),
        (["20231231", "202312310100", "202312312400"], {"time_format": "%Y%m%d%H%M"}),
        (["31/12/2023", "31/12/2023 01:00", "31/12/2023 24:00:00"], {"date_order": "dmy"}),
    ],
)
def test_a_date_alone_is_its_midnight_and_24_the_next_one(texts, changes):
    rows = parse(lines(*(f"{text},1" for text in texts)), timezone="UTC", **changes)
    assert instants(rows) == ["31T00:00Z", "31T01:00Z", "01T00:00Z"]


def test_the_letters_of_the_hour_that_is_there_twice_tell_its_passes():
    texts = ["2024-10-27 01:00", "2024-10-27 2B:00", "2024-10-27 03:00"]
    assert instants(parse(lines(*(f"{text},1" for text in texts)))) == ["26T23:00Z", "27T01:00Z", "27T02:00Z"]


@pytest.mark.parametrize(
    ("rows", "order"),
    [((HOURS[2], HOURS[1], HOURS[0]), "falling"), ((HOURS[1], HOURS[2], HOURS[0]), "any")],
)
def test_rows_may_stand_in_another_order(rows, order):
    assert hours(parse(lines(*rows), row_order=order)) == BEGINS


def test_days_and_months_that_are_exchanged_are_exchanged_back():
    # 12 January is written 1 December and so on; 13 January stands as it is.
    true = pd.date_range("2024-01-11", "2024-01-14", freq="1h", inclusive="left")
    written = sorted((time.replace(month=time.day, day=time.month) if time.day <= 12 else time, time) for time in true)
    rows = [f"{text:%Y-%m-%d %H:%M},{said.day * 100 + said.hour}" for text, said in written]
    parsed = parse(lines(*rows), timezone="UTC", day_month_exchanged=True)
    assert parsed["valid_time"].tolist() == list(true.tz_localize("UTC"))
    assert parsed["value"].tolist() == [time.day * 100 + time.hour for time in true]


@pytest.mark.parametrize(
    ("told", "of_load", "of_official"),
    [
        (["load"], ["01-11", "01-12", "01-13"], ["01-11", "01-12", "01-13"]),
        ([2024, "load"], ["01-11", "01-12", "01-13"], ["01-11", "01-12", "01-13"]),
        ([2024], ["01-11", "01-12", "01-13"], ["01-13", "11-01", "12-01"]),
        ([2023], ["01-13", "11-01", "12-01"], ["01-11", "01-12", "01-13"]),
    ],
)
def test_days_and_months_are_exchanged_back_in_the_years_and_columns_that_are_named(told, of_load, of_official):
    # The load alone is written with day and month exchanged: 12 January is 1 December, 13 January stands as it is.
    true = pd.date_range("2024-01-11", "2024-01-14", freq="1h", inclusive="left")
    load = {time.replace(month=time.day, day=time.month) if time.day <= 12 else time: "7" for time in true}
    written = sorted({*true, *load})
    rows = [f"{time:%Y-%m-%d %H:%M},{load.get(time, '')},{'8' if time in true else ''}" for time in written]
    parsed = parse(
        lines(*rows, header="time,load,official"),
        timezone="UTC",
        day_month_exchanged=told,
        official_column="official",
        official_available="D-1T1000[Europe/Berlin]",
    ).dropna()
    days = {name: sorted(set(part["valid_time"].dt.strftime("%m-%d"))) for name, part in parsed.groupby("quantity")}
    assert days == {"load": of_load, "load_official": of_official}


def test_equal_rows_are_one_row_and_in_the_hour_that_is_there_twice_they_are_two():
    assert hours(parse(lines(*HOURS[:2], HOURS[1], HOURS[2]))) == BEGINS
    autumn = ("2024-10-27 01:00,1", "2024-10-27 02:00,2", "2024-10-27 02:00,2", "2024-10-27 03:00,3")
    assert len(parse(lines(*autumn))) == 4


# Time in two columns


def periods(day: str, count: int) -> list[str]:
    return [f"{day},{number},{number}" for number in range(1, count + 1)]


@pytest.mark.parametrize(("day", "count"), [("2024-03-31", 46), ("2024-06-01", 48), ("2024-10-27", 50)])
def test_settlement_periods_count_the_units_of_their_day(day, count):
    content = lines(*periods(day, count), header="date,period,load")
    rows = parse(content, time_column=None, time_columns={"date": "date", "period": "period"}, mtu=Mtu.PT30M)
    begin = pd.Timestamp(day, tz=BERLIN).tz_convert("UTC")
    assert rows["valid_time"].tolist() == list(pd.date_range(begin, periods=count, freq="30min"))
    assert rows["value"].tolist() == list(range(1, count + 1))


@pytest.mark.parametrize("form", ["{:02}", "SP{}", "HE{:02}", "HE {}", "H{}", "{}.0"])
def test_a_period_may_say_what_it_counts(form):
    content = lines(*(f"2024-01-01,{form.format(n)},{n}" for n in (1, 2, 3)), header="date,period,load")
    assert hours(parse(content, time_column=None, time_columns={"date": "date", "period": "period"})) == BEGINS


@pytest.mark.parametrize("day", ["2024-03-31", "2024-06-01"])
def test_a_period_after_the_end_of_its_day_is_a_finding_unless_it_is_empty(day):
    count = {"2024-03-31": 23, "2024-06-01": 24}[day]
    told = {"time_column": None, "time_columns": {"date": "date", "period": "period"}}
    late = f"{day},{count + 1},"
    assert len(parse(lines(*periods(day, count), late, header="date,period,load"), **told)) == count
    message = refusal(lines(*periods(day, count), f"{late}7", header="date,period,load"), **told)
    assert f"'{day} {count + 1}' is after the end of its day in Europe/Berlin" in message


@pytest.mark.parametrize(
    ("times", "stamp"),
    [
        (("0", "1", "2"), "beginning"),
        (("00:00", "01:00", "02:00"), "beginning"),
        (("0", "100", "200"), "beginning"),
        (("1", "2", "3"), "ending"),
        (("1:00 AM", "2:00 AM", "3:00 AM"), "ending"),
    ],
)
def test_the_time_of_the_day_may_stand_in_a_column_of_its_own(times, stamp):
    rows = [f"2024-01-01,{time},{n}" for n, time in enumerate(times, start=1)]
    told = {"time_column": None, "time_columns": {"date": "date", "time": "hour"}, "stamp": stamp}
    assert hours(parse(lines(*rows, header="date,hour,load"), **told)) == BEGINS


def test_a_day_of_24_hours_when_clocks_change_leaves_out_what_never_was():
    hours_of = [f"{day},{hour},{hour}" for day in ("2024-03-30", "2024-03-31") for hour in range(1, 25)]
    told = {"time_column": None, "time_columns": {"date": "date", "time": "hour"}, "stamp": "ending"}
    content = lines(*hours_of, header="date,hour,load")
    assert 'skipped_hour = "drop"' in refusal(content, **told)
    rows = parse(content, **told, skipped_hour="drop")
    assert rows["value"].tolist() == [*range(1, 25), 1, 2, *range(4, 25)]
    assert rows["valid_time"].diff().dropna().eq(pd.Timedelta(hours=1)).all()


# Long and wide tables


LONG = lines(*(f"{row}{more}" for row in HOURS for more in (",North", "0,South")), header="time,load,region")


def test_of_a_long_table_the_rows_that_are_asked_for_are_read():
    assert hours(parse(LONG, where={"region": "North"})) == BEGINS


def test_a_value_that_no_row_has_is_named_with_those_that_there_are():
    message = refusal(LONG, where={"region": "Nort"})
    assert "no row has 'Nort' in column 'region'" in message
    assert 'set where = {region = "North"} in the settings' in message


def test_a_long_table_of_quantities_has_a_column_of_names():
    rows = [f"{row.split(',')[0]},{name},{n}" for n, row in enumerate(HOURS, start=1) for name in ("Load", "t2m")]
    told = {"id_column": "what", "id_value_column": "much", "value_column": "Load"}
    weather = CovariateSettings(column="t2m", name="temperature", unit="degC", known_ahead=False)
    parsed = parse(lines(*rows, header="time,what,much"), **told, covariates=(weather,))
    assert hours(parsed.query("quantity == 'load'")) == BEGINS
    assert hours(parsed.query("quantity == 'temperature'")) == BEGINS


def wide(*days: tuple[str, list[object]], names: list[str]) -> str:
    return lines(*(f"{day},{','.join(map(str, cells))}" for day, cells in days), header=f"time,{','.join(names)}")


DAY_COLUMNS = [f"H{hour:02}" for hour in range(1, 25)]


def test_a_row_may_be_a_day_with_a_column_an_hour():
    content = wide(("2024-01-01", [*range(24)]), ("2024-01-02", [*range(24)]), names=DAY_COLUMNS)
    rows = parse(content, value_column=None, day_columns=("H*",))
    begin = pd.Timestamp("2024-01-01", tz=BERLIN).tz_convert("UTC")
    assert rows["valid_time"].tolist() == list(pd.date_range(begin, periods=48, freq="1h"))
    assert rows["value"].tolist() == [*range(24)] * 2


@pytest.mark.parametrize("cells", [[0, 1, "", *range(3, 24)], [0, 1, *range(3, 24), ""]], ids=["clock", "counted"])
def test_a_row_of_the_day_on_which_clocks_go_forward_has_an_empty_hour(cells):
    rows = parse(wide(("2024-03-31", cells), names=DAY_COLUMNS), value_column=None, day_columns=("H*",))
    begin = pd.Timestamp("2024-03-31", tz=BERLIN).tz_convert("UTC")
    assert rows["valid_time"].tolist() == list(pd.date_range(begin, periods=23, freq="1h"))
    assert rows["value"].tolist() == [0, 1, *range(3, 24)]


@pytest.mark.parametrize(
    ("names", "usual"),
    [
        ([*DAY_COLUMNS, "H25"], [*range(24), ""]),
        ([*DAY_COLUMNS[:3], "H03B", *DAY_COLUMNS[3:]], [0, 1, 2, "", *range(3, 24)]),
    ],
    ids=["counted", "letter"],
)
def test_a_row_of_the_day_on_which_clocks_go_back_has_25_hours(names, usual):
    content = wide(("2024-10-26", usual), ("2024-10-27", [*range(25)]), names=names)
    rows = parse(content, value_column=None, day_columns=("H*",))
    begin = pd.Timestamp("2024-10-26", tz=BERLIN).tz_convert("UTC")
    assert rows["valid_time"].tolist() == list(pd.date_range(begin, periods=49, freq="1h"))
    assert rows["value"].tolist() == [*range(24), *range(25)]


# Covariates alone, and issue times


WEATHER = {"quantity": None, "value_column": None}


def test_a_file_may_have_covariates_alone():
    told = CovariateSettings(column="load", name="temperature", unit="degC", known_ahead=False)
    rows = parse(lines(*HOURS), **WEATHER, covariates=(told,))
    assert set(rows["quantity"]) == {"temperature"}
    assert set(rows["unit"]) == {"degC"}


def test_a_quantity_that_nobody_forecasts_is_a_measured_covariate_in_its_own_unit():
    rows = parse(lines(*HOURS), quantity="temperature", unit="degC")
    assert (set(rows["quantity"]), set(rows["unit"])) == ({"temperature"}, {"degC"})


def test_forecasts_are_known_from_when_they_were_issued_and_the_lag():
    told = CovariateSettings(column="load", name="temperature", unit="degC", known_ahead=True)
    rows = (
        "2024-01-02 00:00,1,2024-01-01 06:00",
        "2024-01-02 01:00,2,2024-01-01 06:00",
        "2024-01-02 00:00,3,2024-01-01 12:00",
    )
    parsed = parse(
        lines(*rows, header="time,load,issued"), **WEATHER, covariates=(told,), issue_column="issued", timezone="UTC"
    )
    assert parsed["value"].tolist() == [1, 2, 3]
    assert parsed["available_at"].dt.strftime("%H:%M").tolist() == ["07:00", "07:00", "13:00"]
    assert set(parsed["availability"]) == {"recorded"}


def test_official_forecasts_have_the_issue_times_of_their_column():
    rows = (
        "2024-01-02 00:00,1,2024-01-01 06:00",
        "2024-01-02 00:00,3,2024-01-01 12:00",
        "2024-01-03 00:00,5,2024-01-01 12:00",
    )
    keys = {"value_column": None, "official_column": "load", "issue_column": "issued", "publication_lag_minutes": 0}
    content = lines(*rows, header="time,load,issued")
    parsed = parse(content, **keys, official_unit="GW", timezone="UTC")
    assert (set(parsed["quantity"]), set(parsed["availability"])) == ({"load_official"}, {"recorded"})
    assert parsed["value"].tolist() == [1_000, 3_000, 5_000]
    assert parsed["available_at"].dt.strftime("%d %H:%M").tolist() == ["01 06:00", "01 12:00", "01 12:00"]
    with pytest.raises(ValueError, match="says when each value was issued; leave out `official_available`"):
        parse(content, **keys, official_available="D-1T1000[Europe/Berlin]")


# Excel


def workbook(*rows: tuple[Any, ...], sheet: str = "Data", more: tuple[str, ...] = ()) -> bytes:
    book = openpyxl.Workbook()
    page = book.active
    assert isinstance(page, Worksheet)
    page.title = sheet
    for row in rows:
        page.append(row)
    for name in more:
        book.create_sheet(name).append(["a"])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


TYPED = [(dt.datetime(2024, 1, 1, hour), hour + 1) for hour in range(3)]
EXCEL = Path("meters.xlsx")


def test_a_workbook_is_read_with_its_types():
    assert hours(parse(workbook(("time", "load"), *TYPED), path=EXCEL)) == BEGINS


def test_a_workbook_has_rows_around_the_table_like_any_file():
    rows = [("Report",), (), ("time", "load"), ("UTC", "MW"), *TYPED, ("Total", 6)]
    told = {"skip_rows": 2, "skip_after_header": 1, "skip_footer": 1}
    assert hours(parse(workbook(*rows), path=EXCEL, **told)) == BEGINS


def test_texts_in_a_workbook_are_read_as_in_a_csv():
    rows = [("2024-01-01 00:00", "1,0"), ("2024-01-01 01:00", 2), (dt.datetime(2024, 1, 1, 2), "3,0")]
    assert hours(parse(workbook(("time", "load"), *rows), path=EXCEL, decimal=",")) == BEGINS


def test_dates_and_hours_of_a_workbook_may_stand_in_two_columns():
    rows = [(dt.date(2024, 1, 1), hour, hour) for hour in (1, 2, 3)]
    told = {"time_column": None, "time_columns": {"date": "day", "period": "hour"}}
    assert hours(parse(workbook(("day", "hour", "load"), *rows), path=EXCEL, **told)) == BEGINS


def test_of_several_sheets_one_has_to_be_named():
    content = workbook(("time", "load"), *TYPED, more=("Notes",))
    assert 'The columns are in "Data": set sheet = "Data" in the settings' in refusal(content, path=EXCEL)
    assert 'set sheet = "Data"' in refusal(content, path=EXCEL, sheet="Date")
    assert hours(parse(content, path=EXCEL, sheet="Data")) == hours(parse(content, path=EXCEL, sheet=1)) == BEGINS


@pytest.mark.parametrize(
    "content", [b"\xd0\xcf\x11\xe0" + b"\0" * 512, workbook(("time", "load"))[:900], zipped("xl/a.xml")]
)
def test_a_workbook_that_cannot_be_read_is_refused(content):
    refusal(content, path=EXCEL)


# Parquet


def arrow(type_: pa.DataType, values: list[int]) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table({"time": pa.array(values, type_), "load": [1.0, 2.0, 3.0]}), buffer)
    return buffer.getvalue()


FIRST = 1704063600  # 2024-01-01 00:00 in Berlin
SECONDS = [FIRST, FIRST + 3600, FIRST + 7200]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("timezone", ["UTC", "Mars/Olympus", "+01:00", BERLIN])
def test_parquet_times_of_every_unit_and_zone_are_instants(unit, timezone):
    per_second = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[unit]
    content = arrow(pa.timestamp(unit, timezone), [second * per_second for second in SECONDS])
    assert hours(parse(content, path=Path("meters.parquet"))) == BEGINS


def test_a_parquet_index_without_a_name_is_the_column_index():
    times = pd.to_datetime(SECONDS, unit="s", utc=True)
    content = parquet(pd.DataFrame({"load": [1.0, 2.0, 3.0]}, index=times))
    assert hours(parse(content, path=Path("meters.parquet"), time_column="index")) == BEGINS


def test_parquet_numbers_may_be_an_epoch():
    assert hours(parse(arrow(pa.int64(), SECONDS), path=Path("meters.parquet"), time_format="epoch")) == BEGINS


# Several files


def test_a_pattern_and_a_folder_are_all_their_files(tmp_path):
    for number, row in enumerate(HOURS):
        (tmp_path / f"load_{number}.csv").write_text(lines(row))
    (tmp_path / "README.md").write_text("no data")
    (tmp_path / "~$load.xlsx").write_text("open elsewhere")
    for path in (tmp_path, tmp_path / "load_*.csv"):
        source = table(path=path)
        parsed = pd.concat(source.parse(payload) for payload in source.fetch())
        assert hours(parsed) == BEGINS


# Limits


def test_a_file_that_unpacks_to_more_than_the_limit_is_refused():
    bomb = gzip.compress(b"time,load\n" + b"0" * 3_000_000)
    assert len(bomb) < 10_000
    message = refusal(bomb, max_size_mb=1)
    assert "the file has more than 1 MB when unpacked" in message
    assert "set max_size_mb = 4 or more" in message
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/sheet.xml", "0" * 3_000_000)
    assert "more than 1 MB" in refusal(buffer.getvalue(), max_size_mb=1)
    many = parquet(pd.DataFrame({"time": [1] * 500_000, "load": 1.0}))
    assert "more than 1 MB" in refusal(many, path=Path("meters.parquet"), max_size_mb=1)


def test_a_file_larger_than_the_limit_is_not_even_opened(tmp_path):
    path = tmp_path / "large.csv"
    path.write_text(lines(*HOURS * 20))
    with pytest.raises(Exception, match=r"more than max_size_mb = 0\.0001\. Set max_size_mb = "):
        list(table(path=path, max_size_mb=0.0001).fetch())


@pytest.mark.parametrize("content", [codecs.BOM_UTF8, codecs.BOM_UTF16_LE, b"\n\n", b" ", gzip.compress(b"", mtime=0)])
def test_a_file_with_nothing_in_it_is_empty(content):
    assert "the file is empty" in refusal(content)


@pytest.mark.parametrize("content", [b"time,load\n", b"# a\n", b"time,load\n,\n"])
def test_a_file_without_rows_says_so(content):
    assert "no rows" in refusal(content, comment="#")


def test_what_the_settings_read_is_a_part_of_what_a_payload_is(tmp_path):
    path = tmp_path / "meters.csv"
    path.write_text(lines(*HOURS))
    batches = {next(table(path=path, **told).fetch()).batch for told in ({}, {"skip_footer": 1}, {"missing": ("?",)})}
    assert len(batches) == 3
    assert next(table(path=path, max_size_mb=9).fetch()).batch in batches


def test_a_payload_of_a_pattern_names_its_own_file():
    source = table(path=Path("load_*.csv"))
    payload = RawPayload(source.name, "load_2.csv", b"time,load\nx,1\n", {}, pd.Timestamp("2026-01-01", tz="UTC"))
    with pytest.raises(Exception, match=r"load_2\.csv: row 2"):
        source.parse(payload)


def test_the_settings_of_a_file_are_plain_to_write():
    told = FileSource.model_validate(
        {
            "kind": "file",
            "path": "a.csv",
            "zone": "GB",
            "quantity": "load",
            "value_column": "demand",
            "timezone": "Europe/London",
            "time_columns": {"date": "d", "period": "p"},
            "where": {"region": 1},
        }
    )
    assert told.where == {"region": "1"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"separator": ";;"}, "';;' must be one character"),
        ({"separator": ""}, "'' must be one character"),
        ({"decimal": ".,"}, "Input should be '.' or ','"),
        ({"decimal": ",", "thousands": ","}, 'are the same mark; is the decimal mark decimal = "."?'),
        ({"encoding": "nope"}, "'nope' is no known encoding"),
        ({"quantity": "laod"}, "'laod' is no quantity that is forecast; did you mean 'load'? known: load, "),
        ({"quantity": "laod"}, 'covariates = [{column = "load", name = "laod", unit = "…", known_ahead = false}]'),
        ({"unit": "m/s"}, "unit = 'm/s' is none of load; known: W, kW, MW, GW, Wh, kWh, MWh, GWh"),
        ({"unit": "mw"}, "unit = 'mw' is none of load; did you mean 'MW'? known: W, kW, "),
        ({"quantity": "wind", "unit": "m/s"}, 'has another name, such as quantity = "wind_speed"'),
        ({"time_column": None}, "say where the times are: time_column ="),
        ({"value_column": None}, "say where load is: value_column ="),
        ({"time_column": None, "time_columns": {"date": "d"}}, "say the column of the period or that of the time"),
        ({"quantity": None}, "what is in the value column? Say it with `quantity`"),
        ({"id_column": "what"}, "`id_column` and `id_value_column` go together"),
        ({"issue_column": "issued"}, "`issue_column` is for a file of forecasts alone"),
        ({"row_minutes": 25}, "row_minutes = 25 does not divide mtu = PT60M"),
        ({"time_format": "%d", "date_order": "dmy"}, "leave out `date_order`"),
        ({"stamp": "ending", "interval_separator": " - "}, "leave out `stamp`"),
    ],
)
def test_settings_that_cannot_be_meant_say_what_to_write(changes, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        table(**changes)


def test_weather_with_the_name_that_is_advised_is_a_covariate():
    rows = parse(lines(*HOURS), quantity="wind_speed", unit="m/s")
    assert set(zip(rows["quantity"], rows["unit"], strict=True)) == {("wind_speed", "m/s")}


@pytest.mark.parametrize("form", ["%Q", "%", "", "mixed", "%Y%Y", "%Z %H"])
def test_a_time_format_that_is_none_is_refused(form):
    assert "is no format" in refusal(lines(*HOURS), time_format=form)


def test_cells_of_any_type_give_a_value_or_an_error(monkeypatch):
    odd = [
        True,
        dt.timedelta(hours=3),
        dt.time(3),
        float("inf"),
        10**25,
        b"x",
        ["x"],
        dt.date(2024, 1, 1),
        Decimal("2.5"),
    ]
    for cell in odd:
        for place in (0, 1):
            rows = [[dt.datetime(2024, 1, 1, hour), hour + 1.0] for hour in range(3)]
            rows[1][place] = cell
            frame = {name: [row[at] for row in rows] for at, name in enumerate(("time", "load"))}
            monkeypatch.setattr("gridahead.sources.file.read_columns", _cells_of(frame))
            try:
                parsed = parse(b"PAR1", path=Path("meters.parquet"), timezone="UTC")
            except SourceError:
                continue
            assert len(parsed) == 3


def _cells_of(frame: dict[str, list[object]]):
    columns = {name: typed(pd.Series(cells, index=[2, 3, 4], dtype=object)) for name, cells in frame.items()}
    return lambda *_: pd.DataFrame(columns)
