"""The whole job on real data, from the portal's files to a scored page, through the command line."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gridahead.backtest.run import backtest
from gridahead.core.errors import ModelError, SettingsError
from gridahead.core.grid import Series
from gridahead.core.time import days_between
from gridahead.features.windows import build_windows
from gridahead.models.base import predict_each
from gridahead.operate.forecast import forecast
from gridahead.operate.ingest import ingest
from gridahead.operate.score import score_published
from gridahead.settings.file import load_settings
from gridahead.workspace import Workspace

LOAD = Series("DE", "load")


@pytest.fixture
def workspace(done: Path) -> Workspace:
    return Workspace(load_settings(done / "settings.toml"))


def test_the_same_files_again_change_nothing(workspace: Workspace) -> None:
    before = sorted(workspace.lake.observations.recent.names())
    again = ingest(workspace)
    assert (again.new, again.failed, again.report) == (0, [], None)
    assert sorted(workspace.lake.observations.recent.names()) == before


def test_the_newest_forecast_is_of_the_last_day_with_complete_inputs(done: Path) -> None:
    manifest = json.loads((done / "data/published/DE.load/latest.json").read_text())
    # The sample ends on 31 December 2025 and so does the official forecast: of 1 January nothing official is known.
    assert manifest["issue_time"] == "2025-12-30T10:00:00+00:00"
    assert manifest["rung"] == "full"


def test_the_spreadsheet_has_one_row_an_hour_and_quantiles_that_do_not_cross(done: Path) -> None:
    table = pd.read_csv(done / "data/published/DE.load/latest.csv")
    assert len(table) == 24
    assert table.loc[0, "start (Europe/Berlin)"] == "2025-12-31T00:00+01:00"
    quantiles = table.filter(regex=r"^P\d\d \[MW\]$").to_numpy()
    assert quantiles.shape[1] == 11
    assert (np.diff(quantiles, axis=1) >= 0).all()


def test_publishing_the_same_issue_time_again_changes_no_byte(workspace: Workspace, done: Path) -> None:
    published = {path: path.read_bytes() for path in (done / "data/published/DE.load").rglob("*") if path.is_file()}
    again = forecast(workspace, LOAD, pd.Timestamp("2025-12-30T10:00Z"))
    assert not again.changed
    assert {path: path.read_bytes() for path in published} == published


def test_the_page_stands_alone(done: Path) -> None:
    page = (done / "data/published/report.html").read_text()
    assert "Load DE" in page
    assert not re.search(r"<(?:script|link|img|iframe)[^>]+(?:src|href)=(?![\"']?data:)", page)


def test_status_tells_lake_champion_and_age(gridahead_command, done: Path) -> None:
    code, text = gridahead_command("status", "--json")
    found = json.loads(text)
    assert code == 0
    assert {row["series"] for row in found["lake"]} >= {"DE/load", "DE/load_official"}
    assert found["serving"]["DE/load"]["model"] in {"lstm", "gru"}
    assert found["forecasts"][0]["age_hours"] > 0


def test_every_fit_is_a_run_with_metrics_data_and_commit_and_one_version_serves(workspace: Workspace) -> None:
    client = workspace.tracking.client
    versions = client.search_model_versions("name='DE.load'")
    assert len(versions) == 2
    champion = client.get_model_version_by_alias("DE.load", "champion")
    best = min(versions, key=lambda version: float(version.tags["validation_pinball"]))
    assert champion.version == best.version
    assert champion.run_id is not None
    run = client.get_run(champion.run_id)
    assert {"data_fingerprint", "mlflow.source.git.commit", "validation_days"} <= set(run.data.tags)
    assert "training.seed" in run.data.params
    assert len(client.get_metric_history(champion.run_id, "validation_loss")) >= 3


def test_the_model_that_mlflow_serves_predicts_the_same_bits_without_a_pickle(workspace: Workspace) -> None:
    import mlflow

    champion = workspace.registry.champion(LOAD)
    with workspace.tracking.active():
        folder = Path(mlflow.artifacts.download_artifacts("models:/DE.load@champion"))
        served = mlflow.pyfunc.load_model("models:/DE.load@champion")
    assert not list(folder.rglob("*.pkl"))
    spec, observations = workspace.inputs(LOAD)
    days = days_between(pd.Timestamp("2025-11-01").date(), pd.Timestamp("2025-11-03").date())
    windows = build_windows(observations, spec, days)
    answers = served.predict({name: getattr(windows, name) for name in ("past", "future", "valid_time", "delivery")})
    assert np.array_equal(answers, predict_each(champion.model, windows))


def test_a_forecast_does_not_change_when_the_future_is_poisoned(workspace: Workspace) -> None:
    champion = workspace.registry.champion(LOAD)
    spec, observations = workspace.inputs(LOAD)
    day = pd.Timestamp("2025-11-15").date()
    issue_time = spec.deadline.for_delivery(day)
    poisoned = observations.copy()
    poisoned.loc[poisoned["available_at"] > issue_time, "value"] = 1e9
    honest, other = (champion.model.predict(build_windows(rows, spec, [day])) for rows in (observations, poisoned))
    assert np.array_equal(honest, other)


def test_a_backtest_writes_what_machines_read(gridahead_command, done: Path, tmp_path: Path) -> None:
    file = tmp_path / "scores.json"
    code, _ = gridahead_command(
        "backtest",
        "--series",
        "DE/load",
        "--start",
        "2025-10-20",
        "--end",
        "2025-11-02",
        *(part for name in ("champion", "official", "official_corrected", "naive") for part in ("--model", name)),
        "--output",
        str(file),
    )
    rows = json.loads(file.read_text())
    assert code == 0
    assert set(rows[0]) == {"series", "model", "metric", "lead", "value", "n"}
    whole = {row["model"]: row for row in rows if row["metric"] == "mae" and row["lead"] is None}
    assert set(whole) >= {"official", "official_corrected", "naive"}
    assert whole["official"]["n"] == 14 * 24 + 1  # the clocks go back on 26 October
    assert {row["lead"] for row in rows if row["lead"] is not None} == set(range(13, 38))


def test_the_official_score_is_the_error_of_the_portals_own_columns(workspace: Workspace, done: Path) -> None:
    first, last = pd.Timestamp("2025-11-03").date(), pd.Timestamp("2025-11-09").date()
    scores = backtest(workspace, LOAD, first, last, ["official"], "official-only")
    ours = scores[(scores["metric"] == "mae") & scores["lead"].isna()]["value"].item()
    actual, official = (
        pd.read_csv(
            next((done / "portal").glob(f"{kind}*")), sep=";", encoding="utf-8-sig", thousands=",", na_values="-"
        )
        for kind in ("Actual", "Forecasted")
    )
    week = pd.to_datetime(actual["Start date"], format="%b %d, %Y %I:%M %p").between("2025-11-03", "2025-11-09 23:00")
    error = (actual.filter(like="rid load [MWh]").iloc[:, 0] - official.filter(like="rid load [MWh]").iloc[:, 0])[week]
    assert len(error) == 7 * 24
    assert ours == pytest.approx(error.abs().mean(), rel=1e-6)


def test_the_official_forecast_is_scored_where_models_may_not_read_it(workspace: Workspace) -> None:
    entry = workspace.settings.series[0].model_copy(update={"use_official": False})
    blind = Workspace(workspace.settings.model_copy(update={"series": (entry,)}))
    spec, _ = blind.inputs(LOAD)
    day = pd.Timestamp("2025-11-03").date()
    assert spec.inputs == (LOAD,)
    assert set(backtest(blind, LOAD, day, day, ["official", "naive"], "blind")["model"]) == {"official", "naive"}


def test_a_champion_is_not_scored_on_days_that_it_has_seen(workspace: Workspace) -> None:
    first = pd.Timestamp("2025-09-01").date()
    with pytest.raises(ModelError, match="has learnt from days until 2025-09-30"):
        backtest(workspace, LOAD, first, first, ["champion"], "cheat")


def test_a_forecast_where_nothing_is_known_is_refused(workspace: Workspace) -> None:
    with pytest.raises(ModelError, match="nothing is known of DE/load"):
        forecast(workspace, LOAD, pd.Timestamp("2026-06-01T09:00Z"))


def test_a_forecast_of_a_day_that_the_champion_has_learnt_from_is_refused(workspace: Workspace) -> None:
    with pytest.raises(ModelError, match="has learnt from days until 2025-09-30"):
        forecast(workspace, LOAD, pd.Timestamp("2025-08-01T09:00Z"))


def test_a_backtest_that_ends_before_it_starts_is_refused(workspace: Workspace) -> None:
    first, last = pd.Timestamp("2025-11-14").date(), pd.Timestamp("2025-11-01").date()
    with pytest.raises(SettingsError, match="ends before it starts"):
        backtest(workspace, LOAD, first, last, ["naive"], "backwards")


def test_of_two_forecasts_of_one_hour_the_newest_is_scored(workspace: Workspace) -> None:
    early, deadline = pd.Timestamp("2025-12-10T09:00Z"), pd.Timestamp("2025-12-10T10:00Z")
    for issue_time in (early, deadline):
        forecast(workspace, LOAD, issue_time)
    scores = score_published(workspace, LOAD).scores
    counts = scores[(scores["metric"] == "mae") & scores["lead"].isna()].set_index("model")["n"]
    assert counts["published"] == counts["official"] == counts["official_corrected"] == counts["naive"]


def test_an_issue_time_that_can_be_read_in_two_ways_is_refused(gridahead_command, done: Path) -> None:
    with pytest.raises(SettingsError, match="05/06/2025"):
        gridahead_command("forecast", "--issue-time", "05/06/2025")


def test_no_checkpoint_is_left(done: Path) -> None:
    """The trainings ran in processes of their own."""
    assert not list((done / "data").glob("checkpoints/*/*"))
