"""`status` and `models list` on 80 columns: ages, marks, and what to do where something is missing."""

import datetime as dt
import io
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from rich.console import Console

from gridahead.cli import console, overview
from gridahead.core.grid import Series
from gridahead.core.time import Deadline, Mtu
from gridahead.forecasting.slot import slot_of
from gridahead.lake.freshness import Freshness
from gridahead.lake.run_log import Run
from gridahead.monitoring.checks import Out
from gridahead.monitoring.checks_of_machines import Disk
from gridahead.monitoring.conditions import Condition
from gridahead.monitoring.incidents import event_of, incidents_of
from gridahead.operate.status import Day, SeriesStatus
from gridahead.registry.versions import Version
from gridahead.settings.model import Settings

NOW = pd.Timestamp("2025-06-03T10:00Z")
DEADLINE = "D-1T1100[Europe/Berlin]"
SOURCE = {
    "kind": "file",
    "path": "in.csv",
    "zone": "DE",
    "quantity": "solar",
    "time_column": "time",
    "value_column": "kw",
    "timezone": "UTC",
    "unit": "kW",
}
LOAD, SOLAR = Series("DE", "load"), Series("DE", "solar")
SERVING = {"DE/solar": {"version": "3", "model": "gru", "learnt_until": "2025-05-31", "validation_mae": "0.0000127"}}


@pytest.fixture
def screen(monkeypatch):
    text = io.StringIO()
    made = Console(file=text, width=80, markup=False, emoji=False, highlight=False, color_system=None)
    monkeypatch.setattr(console, "out", made)
    monkeypatch.setattr(overview, "now", lambda: NOW)
    return text.getvalue


@pytest.fixture
def settings():
    return settings_of()


def settings_of(*sources, names=("DE/load", "DE/solar")):
    series = [{"series": name, "deadline": DEADLINE} for name in names]
    return Settings.model_validate({"data_folder": "data", "series": series, "sources": list(sources or [SOURCE])})


def one_of(series, **more):
    nothing = {"due": None, "next": None, "manifest": None, "freshness": None, "inputs": (), "coverage": None}
    return SeriesStatus(series, **{**nothing, **more})


def held(series, until, came=None, mtu=Mtu.PT60M):
    return Freshness(series, pd.Timestamp(until), pd.Timestamp(came or until), "file", mtu)


def state_of(settings, *series, **more) -> Any:
    nothing: dict[str, Any] = {
        "is_live": False,
        "conditions": (),
        "incidents": (),
        "disks": (),
        "runs": {},
        "failures": {},
    }
    told = {"workspace": SimpleNamespace(settings=settings), "at": NOW, "series": series, "serving": SERVING}
    return SimpleNamespace(**{**nothing, "watched_at": None, **told, **more})


def forecast_of(series, end, **more):
    return {
        "series": series,
        "forecast_id": "x",
        "issue_time": "2025-06-03T09:00:00+00:00",
        "age_hours": 1.0,
        "delivery": ["2025-06-03T22:00:00+00:00", end],
        "model": "gru",
        "model_version": "3",
        "rung": "full",
        "missing": "",
        **more,
    }


def slot_of_day(day, at=NOW):
    closure = Deadline.parse("D-1T1200[Europe/Berlin]")
    return slot_of(SOLAR, "Europe/Berlin", Deadline.parse(DEADLINE), closure, at, dt.date.fromisoformat(day))


def lines_of(screen):
    lines = [line.rstrip() for line in screen().splitlines()]
    assert max(map(len, lines)) <= 80
    return lines


def test_every_series_is_a_block_with_ages_and_marks(screen, settings):
    solar = one_of(
        SOLAR, freshness=held(SOLAR, "2025-06-03T08:00Z"), manifest=forecast_of("DE/solar", "2025-06-04T22:00:00+00:00")
    )
    overview.show_status(state_of(settings, one_of(LOAD), solar, is_live=True), wide=False)
    assert lines_of(screen) == [
        "DE/load",
        "  ✗  lake: nothing yet; run `gridahead ingest`",
        "  ✗  no champion yet; run `gridahead train --series DE/load`",
        "  ✗  no forecast yet; run `gridahead forecast`",
        "DE/solar",
        "  ✓  lake: until 2025-06-03 08:00 UTC (2 h ago), PT60M, file",
        "  ✓  serves: gru v3, learnt until 2025-05-31 (3 days ago), MAE 0.0127 kW",
        "  ✓  forecast: issued 2025-06-03 09:00 UTC (1 h ago) by gru v3",
        "Machine",
        "  !  watch: never here; `gridahead watch --every 5m` tells people of faults",
        "Everything: `gridahead status --wide`",
    ]


@pytest.mark.parametrize(
    ("published", "rung", "told"),
    [
        ("10:00", "", "✗ Wed 2025-06-04 is not out, due for 1 h; the gate is closed"),
        ("09:02", "full", "✓ Wed 2025-06-04 is out since 2025-06-03 09:02 UTC, 2 min after its deadline, rung full"),
        ("09:00", "naive", "! Wed 2025-06-04 is out since 2025-06-03 09:00 UTC, rung naive"),
    ],
)
def test_whether_the_day_that_is_due_is_out_comes_first_and_when_the_next_is_due(
    screen, settings, published, rung, told
):
    slot = slot_of_day("2025-06-04")
    at = pd.Timestamp(f"2025-06-03T{published}Z")
    out = Out(SOLAR, slot.day, rung, "", "gru v3", slot.deadline, at) if rung else None
    solar = one_of(SOLAR, due=Day(slot, out), next=slot_of_day("2025-06-05"))
    overview.show_status(state_of(settings, solar), wide=False)
    words = " ".join(screen().split())
    assert told in words
    assert "Thu 2025-06-05 is due in 23 h, its gate closes in 24 h" in words


def test_of_an_installation_that_begins_the_next_day_is_told_alone(screen, settings):
    overview.show_status(state_of(settings, one_of(SOLAR, due=None, next=slot_of_day("2025-06-05"))), wide=False)
    words = " ".join(screen().split())
    assert "Thu 2025-06-05 is due in 23 h" in words and "is not out" not in words


def test_inputs_are_told_in_one_line_and_stale_ones_apart(screen, settings):
    inputs = (
        held(Series("DE", "temperature"), "2025-06-06T00:00Z", "2025-06-03T07:00Z"),
        held(SOLAR.official, "2025-06-01T00:00Z", "2025-05-31T09:00Z"),
    )
    solar = one_of(SOLAR, due=Day(slot_of_day("2025-06-04"), None), next=slot_of_day("2025-06-05"), inputs=inputs)
    overview.show_status(state_of(settings, solar), wide=False)
    words = " ".join(screen().split())
    assert "! DE/solar_official: nothing new since 2025-05-31 09:00 UTC (file)" in words
    assert "✓ inputs: temperature 3 h ago" in words


def test_what_is_not_in_order_says_who_was_told_and_the_machine_what_ran(screen, settings):
    wrong = Condition("disk", "critical", "/data", NOW, "The disk of /data has 0.1 GB free of 9 GB.", "Make room.")
    opened = incidents_of(
        [event_of(wrong, "opened", NOW, "a"), {**event_of(wrong, "sent", NOW, "a"), "channel": "mail"}]
    )
    began = NOW - pd.Timedelta(minutes=3)
    runs = {
        "ingest": [Run("x", "ingest", began, NOW, NOW, parts={"smard": "HTTP 503", "in.csv": ""})],
        "train": [Run("x", "train", began, NOW, NOW, "no such cell", "ModelError", "DE/load")],
    }
    state = state_of(
        settings,
        one_of(SOLAR),
        conditions=(wrong,),
        incidents=tuple(opened),
        runs=runs,
        disks=(Disk("/data", 9 * 10**9, 10**8, 3.2),),
        failures={"chat": "HTTP 403"},
        watched_at=began,
    )
    overview.show_status(state, wide=False)
    lines = lines_of(screen)
    assert lines[lines.index("Not in order") :] == [
        "Not in order",
        "  ✗  The disk of /data has 0.1 GB free of 9 GB. (told mail)",
        "  !  chat could not be told: HTTP 403",
        "Machine",
        "     disk of /data: 0.1 GB free of 9 GB, full in 3 days at its pace",
        "  !  ingest: 3 min ago, took 3 min, failed: smard",
        "  !  train of DE/load: 3 min ago, failed: no such cell",
        "  !  watch: 3 min ago; nobody is told, add [[alerts.channels]]",
        "The lake is empty; run `gridahead ingest`",
    ]


@pytest.mark.parametrize(
    ("since", "told"), [("2024-01-01", "`gridahead backfill`"), (None, "`gridahead backfill --start 2024-01-01`")]
)
def test_services_are_first_asked_for_their_history(screen, since, told):
    source = {"kind": "elia", "zones": ["BE"], **({"since": since} if since else {})}
    settings = settings_of(source, names=("BE/load",))
    overview.show_status(state_of(settings, one_of(Series("BE", "load"))), wide=False)
    assert f"✗ lake: nothing yet; run {told}" in " ".join(screen().split())
    assert f"The lake is empty; run {told}" in screen()


@pytest.mark.parametrize(
    ("end", "more", "told"),
    [
        ("2025-06-03T10:00:00+00:00", {}, "by gru v3, its day is over"),
        (
            "2025-06-04T22:00:00+00:00",
            {"rung": "degraded", "missing": "no value for 3 h"},
            "degraded: no value for 3 h",
        ),
    ],
)
def test_an_old_lake_and_a_past_or_degraded_forecast_are_marked(screen, settings, end, more, told):
    solar = one_of(SOLAR, freshness=held(SOLAR, "2025-05-30T10:00Z"), manifest=forecast_of("DE/solar", end, **more))
    overview.show_status(state_of(settings, solar, is_live=True), wide=False)
    words = " ".join(screen().split())
    assert "! lake: until 2025-05-30 10:00 UTC (4 days ago)" in words
    assert "! forecast: issued" in words and told in words


def test_history_is_not_judged_by_the_clock_of_today(screen, settings):
    solar = one_of(
        SOLAR, freshness=held(SOLAR, "2025-05-30T10:00Z"), manifest=forecast_of("DE/solar", "2025-05-31T22:00:00+00:00")
    )
    overview.show_status(state_of(settings, solar), wide=False)
    words = " ".join(screen().split())
    assert settings.mode == "demo"
    assert "✓ lake: until 2025-05-30 10:00 UTC, PT60M" in words
    assert "its day is over" not in words


def test_wide_has_the_tables_with_every_column(screen, settings):
    console.out.width = 200
    columns = ["series", "first", "last", "rows", "available_at", "mtu", "source"]
    lake = pd.DataFrame([["DE/solar", NOW, NOW, 9_000, NOW, "PT60M", "file"]], columns=columns)
    overview.show_status(state_of(settings, one_of(SOLAR), lake=lake, forecasts=[]), wide=True)
    assert all(name in screen() for name in ("available_at", "source", "champion_since", "none published"))


def version_of(number, *aliases, **tags):
    told = {"model": "gru", "learnt_until": "2025-05-31", "validation_mae": "0.0000127", **tags}
    return Version(Series("DE", "solar"), number, "run", NOW - pd.Timedelta(hours=5), aliases, told)


def test_every_version_is_a_block_with_its_figures_and_its_outcome(screen, settings):
    versions = [
        version_of("2", "champion", outcome="promote", outcome_reasons="better by more than luck explains"),
        version_of("1", outcome="outdone", outcome_reasons="long " * 40),
    ]
    overview.show_versions(versions, settings)
    lines = [line.rstrip() for line in screen().splitlines()]
    assert max(map(len, lines)) <= 80
    assert lines == [
        "DE/solar gru v2, champion",
        "  ✓  made 5 h ago, learnt until 2025-05-31",
        "     on its validation days: mae 0.0127 kW",
        "     promote: better by more than luck explains",
        "DE/solar gru v1",
        "     made 5 h ago, learnt until 2025-05-31",
        "     on its validation days: mae 0.0127 kW",
        "     outdone",
        "All figures: `gridahead models list --wide`",
    ]


def test_without_versions_the_way_out_is_told(screen, settings):
    overview.show_versions([], settings)
    assert screen() == "Models: none yet; run `gridahead train`\n"


@pytest.mark.parametrize(
    ("hours", "told"),
    [
        (0.5, "less than 1 h ago"),
        (5, "5 h ago"),
        (71, "71 h ago"),
        (73, "3 days ago"),
        (-30, "in 30 h"),
        (25_268, "2.9 years ago"),
    ],
)
def test_an_age_is_told_in_hours_then_in_days_then_in_years(screen, hours, told):
    assert overview.ago(NOW - pd.Timedelta(hours=hours)) == told
