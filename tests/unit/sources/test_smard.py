import gzip
from pathlib import Path

import pandas as pd
import pytest

from gridahead.core.errors import SourceError
from gridahead.settings.sources import SmardSource
from gridahead.sources.base import RawPayload
from gridahead.sources.smard import Smard

FOLDER = Path(__file__).parents[2] / "data" / "smard"
SPRING = "Actual_consumption_202403300000_202404020000_Hour.csv"
AUTUMN = "Actual_consumption_202410260000_202410290000_Hour.csv"
AUTUMN_FORECAST = "Forecasted_consumption_202410260000_202410290000_Hour.csv"
NEW_YEAR = "Actual_consumption_202501010000_202501030000_Hour.csv"
NEW_YEAR_FORECAST = "Forecasted_consumption_202501010000_202501030000_Hour.csv"
DASHES = "Forecasted_consumption_202001300000_202002020000_Hour.csv"
GENERATION = "Actual_generation_202410260000_202410290000_Hour.csv"
HEADER = "Start date;End date;Grid load [MWh] Original resolutions;Residual load [MWh] Original resolutions"

smard = Smard(SmardSource(kind="smard", folder=FOLDER))


def payload(content: str | bytes, name: str = AUTUMN_FORECAST) -> RawPayload:
    content = content.encode() if isinstance(content, str) else content
    return RawPayload("smard", name, content, {}, pd.Timestamp("2026-01-01", tz="UTC"))


def real(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


def parse(name: str, content: str | bytes | None = None) -> pd.DataFrame:
    rows = every_row(name, content)
    return rows[rows["value"].notna()].reset_index(drop=True)


def every_row(name: str, content: str | bytes | None = None) -> pd.DataFrame:
    """Those without a value too, which say that the portal has none."""
    return smard.parse(payload(real(name) if content is None else content, name))


def at(rows: pd.DataFrame, quantity: str, valid_time: str) -> pd.Series:
    found = rows[(rows["quantity"] == quantity) & (rows["valid_time"] == pd.Timestamp(valid_time))]
    assert len(found) == 1
    return found.iloc[0]


def refusal(content: str | bytes, name: str = AUTUMN_FORECAST) -> str:
    with pytest.raises(SourceError) as caught:
        smard.parse(payload(content, name))
    assert name in str(caught.value)
    assert not caught.value.retryable
    return str(caught.value)


def edited(name: str, row: int, old: str, new: str) -> str:
    """The real file with one text replaced in one row, counted as a spreadsheet does."""
    lines = real(name).split("\n")
    assert old in lines[row - 1]
    lines[row - 1] = lines[row - 1].replace(old, new, 1)
    return "\n".join(lines)


def without_row(name: str, row: int) -> str:
    lines = real(name).split("\n")
    return "\n".join(lines[: row - 1] + lines[row:])


def test_the_spring_day_has_23_hours_whatever_the_end_dates_say():
    load = parse(SPRING).query("quantity == 'load'")
    day = load[load["valid_time"].between("2024-03-30T23:00Z", "2024-03-31T21:00Z")]
    assert len(day) == 23
    assert day["valid_time"].diff().dropna().eq(pd.Timedelta(hours=1)).all()
    assert at(load, "load", "2024-03-31T00:00Z")["value"] == 34967.25  # Mar 31, 1:00 AM
    assert at(load, "load", "2024-03-31T01:00Z")["value"] == 35233.00  # Mar 31, 3:00 AM


def test_the_autumn_day_has_25_hours_and_both_passes_in_order():
    load = parse(AUTUMN).query("quantity == 'load'")
    assert len(load[load["valid_time"].between("2024-10-26T22:00Z", "2024-10-27T22:00Z")]) == 25
    assert at(load, "load", "2024-10-27T00:00Z")["value"] == 35966.00
    assert at(load, "load", "2024-10-27T01:00Z")["value"] == 35613.25


def test_wind_and_solar_are_load_minus_residual_load_to_two_decimals():
    row = at(parse(NEW_YEAR), "wind_solar", "2025-01-01T09:00Z")  # 10:00 AM: 50,088.25 and 3,912.00
    assert row["value"] == 46176.25


def test_wind_and_solar_carry_no_dust_of_floating_point():
    content = edited(NEW_YEAR_FORECAST, 2, "44,518.25;2,286.50", "43,000.30;100.20")
    assert at(parse(NEW_YEAR_FORECAST, content), "wind_solar_official", "2024-12-31T23:00Z")["value"] == 42900.10


def test_generation_gives_three_quantities():
    rows = parse(GENERATION)
    assert set(rows["quantity"]) == {"wind_offshore", "wind_onshore", "solar"}
    assert at(rows, "solar", "2024-10-27T11:00Z")["value"] == 15279.75


def test_forecasts_become_official_quantities():
    assert set(parse(NEW_YEAR_FORECAST)["quantity"]) == {
        "load_official",
        "residual_load_official",
        "wind_solar_official",
    }


def test_a_forecast_of_generation_becomes_official_quantities_by_the_evening_deadline():
    rows = parse("Forecasted_generation_Day-Ahead_202410260000_202410290000_Hour.csv", real(GENERATION))
    assert at(rows, "solar_official", "2024-10-27T11:00Z")["available_at"] == pd.Timestamp("2024-10-26T16:00Z")


def test_an_actual_value_is_available_an_hour_after_the_end_of_its_unit():
    row = at(parse(NEW_YEAR), "load", "2025-01-01T08:00Z")  # 9:00 to 10:00 local time
    assert row["value"] == 47680.00
    assert row["available_at"] == pd.Timestamp("2025-01-01T10:00Z")
    assert row["availability"] == "assumed"


@pytest.mark.parametrize(
    ("quantity", "available_at"),
    [
        ("load_official", "2025-01-01T09:00Z"),  # D-1 10:00 in winter
        ("residual_load_official", "2025-01-01T17:00Z"),  # D-1 18:00
        ("wind_solar_official", "2025-01-01T17:00Z"),
    ],
)
def test_a_forecast_is_available_by_its_deadline_for_the_whole_delivery_day(quantity, available_at):
    rows = parse(NEW_YEAR_FORECAST).query("quantity == @quantity")
    day = rows[rows["valid_time"].between("2025-01-01T23:00Z", "2025-01-02T22:00Z")]
    assert len(day) == 24
    assert set(day["available_at"]) == {pd.Timestamp(available_at)}


def test_dashes_are_rows_without_a_value():
    rows = every_row(DASHES).query("quantity == 'load_official'")
    missing = rows["valid_time"].between("2020-01-30T23:00Z", "2020-01-31T22:00Z")
    assert (len(rows), missing.sum()) == (72, 24)
    assert rows["value"].isna().equals(missing)


def quarters(first: pd.Timestamp, count: int) -> str:
    """An export in quarter-hours: 100.25, 200.50 and so on; local time, both passes of the autumn hour."""
    times = pd.date_range(first, periods=count, freq="15min").tz_convert("Europe/Berlin")
    stamps = [f"{time:%b} {time.day}, {time:%Y %I:%M %p}" for time in times]
    lines = [f"{stamp};{stamp};{100.25 * (n + 1):,.2f};50.00" for n, stamp in enumerate(stamps)]
    return "\n".join([HEADER, *lines]) + "\n"


def test_energy_of_a_quarter_hour_is_four_times_as_much_power():
    rows = parse(AUTUMN_FORECAST, quarters(pd.Timestamp("2024-10-26T22:00Z"), 100))
    assert at(rows, "load_official", "2024-10-26T22:15Z")["value"] == 802.0  # 200.50 MWh in a quarter of an hour
    assert set(rows["mtu"]) == {"PT15M"}
    assert rows["valid_time"].nunique() == 100


def test_the_case_of_headers_does_not_matter():
    content = real(NEW_YEAR_FORECAST)
    upper = content.replace("grid load", "GRID LOAD").replace("Residual load", "residual Load")
    assert parse(NEW_YEAR_FORECAST, upper)["value"].equals(parse(NEW_YEAR_FORECAST)["value"])


def test_gzip_parses_the_same():
    packed = gzip.compress(real(AUTUMN).encode())
    pd.testing.assert_frame_equal(
        parse(f"{AUTUMN}.gz", packed).drop(columns="batch"), parse(AUTUMN).drop(columns="batch")
    )


def test_parsing_twice_gives_the_same():
    pd.testing.assert_frame_equal(parse(AUTUMN), parse(AUTUMN))


def test_fetch_keeps_the_bytes_and_what_decides_the_parse():
    payloads = {one.name: one for one in smard.fetch()}
    assert payloads[AUTUMN].content == (FOLDER / AUTUMN).read_bytes()
    assert payloads[AUTUMN].request == {
        "kind": "smard",
        "publication_lag_minutes": 60,
        "load_official_available": "D-1T1000[Europe/Brussels]",
        "generation_official_available": "D-1T1800[Europe/Brussels]",
        "forecast": False,
    }
    assert payloads[AUTUMN_FORECAST].request["forecast"] is True


def test_another_publication_lag_is_another_batch():
    slower = Smard(SmardSource(kind="smard", folder=FOLDER, publication_lag_minutes=120))
    assert {one.batch for one in smard.fetch()}.isdisjoint({one.batch for one in slower.fetch()})


def test_a_folder_without_exports_is_named(tmp_path):
    with pytest.raises(SourceError, match=str(tmp_path)):
        list(Smard(SmardSource(kind="smard", folder=tmp_path)).fetch())


def test_columns_tell_actual_values_when_the_name_does_not():
    assert set(parse("download (1).csv", real(AUTUMN))["quantity"]) == {"load", "residual_load", "wind_solar"}


def test_a_file_that_neither_name_nor_columns_explain_is_refused():
    assert "Forecasted_consumption_" in refusal(real(AUTUMN_FORECAST), "download (1).csv")


def test_actual_values_under_the_name_of_a_forecast_are_refused():
    assert "only actual values have" in refusal(real(AUTUMN), AUTUMN_FORECAST)


def test_an_intraday_forecast_is_refused():
    assert "intraday forecasts are not read" in refusal(
        real(GENERATION), "Generation_Forecast_Intraday_202410260000_202410290000_Hour.csv"
    )


def test_an_unknown_column_is_refused_with_the_nearest_name():
    message = refusal(real(AUTUMN_FORECAST).replace("Residual load", "Residual lode"))
    assert "row 1: unknown column 'Residual lode [MWh] Calculated resolutions', is it 'residual load'?" in message


def test_a_file_that_is_no_export_is_refused():
    assert "row 1: 'time' stands where 'Start date' should" in refusal("time;End date;x\n1;2;3\n")


def test_the_german_export_is_refused_with_the_remedy():
    german = (
        "\ufeffDatum von;Datum bis;Netzlast [MWh] Originalauflösungen\n01.01.2020 00:00;01.01.2020 01:00;43.500,50\n"
    )
    assert "Switch the portal to English" in refusal(german)


def test_text_in_a_number_is_named_by_its_row():
    message = refusal(edited(AUTUMN, 4, "37,801.00", "error"), AUTUMN)
    assert "row 4: 'error' in column 'grid load [MWh] Calculated resolutions' is no number" in message


@pytest.mark.parametrize("text", ["43,50.50", "43.500,50", "4 3", "1e", "inf", "0x10"])
def test_a_number_of_another_shape_is_refused(text):
    assert f"row 3: {text!r}" in refusal(edited(AUTUMN_FORECAST, 3, "41,151.75", text))


def test_a_date_that_cannot_be_read_is_named_by_its_row():
    message = refusal(edited(AUTUMN_FORECAST, 3, "Oct 26, 2024 1:00 AM", "26.10.2024 01:00"))
    assert "row 3: '26.10.2024 01:00' is no date" in message


def test_an_hour_that_is_there_twice_is_refused():
    assert "row 3: 'Oct 26, 2024 12:00 AM' is there already" in refusal(
        edited(AUTUMN_FORECAST, 3, "Oct 26, 2024 1:00 AM", "Oct 26, 2024 12:00 AM")
    )


def test_a_third_pass_of_the_autumn_hour_is_refused():
    lines = real(AUTUMN_FORECAST).split("\n")
    row = next(n for n, line in enumerate(lines) if line.startswith("Oct 27, 2024 2:00 AM"))
    lines.insert(row, lines[row])
    assert f"row {row + 3}: 'Oct 27, 2024 2:00 AM' is there already" in refusal("\n".join(lines))


def test_rows_out_of_order_are_refused():
    lines = real(AUTUMN_FORECAST).split("\n")
    lines[2], lines[3] = lines[3], lines[2]
    assert "row 4: 'Oct 26, 2024 1:00 AM' is earlier than the row above it" in refusal("\n".join(lines))


def test_a_missing_row_is_refused():
    assert "row 3: 'Oct 26, 2024 2:00 AM' comes more than PT60M after" in refusal(without_row(AUTUMN_FORECAST, 3))


def test_an_autumn_hour_that_is_there_once_is_refused():
    assert "row 28: 'Oct 27, 2024 2:00 AM' should be there twice" in refusal(without_row(AUTUMN_FORECAST, 28))


def test_a_spring_hour_that_clocks_skip_is_refused():
    content = edited(SPRING, 28, "Mar 31, 2024 3:00 AM", "Mar 31, 2024 2:00 AM")
    assert "row 28: 'Mar 31, 2024 2:00 AM' does not exist in Europe/Berlin" in refusal(content, SPRING)


def rows_from(name: str, first: int, last: int) -> str:
    lines = real(name).split("\n")
    return "\n".join([lines[0], *lines[first - 1 : last]]) + "\n"


def test_a_file_that_begins_inside_the_repeated_hour_is_refused():
    message = refusal(rows_from(AUTUMN_FORECAST, 29, 35))
    assert "row 2: 'Oct 27, 2024 2:00 AM'" in message
    assert "begins inside the repeated hour" in message


def test_a_file_that_begins_with_both_passes_is_read():
    rows = parse(AUTUMN_FORECAST, rows_from(AUTUMN_FORECAST, 28, 35))
    assert rows["valid_time"].min() == pd.Timestamp("2024-10-27T00:00Z")


def test_a_file_that_ends_inside_the_repeated_hour_is_read_as_the_first_pass():
    rows = parse(AUTUMN_FORECAST, rows_from(AUTUMN_FORECAST, 25, 28))
    assert rows["valid_time"].max() == pd.Timestamp("2024-10-27T00:00Z")


def test_no_cut_of_a_file_gives_other_values():
    content, whole = real(NEW_YEAR_FORECAST), parse(NEW_YEAR_FORECAST).drop(columns="batch")
    for length in range(len(content) - 130, len(content)):
        try:
            rows = parse(NEW_YEAR_FORECAST, content[:length]).drop(columns="batch")
        except SourceError as error:
            assert "cut" in str(error) or "no date" in str(error) or "no number" in str(error)
        else:  # only a cut at the end of a row can give fewer rows, never other ones
            assert content[length] == "\n" or content[length - 1] == "\n"
            merged = rows.merge(whole, how="left", indicator=True)
            assert merged["_merge"].eq("both").all()


def test_gzip_that_ends_early_is_refused():
    assert "gzip file is cut" in refusal(gzip.compress(real(AUTUMN).encode())[:-20], f"{AUTUMN}.gz")


@pytest.mark.parametrize("content", [b"", b"\n\n", gzip.compress(b"")], ids=["empty", "blank lines", "empty gzip"])
def test_an_empty_file_is_refused(content):
    assert "the file is empty" in refusal(content)


def test_a_file_without_rows_is_refused():
    assert "no rows" in refusal(f"{HEADER}\n")


def test_another_encoding_is_refused_by_row():
    broken = real(AUTUMN_FORECAST).encode().replace(b"41,151.75", "41\u00a0151.75".encode("latin-1"))
    assert "row 3" in refusal(broken)
    assert "not UTF-8" in refusal(real(AUTUMN_FORECAST).encode("utf-16"))


def test_many_findings_are_counted_and_the_first_five_named():
    message = refusal(real(AUTUMN_FORECAST).replace("2024 ", "24 "))
    assert message.count("is no date") == 5
    assert "(73 findings)" in message


def test_days_as_resolution_are_refused():
    content = "\n".join([HEADER, "Jan 1, 2024 12:00 AM;x;1.00;1.00", "Jan 2, 2024 12:00 AM;x;1.00;1.00", ""])
    assert "neither hours nor quarter-hours" in refusal(content)
