"""Where there is no database, or none that answers, a forecast is published as always; tests/servers has a real one."""

from dataclasses import replace

import pytest
from builders.rows import LOAD
from builders.serving import issued, ready

from gridahead.core.errors import PublicationError, SettingsError
from gridahead.core.tables import FORECASTS
from gridahead.forecasting.database_schema import FORECAST_COLUMNS, STEPS, VALUE_COLUMNS
from gridahead.operate.forecast import forecast
from gridahead.operate.sink import after_publication, failing_since, sync
from gridahead.settings.published import PublishedSettings

NOBODY = "postgresql://ada:${WORD}@127.0.0.1:1/energy"


def with_database(workspace):
    chosen = PublishedSettings(database=NOBODY)
    return replace(workspace, settings=workspace.settings.model_copy(update={"published": chosen}))


def test_without_a_database_nothing_is_asked_and_a_sync_says_which_setting_it_needs(tmp_path):
    workspace = ready(tmp_path)
    assert after_publication(workspace, LOAD) == ""
    with pytest.raises(SettingsError, match=r"\[published\] database = "):
        sync(workspace)


def test_a_database_that_does_not_answer_is_told_without_its_password_and_stops_nothing(tmp_path, monkeypatch):
    workspace = with_database(ready(tmp_path))
    monkeypatch.setenv("WORD", "kept-to-ourselves")
    published = forecast(workspace, LOAD, issued(workspace))
    assert published.changed and "gridahead sink sync" in published.unsunk
    since, error = failing_since(workspace) or (None, "")
    assert error == published.unsunk
    assert "kept-to-ourselves" not in error
    again = forecast(workspace, LOAD, issued(workspace))
    assert (again.changed, (failing_since(workspace) or (None,))[0]) == (False, since)
    with pytest.raises(PublicationError, match=r"ada:\*\*\*@127\.0\.0\.1:1/energy"):
        sync(workspace)


def test_a_variable_that_the_environment_lacks_is_named(tmp_path, monkeypatch):
    monkeypatch.delenv("WORD", raising=False)
    assert "needs WORD in the environment" in after_publication(with_database(ready(tmp_path)), LOAD)


def test_the_tables_have_every_column_of_a_forecast_and_what_it_means():
    columns = {*FORECAST_COLUMNS, *VALUE_COLUMNS}
    assert {*FORECASTS.names, "value", "unadapted"} - {"value_mw", "unadapted_mw"} <= columns
    first, second = STEPS
    assert all(f"    {name} " in first and f".{name} IS '" in first for name in columns - {"unadapted"})
    assert "ADD COLUMN unadapted " in second and ".unadapted IS '" in second
