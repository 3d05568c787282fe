"""The advice of every message is followed, and the second try reads the file."""

import datetime as dt
import re
import tomllib
from pathlib import Path

import pandas as pd
import pytest
from unit.sources.test_file import instants, lines, parse, refusal
from unit.sources.test_files_as_they_are import BEGINS, DMY, EXCEL, HOURS, LONG, TYPED, workbook

ADVICE = re.compile(r"\b[sS]et (.+?)(?:,? in the settings)")
KEY = r'(?:no )?[a-z_]+(?: = (?:"[^"]*"|\{.*?\}|\[(?:"[^"]*"|[^\]"])*\]|true|false|[\d.]+))?'


def advised(message: str) -> list[dict[str, object]]:
    """Every way out that a message names, as keys of the settings; None for a key that is to go."""
    ways = []
    for said in ADVICE.findall(message):
        for way in re.split(r",? or (?=[a-z])", said.replace("(or ", "or ").replace(")", "")):
            keys = re.findall(KEY, way)
            told = [key for key in keys if " = " in key]
            ways.append(
                tomllib.loads("\n".join(told))
                | {key.removeprefix("no "): None for key in keys if key.startswith("no ")}
                | ({"time_column": None} if "time_columns" in way else {})
            )
    assert ways, message
    return ways


def followed(content: str | bytes, **changes) -> list[pd.DataFrame]:
    """What the file gives with each way out."""
    return [parse(content, **{**changes, **keys}) for keys in advised(refusal(content, **changes))]


IN_UTC = {"timezone": "UTC", "time_format": "%Y-%m-%d %H:%M"}
COMMAS = ("2024-01-01 00:00;1,0", "2024-01-01 01:00;2,0", "2024-01-01 02:00;3,0")


@pytest.mark.parametrize(
    ("content", "changes"),
    [
        (lines(*HOURS).replace(",", ";"), {}),
        ("# a\n# b\n" + lines(*HOURS), {}),
        ("Report\n\n" + lines(*HOURS).replace(",", "\t"), {}),
        (lines(*HOURS), {"skip_rows": 2}),
        (lines(*HOURS), {"comment": "t"}),
        (lines(*HOURS, "Total,6"), {}),
        (lines(*HOURS, "Total,6", "Mean,2"), {}),
        (lines("UTC,MW", *HOURS), {"missing": ("MW",)}),
        (lines(*HOURS, "the operator says so"), {}),
        (lines(*COMMAS, header="time;load"), {"separator": ";"}),
        (lines(*HOURS, "2024-01-01 03:00,?"), {}),
        (lines(*HOURS, "2024-01-01 03:00,no value"), {}),
        (lines(*HOURS, "2024-01-01 03:00,#DIV/0!"), {}),
        (lines(*HOURS, "2024-01-01 03:00,[-11] The meter sent nothing"), {}),
        (lines(*(text.replace("2024-01-01", "2024-01-01 ") for text in HOURS)), {"time_format": "%d.%m.%Y %H:%M"}),
        (lines(*DMY), {}),
        (lines(*DMY), {"time_format": "%Y-%m-%d"}),
        (lines(*(f"{text.replace(',', ' UTC,')}" for text in HOURS)), IN_UTC),
        (lines(*(f"{1704063600 + 3600 * n},{n + 1}" for n in range(3))), {}),
        (lines(*(f"{1704063600000 + 3600000 * n},{n + 1}" for n in range(3))), {}),
        (lines(*(f"{45292 + n / 24:.10f},{n + 1}" for n in range(3))), {}),
        (lines(*(f"{text.split(',')[0]} - later,{text.split(',')[1]}" for text in HOURS)), {}),
        (lines(*(f"01-Jan-2024 {n:02}:00,{n + 1}" for n in range(3))), {}),
        (lines(*HOURS[::-1]), {}),
        (lines(HOURS[1], HOURS[0], HOURS[2]), {}),
        ("\n".join(HOURS) + "\n", {}),
        (
            "\n".join(HOURS).replace(",", ";") + "\n",
            {"header": False, "time_column": "column_1", "value_column": "column_2"},
        ),
        (workbook(*TYPED), {"path": EXCEL}),
        (lines(*HOURS, header="time,Süd").encode("cp1252"), {"value_column": "Süd"}),
        (lines(*HOURS).encode("utf-16-le"), {}),
        (lines(*HOURS).encode("utf-16-be"), {}),
        (lines(*(f"2024-01-01,{n},{n}" for n in (1, 2, 3)), header="time,period,load"), {}),
        (lines(*(f"2024-01-01,{n - 1}:00,{n}" for n in (1, 2, 3)), header="time,hour,load"), {}),
        (lines(*(f"2024-01-01,{n - 1:02}-{n:02},{n}" for n in (1, 2, 3)), header="time,hour,load"), {}),
        (lines(*(f"2024-01-01,{n - 1}:00 - {n}:00,{n}" for n in (1, 2, 3)), header="time,hour,load"), {}),
        (
            lines(*(f"2024-01-01,{n - 1:02}-{n:02},{n}" for n in (1, 2, 3)), header="date,hour,load"),
            {"time_column": None, "time_columns": {"date": "date", "period": "hour"}},
        ),
        (
            lines(*(f"2024-01-01,{n - 1:02}-{n:02},{n}" for n in (1, 2, 3)), header="date,hour,load"),
            {"time_column": None, "time_columns": {"date": "date", "time": "hour"}},
        ),
        (
            lines(*(f"2024,1,1,{n - 1:02}-{n:02},{n}" for n in (1, 2, 3)), header="y,m,d,hour,load"),
            {"time_column": None, "time_columns": {"year": "y", "month": "m", "day": "d", "time": "hour"}},
        ),
        (
            lines(*(f"{45292 + n / 24:.6f};{n + 1}" for n in range(3)), header="time;load").replace(".", ","),
            {"separator": ";", "decimal": ","},
        ),
        (workbook(("time", "load"), *TYPED, more=("Notes",)), {"path": EXCEL}),
        (workbook(("a",), ("time", "load"), *TYPED), {"path": EXCEL}),
        (workbook(("time", "load"), *TYPED, ("Total", 6)), {"path": EXCEL}),
    ],
)
def test_the_second_try_reads_the_file(content, changes):
    for rows in followed(content, **changes):
        assert (rows["value"].tolist(), instants(rows)) == (
            [1, 2, 3],
            BEGINS if changes.get("timezone") != "UTC" else instants(rows),
        )


def test_a_long_table_is_read_by_the_region_that_is_advised():
    (rows,) = followed(LONG)
    assert rows["value"].tolist() == [1, 2, 3]
    (rows,) = followed(LONG, where={"region": "Nort"})
    assert rows["value"].tolist() == [1, 2, 3]


def test_numbers_that_may_be_meant_in_two_ways_are_named_with_both():
    content = lines("2024-01-01 00:00;43,500", header="time;load")
    assert [rows["value"].tolist() for rows in followed(content, separator=";")] == [[43500.0], [43.5]]
    german = lines("2024-01-01 00:00;7.996,00", "2024-01-01 01:00;996,50", header="time;load")
    (rows,) = followed(german, separator=";", decimal=",")
    assert rows["value"].tolist() == [7996.0, 996.5]


def test_dates_that_may_be_meant_in_two_ways_are_named_with_both():
    content = lines(*(f"01/02/2024 {n:02}:00,{n}" for n in range(3)))
    message = refusal(content)
    assert 'Set date_order = "dmy", or date_order = "mdy" in the settings, whichever is right.' in message
    days = [rows["valid_time"].iloc[1].date() for rows in followed(content)]
    assert days == [dt.date(2024, 2, 1), dt.date(2024, 1, 2)]


def test_a_file_that_is_too_large_is_read_with_the_limit_that_is_advised():
    content = lines(*HOURS)
    message = refusal(content, max_size_mb=0.00002)
    keys = advised(message.replace(" or more", ""))
    assert parse(content, **keys[0])["value"].tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("rows", "step"), [(["00:00,1", "00:30,2", "01:00,3"], "PT30M"), (["00:00,1", "00:15,1", "00:30,1"], "PT15M")]
)
def test_rows_of_another_length_are_read_with_the_key_that_is_advised(rows, step):
    content = lines(*(f"2024-01-01 {row}" for row in rows))
    for read in followed(content):
        assert set(read["mtu"]) <= {step}


def test_a_file_of_5_minutes_says_how_it_is_averaged():
    message = refusal(lines(*(f"2024-01-01 00:{n:02},{n}" for n in range(0, 60, 5))))
    assert "set row_minutes = 5: they are averaged to `mtu`" in message
    assert parse(lines(*(f"2024-01-01 00:{n:02},{n}" for n in range(0, 60, 5))), row_minutes=5)["value"].tolist() == [
        27.5
    ]


def test_hours_from_0_that_are_taken_for_periods_are_read_as_times():
    content = lines(*(f"2024-01-01,{n},{n + 1}" for n in range(3)), header="date,hour,load")
    (rows,) = followed(content, time_column=None, time_columns={"date": "date", "period": "hour"})
    assert instants(rows) == BEGINS


@pytest.mark.parametrize(
    "told",
    [
        {"time_column": "date"},
        {"time_columns": {"date": "date", "period": "SP"}},
        {"time_columns": {"date": "date", "time": "SP"}},
        {"time_columns": {"date": "date", "period": "SP"}, "mtu": "PT30M"},
    ],
)
def test_half_hours_that_are_counted_from_0_are_read_with_the_keys_that_are_advised(told):
    content = lines(*(f"2024-01-01,{n},{n}" for n in range(48)), header="date,SP,load")
    (rows,) = followed(content, **{"time_column": None, **told})
    assert rows["value"].tolist() == list(range(48))
    assert (set(rows["mtu"]), instants(rows)[0], instants(rows)[-1]) == ({"PT30M"}, "31T23:00Z", "01T22:30Z")


def test_half_hours_that_are_taken_for_hours_are_read_with_the_unit_that_is_advised():
    content = lines(*(f"2024-01-01,{n},{n}" for n in range(1, 49)), header="date,SP,load")
    (rows,) = followed(content, time_column=None, time_columns={"date": "date", "period": "SP"})
    assert (set(rows["mtu"]), len(rows)) == ({"PT30M"}, 48)


def test_columns_that_are_not_there_are_named_with_those_that_are():
    message = refusal(lines(*HOURS), value_column="Load [MW]", path=Path("in.csv"))
    assert "no column 'Load [MW]'; did you mean 'load'? Nothing was read. The file has: time, load." in message
