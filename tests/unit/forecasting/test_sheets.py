"""A forecast as spreadsheets open it: every number a number, every time a time, whatever the locale."""

import io
import zipfile
from typing import Any

import openpyxl
import pandas as pd
import pytest
from builders.forecasts import BERLIN, forecast_of

from gridahead.core.time import Mtu
from gridahead.forecasting.identity import forecast_id
from gridahead.forecasting.sheets import csv_bytes, day_sheet, meaning_of, sheet, xlsx_bytes

DAY = "2025-12-31"
TIMES = [f"{edge} ({zone})" for zone in (BERLIN, "UTC") for edge in ("start", "end")]
TOLD = ["issue time (UTC)", "rung", "model", "model version", "missing", "forecast id"]


def official_of(forecasts, first=49_000.0) -> pd.Series:
    """One more from unit to unit, known for all but the last."""
    times = forecasts["valid_time"].drop_duplicates()
    return pd.Series([first + n for n in range(len(times))], index=times).iloc[:-1]


def lines_of(content: bytes, encoding: str = "utf-8") -> list[str]:
    return content.decode(encoding).split("\r\n")


# -- the table ------------------------------------------------------------------------------------------------------


def test_a_row_has_start_and_end_by_two_clocks_the_quantiles_the_official_forecast_and_where_it_is_from():
    made = forecast_of(DAY, levels=(0.025, 0.5, 0.975), rung="degraded", missing="no weather")
    table = sheet(made, BERLIN, "MW", official_of(made))
    assert list(table.columns) == [*TIMES, "P2.5 [MW]", "P50 [MW]", "P97.5 [MW]", "official [MW]", *TOLD]
    assert [str(table[name].iloc[0]) for name in TIMES] == [
        "2025-12-31 00:00:00+01:00",
        "2025-12-31 01:00:00+01:00",
        "2025-12-30 23:00:00+00:00",
        "2025-12-31 00:00:00+00:00",
    ]
    assert list(table.loc[0, ["P2.5 [MW]", "P50 [MW]", "P97.5 [MW]"]]) == [45_250.0, 50_000.0, 54_750.0]
    assert table["official [MW]"].iloc[0] == 49_000.0 and table["official [MW]"].isna().tolist() == [False] * 23 + [
        True
    ]
    assert table["issue time (UTC)"].unique().tolist() == [pd.Timestamp("2025-12-30T10:00Z")]
    assert list(table.loc[23, TOLD[1:]]) == ["degraded", "gru", "3", "no weather", forecast_id(made.iloc[0])]


def test_without_an_official_forecast_its_column_is_there_and_empty():
    assert sheet(forecast_of(DAY), BERLIN)["official [MW]"].isna().all()


def test_values_are_in_the_unit_of_their_headings():
    made = forecast_of(DAY)
    table = sheet(made, BERLIN, "GW", official_of(made))
    assert list(table.loc[0, ["P50 [GW]", "official [GW]"]]) == [50.0, 49.0]


def test_in_a_zone_whose_clock_is_utc_the_times_stand_once():
    table = sheet(forecast_of(DAY), "UTC")
    assert list(table.columns[:3]) == ["start (UTC)", "end (UTC)", "P10 [MW]"]


def test_quarter_hours_are_rows_of_their_own():
    table = sheet(forecast_of("2025-10-26", mtu=Mtu.PT15M), BERLIN)
    assert len(table) == 100
    assert ((table["end (UTC)"] - table["start (UTC)"]) == pd.Timedelta(minutes=15)).all()


def test_several_forecasts_are_one_below_the_other_by_issue_time():
    early, late = (forecast_of(DAY, issue_time=pd.Timestamp(f"2025-12-30T{hour}:00Z")) for hour in ("09", "10"))
    table = sheet(pd.concat([late, early]), BERLIN)
    assert table["issue time (UTC)"].dt.hour.tolist() == [9] * 24 + [10] * 24
    assert table["forecast id"].unique().tolist() == [forecast_id(one.iloc[0]) for one in (early, late)]
    assert table["start (UTC)"].iloc[:24].is_monotonic_increasing


def test_of_no_forecast_there_is_an_empty_table():
    table = sheet(forecast_of(DAY).iloc[:0], BERLIN)
    assert len(table) == 0 and list(table.columns) == [*TIMES, "official [MW]", *TOLD]
    assert len(lines_of(csv_bytes(table))) == 2
    assert xlsx_bytes(table, "nothing")


def test_every_column_has_a_meaning():
    table = sheet(forecast_of(DAY), BERLIN)
    assert all(meaning_of(name) for name in table.columns)
    assert "at or below this value in 10 % of cases" in meaning_of("P10 [MW]")


# -- CSV ------------------------------------------------------------------------------------------------------------


def test_a_plain_csv_has_points_and_local_times_with_their_offset():
    made = forecast_of(DAY)
    header, first, *_, end = lines_of(csv_bytes(sheet(made, BERLIN, "MW", official_of(made))))
    assert header.split(",") == [*TIMES, "P10 [MW]", "P50 [MW]", "P90 [MW]", "official [MW]", *TOLD]
    assert first.startswith(
        "2025-12-31T00:00+01:00,2025-12-31T01:00+01:00,2025-12-30 23:00,2025-12-31 00:00,"
        "46000.0,50000.0,54000.0,49000.0,2025-12-30 10:00,full,gru,3,,"
    )
    assert end == ""


def test_the_doubled_hour_of_october_is_told_apart_by_its_offset():
    table = pd.read_csv(io.BytesIO(csv_bytes(sheet(forecast_of("2025-10-26"), BERLIN))))
    assert len(table) == 25
    assert table[TIMES[0]].iloc[2:4].tolist() == ["2025-10-26T02:00+02:00", "2025-10-26T02:00+01:00"]
    both = pd.to_datetime(table[TIMES[0]], utc=True), pd.to_datetime(table["start (UTC)"], utc=True)
    assert (both[0] == both[1]).all()
    assert table[TIMES[1]].tolist()[:-1] == table[TIMES[0]].tolist()[1:]


def test_a_csv_with_semicolons_has_a_decimal_comma_a_mark_of_its_encoding_and_times_that_spreadsheets_know():
    made = forecast_of(DAY, missing="no value of Köln")
    content = csv_bytes(sheet(made, BERLIN, "MW", official_of(made)), "semicolon")
    assert content.startswith(b"\xef\xbb\xbfstart (Europe/Berlin);end")
    _, first, *_ = lines_of(content, "utf-8-sig")
    assert first.startswith(
        "2025-12-31 00:00;2025-12-31 01:00;2025-12-30 23:00;2025-12-31 00:00;46000,0;50000,0;54000,0;49000,0;"
        "2025-12-30 10:00;full;gru;3;no value of Köln;"
    )
    read = pd.read_csv(io.BytesIO(content), sep=";", decimal=",")
    assert read["P90 [MW]"].tolist() == [54_000.0 + n for n in range(24)]


@pytest.mark.parametrize("style", ["plain", "semicolon"])
@pytest.mark.parametrize(("factor", "unit"), [(1.0, "MW"), (1e-8, "kW"), (1e-8, "MW"), (1.0, "GW")])
def test_a_csv_tells_every_value_to_a_hundredth_of_a_percent_of_the_largest(factor, unit, style):
    made = forecast_of(DAY)
    made = made.assign(value_mw=made["value_mw"] * factor)
    separator, decimal = (",", ".") if style == "plain" else (";", ",")
    table = pd.read_csv(io.BytesIO(csv_bytes(sheet(made, BERLIN, unit), style)), sep=separator, decimal=decimal)
    wanted = made[made["quantile"] == 0.5].sort_values("valid_time")["value_mw"].to_numpy()
    told = table[f"P50 [{unit}]"].to_numpy() * {"kW": 1e-3, "MW": 1.0, "GW": 1e3}[unit]
    assert abs(told - wanted).max() <= 1e-4 * abs(wanted).max()


# -- XLSX -----------------------------------------------------------------------------------------------------------


def workbook(content: bytes) -> Any:
    return openpyxl.load_workbook(io.BytesIO(content))


def test_a_workbook_has_real_times_and_numbers_units_in_a_frozen_header_and_formats():
    made = forecast_of(DAY)
    cells = workbook(xlsx_bytes(sheet(made, BERLIN, "MW", official_of(made)), "DE/load"))["Forecast"]
    header = [cell.value for cell in cells[1]]
    assert header[4:8] == ["P10 [MW]", "P50 [MW]", "P90 [MW]", "official [MW]"]
    first = dict(zip(header, cells[2], strict=True))
    assert [first[name].value for name in (TIMES[0], TIMES[2])] == [
        pd.Timestamp("2025-12-31 00:00"),
        pd.Timestamp("2025-12-30 23:00"),
    ]
    assert first[TIMES[0]].number_format == "yyyy-mm-dd hh:mm"
    assert (first["P50 [MW]"].value, first["P50 [MW]"].number_format) == (50_000, "#,##0.0")
    assert first["model version"].value == "3"
    assert cells.cell(25, header.index("official [MW]") + 1).value is None
    assert cells.freeze_panes == "B2"


def test_a_workbook_has_a_chart_of_all_quantiles_and_the_official_forecast_where_there_is_one():
    made = forecast_of(DAY)
    with_official, without = (
        workbook(xlsx_bytes(sheet(made, BERLIN, "MW", official), "DE/load"))["Chart"]._charts
        for official in (official_of(made), None)
    )
    assert [len(chart.series) for chart in (*with_official, *without)] == [4, 3]


def test_a_workbook_tells_facts_and_columns_and_no_text_is_a_formula():
    table = sheet(forecast_of(DAY, missing="=HYPERLINK(1)"), BERLIN)
    facts = {"series": "DE/load", "median": {"mean_mw": 1.5}, "inputs": ["DE/load", "DE/solar"], "late": None}
    book = workbook(xlsx_bytes(table, "DE/load, 31 December", facts))
    told = {row[0].value: row[1].value for row in book["About"].iter_rows()}
    assert told["series"] == "DE/load" and told["median"] == "mean_mw: 1.5" and told["inputs"] == "DE/load, DE/solar"
    assert "late" not in told and told["missing"].startswith("What was missing")
    (cell,) = {cell.data_type for cell in book["Forecast"]["M"][1:]}
    assert book["Forecast"]["M1"].value == "missing" and cell == "s"


def test_equal_forecasts_give_equal_workbooks_whenever_they_are_made(monkeypatch):
    first = xlsx_bytes(sheet(forecast_of(DAY), BERLIN), "DE/load")
    monkeypatch.setattr("time.time", lambda: 4e9)
    assert xlsx_bytes(sheet(forecast_of(DAY).sample(frac=1, random_state=1), BERLIN), "DE/load") == first
    core = zipfile.ZipFile(io.BytesIO(first)).read("docProps/core.xml").decode()
    assert ">2025-12-30T10:00:00Z<" in core


def test_what_the_day_may_come_to_is_a_sheet_of_its_own_with_the_hours_of_the_peak():
    by_level = {"0.1": 1000.0, "0.9": 2000.0}
    daily = {"peak": by_level, "lowest": by_level, "mean": by_level, "energy": {"0.1": 24_000.0, "0.9": 48_000.0}}
    hours = {"2025-12-31T17:00:00+00:00": 0.75, "2025-12-31T10:00:00+00:00": 0.125, "2025-12-31T11:00:00+00:00": 0.125}
    day = day_sheet({**daily, "peak_at": hours, "follows": "x"}, BERLIN, "GW")
    made = forecast_of(DAY)
    book = openpyxl.load_workbook(io.BytesIO(xlsx_bytes(sheet(made, BERLIN), "t", day=day)))
    rows = [[cell.value for cell in row] for row in book["Day"].iter_rows()]
    assert book.sheetnames == ["Forecast", "Chart", "Day", "About"]
    assert rows[0][:2] == ["quantile", "peak of the day [GW]"] and rows[0][4] == "energy of the day [GWh]"
    assert rows[1][:2] == ["P10", 1.0] and rows[2][4] == 48.0 and rows[3][0] is None
    assert [str(rows[1][5]), rows[1][6]] == ["2025-12-31 18:00:00", 75.0]
    assert all(meaning_of(str(name)) for name in rows[0])
    without = openpyxl.load_workbook(io.BytesIO(xlsx_bytes(sheet(made, BERLIN), "t")))
    assert "Day" not in without.sheetnames
    price = day_sheet({"peak": by_level, "lowest": by_level, "mean": by_level, "peak_at": hours}, BERLIN, "EUR/MWh")
    assert not any(str(name).startswith("energy") for name in price)
