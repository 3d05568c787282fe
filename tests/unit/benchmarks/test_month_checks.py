"""Every check of the simulated month sees the fault that it is there for, and none where nothing is wrong."""

import datetime as dt
import json
from types import SimpleNamespace

import month_checks
import pandas as pd
import pytest
from builders.operation import operated
from builders.rows import LOAD, measured
from builders.serving import DAY, TIMEZONES, load_at
from month_checks import (
    Planned,
    labelled,
    pointed_right,
    pointer_fault,
    published_in_time,
    rows_whole,
    says_the_same,
    slots_of,
    today_fault,
    told_once,
)

from gridahead.core.time import delivery_range
from gridahead.operate.catch_up import catch_up
from gridahead.operate.due import unpointed
from gridahead.operate.forecast import forecast

AT = pd.Timestamp("2025-03-18T10:00Z")
BERLIN = TIMEZONES["DE"]
HOUR = pd.Timedelta(hours=1)


@pytest.fixture
def job(tmp_path):
    """An installation that has published the day that was due."""
    workspace, clock = operated(tmp_path, str(AT))
    forecast(workspace, LOAD)
    return workspace, clock


def manifest_of(workspace):
    (path,) = (workspace.settings.published_folder / LOAD.slug).glob("*/*/manifest.json")
    return path


def change(path, **lines):
    path.write_text(json.dumps(json.loads(path.read_text()) | lines))


def slots(job, *plan, days=(DAY,)):
    return slots_of(job[0], days, plan)


def fault(begin="2025-03-18T09:00Z", end="2025-03-18T10:30Z", **more):
    return Planned("a fault", pd.Timestamp(begin), pd.Timestamp(end), **more)


def test_where_nothing_was_wrong_nothing_is_found(job):
    found = slots(job)
    assert [(one.margin, one.in_time, one.rung) for one in found] == [(60.0, True, "full")]
    assert not [*published_in_time(found), *labelled(job[0], found, [])]
    assert pointer_fault(job[0].settings.published_folder / LOAD.slug, AT, BERLIN) == ""


def test_a_day_that_nobody_published_is_found_unless_nobody_could(job):
    days = [DAY + dt.timedelta(days=1)]
    assert list(published_in_time(slots(job, days=days))) == [
        "DE/load for 2025-03-20 was not published before its gate closed: None"
    ]
    away = fault("2025-03-19T09:00Z", "2025-03-19T11:00Z", unreachable=True)
    assert list(published_in_time(slots(job, away, days=days))) == [
        "DE/load for 2025-03-20 could not be published, and was not made up for"
    ]
    back_in_time = fault("2025-03-19T09:00Z", "2025-03-19T10:50Z", unreachable=True)
    assert "was not published" in next(published_in_time(slots(job, back_in_time, days=days)))


def test_a_forecast_that_was_out_when_the_gate_had_closed_is_found(job):
    change(manifest_of(job[0]), published_at="2025-03-18T11:00:00+00:00")
    assert list(published_in_time(slots(job)))


def test_a_label_that_does_not_say_what_was_done_is_found(job):
    plan = [fault(rungs={"DE/load": ("previous",)}, missing="champion")]
    assert "rung full, expected ['previous']" in next(labelled(job[0], slots(job, *plan), plan))
    change(manifest_of(job[0]), rung="previous", missing="last year's weights")
    found = list(labelled(job[0], slots(job, *plan), plan))
    assert any("does not say 'champion'" in line for line in found)
    assert any("files and manifest do not say the same" in line for line in found)
    assert any("rung previous, expected ['full']" in line for line in labelled(job[0], slots(job), []))


def test_published_rows_that_the_lake_does_not_have_are_found(job):
    change(manifest_of(job[0]), data_hash="another")
    assert "the lake has 0 rows" in next(labelled(job[0], slots(job), []))


def test_lost_foreign_wrong_and_doubled_rows_are_found(job):
    workspace, _ = job
    span = delivery_range(DAY, BERLIN)
    hours = pd.date_range(span.start, span.end, freq="h", inclusive="left")
    right = pd.Series(load_at(LOAD, hours.tz_convert(BERLIN)), hours)
    at = span.end + HOUR

    def found(truth):
        return [line for line in rows_whole(workspace, {LOAD: truth}, (), at) if not line.startswith("lake verify")]

    assert found(right) == []
    with_later = pd.DatetimeIndex([*right.index, span.end + 400 * 24 * HOUR])
    assert "1 hours are not in the lake" in found(right.reindex(with_later, fill_value=1.0))[0]
    assert "1 hours that nobody published" in found(right.drop(right.index[5]))[0]
    assert "1 values are not the publisher's" in found(right.where(right.index != right.index[5], 1.0))[0]
    again = measured(LOAD, hours[:2], right.to_numpy()[:2]).assign(available_at=at - HOUR)
    workspace.lake.observations.append(again)
    assert "2 hours have several vintages" in found(right)[0]


def events(*rows):
    names = ["incident", "event", "at", "about", "kind"]
    frame = pd.DataFrame(
        [(name, event, AT + n * HOUR, about, kind) for n, name, event, about, kind in rows], columns=names
    )
    severity = frame["kind"].map(lambda kind: "info" if kind == "registry" else "warning")
    return frame.assign(channel="inbox", words="{}", severity=severity)


OPEN = (0, "degraded DE/load", "opened", "", "degraded")
TOLD = (0, "degraded DE/load", "sent", "opened", "degraded")
OVER = (5, "degraded DE/load", "closed", "", "degraded")
CLEAR = (5, "degraded DE/load", "sent", "closed", "degraded")


@pytest.mark.parametrize(
    ("rows", "messages", "says"),
    [
        ((OPEN, TOLD, OVER, CLEAR), 2, ""),
        ((OPEN, OVER, CLEAR), 1, "not told of: {'opened': 1}"),
        ((OPEN, TOLD, (1, *TOLD[1:]), OVER, CLEAR), 3, "told more often"),
        ((OPEN, (1, *OPEN[1:2], "failed", "opened", "degraded"), OVER, CLEAR), 1, ""),
        ((OPEN, TOLD, OVER), 1, "not told of: {'closed': 1}"),
        ((OPEN, TOLD), 1, "not over by"),
        ((OPEN, TOLD, OVER, CLEAR), 3, "the inbox has 3 messages"),
        (((0, "registry", "opened", "", "registry"), (5, "registry", "closed", "", "registry")), 0, ""),
        (((0, "late DE/load", "opened", "", "late"), (0, "late DE/load", "sent", "opened", "late"),
          (9, "late DE/load", "closed", "", "late")), 1, ""),
    ],
)  # fmt: skip
def test_alerts_that_were_not_sent_once_are_found(rows, messages, says):
    found = list(told_once(events(*rows), messages, [], AT + 50 * HOUR))
    assert bool(found) == bool(says) and says in "".join(found)


def test_a_fault_that_nobody_was_told_of_is_found():
    told = events(OPEN, TOLD, OVER, CLEAR)
    assert not list(told_once(told, 2, [fault(incidents=("degraded DE",))], AT))
    assert "nobody was told of 'failing load'" in next(told_once(told, 2, [fault(incidents=("failing load",))], AT))
    later = fault("2025-03-18T18:00Z", "2025-03-18T19:00Z", incidents=("degraded DE",))
    assert "nobody was told" in next(told_once(told, 2, [later], AT)), "that was over by then"


def test_a_pointer_to_another_day_or_of_two_forecasts_is_found(job):
    workspace, clock = job
    home = workspace.settings.published_folder / LOAD.slug
    clock.set("2025-03-19T10:00Z")
    before = (home / "latest.json").read_bytes(), (home / "latest.csv").read_bytes()
    forecast(workspace, LOAD)
    assert pointer_fault(home, clock(), BERLIN) == ""
    (home / "latest.csv").write_bytes(before[1])
    assert "of two forecasts" in pointer_fault(home, clock(), BERLIN)
    (home / "latest.json").write_bytes(before[0])
    assert pointer_fault(home, clock(), BERLIN) == "is 2025-03-19, and 2025-03-20 is out"
    assert list(pointed_right([(AT, "DE/load", "is 2025-03-19"), (AT, "FR/load", "")]))


def test_a_day_that_has_begun_and_is_not_pointed_at_is_found(job):
    workspace, clock = job
    home, midnight = workspace.settings.published_folder / LOAD.slug, "2025-03-18T23:10Z"
    assert today_fault(home, AT, BERLIN) == "", "nothing is out of the 18th"
    clock.set(midnight)
    assert "cannot be read" in today_fault(home, clock(), BERLIN)
    assert unpointed(workspace, clock()) == [LOAD]
    catch_up(workspace)
    assert today_fault(home, clock(), BERLIN) == "" and unpointed(workspace, clock()) == []
    change(home / "today.json", delivery_day="2025-03-18")
    assert today_fault(home, clock(), BERLIN) == "today.json is 2025-03-18 on 2025-03-19"


def test_a_forecast_that_comes_out_otherwise_is_found(job, monkeypatch):
    monkeypatch.setattr(month_checks, "reproduce", lambda *_: SimpleNamespace(differences=("3 of 120 values",)))
    assert "made again it differs: 3 of 120 values" in next(says_the_same(job[0], slots(job)))
