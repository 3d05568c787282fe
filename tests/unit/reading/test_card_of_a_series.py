"""The card of a series: everything that a page shows of it, as of an instant."""

import datetime as dt

import pandas as pd
import pytest
from builders.cards import card_of, shown_of
from builders.operation import operated
from builders.rows import LOAD, day_ahead

from gridahead.core.time import delivery_range
from gridahead.operate.forecast import forecast, refresh
from gridahead.reading.card import card

BERLIN = "Europe/Berlin"


@pytest.fixture
def published(tmp_path):
    """The 19th and the 20th, with an official forecast of 60 000 MW; it is noon UTC on the 19th."""
    return _published(tmp_path)


def _published(folder, **changes):
    workspace, clock = operated(folder, "2025-03-18T10:00Z", **changes)
    start = delivery_range(dt.date(2025, 3, 19), BERLIN).start
    times = pd.date_range(start, periods=48, freq="h").tz_convert("UTC")
    workspace.lake.observations.append(day_ahead(LOAD.official, times, 60_000.0))
    for day in (18, 19):
        clock.set(f"2025-03-{day}T10:00Z")
        forecast(workspace, LOAD)
    clock.set("2025-03-19T12:00Z")
    return workspace, clock


def test_every_day_has_its_forecast_official_and_outturn_within_it(published):
    workspace, _ = published
    found = card(workspace, LOAD)
    newest, before = found.shown
    assert (found.title, found.timezone, found.newest) == ("Load DE", BERLIN, newest)
    assert [newest.day, before.day] == [dt.date(2025, 3, 20), dt.date(2025, 3, 19)]
    for shown in found.shown:
        assert shown.wide.shape == (24, 3)
        assert shown.official.tolist() == [60_000.0] * 24
        assert shown.wide.index[0] == shown.time_range.start
    assert newest.outturn.empty
    # At 12:00 UTC what ended by 11:00 is known: eleven hours and that from 23:00.
    assert len(before.outturn) == 12
    assert before.outturn.iloc[0] == 50_000 + 10 * 78
    peak = newest.figures[0]
    assert (peak.name, peak.ours) == ("peak", 50_000 + 10 * (79 - 7) + 100 * 23)
    assert peak.difference == peak.ours - 60_000.0


def test_the_day_before_stands_at_the_same_hours_of_the_clock_also_where_it_changes():
    """In 2025 the clocks of Berlin go back on 26 October, and forward on 30 March."""

    def eve(day: dt.date) -> pd.Series:
        days = (day, day - dt.timedelta(days=1))
        shown = tuple(shown_of(one, base=base) for one, base in zip(days, (50_000.0, 60_000.0), strict=True))
        found = card_of(shown=shown).eve
        return found.set_axis(pd.DatetimeIndex(found.index).tz_convert(BERLIN))

    autumn, spring, after = (eve(dt.date(2025, *day)) for day in ((10, 26), (3, 30), (3, 31)))
    assert (len(autumn), len(spring), len(after)) == (25, 23, 23)
    assert autumn.iloc[:5].tolist() == [60_000, 60_100, 60_200, 60_200, 60_300]
    assert spring.iloc[:4].tolist() == [60_000, 60_100, 60_300, 60_400]
    assert [stamp.hour for stamp in after.index[:4]] == [0, 1, 3, 4], "on the day before there was no 02:00"
    assert after.iloc[-1] == 60_000 + 100 * 22


def test_files_are_named_relative_to_what_is_published(published):
    workspace, _ = published
    files = card(workspace, LOAD).files
    assert set(files) == {"csv", "xlsx", "parquet", "json"}
    for name in files.values():
        assert name.startswith("DE.load/2025-03-20/2025-03-19T1000Z/")
        assert (workspace.settings.published_folder / name).is_file()


def test_a_card_of_the_day_before_knows_nothing_of_today(published):
    workspace, _ = published
    then = pd.Timestamp("2025-03-18T12:00Z")
    found = card(workspace, LOAD, then)
    assert found.at == then
    (shown,) = found.shown
    assert (shown.day, len(shown.outturn)) == (dt.date(2025, 3, 19), 0)


def test_a_refreshed_day_has_the_forecast_before_beside_it(tmp_path):
    workspace, _ = _published(tmp_path, intraday=True)
    assert card(workspace, LOAD).shown[1].before.empty
    refresh(workspace, LOAD)
    shown = card(workspace, LOAD).shown[1]
    assert shown.issue.at("issue_time") == pd.Timestamp("2025-03-19T12:00Z")
    assert shown.before.index.equals(shown.wide.index)
    assert len(shown.before) == 11  # what is left of the day


def test_a_brief_card_has_the_newest_day_alone(published):
    workspace, _ = published
    found = card(workspace, LOAD, brief=True)
    assert [shown.day for shown in found.shown] == [dt.date(2025, 3, 20)]


def test_a_series_of_which_nothing_is_published_has_a_card_without_days(tmp_path):
    workspace, _ = operated(tmp_path, "2025-03-18T09:00Z")
    found = card(workspace, LOAD)
    assert (found.shown, found.newest, found.since, found.record) == ((), None, None, None)
    assert (found.holdout.empty, dict(found.drifted), dict(found.files)) == (True, {}, {})
