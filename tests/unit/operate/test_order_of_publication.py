"""A forecast is handed out, then kept, once; the challenger forecasts along after it."""

import datetime as dt
import io

import pandas as pd
import pytest
from builders.rows import LOAD, day_ahead, together
from builders.serving import DAY, LEVELS, issued, ready, serve, stored

from gridahead.core.errors import LakeError
from gridahead.core.runs import CHALLENGER, SHADOW
from gridahead.core.time import Mtu, delivery_range
from gridahead.operate import publication
from gridahead.operate.forecast import forecast


def test_the_challenger_forecasts_along_and_is_not_handed_out(tmp_path):
    workspace = ready(tmp_path)
    serve(workspace, LOAD, "2", CHALLENGER)
    published = forecast(workspace, LOAD, issued(workspace))
    shadow = stored(workspace, run=SHADOW)
    assert set(shadow["model_version"]) == {"2"} and set(stored(workspace)["model_version"]) == {"1"}
    assert published.manifest["model_version"] == "1"


def test_a_challenger_that_refuses_costs_its_own_forecast_alone(tmp_path, caplog):
    workspace = ready(tmp_path)
    serve(workspace, LOAD, "2", CHALLENGER, learnt=DAY)
    assert forecast(workspace, LOAD, issued(workspace)).csv
    assert stored(workspace, run=SHADOW).empty
    assert f"the challenger did not forecast along: DE/load naive v2: has learnt from days until {DAY}" in caplog.text


def test_a_forecast_that_cannot_be_handed_out_is_not_kept_and_the_challenger_comes_last(tmp_path):
    workspace = ready(tmp_path)
    serve(workspace, LOAD, "2", CHALLENGER)
    home = workspace.settings.published_folder / LOAD.slug
    home.parent.mkdir(parents=True)
    home.write_text("in the way")
    with pytest.raises(LakeError, match="cannot write"):
        forecast(workspace, LOAD, issued(workspace))
    assert stored(workspace).empty and stored(workspace, run=SHADOW).empty
    home.unlink()
    assert forecast(workspace, LOAD, issued(workspace)).changed
    assert len(stored(workspace)) == len(stored(workspace, run=SHADOW)) == 24 * len(LEVELS)


def test_a_lake_that_cannot_be_written_stops_no_publication_and_has_it_later(tmp_path, monkeypatch):
    workspace = ready(tmp_path)

    def full(rows):
        raise LakeError("cannot write: the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(workspace.lake.forecasts, "append", full)
        published = forecast(workspace, LOAD, issued(workspace))
    assert published.changed and "the disk is full" in published.unkept and stored(workspace).empty
    latest = workspace.settings.published_folder / LOAD.slug / "latest.csv"
    assert latest.read_bytes() == published.csv
    again = forecast(workspace, LOAD, issued(workspace))
    assert (again.changed, again.unkept, len(stored(workspace))) == (False, "", 24 * len(LEVELS))


def test_the_official_forecast_stands_beside_it_as_it_was_known_at_the_issue_time(tmp_path):
    workspace = ready(tmp_path)
    units = delivery_range(DAY, "Europe/Berlin").times(Mtu.PT60M)
    first, later = (day_ahead(LOAD.official, units, value, hour=hour) for value, hour in ((48_000.0, 10), (1.0, 12)))
    workspace.lake.observations.append(together(first, later))
    table = pd.read_csv(io.BytesIO(forecast(workspace, LOAD, issued(workspace)).csv))
    assert table["official [MW]"].tolist() == [48_000.0] * 24


def test_an_official_forecast_that_cannot_be_read_stops_no_publication(tmp_path, monkeypatch):
    workspace = ready(tmp_path)
    monkeypatch.setattr(publication, "official_known", lambda *_: 1 / 0)
    published = forecast(workspace, LOAD, issued(workspace))
    assert published.changed and pd.read_csv(io.BytesIO(published.csv))["official [MW]"].isna().all()


def test_a_forecast_that_is_made_again_is_there_once(tmp_path):
    workspace = ready(tmp_path)
    first, again = (forecast(workspace, LOAD, issued(workspace)) for _ in range(2))
    assert (first.changed, again.changed) == (True, False)
    assert len(stored(workspace)) == 24 * len(LEVELS)
    assert len(first.folder.names()) == 4


def test_a_day_that_is_made_up_for_later_does_not_take_the_place_of_the_newest(tmp_path):
    workspace = ready(tmp_path)
    newest = forecast(workspace, LOAD, issued(workspace))
    forecast(workspace, LOAD, issued(workspace, day=DAY - dt.timedelta(days=1)))
    latest = workspace.settings.published_folder / LOAD.slug / "latest.csv"
    assert latest.read_bytes() == newest.csv
    assert stored(workspace)["issue_time"].nunique() == 2
