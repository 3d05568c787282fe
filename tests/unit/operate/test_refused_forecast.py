"""Where no forecast can be made nothing is handed out, and the reason is told."""

import pytest
from builders.rows import LOAD
from builders.serving import DAY, fill, issued, ready, serve, stored, workspace_in_memory

from gridahead.core.errors import ModelError
from gridahead.operate.forecast import forecast


@pytest.mark.parametrize("named", [True, False])
def test_of_an_empty_lake_nothing_is_said(tmp_path, named):
    workspace = workspace_in_memory(tmp_path, "DE")
    serve(workspace, LOAD)
    with pytest.raises(ModelError, match=r"DE/load: nothing is known of it in the 8 days before .* `gridahead ingest`"):
        forecast(workspace, LOAD, issued(workspace) if named else None)
    assert stored(workspace).empty and not workspace.settings.published_folder.exists()


def test_a_model_that_has_learnt_the_day_refuses_to_forecast_it(tmp_path):
    workspace = ready(tmp_path)
    serve(workspace, LOAD, "2", learnt=DAY)
    with pytest.raises(ModelError, match=rf"has learnt from days until {DAY}, so what it says of {DAY}"):
        forecast(workspace, LOAD, issued(workspace))
    assert stored(workspace).empty and not workspace.settings.published_folder.exists()


def test_where_nobody_serves_or_the_weights_are_damaged_nothing_is_handed_out(tmp_path):
    workspace = workspace_in_memory(tmp_path, "DE")
    fill(workspace, LOAD, DAY)
    with pytest.raises(ModelError, match="has no champion; train one with `gridahead train --series DE/load`"):
        forecast(workspace, LOAD, issued(workspace))
    version = serve(workspace, LOAD)
    (workspace.exports.folder / "bundles" / version.tags["bundle"] / "model.json").write_text("{}")
    with pytest.raises(ModelError, match="is damaged"):
        forecast(workspace, LOAD, issued(workspace))
    assert stored(workspace).empty and not workspace.settings.published_folder.exists()
