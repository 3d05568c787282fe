import gzip
import io
from pathlib import Path

import pandas as pd
import pytest

from gridahead.core.errors import SettingsError, SourceError
from gridahead.core.grid import ZONES
from gridahead.core.time import Deadline, Mtu
from gridahead.settings.file_source import CovariateSettings, FileSource
from gridahead.sources.base import RawPayload
from gridahead.sources.file import FileTable

BERLIN = "Europe/Berlin"


def table(**changes) -> FileTable:
    settings = {
        "kind": "file",
        "path": Path("meters.csv"),
        "zone": "DE",
        "quantity": "load",
        "time_column": "time",
        "value_column": "load",
        "timezone": BERLIN,
    }
    return FileTable(FileSource(**{**settings, **changes}), ZONES["DE"])


def parse(content: str | bytes, **changes) -> pd.DataFrame:
    content = content.encode() if isinstance(content, str) else content
    rows = every_row(content, **changes)
    return rows[rows["value"].notna()].reset_index(drop=True)


def every_row(content: bytes, **changes) -> pd.DataFrame:
    """Those without a value too, which say that the file has none."""
    name = str(changes.get("path", "meters.csv"))
    return table(**changes).parse(RawPayload(name, name, content, {}, pd.Timestamp("2026-01-01", tz="UTC")))


def refusal(content: str | bytes, **changes) -> str:
    with pytest.raises(SourceError) as caught:
        parse(content, **changes)
    assert str(changes.get("path", "meters.csv")) in str(caught.value)
    return str(caught.value)


def lines(*rows: str, header: str = "time,load") -> str:
    return "\n".join([header, *rows]) + "\n"


def local_hours(first: str, last: str, timezone: str = BERLIN, freq: str = "1h") -> list[str]:
    """Rows of naive local wall-clock time, values 0, 1, 2 and so on."""
    times = pd.date_range(first, last, freq=freq, tz="UTC").tz_convert(timezone)
    return [f"{time:%Y-%m-%d %H:%M},{n}" for n, time in enumerate(times)]


def instants(rows: pd.DataFrame) -> list[str]:
    return rows["valid_time"].dt.strftime("%dT%H:%MZ").tolist()


SPRING = local_hours("2024-03-30T22:00", "2024-03-31T06:00")
AUTUMN = local_hours("2024-10-26T22:00", "2024-10-27T06:00")


@pytest.mark.parametrize("rows", [SPRING, AUTUMN], ids=["spring", "autumn"])
def test_local_hours_are_consecutive_in_utc_across_a_clock_change(rows):
    parsed = parse(lines(*rows))
    assert parsed["valid_time"].diff().dropna().eq(pd.Timedelta(hours=1)).all()
    assert parsed["value"].tolist() == list(range(9))


def test_quarter_hours_repeat_in_two_passes():
    rows = local_hours("2024-10-26T23:00", "2024-10-27T03:00", freq="15min")
    parsed = parse(lines(*rows), mtu=Mtu.PT15M)
    assert parsed["valid_time"].diff().dropna().eq(pd.Timedelta(minutes=15)).all()


def test_a_file_may_end_inside_the_first_pass_of_quarter_hours():
    rows = local_hours("2024-10-26T23:00", "2024-10-27T00:15", freq="15min")
    assert instants(parse(lines(*rows), mtu=Mtu.PT15M))[-1] == "27T00:15Z"


def test_a_stamp_at_the_ending_belongs_to_the_unit_before_it():
    rows = parse(lines("2024-01-01 01:00,7", "2024-01-01 02:00,8"), stamp="ending")
    assert instants(rows) == ["31T23:00Z", "01T00:00Z"]


def test_stamps_at_the_ending_cross_the_clock_change():
    rows = parse(lines(*AUTUMN), stamp="ending")
    assert instants(rows)[:3] == ["26T21:00Z", "26T22:00Z", "26T23:00Z"]
    assert rows["valid_time"].diff().dropna().eq(pd.Timedelta(hours=1)).all()


def test_a_fixed_offset_has_no_clock_change():
    rows = parse(lines("2024-03-31 01:00,1", "2024-03-31 02:00,2", "2024-03-31 03:00,3"), timezone="+01:00")
    assert instants(rows) == ["31T00:00Z", "31T01:00Z", "31T02:00Z"]


def test_offsets_in_the_file_may_be_mixed():
    rows = parse(lines("2024-10-27T02:00:00+02:00,1", "2024-10-27T02:00:00+01:00,2", "2024-10-27T03:00:00+01:00,3"))
    assert instants(rows) == ["27T00:00Z", "27T01:00Z", "27T02:00Z"]


@pytest.mark.parametrize("zero", ["Z", "+00:00", "+0000", "+00"])
def test_utc_in_the_file_is_fine_whatever_zone_is_declared(zero):
    assert instants(parse(lines(f"2024-01-01T00:00:00{zero},1", f"2024-01-01T01:00:00{zero},2")))[0] == "01T00:00Z"


def test_a_time_format_is_honoured():
    rows = parse(lines("31.01.2024 13h00,1", "31.01.2024 14h00,2"), time_format="%d.%m.%Y %Hh%M")
    assert instants(rows) == ["31T12:00Z", "31T13:00Z"]


def test_a_time_format_may_carry_the_offset():
    rows = parse(lines("31/01/2024 13:00 +0100,1", "31/01/2024 14:00 +0100,2"), time_format="%d/%m/%Y %H:%M %z")
    assert instants(rows) == ["31T12:00Z", "31T13:00Z"]


def test_separator_and_decimal_are_honoured():
    content = lines("2024-01-01 00:00;43500,25", "2024-01-01 01:00;-1,5", header="time;load")
    assert parse(content, separator=";", decimal=",")["value"].tolist() == [43500.25, -1.5]


@pytest.mark.parametrize(
    ("unit", "mtu", "value_mw"),
    [
        ("MW", Mtu.PT15M, 6.0),
        ("kW", Mtu.PT60M, 0.006),
        ("GW", Mtu.PT60M, 6000.0),
        ("MWh", Mtu.PT60M, 6.0),
        ("MWh", Mtu.PT30M, 12.0),
        ("MWh", Mtu.PT15M, 24.0),
        ("kWh", Mtu.PT15M, 0.024),
        ("GWh", Mtu.PT15M, 24000.0),
    ],
)
def test_units_become_megawatts(unit, mtu, value_mw):
    step = mtu.delta / pd.Timedelta(minutes=1)
    rows = parse(lines("2024-01-01 00:00,6", f"2024-01-01 {step // 60:02.0f}:{step % 60:02.0f},6"), unit=unit, mtu=mtu)
    assert rows["value"].tolist() == pytest.approx([value_mw] * 2, rel=1e-12)
    assert set(rows["unit"]) == {"MW"}
    assert set(rows["mtu"]) == {str(mtu)}


@pytest.mark.parametrize("missing", ["", " ", "-", "NA", "n/a", "NaN"])
def test_a_missing_value_is_a_row_without_one(missing):
    text = lines("2024-01-01 00:00,1", f"2024-01-01 01:00,{missing}", "2024-01-01 02:00,3")
    assert every_row(text.encode())["value"].fillna(-1).tolist() == [1, -1, 3]


def test_a_gap_in_the_rows_is_a_gap_in_the_observations():
    rows = parse(lines(*(f"2024-01-01 {hour:02}:00,1" for hour in (0, 1, 2, 5, 6))))
    assert len(rows) == 5


def test_an_actual_value_is_available_after_the_end_of_its_unit_and_the_lag():
    rows = parse(lines("2024-01-01 00:00,1", "2024-01-01 01:00,2"), publication_lag_minutes=90)
    assert rows["available_at"].tolist() == [
        pd.Timestamp("2024-01-01T01:30Z"),
        pd.Timestamp("2024-01-01T02:30Z"),
    ]


HOURS = ("2024-07-02 00:00,1,2,3", "2024-07-02 01:00,4,5,6")
WIDE = lines(*HOURS, header="time,load,official,temperature")


def test_the_official_forecast_is_there_by_ten_the_day_before():
    rows = parse(WIDE, official_column="official", unit="kW").query("quantity == 'load_official'")
    assert rows["value"].tolist() == pytest.approx([0.002, 0.005])
    assert set(rows["available_at"]) == {pd.Timestamp("2024-07-01T08:00Z")}


def test_the_official_forecast_may_have_another_unit():
    rows = parse(WIDE, official_column="official", unit="kW", official_unit="MWh", mtu="PT60M")
    values = {name: part["value"].tolist() for name, part in rows.groupby("quantity")}
    assert values == {"load": pytest.approx([0.001, 0.004]), "load_official": [2.0, 5.0]}


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({"official_unit": "kW"}, "is of the column that `official_column` names"),
        ({"official_unit": "mw", "official_column": "official"}, "power and energy alone; did you mean 'MW'"),
        (
            {
                "official_unit": "MW",
                "official_column": "official",
                "quantity": "cloudiness",
                "unit": "%",
                "official_available": "D-1T1000[Europe/Berlin]",
            },
            "power and energy alone",
        ),
    ],
)
def test_another_unit_is_one_of_power(told, message):
    said = {
        "kind": "file",
        "path": "a.csv",
        "zone": "DE",
        "quantity": "load",
        "time_column": "time",
        "value_column": "load",
        "timezone": "Europe/Berlin",
    }
    with pytest.raises(ValueError, match=message):
        FileSource(**{**said, **told})


@pytest.mark.parametrize(
    ("zone", "quantity", "available_at"),
    [
        ("DE", "load", "2024-07-01T08:00Z"),  # two hours before the common gate closes, at 12:00 in Brussels
        ("GR", "load", "2024-07-01T08:00Z"),  # 11:00 in Athens
        ("PT", "wind", "2024-07-01T16:00Z"),  # 17:00 in Lisbon
        ("DE", "solar", "2024-07-01T16:00Z"),
        ("DE", "wind_solar", "2024-07-01T16:00Z"),
        ("DE", "residual_load", "2024-07-01T16:00Z"),
    ],
)
def test_in_the_eu_the_official_forecast_is_there_by_the_time_that_the_law_sets(zone, quantity, available_at):
    settings = FileSource(
        kind="file",
        path=Path("meters.csv"),
        zone=zone,
        quantity=quantity,
        time_column="time",
        value_column="load",
        timezone=ZONES[zone].timezone,
        official_column="official",
    )
    source = FileTable(settings, ZONES[zone])
    rows = source.parse(RawPayload("f", "f", WIDE.encode(), {}, pd.Timestamp("2026-01-01", tz="UTC")))
    assert set(rows.loc[rows["quantity"] == f"{quantity}_official", "available_at"]) == {pd.Timestamp(available_at)}
    assert [*source.official_available] == [f"{zone}/{quantity}_official"]


@pytest.mark.parametrize("zone", ["CH", "GB", "PJM"])
def test_elsewhere_it_has_to_be_said_from_when_the_official_forecast_may_be_used(zone):
    said = {
        "kind": "file",
        "path": "meters.csv",
        "zone": zone,
        "quantity": "load",
        "time_column": "time",
        "value_column": "load",
        "timezone": "America/New_York",
    }
    with pytest.raises(ValueError, match=f"from when may the official forecast of {zone}/load .* be used") as caught:
        FileSource(**said, official_column="official")
    assert 'official_available = "D-1T1000[' in str(caught.value)
    assert FileSource(**said).official_available is None
    told = FileSource(**said, official_column="official", official_available="D-1T0930[America/New_York]")
    assert str(told.official_available) == "D-1T0930[America/New_York]"


def test_the_official_forecast_may_have_another_deadline():
    deadline = Deadline.parse("D-2T1200[UTC]")
    rows = parse(WIDE, official_column="official", official_available=deadline).query("quantity == 'load_official'")
    assert set(rows["available_at"]) == {pd.Timestamp("2024-06-30T12:00Z")}


@pytest.mark.parametrize(
    ("known_ahead", "deadline", "available_at"),
    [
        (True, None, "2024-06-30T22:00Z"),  # the start of the day before, local
        (True, Deadline.parse("D-1T0700[UTC]"), "2024-07-01T07:00Z"),
        (False, None, "2024-07-02T00:00Z"),  # end of the first hour and one hour
    ],
)
def test_covariates_keep_their_unit_and_have_their_own_availability(known_ahead, deadline, available_at):
    covariate = CovariateSettings(
        column="temperature", name="temperature", unit="degC", known_ahead=known_ahead, available=deadline
    )
    rows = parse(WIDE, covariates=(covariate,), unit="kW").query("quantity == 'temperature'")
    assert rows["value"].tolist() == [3, 6]
    assert set(rows["unit"]) == {"degC"}
    assert rows["available_at"].iloc[0] == pd.Timestamp(available_at)


@pytest.mark.parametrize(("unit", "first"), [("MW", 3), ("kW", 0.003), ("GWh", 3000)])
def test_covariates_in_units_of_power_or_energy_become_megawatts(unit, first):
    covariate = CovariateSettings(column="temperature", name="load_p10", unit=unit, known_ahead=True)
    rows = parse(WIDE, covariates=(covariate,)).query("quantity == 'load_p10'")
    assert rows["value"].iloc[0] == pytest.approx(first)
    assert set(rows["unit"]) == {"MW"}


def test_two_columns_cannot_become_one_series():
    covariate = CovariateSettings(column="temperature", name="load", unit="MW", known_ahead=False)
    with pytest.raises(SettingsError, match="DE/load"):
        table(covariates=(covariate,))


def parquet(frame: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.to_parquet(buffer)
    return buffer.getvalue()


TIMES = pd.date_range("2024-10-26T22:00", periods=6, freq="1h", tz="UTC")
PARQUET = Path("meters.parquet")


@pytest.mark.parametrize("timezone", [None, "UTC", BERLIN])
@pytest.mark.parametrize("as_index", [True, False])
def test_parquet_reads_naive_and_aware_times_from_a_column_or_the_index(timezone, as_index):
    times = TIMES.tz_convert(timezone) if timezone else TIMES.tz_convert(BERLIN).tz_localize(None)
    frame = pd.DataFrame({"time": times, "load": [1.0, None, 3.0, 4.0, 5.0, 6.0]})
    rows = parse(parquet(frame.set_index("time") if as_index else frame), path=PARQUET)
    assert rows["valid_time"].tolist() == TIMES[[0, 2, 3, 4, 5]].tolist()


def test_parquet_with_text_is_read_as_strictly_as_csv():
    frame = pd.DataFrame({"time": ["2024-01-01T00:00", "2024-01-01T01:00"], "load": ["1.5", "two"]})
    assert "row 3: 'two' in column 'load' is no number" in refusal(parquet(frame), path=PARQUET)


def test_parquet_that_is_cut_is_refused():
    content = parquet(pd.DataFrame({"time": TIMES, "load": 1.0}))
    assert "cut or damaged" in refusal(content[:-40], path=PARQUET)


def test_numbers_as_times_are_refused():
    content = parquet(pd.DataFrame({"time": [1, 2], "load": 1.0}))
    assert "time column 'time' holds numbers" in refusal(content, path=PARQUET)


def test_gzip_parses_the_same():
    content = lines(*AUTUMN)
    one, other = parse(content), parse(gzip.compress(content.encode()))
    pd.testing.assert_frame_equal(one.drop(columns="batch"), other.drop(columns="batch"))


def test_parsing_twice_gives_the_same():
    pd.testing.assert_frame_equal(parse(lines(*AUTUMN)), parse(lines(*AUTUMN)))


def test_a_missing_column_is_named_with_the_nearest_and_all_others():
    message = refusal(lines("2024-01-01 00:00,1", header="Time,Load MW"))
    assert "no column 'time'; did you mean 'Time'?" in message
    assert "no column 'load'; did you mean 'Load MW'?" in message
    assert "The file has: Time, Load MW." in message


def test_a_wrong_separator_is_named():
    assert "The separator seems to be ';'" in refusal(lines("2024-01-01 00:00;1", header="time;load"))


@pytest.mark.parametrize("text", ["broken", "1,5", "1 000", "--", "1e400x", "inf"])
def test_text_in_a_number_is_named_by_its_row(text):
    message = refusal(lines("2024-01-01 00:00;1", f"2024-01-01 01:00;{text}", header="time;load"), separator=";")
    assert f"row 3: {text!r} in column 'load' is no number" in message


def test_a_thousands_separator_is_not_guessed():
    assert "'.' as decimal mark and no mark for thousands" in refusal(
        lines("2024-01-01 00:00;43,500", header="time;load"), separator=";"
    )


def test_a_time_that_cannot_be_read_is_named_by_its_row():
    message = refusal(lines("2024-01-01 00:00,1", "yesterday,2", ",3"))
    assert "row 3: 'yesterday' is no time; row 4: '' is no time" in message
    assert "time_format" in message


def test_several_findings_are_listed_at_once_and_counted():
    message = refusal(lines(*(f"2024-01-01 {hour:02}:00,bad" for hour in range(9))))
    assert message.count("is no number") == 5
    assert "and 4 more (9 findings)" in message
    assert "Nothing was read" in message


def test_an_hour_that_is_there_twice_is_refused():
    assert "row 3: '2024-01-01 00:00' is there already" in refusal(lines("2024-01-01 00:00,1", "2024-01-01 00:00,2"))


def utc_rows(first: str, last: str) -> list[str]:
    return local_hours(first, last, timezone="UTC")


@pytest.mark.parametrize(
    ("first", "finding"),
    [
        ("2024-03-31", "row 4: '2024-03-31 02:00' does not exist in Europe/Berlin"),
        ("2024-10-27", "row 4: '2024-10-27 02:00' should be there twice in Europe/Berlin"),
    ],
)
def test_utc_declared_as_local_time_shows_at_a_clock_change(first, finding):
    message = refusal(lines(*utc_rows(first, f"{first}T12:00")))
    assert finding in message
    assert "The file seems not to be in Europe/Berlin: is it in UTC" in message


@pytest.mark.parametrize("timezone", ["UTC", "+01:00"])
@pytest.mark.parametrize("rows", [SPRING, AUTUMN], ids=["spring", "autumn"])
def test_local_time_declared_as_a_fixed_offset_shows_at_a_clock_change(rows, timezone):
    assert "The file seems" in refusal(lines(*rows), timezone=timezone)


def test_another_zone_with_the_same_clock_changes_is_fine():
    assert len(parse(lines(*SPRING), timezone="Europe/Paris")) == len(SPRING)


@pytest.mark.parametrize("timezone", [BERLIN, "+01:00"])
def test_an_offset_that_contradicts_the_declared_zone_is_refused(timezone):
    message = refusal(lines("2024-01-01T00:00-05:00,1", "2024-01-01T01:00-05:00,2"), timezone=timezone)
    assert f"row 2: '2024-01-01T00:00-05:00' has another offset than timezone = '{timezone}'" in message


def test_offsets_in_some_rows_only_are_refused():
    message = refusal(lines("2024-01-01T00:00+01:00,1", "2024-01-01T01:00,2"))
    assert "row 3: '2024-01-01T01:00' has no offset from UTC, other rows have" in message


@pytest.mark.parametrize(("mtu", "minutes"), [(Mtu.PT15M, 60), (Mtu.PT30M, 60)])
def test_a_spacing_that_contradicts_the_unit_is_refused(mtu, minutes):
    message = refusal(lines(*utc_rows("2024-01-01", "2024-01-01T12:00")), mtu=mtu, timezone="UTC")
    assert f"most rows are {minutes} minutes apart, which contradicts mtu = {mtu}" in message


def test_a_row_between_the_units_is_refused():
    rows = [f"2024-01-01 {time},1" for time in ("00:00", "01:00", "01:30", "02:00", "03:00", "04:00")]
    assert "row 4: '2024-01-01 01:30' is no beginning of a PT60M unit" in refusal(lines(*rows))


def test_rows_out_of_order_are_refused():
    assert "Sort the rows by time" in refusal(lines("2024-01-01 01:00,1", "2024-01-01 00:00,2"))


def test_a_last_row_with_fewer_fields_is_a_cut_file():
    assert "row 3: '2024-01-01 0' is cut: 1 of 2 fields" in refusal("time,load\n2024-01-01 00:00,1\n2024-01-01 0")


def test_a_last_number_that_may_lack_its_end_is_refused():
    message = refusal("time,load\n2024-01-01 00:00,4350\n2024-01-01 01:00,43")
    assert "row 3: the last line has no line end, so '43' may be cut" in message


def test_a_last_number_with_as_many_decimals_as_all_others_needs_no_line_end():
    rows = [f"2024-01-01 {hour:02}:00,{hour}.50" for hour in range(24)]
    assert len(parse(lines(*rows).rstrip("\n"))) == 24
    assert "may be cut" in refusal(lines(*rows)[:-2])


def test_no_cut_of_a_file_gives_other_values():
    content = lines(*(f"2024-01-01 {hour:02}:00,{1000.5 / (hour + 1)}" for hour in range(4)))
    whole = parse(content).set_index("valid_time")["value"]
    for length in range(len("time,load\n") + 1, len(content)):
        try:
            rows = parse(content[:length]).set_index("valid_time")["value"]
        except SourceError:
            continue
        assert rows.equals(whole.loc[rows.index])


def test_line_ends_of_windows_are_read():
    assert parse(lines(*AUTUMN).replace("\n", "\r\n"))["value"].tolist() == list(range(9))


def test_a_row_with_too_many_fields_is_refused():
    assert "row 2: '2024-01-01 00:00,1,5' has 3 fields, the header has 2" in refusal(
        lines("2024-01-01 00:00,1,5", "2024-01-01 01:00,2")
    )


@pytest.mark.parametrize("path", [Path("meters.csv"), PARQUET])
def test_an_empty_file_is_refused(path):
    assert "the file is empty" in refusal(b"", path=path)


def test_another_encoding_is_refused_by_row():
    assert "row 2" in refusal("time,load\n2024-01-01 00:00,1 °\n".encode("latin-1"))


def test_a_missing_file_is_named_with_the_key_of_the_settings(tmp_path):
    with pytest.raises(SourceError, match=r"there is no file .*meters\.csv\. Change `path`") as caught:
        list(table(path=tmp_path / "meters.csv").fetch())
    assert str(tmp_path) in str(caught.value)


def test_fetch_keeps_the_bytes_and_what_decides_the_parse(tmp_path):
    path = tmp_path / "meters.csv"
    path.write_text(lines(*AUTUMN))
    first, other = (next(table(path=path, unit=unit).fetch()) for unit in ("MW", "kW"))
    assert first.content == path.read_bytes()
    assert first.batch != other.batch
    assert table(path=path).parse(first)["batch"].eq(first.batch).all()


def test_a_repeated_hour_at_the_end_after_a_gap_cannot_be_told():
    rows = [row for row in local_hours("2024-10-26T20:00", "2024-10-27T00:00") if "01:00" not in row]
    assert "row 5: '2024-10-27 02:00' should be there twice" in refusal(lines(*rows))
