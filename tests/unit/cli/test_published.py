"""What `gridahead forecast` says: the day, the issue time, the model, the median with its unit, and the files."""

import json
from pathlib import Path

import pandas as pd
import pytest
from builders.commands import run, settings_in
from builders.forecasts import BERLIN, ELEVEN, forecast_of
from builders.rows import LOAD

from gridahead.cli import published as command
from gridahead.core.time import Deadline
from gridahead.forecasting.publish import publish
from gridahead.forecasting.slot import slot_of

EVE = pd.Timestamp("2025-12-30T10:00:05Z")


@pytest.fixture
def said(monkeypatch, tmp_path):
    """What the command says of a forecast of the last day of 2025, at an instant."""
    file = settings_in(tmp_path, load="MW")

    def say(*arguments, at=EVE, **changes):
        monkeypatch.setattr(command, "now", lambda: pd.Timestamp(at))
        unit, out = changes.pop("unit", "MW"), changes.pop("out", EVE)
        closure = Deadline.parse("D-1T1200[Europe/Brussels]")
        slot = slot_of(LOAD, BERLIN, ELEVEN, closure, pd.Timestamp("2025-12-30T10:00Z"))
        monkeypatch.setattr(
            "gridahead.operate.forecast.forecast_each",
            lambda workspace, names, instant, **options: (
                {
                    one: publish(
                        tmp_path / "out", forecast_of("2025-12-31", **changes), BERLIN, {}, unit, at=out, slot=slot
                    )
                    for one in names
                },
                {},
            ),
        )
        ended = run(file, "forecast", *arguments)
        assert ended.code == 0
        return ended.said

    return say


def test_day_clock_issue_time_model_median_and_files_are_told(said, tmp_path):
    lines = said().splitlines()
    home = tmp_path / "out/DE.load/2025-12-31/2025-12-30T1000Z"
    assert lines[:3] == [
        "DE/load: Wednesday, 2025-12-31, by the clock of Europe/Berlin (24 hours)",
        "  issued as of 2025-12-30 11:00 (2025-12-30 10:00 UTC) by gru v3",
        "  P50: mean 50,012 MW, peak 50,023 MW at 23:00",
    ]
    assert lines[3].startswith(f"  files: {home}/forecast-") and Path(lines[3].split(": ")[1].split(",")[0]).is_file()
    assert len(lines) == 4


def test_the_median_has_the_unit_of_the_series(said):
    assert "P50: mean 50,011,500 kW, peak 50,023,000 kW at 23:00" in said(unit="kW")


@pytest.mark.parametrize(
    ("at", "arguments", "note"),
    [
        (
            "2026-11-29T23:00Z",
            (),
            "! this day is over, it ended 333 days ago; it is the newest for which the lake has "
            "inputs, `gridahead ingest` newer values for one to come",
        ),
        ("2026-11-29T23:00Z", ("--issue-time", "2025-12-30T10:00Z"), "! this day is over, it ended 333 days ago"),
        ("2025-12-31T05:00Z", (), "! this day has begun, 6 h ago"),
        (
            "2025-11-20T23:00Z",
            (),
            "! this day begins in 40 days only; are the dates right that `gridahead status` shows?",
        ),
    ],
)
def test_a_day_that_is_over_or_far_ahead_is_called_so(said, at, arguments, note):
    assert said(*arguments, at=at).splitlines()[-1].strip() == note
    (row,) = json.loads(said(*arguments, "--json", at=at))
    assert f"! {row['note']}" == note


def test_json_says_the_same(said):
    (row,) = json.loads(said("--json"))
    assert (row["delivery_day"], row["timezone"], row["note"]) == ("2025-12-31", BERLIN, None)
    assert row["median"] == {"mean_mw": 50_011.5, "peak_mw": 50_023.0, "peak_at": "2025-12-31T22:00:00+00:00"}


def test_what_is_degraded_or_was_there_already_is_told(said):
    said(rung="degraded", missing="no value for 3 h")
    lines = said(rung="degraded", missing="no value for 3 h").splitlines()
    assert lines[1].endswith("by gru v3; published before, unchanged")
    assert lines[-1] == "  ! by the model that serves, without all of its inputs: no value for 3 h"


@pytest.mark.parametrize(
    ("out", "late"),
    [
        ("2025-12-30T10:40Z", "out 40 min after its deadline"),
        ("2025-12-30T15:00Z", "out 5 h after its deadline, when the gate had closed"),
    ],
)
def test_a_late_forecast_is_called_late(said, out, late):
    assert said(out=pd.Timestamp(out)).splitlines()[-1] == f"  ! {late}"
