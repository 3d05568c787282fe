"""Published tables as LibreOffice opens them where the decimal sign is a comma: numbers are numbers, times times."""

import subprocess
from pathlib import Path

import pandas as pd
import pytest
from builders.forecasts import BERLIN, forecast_of
from builders.programs import program

from gridahead.forecasting.sheets import csv_bytes, sheet, xlsx_bytes

PROFILE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Setup/L10N">
<prop oor:name="ooSetupSystemLocale" oor:op="fuse"><value>de-DE</value></prop>
</item></oor:items>
"""
SEMICOLONS = "--infilter=CSV:59,34,76,1"
"""What a person says in the dialog of an import: the separator, the quotes, UTF-8, from the first line on."""


@pytest.fixture(scope="module")
def profile(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("profile")
    (folder / "user").mkdir()
    (folder / "user/registrymodifications.xcu").write_text(PROFILE)
    return folder


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    """The doubled hour of October, values below zero, with decimals, and units without an official forecast."""
    made = forecast_of("2025-10-26")
    made = made.assign(value_mw=made["value_mw"] - 46_000.25)
    times = made["valid_time"].drop_duplicates()
    return sheet(made, BERLIN, "MW", pd.Series([1_234.5 + n for n in range(25)], index=times).iloc[:20])


def opened(profile: Path, file: Path, *options: str) -> pd.DataFrame:
    """The first sheet of a file, as LibreOffice with a German locale has understood it."""
    done = converted(profile, file, "ods", *options)
    return pd.read_excel(done, engine="calamine", keep_default_na=False, na_values=[""])


def converted(profile: Path, file: Path, ending: str, *options: str) -> Path:
    """The same file in another format."""
    command = [program("soffice"), "--headless", f"-env:UserInstallation={profile.as_uri()}", *options]
    subprocess.run([*command, "--convert-to", ending, "--outdir", file.parent, file], check=True, capture_output=True)
    return file.with_suffix(f".{ending}")


def assert_understood(found: pd.DataFrame, table: pd.DataFrame) -> None:
    """Every number is one, with its decimals, and every time is the one that a clock of its zone shows."""
    assert list(found.columns) == list(table.columns)
    for name in table.columns:
        if isinstance(table[name].dtype, pd.DatetimeTZDtype):
            assert list(found[name]) == list(table[name].dt.tz_localize(None)), name
        elif "[MW]" in name:
            assert pd.api.types.is_numeric_dtype(found[name]), name
            difference = (found[name] - table[name]).abs()
            assert (difference.dropna() <= 0.05 + 1e-9).all() and (found[name].isna() == table[name].isna()).all(), name


def test_a_csv_with_semicolons_is_understood(profile, table, tmp_path):
    file = tmp_path / "latest.csv"
    file.write_bytes(csv_bytes(table, "semicolon"))
    assert_understood(opened(profile, file, SEMICOLONS), table)


def test_a_workbook_is_understood(profile, table, tmp_path):
    file = tmp_path / "latest.xlsx"
    file.write_bytes(xlsx_bytes(table, "DE/load", {"series": "DE/load"}))
    assert_understood(opened(profile, file), table)


def test_the_locale_is_german_which_all_of_this_is_about(profile, table, tmp_path):
    file = tmp_path / "latest.xlsx"
    file.write_bytes(xlsx_bytes(table, "DE/load"))
    shown = converted(profile, file, "csv").read_text(encoding="utf-8").splitlines()[1]
    assert '"-0,25","3999,75","7999,75","1234,5"' in shown
