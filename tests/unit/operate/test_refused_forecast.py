"""Where no forecast can be made, or none may be, nothing is handed out, and the reason is told."""

from pathlib import Path

import pytest
from builders.rows import LOAD
from builders.serving import DAY, fill, issued, ready, serve, stored, workspace_in_memory

from gridahead.core.errors import ModelError
from gridahead.core.runs import LAST_WEEK
from gridahead.operate.forecast import forecast


@pytest.mark.parametrize("named", [True, False])
def test_of_an_empty_lake_nothing_is_said_but_what_to_do(tmp_path, named):
    workspace = workspace_in_memory(tmp_path, "DE")
    serve(workspace, LOAD)
    with pytest.raises(ModelError, match=r"DE/load: cannot .* known of DE/load in the 8 days before.*gridahead ingest"):
        forecast(workspace, LOAD, issued(workspace) if named else None)
    assert stored(workspace).empty and not workspace.settings.published_folder.exists()
    fill(workspace, LOAD, DAY)
    assert forecast(workspace, LOAD, issued(workspace)).manifest["delivery_day"] == str(DAY)


def test_a_model_that_has_learnt_the_day_refuses_to_forecast_it(tmp_path):
    workspace = ready(tmp_path)
    serve(workspace, LOAD, "2", learnt=DAY)
    with pytest.raises(ModelError, match=rf"has learnt from days until {DAY}, so what it says of {DAY}"):
        forecast(workspace, LOAD, issued(workspace))
    assert stored(workspace).empty and not workspace.settings.published_folder.exists()


def test_where_nobody_serves_or_the_weights_are_damaged_it_is_last_weeks_hour_and_says_so(tmp_path):
    workspace = workspace_in_memory(tmp_path, "DE")
    fill(workspace, LOAD, DAY)
    said = forecast(workspace, LOAD, issued(workspace)).manifest
    assert said["rung"] == said["model"] == LAST_WEEK
    assert str(said["missing"]).startswith("no champion; no previous version; no regression; official forecast missing")
    version = serve(workspace, LOAD)
    Path(workspace.settings.exports_folder, "bundles", version.tags["bundle"], "model.json").write_text("{}")
    said = forecast(workspace, LOAD, issued(workspace)).manifest
    assert str(said["missing"]).startswith("champion naive v1: weights damaged or gone; no previous version")
