"""A battery whose best schedule a reader can see."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridahead.core.errors import ModelError
from gridahead.core.time import Mtu
from gridahead.evaluation.battery import Battery, dispatch, dispatched_on, earnings, expected_on, expected_price

PERFECT = Battery(power_mw=1.0, energy_mwh=1.0, efficiency=1.0)


def test_it_buys_the_cheapest_hour_and_sells_the_dearest_one_after_it():
    prices = [90.0, 30.0, 20.0, 80.0, 50.0]
    schedule = dispatch(prices, PERFECT, Mtu.PT60M)
    np.testing.assert_allclose(schedule.charge_mw, [0, 0, 1, 0, 0], atol=1e-9)
    np.testing.assert_allclose(schedule.discharge_mw, [0, 0, 0, 1, 0], atol=1e-9)
    np.testing.assert_allclose(schedule.stored_mwh, [0, 0, 1, 0, 0], atol=1e-9)
    assert earnings(schedule, prices, Mtu.PT60M) == pytest.approx(60.0)


def test_losses_by_hand():
    # With √0.64 = 0.8 on either way: 1 MWh bought at 20 is 0.8 stored and 0.64 sold at 80.
    battery = Battery(1.0, 1.0, efficiency=0.64)
    schedule = dispatch([20.0, 80.0], battery, Mtu.PT60M)
    assert earnings(schedule, [20.0, 80.0], Mtu.PT60M) == pytest.approx(0.64 * 80 - 20)
    assert dispatch([20.0, 30.0], battery, Mtu.PT60M).charge_mw.sum() == pytest.approx(0, abs=1e-9), "would not pay"


def test_quarter_hours_move_a_quarter_of_the_energy():
    prices = [10.0] * 4 + [50.0] * 4
    schedule = dispatch(prices, PERFECT, Mtu.PT15M)
    assert schedule.stored_mwh[3] == pytest.approx(1.0)
    assert earnings(schedule, prices, Mtu.PT15M) == pytest.approx(40.0)


def test_a_wrong_forecast_loses_at_the_prices_of_the_outturn():
    def curve(load):
        return np.asarray(load) / 10

    # Hours 2 and 3 are taken for the dearest and the cheapest; the other way round was true.
    forecast = np.array([[300.0], [900.0], [200.0], [500.0]])
    outturn = np.array([300.0, 200.0, 900.0, 500.0])
    outcome = dispatched_on(forecast, [0.5], outturn, curve, PERFECT, Mtu.PT60M)
    # Buys at 30 and sells at 20, buys at 90 and sells at 50; the best would have been 20 to 90.
    assert outcome.earned == pytest.approx((20 - 30) + (50 - 90))
    assert outcome.possible == pytest.approx(70.0)


def test_a_curved_price_needs_the_whole_distribution():
    def steep(load):
        return np.where(np.asarray(load) > 100, 1000.0, 10.0)

    quantiles, levels = [[90.0, 95.0, 130.0], [94.0, 95.0, 96.0]], [0.1, 0.5, 0.9]
    # The levels stand for 0.3, 0.4 and 0.3 of the distribution.
    np.testing.assert_allclose(expected_price(quantiles, levels, steep), [0.7 * 10 + 0.3 * 1000, 10.0])


def test_paths_give_the_expected_price_and_between_what_the_day_will_earn():
    # Of ten paths each costs 10 at night; by day 20, 30 … 110. The battery buys by night and sells by day.
    paths = np.column_stack([np.full(10, 10.0), 10.0 * np.arange(2, 12)])
    np.testing.assert_allclose(expected_on(paths, lambda load: load), [10.0, 65.0])
    outcome = dispatched_on(
        [[10.0], [5.0]], [0.5], [10.0, 40.0], lambda load: np.asarray(load), PERFECT, Mtu.PT60M, paths=paths
    )
    # On the median of 5 by day it would not have bought. It earns from 10 to 100: 15 and 95 at 10 and 90 %.
    assert outcome.earned == pytest.approx(30.0) and outcome.range == pytest.approx((15.0, 95.0))


@given(st.lists(st.floats(-50, 200), min_size=2, max_size=12), st.lists(st.floats(-50, 200), min_size=12, max_size=12))
@settings(max_examples=30, deadline=None)
def test_no_schedule_earns_more_than_perfect_foresight_and_every_one_is_possible(prices, others):
    battery = Battery(2.0, 3.0, efficiency=0.81)
    best = dispatch(prices, battery, Mtu.PT60M)
    other = dispatch(others[: len(prices)], battery, Mtu.PT60M)
    assert earnings(other, prices, Mtu.PT60M) <= earnings(best, prices, Mtu.PT60M) + 1e-6
    change = 0.9 * other.charge_mw - other.discharge_mw / 0.9
    np.testing.assert_allclose(np.cumsum(change), other.stored_mwh, atol=1e-6)
    assert (other.stored_mwh > -1e-6).all()
    assert (other.stored_mwh < 3 + 1e-6).all()
    assert (other.charge_mw + other.discharge_mw < 2 + 1e-6).all()
    assert other.stored_mwh[-1] == pytest.approx(0, abs=1e-6)


def test_a_missing_price_is_refused():
    with pytest.raises(ModelError, match="every unit needs a price"):
        dispatch([10.0, np.nan], PERFECT, Mtu.PT60M)
