"""What is older than it is kept goes, nothing else does, and both are said before."""

import os
import uuid
from dataclasses import replace

import pandas as pd
import pytest
from builders.forecasts import BERLIN, forecast_of
from builders.rows import LOAD
from builders.serving import DAY, ready, serve
from builders.web import AT, live

from gridahead.core.runs import CHALLENGER, LIVE, SHADOW
from gridahead.forecasting.publish import latest_manifest, publish, published_days
from gridahead.lake.compaction import compact
from gridahead.operate.forecast import forecast
from gridahead.operate.reproduce import forecast_list, reproduce
from gridahead.operate.retention import keep_what_is_wanted
from gridahead.settings.published import PublishedSettings
from gridahead.settings.retention import RetentionSettings

LATER = AT + pd.Timedelta(days=40)


@pytest.fixture
def workspace(tmp_path):
    """A day that was published with a challenger beside it, seen 40 days later."""
    made = live(ready(tmp_path))
    serve(made, LOAD, "2", CHALLENGER)
    forecast(made, LOAD, AT.floor("h"))
    return live(made, LATER)


def keeping(workspace, **said):
    chosen = RetentionSettings.model_construct(**{**RetentionSettings().model_dump(), **said})
    return replace(workspace, settings=workspace.settings.model_copy(update={"retention": chosen}))


def files(workspace) -> set[str]:
    folder = workspace.settings.data_folder
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def aged(path, days: int) -> None:
    then = LATER.timestamp() - days * 86_400
    os.utime(path, (then, then))


def test_by_default_everything_stays_but_trainings_that_were_broken_off(workspace):
    folder = workspace.settings.checkpoint_folder / "DE.load"
    folder.mkdir(parents=True)
    for name, days in (("old.pt", 31), ("new.pt", 29)):
        (folder / name).write_bytes(b"12345")
        aged(folder / name, days)
    before = files(workspace)
    (told,) = keep_what_is_wanted(workspace, dry_run=True).deleted
    assert (told.what, told.files, told.bytes) == ("checkpoints", 1, 5)
    assert files(workspace) == before
    assert keep_what_is_wanted(workspace).deleted == (told,)
    assert before - files(workspace) == {"checkpoints/DE.load/old.pt"}
    assert keep_what_is_wanted(workspace).deleted == ()


def test_old_days_leave_the_folder_of_what_is_published_but_not_the_newest_and_no_pointer(workspace):
    place = workspace.settings.published_folder
    before = files(workspace)
    assert keep_what_is_wanted(keeping(workspace, published_days=30)).deleted == ()  # there is only one day
    second = live(workspace, AT + pd.Timedelta(days=1))
    forecast(second, LOAD, AT.floor("h") + pd.Timedelta(days=1))
    (gone,) = keep_what_is_wanted(keeping(workspace, published_days=30)).deleted
    assert (gone.what, gone.files) == ("published files of old days", 4)
    assert [str(day) for day in published_days(place, LOAD)] == ["2025-03-20"]
    assert before - files(workspace) == {name for name in before if name.startswith("published/DE.load/2025-03-19/")}
    assert (latest_manifest(place, LOAD) or {})["delivery_day"] == "2025-03-20"


def test_old_days_leave_an_object_store_as_well(tmp_path):
    made = live(ready(tmp_path), LATER)
    store = PublishedSettings(place=f"memory://{uuid.uuid4().hex}")
    made = replace(made, settings=made.settings.model_copy(update={"published": store}))
    for day in ("2025-03-19", "2025-03-20"):
        publish(made.published, forecast_of(day), BERLIN, {}, at=AT)
    (gone,) = keep_what_is_wanted(keeping(made, published_days=30)).deleted
    assert (gone.what, gone.files) == ("published files of old days", 4)
    assert made.published.names("manifest.json", below=True) == ["DE.load/2025-03-20/2025-03-19T1000Z/manifest.json"]


def test_what_was_published_is_reproduced_after_its_files_and_inputs_are_gone(workspace):
    for path in (workspace.settings.data_folder / "inputs").rglob("*.npz"):
        aged(path, 20)
    (gone,) = keep_what_is_wanted(keeping(workspace, inputs_days=10)).deleted
    assert gone.what == "inputs of forecasts"
    assert not list((workspace.settings.data_folder / "inputs").rglob("*"))
    (forecast_id,) = forecast_list(workspace, LIVE)["id"]
    from_exports = replace(workspace, registry_of=lambda own: own.exports)
    assert reproduce(from_exports, forecast_id).differences == ()


def test_rows_of_challengers_leave_the_lake_and_no_others_do(workspace):
    store = workspace.lake.forecasts
    old = keeping(workspace, shadow_days=10)
    assert keep_what_is_wanted(old).deleted == ()  # nothing is merged yet
    compact(store)
    before = store.read()
    told = keep_what_is_wanted(old, dry_run=True).deleted
    assert [(one.what, one.files) for one in told] == [("rows of challengers", 72)]
    assert len(store.read()) == len(before) == 144
    assert [one.files for one in keep_what_is_wanted(old).deleted] == [72]
    pd.testing.assert_frame_equal(store.read(), before[before["run"] != SHADOW].reset_index(drop=True))
    compact(store)
    assert len(store.read()) == 72


def test_rows_that_are_young_enough_stay_in_the_same_file(workspace):
    store = workspace.lake.forecasts
    compact(store)
    end = pd.Timestamp(DAY, tz="Europe/Berlin") + pd.Timedelta(hours=12)
    half = keeping(live(workspace, end.tz_convert("UTC") + pd.Timedelta(days=10)), shadow_days=10)
    assert [one.files for one in keep_what_is_wanted(half).deleted] == [36]
    left = store.read({"run": SHADOW})
    assert len(left) == 36
    assert left["valid_time"].min() == end.tz_convert("UTC")
