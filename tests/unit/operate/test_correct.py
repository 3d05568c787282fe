"""A forecast that a person corrects stays in front of its day, beside the one that a computer made; both are scored."""

import datetime as dt
import json
import re

import numpy as np
import pandas as pd
import pytest
from builders.commands import run
from builders.operation import newest, operated
from builders.rows import LOAD
from builders.serving import LEVELS, last_week, stored, values_of

from gridahead.core.errors import LakeError, SettingsError
from gridahead.core.time import TimeRange
from gridahead.forecasting.sheets import csv_bytes, sheet, xlsx_bytes
from gridahead.operate.correct import Change, correct, withdraw_correction
from gridahead.operate.forecast import forecast
from gridahead.operate.report import report
from gridahead.operate.score import score_published
from gridahead.reading.record import live_record

DAY = dt.date(2025, 3, 19)
MADE = last_week(LOAD, DAY, "Europe/Berlin")


@pytest.fixture
def published(tmp_path):
    """An installation that has published the 19th at its deadline, a quarter of an hour ago."""
    workspace, clock = operated(tmp_path, "2025-03-18T10:00Z")
    original = forecast(workspace, LOAD)
    clock.set("2025-03-18T10:15:20Z")
    return workspace, clock, original


def latest(workspace):
    return json.loads((workspace.settings.published_folder / "DE.load/latest.json").read_bytes())


def values(issue):
    return values_of(issue.forecasts)


def test_what_is_added_is_said_in_the_unit_of_the_series():
    assert str(Change(add_mw=-1.5, unit="kW")) == "-1500 kW"
    assert str(Change(add_mw=-1.5)) == "-1.5 MW"


def test_it_is_the_forecast_of_its_day_and_says_who_why_and_of_what(published):
    workspace, _, original = published
    done = correct(workspace, LOAD, DAY, Change(add_mw=-250.0), "strike", "ana")
    said = latest(workspace)
    assert said == done.manifest and said["rung"] == "by_hand" and said["late"] == 15.3
    assert (said["issue_time"], said["model"]) == ("2025-03-18T10:15:00+00:00", "by_hand")
    told = {"by": "ana", "reason": "strike", "change": "-250 MW", "corrects": original.manifest["forecast_id"]}
    assert said["correction"] == told
    assert np.array_equal(values(newest(workspace, str(DAY))), MADE - 250)
    assert original.folder.exists("manifest.json"), "the original stays readable"
    assert set(stored(workspace)["rung"]) == {"full", "by_hand"}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (Change(add_mw=100.0), MADE + 100),
        (Change(factor=0.5), MADE * 0.5),
        (Change(add_mw=-60_000.0), np.zeros_like(MADE)),
    ],
)
def test_the_quantiles_move_along_and_no_load_falls_below_zero(published, change, expected):
    workspace, _, _ = published
    correct(workspace, LOAD, DAY, change, "strike", "ana")
    assert np.array_equal(values(newest(workspace, str(DAY))), expected)


def test_only_the_named_hours_move(published):
    workspace, _, _ = published
    from_six = TimeRange(pd.Timestamp("2025-03-19T05:00Z"), pd.Timestamp("2025-03-19T07:00Z"))
    correct(workspace, LOAD, DAY, Change(factor=2.0), "event", "ana", from_six)
    expected = MADE.copy()
    expected[6:8] *= 2
    assert np.array_equal(values(newest(workspace, str(DAY))), expected)


def test_what_a_computer_makes_later_stays_behind_until_the_correction_is_withdrawn(published, caplog):
    workspace, clock, _ = published
    done = correct(workspace, LOAD, DAY, Change(add_mw=-250.0), "strike", "ana")
    clock.set("2025-03-18T10:40Z")
    rows = workspace.lake.observations.read()
    workspace.lake.observations.append(rows.assign(value=rows["value"] + 1, batch="feedfeedfeedfeed"))
    later = forecast(workspace, LOAD)
    assert later.changed and later.behind == done.manifest["forecast_id"]
    assert "the correction of 2025-03-19 by hand stays in front of it" in caplog.text
    assert latest(workspace) == done.manifest
    left = withdraw_correction(workspace, LOAD, DAY, "no strike", "ben")
    assert left.manifest == later.manifest == latest(workspace)
    with pytest.raises(LakeError, match="no correction of 2025-03-19 stands"):
        withdraw_correction(workspace, LOAD, DAY, "twice", "ben")
    again = correct(workspace, LOAD, DAY, Change(add_mw=-250.0), "a strike after all", "ana")
    assert latest(workspace) == again.manifest


def mae(workspace):
    scores = score_published(workspace, LOAD).scores
    whole = scores[scores["lead"].isna() & (scores["metric"] == "mae")].set_index("model")["value"]
    return {name: whole[name] for name in ("published", "uncorrected") if name in whole}


def test_both_are_scored_and_a_withdrawn_one_is_not(published):
    workspace, clock, _ = published
    # The load is 70 MW above that of last week, every hour.
    clock.set("2025-03-18T10:20Z")
    correct(workspace, LOAD, DAY, Change(add_mw=70.0), "cold", "ana")
    clock.set("2025-03-20T12:00Z")
    assert mae(workspace) == {"published": 0.0, "uncorrected": 70.0}
    record = live_record(workspace, LOAD)  # what a person changes is no adaptation
    assert record is not None and record.mae == 0 and record.adaptation is None
    withdraw_correction(workspace, LOAD, DAY, "no", "ben")
    assert mae(workspace) == {"published": 70.0, "uncorrected": 70.0}


def test_the_page_names_the_person_and_the_reason(published):
    workspace, _, _ = published
    correct(workspace, LOAD, DAY, Change(add_mw=-250.0), "strike of <rail>", "ana")
    page = report(workspace).read_text()
    assert "<li>It is what a person put in its place.</li>" in page and "ana, -250 MW: strike of &lt;rail&gt;." in page


def test_what_cannot_be_meant_is_refused(published):
    workspace, clock, _ = published
    other = dt.date(2025, 3, 25)
    with pytest.raises(LakeError, match=r"nothing is published of 2025-03-25 .*`gridahead forecast --series DE/load"):
        correct(workspace, LOAD, other, Change(add_mw=1.0), "why", "ana")
    with pytest.raises(SettingsError, match="changes no value"):
        correct(workspace, LOAD, DAY, Change(add_mw=0.0), "why", "ana")
    off = TimeRange(pd.Timestamp("2025-03-20T05:00Z"), pd.Timestamp("2025-03-20T07:00Z"))
    with pytest.raises(SettingsError, match=r"none of the named times .* from 2025-03-19 00:00 to 2025-03-20 00:00"):
        correct(workspace, LOAD, DAY, Change(add_mw=1.0), "why", "ana", off)
    clock.set("2025-03-20T12:00Z")
    with pytest.raises(SettingsError, match="after the end of the delivery day"):
        correct(workspace, LOAD, DAY, Change(add_mw=1.0), "why", "ana")


def test_on_history_a_correction_has_the_issue_time_of_what_it_corrects(published):
    workspace, clock, original = published
    workspace.settings.__dict__["mode"] = "demo"
    clock.set("2026-11-30T10:00Z")
    for reason in ("strike", "a longer strike"):
        done = correct(workspace, LOAD, DAY, Change(add_mw=-250.0), reason, "ana")
        assert done.manifest["issue_time"] == original.manifest["issue_time"]
        assert latest(workspace)["correction"]["reason"] == reason
    assert len(stored(workspace)) == 3 * 24 * len(LEVELS)


def test_a_spreadsheet_that_was_changed_and_the_commands(tmp_path, monkeypatch):
    workspace, clock = operated(tmp_path / "data", "2025-03-18T10:00Z")
    forecast(workspace, LOAD)
    clock.set("2025-03-18T10:15Z")
    monkeypatch.setattr("gridahead.cli.annotate.open_workspace", lambda settings: workspace)
    monkeypatch.setattr("gridahead.cli.published.now", clock)
    csv = pd.read_csv(tmp_path / "data/published/DE.load/latest.csv")
    csv.loc[[7, 8], "P50 [MW]"] = 40_000.0
    csv.to_csv(tmp_path / "mine.csv", index=False)
    why = ("--reason", "strike", "--by", "ana", "--day", "2025-03-19")
    done = run(tmp_path, "correct", "DE/load", "--file", str(tmp_path / "mine.csv"), *why)
    assert (
        done.code == 0
        and "! what a person put in its place" in done.said
        and "ana, medians of a file: strike" in done.said
    )
    found = values(newest(workspace, "2025-03-19"))
    assert np.array_equal(found[[7, 8]], [[39_000.0, 40_000.0, 41_000.0]] * 2)
    assert np.array_equal(np.delete(found, [7, 8], 0), np.delete(MADE, [7, 8], 0))
    assert "say one of --add VALUE" in run(tmp_path, "correct", "DE/load", *why, "--add", "5", "--factor", "2").error
    (tmp_path / "mine.csv").write_text("a,b\n1,2\n")
    refused = run(tmp_path, "correct", "DE/load", *why, "--file", str(tmp_path / "mine.csv"))
    assert "it must have the columns `start (UTC)` and `P50 [MW]`" in refused.error
    assert "Withdrawn. DE/load, 2025-03-19: naive 1" in run(tmp_path, "correct", "DE/load", *why, "--withdraw").said


@pytest.mark.parametrize("kind", ["semicolon", "saved anew by a German spreadsheet", "xlsx"])
def test_a_published_file_is_handed_back_as_spreadsheets_save_it(published, tmp_path, monkeypatch, kind):
    workspace, clock, _ = published
    monkeypatch.setattr("gridahead.cli.annotate.open_workspace", lambda settings: workspace)
    monkeypatch.setattr("gridahead.cli.published.now", clock)
    front = newest(workspace, "2025-03-19")
    assert front is not None
    table = sheet(front.forecasts, "Europe/Berlin")
    table.loc[[7, 8], "P50 [MW]"] = 40_000.0
    file = tmp_path / ("mine.xlsx" if kind == "xlsx" else "mine.csv")
    content = xlsx_bytes(table, "mine") if kind == "xlsx" else csv_bytes(table, "semicolon")
    if kind.startswith("saved"):
        content = re.sub(rb"(\d{4})-(\d\d)-(\d\d)", rb"\3.\2.\1", content)
    file.write_bytes(content)
    done = run(tmp_path, "correct", "DE/load", "--file", str(file), "--day", "2025-03-19", "--reason", "strike")
    assert done.code == 0, done.error
    assert np.array_equal(values(newest(workspace, "2025-03-19"))[[7, 8]], [[39_000.0, 40_000.0, 41_000.0]] * 2)
