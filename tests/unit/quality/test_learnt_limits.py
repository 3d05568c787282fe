import numpy as np
import pandas as pd
import pytest
from builders.years import TIMEZONE, as_rows, made_zone

from gridahead.core.grid import Series
from gridahead.core.tables import LIMITS, OBSERVATIONS, Observations
from gridahead.core.time import Mtu
from gridahead.quality.clocks import clock_of
from gridahead.quality.gate import inspect
from gridahead.quality.limits import learn, newest_limits
from gridahead.quality.measures.order import swapped
from gridahead.quality.robust import median, moved, sustained
from gridahead.quality.tails import WEEK, return_level, weekly_maxima
from gridahead.settings.model import Settings

NOTHING = Observations(OBSERVATIONS.empty())


def micros(text, **options):
    return int(pd.Timestamp(text, **options).tz_convert("UTC").value // 1000)


def test_weekly_maxima_leave_out_weeks_without_a_figure():
    times = np.arange(8) * (WEEK // 2)
    figures = np.array([1.0, 3.0, np.nan, np.nan, 5.0, 4.0, np.nan, 2.0])
    assert weekly_maxima(figures, times).tolist() == [3.0, 5.0, 2.0]


def test_the_return_level_of_exponential_maxima_is_that_of_the_exponential_distribution():
    # Exponential quantiles at the middle of 1040 equal steps: once in 20 years is one week in 1040, ln(1040).
    maxima = -np.log(1 - (np.arange(1040) + 0.5) / 1040)
    assert return_level(maxima, additive=False, years=20) == pytest.approx(np.log(1040), rel=0.01)


def test_one_faulty_week_a_year_does_not_move_a_limit():
    calm = np.tile(np.linspace(1, 2, 52), 3)
    faulty = calm.copy()
    faulty[[10, 70]] = 1000.0
    assert return_level(faulty, additive=False) == pytest.approx(return_level(calm, additive=False), rel=0.1)


def test_what_happens_every_month_is_the_nature_of_a_series():
    maxima = np.ones(104)
    maxima[::4] = 30.0
    assert return_level(maxima, additive=False) > 30.0


def test_a_short_history_gives_wide_limits_and_a_very_short_one_none():
    maxima = np.linspace(1, 2, 52)
    quarter = return_level(np.linspace(1, 2, 13), additive=False)
    assert quarter == pytest.approx(2 * return_level(maxima, additive=False), rel=0.1)
    assert np.isnan(return_level(maxima[:3], additive=False))


def test_limits_travel_through_their_table(tmp_path):
    settings = Settings.model_validate({"data_folder": tmp_path, "zones": [{"code": "X", "timezone": TIMEZONE}]})
    rows = as_rows(made_zone("2023-01-01", "2024-01-10")[["solar"]], "X")
    limits = learn(rows, settings, pd.Timestamp("2024-02-01T00:00Z"))
    assert list(limits.columns) == LIMITS.names
    assert limits["learned_until"].unique() == [rows["valid_time"].max()]
    older = limits.assign(value=-1.0, learned_at=pd.Timestamp("2023-02-01T00:00Z"))
    learnt = newest_limits(pd.concat([limits, older]))[Series("X", "solar")]
    assert 0.9 < learnt["highest"] / rows["value"].max() < 1.1
    assert min(learnt["ramp"], learnt["spike"]) > 0


def test_no_history_teaches_nothing(tmp_path):
    settings = Settings(data_folder=tmp_path)
    assert learn(as_rows(made_zone("2023-01-01", "2023-01-05")[["load"]], "X").iloc[:0], settings).empty


@pytest.mark.parametrize(("day", "units", "places"), [("2024-03-31", 23, 23), ("2024-10-27", 25, 24)])
def test_a_clock_lays_the_days_of_clock_changes(day, units, places):
    start = micros(day, tz=TIMEZONE)
    clock = clock_of(start, start, TIMEZONE, Mtu.PT60M, standard=False)
    assert (len(clock), len(set(clock.slot.tolist())), len(clock.days)) == (units, places, 1)
    assert len(clock_of(start, start, TIMEZONE, Mtu.PT60M, standard=True)) == 24


def test_a_date_has_a_partner_with_day_and_month_exchanged():
    start, end = micros("2024-01-01", tz=TIMEZONE), micros("2024-06-30", tz=TIMEZONE)
    clock = clock_of(start, end, TIMEZONE, Mtu.PT60M, standard=False)
    partner = dict(zip(clock.days.strftime("%d.%m."), swapped(clock).tolist(), strict=True))
    assert clock.days[partner["05.03."]] == pd.Timestamp("2024-05-03")
    # The same date, no date, and one that is not in the file.
    assert partner["05.05."] == partner["13.03."] == partner["08.03."] == -1


def test_medians_and_moves_of_days_by_hand():
    stack = np.array([[1.0, np.nan], [5.0, np.nan], [2.0, 7.0], [9.0, np.nan]])
    assert median(stack).tolist() == [3.5, 7.0]
    days = np.array([1.0, 2.0, 3.0])
    np.testing.assert_array_equal(moved(days, 1), [2.0, 3.0, np.nan])
    np.testing.assert_array_equal(moved(days, -2), [np.nan, np.nan, 1.0])


def test_what_lasts_three_days_is_not_put_on_the_days_beside():
    gains = np.array([-9.0, -9.0, -9.0, 6.0, 5.0, 7.0, -9.0, -9.0])
    assert sustained(gains).tolist() == [-9.0, -9.0, -9.0, 6.0, 6.0, 6.0, -9.0, -9.0]


def test_a_second_wrong_value_in_the_first_year_raises_no_limit():
    calm = np.random.default_rng(0).exponential(1.0, 52) + 3.0
    alone = return_level(np.r_[calm[:-1], 60.0], additive=False)
    assert return_level(np.r_[calm[:-2], 60.0, 80.0], additive=False) == pytest.approx(alone, rel=0.05)
    # In as many weeks as weather has, it is the nature of the series.
    assert return_level(np.r_[calm[:-6], np.full(6, 60.0)], additive=False) > 60.0


def test_where_most_weeks_have_nothing_a_few_are_the_nature_of_the_series():
    calms = np.r_[np.zeros(49), 4.0, 9.0, 20.0]
    assert return_level(calms, additive=False) >= 9.0


@pytest.mark.parametrize("places", [(3000,), (3000, 5000), (3000, 5000, 6500)])
def test_what_a_person_sees_at_once_is_withheld_however_many_are_in_the_first_year(settings, places):
    wide = made_zone("2023-01-01", "2024-01-01")[["load"]]
    wide.loc[wide.index[list(places)], "load"] *= 0.62  # 21 between 33 and 35
    rows = as_rows(wide, "DE")
    at = rows["valid_time"].max()
    verdicts = inspect(rows, NOTHING, settings, decided_at=at, limits=LIMITS.empty()).verdicts
    withheld = verdicts[(verdicts["severity"] == "quarantine") & (verdicts["rule"] == "spike")]
    assert set(withheld["valid_time"]) == set(wide.index[list(places)])
