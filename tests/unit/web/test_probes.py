"""What probes and scrapes are told, in order and when something is wrong."""

from dataclasses import replace

import pandas as pd
import pytest
from builders.rows import LOAD
from builders.serving import DAY, fill, workspace_in_memory
from builders.web import AT, ask, live, operated
from prometheus_client.parser import text_string_to_metric_families

from gridahead.core.errors import LakeError
from gridahead.forecasting.publish import publish
from gridahead.operate.catch_up import catch_up
from gridahead.operate.forecast import forecast
from gridahead.operate.recorded import recorded
from gridahead.operate.watch import watch


def figures(workspace) -> dict[tuple, float]:
    """Every sample of a scrape, read by Prometheus' own parser."""
    text = ask(workspace, "/metrics").text
    samples = (sample for family in text_string_to_metric_families(text) for sample in family.samples)
    return {(sample.name, *sorted(sample.labels.values())): sample.value for sample in samples}


def test_all_is_well_while_nothing_due_is_missing(tmp_path):
    answer = ask(operated(tmp_path), "/healthz")
    assert (answer.status_code, answer.json()) == (200, {"healthy": True, "reasons": []})


def test_a_late_forecast_fails_the_probe_and_says_which_since_when_and_what_to_run(tmp_path):
    answer = ask(operated(tmp_path, published=False), "/healthz")
    assert answer.status_code == 503
    assert answer.json()["reasons"] == [
        "DE/load: the forecast for 2025-03-19 was due at 2025-03-18 10:00 UTC and is not published; there is none at "
        "all. Gate closure 2025-03-18 11:00 UTC. Run `gridahead forecast --series DE/load`"
    ]


def test_following_the_advice_makes_the_probe_pass(tmp_path):
    workspace = operated(tmp_path, published=False)
    forecast(workspace, LOAD, AT)
    assert ask(workspace, "/healthz").status_code == 200


def test_before_the_deadline_nothing_is_late_while_the_day_before_is_out(tmp_path):
    workspace = operated(tmp_path)
    assert ask(live(workspace, AT + pd.Timedelta(hours=23)), "/healthz").status_code == 200
    assert ask(live(workspace, AT + pd.Timedelta(hours=24)), "/healthz").status_code == 503


def test_history_is_never_late(tmp_path):
    workspace = operated(tmp_path, published=False)
    shown = replace(workspace, settings=workspace.settings.model_copy(update={"mode": "demo"}))
    assert ask(shown, "/healthz").status_code == 200


def test_who_is_late_is_alive_all_the_same(tmp_path):
    assert ask(operated(tmp_path, published=False), "/livez").status_code == 200


def test_a_lake_that_cannot_be_read_is_not_healthy_and_the_page_comes_up(tmp_path):
    workspace = operated(tmp_path)
    folder = workspace.lake.observations.recent
    folder.write(folder.names()[0], b"torn")
    answer = ask(workspace, "/healthz")
    assert answer.status_code == 503
    assert answer.json()["reasons"][0].startswith("data cannot be read: ")
    assert ask(workspace, "/status").status_code == 200
    assert figures(workspace)["gridahead_unreadable", "data"] == 1


def test_the_figures_of_a_published_day_are_those_of_the_clock_on_the_wall(tmp_path):
    found = figures(operated(tmp_path))
    assert found["gridahead_healthy",] == 1
    assert found["gridahead_forecast_age_seconds", "DE/load"] == 30 * 60
    assert found["gridahead_forecast_deadline_seconds", "DE/load"] == 23.5 * 3600
    assert found["gridahead_forecast_late", "DE/load"] == 0
    assert found["gridahead_forecast_rung", "DE/load", "full"] == 1
    assert found["gridahead_forecast_rung", "DE/load", "naive"] == 0
    newest = found["gridahead_series_newest_timestamp_seconds", "DE/load", "test"]
    assert pd.Timestamp(newest, unit="s", tz="UTC") == pd.Timestamp("2025-03-18T10:00Z")
    assert found["gridahead_disk_free_bytes",] > 0
    assert found["gridahead_flow_last_run_duration_seconds", "completed", "ingest"] == 12.5
    assert found["gridahead_flow_runs", "late"] == 2
    assert found["gridahead_quarantine_rows", "DE/load"] == 0


def test_of_a_forecast_that_is_late_the_deadline_is_a_negative_time(tmp_path):
    found = figures(operated(tmp_path, published=False))
    assert found["gridahead_forecast_deadline_seconds", "DE/load"] == -30 * 60
    assert found["gridahead_forecast_gate_closure_seconds", "DE/load"] == 30 * 60
    assert found["gridahead_forecast_late", "DE/load"] == 1


def test_the_coverage_is_the_share_of_hours_within_the_published_interval(tmp_path):
    workspace = operated(tmp_path)
    fill(workspace, LOAD, DAY)
    issued = forecast(workspace, LOAD, AT.floor("h"))  # of the same day: the newest counts
    rows = workspace.lake.forecasts.read()
    shifted = rows.assign(value_mw=rows["value_mw"] + 3_000 * (rows["valid_time"].dt.hour < 6), made_at=AT)
    workspace.lake.forecasts.append(shifted.assign(issue_time=AT))
    found = figures(live(workspace, pd.Timestamp("2025-03-20T09:00Z")))
    # The load is 70 MW above the median, the interval 1 000 MW wide on either side: six hours of 24 are outside.
    assert (found["gridahead_coverage_ratio", "DE/load"], found["gridahead_coverage_units", "DE/load"]) == (0.75, 24)
    assert issued.manifest["rung"] == "full"


def test_without_a_series_there_are_figures_all_the_same(tmp_path):
    found = figures(live(workspace_in_memory(tmp_path)))
    assert found["gridahead_healthy",] == 1
    assert not [key for key in found if key[0].startswith("gridahead_forecast")]


def test_a_scrape_just_after_another_reads_nothing(tmp_path, monkeypatch):
    from gridahead.web.state import Watch

    workspace = operated(tmp_path)
    watch = Watch(workspace, 60, lambda: None)
    first = watch.state()
    monkeypatch.setattr(type(workspace.lake.observations), "files", publish)
    assert watch.state() is first


def test_incidents_that_a_watch_has_opened_and_runs_that_left_a_record_are_counted(tmp_path):
    workspace = operated(tmp_path, published=False)
    watch(workspace)
    with recorded(workspace, "ingest", "sample"):
        pass
    with pytest.raises(LakeError), recorded(workspace, "score"):
        raise LakeError("the disk is full")
    found = figures(workspace)
    assert found["gridahead_incidents_open", "late"] + found["gridahead_incidents_open", "missing"] == 1
    assert found["gridahead_incidents_open", "disk"] == 0
    assert found["gridahead_flow_last_run_timestamp_seconds", "failed", "score"] == AT.timestamp()
    page = ask(workspace, "/status").text
    assert "<h2>Incidents</h2>" in page
    assert ask(operated(tmp_path / "well"), "/status").text.count("<h2>Incidents</h2>") == 0


def test_what_missed_its_gate_is_told_until_it_is_made_up_for(tmp_path):
    workspace = live(operated(tmp_path), AT + pd.Timedelta(hours=26))
    (reason,) = ask(workspace, "/healthz").json()["reasons"]
    assert reason.startswith(
        "DE/load: the forecast for 2025-03-20 was due at 2025-03-19 10:00 UTC, and nothing was published before its "
        "gate closure at 2025-03-19 11:00 UTC; the newest is for 2025-03-19. `gridahead catch-up` makes it afterwards"
    )
    catch_up(workspace)
    assert ask(workspace, "/healthz").status_code == 200
