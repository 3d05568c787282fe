"""Several series at once: each as it is alone, read and kept together, and none waits for one that fails."""

import datetime as dt
import itertools
from collections import Counter

import pandas as pd
import pytest
from builders.ladder import equip, workspace_of

from gridahead.core.errors import LakeError, ModelError, SettingsError
from gridahead.core.grid import Series
from gridahead.core.runs import LIVE
from gridahead.core.time import TimeRange
from gridahead.lake.lake import Lake
from gridahead.lake.store import Store
from gridahead.operate import forecast as module
from gridahead.operate.forecast import forecast, forecast_each

NAMES = ("DE/load", "FR/load", "FI/load", "DE/solar")
DAY = dt.date(2025, 3, 19)
AT = pd.Timestamp("2025-03-18T10:00Z")


def equipped(folder, *names, idle=()):
    """A workspace with everything for these series, and others of which nothing is known."""
    workspace = workspace_of(folder, *names, *idle)
    for name in names:
        equip(workspace, Series.parse(name), DAY)
    return workspace


def asked(workspace, *names):
    return forecast_each(workspace, [Series.parse(name) for name in names], AT, day=DAY)


def content(published):
    return published.folder.read(str(published.manifest["parquet"]))


def test_each_is_what_it_is_alone_to_the_byte(tmp_path):
    done, failed = asked(equipped(tmp_path / "together", *NAMES), *NAMES)
    assert not failed and [*map(str, done)] == [*NAMES]
    for name in NAMES:
        alone = forecast(equipped(tmp_path / name.replace("/", "."), name), Series.parse(name), AT, day=DAY)
        assert content(alone) == content(done[Series.parse(name)])
        assert alone.manifest["daily"] == done[Series.parse(name)].manifest["daily"]


def test_they_are_one_batch_of_the_lake_however_often_they_are_forecast(tmp_path):
    workspace = equipped(tmp_path, *NAMES)
    asked(workspace, *NAMES)
    assert len(workspace.lake.forecasts.recent.names()) == 1
    assert {*map(str, map(Series, *zip(*_stored(workspace), strict=True)))} == {*NAMES}
    asked(workspace, *NAMES[:2])
    assert len(workspace.lake.forecasts.recent.names()) == 1


def _stored(workspace):
    rows = workspace.lake.forecasts.read({"run": LIVE})
    return rows[["zone", "quantity"]].drop_duplicates().itertuples(index=False, name=None)


def test_how_often_the_lake_is_read_does_not_grow_with_their_number(tmp_path, monkeypatch):
    reads: Counter[str] = Counter()
    plain = Store.read

    def counted(self, *given, **named):
        reads[self.table.name] += 1
        return plain(self, *given, **named)

    workspace = equipped(tmp_path, *NAMES)
    monkeypatch.setattr(Store, "read", counted)
    asked(workspace, NAMES[0])
    few = dict(reads)
    reads.clear()
    asked(workspace, *NAMES[1:])
    assert dict(reads) == few


@pytest.mark.parametrize("at_once", [1, 2, 50])
def test_one_that_fails_is_named_and_the_others_are_out(tmp_path, monkeypatch, at_once):
    monkeypatch.setattr(module, "AT_ONCE", at_once)
    workspace = equipped(tmp_path, *NAMES[:3], idle=["PL/load"])
    told: list[Series] = []
    names = [Series.parse(name) for name in (NAMES[0], "PL/load", *NAMES[1:3])]
    done, failed = forecast_each(workspace, names, AT, day=DAY, on_done=told.append)
    assert [*map(str, done)] == [*NAMES[:3]] and [*map(str, failed)] == ["PL/load"]
    assert isinstance(failed[Series.parse("PL/load")], ModelError)
    assert told == names
    assert all(one.folder.exists("manifest.json") for one in done.values())
    with pytest.raises(ModelError, match="PL/load"):
        forecast(workspace, Series.parse("PL/load"), AT, day=DAY)


def test_what_nobody_can_know_yet_is_refused_for_each_and_nothing_is_published(tmp_path):
    workspace = equipped(tmp_path, *NAMES[:2])
    names, to_come = [Series.parse(name) for name in NAMES[:2]], workspace.clock() + pd.Timedelta(days=3)
    done, failed = forecast_each(workspace, names, to_come)
    assert not done and [*failed] == names
    assert all(isinstance(error, SettingsError) and "from now" in str(error) for error in failed.values())
    assert not workspace.settings.published_folder.exists()


def test_where_they_cannot_be_read_together_each_reads_for_itself(tmp_path, monkeypatch, caplog):
    together, _ = asked(equipped(tmp_path / "together", *NAMES[:2]), *NAMES[:2])

    def damaged(*_):
        raise LakeError("a file of another series is damaged")

    monkeypatch.setattr(Lake, "reading_ahead", damaged)
    apart, failed = asked(equipped(tmp_path / "apart", *NAMES[:2]), *NAMES[:2])
    assert not failed and "the inputs of 2 series cannot be read together" in caplog.text
    assert [*map(content, apart.values())] == [*map(content, together.values())]


def test_a_lake_that_takes_nothing_holds_up_no_forecast_and_each_says_so(tmp_path, monkeypatch):
    def full(*_):
        raise LakeError("The disk is full")

    workspace = equipped(tmp_path, *NAMES[:2])
    monkeypatch.setattr(Store, "append", full)
    done, failed = asked(workspace, *NAMES[:2])
    assert not failed and {one.unkept for one in done.values()} == {"The disk is full"}


def test_who_ends_the_work_in_the_middle_leaves_in_the_lake_what_is_out(tmp_path):
    workspace, names = equipped(tmp_path, *NAMES[:2]), [Series.parse(name) for name in NAMES[:2]]

    def interrupt(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        forecast_each(workspace, names, AT, day=DAY, on_done=interrupt)
    assert [*_stored(workspace)] == [("DE", "load")]


def test_a_fault_in_what_the_challenger_does_takes_no_forecast_from_the_lake(tmp_path, monkeypatch):
    workspace = equipped(tmp_path, NAMES[0])
    monkeypatch.setattr(module, "shadow", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        asked(workspace, NAMES[0])
    assert [*_stored(workspace)] == [("DE", "load")]


def test_rows_that_are_held_are_those_that_the_lake_gives(tmp_path):
    workspace = equipped(tmp_path, *NAMES)
    series = [Series.parse(name) for name in NAMES]
    span = TimeRange(AT - pd.Timedelta(days=20), AT + pd.Timedelta(days=1))
    ahead = workspace.lake.reading_ahead([*series, Series("NO", "load")], span)
    inner = TimeRange(AT - pd.Timedelta(days=9), AT)
    for count in (1, 2, 3):
        for some in itertools.combinations(series, count):
            for part in (span, inner):
                held, read = (lake.read_vintages(*some, time_range=part) for lake in (ahead, workspace.lake))
                pd.testing.assert_frame_equal(held, read)
    assert ahead.read_vintages(Series("NO", "load"), time_range=inner).empty
    longer = TimeRange(AT - pd.Timedelta(days=30), AT)
    pd.testing.assert_frame_equal(
        ahead.read_vintages(*series, time_range=longer), workspace.lake.read_vintages(*series, time_range=longer)
    )
