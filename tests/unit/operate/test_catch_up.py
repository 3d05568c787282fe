"""After a downtime: what is still of use is published, the rest is made up for and scored by itself, once."""

import json
import threading

import pandas as pd
import pytest
from builders.operation import newest, operated
from builders.rows import LOAD
from builders.serving import LEVELS, last_week, stored, values_of

from gridahead.core.errors import LakeError, ModelError, PartialError
from gridahead.core.grid import Series
from gridahead.core.runs import BACKFILLED
from gridahead.operate.catch_up import catch_up
from gridahead.operate.due import due, missed
from gridahead.operate.forecast import forecast
from gridahead.operate.score import score_published

FINLAND = Series("FI", "load")
DAY_ROWS = 24 * len(LEVELS)


@pytest.fixture
def down(tmp_path):
    """An installation that published on the 18th, and starts again on the 21st while the gate is open."""
    workspace, clock = operated(tmp_path, "2025-03-18T10:00Z")
    forecast(workspace, LOAD)
    clock.set("2025-03-21T10:30Z")
    return workspace, clock


def test_what_is_due_is_published_and_the_days_between_are_made_up_for(down):
    workspace, clock = down
    done = catch_up(workspace).done[LOAD]
    (published,) = done.published
    assert (published.manifest["delivery_day"], published.manifest["late"]) == ("2025-03-22", 30.0)
    assert [str(day) for day in done.backfilled] == ["2025-03-20", "2025-03-21"]
    assert due(workspace, clock()) == missed(workspace, clock()) == []
    made_up_for = stored(workspace, run=BACKFILLED)
    assert sorted(made_up_for["issue_time"].unique()) == [
        pd.Timestamp("2025-03-19T10:00Z"),
        pd.Timestamp("2025-03-20T10:00Z"),
    ]
    assert set(made_up_for["made_at"]) == {clock()}
    assert newest(workspace, "2025-03-20") is None, "nothing is published as if it had been in time"
    latest = json.loads((workspace.settings.published_folder / "DE.load/latest.json").read_bytes())
    assert latest["delivery_day"] == "2025-03-22"


def test_it_says_what_it_did(down):
    workspace, _ = down
    assert catch_up(workspace).sentence == (
        "DE/load: published 2025-03-22; made up for 2025-03-20, 2025-03-21, too late to be published"
    )
    assert catch_up(workspace).sentence == "Nothing was left to be done"


def test_what_was_made_up_for_reads_nothing_later_than_its_deadline(down):
    workspace, _ = down
    late = workspace.lake.observations.read()
    late = late.assign(value=1.0, available_at=pd.Timestamp("2025-03-20T10:00:01Z"), batch="feedfeedfeedfeed")
    workspace.lake.observations.append(late)
    catch_up(workspace)
    rows = stored(workspace, run=BACKFILLED)
    of_day = rows[rows["issue_time"] == pd.Timestamp("2025-03-20T10:00Z")]
    assert (values_of(of_day) == last_week(LOAD, pd.Timestamp("2025-03-21").date(), "Europe/Berlin")).all()


def test_what_was_made_up_for_is_scored_under_a_run_of_its_own(down):
    workspace, _ = down
    catch_up(workspace)
    scores = workspace.lake.read_scores()
    own = scores[(scores["model"] == "published") & scores["lead"].isna() & (scores["metric"] == "mae")]
    assert own["run"].tolist() == [BACKFILLED]
    # The load of the made-up week is 70 MW above that of the week before, every hour; of 21 March 11 h are measured.
    assert own["value"].tolist() == [70.0] and own["n"].min() >= 24


def test_a_second_call_changes_nothing(down):
    workspace, _ = down
    catch_up(workspace)
    before = workspace.lake.forecasts.read()
    again = catch_up(workspace)
    assert not again.failed and again.done[LOAD] == type(again.done[LOAD])()
    pd.testing.assert_frame_equal(workspace.lake.forecasts.read(), before)


def test_two_at_once_double_nothing(down):
    workspace, _ = down
    threads = [threading.Thread(target=catch_up, args=(workspace,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    live, made_up_for = stored(workspace), stored(workspace, run=BACKFILLED)
    assert (len(live), len(made_up_for)) == (2 * DAY_ROWS, 2 * DAY_ROWS)
    rows = workspace.lake.forecasts.rows_of(workspace.lake.forecasts.files())
    assert rows.num_rows == 4 * DAY_ROWS, "not even in the files"


def test_after_the_gate_has_closed_nothing_is_published(down):
    workspace, clock = down
    clock.set("2025-03-21T11:00Z")
    done = catch_up(workspace).done[LOAD]
    assert done.published == () and [str(day) for day in done.backfilled][-1] == "2025-03-22"


def test_what_was_published_without_the_lake_is_kept_later(tmp_path, monkeypatch):
    workspace, clock = operated(tmp_path, "2025-03-18T10:00Z")

    def full(rows):
        raise LakeError("cannot write: the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(workspace.lake.forecasts, "append", full)
        first = forecast(workspace, LOAD)
        late = workspace.lake.observations.read()
        workspace.lake.observations.append(late.assign(value=late["value"] + 1, batch="feedfeedfeedfeed"))
        second = forecast(workspace, LOAD)
    assert first.unkept and second.manifest["supersedes"] == first.manifest["parquet"]
    clock.set("2025-03-18T10:30Z")
    done = catch_up(workspace).done[LOAD]
    assert set(done.kept) == {first.manifest["forecast_id"], second.manifest["forecast_id"]}
    rows = stored(workspace)
    assert len(rows) == 2 * DAY_ROWS
    assert set(rows["made_at"]) == {pd.Timestamp(str(one.manifest["made_at"])) for one in (first, second)}
    assert catch_up(workspace).done[LOAD].kept == ()


def test_one_series_that_fails_keeps_no_other_waiting_and_is_tried_again(tmp_path):
    workspace, _ = operated(tmp_path, "2025-03-18T10:30Z", "DE", "FI")
    home = workspace.settings.published_folder / "DE.load"
    home.parent.mkdir(parents=True)
    home.write_text("in the way")
    caught_up = catch_up(workspace)
    assert caught_up.sentence == "FI/load: published 2025-03-19. not done: DE/load"
    with pytest.raises(PartialError, match=r"not done: DE/load; the rest is done\nDE/load: cannot read .*DE.load"):
        caught_up.require()
    home.unlink()
    again = catch_up(workspace)
    assert not again.failed and again.sentence.startswith("DE/load: published 2025-03-19")


def test_what_cannot_be_made_up_for_yet_is_tried_again(down, monkeypatch):
    workspace, clock = down
    with monkeypatch.context() as without:

        def nothing(*arguments):
            raise ModelError("DE/load", "nothing is known of it")

        without.setattr("gridahead.operate.catch_up.climb", nothing)
        caught_up = catch_up(workspace)
    assert [*caught_up.failed] == ["DE/load 2025-03-20", "DE/load 2025-03-21"]
    assert [str(slot.day) for slot in missed(workspace, clock())] == ["2025-03-20", "2025-03-21"]
    assert [str(day) for day in catch_up(workspace).done[LOAD].backfilled] == ["2025-03-20", "2025-03-21"]


def test_a_lake_that_cannot_be_read_stops_no_publication(down, monkeypatch):
    workspace, _ = down
    honest = type(workspace.lake).read_forecasts

    def damaged(lake, series, run, time_range=None):
        if run == BACKFILLED:
            raise LakeError("a file is damaged")
        return honest(lake, series, run, time_range)

    monkeypatch.setattr(type(workspace.lake), "read_forecasts", damaged)
    caught_up = catch_up(workspace)
    assert [one.manifest["delivery_day"] for one in caught_up.done[LOAD].published] == ["2025-03-22"]
    assert [*caught_up.failed] == ["DE/load what is missed"]


def test_what_was_made_up_for_is_scored_again_with_every_score_as_its_outturn_comes(down):
    workspace, clock = down
    catch_up(workspace)
    clock.set("2025-03-23T12:00Z")
    score_published(workspace, LOAD)
    scores = workspace.lake.read_scores()
    own = scores[(scores["model"] == "published") & scores["lead"].isna() & (scores["metric"] == "mae")]
    assert own.set_index("run")["n"].to_dict() == {"backfilled": 48, "live": 48}
