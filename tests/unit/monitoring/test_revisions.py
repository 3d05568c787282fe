"""How much values moved and how late, of vintages that are made up by hand and counted by hand."""

import json
import struct

import pandas as pd
import pytest
from builders.backtests import workspace_of
from builders.commands import run, settings_in
from builders.rows import LOAD, WIND_SOLAR, rows

from gridahead.core.errors import LakeError
from gridahead.core.grid import Series
from gridahead.core.tables import Observations
from gridahead.core.time import TimeRange
from gridahead.lake.lake import Lake
from gridahead.monitoring.revisions import Size, revisions
from gridahead.reports.revisions import revisions_notes, revisions_record, revisions_rows, revisions_sentence

DAY = "2025-01-01T"
VINTAGES = [
    # Valid time, known at, value: an hour that is revised at the age of 5 h and of 2 days,
    ("00:00", f"{DAY}02:00", 100.0, "recorded"),
    ("00:00", f"{DAY}05:00", 110.0, "recorded"),
    ("00:00", "2025-01-03T00:00", 104.0, "recorded"),
    # one that stays,
    ("01:00", f"{DAY}03:00", 200.0, "recorded"),
    # one that is withdrawn at the age of 25 h and comes back as another after 8 days,
    ("02:00", f"{DAY}04:00", 300.0, "recorded"),
    ("02:00", "2025-01-02T03:00", float("nan"), "recorded"),
    ("02:00", "2025-01-10T02:00", 260.0, "recorded"),
    # and one of which nobody knows when it moved.
    ("03:00", f"{DAY}05:00", 400.0, "assumed"),
    ("03:00", f"{DAY}06:00", 390.0, "assumed"),
]


def observations(vintages, series=LOAD) -> Observations:
    made = [
        rows(
            series,
            pd.DatetimeIndex([f"{valid if 'T' in valid else DAY + valid}Z"]),
            [value],
            pd.Timestamp(f"{at}Z"),
            availability=availability,
        )
        for valid, at, value, availability in vintages
    ]
    return Observations(pd.concat(made, ignore_index=True))


def found(folder, vintages, series=LOAD, time_range=None):
    return revisions(workspace_of(folder, observations(vintages, series)), series, time_range)


def test_first_and_newest_vintages_are_compared(tmp_path):
    """100 → 104, 300 → 260 and 400 → 390 of four values: 4, 40 and 10 MW, together -46."""
    all_of_them = found(tmp_path, VINTAGES)
    assert (all_of_them.values, all_of_them.moved, all_of_them.withdrawn) == (4, 3, 0)
    assert all_of_them.size == Size(18.0, -40.0, -46 / 3)
    assert (all_of_them.recorded, all_of_them.assumed, all_of_them.undated) == (7, 2, 1)
    assert all_of_them.since == pd.Timestamp(f"{DAY}02:00Z")


def test_every_change_is_of_its_age(tmp_path):
    counts = [
        (row["age of the value"], row["values"], row["changed"], row["then or later"], row["largest"], row["withdrawn"])
        for row in revisions_rows(found(tmp_path, VINTAGES))
    ]
    assert counts == [
        ("up to 1 h", 0, "–", "–", "–", 0),  # all four came at the age of 2 h
        ("1 h to 6 h", 4, "25.0%", "50.0%", "+10.0 MW", 0),
        ("6 h to 1 day", 4, "0.0%", "50.0%", "–", 0),
        ("1 day to 3 days", 4, "25.0%", "50.0%", "-6.00 MW", 1),
        ("3 days to 1 week", 4, "0.0%", "25.0%", "–", 0),
        ("1 week to 1 month", 4, "25.0%", "25.0%", "-40.0 MW", 0),
        ("later than 1 month", 0, "–", "–", "–", 0),  # none is so old yet
    ]


def test_two_changes_of_a_span_have_a_mean_size_and_a_bias(tmp_path):
    """Up by 30, down by 10: 20 MW in the mean, a bias of 10; the largest is 30."""
    vintages = [
        ("00:00", f"{DAY}01:00", 100.0, "recorded"),
        ("00:00", f"{DAY}02:00", 130.0, "recorded"),
        ("01:00", f"{DAY}02:00", 100.0, "recorded"),
        ("01:00", f"{DAY}07:00", 90.0, "recorded"),  # at the age of 6 h, which is not later than 6 h
    ]
    span, after = found(tmp_path, vintages).by_age[1:3]
    assert (span.values, span.changed, span.size) == (2, 2, Size(20.0, 30.0, 10.0))
    assert (after.changed, after.open) == (0, 0)


def test_a_value_that_comes_back_as_it_was_has_not_moved(tmp_path):
    vintages = [
        ("00:00", f"{DAY}02:00", 100.0, "recorded"),
        ("00:00", f"{DAY}03:00", float("nan"), "recorded"),
        ("00:00", f"{DAY}04:00", 100.0, "recorded"),
    ]
    back = found(tmp_path, vintages)
    assert (back.moved, back.withdrawn, back.by_age[1].changed, back.by_age[1].withdrawn) == (0, 0, 0, 1)


def test_a_value_that_is_gone_is_counted_as_withdrawn(tmp_path):
    vintages = [("00:00", f"{DAY}02:00", 100.0, "recorded"), ("00:00", f"{DAY}03:00", float("nan"), "recorded")]
    gone = found(tmp_path, vintages)
    assert (gone.moved, gone.withdrawn) == (0, 1)
    assert revisions_sentence(gone) == "0 of 1 values (0.0%) moved; 1 withdrawn"


def test_a_forecast_that_is_made_again_before_its_unit_is_no_revision(tmp_path):
    official = Series("DE", "load_official")
    vintages = [
        ("06:00", f"{DAY}00:00", 500.0, "recorded"),
        ("06:00", f"{DAY}03:00", 520.0, "recorded"),
        ("06:00", f"{DAY}07:00", 525.0, "recorded"),
    ]
    forecast = found(tmp_path, vintages, official)
    assert forecast.size == Size(5.0, 5.0, 5.0)
    assert forecast.by_age[0].changed == 1


def test_a_temperature_is_in_degrees(tmp_path):
    warmth = Series("DE", "temperature")
    made = [observations([one], warmth).assign(unit="degC") for one in VINTAGES[:2]]
    moved = revisions(workspace_of(tmp_path, Observations(pd.concat(made))), warmth)
    assert "by 10.0 degC on average" in revisions_sentence(moved)


def test_what_was_taken_in_before_anybody_watched_is_of_no_age_but_the_last(tmp_path):
    old = ("2024-06-01T00:00", "2024-06-01T02:00", 7.0, "assumed")
    spans = found(tmp_path, [old, ("00:00", f"{DAY}02:00", 8.0, "recorded")]).by_age
    assert [span.values for span in spans] == [0, 1, 0, 0, 0, 0, 1]  # the second was 2 h old when the newest row came


def test_a_history_without_a_recorded_vintage_says_so(tmp_path):
    history = found(tmp_path, [one for one in VINTAGES if one[3] == "assumed"])
    assert (history.by_age, history.since) == ((), None)
    assert revisions_notes(history)[0].startswith(
        "No vintage says when it came: the time of all 2 is assumed, 1 of them a change"
    )


def test_a_history_without_a_revision_says_so(tmp_path):
    still = found(tmp_path, [VINTAGES[3]])
    assert revisions_sentence(still) == "no value of 1 has moved since its first vintage"
    assert revisions_record(still)["by_age"][1]["mean_abs_mw"] is None


def test_a_lake_without_the_series_says_what_to_do(tmp_path):
    with pytest.raises(LakeError, match="no values of DE/wind_solar; `gridahead lake stats` shows"):
        revisions(workspace_of(tmp_path, observations(VINTAGES)), WIND_SOLAR)
    empty = TimeRange(pd.Timestamp("2026-01-01", tz="UTC"), pd.Timestamp("2026-02-01", tz="UTC"))
    with pytest.raises(LakeError, match="from 2026-01-01 00:00 to 2026-02-01 00:00 UTC"):
        revisions(workspace_of(tmp_path / "other", observations(VINTAGES)), LOAD, empty)


def test_the_command_shows_a_table_and_draws_a_picture(tmp_path):
    file = settings_in(tmp_path, load="kW")
    Lake(str(tmp_path / "data" / "lake"), tmp_path / "data" / "raw").observations.append(observations(VINTAGES))
    ended = run(file, "revisions", "DE/load")
    assert (ended.code, ended.error) == (0, "")
    said = " ".join(ended.said.split())
    assert "3 of 4 values (75.0%) moved from their first vintage to the newest: by 18,000 kW on average" in said
    assert "at most -40,000 kW, new less old -15,333 kW on average" in said
    assert "Of 9 vintages the time of 2 is assumed; 1 of them changes" in said
    picture = (tmp_path / "data" / "published" / "DE.load" / "revisions.png").read_bytes()
    assert struct.unpack(">4sII", picture[12:24]) == (b"IHDR", 1320, 506)
    part = run(file, "revisions", "DE/load", "--start", "2025-01-01T02:00Z", "--end", "2025-01-01T03:00Z", "--json")
    assert json.loads(part.said)["mean_abs_mw"] == 40.0


def test_the_command_refuses_what_it_cannot_do(tmp_path):
    file = settings_in(tmp_path, load="MW")
    assert "gridahead ingest" in run(file, "revisions", "DE/load").error
    assert "did you mean 'DE/load'?" in run(file, "revisions", "DE/laod").error
    assert "ends in .png" in run(file, "revisions", "DE/load", "-o", str(tmp_path / "a.pdf")).error
