"""A forecast of every rung of the ladder is made again to the bit, from the lake as of its issue time."""

import datetime as dt
import io

import numpy as np
import pandas as pd
import pytest
from builders.ladder import answer, put, slot_for, whole_ladder, workspace_of
from builders.rows import LOAD

from gridahead.core.runs import CORRECTED, DEGRADED, FULL, LAST_WEEK, PREVIOUS, RIDGE
from gridahead.core.tables import Observations
from gridahead.forecasting.publish import home_of
from gridahead.forecasting.reproduction import OtherAdaptation, OtherNumbers
from gridahead.operate.forecast import publish_slot
from gridahead.operate.reproduce import reproduce
from gridahead.operate.version_inputs import inputs_of
from gridahead.promotion.serving import serving
from gridahead.reports.reproduction import difference_lines

DAY = dt.date(2025, 3, 19)


@pytest.fixture
def ladder(tmp_path):
    return whole_ladder(tmp_path, LOAD, DAY)


def without(workspace, *, official=False, stale_days=0):
    """The same folder over a lake that lacks what has come lately."""
    kept, due = workspace.lake.observations.read(), slot_for(workspace, LOAD, DAY).asked
    lost = pd.Series(False, index=kept.index)
    if official:
        lost |= (kept["quantity"] == "load_official") & (kept["available_at"] > due - pd.Timedelta(days=1))
    if stale_days:
        lost |= (kept["quantity"] == "load") & (kept["available_at"] > due - pd.Timedelta(days=stale_days))
    other = workspace_of(workspace.settings.data_folder, "DE/load")
    put(other, kept[~lost])
    return other


def damage(workspace, *numbers):
    for number in numbers:
        bundle = workspace.exports.version(LOAD, number).tags["bundle"]
        weights = workspace.settings.data_folder / "models" / "bundles" / bundle / "weights.safetensors"
        weights.write_bytes(weights.read_bytes()[:-1])


def unplug(workspace):
    (workspace.settings.data_folder / "models" / LOAD.slug / "fallback.json").unlink()


def published(workspace, at=None):
    said = publish_slot(workspace, slot_for(workspace, LOAD, DAY, at), serving(workspace, LOAD))
    return said.manifest


def lost_networks(workspace):
    damage(workspace, "1", "2")
    return workspace


def lost_models(workspace):
    lost_networks(workspace)
    unplug(workspace)
    return workspace


def of_previous(workspace):
    damage(workspace, "2")
    return workspace


RUNGS = {
    FULL: lambda ladder: ladder,
    DEGRADED: lambda ladder: without(ladder, stale_days=3),
    PREVIOUS: of_previous,
    RIDGE: lost_networks,
    CORRECTED: lost_models,
    LAST_WEEK: lambda ladder: without(lost_models(ladder), official=True),
}


@pytest.mark.parametrize("rung", RUNGS)
def test_a_forecast_of_any_rung_is_made_again_to_the_bit(ladder, rung):
    workspace = RUNGS[rung](ladder)
    manifest = published(workspace)
    assert manifest["rung"] == rung
    # What comes later makes no difference.
    rows = workspace.lake.observations.read()
    put(workspace, rows.assign(value=rows["value"] * 1.5, available_at=slot_for(workspace, LOAD, DAY).end))
    again = reproduce(workspace, manifest["forecast_id"])
    assert again.same, difference_lines(again)
    kept = workspace.lake.forecasts.read()
    assert kept["unadapted_mw"].notna().all()
    assert (kept["unadapted_mw"] == kept["value_mw"]).all() == (rung in (CORRECTED, LAST_WEEK))


def test_another_adaptation_that_history_now_asks_for_is_told_apart_from_other_numbers(ladder):
    manifest = published(ladder)
    rows = ladder.lake.observations.read()
    # Values of four weeks ago that were not there at the issue time, and are said to have been.
    old = rows[(rows["quantity"] == "load") & (rows["valid_time"] < rows["valid_time"].max() - pd.Timedelta(days=25))]
    put(ladder, Observations(old.assign(value=old["value"] * np.where(old.index % 2, 1.4, 0.6))))
    again = reproduce(ladder, manifest["forecast_id"])
    kinds = [type(difference) for difference in again.differences]
    assert OtherAdaptation in kinds and OtherNumbers in kinds, again.differences
    assert any(line.startswith("adaptation: ") for line in difference_lines(again))


def test_what_the_last_days_asked_for_is_told_and_belongs_to_the_answer(ladder):
    said = answer(ladder, LOAD, DAY)
    told = said.about["adapted"]
    assert said.rung == FULL and set(told) == {"moved", "widened", "weights"}
    assert len(told["moved"]) == 3 and max(map(abs, told["moved"])) > 0
    assert published(ladder)["adapted"] == told


def test_what_the_model_answered_lies_beside_what_is_published_and_is_compared_as_well(ladder):
    manifest = published(ladder)
    home = home_of(ladder.settings.published_place, LOAD, DAY, pd.Timestamp(manifest["issue_time"]))
    rows = pd.read_parquet(io.BytesIO(home.read(manifest["parquet"])))
    registered = ladder.exports.load(ladder.exports.version(LOAD, manifest["model_version"]))
    windows, _ = inputs_of(ladder, registered.model.spec, DAY, pd.Timestamp(manifest["issue_time"]))
    said = registered.model.predict(windows)[0][windows.delivery[0]]
    assert rows["unadapted_mw"].to_numpy().tobytes() == said.astype(float).ravel().tobytes()
    assert np.array_equal(rows["unadapted_mw"], ladder.lake.forecasts.read()["unadapted_mw"])
    stored = ladder.lake.forecasts
    (name,) = stored.folder.names(".parquet", below=True)
    stored.append(stored.read().assign(unadapted_mw=lambda kept: kept["unadapted_mw"] + 1.0))
    stored.folder.delete(name)
    assert reproduce(ladder, manifest["forecast_id"]).differences == (OtherNumbers(len(rows), len(rows), 1.0, True),)
