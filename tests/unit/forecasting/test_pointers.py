"""`latest.*` is the next delivery day, `today.*` the one that runs: the newest forecast of it, and all files of one."""

import io
import json
from typing import Any

import pandas as pd
import pytest
from builders.forecasts import BERLIN, forecast_of
from builders.rows import LOAD

from gridahead.forecasting import pointers
from gridahead.forecasting.pointers import renew_pointers
from gridahead.forecasting.publish import manifest_text, publish
from gridahead.lake.folder import write_if_new

EVE = pd.Timestamp("2025-12-30T12:00Z")


def put(folder, day, at=EVE, **changes):
    return publish(folder, forecast_of(day, **changes), BERLIN, {}, at=pd.Timestamp(at))


def pointed(folder, name):
    """The manifest of a pointer, None if it is not there; its files must be of one forecast."""
    files = {ending: folder / f"DE.load/{name}.{ending}" for ending in ("json", "csv", "parquet", "xlsx")}
    assert len({file.exists() for file in files.values()}) == 1
    if not files["json"].exists():
        return None
    manifest = json.loads(files["json"].read_bytes())
    assert set(pd.read_csv(files["csv"])["forecast id"]) == {manifest["forecast_id"]}
    assert set(pd.read_excel(files["xlsx"], engine="calamine")["forecast id"]) == {manifest["forecast_id"]}
    assert set(pd.read_parquet(files["parquet"])["data_hash"]) == {manifest["data_hash"]}
    return manifest


def days(folder):
    """The delivery days of latest and today."""
    found = (pointed(folder, name) for name in ("latest", "today"))
    return tuple(None if manifest is None else manifest["delivery_day"] for manifest in found)


def test_of_nothing_there_is_no_pointer(tmp_path):
    renew_pointers(tmp_path, LOAD, EVE)
    assert days(tmp_path) == (None, None)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        # Local midnight in December is 23:00 UTC of the day before.
        ("2025-12-30T12:00Z", ("2025-12-31", "2025-12-30")),
        ("2025-12-30T22:59Z", ("2025-12-31", "2025-12-30")),
        ("2025-12-30T23:00Z", ("2026-01-01", "2025-12-31")),
        ("2025-12-31T23:00Z", ("2026-01-01", "2026-01-01")),
        ("2026-01-01T23:00Z", ("2026-01-01", None)),
        ("2025-12-28T12:00Z", ("2025-12-30", None)),
    ],
)
def test_latest_is_the_next_day_that_has_not_begun_and_today_the_one_that_runs(tmp_path, at, expected):
    for day in ("2026-01-01", "2025-12-30", "2025-12-31"):
        put(tmp_path, day)
        renew_pointers(tmp_path, LOAD, EVE)
    renew_pointers(tmp_path, LOAD, pd.Timestamp(at))
    assert days(tmp_path) == expected


@pytest.mark.parametrize(("day", "begins"), [("2025-03-30", "2025-03-29T23:00Z"), ("2025-10-26", "2025-10-25T22:00Z")])
def test_a_day_on_which_the_clocks_change_begins_at_its_own_midnight(tmp_path, day, begins):
    put(tmp_path, day)
    begins = pd.Timestamp(begins)
    renew_pointers(tmp_path, LOAD, begins - pd.Timedelta(minutes=1))
    assert days(tmp_path) == (day, None)
    renew_pointers(tmp_path, LOAD, begins)
    assert days(tmp_path) == (day, day)
    renew_pointers(tmp_path, LOAD, begins + pd.Timedelta(hours=23 if day < "2025-06" else 25))
    assert days(tmp_path) == (day, None)


def test_within_a_day_the_newest_issue_counts_whatever_came_last(tmp_path):
    later = put(tmp_path, "2025-12-31", issue_time=pd.Timestamp("2025-12-30T11:00Z"))
    put(tmp_path, "2025-12-31", issue_time=pd.Timestamp("2025-12-30T10:00Z"))
    renew_pointers(tmp_path, LOAD, EVE)
    assert pointed(tmp_path, "latest") == later.manifest


def test_what_a_person_has_corrected_stays_in_front_until_it_is_withdrawn(tmp_path):
    corrected = put(tmp_path, "2025-12-31", rung="by_hand", data_hash="ff")
    later = put(tmp_path, "2025-12-31", issue_time=pd.Timestamp("2025-12-30T11:00Z"))
    renew_pointers(tmp_path, LOAD, EVE)
    assert pointed(tmp_path, "latest") == corrected.manifest
    corrected.folder.write("withdrawn.json", b"{}")
    renew_pointers(tmp_path, LOAD, EVE)
    assert pointed(tmp_path, "latest") == later.manifest


def test_on_history_the_newest_day_is_the_latest_and_none_is_today(tmp_path):
    for day in ("2025-12-31", "2025-12-30"):
        put(tmp_path, day)
    renew_pointers(tmp_path, LOAD, None)
    assert days(tmp_path) == ("2025-12-31", None)


def test_a_pointer_that_is_right_is_not_written_and_one_that_is_half_is_put_right(tmp_path):
    put(tmp_path, "2025-12-31")
    renew_pointers(tmp_path, LOAD, EVE)
    file = tmp_path / "DE.load/latest.csv"
    touched, content = file.stat().st_mtime_ns, file.read_bytes()
    renew_pointers(tmp_path, LOAD, EVE)
    assert file.stat().st_mtime_ns == touched
    file.write_bytes(b"of another forecast")
    renew_pointers(tmp_path, LOAD, EVE)
    assert file.read_bytes() == content


@pytest.mark.parametrize("gone", ["never made", "deleted since"])
def test_where_a_forecast_has_no_xlsx_none_of_another_stays_and_the_rest_is_pointed_at(tmp_path, gone):
    put(tmp_path, "2025-12-30")
    renew_pointers(tmp_path, LOAD, None)
    newer = put(tmp_path, "2025-12-31")
    newer.folder.delete(str(newer.manifest["xlsx"]))
    if gone == "never made":
        newer.folder.write("manifest.json", manifest_text({**newer.manifest, "xlsx": None}))
    renew_pointers(tmp_path, LOAD, None)
    home = tmp_path / "DE.load"
    assert sorted(path.name for path in home.glob("latest.*")) == ["latest.csv", "latest.json", "latest.parquet"]
    assert set(pd.read_csv(home / "latest.csv")["forecast id"]) == {newer.manifest["forecast_id"]}
    renew_pointers(tmp_path, LOAD, None)


def test_what_is_published_while_a_pointer_is_written_is_pointed_at_in_the_end(tmp_path, monkeypatch):
    put(tmp_path, "2025-12-31")
    calls: list[Any] = []

    def write(folder, name, content):
        if not calls:  # somebody else publishes before our first file
            calls.append(put(tmp_path, "2025-12-31", issue_time=pd.Timestamp("2025-12-30T11:00Z")).manifest)
        write_if_new(folder, name, content)

    monkeypatch.setattr(pointers, "write_if_new", write)
    renew_pointers(tmp_path, LOAD, EVE)
    assert pointed(tmp_path, "latest") == calls[0]


def test_a_csv_is_told_apart_from_that_of_another_forecast_of_the_same_values(tmp_path):
    one, other = put(tmp_path, "2025-12-31"), put(tmp_path, "2025-12-31", data_hash="ff")
    told = [
        set(pd.read_csv(io.BytesIO(made.folder.read(made.manifest["csv"])))["forecast id"]) for made in (one, other)
    ]
    assert told[0] != told[1]
