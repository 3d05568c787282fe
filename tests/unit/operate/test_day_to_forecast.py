"""Which delivery day is forecast when nobody names one."""

import pandas as pd
from builders.fits import register
from builders.registry import day
from builders.rows import LOAD
from builders.windows import made_load

from gridahead.core.tables import Observations
from gridahead.operate.forecast import forecast
from gridahead.promotion.promote import promote
from gridahead.settings.model import Settings
from gridahead.workspace import Workspace


def published_day(folder, days_held, change=lambda rows: rows):
    """The first local day of what is published of a lake that holds so many days, by a model that has learnt 101."""
    settings = {"data_folder": folder, "series": [{"series": "DE/load", "deadline": "D-1T1100[Europe/Berlin]"}]}
    workspace = Workspace(Settings.model_validate(settings))
    workspace.lake.observations.append(change(made_load(days_held)))
    version = register(workspace, 1)
    promote(workspace, LOAD, version.number, "for a test", "Ada")
    forecast(workspace, LOAD)
    rows = workspace.lake.forecasts.read()
    return rows["valid_time"].max().tz_convert("Europe/Berlin").date()


def test_where_all_days_are_learnt_it_is_the_day_after_them(tmp_path):
    assert published_day(tmp_path, 101) == day(101)


def test_with_newer_data_it_is_the_newest_day_with_complete_inputs(tmp_path):
    assert published_day(tmp_path, 110) == day(109)


def test_a_late_revision_of_old_values_changes_no_day(tmp_path):
    def revise(rows):
        late = rows.iloc[480:528].assign(available_at=pd.Timestamp("2026-11-29T20:00Z"))
        late["value"] += 1
        return Observations(pd.concat([rows, late], ignore_index=True))

    assert published_day(tmp_path, 110, revise) == day(109)


def test_with_a_damaged_champion_it_is_the_newest_day_and_a_lower_rung_has_it(tmp_path):
    def damage(folder):
        for weights in folder.rglob("weights.safetensors"):
            weights.write_bytes(weights.read_bytes()[:-1])

    settings = {"data_folder": tmp_path, "series": [{"series": "DE/load", "deadline": "D-1T1100[Europe/Berlin]"}]}
    workspace = Workspace(Settings.model_validate(settings))
    workspace.lake.observations.append(made_load(110))
    promote(workspace, LOAD, register(workspace, 1).number, "for a test", "Ada")
    damage(tmp_path)  # MLflow's copy as well
    published = forecast(workspace, LOAD)
    assert published.manifest["delivery_day"] == str(day(109))
    assert published.manifest["rung"] in ("official_corrected", "naive")
