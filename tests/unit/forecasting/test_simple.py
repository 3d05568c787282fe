"""The two rungs that need no model, worked out by hand, and their bands."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from builders.rows import LOAD, day_ahead, measured, together

from gridahead.core.grid import Series
from gridahead.core.time import Mtu
from gridahead.forecasting.history import History
from gridahead.forecasting.simple import Simple, corrected_official, last_week

LEVELS = (0.1, 0.5, 0.9)
DAY = dt.date(2025, 3, 19)
BERLIN = "Europe/Berlin"
DUE = pd.Timestamp("2025-03-18T10:00Z")


def times_of(days, day=DAY, end=1):
    start, until = pd.Timestamp(day) - pd.Timedelta(days=days), pd.Timestamp(day) + pd.Timedelta(days=end)
    return pd.date_range(start.tz_localize(BERLIN), until.tz_localize(BERLIN), freq="h", inclusive="left")


def by_day(times, day=DAY):
    """How many days before the delivery day each hour is, and which hour."""
    local = times.tz_convert(BERLIN)
    return (pd.Timestamp(day) - local.tz_localize(None).normalize()).days.to_numpy(), local.hour.to_numpy()


def history_of(rows, day=DAY, issued=DUE, **options) -> History:
    return History.of(rows, LOAD, BERLIN, Mtu.PT60M, day, issued, **options)


def load_of(days, value, day=DAY, noise=0.0):
    times = times_of(days, day).tz_convert("UTC")
    before, hour = by_day(times, day)
    return measured(LOAD, times, value(before, hour) + np.random.default_rng(4).normal(0, noise, len(times)))


def made(answer) -> Simple:
    assert isinstance(answer, Simple), answer
    return answer


def test_it_is_last_weeks_hour_and_where_that_is_missing_that_of_the_week_before():
    rows = load_of(40, lambda before, hour: 1_000.0 * before + hour)
    before, hour = by_day(pd.DatetimeIndex(rows["valid_time"]))
    holes = rows[~((before == 7) & (hour == 5)) & ~(np.isin(before, (7, 14)) & (hour == 6))]
    said = made(last_week(history_of(holes), LEVELS))
    expected = 7_000.0 + np.arange(24)
    expected[5], expected[6] = 14_005, 21_006
    assert said.point.tolist() == expected.tolist() and said.notes == ("of up to 21 days before",)


def test_outturn_that_came_after_the_issue_time_is_not_read():
    rows = load_of(40, lambda before, hour: 1_000.0 * before)
    late = rows.assign(value=-1.0, available_at=DUE + pd.Timedelta(seconds=1))
    assert np.array_equal(
        made(last_week(history_of(together(rows, late)), LEVELS)).quantiles,
        made(last_week(history_of(rows), LEVELS)).quantiles,
    )


def test_nothing_of_the_last_five_weeks_is_no_forecast():
    rows = load_of(60, lambda before, hour: before)
    old = rows[rows["valid_time"] < DUE - pd.Timedelta(days=36)]
    assert last_week(history_of(together(old)), LEVELS) == "nothing is known of DE/load in the 35 days before"


def test_the_official_forecast_is_corrected_by_its_mean_error_at_each_hour():
    times = times_of(60).tz_convert("UTC")
    _, hour = by_day(times)
    official = day_ahead(LOAD.official, times, 50_000.0 + 100 * hour)
    rows = together(measured(LOAD, times, 50_000.0 - 10 * hour), official)
    said = made(corrected_official(history_of(rows), LEVELS))
    np.testing.assert_allclose(said.point, 50_000.0 - 10 * np.arange(24))
    few = rows[(rows["quantity"] != "load") | (rows["valid_time"] >= DUE - pd.Timedelta(days=5))]
    said = made(corrected_official(history_of(together(few)), LEVELS))
    assert said.point.tolist() == (50_000.0 + 100 * np.arange(24)).tolist()
    assert any("not corrected" in note for note in said.notes) and any("guess" in note for note in said.notes)
    none = rows[(rows["quantity"] == "load") | (rows["valid_time"] < pd.Timestamp("2025-03-19T10:00Z"))]
    assert corrected_official(history_of(together(none)), LEVELS) == "official forecast missing for 13 of 24 units"


def test_the_band_holds_as_many_outturns_as_it_says():
    """Of independent errors that grow through the day, on 40 days that come after the ones it was calibrated on."""
    inside = []
    for number in range(40):
        day = dt.date(2025, 6, 1) + dt.timedelta(days=number)
        times = times_of(130, day).tz_convert("UTC")
        hour = times.tz_convert(BERLIN).hour.to_numpy()
        rng = np.random.default_rng(number)
        truth = 50_000 + rng.normal(0, 1, len(times)) * (200 + 100 * hour)
        rows = together(measured(LOAD, times, truth), day_ahead(LOAD.official, times, np.full(len(times), 50_000.0)))
        issued = pd.Timestamp(day, tz=BERLIN) - pd.Timedelta(hours=13)
        said = made(corrected_official(history_of(rows, day, issued), LEVELS))
        inside.append((said.quantiles[:, 0] < truth[-24:]) & (truth[-24:] < said.quantiles[:, 2]))
        assert said.quantiles[20, 2] - said.quantiles[20, 0] > 2 * (said.quantiles[2, 2] - said.quantiles[2, 0])
    assert np.mean(inside) == pytest.approx(0.82, abs=0.03)  # 26 spells of 3.5 days make it 2 % wider


@pytest.mark.parametrize("maker", [last_week, corrected_official])
def test_the_older_the_outturn_the_wider_the_band(maker):
    rng = np.random.default_rng(2)
    times = times_of(150).tz_convert("UTC")
    walk = 50_000 + np.cumsum(rng.normal(0, 120, len(times)))  # what is far away is less like what is to come
    official = day_ahead(LOAD.official, times, np.full(len(times), 50_000.0))
    widths = []
    for days in (0, 3, 10, 20):
        seen = measured(LOAD, times, walk)
        seen = seen[seen["available_at"] <= DUE - pd.Timedelta(days=days)]
        said = made(maker(history_of(together(seen, official)), LEVELS))
        widths.append(float((said.quantiles[:, 2] - said.quantiles[:, 0]).mean()))
    assert widths == sorted(widths) and widths[-1] > 1.3 * widths[0]


def test_solar_is_dark_by_night_and_has_no_band_there():
    solar = Series("DE", "solar")
    times = times_of(60).tz_convert("UTC")
    hour = times.tz_convert(BERLIN).hour.to_numpy()
    sun = np.maximum(0, np.sin((hour - 6) / 12 * np.pi)) * (
        10_000 + np.random.default_rng(1).normal(0, 900, len(times))
    )
    history = History.of(measured(solar, times, sun), solar, BERLIN, Mtu.PT60M, DAY, DUE)
    said = made(last_week(history, LEVELS)).quantiles
    assert (said[:5] == 0).all() and (said[12, 2] - said[12, 0]) > 500


@pytest.mark.parametrize(
    ("day", "hours"), [(dt.date(2025, 3, 30), 23), (dt.date(2025, 4, 6), 24), (dt.date(2025, 10, 26), 25)]
)
def test_days_on_which_the_clocks_change_have_their_hours(day, hours):
    rows = load_of(40, lambda before, hour: 1_000.0 * before + hour, day)
    issued = pd.Timestamp(day, tz=BERLIN) - pd.Timedelta(hours=12)
    said = made(last_week(history_of(rows, day, issued), LEVELS))
    local = times_of(0, day).hour
    expected = 7_000.0 + local
    if day == dt.date(2025, 4, 6):  # a week before there was no hour from two to three, a fortnight before there was
        expected = np.where(local == 2, 14_002, expected)
    assert len(said.point) == hours and said.point.tolist() == list(expected)


def test_an_hour_of_data_is_enough_for_a_forecast_with_a_band_that_is_a_guess():
    rows = measured(LOAD, pd.date_range("2025-03-17T06:00Z", periods=1, freq="h"), [40_000.0])
    said = made(last_week(history_of(rows), LEVELS))
    assert set(said.point) == {40_000.0} and said.quantiles[0, 2] - said.quantiles[0, 0] == pytest.approx(10_252, abs=1)
    assert np.isnan(said.mean_error)


def test_a_day_that_has_begun_is_forecast_for_what_is_left_of_it():
    rows = load_of(40, lambda before, hour: 1_000.0 * before + hour)
    whole = history_of(rows)
    rest = history_of(rows, issued=pd.Timestamp("2025-03-19T10:00Z"), valid_time=whole.valid_time[11:])
    assert made(last_week(rest, LEVELS)).point.tolist() == (7_000.0 + np.arange(11, 24)).tolist()
