"""Incidents through their whole lives: told once, worse once, over once, on every channel, whatever else is broken."""

import pandas as pd
import pytest
from builders.rows import LOAD, measured
from builders.watching import DAY, FI, World, utc

from gridahead.core.errors import LakeError
from gridahead.core.tables import QUALITY
from gridahead.lake.run_log import process_of
from gridahead.operate import watch as watching
from gridahead.operate.recorded import recorded

YESTERDAY = DAY - pd.Timedelta(days=1)


@pytest.fixture
def world(tmp_path):
    """German load, whose forecast for today is out; nothing has gone wrong yet."""
    made = World(tmp_path)
    made.publish("12-29T10:00", day=YESTERDAY)
    return made


def titles(messages):
    return [title for _, title, _ in messages]


def test_a_missing_forecast_is_told_once_grows_worse_when_the_gate_closes_and_is_over_when_it_is_out(world):
    assert world.every("12-30T09:45", "12-30T10:05") == [], "due at 10:00, and minutes are no delay"
    watched, messages = world.watch("12-30T10:10")
    assert titles(messages) == ["gridahead: no forecast of DE/load"]
    assert not watched.healthy and world.beats[-1] is False
    text = messages[0][2]
    assert "WARNING: no forecast of DE/load" in text
    assert "due at Tue 30 Dec 2025, 11:00 (Europe/Berlin), and the gate closes in 50 min" in text
    assert "Since: 2025-12-30 10:00 UTC" in text
    assert "Meanwhile: readers have the forecast for Tue 30 Dec 2025 by gru v3, rung full" in text
    assert "Do: Run `gridahead catch-up` and read what it says" in text
    assert "See: https://forecasts.example.org/published/report.html" in text
    assert world.every("12-30T10:15", "12-30T10:55") == [], "nobody is reminded"
    assert titles(world.every("12-30T11:00", "12-30T12:00")) == ["gridahead: CRITICAL: no forecast of DE/load"]
    world.publish("12-30T12:02")
    world.make_up_for()
    _, messages = world.watch("12-30T12:05")
    assert titles(messages) == ["gridahead: all clear: no forecast of DE/load"]
    told = "It is published, 2 h late and after the gate had closed: readers have the forecast for Wed 31 Dec 2025"
    assert told in messages[0][2]
    assert world.beats[-1] is True
    assert world.every("12-30T12:10", "12-30T15:00", 60) == [], "and that it was late is told with the all-clear"


def test_a_forecast_that_came_late_while_nobody_watched_is_told_and_needs_no_all_clear(world):
    world.publish("12-30T10:40")
    messages = world.every("12-30T10:45", "12-30T23:30", 60)
    assert titles(messages) == ["gridahead: the forecast of DE/load was not in time"]
    assert (
        "was published 40 min late, at Tue 30 Dec 2025, 11:40 (Europe/Berlin), before the gate closed" in messages[0][2]
    )


def test_a_day_that_was_made_up_for_before_anybody_watched_is_told_all_the_same(world):
    world.make_up_for()
    (message,) = world.every("12-30T11:30", "12-30T23:30", 60)
    assert message[1] == "gridahead: CRITICAL: the forecast of DE/load was not in time"
    assert "No forecast of DE/load for Wed 31 Dec 2025 was published before the gate closed" in message[2]


def test_a_forecast_in_time_and_a_demonstration_tell_nobody_anything(world, tmp_path):
    world.publish("12-30T10:00")
    assert world.every("12-30T09:00", "12-30T15:00", 30) == []
    shown = World(tmp_path / "demo", mode="demo")
    watched, messages = shown.watch("12-30T15:00")
    assert (watched.healthy, watched.incidents, messages) == (True, (), [])


def test_a_new_installation_has_missed_nothing_of_the_days_before_it(tmp_path):
    world = World(tmp_path)
    assert world.every("12-30T09:00", "12-30T10:05", 60) == []


def test_a_degraded_forecast_names_its_rung_and_is_over_when_whole_ones_have_come_for_a_while(world):
    world.publish("12-30T10:00", rung="naive", missing="no value for 30 h")
    (message,) = world.every("12-30T10:05", "12-30T15:00", 30)
    assert message[1] == "gridahead: the forecast of DE/load is degraded"
    assert "no value for 30 h" in message[2] and "rung naive (last week's same hour)" in message[2]
    world.publish("12-30T16:00")
    world.every("12-30T16:05", "12-30T16:35", 30)
    world.publish("12-30T17:00", rung="degraded", missing="official forecast missing")
    assert world.every("12-30T17:05", "12-30T17:35", 30) == [], "it comes and goes with every hour"
    world.publish("12-30T18:00")
    (message,) = world.every("12-30T18:05", "12-30T22:05", 30)
    assert message[1] == "gridahead: all clear: the forecast of DE/load is degraded"


def test_a_forecast_that_falls_further_is_told_once_more_and_has_one_all_clear(world):
    world.publish("12-30T10:00", rung="previous", missing="champion gru v3: weights damaged or gone")
    assert len(world.every("12-30T10:05", "12-30T10:35", 30)) == 1
    world.publish("12-30T11:00", rung="ridge", missing="champion gru v3: weights damaged or gone; previous version")
    (message,) = world.every("12-30T11:05", "12-30T11:55", 25)
    assert message[1] == "gridahead: the forecast of DE/load is degraded"
    assert "is degraded (it has fallen further down the ladder)" in message[2]
    assert "rung ridge (the regression" in message[2]
    for hour, rung in ((12, "previous"), (13, "ridge"), (14, "degraded")):
        world.publish(f"12-30T{hour}:00", rung=rung, missing="something")
        assert world.every(f"12-30T{hour}:05", f"12-30T{hour}:35", 30) == [], "it has been as low before"
    world.publish("12-30T15:00")
    assert titles(world.every("12-30T15:05", "12-30T19:05", 60)) == [
        "gridahead: all clear: the forecast of DE/load is degraded"
    ]


@pytest.mark.parametrize(
    ("missing", "do"),
    [
        ("champion gru v3: weights damaged or gone", "Do: Run `gridahead models repair`, and `gridahead train"),
        ("champion: its record is damaged", "Do: Run `gridahead models repair`, and `gridahead train"),
        ("official forecast missing", "Do: See in `gridahead status` what is stale or gone"),
    ],
)
def test_what_to_do_is_a_repair_where_a_model_is_damaged(world, missing, do):
    world.publish("12-30T10:00", rung="previous", missing=missing)
    (message,) = world.watch("12-30T10:05")[1]
    assert do in message[2]


def test_of_a_series_that_the_settings_name_no_more_everything_is_over_at_once_and_says_why(tmp_path):
    world = World(tmp_path, zones=("DE", "FI"))
    world.publish("12-30T10:00", rung="naive", missing="no value for 30 h")
    world.publish("12-30T10:00", series=FI, rung="naive", missing="no value for 30 h")
    assert len(world.watch("12-30T10:05")[1]) == 1
    world.named("FI")
    watched, (message,) = world.watch("12-30T10:10")
    assert message[1] == "gridahead: all clear: the forecast of DE/load is degraded"
    assert "DE/load: The settings do not name it any more, so nobody watches it." in message[2]
    assert [one.subject for one in watched.incidents] == ["FI/load"]
    assert world.every("12-30T10:15", "12-30T10:45") == []


def test_a_channel_that_the_settings_name_no_more_is_not_said_to_be_down(world):
    world.down = {"mail"}
    assert world.watch("12-30T10:10")[0].failures == {"mail": "connection refused"}
    world.named("DE", channels=())
    assert world.watch("12-30T10:15")[0].failures == {}


def test_many_series_of_one_cause_are_one_message(tmp_path):
    world = World(tmp_path, zones=("DE", "FI"))
    (message,) = world.every("12-30T10:00", "12-30T10:30")
    assert message[1] == "gridahead: no forecasts of DE/load, FI/load"
    assert message[2].count("WARNING") == 1
    world.publish("12-30T10:32")
    world.publish("12-30T10:32", series=FI)
    (message,) = world.every("12-30T10:35", "12-30T10:55")
    assert message[1] == "gridahead: all clear: no forecasts of DE/load, FI/load"


def test_a_channel_that_is_down_is_tried_again_and_holds_up_no_other(tmp_path):
    channels = ({"url": "mailto://localhost", "name": "mail"}, {"url": "json://localhost", "name": "hook"})
    world = World(tmp_path, channels=channels)
    world.down = {"mail"}
    watched, messages = world.watch("12-30T10:10")
    assert [name for name, _, _ in messages] == ["hook"]
    assert watched.failures == {"mail": "connection refused"}
    assert world.every("12-30T10:15", "12-30T10:40") == []
    world.down = set()
    watched, messages = world.watch("12-30T10:45")
    assert [(name, title) for name, title, _ in messages] == [("mail", "gridahead: no forecast of DE/load")]
    assert watched.failures == {}
    world.down = {"mail"}
    world.publish("12-30T10:46")
    assert [name for name, _, _ in world.every("12-30T10:50", "12-30T11:00")] == ["hook"]
    world.down = set()
    (message,) = world.every("12-30T11:05", "12-30T11:30")
    assert (message[0], message[1]) == ("mail", "gridahead: all clear: no forecast of DE/load")


def test_a_channel_is_told_from_its_severity_on(tmp_path):
    channels = ({"url": "mailto://localhost", "name": "pager", "least": "critical"},)
    world = World(tmp_path, channels=channels)
    assert world.every("12-30T10:10", "12-30T10:55") == []
    assert titles(world.every("12-30T11:00", "12-30T11:30")) == ["gridahead: CRITICAL: no forecast of DE/load"]
    world.publish("12-30T11:31")
    world.make_up_for()
    assert len(world.every("12-30T11:35", "12-30T11:45")) == 1


def silent_lake(world, monkeypatch):
    """From now on the lake can be neither read nor written."""

    def refuse(*_, **__):
        raise LakeError("cannot read s3://lake: no route to host")

    for store in world.workspace.lake.stores:
        monkeypatch.setattr(store, "read", refuse)
        monkeypatch.setattr(store, "append", refuse)


def test_without_a_lake_an_alert_is_told_once_and_the_lake_learns_of_it_later(world, monkeypatch):
    with monkeypatch.context() as broken:
        silent_lake(world, broken)
        messages = world.every("12-30T10:10", "12-30T10:55")
        assert titles(messages) == [
            "gridahead: no forecast of DE/load",
            "gridahead: CRITICAL: the lake is out of reach",
        ]
        world.publish("12-30T10:56")
        assert titles(world.every("12-30T11:00", "12-30T11:30")) == ["gridahead: all clear: no forecast of DE/load"]
        assert "conditions" not in messages[1][2] and "no route to host" in messages[1][2]
    assert world.workspace.lake.incidents.read().empty
    (message,) = world.every("12-30T11:35", "12-30T12:30")
    assert message[1] == "gridahead: all clear: the lake is out of reach"
    rows = world.workspace.lake.incidents.read()
    assert rows["event"].value_counts().to_dict() == {"opened": 2, "closed": 2, "sent": 4}


def test_with_a_full_disk_for_an_hour_everything_is_told_once(world, monkeypatch):
    """The file of the watch is there already; no new file is taken, in the lake or on the disk."""
    world.watch("12-30T10:00")
    world.free = 10**6
    with monkeypatch.context() as broken:
        for store in world.workspace.lake.stores:
            broken.setattr(store, "append", _full)
        broken.setattr(world.workspace.lake.runs, "write", _full)
        messages = world.every("12-30T10:05", "12-30T11:05")
        assert titles(messages) == [
            "gridahead: no forecast of DE/load",
            f"gridahead: CRITICAL: the disk of {world.folder} fills",
            "gridahead: CRITICAL: no forecast of DE/load",
        ]
    world.free = 50 * 10**9
    world.publish("12-30T11:06")
    world.make_up_for()
    messages = world.every("12-30T11:10", "12-30T12:00")
    assert titles(messages) == [
        "gridahead: all clear: no forecast of DE/load",
        f"gridahead: all clear: the disk of {world.folder} fills",
    ]


def _full(*_, **__):
    raise LakeError("cannot write: no space left on device")


def test_a_restart_forgets_nothing_and_a_second_machine_does_not_repeat(world, monkeypatch):
    world.watch("12-30T10:10")
    watching.state_file(world.workspace).path.unlink()
    monkeypatch.setattr("gridahead.monitoring.watch_state._REMEMBERED", {})
    assert world.every("12-30T10:15", "12-30T10:30") == [], "the lake knows it"
    monkeypatch.setattr(watching, "this_host", lambda: "another")
    assert world.every("12-30T10:35", "12-30T10:45") == []
    world.publish("12-30T10:46")
    monkeypatch.setattr(watching, "this_host", lambda: "another")
    assert len(world.every("12-30T10:50", "12-30T11:10")) == 1


def test_an_incident_that_another_machine_wrote_and_never_told_is_told_by_this_one(world, monkeypatch):
    world.down = {"mail"}
    world.watch("12-30T10:10")
    world.down = set()
    monkeypatch.setattr(watching, "this_host", lambda: "another")
    assert world.every("12-30T10:15", "12-30T10:25") == []
    assert len(world.every("12-30T10:30", "12-30T10:40")) == 1


def test_a_series_of_which_nothing_new_comes_is_told_with_its_source(world):
    times = pd.date_range("2025-12-20", "2025-12-28T05:00", freq="h", tz="UTC")
    world.workspace.lake.observations.append(measured(LOAD, times, 1000.0))
    world.publish("12-30T10:00")
    messages = world.every("12-30T05:00", "12-30T09:00", 60)
    assert titles(messages) == ["gridahead: nothing new of DE/load"]
    assert "from test for 49 h: it ends at Sun 28 Dec 2025, 06:00 (UTC)" in messages[0][2]
    more = pd.date_range("2025-12-28T06:00", "2025-12-30T07:00", freq="h", tz="UTC")
    world.workspace.lake.observations.append(measured(LOAD, more, 1000.0))
    assert titles(world.every("12-30T10:05", "12-30T10:30")) == ["gridahead: all clear: nothing new of DE/load"]


def test_a_source_that_fails_three_times_in_a_row_is_told_and_not_once_more_as_silent(tmp_path):
    world = World(tmp_path, sources=({"kind": "smard", "folder": "there"},))
    world.publish("12-30T10:00")
    times = pd.date_range("2025-12-20", "2025-12-28T07:00", freq="h", tz="UTC")
    world.workspace.lake.observations.append(measured(LOAD, times, 1000.0).assign(source="smard"))
    told = []
    for hour in range(4, 9):
        world.now = utc(f"12-30T0{hour}:05")
        with recorded(world.workspace, "ingest") as run:
            run.note("smard", ["HTTP 503"])
            run.note("file.csv", ["a source that the settings do not name any more"])
            run.note("other")
        told += world.watch()[1]
    assert titles(told) == ["gridahead: source smard fails"]
    assert "failed 3 times in a row or more; the last time: HTTP 503" in told[0][2]
    world.now = utc("12-30T09:05")
    with recorded(world.workspace, "ingest") as run:
        run.note("smard")
    assert titles(world.watch()[1]) == ["gridahead: nothing new of DE/load and 1 more"]


def test_a_run_that_is_killed_is_told_within_minutes_and_over_when_the_next_one_ends_well(world):
    world.publish("12-30T10:00")
    world.now = utc("12-30T10:10")
    killed = world.workspace.lake.runs.begin("train", world.now)
    assert killed.process == process_of(killed.process)
    assert world.every("12-30T10:11", "12-30T10:15", 1) == []
    (message,) = world.every("12-30T10:16", "12-30T10:30", 1)
    assert message[1] == "gridahead: run train died or failed"
    world.now = utc("12-30T10:40")
    with recorded(world.workspace, "train"):
        world.now = utc("12-30T10:41")
        assert world.watch()[1] == []
    assert titles(world.watch("12-30T10:45")[1]) == ["gridahead: all clear: run train died or failed"]


def test_a_run_that_fails_is_told_by_its_error_unless_that_is_told_as_what_it_is(world):
    from gridahead.core.errors import ModelError, SourceError

    world.publish("12-30T10:00")
    world.now = utc("12-30T10:10")
    for kind, error in (("ingest", SourceError("smard", "HTTP 503")), ("train", ModelError("gru", "no such cell"))):
        with pytest.raises(type(error)), recorded(world.workspace, kind):
            raise error
    (message,) = world.watch("12-30T10:15")[1]
    assert message[1] == "gridahead: run train died or failed" and "failed: gru: no such cell" in message[2]


def test_a_fault_in_one_check_hides_nothing_that_the_others_see_and_ends_nothing_of_its_own(world, monkeypatch):
    world.watch("12-30T10:10")
    from gridahead.operate.checking import Checking

    with monkeypatch.context() as broken:
        broken.setattr(Checking, "_missing", lambda self: 1 / 0)
        world.free = 10**6
        messages = world.every("12-30T10:15", "12-30T10:35")
    assert [title.partition(": ")[2] for title in titles(messages)] == [
        "the check of missing fails",
        f"CRITICAL: the disk of {world.folder} fills",
    ]


def test_a_disk_that_flickers_is_not_told(world):
    world.publish("12-30T10:00")
    for place, at in enumerate(pd.date_range(utc("12-30T10:05"), utc("12-30T12:00"), freq="5min")):
        world.free = 10**6 if place % 3 else 50 * 10**9
        assert world.watch(at)[1] == []


def test_a_gate_that_withholds_too_much_is_told_with_the_way_to_decide(world):
    about = {"zone": "DE", "quantity": "load", "unit": "1"}
    for at, withheld in (("12-30T08:05", 9.0), ("12-30T10:05", 0.0)):
        rows = [{**about, "metric": "rows", "value": 24.0}, {**about, "metric": "quarantined", "value": withheld}]
        world.workspace.lake.quality.append(QUALITY.check(pd.DataFrame(rows).assign(inspected_at=utc(at))))
        world.publish("12-30T10:00")
        (message,) = world.watch(at)[1]
        told = "gridahead: the quality gate blocks DE/load"
        assert message[1] == (told if withheld else told.replace(": the", ": all clear: the"))
